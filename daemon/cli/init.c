/*
 * weald init: a home, the three keys, the feed and its first two updates.
 *
 * The root key comes first and is durable before anything is signed under its
 * name; home_finish() comes last and makes the folder a home. What fails in
 * between is taken back, so that init can be called again.
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "proto/address.h"
#include "proto/digest.h"
#include "proto/path.h"
#include "proto/sshkey.h"
#include "proto/text.h"
#include "store/author.h"
#include "store/fs.h"
#include "store/record/region.h"
#include "store/settings.h"

struct initing {
	struct cli *c;
	const char *region;
	const char *slug;
	const char *root_key; /* --root-key, or NULL */
	const char *role;
	const char *mailbox;
	const char *listen;  /* --listen, or NULL */
	const char *address; /* --address, or NULL: one or more, by commas */
	char *address_text;  /* the same, cut apart: what node borrows */
	struct region_node node; /* the key of this node, and --address */
	char *path;              /* of the home */
	bool path_was_there;
	bool created; /* home_create() has succeeded */
	char *root_path;
	bool root_written;
	uint8_t seed[SEED_BYTES];
	uint8_t root[SHA256_BYTES]; /* SHA-256 of the root's public key */
	struct home *home;
	struct feed *feed;
	struct ed25519_signer *signer;
};

static int check_contact(struct initing *in)
{
	struct cli *c = in->c;
	int r;

	if (in->role == NULL && in->mailbox == NULL) {
		return WEALD_OK;
	}
	if (in->role == NULL || in->mailbox == NULL) {
		return cli_usage_error(
			c, "--contact-role and --contact-mailbox go together");
	}
	r = text_check_line(span_of(in->role), 1, REGION_CONTACT_BYTES_MAX,
			    "--contact-role", WEALD_INVALID, &c->msg);
	if (r == WEALD_OK) {
		r = text_check_line(span_of(in->mailbox), 1,
				    REGION_CONTACT_BYTES_MAX,
				    "--contact-mailbox", WEALD_INVALID,
				    &c->msg);
	}
	if (r == WEALD_OK && (strchr(in->mailbox, '@') == NULL ||
			      strchr(in->mailbox, ' ') != NULL)) {
		msg_set(&c->msg, "--contact-mailbox: %s is no mail address",
			in->mailbox);
		r = WEALD_INVALID;
	}
	return cli_fail(c, CLI_ABOUT_INPUT, r);
}

/* Take one of the addresses that --address names; it is kept. */
static int add_address(struct initing *in, char *text)
{
	struct cli *c = in->c;
	struct address address;
	int r;

	if (in->node.addresses_n == SETTINGS_ADDRESSES_MAX) {
		msg_set(&c->msg, "--address: more than %u addresses",
			SETTINGS_ADDRESSES_MAX);
		return WEALD_TOOBIG;
	}
	r = address_parse(span_of(text), &address, &c->msg);
	if (r != WEALD_OK) {
		msg_prefix(&c->msg, "--address");
		return r;
	}
	in->node.addresses[in->node.addresses_n] = text;
	in->node.addresses_n++;
	return WEALD_OK;
}

static int check_addresses(struct initing *in)
{
	char *next;
	char *one;
	int r = WEALD_OK;

	in->address_text = strdup(in->address);
	if (in->address_text == NULL) {
		return WEALD_NOMEM;
	}
	next = in->address_text;
	while (r == WEALD_OK && next != NULL) {
		one = strsep(&next, ",");
		r = add_address(in, one);
	}
	return r;
}

static int check_network(struct initing *in)
{
	struct cli *c = in->c;
	int r = WEALD_OK;

	if (in->listen != NULL) {
		r = settings_check_listen(in->listen, &c->msg);
		if (r != WEALD_OK) {
			msg_prefix(&c->msg, "--listen");
		}
	}
	if (r == WEALD_OK && in->address != NULL) {
		r = check_addresses(in);
	}
	return cli_fail(c, CLI_ABOUT_INPUT, r);
}

/* What the region says of itself; the node is borrowed. */
static void describe(struct initing *in, struct region *out)
{
	*out = (struct region){ .nodes = &in->node, .nodes_n = 1 };
	/* their lengths were checked */
	(void)snprintf(out->name, sizeof out->name, "%s", in->region);
	if (in->role != NULL) {
		(void)snprintf(out->role, sizeof out->role, "%s", in->role);
		(void)snprintf(out->mailbox, sizeof out->mailbox, "%s",
			       in->mailbox);
	}
}

/* What is signed cannot be called back: nobody is named in it. */
static int check_people(struct initing *in)
{
	struct cli *c = in->c;
	struct region region;

	describe(in, &region);
	return cli_fail(c, CLI_ABOUT_INPUT,
			author_check_region(&region, &c->msg));
}

static int check_arguments(struct initing *in)
{
	struct cli *c = in->c;
	int r;

	if (in->region == NULL || in->slug == NULL) {
		return cli_usage_error(c, "%s is missing",
				       in->region == NULL ? "--region NAME"
							  : "--slug SLUG");
	}
	r = text_check_line(span_of(in->region), 1, REGION_NAME_BYTES_MAX,
			    "--region", WEALD_INVALID, &c->msg);
	if (r != WEALD_OK) {
		return cli_fail(c, CLI_ABOUT_INPUT, r);
	}
	if (!text_is_slug(span_of(in->slug))) {
		msg_set(&c->msg,
			"--slug: \"%s\" is no short name; use %u to %u of a-z, "
			"0-9 and \"-\", a letter or digit at both ends",
			in->slug, SLUG_BYTES_MIN, SLUG_BYTES_MAX);
		return cli_fail(c, CLI_ABOUT_INPUT, WEALD_SLUG);
	}
	r = check_contact(in);
	if (r == WEALD_OK) {
		r = check_people(in);
	}
	return r != WEALD_OK ? r : check_network(in);
}

/* Where the home will be, and the file of the root key. */
static int find_paths(struct initing *in)
{
	struct cli *c = in->c;
	bool there;
	int r;

	r = cli_home_path(c, &in->path);
	if (r == WEALD_OK) {
		r = cli_fail(c, CLI_ABOUT_HOME,
			     fs_exists(in->path, &in->path_was_there, &c->msg));
	}
	if (r != WEALD_OK || in->root_key == NULL) {
		return r;
	}
	r = fs_exists(in->root_key, &there, &c->msg);
	if (r == WEALD_OK && there) {
		msg_set(&c->msg, "\"%s\" exists already; name another file",
			in->root_key);
		r = WEALD_EXISTS;
	}
	if (r == WEALD_OK) {
		in->root_path = strdup(in->root_key);
		r = in->root_path == NULL ? WEALD_NOMEM : WEALD_OK;
	}
	return cli_fail(c, CLI_ABOUT_INPUT, r);
}

static int make_home(struct initing *in)
{
	struct cli *c = in->c;
	char name[SLUG_BYTES_MAX + 16];
	int r;

	r = home_create(in->path, &in->home, &c->msg);
	if (r != WEALD_OK) {
		return cli_fail(c, CLI_ABOUT_HOME, r);
	}
	in->created = true;
	r = cli_lock(c, in->home);
	if (r == WEALD_OK && in->root_path == NULL) {
		snprintf(name, sizeof name, "%s-root-key", in->slug);
		r = home_join(in->home, name, &in->root_path);
	}
	return r;
}

/* Keys: each seed passes through in->seed, which is cleansed at the end. */
static int make_root_key(struct initing *in)
{
	uint8_t public[PUBKEY_BYTES];
	int r;

	r = cli_random(in->c, in->seed, sizeof in->seed);
	if (r == WEALD_OK) {
		r = ed25519_public(in->seed, public);
	}
	if (r == WEALD_OK) {
		r = digest_sha256((struct span){ public, sizeof public },
				  in->root);
	}
	if (r != WEALD_OK) {
		return r;
	}
	r = cli_write_key(in->c, in->root_path, in->seed, in->slug);
	in->root_written = r == WEALD_OK;
	return r;
}

static int make_feed_key(struct initing *in)
{
	int r;

	r = cli_random(in->c, in->seed, sizeof in->seed);
	if (r == WEALD_OK) {
		r = cli_fail(in->c, CLI_ABOUT_HOME,
			     home_key_write(in->home, HOME_KEY_FEED, in->seed,
					    &in->c->msg));
	}
	if (r == WEALD_OK) {
		r = ed25519_signer_new(in->seed, &in->signer);
	}
	return r;
}

static int make_node_key(struct initing *in)
{
	int r = cli_fail(in->c, CLI_ABOUT_HOME,
			 home_node_seed(in->home, in->seed, &in->c->msg));

	return r != WEALD_OK ? r : ed25519_public(in->seed, in->node.key);
}

static int open_new_feed(struct initing *in)
{
	struct cli *c = in->c;
	char *dir = NULL;
	int r;

	r = home_feed_dir(in->home, in->slug, &dir);
	if (r == WEALD_OK) {
		r = feed_create(dir, &c->msg);
	}
	if (r == WEALD_OK) {
		r = feed_open(dir, FEED_WRITE, &in->feed, &c->msg);
	}
	free(dir);
	return cli_fail(c, CLI_ABOUT_HOME, r);
}

static int sign_draft(struct initing *in, struct draft *d)
{
	struct cli *c = in->c;
	int r;

	r = draft_time(feed_identity(in->feed), cli_now(), &d->time, &c->msg);
	if (r == WEALD_OK) {
		r = cli_random(c, d->nonce, sizeof d->nonce);
	}
	if (r == WEALD_OK) {
		r = feed_sign(in->feed, d, in->signer, &c->msg);
	}
	return r;
}

static int sign_create_feed(struct initing *in)
{
	char summary[SUMMARY_BYTES_MAX + 1];
	struct draft d = { .action = ACTION_CREATE_FEED,
			   .keep_files = true,
			   .slug = span_of(in->slug) };

	snprintf(summary, sizeof summary, "Create the feed of %s", in->region);
	d.summary = span_of(summary);
	memcpy(d.root, in->root, sizeof d.root);
	return sign_draft(in, &d);
}

static int sign_profile(struct initing *in)
{
	struct draft d = { .action = ACTION_PROFILE,
			   .summary = span_of("Describe the region") };
	struct region region;
	struct buf yaml;
	int r;

	describe(in, &region);
	buf_init(&yaml, CONTENT_BYTES_MAX);
	r = region_format(&region, &yaml);
	if (r == WEALD_OK) {
		const struct draft_file files[] = {
			{ span_of(PATH_GITATTRIBUTES),
			  span_of(GITATTRIBUTES_TEXT) },
			{ span_of(PATH_REGION), buf_span(&yaml) },
		};

		d.files = files;
		d.files_n = sizeof files / sizeof files[0];
		r = sign_draft(in, &d);
	}
	buf_release(&yaml);
	return r;
}

/* The last step: the folder becomes a home. */
static int finish_home(struct initing *in)
{
	const char *addresses[SETTINGS_ADDRESSES_MAX];
	const struct home_network network = {
		.listen = in->listen,
		.addresses = addresses,
		.addresses_n = in->node.addresses_n,
	};
	size_t i;

	for (i = 0; i < in->node.addresses_n; i++) {
		addresses[i] = in->node.addresses[i];
	}
	home_set_network(in->home, &network);
	return home_finish(in->home, in->slug, feed_identity(in->feed)->feed,
			   &in->c->msg);
}

static int make_feed(struct initing *in)
{
	struct cli *c = in->c;
	int r;

	r = open_new_feed(in);
	if (r == WEALD_OK) {
		r = sign_create_feed(in);
	}
	if (r == WEALD_OK) {
		r = sign_profile(in);
	}
	if (r == WEALD_OK) {
		r = feed_commit(in->feed, &c->msg);
	}
	if (r == WEALD_OK) {
		r = finish_home(in);
	}
	return cli_fail(c, CLI_ABOUT_HOME, r);
}

/* Remove @name in the home and what is beneath; false where some is left. */
static bool remove_part(const struct initing *in, const char *name)
{
	char *path;
	int r;

	if (asprintf(&path, "%s/%s", in->path, name) < 0) {
		return false;
	}
	r = fs_remove_tree(path, NULL);
	free(path);
	return r == WEALD_OK;
}

/*
 * Take back what was made. home_create() takes only a new or an empty folder,
 * so that these are ours.
 */
static void undo(struct initing *in)
{
	static const char *const parts[] = { "config", "feeds", "keys",
					     "lock" };
	bool left = false;
	size_t i;

	feed_close(in->feed);
	in->feed = NULL;
	home_close(in->home);
	in->home = NULL;
	if (in->root_written) {
		left = remove(in->root_path) != 0;
	}
	for (i = 0; in->created && i < sizeof parts / sizeof parts[0]; i++) {
		left = !remove_part(in, parts[i]) || left;
	}
	if (in->created && !in->path_was_there) {
		left = rmdir(in->path) != 0 || left;
	}
	if (left) {
		in->c->advice = "remove by hand what is left in the home and "
				"of the root key, then try again";
	}
}

static const char advice[] =
	"\n"
	"Move the root key away from this machine now: to two sticks or\n"
	"sheets of paper in two safe places. Test each copy with ssh-keygen\n"
	"-y -f COPY, then delete the file here.\n"
	"\n"
	"The root key signs nothing in daily use. It is needed to replace\n"
	"the feed key, if that is lost or stolen, and to change what was\n"
	"published. Whoever has it can take the feed over. Without it, if\n"
	"the feed key is lost too, the region must begin a new feed.\n"
	"\n"
	"Next: weald run starts the node. Then weald join TOKEN, with a\n"
	"token that another region made; or weald invite, where yours is\n"
	"the first. docs/OPERATIONS.md tells it step by step.\n";

static int print_result(struct initing *in)
{
	const struct identity *id = feed_identity(in->feed);
	char node[2 * PUBKEY_BYTES + 1];
	char address[IDENTITY_ADDRESS_BYTES];
	struct json_line j;

	identity_address(id, address);
	if (in->c->json) {
		json_line_init(&j);
		json_line_text(&j, "home", home_path(in->home));
		json_line_text(&j, "feed", in->slug);
		json_line_hex(&j, "feed_id", id->feed, sizeof id->feed);
		json_line_hex(&j, "node", in->node.key, sizeof in->node.key);
		json_line_text(&j, "root_key_file", in->root_path);
		json_line_uint(&j, "seq", id->seq);
		json_line_hex(&j, "head", id->commit, sizeof id->commit);
		return json_line_print(&j);
	}
	hex_encode(in->node.key, sizeof in->node.key, node);
	printf("home      %s\n"
	       "feed      %s\n"
	       "node key  %s\n"
	       "root key  %s\n",
	       home_path(in->home), address, node, in->root_path);
	fputs(advice, stdout);
	return WEALD_OK;
}

static int make_all(struct initing *in)
{
	int r;

	r = find_paths(in);
	if (r == WEALD_OK) {
		r = make_home(in);
	}
	if (r == WEALD_OK) {
		r = make_root_key(in);
	}
	if (r == WEALD_OK) {
		r = make_feed_key(in);
	}
	if (r == WEALD_OK) {
		r = make_node_key(in);
	}
	if (r == WEALD_OK) {
		r = make_feed(in);
	}
	if (r != WEALD_OK) {
		undo(in);
		return r;
	}
	return print_result(in);
}

static const char init_text[] =
	"Make a home: the region's feed key, its feed with the first two\n"
	"updates, the node's key, and a root key in a file of its own that\n"
	"must be moved away. Nothing that exists is written over.\n";

int command_init(struct cli *c, int argc, char **argv)
{
	struct initing in = { .c = c };
	const struct cli_option options[] = {
		{ "region", 0, CLI_OPTION_TEXT, &in.region, "NAME",
		  "the region's name, as people read it" },
		{ "slug", 0, CLI_OPTION_TEXT, &in.slug, "SLUG",
		  "its short name, for ever: a-z, 0-9, -" },
		{ "root-key", 0, CLI_OPTION_TEXT, &in.root_key, "FILE",
		  "write the root key to FILE, on a stick say\n"
		  "(else into the home: SLUG-root-key)" },
		{ "listen", 0, CLI_OPTION_TEXT, &in.listen, "HOST:PORT",
		  "where weald run will listen, or none\n"
		  "(else 0.0.0.0:7411)" },
		{ "address", 0, CLI_OPTION_TEXT, &in.address, "HOST:PORT,..",
		  "where others reach this node" },
		{ "contact-role", 0, CLI_OPTION_TEXT, &in.role, "ROLE",
		  "whom to ask: a role, not a person" },
		{ "contact-mailbox", 0, CLI_OPTION_TEXT, &in.mailbox, "ADDR",
		  "a shared mailbox, not a person's" },
	};
	const struct cli_usage usage = {
		.synopsis = "init --region NAME --slug SLUG [--home DIR]",
		.text = init_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
	};
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = check_arguments(&in);
	if (r == WEALD_OK) {
		r = cli_library(c);
	}
	if (r == WEALD_OK) {
		r = make_all(&in);
	}
	OPENSSL_cleanse(in.seed, sizeof in.seed);
	ed25519_signer_free(in.signer);
	feed_close(in.feed);
	home_close(in.home);
	free(in.address_text);
	free(in.root_path);
	free(in.path);
	return r;
}
