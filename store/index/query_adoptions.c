#include "store/index/query_private.h"

#include <stdlib.h>
#include <string.h>

void adoption_rows_release(struct adoption_rows *a)
{
	size_t i;

	for (i = 0; i < a->n; i++) {
		free(a->list[i].intervention);
		free(a->list[i].intervention_title);
		free(a->list[i].withdrawn_by);
		free(a->list[i].level);
		use_release(&a->list[i].use);
	}
	free(a->list);
	memset(a, 0, sizeof *a);
}

/* The intervention @ref, where it has arrived; else @out stays zeroed. */
static int intervention_read(struct index *x, const char *ref, struct hit *out,
			     struct weald_msg *msg)
{
	int64_t id = 0;
	int r = record_id(x, ref, &id, msg);

	return r == WEALD_OK && id != 0 ? hit_read_brief(x, id, out, msg) : r;
}

/* Takes what @use holds, also on failure. */
static int adoption_add(const char *ref, const struct hit *of, struct use *use,
			struct adoption_rows *out)
{
	struct adoption_row *list =
		list_room(out->list, out->n, sizeof *out->list);
	struct adoption_row *row;
	const bool there = of->ref != NULL;
	int r;

	if (list == NULL) {
		use_release(use);
		return WEALD_NOMEM;
	}
	out->list = list;
	row = &list[out->n++];
	row->use = *use;
	row->withdrawn = of->withdrawn;
	r = text_set(&row->intervention, ref);
	if (r == WEALD_OK) {
		r = text_set(&row->intervention_title, there ? of->title : "");
	}
	if (r == WEALD_OK) {
		r = text_set(&row->withdrawn_by, there ? of->withdrawn_by : "");
	}
	return r == WEALD_OK ? text_set(&row->level, there ? of->level : "")
			     : r;
}

static int adoptions_of(struct index *x, const char *ref, bool overdue,
			int64_t today, struct adoption_rows *out,
			struct weald_msg *msg)
{
	struct hit of = { .ref = NULL };
	struct use *uses = NULL;
	size_t n = 0;
	size_t i;
	int r = derived_adoptions(x, ref, today, &uses, &n, msg);

	if (r == WEALD_OK && n > 0) {
		r = intervention_read(x, ref, &of, msg);
	}
	for (i = 0; i < n; i++) {
		if (overdue && !uses[i].overdue) {
			use_release(&uses[i]);
			continue;
		}
		out->total++;
		out->overdue += uses[i].overdue;
		if (r == WEALD_OK && out->n < QUERY_ROWS_MAX) {
			r = adoption_add(ref, &of, &uses[i], out);
		} else {
			use_release(&uses[i]);
		}
	}
	hit_release(&of);
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
