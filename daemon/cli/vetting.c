#include "daemon/cli/vetting.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "daemon/cli/files.h"
#include "daemon/cli/mask.h"
#include "proto/path.h"
#include "proto/text.h"
#include "store/author.h"
#include "store/record/judge.h"
#include "store/record/record.h"

/* What a confirmation begins with, as store/record/guard.h has it. */
#define OVERRIDE "Privacy-Checked:"

#define HUMAN_QUESTION                                                    \
	"Would the person, their family or a local journalist recognise " \
	"this?"

/* ---- the records that references name ------------------------------------
 */

/* "kind/slug", NUL */
#define NAME_BYTES (2u * NAME_BYTES_MAX + 2u)

static int compare_names(const void *a, const void *b)
{
	const struct vetting_name *x = a;
	const struct vetting_name *y = b;
	int d = strcmp(x->name, y->name);

	return d != 0 ? d : (x->order > y->order) - (x->order < y->order);
}

int vetting_expect(struct vetting *v, const char *name,
		   const uint8_t digest[SHA256_BYTES], size_t *out_order)
{
	struct vetting_name *grown;
	size_t cap;

	if (v->names_n == v->names_cap) {
		cap = v->names_cap == 0 ? 16 : 2 * v->names_cap;
		grown = realloc(v->names, cap * sizeof *grown);
		if (grown == NULL) {
			return WEALD_NOMEM;
		}
		v->names = grown;
		v->names_cap = cap;
	}
	grown = &v->names[v->names_n];
	*grown = (struct vetting_name){
		.name = strdup(name),
		.order = v->names_n,
	};
	if (grown->name == NULL) {
		return WEALD_NOMEM;
	}
	memcpy(grown->digest, digest, sizeof grown->digest);
	*out_order = v->names_n++;
	v->names_sorted = false;
	return WEALD_OK;
}

/* The first of that name in this call, and how many there are; or NULL. */
static struct vetting_name *find_names(struct vetting *v, char *name,
				       size_t *out_n)
{
	struct vetting_name key = { .name = name };
	size_t low = 0;
	size_t high = v->names_n;
	size_t at;

	if (!v->names_sorted) {
		qsort(v->names, v->names_n, sizeof *v->names, compare_names);
		v->names_sorted = true;
	}
	while (low < high) {
		at = low + (high - low) / 2;
		if (compare_names(&v->names[at], &key) < 0) {
			low = at + 1;
		} else {
			high = at;
		}
	}
	for (at = low; at < v->names_n && strcmp(v->names[at].name, name) == 0;
	     at++) {
	}
	*out_n = at - low;
	return at == low ? NULL : &v->names[low];
}

/* How the record stands before this call; NULL notes why in read_err. */
static const struct standing *standing_of(struct vetting *v,
					  struct vetting_name *first)
{
	const char *slash = strchr(first->name, '/');
	struct span kind = { (const uint8_t *)first->name,
			     (size_t)(slash - first->name) };
	int r;

	if (first->standing == NULL && v->read_err == WEALD_OK) {
		first->standing = calloc(1, sizeof *first->standing);
		r = first->standing == NULL ? WEALD_NOMEM
					    : standing_read(v->c, v->own, kind,
							    span_of(slash + 1),
							    first->standing);
		v->read_err = r;
	}
	return v->read_err == WEALD_OK ? first->standing : NULL;
}

/* Where a record stands before one of the items of this call is published. */
struct base {
	uint64_t version;
	const uint8_t *digest;
};

/* After those of the @n names at @first that come before @order. */
static struct base base_of(const struct standing *s,
			   const struct vetting_name *first, size_t n,
			   size_t order)
{
	struct base base = { s->last, s->digest };
	size_t i;

	for (i = 0; i < n && first[i].order < order; i++) {
		/* what has not changed is no new version */
		if (base.version == 0 ||
		    memcmp(base.digest, first[i].digest, SHA256_BYTES) != 0) {
			base.version++;
			base.digest = first[i].digest;
		}
	}
	return base;
}

/*
 * The version at which the record of @ref stands in @f, and its path; 0 for
 * none.
 */
static uint64_t last_version(const struct feed *f, const struct reference *ref,
			     char path[RECORD_BYTES_MAX + 1])
{
	char month[8];
	uint64_t last = 0;

	if (versions_month(feed_versions(f), ref->kind, ref->slug, month) !=
	    WEALD_OK) {
		return 0;
	}
	snprintf(path, RECORD_BYTES_MAX + 1, "%.*s/%s/%.*s", (int)ref->kind.len,
		 (const char *)ref->kind.data, month, (int)ref->slug.len,
		 (const char *)ref->slug.data);
	return versions_get(feed_versions(f), span_of(path), &last, NULL) ==
			       WEALD_OK
		       ? last
		       : 0;
}

/* The feed of another region, kept open; NULL where it is not here. */
static const struct feed *other_feed(struct vetting *v, struct span region)
{
	struct vetting_feed *o;
	size_t i;

	for (i = 0; i < v->others_n; i++) {
		if (span_equal(span_of(v->others[i].name), region)) {
			return v->others[i].feed;
		}
	}
	o = &v->others[v->others_next];
	v->others_next = (v->others_next + 1) % VETTING_FEEDS_MAX;
	v->others_n += v->others_n < VETTING_FEEDS_MAX;
	feed_close(o->feed);
	o->feed = NULL;
	snprintf(o->name, sizeof o->name, "%.*s", (int)region.len,
		 (const char *)region.data);
	/* one that cannot be opened answers as one that is not here */
	(void)home_open_feed(v->home, o->name, FEED_READ, &o->feed, NULL);
	return o->feed;
}

/* The version at which the own record of @ref stands after this call. */
static uint64_t own_version(struct vetting *v, const struct reference *ref)
{
	const struct standing *s;
	struct vetting_name *first;
	char path[RECORD_BYTES_MAX + 1];
	char name[NAME_BYTES];
	size_t n;

	snprintf(name, sizeof name, "%.*s/%.*s", (int)ref->kind.len,
		 (const char *)ref->kind.data, (int)ref->slug.len,
		 (const char *)ref->slug.data);
	first = find_names(v, name, &n);
	if (first == NULL) {
		return last_version(v->own, ref, path);
	}
	s = standing_of(v, first);
	return s == NULL ? 0 : base_of(s, first, n, SIZE_MAX).version;
}

/*
 * Does the version in @f have the text that @ref pins? Also where that cannot
 * be said: it is not published before this call, or its text is not here.
 */
static bool has_text(struct vetting *v, const struct feed *f,
		     const struct reference *ref)
{
	char path[RECORD_BYTES_MAX + 1];
	bool same = true;
	struct buf text;
	uint64_t seq = 0;
	int r;

	if (!ref->has_digest || ref->version > last_version(f, ref, path)) {
		return true;
	}
	buf_init(&text, CONTENT_BYTES_MAX);
	r = cli_fail(v->c, CLI_ABOUT_FEED,
		     feed_find_version(f, span_of(path), ref->version, &seq,
				       &v->c->msg));
	if (r == WEALD_OK) {
		r = files_read_one(v->c, f, seq, span_of(path), RECORD_FILE,
				   &text);
	}
	if (r == WEALD_OK) {
		same = reference_pins(ref, buf_span(&text));
	} else if (f == v->own || r == WEALD_NOMEM) {
		v->read_err = r;
	} else {
		msg_clear(&v->c->msg);
	}
	buf_release(&text);
	return same;
}

static enum record_found find_cb(void *ctx, const struct reference *ref)
{
	struct vetting *v = ctx;
	const bool is_own =
		span_equal(ref->region, span_of(home_slug(v->home)));
	const struct feed *f = is_own ? v->own : other_feed(v, ref->region);
	char path[RECORD_BYTES_MAX + 1];
	uint64_t last = 0;

	if (is_own) {
		last = own_version(v, ref);
	} else if (f != NULL) {
		last = last_version(f, ref, path);
	}
	if (last == 0) {
		return RECORD_ABSENT;
	}
	if (ref->version > last) {
		return RECORD_VERSION_ABSENT;
	}
	return has_text(v, f, ref) ? RECORD_FOUND : RECORD_OTHER_TEXT;
}

/* ---- gathering -----------------------------------------------------------
 */

static bool is_to_confirm(enum vetting_level level)
{
	return level == VETTING_CONFIRM || level == VETTING_CONFIRMED;
}

static int gather(struct vetting *v, enum vetting_level level, const char *path,
		  const struct vetting_problem *problem)
{
	struct vetting_list *l = &v->lists[level];
	const bool confirm = is_to_confirm(level);
	struct vetting_problem *grown;
	size_t cap;

	l->total++;
	if (l->n == (confirm ? VETTING_CONFIRM_MAX : VETTING_SHOWN_MAX)) {
		v->too_many = v->too_many || confirm;
		return WEALD_OK;
	}
	if (l->n == l->cap) {
		cap = l->cap == 0 ? 8 : 2 * l->cap;
		grown = realloc(l->list, cap * sizeof *grown);
		if (grown == NULL) {
			return WEALD_NOMEM;
		}
		l->list = grown;
		l->cap = cap;
	}
	l->list[l->n] = *problem;
	l->list[l->n].path = path == NULL ? NULL : strdup(path);
	if (path != NULL && l->list[l->n].path == NULL) {
		return WEALD_NOMEM;
	}
	if (path != NULL) {
		mask_name(l->list[l->n].path);
	}
	mask_name(l->list[l->n].problem.file);
	mask_name(l->list[l->n].problem.field);
	l->n++;
	return WEALD_OK;
}

/* Has the guard seen something where @p points to? */
static bool is_seen(const struct guard_report *report, const struct problem *p)
{
	size_t i;

	for (i = 0; i < report->n; i++) {
		if (report->list[i].part == GUARD_PART_FILE &&
		    report->list[i].line == p->line &&
		    strcmp(report->list[i].file, p->file) == 0) {
			return true;
		}
	}
	return false;
}

/* Some may be counted and not kept; @report is of the same record. */
static int gather_problems(struct vetting *v, const char *path,
			   const struct problems *problems,
			   const struct guard_report *report)
{
	struct vetting_problem p = { .kind = NULL };
	size_t errors = problems->errors;
	size_t warnings = problems->warnings;
	size_t i;
	int r = problems->no_memory ? WEALD_NOMEM : WEALD_OK;

	for (i = 0; r == WEALD_OK && i < problems->n; i++) {
		p.problem = problems->list[i];
		mask_message(&p.problem.text, is_seen(report, &p.problem));
		if (p.problem.level == PROBLEM_ERROR) {
			errors--;
			r = gather(v, VETTING_ERROR, path, &p);
		} else {
			warnings--;
			r = gather(v, VETTING_WARNING, path, &p);
		}
	}
	v->lists[VETTING_ERROR].total += errors;
	v->lists[VETTING_WARNING].total += warnings;
	return r;
}

/* Is it in the title too, of which the summary is made? */
static bool is_told(const struct guard_report *report,
		    const struct guard_finding *of)
{
	size_t i;

	for (i = 0; i < report->n; i++) {
		if (report->list[i].kind == of->kind &&
		    report->list[i].part == GUARD_PART_FILE &&
		    strcmp(report->list[i].file, RECORD_FILE) == 0) {
			return true;
		}
	}
	return false;
}

static int gather_finding(struct vetting *v, const char *path,
			  enum vetting_level level,
			  const struct guard_finding *f)
{
	struct vetting_problem p = {
		.problem = { .line = f->line, .field = "privacy" },
		.kind = guard_kind_name(f->kind),
	};

	p.problem.level =
		level == VETTING_ERROR ? PROBLEM_ERROR : PROBLEM_WARNING;
	snprintf(p.problem.file, sizeof p.problem.file, "%s", f->file);
	snprintf(p.seen, sizeof p.seen, "%s", f->seen);
	msg_set(&p.problem.text, "%s%s%s%s; %s", p.kind,
		f->seen[0] == '\0' ? "" : " \"", f->seen,
		f->seen[0] == '\0' ? "" : "\"", guard_kind_advice(f->kind));
	return gather(v, level, path, &p);
}

/* Warnings go to @level. */
static int gather_report(struct vetting *v, const char *path,
			 enum vetting_level level,
			 const struct guard_report *report)
{
	const struct guard_finding *f;
	bool note_told = v->note_told;
	size_t i;
	int r = report->no_memory ? WEALD_NOMEM : WEALD_OK;

	for (i = 0; r == WEALD_OK && i < report->n; i++) {
		f = &report->list[i];
		if (f->part == GUARD_PART_NOTE) {
			v->note_told = true;
			if (note_told) { /* all records have the same one */
				continue;
			}
		}
		if (f->part == GUARD_PART_SUMMARY && is_told(report, f)) {
			continue;
		}
		r = gather_finding(v, f->part == GUARD_PART_NOTE ? NULL : path,
				   f->verdict == GUARD_BLOCK ? VETTING_ERROR
							     : level,
				   f);
	}
	v->lists[VETTING_ERROR].total += report->left_out_blocks;
	v->lists[level].total += report->left_out_warnings;
	return r;
}

/* ---- one record ----------------------------------------------------------
 */

/* What is being vetted. */
struct vetted {
	struct vetting *v;
	const struct vetting_item *it;
	const struct folder *folder;
	struct record_file *files;
	struct record *record;
	struct problems problems;
	struct guard_report report;
	bool stands;      /* there is a version of it already */
	uint64_t follows; /* of the result */
};

static int check_schema(struct vetted *t)
{
	const struct folder *f = t->folder;
	const struct record_check check = {
		.region = span_of(home_slug(t->v->home)),
		.slug = span_of(f->slug),
		.files = t->files,
		.files_n = f->files_n,
		.find = find_cb,
		.find_ctx = t->v,
	};
	struct weald_msg msg = { "" };
	struct front front;
	struct span text;
	int r;

	if (f->err != WEALD_OK && !folder_find(f, RECORD_FILE, &text)) {
		return WEALD_OK; /* that was said */
	}
	r = record_check(&check, &t->record, &t->problems);
	if (r == WEALD_NOMEM) {
		return r;
	}
	/* stricter than the schema in what goes into the update */
	if (t->problems.errors == 0 && f->front.title[0] == '\0' &&
	    folder_find(f, RECORD_FILE, &text) &&
	    front_parse(text, RECORD_FILE, &front, &msg) != WEALD_OK) {
		problem_add(&t->problems, PROBLEM_ERROR, NULL, 0, NULL, "%s",
			    msg.text);
	}
	problems_sort(&t->problems);
	return WEALD_OK;
}

static int look_for_people(struct vetted *t)
{
	const struct folder *f = t->folder;
	char summary[SUMMARY_BYTES_MAX + 1] = "";
	struct judged judged = {
		.path = span_of(f->slug),
		.note = span_of(t->it->note),
		.files = t->files,
		.files_n = f->files_n,
		.record = t->record,
	};

	if (f->front.kind[0] != '\0') {
		author_summary(t->stands ? "Revise" : "Publish", f->front.kind,
			       f->front.title, summary);
		judged.summary = span_of(summary);
	}
	return judge_version(&judged, &t->report);
}

/* An error of the record as a whole. */
static void refuse(struct vetted *t, const char *text)
{
	problem_add(&t->problems, PROBLEM_ERROR, NULL, 0, NULL, "%s", text);
}

/* Was the folder made from another version than @base? */
static void check_mark(struct vetted *t, const struct standing *s,
		       const struct base *base, const char *name)
{
	const struct folder_mark *mark = &t->folder->mark;
	const struct standing_ack *lost;
	struct weald_msg msg = { "" };

	if (t->follows != 0) {
		if (mark->version == base->version) {
			return;
		}
		msg_set(&msg,
			"made from version %" PRIu64 ", and version %" PRIu64
			" is there since; weald edit %s anew, or "
			"delete " FOLDER_MARK " to replace what it says",
			mark->version, base->version, name);
	} else {
		lost = standing_lost_ack(s, t->record,
					 span_of(home_slug(t->v->home)));
		if (lost == NULL) {
			return;
		}
		msg_set(&msg,
			"version %" PRIu64 ", which this would replace, "
			"acknowledges %s@%" PRIu64 ", and this does not; put "
			"that link in, or weald edit %s anew",
			s->last, lost->ref, lost->version, name);
	}
	refuse(t, msg.text);
}

/*
 * What the folder would replace: nobody's change may be lost, and no
 * withdrawal undone, without a word.
 */
static int check_standing(struct vetted *t)
{
	struct vetting *v = t->v;
	const struct folder *f = t->folder;
	const struct standing *s = NULL;
	struct vetting_name *first = NULL;
	struct weald_msg msg = { "" };
	char ref[REFERENCE_BYTES_MAX + 1];
	char name[NAME_BYTES];
	uint8_t digest[SHA256_BYTES];
	struct base base;
	size_t n = 0;
	int r = folder_digest(f, digest);

	if (r != WEALD_OK) {
		return r;
	}
	snprintf(name, sizeof name, "%s/%s", f->front.kind, f->slug);
	if (f->front.kind[0] != '\0' && f->slug[0] != '\0') {
		first = find_names(v, name, &n);
	}
	if (first != NULL) {
		s = standing_of(v, first);
	}
	if (s == NULL || s->last == 0) {
		return v->read_err;
	}
	t->stands = true;
	base = base_of(s, first, n, t->it->order);
	snprintf(ref, sizeof ref, "%s/%s", home_slug(v->home), name);
	/* that of another record says nothing of this one */
	t->follows = strcmp(f->mark.ref, ref) == 0 ? base.version : 0;
	if (memcmp(base.digest, digest, sizeof digest) == 0) {
		return WEALD_OK; /* nothing changes */
	}
	if (s->withdrawn && !v->bring_back && base.version == s->last) {
		msg_set(&msg,
			"withdrawn in version %" PRIu64 "; to bring it back "
			"for all, say --bring-back",
			s->last);
		refuse(t, msg.text);
	}
	check_mark(t, s, &base, name);
	return WEALD_OK;
}

/* Does the guard see anything in @text, as it would stand in the note? */
static bool names_somebody(const struct vetted *t, struct span text,
			   enum guard_kind *out)
{
	struct guard_report report = { .n = 0 };
	const struct guard_input in = { .record = t->record, .note = text };
	bool found;
	size_t i;

	guard_record(&in, &report);
	found = report.no_memory || report.left_out > 0;
	for (i = 0; i < report.n; i++) {
		if (report.list[i].part == GUARD_PART_NOTE) {
			*out = report.list[i].kind;
			found = true;
		}
	}
	guard_release(&report);
	return found;
}

/*
 * The note with the override in it. It is for all to read, and nobody was
 * asked about what stands in it, so that it may name nobody itself.
 */
static int add_override(struct vetted *t, char **out)
{
	struct vetting *v = t->v;
	const size_t before = strlen(t->it->note);
	enum guard_kind kind = GUARD_PERSON_NAME;
	struct span added;
	struct buf note;
	int r;

	buf_init(&note, NOTE_BYTES_MAX);
	r = buf_add_text(&note, t->it->note);
	if (r == WEALD_OK) {
		r = guard_override_format(&t->report, v->role, v->reason, &note,
					  &v->c->msg);
	}
	if (r != WEALD_OK) {
		(void)cli_fail(v->c, CLI_ABOUT_INPUT, r);
		goto out;
	}
	added = (struct span){ note.data + before, note.len - before };
	if (names_somebody(t, span_of(v->role), &kind) ||
	    names_somebody(t, span_of(v->reason), &kind) ||
	    names_somebody(t, added, &kind)) {
		msg_set(&v->c->msg,
			"--confirm-role and --confirm-reason go into the note, "
			"and look like data about a person themselves (%s); "
			"say them in other words",
			guard_kind_name(kind));
		r = cli_fail(v->c, CLI_ABOUT_INPUT, WEALD_PRIVACY);
		goto out;
	}
	*out = strndup((const char *)note.data, note.len);
	r = *out == NULL ? WEALD_NOMEM : WEALD_OK;
out:
	buf_release(&note);
	return r;
}

/* Nobody confirms a kind of which not one was shown. */
static void check_shown(struct vetted *t)
{
	unsigned shown = 0;
	size_t i;

	for (i = 0; i < t->report.n; i++) {
		shown |= 1u << t->report.list[i].kind;
	}
	if (t->report.verdict == GUARD_WARN &&
	    (t->report.kinds & ~shown) != 0) {
		refuse(t, "more places that may be about a person than can be "
			  "told one by one; take out what is said here first, "
			  "then check again");
	}
}

static int judge(struct vetted *t, char **out_note)
{
	struct vetting *v = t->v;
	enum vetting_level level = VETTING_CONFIRM;
	const bool blocked = t->report.verdict == GUARD_BLOCK;
	int err = t->folder->err;
	int r = WEALD_OK;

	if (err == WEALD_OK && t->problems.errors > 0) {
		err = WEALD_INVALID;
	} else if (err == WEALD_OK && blocked) {
		err = WEALD_PRIVACY;
	}
	if (err != WEALD_OK) {
		v->err = v->err == WEALD_OK ? err : v->err;
		v->blocked = v->blocked || blocked;
		v->bad++;
	}
	if (v->role[0] != '\0' && !blocked) {
		level = VETTING_CONFIRMED;
	}
	if (level == VETTING_CONFIRMED && t->report.verdict == GUARD_WARN) {
		r = add_override(t, out_note);
	}
	if (r == WEALD_OK) {
		r = gather_problems(v, t->it->path, &t->folder->problems,
				    &t->report);
	}
	if (r == WEALD_OK) {
		r = gather_problems(v, t->it->path, &t->problems, &t->report);
	}
	if (r == WEALD_OK) {
		r = gather_report(v, t->it->path, level, &t->report);
	}
	return r;
}

int vetting_record(struct vetting *v, const struct vetting_item *it,
		   struct vetting_result *out)
{
	struct vetted t = { .v = v, .it = it, .folder = it->folder };
	int r = folder_record_files(it->folder, &t.files);

	*out = (struct vetting_result){ .note = NULL };
	if (r == WEALD_OK) {
		r = check_schema(&t);
	}
	if (r == WEALD_OK) {
		r = check_standing(&t);
	}
	if (r == WEALD_OK) {
		r = v->read_err;
	}
	if (r == WEALD_OK) {
		r = look_for_people(&t);
	}
	if (r == WEALD_OK) {
		check_shown(&t);
		r = judge(&t, &out->note);
	}
	out->follows = t.follows;
	guard_release(&t.report);
	problems_release(&t.problems);
	record_free(t.record);
	free(t.files);
	return r;
}

/* ---- telling -------------------------------------------------------------
 */

static void forget(struct vetting *v)
{
	size_t i;

	for (i = 0; i < VETTING_LEVELS_N; i++) {
		while (v->lists[i].n > 0) {
			free(v->lists[i].list[--v->lists[i].n].path);
		}
		free(v->lists[i].list);
		v->lists[i] = (struct vetting_list){ .list = NULL };
	}
	v->bad = 0;
	v->too_many = false;
	v->note_told = false;
	v->blocked = false;
	v->err = WEALD_OK;
}

/* What stands in the way, in a line. */
static int conclude(struct vetting *v, const char *undone)
{
	const size_t errors = v->lists[VETTING_ERROR].total;
	const size_t open = v->lists[VETTING_CONFIRM].total;

	if (v->err != WEALD_OK) {
		msg_set(&v->c->msg,
			"%s: %zu %s in %zu %s; correct what is said above and "
			"try again",
			undone, errors, errors == 1 ? "error" : "errors",
			v->bad, v->bad == 1 ? "record" : "records");
		return cli_fail(v->c, CLI_ABOUT_INPUT,
				v->blocked ? WEALD_PRIVACY : v->err);
	}
	if (v->too_many) {
		msg_set(&v->c->msg,
			"%s: more than %u places may be about a person; look "
			"at fewer records at once",
			undone, VETTING_CONFIRM_MAX);
		return cli_fail(v->c, CLI_ABOUT_INPUT, WEALD_PRIVACY);
	}
	if (open > 0) {
		msg_set(&v->c->msg,
			"%s: %zu %s may be about a person; take it out or, "
			"where it is right as it is, say so with "
			"--confirm-role ROLE --confirm-reason TEXT",
			undone, open, open == 1 ? "place" : "places");
		return cli_fail(v->c, CLI_ABOUT_INPUT, WEALD_PRIVACY);
	}
	return WEALD_OK;
}

int vetting_report(struct vetting *v, const char *undone)
{
	int r = vetting_tell(v);

	if (r == WEALD_OK) {
		r = conclude(v, undone);
	}
	forget(v);
	return r;
}

/* Ask for a line; false at the end of input, or where it is too long. */
static bool ask_line(const char *question, char *out, size_t size)
{
	size_t len;

	fprintf(stderr, "%s ", question);
	fflush(stderr);
	if (fgets(out, (int)size, stdin) == NULL) {
		fputc('\n', stderr);
		return false;
	}
	len = strlen(out);
	if (len == 0 || out[len - 1] != '\n') {
		return false;
	}
	out[len - 1] = '\0';
	return true;
}

bool vetting_ask(struct vetting *v)
{
	char answer[16];

	if (v->c->json || v->role[0] != '\0' || isatty(STDIN_FILENO) != 1 ||
	    isatty(STDERR_FILENO) != 1) {
		return false;
	}
	if (!ask_line(HUMAN_QUESTION " [yes/no]", answer, sizeof answer) ||
	    (strcmp(answer, "no") != 0 && strcmp(answer, "n") != 0)) {
		return false;
	}
	if (ask_line("Your role, not your name:", v->role, sizeof v->role) &&
	    v->role[0] != '\0' &&
	    ask_line("Why is it right as it is?", v->reason,
		     sizeof v->reason) &&
	    v->reason[0] != '\0') {
		return true;
	}
	v->role[0] = '\0';
	return false;
}

void vetting_remind(const struct vetting *v)
{
	if (!v->c->json && isatty(STDERR_FILENO) == 1) {
		fputs("checked for patterns, not for stories: the guard "
		      "cannot see who might be recognised\n",
		      stderr);
	}
}

/* ---- opening -------------------------------------------------------------
 */

int vetting_open(struct vetting *v, struct cli *c, const struct home *home,
		 const struct feed *own)
{
	int r = WEALD_OK;

	*v = (struct vetting){ .c = c, .home = home, .names_sorted = true };
	if (own == NULL) {
		r = cli_open_feed(c, home, home_slug(home), &v->opened);
		own = v->opened;
	}
	v->own = own;
	v->is_open = r == WEALD_OK;
	return r;
}

void vetting_close(struct vetting *v)
{
	size_t i;

	forget(v);
	for (i = 0; i < v->others_n; i++) {
		feed_close(v->others[i].feed);
	}
	v->others_n = 0;
	while (v->names_n > 0) {
		v->names_n--;
		free(v->names[v->names_n].name);
		if (v->names[v->names_n].standing != NULL) {
			standing_release(v->names[v->names_n].standing);
		}
		free(v->names[v->names_n].standing);
	}
	free(v->names);
	v->names = NULL;
	feed_close(v->opened);
	v->opened = NULL;
}

/* Does a line of @note begin as a confirmation does? */
static bool has_override(const char *note)
{
	const size_t len = sizeof OVERRIDE - 1;

	while (note != NULL) {
		note += strspn(note, " \t\n");
		if (strncasecmp(note, OVERRIDE, len) == 0) {
			return true;
		}
		note = strchr(note, '\n');
	}
	return false;
}

int vetting_check_note(struct cli *c, const char *note)
{
	int r = text_check_note(span_of(note), &c->msg);

	if (r == WEALD_OK && has_override(note)) {
		msg_set(&c->msg, "the text has a line that begins with "
				 "\"" OVERRIDE "\"; confirm with "
				 "--confirm-role and --confirm-reason instead");
		r = WEALD_NOTE;
	}
	return cli_fail(c, CLI_ABOUT_INPUT, r);
}

int vetting_confirm(struct vetting *v, const char *role, const char *reason)
{
	int r;

	if (role == NULL && reason == NULL) {
		return WEALD_OK;
	}
	if (role == NULL || reason == NULL) {
		return cli_usage_error(
			v->c,
			"--confirm-role and --confirm-reason go together");
	}
	r = text_check_line(span_of(role), 1, VETTING_ROLE_BYTES - 1,
			    "--confirm-role", WEALD_INVALID, &v->c->msg);
	if (r == WEALD_OK) {
		r = text_check_line(span_of(reason), 1,
				    VETTING_REASON_BYTES - 1,
				    "--confirm-reason", WEALD_INVALID,
				    &v->c->msg);
	}
	if (r != WEALD_OK) {
		return cli_fail(v->c, CLI_ABOUT_INPUT, r);
	}
	snprintf(v->role, sizeof v->role, "%s", role);
	snprintf(v->reason, sizeof v->reason, "%s", reason);
	return WEALD_OK;
}
