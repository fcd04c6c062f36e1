/*
 * What status says of the index, and of what stands in it that somebody here
 * has to do something about. From what the indexer has kept: no question is
 * asked here.
 */
#include <string.h>

#include "daemon/node/indexer.h"
#include "daemon/node/report_private.h"
#include "store/record/guard.h"

/* Of each list; more are counted. */
#define ROWS_MAX 100u

static const char *state_name(const struct indexer *ix,
			      const struct indexer_progress *p)
{
	switch (ix->state) {
	case INDEXER_RESTING:
		return "waiting";
	case INDEXER_OFF:
		return "off";
	case INDEXER_OPENING:
		return ix->making ? "making" : "opening";
	case INDEXER_OPEN:
		break;
	}
	if (ix->making) {
		return "making";
	}
	return p->done < p->all ? "behind" : "up-to-date";
}

static json_t *index_one(const struct node *n)
{
	const struct indexer *ix = n->indexer;
	struct indexer_progress p;
	struct report_object one;
	json_t *without = json_array();
	size_t i;

	indexer_progress(n, &p);
	report_begin(&one);
	for (i = 0; i < n->replicas_n; i++) {
		if (n->replicas[i]->indexing.out) {
			report_append(&one, without,
				      json_string(
					      replica_label(n->replicas[i])));
		}
	}
	report_add(&one, "without", without);
	report_text(&one, "state", state_name(ix, &p));
	report_bool(&one, "complete", ix->complete);
	report_uint(&one, "feeds", p.feeds);
	report_uint(&one, "updates", p.all);
	report_uint(&one, "indexed", p.done);
	report_uint(&one, "behind", p.all - p.done);
	report_text(&one, "error",
		    ix->err == WEALD_OK ? "" : err_name(ix->err));
	report_text(&one, "message",
		    ix->err == WEALD_OK ? "" : msg_text(&ix->msg, ix->err));
	return report_end(&one);
}

int node_index_state(struct node *n, json_t **out)
{
	*out = index_one(n);
	return *out == NULL ? WEALD_NOMEM : WEALD_OK;
}

static json_t *alert_one(const struct alert *a)
{
	struct report_object one;

	report_begin(&one);
	report_text(&one, "ref", a->target);
	report_text(&one, "title", a->target_title);
	report_text(&one, "by", a->by);
	report_text(&one, "region", a->region);
	report_text(&one, "level", a->level);
	report_text(&one, "reason", a->reason);
	report_text(&one, "adoption", a->adoption);
	report_time(&one, "time", a->time);
	return report_end(&one);
}

/* A record's name may be what the guard blocks. */
static bool may_be_named(const char *ref)
{
	struct guard_report report = { .verdict = GUARD_PASS };
	bool may;

	guard_text(span_of(ref), "", 0, 0, &report);
	may = report.verdict != GUARD_BLOCK;
	guard_release(&report);
	return may;
}

static json_t *withheld_one(const struct withheld_row *w)
{
	struct report_object one;

	report_begin(&one);
	report_text(&one, "ref", may_be_named(w->ref) ? w->ref : "");
	report_uint(&one, "version", w->version);
	report_uint(&one, "seq", w->seq);
	report_text(&one, "why", w->why);
	return report_end(&one);
}

static json_t *due_one(const struct hit *h)
{
	struct report_object one;

	report_begin(&one);
	report_text(&one, "ref", h->ref);
	report_text(&one, "title", h->title);
	report_text(&one, "due", h->matched);
	return report_end(&one);
}

/* {"n": @total, "list": @list}; takes @list. */
static void add_counted(struct report_object *o, const char *key, size_t total,
			json_t *list)
{
	struct report_object one;

	report_begin(&one);
	report_uint(&one, "n", total);
	report_add(&one, "list", list);
	report_add(o, key, report_end(&one));
}

void report_index(const struct report_view *v, struct report_object *o)
{
	const struct index_facts *f = &v->n->indexer->facts;
	json_t *alerts = json_array();
	json_t *withheld = json_array();
	json_t *due = json_array();
	size_t i;

	for (i = 0; i < f->alerts.n && i < ROWS_MAX; i++) {
		report_append(o, alerts, alert_one(&f->alerts.list[i]));
	}
	for (i = 0; i < f->withheld.n && i < ROWS_MAX; i++) {
		report_append(o, withheld, withheld_one(&f->withheld.list[i]));
	}
	for (i = 0; i < f->due.n && i < ROWS_MAX; i++) {
		report_append(o, due, due_one(&f->due.list[i]));
	}
	add_counted(o, "alerts", f->alerts.n, alerts);
	add_counted(o, "withheld", f->withheld.total, withheld);
	add_counted(o, "due", f->due.total, due);
	report_add(o, "index", index_one(v->n));
}
