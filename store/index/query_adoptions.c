#include "store/index/query_private.h"

#include <stdlib.h>
#include <string.h>

void adoption_rows_release(struct adoption_rows *a)
{
	size_t i;

	for (i = 0; i < a->n; i++) {
		free(a->list[i].intervention);
		free(a->list[i].intervention_title);
		use_release(&a->list[i].use);
	}
	free(a->list);
	memset(a, 0, sizeof *a);
}

static int title_read(struct index *x, const char *ref, char **out,
		      struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	int r = index_ask(x, "SELECT title FROM record WHERE ref = ?", &s, msg,
			  "t", ref);

	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	if (r == WEALD_OK) {
		r = text_set(out, row ? index_text(s, 0) : "");
	}
	index_done(x, s);
	return r;
}

/* Takes what @use holds, also on failure. */
static int adoption_add(struct index *x, const char *ref, struct use *use,
			struct adoption_rows *out, struct weald_msg *msg)
{
	struct adoption_row *list =
		list_room(out->list, out->n, sizeof *out->list);
	struct adoption_row *row;
	int r;

	if (list == NULL) {
		use_release(use);
		return WEALD_NOMEM;
	}
	out->list = list;
	row = &list[out->n++];
	row->use = *use;
	r = text_set(&row->intervention, ref);
	return r == WEALD_OK ? title_read(x, ref, &row->intervention_title, msg)
			     : r;
}

static int adoptions_of(struct index *x, const char *ref, bool overdue,
			int64_t today, struct adoption_rows *out,
			struct weald_msg *msg)
{
	struct use *uses = NULL;
	size_t n = 0;
	size_t i;
	int r = derived_adoptions(x, ref, today, &uses, &n, msg);

	for (i = 0; i < n; i++) {
		if (overdue && !uses[i].overdue) {
			use_release(&uses[i]);
			continue;
		}
		out->total++;
		out->overdue += uses[i].overdue;
		if (r == WEALD_OK && out->n < QUERY_ROWS_MAX) {
			r = adoption_add(x, ref, &uses[i], out, msg);
		} else {
			use_release(&uses[i]);
		}
	}
	free(uses);
	return r;
}

static int adoptions_of_all(struct index *x, bool overdue, int64_t today,
			    struct adoption_rows *out, struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = true;
	int r = index_ask(x,
			  "SELECT DISTINCT l.target FROM record a JOIN link l"
			  " ON l.record = a.id AND l.rel = 'intervention'"
			  " WHERE a.kind = 'adoption' ORDER BY l.target",
			  &s, msg, "");

	while (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		r = adoptions_of(x, index_text(s, 0), overdue, today, out, msg);
	}
	index_done(x, s);
	return r;
}

static int adoptions_ask(struct index *x, const char *ref, bool overdue,
			 int64_t today, struct adoption_rows *out,
			 struct weald_msg *msg)
{
	struct adoption_rows rows = { .n = 0 };
	int r = index_begin(x, msg);

	if (r == WEALD_OK) {
		r = ref != NULL
			    ? adoptions_of(x, ref, overdue, today, &rows, msg)
			    : adoptions_of_all(x, overdue, today, &rows, msg);
	}
	index_end(x);
	if (r != WEALD_OK) {
		adoption_rows_release(&rows);
		return r;
	}
	*out = rows;
	return WEALD_OK;
}

int query_adoptions(struct index *x, const char *ref, int64_t today,
		    struct adoption_rows *out, struct weald_msg *msg)
{
	return adoptions_ask(x, ref, false, today, out, msg);
}

int query_overdue(struct index *x, const char *ref, int64_t today,
		  struct adoption_rows *out, struct weald_msg *msg)
{
	return adoptions_ask(x, ref, true, today, out, msg);
}
