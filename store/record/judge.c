#include "store/record/judge.h"

#include <stdio.h>
#include <string.h>

#include "proto/path.h"

/* The record that the files hold, which the caller frees; NULL for none. */
static int read_record(const struct judged *v, struct record **out)
{
	struct problems unused = { .n = 0 };
	size_t i;
	int r = WEALD_OK;

	*out = NULL;
	for (i = 0; i < v->files_n; i++) {
		if (span_equal(v->files[i].name, span_of(RECORD_FILE))) {
			r = record_parse(v->files[i].content, out, &unused);
			break;
		}
	}
	problems_release(&unused);
	/* one that cannot be read is scanned as text */
	return r == WEALD_INVALID ? WEALD_OK : r;
}

int judge_version(const struct judged *v, struct guard_report *out)
{
	struct guard_input in = {
		.record = v->record,
		.files = v->files,
		.files_n = v->files_n,
		.slug = v->path,
		.summary = v->summary,
		.note = v->note,
	};
	struct record_path path;
	struct record *record = NULL;
	int r = WEALD_OK;

	if (path_parse_record(v->path, &path, NULL) == WEALD_OK) {
		in.slug = path.slug;
	}
	if (v->record == NULL) {
		r = read_record(v, &record);
		in.record = record;
	}
	if (r == WEALD_OK) {
		guard_record(&in, out);
		r = out->no_memory ? WEALD_NOMEM : WEALD_OK;
	}
	record_free(record);
	return r;
}

void judge_why(const struct guard_report *report, char out[JUDGE_WHY_BYTES])
{
	unsigned kinds = 0;
	size_t len = 0;
	size_t i;

	out[0] = '\0';
	if (report->verdict != GUARD_BLOCK) {
		return;
	}
	for (i = 0; i < report->n; i++) {
		if (report->list[i].verdict == GUARD_BLOCK) {
			kinds |= 1u << report->list[i].kind;
		}
	}
	if (kinds == 0) { /* it blocks, whatever it could keep of why */
		kinds = 1u << GUARD_UNREADABLE;
	}
	for (i = 0; i < GUARD_KINDS_N && len < JUDGE_WHY_BYTES; i++) {
		if ((kinds & 1u << i) != 0) {
			len += (size_t)snprintf(out + len,
						JUDGE_WHY_BYTES - len, "%s%s",
						len == 0 ? "" : ",",
						guard_kind_name(
							(enum guard_kind)i));
		}
	}
}

int judge_refuse(const struct guard_report *report, struct span note,
		 struct weald_msg *msg)
{
	const struct guard_finding *worst = NULL;
	const struct guard_finding *f;
	unsigned confirmed = 0;
	size_t i;

	(void)guard_override_read(note, &confirmed);
	for (i = 0; i < report->n; i++) {
		f = &report->list[i];
		if (f->verdict == GUARD_WARN &&
		    (confirmed & 1u << f->kind) != 0) {
			continue;
		}
		if (worst == NULL || f->verdict > worst->verdict) {
			worst = f;
		}
	}
	if (report->no_memory) {
		return WEALD_NOMEM;
	}
	if (worst == NULL) { /* what it is about was left out */
		msg_set(msg, "privacy: there is too much to list");
		return WEALD_PRIVACY;
	}
	msg_set(msg, "%s:%zu: privacy: %s \"%s\"; %s", worst->file, worst->line,
		guard_kind_name(worst->kind), worst->seen,
		guard_kind_advice(worst->kind));
	return WEALD_PRIVACY;
}

static bool is_same(const struct guard_finding *a,
		    const struct guard_finding *b)
{
	return a->part == b->part && a->kind == b->kind &&
	       a->verdict == b->verdict && strcmp(a->file, b->file) == 0 &&
	       strcmp(a->seen, b->seen) == 0;
}

/* How many findings of @report up to the first @n are as @f is. */
static size_t count_same(const struct guard_report *report, size_t n,
			 const struct guard_finding *f)
{
	size_t same = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		same += is_same(&report->list[i], f) ? 1 : 0;
	}
	return same;
}

const struct guard_finding *judge_new(const struct guard_report *report,
				      const struct guard_report *before)
{
	const struct guard_finding *f;
	size_t i;

	for (i = 0; i < report->n; i++) {
		f = &report->list[i];
		if (count_same(report, i + 1, f) >
		    count_same(before, before->n, f)) {
			return f;
		}
	}
	return report->n > 0 && report->n + report->left_out >
					before->n + before->left_out
		       ? &report->list[report->n - 1]
		       : NULL;
}
