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
#include "store/feed/objectid.h"
#include "store/fs.h"
#include "store/record/front.h"
#include "store/record/guard.h"
#include "store/record/judge.h"
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

/*
 * The last gate of every path into the feed: what is published cannot be
 * called back. Warnings pass where the note says who confirmed them, and why.
 */
static int check_people(const struct draft *d, struct weald_msg *msg)
{
	struct guard_report report = { .n = 0 };
	struct judged v = {
		.path = d->record,
		.summary = d->summary,
		.note = d->note,
		.files_n = d->files_n,
	};
	struct record_file *files = calloc(d->files_n + 1, sizeof *files);
	size_t i;
	int r;

	if (files == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < d->files_n; i++) {
		files[i].name = d->files[i].name;
		files[i].content = d->files[i].content;
	}
	v.files = files;
	r = judge_version(&v, &report);
	if (r == WEALD_OK && !guard_is_covered(&report, d->note)) {
		r = judge_refuse(&report, d->note, msg);
	}
	guard_release(&report);
	free(files);
	return r;
}

/* Nothing in @text may even look like a person's data. */
static int check_line(const char *name, const char *text, unsigned flags,
		      struct weald_msg *msg)
{
	struct guard_report report = { .n = 0 };
	const struct guard_finding *f;
	int r = WEALD_OK;

	guard_text(span_of(text), name, 1, flags, &report);
	if (report.no_memory ||
	    (report.verdict != GUARD_PASS && report.n == 0)) {
		r = WEALD_NOMEM;
	} else if (report.verdict != GUARD_PASS) {
		f = &report.list[0];
		msg_set(msg,
			"%s: privacy: %s \"%s\"; %s: all regions read it, and "
			"it cannot be called back",
			name, guard_kind_name(f->kind), f->seen,
			guard_kind_advice(f->kind));
		r = WEALD_PRIVACY;
	}
	guard_release(&report);
	return r;
}

int author_check_region(const struct region *region, struct weald_msg *msg)
{
	int r = check_line("name", region->name, 0, msg);

	if (r == WEALD_OK) {
		r = check_line("contact.role", region->role, GUARD_CONTACT,
			       msg);
	}
	if (r == WEALD_OK) {
		r = check_line("contact.mailbox", region->mailbox,
			       GUARD_CONTACT, msg);
	}
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

/* ---- what stands --------------------------------------------------------
 */

/* The files of a record as it is to be, and as it stands. */
struct comparing {
	const struct author_record *record;
	size_t same; /* how many of those that stand are as they are to be */
	bool differs;
};

static int compare_cb(void *ctx, struct span name,
		      const uint8_t blob[OBJECT_ID_BYTES])
{
	struct comparing *c = ctx;
	uint8_t id[OBJECT_ID_BYTES];
	size_t i;
	int r;

	for (i = 0; i < c->record->files_n; i++) {
		if (span_equal(c->record->files[i].name, name)) {
			break;
		}
	}
	if (i == c->record->files_n) {
		c->differs = true;
		return WEALD_OK;
	}
	r = object_id(OBJECT_BLOB, c->record->files[i].content.data,
		      c->record->files[i].content.len, id);
	if (r == WEALD_OK && memcmp(id, blob, sizeof id) == 0) {
		c->same++;
	} else {
		c->differs = true;
	}
	return r;
}

/* Has the version that update @u made exactly the files of @record? */
static int stands(const struct author *a, const struct update *u,
		  const struct author_record *record, bool *out,
		  struct weald_msg *msg)
{
	struct comparing c = { .record = record };
	int r = feed_files(a->feed, u->seq, u->record, compare_cb, &c, msg);

	*out = !c.differs && c.same == record->files_n;
	return r;
}

/* May @record follow @last, the version that update @u made? */
static int check_last(const struct update *u, uint64_t last,
		      const struct author_record *record, struct weald_msg *msg)
{
	if (record->follows > last) {
		msg_set(msg,
			"%s/%s has %llu versions here, and this was made from "
			"version %llu",
			record->kind, record->slug, (unsigned long long)last,
			(unsigned long long)record->follows);
		return WEALD_VERSION_OTHER;
	}
	if (record->follows != 0 && record->follows != last) {
		msg_set(msg,
			"%s/%s: version %llu is there since, and this was made "
			"from version %llu; weald edit the record anew, or "
			"what changed in between is lost",
			record->kind, record->slug, (unsigned long long)last,
			(unsigned long long)record->follows);
		return WEALD_VERSION_OTHER;
	}
	if (u != NULL && u->version == last &&
	    update_action(u) == ACTION_WITHDRAW && !record->bring_back) {
		msg_set(msg,
			"%s/%s was withdrawn in version %llu; --bring-back "
			"publishes it again for all to find",
			record->kind, record->slug, (unsigned long long)last);
		return WEALD_EXISTS;
	}
	return WEALD_OK;
}

/*
 * Nothing that was published since, and no withdrawal, is undone without a
 * word. A record that stands as it is to be passes: publishing again after an
 * answer was lost is no fault. @last is the version of @path that stands.
 */
static int check_stands(const struct author *a, struct span path, uint64_t last,
			const struct author_record *record,
			struct weald_msg *msg)
{
	struct stored s = { .update = { .seq = 0 } };
	uint64_t seq = 0;
	bool same = false;
	int err;
	int r = WEALD_NOTFOUND;

	if (last > 0) {
		r = feed_find_version(a->feed, path, 0, &seq, msg);
	}
	if (r == WEALD_NOTFOUND) { /* staged: by this hand, just now */
		msg_clear(msg);
		return check_last(NULL, last, record, msg);
	}
	if (r == WEALD_OK) {
		r = feed_read(a->feed, seq, &s, msg);
	}
	if (r != WEALD_OK) {
		return r;
	}
	r = check_last(&s.update, last, record, msg);
	if (r != WEALD_OK && s.update.version == last) {
		err = stands(a, &s.update, record, &same, NULL);
		if (err == WEALD_OK && same) {
			msg_clear(msg);
			r = WEALD_OK;
		}
	}
	stored_release(&s);
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
		r = check_stands(a, buf_span(&path), last, record, msg);
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
		r = check_people(&d, msg);
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
	struct kept *md;    /* one of them: record.md */
	struct buf marked;  /* record.md as it is to be */
	struct front front; /* kind is empty where it could not be read */
	/* what the guard finds in the files as they stand */
	struct guard_report report;
};

static void withdrawing_release(struct withdrawing *w)
{
	while (w->kept_n > 0) {
		w->kept_n--;
		free(w->kept[w->kept_n].name);
		buf_release(&w->kept[w->kept_n].content);
	}
	free(w->kept);
	guard_release(&w->report);
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
		if (strcmp(w->kept[i].name, RECORD_MD) == 0) {
			w->md = &w->kept[i];
		}
	}
	if (r == WEALD_OK && w->md == NULL) { /* no weald publishes that */
		msg_set(w->msg, "the record has no " RECORD_MD);
		r = WEALD_CORRUPT;
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

/* What the guard finds in the files as they are now, and in @note. */
static int judge_kept(const struct withdrawing *w, struct span note,
		      struct guard_report *out)
{
	struct judged v = {
		.path = buf_span(&w->path),
		.note = note,
		.files_n = w->kept_n,
	};
	struct record_file *files = calloc(w->kept_n + 1, sizeof *files);
	size_t i;
	int r;

	if (files == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < w->kept_n; i++) {
		files[i].name = span_of(w->kept[i].name);
		files[i].content = buf_span(&w->kept[i].content);
	}
	v.files = files;
	r = judge_version(&v, out);
	free(files);
	return r;
}

/*
 * Mark record.md; what it says of itself names the summary. The files are out
 * already, and withdrawing them must go on whatever stands in them; but the
 * reason may add nothing, by itself or beside what the record says: it would
 * be out for good, and hide the withdrawal itself.
 */
static int mark_withdrawn(struct withdrawing *w, struct span reason)
{
	const struct guard_finding *added;
	struct guard_report report = { .n = 0 };
	int r = judge_kept(w, (struct span){ NULL, 0 }, &w->report);

	if (r == WEALD_OK) {
		r = withdraw_mark(buf_span(&w->md->content), reason, &w->marked,
				  w->msg);
	}
	if (r != WEALD_OK) {
		return r;
	}
	if (front_parse(buf_span(&w->md->content), RECORD_MD, &w->front,
			NULL) != WEALD_OK) {
		w->front.kind[0] = '\0'; /* an older weald let it in */
	}
	buf_release(&w->md->content);
	w->md->content = w->marked;
	w->marked = (struct buf){ .data = NULL }; /* transferred */
	r = judge_kept(w, reason, &report);
	added = judge_new(&report, &w->report);
	if (r == WEALD_OK && added != NULL) {
		msg_set(w->msg, "the reason:1: privacy: %s \"%s\"; %s",
			guard_kind_name(added->kind), added->seen,
			guard_kind_advice(added->kind));
		r = WEALD_PRIVACY;
	}
	guard_release(&report);
	return r;
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
	/* a title that should not have been out is not said again */
	if (w->front.kind[0] != '\0' && w->report.verdict != GUARD_BLOCK) {
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

/* Where region.yaml stands. */
struct region_file {
	bool there;
	uint8_t blob[OBJECT_ID_BYTES];
};

static int region_cb(void *ctx, struct span name,
		     const uint8_t blob[OBJECT_ID_BYTES])
{
	struct region_file *file = ctx;

	if (span_equal(name, span_of(PATH_REGION))) {
		memcpy(file->blob, blob, sizeof file->blob);
		file->there = true;
	}
	return WEALD_OK;
}

/*
 * Do name and contact stand as @region has them? Then they are out already,
 * and refusing them again would only keep the addresses from the others.
 */
static bool says_same(const struct author *a, const struct region *region)
{
	const struct feed *f = a->feed;
	struct region said = { .nodes_n = 0 };
	struct region_file file = { .there = false };
	struct buf text;
	bool same = false;
	int r;

	buf_init(&text, CONTENT_BYTES_MAX);
	r = feed_files(f, feed_committed_seq(f), span_of(""), region_cb, &file,
		       NULL);
	if (r == WEALD_OK && file.there) {
		r = feed_content(f, file.blob, &text, NULL);
	}
	if (r == WEALD_OK && file.there &&
	    region_parse(buf_span(&text), PATH_REGION, &said, NULL) ==
		    WEALD_OK) {
		same = strcmp(said.name, region->name) == 0 &&
		       strcmp(said.role, region->role) == 0 &&
		       strcmp(said.mailbox, region->mailbox) == 0;
	}
	region_release(&said);
	buf_release(&text);
	return same;
}

static int check_profile(const struct author *a, struct span region_yaml,
			 struct weald_msg *msg)
{
	struct region region = { .nodes_n = 0 };
	int r = region_parse(region_yaml, PATH_REGION, &region, msg);

	if (r == WEALD_OK && !says_same(a, &region)) {
		r = author_check_region(&region, msg);
		if (r != WEALD_OK) {
			msg_prefix(msg, PATH_REGION);
		}
	}
	region_release(&region);
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
	int r = check_profile(a, region_yaml, msg);

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
