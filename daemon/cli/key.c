/*
 * weald key: the feed's key, and how the root key puts another in its place.
 *
 * With the root key at hand, "rotate --root-key" does all at once. With an
 * offline root key there are three steps: "request" makes the next key and
 * writes the statement that is to be signed, stock ssh-keygen signs it
 * elsewhere, "rotate --grant" uses the signature.
 *
 * The next key is durable before the update that names it, and takes the feed
 * key's place only after that is durable. A rotation that is cut short in
 * between is finished by the next command that opens the feed for writing.
 */
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "daemon/cli/own.h"
#include "daemon/cli/progress.h"
#include "daemon/cli/reach.h"
#include "daemon/cli/view.h"
#include "proto/sshkey.h"
#include "proto/sshsig.h"
#include "store/fs.h"

struct rotating {
	struct cli *c;
	struct own own;
	uint8_t next[PUBKEY_BYTES];
	bool made; /* the next key was made by this call */
	struct grant grant;
	struct buf statement;
	uint64_t seq; /* of the update that will carry the grant, or does */
	/* of that update, once it is in */
	char key[SSHKEY_FINGERPRINT_BYTES];
	uint8_t commit[OBJECT_ID_BYTES];
};

static void rotating_release(struct rotating *k)
{
	buf_release(&k->statement);
	own_close(&k->own);
}

/*
 * Open the own feed to write, and finish a rotation that was cut short. That
 * the feed key is lost is no reason to stop: a rotation is the remedy.
 */
static int open_for_rotation(struct rotating *k, unsigned flags)
{
	struct cli *c = k->c;
	int r;

	buf_init(&k->statement, AUTHOR_STATEMENT_BYTES_MAX);
	r = own_open(c, flags | OWN_KEYLESS, &k->own);
	if (r == WEALD_OK && k->own.daemon == NULL) {
		r = cli_fail(c, CLI_ABOUT_HOME,
			     author_finish_rotation(&k->own.author, &c->msg));
	}
	return r;
}

/* A next key that is not there was asked for; the rest is the author's. */
static int key_fail(struct cli *c, int err)
{
	return err == WEALD_NOTFOUND ? cli_fail(c, CLI_ABOUT_ASKED, err)
				     : own_fail(c, err);
}

static int prepare_here(struct rotating *k, const uint8_t *root)
{
	struct author *a = &k->own.author;
	struct cli *c = k->c;
	int r = WEALD_OK;

	if (root != NULL) {
		r = author_check_root(a, root, &c->msg);
	}
	if (r == WEALD_OK) {
		r = author_next_key(a, true, k->next, &k->made, &c->msg);
	}
	if (r == WEALD_OK) {
		r = author_statement(a, k->next, &k->statement);
	}
	k->seq = feed_identity(k->own.feed)->seq + 1;
	return key_fail(c, r);
}

static int take_prepared(struct rotating *k, const json_t *answer)
{
	const char *statement = reach_text(answer, "statement");
	uint8_t bytes[AUTHOR_STATEMENT_BYTES_MAX];
	size_t len = strlen(statement) / 2;
	int r;

	k->made = json_is_true(json_object_get(answer, "made"));
	k->seq = reach_uint(answer, "seq");
	r = reach_bytes(k->c, answer, "next_key", k->next, sizeof k->next);
	if (r == WEALD_OK) {
		len = len > sizeof bytes ? 0 : len;
		r = reach_bytes(k->c, answer, "statement", bytes, len);
	}
	return r == WEALD_OK ? buf_add(&k->statement, bytes, len) : r;
}

static int prepare_there(struct rotating *k, const uint8_t *root)
{
	struct client *d = k->own.daemon;
	struct mp_writer *w = client_begin(d, "key_prepare", 2);
	json_t *answer = NULL;
	int r;

	if (root == NULL) {
		mp_put_nil(w);
	} else {
		mp_put_bin(w, root, PUBKEY_BYTES);
	}
	mp_put_uint(w, 1);
	r = reach_ask(k->c, d, &answer);
	if (r == WEALD_OK) {
		r = take_prepared(k, answer);
	}
	json_decref(answer);
	return r;
}

/*
 * Whoever wrote the statement, the root key signs only this: that the next key
 * may take the place of our feed's key.
 */
static int check_statement(struct rotating *k)
{
	static const struct mp_limits limits = { 1, 8 };
	struct span action = { NULL, 0 };
	const msgpack_object *fields;
	uint8_t feed[SHA256_BYTES];
	uint8_t next[PUBKEY_BYTES];
	uint64_t until;
	struct mp_doc doc;
	bool good;
	int r;

	r = mp_open(&doc, buf_span(&k->statement), &limits, &k->c->msg);
	if (r != WEALD_OK) {
		return cli_fail(k->c, CLI_ABOUT_HOME, r);
	}
	good = mp_get_array(mp_root(&doc), 7, &fields) &&
	       mp_get_bytes(&fields[0], feed, sizeof feed) &&
	       mp_get_str(&fields[1], &action) &&
	       mp_get_bytes(&fields[5], next, sizeof next) &&
	       mp_get_uint(&fields[6], &until) && until == 0 &&
	       memcmp(feed, home_feed_id(k->own.home), sizeof feed) == 0 &&
	       memcmp(next, k->next, sizeof next) == 0 &&
	       span_equal(action, action_name(ACTION_ROTATE_KEY));
	mp_close(&doc);
	if (!good) {
		msg_set(&k->c->msg, "the statement is not the one of a "
				    "rotation of this feed's key");
		return cli_fail(k->c, CLI_ABOUT_HOME, WEALD_GRANT);
	}
	return WEALD_OK;
}

/* The next key, made where there is none yet, and the statement about it. */
static int prepare(struct rotating *k, const uint8_t *root)
{
	int r = k->own.daemon == NULL ? prepare_here(k, root)
				      : prepare_there(k, root);

	return r == WEALD_OK ? check_statement(k) : r;
}

static int discard_there(struct rotating *k)
{
	(void)client_begin(k->own.daemon, "key_discard", 0);
	return reach_do(k->c, k->own.daemon);
}

/* Nothing has come of it: a next key that was made for it goes again. */
static void forget_next_key(struct rotating *k)
{
	struct cli *c = k->c;
	enum cli_about about = c->about;
	struct weald_msg msg = c->msg;

	if (k->made && k->own.daemon == NULL) {
		(void)author_discard_key(&k->own.author, NULL);
	} else if (k->made) {
		(void)discard_there(k);
		c->msg = msg; /* what failed before is what is told */
		c->about = about;
	}
}

static int rotate_here(struct rotating *k)
{
	const struct identity *id = feed_identity(k->own.feed);
	struct cli *c = k->c;
	int r = author_rotate(&k->own.author, &k->grant, &c->msg);

	if (r == WEALD_OK) {
		r = sshkey_fingerprint(id->key, k->key);
	}
	k->seq = id->seq;
	memcpy(k->commit, id->commit, sizeof k->commit);
	return key_fail(c, r);
}

static int rotate_there(struct rotating *k)
{
	struct client *d = k->own.daemon;
	struct mp_writer *w = client_begin(d, "key_rotate", 2);
	json_t *answer = NULL;
	int r;

	mp_put_bin(w, k->grant.root, sizeof k->grant.root);
	mp_put_bin(w, k->grant.sig, sizeof k->grant.sig);
	r = reach_call(k->c, d, CLIENT_WAIT_MS, &answer);
	if (r == WEALD_OK) {
		k->seq = reach_uint(answer, "seq");
		snprintf(k->key, sizeof k->key, "%s",
			 reach_text(answer, "key"));
		r = reach_bytes(k->c, answer, "commit", k->commit,
				sizeof k->commit);
	}
	json_decref(answer);
	return r;
}

static int print_rotated(struct rotating *k)
{
	const char *slug = home_slug(k->own.home);
	struct json_line j;

	if (k->c->json) {
		json_line_init(&j);
		json_line_text(&j, "feed", slug);
		json_line_text(&j, "key", k->key);
		json_line_uint(&j, "seq", k->seq);
		json_line_hex(&j, "commit", k->commit, sizeof k->commit);
		return json_line_print(&j);
	}
	printf("rotated %s: update %" PRIu64 ", new key %s\n", slug, k->seq,
	       k->key);
	return WEALD_OK;
}

/*
 * The grant is there: let it be signed and committed, and the new key put in
 * its place.
 */
static int rotate(struct rotating *k, const char *path)
{
	int r = k->own.daemon == NULL ? rotate_here(k) : rotate_there(k);

	if (r == WEALD_OK) {
		return print_rotated(k);
	}
	if (r == WEALD_GRANT_ROOT || r == WEALD_SIGNATURE ||
	    r == WEALD_SIGNATURE_FORM || r == WEALD_KEY_WEAK) {
		msg_prefix(&k->c->msg, "%s", path);
	}
	if (r != WEALD_UNKNOWN) {
		forget_next_key(k);
	}
	return r;
}

static int sign_grant(struct rotating *k, const struct ed25519_signer *root,
		      const char *path)
{
	int r = prepare(k, ed25519_signer_key(root));

	if (r == WEALD_GRANT_ROOT) {
		msg_prefix(&k->c->msg, "%s", path);
	}
	if (r == WEALD_OK) {
		r = sshsig_sign(root, GRANT_NAMESPACE, buf_span(&k->statement),
				k->grant.sig);
	}
	if (r == WEALD_OK) {
		memcpy(k->grant.root, ed25519_signer_key(root), PUBKEY_BYTES);
	} else {
		forget_next_key(k);
	}
	return r;
}

/* The root key stays in this process; the daemon gets its signature. */
static int grant_by_root_key(struct rotating *k, const char *path)
{
	struct ed25519_signer *root = NULL;
	uint8_t seed[SEED_BYTES];
	int r;

	r = cli_read_key(k->c, path, seed);
	if (r == WEALD_KEYFILE) {
		k->c->advice = "name the root key's file, or rotate in steps: "
			       "weald key request --help";
	}
	if (r == WEALD_OK) {
		r = ed25519_signer_new(seed, &root);
	}
	OPENSSL_cleanse(seed, sizeof seed);
	if (r == WEALD_OK) {
		r = sign_grant(k, root, path);
	}
	ed25519_signer_free(root);
	return r;
}

static int grant_from_file(struct rotating *k, const char *path)
{
	struct cli *c = k->c;
	struct weald_msg msg = { "" };
	struct buf text = { 0 };
	int r;

	r = fs_read_file(path, SSHKEY_TEXT_BYTES_MAX, &text, &c->msg);
	if (r == WEALD_OK) {
		r = sshsig_parse_armour(buf_span(&text), GRANT_NAMESPACE,
					k->grant.root, k->grant.sig, &msg);
		if (r != WEALD_OK) {
			msg_set(&c->msg, "%s: %s", path, msg_text(&msg, r));
		}
	}
	buf_release(&text);
	if (r != WEALD_OK) {
		c->advice = "give the .sig file that ssh-keygen -Y sign wrote";
	}
	return cli_fail(c, CLI_ABOUT_INPUT, r);
}

static const char rotate_text[] =
	"Put a new key in the feed key's place, with the root key's word.\n";

static int key_rotate(struct cli *c, int argc, char **argv)
{
	struct rotating k = { .c = c };
	const char *root_key = NULL;
	const char *grant = NULL;
	bool first_start = false;
	const struct cli_option options[] = {
		{ "root-key", 0, CLI_OPTION_TEXT, &root_key, "FILE",
		  "sign with the root key in FILE" },
		{ "grant", 0, CLI_OPTION_TEXT, &grant, "FILE",
		  "use the signature in FILE, made by\n"
		  "ssh-keygen of the statement of weald key request" },
		OWN_FIRST_OPTION(&first_start),
	};
	const struct cli_usage usage = {
		.synopsis = "key rotate --root-key FILE\n"
			    "key rotate --grant FILE",
		.text = rotate_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
	};
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	if ((root_key == NULL) == (grant == NULL)) {
		return cli_usage_error(
			c, "say either --root-key FILE or --grant FILE");
	}
	r = open_for_rotation(&k, first_start ? OWN_FIRST : 0);
	if (r == WEALD_OK) {
		r = root_key != NULL ? grant_by_root_key(&k, root_key)
				     : grant_from_file(&k, grant);
	}
	if (r == WEALD_OK) {
		r = rotate(&k, root_key != NULL ? root_key : grant);
	}
	rotating_release(&k);
	return r;
}

/* The statement's file; one that says the same already is fine. */
static int write_statement(struct rotating *k, const char *path)
{
	struct cli *c = k->c;
	struct buf old = { 0 };
	int r;

	r = fs_create_durable(path, buf_span(&k->statement), 0644, &c->msg);
	if (r == WEALD_EXISTS &&
	    fs_read_file(path, AUTHOR_STATEMENT_BYTES_MAX, &old, NULL) ==
		    WEALD_OK &&
	    span_equal(buf_span(&old), buf_span(&k->statement))) {
		r = WEALD_OK;
	} else if (r == WEALD_EXISTS) {
		msg_set(&c->msg,
			"\"%s\" exists already and says something else; remove "
			"it, or name another file with --out",
			path);
	}
	buf_release(&old);
	return cli_fail(c, CLI_ABOUT_INPUT, r);
}

static int print_request(struct rotating *k, const char *path)
{
	const char *slug = home_slug(k->own.home);
	char key[SSHKEY_FINGERPRINT_BYTES];
	struct json_line j;
	int r = sshkey_fingerprint(k->next, key);

	if (r != WEALD_OK) {
		return r;
	}
	if (k->c->json) {
		json_line_init(&j);
		json_line_text(&j, "feed", slug);
		json_line_text(&j, "statement", path);
		json_line_text(&j, "next_key", key);
		json_line_uint(&j, "seq", k->seq);
		return json_line_print(&j);
	}
	printf("%s is to be signed with the root key. Where that is, run\n\n"
	       "  ssh-keygen -Y sign -n %s -f ROOTKEY %s\n\n"
	       "and bring the signature back for\n\n"
	       "  weald key rotate --grant %s.sig\n\n"
	       "Publish nothing in between: the statement holds for update "
	       "%" PRIu64 " of %s\nonly. The next key is %s.\n",
	       path, GRANT_NAMESPACE, path, path, k->seq, slug, key);
	return WEALD_OK;
}

static int discard_request(struct rotating *k)
{
	struct cli *c = k->c;
	struct json_line j;
	int r;

	if (k->own.daemon != NULL) {
		r = discard_there(k);
	} else {
		r = key_fail(c, author_discard_key(&k->own.author, &c->msg));
	}
	if (r != WEALD_OK) {
		return r;
	}
	if (c->json) {
		json_line_init(&j);
		json_line_bool(&j, "discarded", true);
		return json_line_print(&j);
	}
	puts("discarded the request and its key");
	return WEALD_OK;
}

static int request(struct rotating *k, const char *out)
{
	char path[SLUG_BYTES_MAX + 48];
	int r;

	r = prepare(k, NULL);
	if (r == WEALD_OK && out == NULL) {
		snprintf(path, sizeof path, "%s-rotate-%" PRIu64 ".statement",
			 home_slug(k->own.home), k->seq);
		out = path;
	}
	if (r == WEALD_OK) {
		r = write_statement(k, out);
	}
	if (r != WEALD_OK) {
		forget_next_key(k);
		return r;
	}
	return print_request(k, out);
}

static const char request_text[] =
	"Make the next feed key, and write the statement that the root key\n"
	"must sign before it may take the feed key's place.\n";

static int key_request(struct cli *c, int argc, char **argv)
{
	struct rotating k = { .c = c };
	const char *out = NULL;
	bool discard = false;
	const struct cli_option options[] = {
		{ "out", 0, CLI_OPTION_TEXT, &out, "FILE",
		  "write the statement to FILE (else\n"
		  "SLUG-rotate-SEQ.statement here)" },
		{ "discard", 0, CLI_OPTION_FLAG, &discard, NULL,
		  "forget the request, and the key made for it" },
	};
	const struct cli_usage usage = {
		.synopsis = "key request [--out FILE]\n"
			    "key request --discard",
		.text = request_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
	};
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	if (discard && out != NULL) {
		return cli_usage_error(c, "--discard writes no file");
	}
	r = open_for_rotation(&k, OWN_UNSIGNED);
	if (r == WEALD_OK) {
		r = discard ? discard_request(&k) : request(&k, out);
	}
	rotating_release(&k);
	return r;
}

/* One stretch of updates that one key has signed. */
struct reign {
	uint8_t key[PUBKEY_BYTES];
	uint64_t first;
	uint64_t last;
};

#define REIGNS_MAX 256u

/* The keys of a feed, the newest first; the oldest are left out over @max. */
static int read_reigns(struct cli *c, const struct feed *f,
		       struct reign *reigns, size_t *out_n)
{
	uint64_t last = feed_committed_seq(f);
	uint64_t seq = last;
	struct progress progress;
	struct stored s;
	size_t n = 0;
	int r = WEALD_OK;

	progress_init(&progress, "read");
	for (; seq > 0 && n <= REIGNS_MAX; seq--) {
		r = feed_read(f, seq, &s, &c->msg);
		if (r != WEALD_OK) {
			break;
		}
		if (n == 0 || memcmp(reigns[n - 1].key, s.update.key,
				     PUBKEY_BYTES) != 0) {
			if (n == REIGNS_MAX) {
				stored_release(&s);
				break;
			}
			reigns[n] = (struct reign){ .last = seq };
			memcpy(reigns[n].key, s.update.key, PUBKEY_BYTES);
			n++;
		}
		reigns[n - 1].first = seq;
		stored_release(&s);
		progress_show(&progress, last - seq, last);
	}
	progress_end(&progress);
	*out_n = n;
	return cli_fail(c, CLI_ABOUT_FEED, r);
}

static int print_reign(const struct reign *reign, bool now)
{
	char key[SSHKEY_FINGERPRINT_BYTES];
	int r = sshkey_fingerprint(reign->key, key);

	if (r == WEALD_OK && now) {
		printf("feed key  %s, since update %" PRIu64 "\n", key,
		       reign->first);
	} else if (r == WEALD_OK) {
		printf("before    %s, updates %" PRIu64 " to %" PRIu64 "\n",
		       key, reign->first, reign->last);
	}
	return r;
}

static json_t *reigns_json(const struct reign *reigns, size_t n)
{
	json_t *list = json_array();
	char key[SSHKEY_FINGERPRINT_BYTES];
	json_t *o;
	size_t i;

	for (i = 0; i < n; i++) {
		o = json_object();
		if (json_array_append_new(list, o) != 0 ||
		    sshkey_fingerprint(reigns[i].key, key) != WEALD_OK ||
		    json_object_set_new(o, "key", json_string(key)) ||
		    json_object_set_new(o, "first_seq",
					json_integer(
						(json_int_t)reigns[i].first)) ||
		    json_object_set_new(o, "last_seq",
					json_integer(
						(json_int_t)reigns[i].last))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/*
 * The fingerprint of the key that a request has made and no grant has used
 * yet; empty where there is none.
 */
static int read_requested(struct cli *c, const struct home *home,
			  char out[SSHKEY_FINGERPRINT_BYTES])
{
	uint8_t seed[SEED_BYTES];
	uint8_t key[PUBKEY_BYTES];
	int r;

	out[0] = '\0';
	r = home_key_read(home, HOME_KEY_FEED_NEXT, seed, &c->msg);
	if (r == WEALD_NOTFOUND) {
		return WEALD_OK;
	}
	if (r == WEALD_OK) {
		r = ed25519_public(seed, key);
	}
	OPENSSL_cleanse(seed, sizeof seed);
	if (r == WEALD_OK) {
		r = sshkey_fingerprint(key, out);
	}
	return cli_fail(c, CLI_ABOUT_HOME, r);
}

static int print_keys(struct cli *c, const char *name, const struct feed *f,
		      const struct reign *reigns, size_t n,
		      const char *requested)
{
	const struct identity *id = feed_identity(f);
	char root[2 * SHA256_BYTES + 1];
	struct buf line;
	struct json_line j;
	size_t i;
	int r;

	buf_init(&line, SSHKEY_LINE_BYTES_MAX + 1);
	r = sshkey_public_line(&line, id->key, id->slug);
	if (r == WEALD_OK) {
		r = buf_add_byte(&line, 0);
	}
	if (r != WEALD_OK) {
		goto out;
	}
	if (c->json) {
		json_line_init(&j);
		json_line_text(&j, "feed", name);
		json_line_hex(&j, "feed_id", id->feed, sizeof id->feed);
		json_line_hex(&j, "root", id->root, sizeof id->root);
		json_line_text(&j, "public_key", (const char *)line.data);
		json_line_add(&j, "keys", reigns_json(reigns, n));
		if (requested[0] != '\0') {
			json_line_text(&j, "requested_key", requested);
		}
		r = json_line_print(&j);
		goto out;
	}
	hex_encode(id->root, sizeof id->root, root);
	printf("feed      %s\n", name);
	for (i = 0; r == WEALD_OK && i < n; i++) {
		r = print_reign(&reigns[i], i == 0);
	}
	if (requested[0] != '\0') {
		printf("requested %s, no grant for it was used yet\n",
		       requested);
	}
	printf("public    %s\n"
	       "root key  %s (SHA-256 of the public key)\n",
	       (const char *)line.data, root);
out:
	buf_release(&line);
	return r;
}

static const char show_text[] =
	"Show the key that signs FEED (else the own feed), the ones before,\n"
	"and the digest of the root key.\n";

static int key_show(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "key show [FEED]",
		.text = show_text,
		.args_max = 1,
	};
	char requested[SSHKEY_FINGERPRINT_BYTES] = "";
	struct reign *reigns = NULL;
	struct home *home = NULL;
	struct feed *feed = NULL;
	const char *name = NULL;
	size_t n = 0;
	bool own = false;
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	name = first < argc ? argv[first] : NULL;
	reigns = calloc(REIGNS_MAX, sizeof *reigns);
	r = reigns == NULL ? WEALD_NOMEM : cli_open_home(c, &home);
	if (r == WEALD_OK) {
		r = view_open(c, home, &name, &own, &feed);
	}
	if (r == WEALD_OK) {
		r = read_reigns(c, feed, reigns, &n);
	}
	if (r == WEALD_OK && own) {
		r = read_requested(c, home, requested);
	}
	if (r == WEALD_OK) {
		r = print_keys(c, name, feed, reigns, n, requested);
	}
	feed_close(feed);
	home_close(home);
	free(reigns);
	return r;
}

static const struct {
	const char *name;
	command_fn *run;
} key_commands[] = {
	{ "show", key_show },
	{ "rotate", key_rotate },
	{ "request", key_request },
};

static const char key_text[] =
	"Show the feed's key, or put another in its place. That needs the\n"
	"root key: at once with --root-key, or, where the root key stays\n"
	"offline, in steps: request, sign with ssh-keygen, rotate --grant.\n"
	"\n"
	"weald key show --help and so on explain each.\n";

int command_key(struct cli *c, int argc, char **argv)
{
	static const struct cli_usage usage = {
		.synopsis = "key show [FEED]\n"
			    "key rotate --root-key FILE\n"
			    "key request [--out FILE | --discard]\n"
			    "key rotate --grant FILE",
		.text = key_text,
		.args_min = 1,
		.args_wanted = "say show, rotate or request",
		.args_max = CLI_ARGS_ANY,
		.args_are_foreign = true,
	};
	size_t i;
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	for (i = 0; i < sizeof key_commands / sizeof key_commands[0]; i++) {
		if (strcmp(argv[first], key_commands[i].name) == 0) {
			return key_commands[i].run(c, argc - first,
						   argv + first);
		}
	}
	return cli_usage_error(c, "there is no weald key %s", argv[first]);
}
