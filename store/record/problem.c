#include "store/record/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"

static bool make_room(struct problems *p)
{
	struct problem *list;
	size_t cap;

	if (p->n < p->cap) {
		return true;
	}
	cap = p->cap == 0 ? 8 : 2 * p->cap;
	list = realloc(p->list, cap * sizeof *list);
	if (list == NULL) {
		p->no_memory = true;
		return false;
	}
	p->list = list;
	p->cap = cap;
	return true;
}

/*
 * Where the next one goes. In a full list that is the place of the last
 * warning, if it is an error: what keeps a record back must not be hidden
 * behind what does not.
 */
static struct problem *take_place(struct problems *p, enum problem_level level)
{
	size_t i;

	if (p->n < PROBLEMS_MAX) {
		return make_room(p) ? &p->list[p->n++] : NULL;
	}
	for (i = p->n; i > 0 && level == PROBLEM_ERROR; i--) {
		if (p->list[i - 1].level == PROBLEM_WARNING) {
			memmove(&p->list[i - 1], &p->list[i],
				(p->n - i) * sizeof *p->list);
			return &p->list[p->n - 1];
		}
	}
	return NULL;
}

static void copy(const char *from, char *to, size_t size)
{
	text_escape(from == NULL ? "" : from, from == NULL ? 0 : strlen(from),
		    to, size);
}

void problem_add(struct problems *p, enum problem_level level, const char *file,
		 size_t line, const char *field, const char *fmt, ...)
{
	char text[WEALD_MSG_BYTES];
	struct problem *problem;
	va_list args;

	if (level == PROBLEM_ERROR) {
		p->errors++;
	} else {
		p->warnings++;
	}
	problem = take_place(p, level);
	if (problem == NULL) {
		return;
	}
	problem->level = level;
	problem->line = line;
	copy(file, problem->file, sizeof problem->file);
	copy(field, problem->field, sizeof problem->field);
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	msg_set(&problem->text, "%s", text);
}

static bool comes_before(const struct problem *a, const struct problem *b)
{
	int order = strcmp(a->file, b->file);

	return order != 0 ? order < 0 : a->line < b->line;
}

/* Insertion: there are at most PROBLEMS_MAX, nearly in order. */
void problems_sort(struct problems *p)
{
	struct problem moved;
	size_t i;
	size_t at;

	for (i = 1; i < p->n; i++) {
		moved = p->list[i];
		for (at = i; at > 0 && comes_before(&moved, &p->list[at - 1]);
		     at--) {
			p->list[at] = p->list[at - 1];
		}
		p->list[at] = moved;
	}
}

void problems_release(struct problems *p)
{
	free(p->list);
	*p = (struct problems){ .list = NULL };
}
