/*
 * What vetting has gathered, told: a line each on stderr, or an object each.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/cli/json.h"
#include "daemon/cli/vetting.h"
#include "proto/text.h"

/* What of a path is shown: its end, so that the reason still fits. */
#define SHOWN_BYTES_MAX 200u

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

static int print_list(const struct vetting *v, enum vetting_level level)
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

int vetting_tell(const struct vetting *v)
{
	enum vetting_level level;
	int r = WEALD_OK;

	fflush(stdout);
	for (level = 0; r == WEALD_OK && level < VETTING_LEVELS_N; level++) {
		r = print_list(v, level);
	}
	return r;
}
