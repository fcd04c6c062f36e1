#include "daemon/cli/vetting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "proto/path.h"
#include "proto/text.h"
#include "store/author.h"
#include "store/record/record.h"

/* What of a path is shown: its end, so that the reason still fits. */
#define SHOWN_BYTES_MAX 200u

#define HUMAN_QUESTION                                                    \
	"Would the person, their family or a local journalist recognise " \
	"this?"

/* ---- the records that references name ------------------------------------
 */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int vetting_expect(struct vetting *v, const char *name)
{
	char **grown;
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
	v->names[v->names_n] = strdup(name);
	if (v->names[v->names_n] == NULL) {
		return WEALD_NOMEM;
	}
	v->names_n++;
	if (v->names_n > 1 &&
	    strcmp(v->names[v->names_n - 2], v->names[v->names_n - 1]) > 0) {
		v->names_sorted = false;
	}
	return WEALD_OK;
}

/* How many versions of @ref's record this call makes. */
static uint64_t expected(struct vetting *v, const struct reference *ref)
{
	char name[2 * NAME_BYTES_MAX + 2];
	char *key = name;
	char **found;
	uint64_t n = 0;

	snprintf(name, sizeof name, "%.*s/%.*s", (int)ref->kind.len,
		 (const char *)ref->kind.data, (int)ref->slug.len,
		 (const char *)ref->slug.data);
	if (!v->names_sorted) {
		qsort(v->names, v->names_n, sizeof *v->names, compare_names);
		v->names_sorted = true;
	}
	found = v->names_n == 0 ? NULL
				: bsearch(&key, v->names, v->names_n,
					  sizeof *v->names, compare_names);
	if (found == NULL) {
		return 0;
	}
	while (found > v->names && strcmp(found[-1], name) == 0) {
		found--;
	}
	while (found < v->names + v->names_n && strcmp(*found, name) == 0) {
		n++;
		found++;
	}
	return n;
}

/* The version at which the record of @ref stands in @f; 0 for none. */
static uint64_t last_version(const struct feed *f, const struct reference *ref)
{
	char path[RECORD_BYTES_MAX + 1];
	char month[8];
	uint64_t last = 0;

	if (versions_month(feed_versions(f), ref->kind, ref->slug, month) !=
	    WEALD_OK) {
		return 0;
	}
	snprintf(path, sizeof path, "%.*s/%s/%.*s", (int)ref->kind.len,
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

static enum record_found find_cb(void *ctx, const struct reference *ref)
{
	struct vetting *v = ctx;
	const struct feed *f;
	uint64_t last = 0;

	if (span_equal(ref->region, span_of(home_slug(v->home)))) {
		last = last_version(v->own, ref) + expected(v, ref);
	} else {
		f = other_feed(v, ref->region);
		last = f == NULL ? 0 : last_version(f, ref);
	}
	if (last == 0) {
		return RECORD_ABSENT;
	}
	return ref->version > last ? RECORD_VERSION_ABSENT : RECORD_FOUND;
}

/* ---- gathering -----------------------------------------------------------
 */

static int gather(struct vetting *v, enum vetting_level level, const char *path,
		  const struct vetting_problem *problem)
{
	struct vetting_list *l = &v->lists[level];
	struct vetting_problem *grown;
	size_t cap;

	l->total++;
	if (l->n == VETTING_SHOWN_MAX) {
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
	l->n++;
	return WEALD_OK;
}

static int gather_problems(struct vetting *v, const char *path,
			   const struct problems *problems)
{
	struct vetting_problem p = { .kind = NULL };
	size_t left = problems->errors + problems->warnings - problems->n;
	size_t i;
	int r = problems->no_memory ? WEALD_NOMEM : WEALD_OK;

	for (i = 0; r == WEALD_OK && i < problems->n; i++) {
		p.problem = problems->list[i];
		r = gather(v,
			   p.problem.level == PROBLEM_ERROR ? VETTING_ERROR
							    : VETTING_WARNING,
			   path, &p);
	}
	v->lists[VETTING_ERROR].total += left;
	return r;
}

/* Is it in the title too, of which the summary is made? */
static bool is_told(const struct guard_report *report,
		    const struct guard_finding *of)
{
	size_t i;

	for (i = 0; i < report->n; i++) {
		if (report->list[i].kind == of->kind &&
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
		if (strcmp(f->file, "note") == 0) {
			v->note_told = true;
			if (note_told) { /* all records have the same one */
				continue;
			}
		}
		if (strcmp(f->file, "summary") == 0 && is_told(report, f)) {
			continue;
		}
		r = gather_finding(v,
				   strcmp(f->file, "note") == 0 ? NULL : path,
				   f->verdict == GUARD_BLOCK ? VETTING_ERROR
							     : level,
				   f);
	}
	if (report->left_out > 0) {
		v->lists[report->verdict == GUARD_BLOCK ? VETTING_ERROR : level]
			.total += report->left_out;
	}
	return r;
}

/* ---- one record ----------------------------------------------------------
 */

/* What is being vetted. */
struct vetted {
	struct vetting *v;
	const char *path;
	const struct folder *folder;
	const char *note;
	struct record_file *files;
	struct record *record;
	struct problems problems;
	struct guard_report report;
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

static void look_for_people(struct vetted *t)
{
	const struct folder *f = t->folder;
	char summary[SUMMARY_BYTES_MAX + 1] = "";
	struct guard_input in = {
		.record = t->record,
		.files = t->files,
		.files_n = f->files_n,
		.slug = span_of(f->slug),
		.note = span_of(t->note),
	};

	if (f->front.kind[0] != '\0') {
		author_summary("Publish", f->front.kind, f->front.title,
			       summary);
		in.summary = span_of(summary);
	}
	guard_record(&in, &t->report);
}

/* The note with the override in it, which may name nobody itself. */
static int add_override(struct vetted *t, char **out)
{
	struct vetting *v = t->v;
	struct guard_report said = { .n = 0 };
	struct buf note;
	int r;

	buf_init(&note, NOTE_BYTES_MAX);
	r = buf_add_text(&note, t->note);
	if (r == WEALD_OK) {
		r = guard_override_format(&t->report, v->role, v->reason, &note,
					  &v->c->msg);
	}
	if (r != WEALD_OK) {
		(void)cli_fail(v->c, CLI_ABOUT_INPUT, r);
		goto out;
	}
	guard_text(buf_span(&note), "--confirm-role or --confirm-reason", 1, 0,
		   &said);
	if (!guard_is_covered(&said, buf_span(&note))) {
		msg_set(&v->c->msg,
			"--confirm-role and --confirm-reason go into the note, "
			"and look like data about a person themselves (%s); "
			"say them in other words",
			said.n == 0 ? "" : guard_kind_name(said.list[0].kind));
		r = cli_fail(v->c, CLI_ABOUT_INPUT, WEALD_PRIVACY);
		goto out;
	}
	*out = strndup((const char *)note.data, note.len);
	r = *out == NULL ? WEALD_NOMEM : WEALD_OK;
out:
	guard_release(&said);
	buf_release(&note);
	return r;
}

static int judge(struct vetted *t, char **out_note)
{
	struct vetting *v = t->v;
	enum vetting_level level = VETTING_CONFIRM;
	bool blocked = t->report.verdict == GUARD_BLOCK;
	int err = t->folder->err;
	int r;

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
	r = gather_problems(v, t->path, &t->folder->problems);
	if (guard_is_covered(&t->report, span_of(t->note))) {
		level = VETTING_CONFIRMED;
	} else if (r == WEALD_OK && v->role[0] != '\0' && !blocked) {
		level = VETTING_CONFIRMED;
		r = add_override(t, out_note);
	}
	if (r == WEALD_OK) {
		r = gather_problems(v, t->path, &t->problems);
	}
	if (r == WEALD_OK) {
		r = gather_report(v, t->path, level, &t->report);
	}
	return r;
}

int vetting_record(struct vetting *v, const char *path, const struct folder *f,
		   const char *note, char **out_note)
{
	struct vetted t = { .v = v, .path = path, .folder = f, .note = note };
	int r = folder_record_files(f, &t.files);

	*out_note = NULL;
	if (r == WEALD_OK) {
		r = check_schema(&t);
	}
	if (r == WEALD_OK) {
		look_for_people(&t);
		r = judge(&t, out_note);
	}
	guard_release(&t.report);
	problems_release(&t.problems);
	record_free(t.record);
	free(t.files);
	return r;
}

/* ---- telling -------------------------------------------------------------
 */

static const char *level_name(enum vetting_level level)
{
	switch (level) {
	case VETTING_ERROR:
		return "error";
	case VETTING_CONFIRM:
		return "confirm";
	case VETTING_CONFIRMED:
		return "confirmed";
	case VETTING_WARNING:
	case VETTING_LEVELS_N:
		break;
	}
	return "warning";
}

/* Without slashes behind it, as it may be the path of a folder. */
static void print_escaped(const char *text)
{
	char out[4 * SHOWN_BYTES_MAX + 4];
	size_t len = strlen(text);

	while (len > 1 && text[len - 1] == '/') {
		len--;
	}
	if (len > SHOWN_BYTES_MAX) {
		fputs("...", stderr);
		text += len - SHOWN_BYTES_MAX;
		len = SHOWN_BYTES_MAX;
	}
	text_escape(text, len, out, sizeof out);
	fputs(out, stderr);
}

/* PATH/record.md:LINE: field: what is wrong; what to do */
static void print_problem(const struct vetting_problem *p,
			  enum vetting_level level)
{
	const struct problem *q = &p->problem;

	if (p->path != NULL) {
		print_escaped(p->path);
	}
	if (q->file[0] != '\0') {
		fputs(p->path == NULL ? "" : "/", stderr);
		print_escaped(q->file);
		if (q->line != 0) {
			fprintf(stderr, ":%zu", q->line);
		}
	}
	fputs(": ", stderr);
	if (level == VETTING_WARNING) {
		fputs("warning: ", stderr);
	}
	if (q->field[0] != '\0') {
		print_escaped(q->field);
		fputs(": ", stderr);
	}
	fputs(msg_text(&q->text, WEALD_INVALID), stderr);
	fputs(level == VETTING_CONFIRMED ? " (confirmed)\n" : "\n", stderr);
}

static int print_problem_json(const struct vetting_problem *p,
			      enum vetting_level level)
{
	const struct problem *q = &p->problem;
	struct json_line j;

	json_line_init(&j);
	json_line_text(&j, "level", level_name(level));
	if (p->path != NULL) {
		json_line_text(&j, "path", p->path);
	}
	if (q->file[0] != '\0') {
		json_line_text(&j, "file", q->file);
	}
	if (q->line != 0) {
		json_line_uint(&j, "line", q->line);
	}
	if (q->field[0] != '\0') {
		json_line_text(&j, "field", q->field);
	}
	json_line_text(&j, "problem", msg_text(&q->text, WEALD_INVALID));
	if (p->kind != NULL) {
		json_line_text(&j, "kind", p->kind);
		json_line_text(&j, "seen", p->seen);
	}
	return json_line_print(&j);
}

static int print_list(struct vetting *v, enum vetting_level level)
{
	const struct vetting_list *l = &v->lists[level];
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < l->n; i++) {
		if (v->c->json) {
			r = print_problem_json(&l->list[i], level);
		} else {
			print_problem(&l->list[i], level);
		}
	}
	if (l->total > l->n && !v->c->json) {
		fprintf(stderr, "and %zu more like these\n", l->total - l->n);
	}
	return r;
}

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
	enum vetting_level level;
	int r = WEALD_OK;

	fflush(stdout);
	for (level = 0; r == WEALD_OK && level < VETTING_LEVELS_N; level++) {
		r = print_list(v, level);
	}
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
		free(v->names[--v->names_n]);
	}
	free(v->names);
	v->names = NULL;
	feed_close(v->opened);
	v->opened = NULL;
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
