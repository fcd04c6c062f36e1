#include "store/author.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "proto/digest.h"
#include "proto/path.h"
#include "proto/sshsig.h"
#include "proto/text.h"
#include "store/fs.h"
#include "store/record/front.h"
#include "store/record/guard.h"
#include "store/record/record.h"
#include "store/record/region.h"
#include "store/record/withdraw.h"

#define ELLIPSIS       "\xe2\x80\xa6"
#define ELLIPSIS_BYTES 3u
#define RECORD_MD      "record.md"
#define SUMMARY_ROTATE "Rotate the key"

/* Is there a file @name in the home with anything in it? */
static int says_something(const struct home *h, const char *name, bool *out,
			  struct weald_msg *msg)
{
	char *path = NULL;
	struct stat st;
	int r = home_join(h, name, &path);

	if (r != WEALD_OK) {
		return r;
	}
	if (stat(path, &st) == 0) {
		*out = st.st_size > 0;
	} else if (errno == ENOENT) {
		*out = false;
	} else {
		r = fs_fail(errno, "cannot look at", NULL, path, msg);
	}
	free(path);
	return r;
}

int author_guard(const struct home *h, struct weald_msg *msg)
{
	bool members = false;
	bool receipts = false;
	int r;

	r = says_something(h, "members", &members, msg);
	if (r == WEALD_OK) {
		r = says_something(h, "receipts", &receipts, msg);
	}
	if (r == WEALD_OK && (members || receipts)) {
		msg_set(msg,
			"other nodes may hold more of this feed than \"%s\" "
			"does; start weald run, which asks them first; only "
			"where none does: weald publish --i-am-first, but "
			"never after a restore",
			home_path(h));
		r = WEALD_GUARD;
	}
	return r;
}

int author_signer(struct author *a, struct weald_msg *msg)
{
	const uint8_t *key = feed_identity(a->feed)->key;

	if (a->signer != NULL &&
	    memcmp(ed25519_signer_key(a->signer), key, PUBKEY_BYTES) == 0) {
		return WEALD_OK;
	}
	author_release(a);
	return home_signer(a->home, key, &a->signer, msg);
}

void author_release(struct author *a)
{
	ed25519_signer_free(a->signer);
	a->signer = NULL;
}

static int random_bytes(void *out, size_t len, struct weald_msg *msg)
{
	uint8_t *to = out;
	ssize_t n;

	while (len > 0) {
		n = getrandom(to, len, 0);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			msg_set(msg, "the kernel gives no random bytes: %s",
				strerror(errno));
			return WEALD_IO;
		}
		to += n;
		len -= (size_t)n;
	}
	return WEALD_OK;
}

/* A draft with a time and a nonce, and nothing else. */
static int draft_begin(const struct author *a, enum action action,
		       struct draft *out, struct weald_msg *msg)
{
	struct draft d = { .action = action };
	struct timespec now = { 0 };
	int r;

	(void)clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
	r = draft_time(feed_identity(a->feed),
		       now.tv_sec < 0 ? 0 : (uint64_t)now.tv_sec, &d.time, msg);
	if (r == WEALD_OK) {
		r = random_bytes(d.nonce, sizeof d.nonce, msg);
	}
	if (r == WEALD_OK) {
		*out = d;
	}
	return r;
}

/* The largest whole-character part of @s that has at most @max bytes. */
static size_t fit_bytes(struct span s, size_t max)
{
	uint32_t rune;
	size_t at = 0;
	size_t n;

	while (at < s.len) {
		n = text_rune((struct span){ s.data + at, s.len - at }, &rune);
		n = n == 0 ? 1 : n;
		if (n > max - at) {
			break;
		}
		at += n;
	}
	return at;
}

void author_summary(const char *verb, const char *kind, const char *title,
		    char out[SUMMARY_BYTES_MAX + 1])
{
	char head[16 + NAME_BYTES_MAX + 4];
	struct span s = span_of(title);
	size_t room;
	size_t n;
	size_t word;

	snprintf(head, sizeof head, "%s %s: ", verb, kind);
	room = SUMMARY_BYTES_MAX - strlen(head);
	if (s.len <= room) {
		snprintf(out, SUMMARY_BYTES_MAX + 1, "%s%s", head, title);
		return;
	}
	n = fit_bytes(s, room - ELLIPSIS_BYTES);
	word = n;
	while (word > 0 && title[word] != ' ') {
		word--;
	}
	n = word > 0 ? word : n; /* one long word is cut within */
	while (n > 0 && title[n - 1] == ' ') {
		n--;
	}
	snprintf(out, SUMMARY_BYTES_MAX + 1, "%s%.*s%s", head, (int)n, title,
		 ELLIPSIS);
}

/* ---- the privacy guard ---------------------------------------------------
 */

/* What the worst finding is, where @report must not be published. */
static int refuse_report(const struct guard_report *report,
			 struct weald_msg *msg)
{
	const struct guard_finding *worst = NULL;
	size_t i;

	for (i = 0; i < report->n; i++) {
		if (worst == NULL || report->list[i].verdict > worst->verdict) {
			worst = &report->list[i];
		}
	}
	if (report->no_memory || worst == NULL) {
		return WEALD_NOMEM;
	}
	msg_set(msg, "%s:%zu: privacy: %s \"%s\"; %s", worst->file, worst->line,
		guard_kind_name(worst->kind), worst->seen,
		guard_kind_advice(worst->kind));
	return WEALD_PRIVACY;
}

/*
 * The last gate of every path into the feed: what is published cannot be
 * called back. Warnings pass where the note says who confirmed them, and why.
 */
static int guard_files(const struct author_record *record, const char *summary,
		       struct weald_msg *msg)
{
	struct problems unused = { .n = 0 };
	struct guard_report report = { .n = 0 };
	struct guard_input in = {
		.slug = span_of(record->slug),
		.summary = span_of(summary),
		.note = record->note,
		.files_n = record->files_n,
	};
	struct record_file *files = calloc(record->files_n + 1, sizeof *files);
	struct record *parsed = NULL;
	size_t i;
	int r = files == NULL ? WEALD_NOMEM : WEALD_OK;

	for (i = 0; r == WEALD_OK && i < record->files_n; i++) {
		files[i].name = record->files[i].name;
		files[i].content = record->files[i].content;
		if (span_equal(files[i].name, span_of(RECORD_MD))) {
			r = record_parse(files[i].content, &parsed, &unused);
			/* one that cannot be read is scanned as text */
			r = r == WEALD_INVALID ? WEALD_OK : r;
		}
	}
	if (r == WEALD_OK) {
		in.record = parsed;
		in.files = files;
		guard_record(&in, &report);
		if (!guard_is_covered(&report, record->note)) {
			r = refuse_report(&report, msg);
		}
	}
	guard_release(&report);
	problems_release(&unused);
	record_free(parsed);
	free(files);
	return r;
}

/* Nothing in @text may even look like a person's data. */
static int guard_line(const char *name, struct span text, unsigned flags,
		      enum guard_verdict refused, struct weald_msg *msg)
{
	struct guard_report report = { .n = 0 };
	int r = WEALD_OK;

	guard_text(text, name, 1, flags, &report);
	if (report.no_memory || report.verdict >= refused) {
		r = refuse_report(&report, msg);
	}
	guard_release(&report);
	return r;
}

/* The words of region.yaml, which are for all to read. */
static int guard_region(struct span region_yaml, struct weald_msg *msg)
{
	struct region region = { .nodes_n = 0 };
	int r = region_parse(region_yaml, PATH_REGION, &region, msg);

	if (r == WEALD_OK) {
		r = guard_line("name", span_of(region.name), 0, GUARD_BLOCK,
			       msg);
	}
	if (r == WEALD_OK) {
		r = guard_line("contact.role", span_of(region.role),
			       GUARD_CONTACT, GUARD_BLOCK, msg);
	}
	if (r == WEALD_OK) {
		r = guard_line("contact.mailbox", span_of(region.mailbox),
			       GUARD_CONTACT, GUARD_BLOCK, msg);
	}
	if (r != WEALD_OK) {
		msg_prefix(msg, PATH_REGION);
	}
	region_release(&region);
	return r;
}

/*
 * Sign @d about the record d->record, which stands at @last; WEALD_OK for one
 * that is unchanged too.
 */
static int sign_record(struct author *a, const struct draft *d, uint64_t last,
		       struct author_result *out, struct weald_msg *msg)
{
	struct author_result result = { .version = last };
	int r;

	r = feed_sign(a->feed, d, a->signer, msg);
	if (r == WEALD_OK) {
		result.version = last + 1;
		result.seq = feed_identity(a->feed)->seq;
		memcpy(result.commit, feed_identity(a->feed)->commit,
		       sizeof result.commit);
	} else if (r == WEALD_UNCHANGED) {
		msg_clear(msg);
		r = WEALD_OK;
	}
	if (r == WEALD_OK) {
		snprintf(result.record, sizeof result.record, "%.*s",
			 (int)d->record.len, (const char *)d->record.data);
		*out = result;
	}
	return r;
}

int author_publish(struct author *a, const struct author_record *record,
		   struct author_result *out, struct weald_msg *msg)
{
	char summary[SUMMARY_BYTES_MAX + 1];
	struct buf path;
	struct draft d;
	uint64_t last = 0;
	int r;

	buf_init(&path, RECORD_BYTES_MAX);
	r = author_signer(a, msg);
	if (r == WEALD_OK) {
		r = draft_begin(a, ACTION_PUBLISH, &d, msg);
	}
	if (r == WEALD_OK) {
		r = draft_record(a->feed, span_of(record->kind),
				 span_of(record->slug), d.time, &path, msg);
	}
	if (r == WEALD_OK) {
		r = versions_get(feed_versions(a->feed), buf_span(&path), &last,
				 msg);
	}
	if (r == WEALD_OK) {
		author_summary(last == 0 ? "Publish" : "Revise", record->kind,
			       record->title, summary);
		d.action = last == 0 ? ACTION_PUBLISH : ACTION_REVISE;
		d.record = buf_span(&path);
		d.summary = span_of(summary);
		d.note = record->note;
		d.topics_n = record->topics_n;
		memcpy(d.topics, record->topics, sizeof d.topics);
		d.files = record->files;
		d.files_n = record->files_n;
		r = guard_files(record, summary, msg);
	}
	if (r == WEALD_OK) {
		r = sign_record(a, &d, last, out, msg);
	}
	buf_release(&path);
	return r;
}

/* A file that the record has. */
struct kept {
	char *name;
	uint8_t blob[OBJECT_ID_BYTES];
	struct buf content;
};

/* A withdrawal in the making. */
struct withdrawing {
	struct author *author;
	struct weald_msg *msg;
	struct buf path;
	struct stored before; /* the update that made its last version */
	struct kept *kept;
	size_t kept_n;
	struct buf marked;  /* record.md as it is to be */
	struct front front; /* kind is empty where it could not be read */
};

static void withdrawing_release(struct withdrawing *w)
{
	while (w->kept_n > 0) {
		w->kept_n--;
		free(w->kept[w->kept_n].name);
		buf_release(&w->kept[w->kept_n].content);
	}
	free(w->kept);
	stored_release(&w->before);
	buf_release(&w->marked);
	buf_release(&w->path);
}

static int keep_cb(void *ctx, struct span name,
		   const uint8_t blob[OBJECT_ID_BYTES])
{
	struct withdrawing *w = ctx;
	struct kept *k = realloc(w->kept, (w->kept_n + 1) * sizeof *k);

	if (k == NULL) {
		return WEALD_NOMEM;
	}
	w->kept = k;
	k += w->kept_n;
	*k = (struct kept){
		.name = strndup((const char *)name.data, name.len),
	};
	if (k->name == NULL) {
		return WEALD_NOMEM;
	}
	memcpy(k->blob, blob, sizeof k->blob);
	buf_init(&k->content, CONTENT_BYTES_MAX);
	w->kept_n++;
	return WEALD_OK;
}

static int keep_files(struct withdrawing *w)
{
	const struct feed *f = w->author->feed;
	size_t i;
	int r;

	r = feed_files(f, w->before.update.seq, buf_span(&w->path), keep_cb, w,
		       w->msg);
	for (i = 0; r == WEALD_OK && i < w->kept_n; i++) {
		r = feed_content(f, w->kept[i].blob, &w->kept[i].content,
				 w->msg);
	}
	return r;
}

/* The record's path, its last version and its files. */
static int find_record(struct withdrawing *w, struct span kind,
		       struct span slug)
{
	const struct feed *f = w->author->feed;
	uint64_t seq = 0;
	char month[8];
	int r;

	r = versions_month(feed_versions(f), kind, slug, month);
	if (r == WEALD_NOTFOUND) {
		msg_set(w->msg, "%s has no record %.*s/%.*s",
			feed_identity(f)->slug, (int)kind.len,
			(const char *)kind.data, (int)slug.len,
			(const char *)slug.data);
		return WEALD_RECORD;
	}
	if (r == WEALD_OK) {
		r = buf_addf(&w->path, "%.*s/%s/%.*s", (int)kind.len,
			     (const char *)kind.data, month, (int)slug.len,
			     (const char *)slug.data);
	}
	if (r == WEALD_OK) {
		r = feed_find_version(f, buf_span(&w->path), 0, &seq, w->msg);
	}
	if (r == WEALD_OK) {
		r = feed_read(f, seq, &w->before, w->msg);
	}
	return r == WEALD_OK ? keep_files(w) : r;
}

/* Mark record.md; what it says of itself names the summary. */
static int mark_withdrawn(struct withdrawing *w, struct span reason)
{
	struct kept *k = NULL;
	size_t i;
	int r;

	for (i = 0; i < w->kept_n; i++) {
		if (strcmp(w->kept[i].name, RECORD_MD) == 0) {
			k = &w->kept[i];
		}
	}
	if (k == NULL) { /* no weald publishes that */
		msg_set(w->msg, "the record has no " RECORD_MD);
		return WEALD_CORRUPT;
	}
	r = withdraw_mark(buf_span(&k->content), reason, &w->marked, w->msg);
	if (r != WEALD_OK) {
		return r;
	}
	if (front_parse(buf_span(&k->content), RECORD_MD, &w->front, NULL) !=
	    WEALD_OK) {
		w->front.kind[0] = '\0'; /* an older weald let it in */
	}
	buf_release(&k->content);
	k->content = w->marked;
	w->marked = (struct buf){ .data = NULL }; /* transferred */
	return WEALD_OK;
}

static int sign_withdrawal(struct withdrawing *w, struct span reason,
			   struct author_result *out)
{
	const struct update *u = &w->before.update;
	char summary[SUMMARY_BYTES_MAX + 1];
	struct draft_file *files;
	struct draft d;
	size_t i;
	int r = draft_begin(w->author, ACTION_WITHDRAW, &d, w->msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (w->front.kind[0] != '\0' &&
	    guard_line("title", span_of(w->front.title), 0, GUARD_BLOCK,
		       NULL) == WEALD_OK) {
		author_summary("Withdraw", w->front.kind, w->front.title,
			       summary);
	} else {
		snprintf(summary, sizeof summary, "Withdraw %.*s",
			 (int)u->record.len, (const char *)u->record.data);
	}
	files = calloc(w->kept_n, sizeof *files);
	if (files == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < w->kept_n; i++) {
		files[i].name = span_of(w->kept[i].name);
		files[i].content = buf_span(&w->kept[i].content);
	}
	d.record = u->record;
	d.summary = span_of(summary);
	d.note = reason;
	d.topics_n = u->topics_n;
	memcpy(d.topics, u->topics, sizeof d.topics);
	d.files = files;
	d.files_n = w->kept_n;
	r = sign_record(w->author, &d, u->version, out, w->msg);
	free(files);
	return r;
}

int author_withdraw(struct author *a, struct span kind, struct span slug,
		    struct span reason, struct author_result *out,
		    struct weald_msg *msg)
{
	struct withdrawing w = { .author = a, .msg = msg };
	int r;

	buf_init(&w.path, RECORD_BYTES_MAX);
	buf_init(&w.marked, CONTENT_BYTES_MAX);
	r = text_check_line(reason, 1, NOTE_BYTES_MAX, "the reason", WEALD_NOTE,
			    msg);
	if (r == WEALD_OK) {
		/* the files are out already: withdrawing them must go on */
		r = guard_line("the reason", reason, 0, GUARD_WARN, msg);
	}
	if (r == WEALD_OK) {
		r = author_signer(a, msg);
	}
	if (r == WEALD_OK) {
		r = find_record(&w, kind, slug);
	}
	if (r == WEALD_OK) {
		r = mark_withdrawn(&w, reason);
	}
	if (r == WEALD_OK) {
		r = sign_withdrawal(&w, reason, out);
	}
	withdrawing_release(&w);
	return r;
}

int author_profile(struct author *a, struct span region_yaml,
		   const char *summary, struct weald_msg *msg)
{
	const struct draft_file files[] = {
		{ span_of(PATH_GITATTRIBUTES), span_of(GITATTRIBUTES_TEXT) },
		{ span_of(PATH_REGION), region_yaml },
	};
	struct draft d;
	int r = guard_region(region_yaml, msg);

	if (r == WEALD_OK) {
		r = author_signer(a, msg);
	}
	if (r == WEALD_OK) {
		r = draft_begin(a, ACTION_PROFILE, &d, msg);
	}
	if (r != WEALD_OK) {
		return r;
	}
	d.summary = span_of(summary);
	d.files = files;
	d.files_n = sizeof files / sizeof files[0];
	return feed_sign(a->feed, &d, a->signer, msg);
}

enum author_fault author_fault(int err)
{
	switch (err) {
	case WEALD_NOTFOUND:
	case WEALD_DENIED:
	case WEALD_KEYFILE:
	case WEALD_GUARD:
		return AUTHOR_FAULT_HOME;
	case WEALD_IO:
	case WEALD_NOSPACE:
	case WEALD_CORRUPT:
	case WEALD_NEWER:
	case WEALD_UNKNOWN:
	case WEALD_DIVERGED:
	case WEALD_CLOCK:
	case WEALD_KEY_CHANGED:
		return AUTHOR_FAULT_FEED;
	default:
		return AUTHOR_FAULT_INPUT;
	}
}

int author_commit(struct author *a, struct weald_msg *msg)
{
	return feed_commit(a->feed, msg);
}

void author_rollback(struct author *a)
{
	feed_rollback(a->feed);
}

int author_finish_rotation(struct author *a, struct weald_msg *msg)
{
	struct weald_msg said = { "" };
	int r = author_signer(a, &said);

	if (r == WEALD_NOTFOUND) {
		return WEALD_OK;
	}
	if (r != WEALD_OK) {
		msg_set(msg, "%s", msg_text(&said, r));
	}
	return r;
}

/* The seed of the next key, which the caller cleanses. */
static int next_seed(struct author *a, bool make, uint8_t seed[SEED_BYTES],
		     bool *out_made, struct weald_msg *msg)
{
	int r = home_key_read(a->home, HOME_KEY_FEED_NEXT, seed, msg);

	*out_made = false;
	if (r != WEALD_NOTFOUND || !make) {
		return r;
	}
	msg_clear(msg);
	r = random_bytes(seed, SEED_BYTES, msg);
	if (r == WEALD_OK) {
		r = home_key_write(a->home, HOME_KEY_FEED_NEXT, seed, msg);
		*out_made = r == WEALD_OK;
	}
	return r;
}

int author_next_key(struct author *a, bool make, uint8_t out[PUBKEY_BYTES],
		    bool *out_made, struct weald_msg *msg)
{
	uint8_t seed[SEED_BYTES];
	int r = next_seed(a, make, seed, out_made, msg);

	if (r == WEALD_OK) {
		r = ed25519_public(seed, out);
	}
	OPENSSL_cleanse(seed, sizeof seed);
	return r;
}

int author_discard_key(struct author *a, struct weald_msg *msg)
{
	int r = home_key_remove(a->home, HOME_KEY_FEED_NEXT, msg);

	if (r == WEALD_NOTFOUND) {
		msg_set(msg, "there is no request to discard");
	}
	return r;
}

int author_statement(const struct author *a, const uint8_t next[PUBKEY_BYTES],
		     struct buf *out)
{
	const struct identity *id = feed_identity(a->feed);
	struct update u = { .epoch = id->epoch,
			    .seq = id->seq + 1,
			    .action = action_name(ACTION_ROTATE_KEY) };

	memcpy(u.feed, id->feed, sizeof u.feed);
	memcpy(u.prev, id->prev, sizeof u.prev);
	memcpy(u.key, next, sizeof u.key);
	return grant_statement(&u, 0, out);
}

int author_check_root(const struct author *a, const uint8_t root[PUBKEY_BYTES],
		      struct weald_msg *msg)
{
	const struct identity *id = feed_identity(a->feed);
	uint8_t digest[SHA256_BYTES];
	int r = digest_sha256((struct span){ root, PUBKEY_BYTES }, digest);

	if (r == WEALD_OK && memcmp(digest, id->root, sizeof digest) != 0) {
		msg_set(msg,
			"not by the root key of %s; use the file that weald "
			"init wrote",
			id->slug);
		r = WEALD_GRANT_ROOT;
	}
	return r;
}

/* Is the grant of the statement that holds now? */
static int check_grant(const struct author *a, const struct grant *grant,
		       const uint8_t next[PUBKEY_BYTES], struct weald_msg *msg)
{
	struct buf statement;
	int r;

	buf_init(&statement, AUTHOR_STATEMENT_BYTES_MAX);
	r = author_statement(a, next, &statement);
	if (r == WEALD_OK) {
		r = sshsig_verify(grant->root, GRANT_NAMESPACE,
				  buf_span(&statement), grant->sig, msg);
	}
	buf_release(&statement);
	if (r == WEALD_SIGNATURE) {
		msg_set(msg,
			"signs another statement than the present one: the "
			"feed has moved on since, or another request was made; "
			"make a new one with weald key request");
	}
	return r;
}

static int sign_rotation(struct author *a, const struct grant *grant,
			 const struct ed25519_signer *next,
			 struct weald_msg *msg)
{
	struct draft d;
	int r = check_grant(a, grant, ed25519_signer_key(next), msg);

	if (r == WEALD_OK) {
		r = draft_begin(a, ACTION_ROTATE_KEY, &d, msg);
	}
	if (r != WEALD_OK) {
		return r;
	}
	d.summary = span_of(SUMMARY_ROTATE);
	d.keep_files = true;
	d.grant = *grant;
	d.grant.present = true;
	r = feed_sign(a->feed, &d, next, msg);
	return r == WEALD_OK ? author_commit(a, msg) : r;
}

int author_rotate(struct author *a, const struct grant *grant,
		  struct weald_msg *msg)
{
	struct ed25519_signer *next = NULL;
	uint8_t seed[SEED_BYTES];
	bool made;
	int r;

	r = author_check_root(a, grant->root, msg);
	if (r == WEALD_OK) {
		r = next_seed(a, false, seed, &made, msg);
	}
	if (r == WEALD_OK) {
		r = ed25519_signer_new(seed, &next);
	}
	OPENSSL_cleanse(seed, sizeof seed);
	if (r == WEALD_OK) {
		r = sign_rotation(a, grant, next, msg);
	}
	ed25519_signer_free(next);
	if (r != WEALD_OK) {
		return r;
	}
	author_release(a); /* the old key signs no more */
	r = home_key_promote(a->home, msg);
	if (r != WEALD_OK) {
		msg_prefix(msg, "the key is rotated, but its file could not "
				"be moved yet");
	}
	return r;
}
