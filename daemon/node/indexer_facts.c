/*
 * What the index says that a person is told of without asking: withdrawals of
 * what this region uses, own versions that every node withholds, what is due,
 * and, for watchers, what has come that matters here.
 *
 * A job asks after each filling in, and the answers are kept for status, so
 * that no question holds up the loop.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/node/indexer.h"

/* Told at once; of more the first. */
#define INBOX_MAX 64u
/* Looked at; whoever publishes withdrawals by the thousand is not heard. */
#define ALERTS_MAX 100u
/* Topics of all follows. */
#define TOPICS_MAX_ASKED 256u
#define SECONDS_A_DAY    86400

struct facts_job {
	struct job job;
	struct index *x;
	char own[HOME_FEED_NAME_BYTES];
	int64_t today;
	/* for watchers: what has come since; count 0: nobody asks */
	bool tell;
	struct inbox_mark *marks;
	char (*names)[HOME_FEED_NAME_BYTES];
	size_t marks_n;
	char **topics;
	size_t topics_n;
	/* answers */
	uint64_t took_ms;
	int err;
	struct weald_msg msg;
	struct index_facts facts;
	struct inbox inbox;
};

int64_t indexer_today(void)
{
	return (int64_t)(node_clock_s() / SECONDS_A_DAY);
}

void index_facts_release(struct index_facts *f)
{
	alerts_release(&f->alerts);
	withheld_rows_release(&f->withheld);
	hits_release(&f->due);
	memset(f, 0, sizeof(*f));
}

static void facts_free(struct facts_job *f)
{
	while (f->topics_n > 0) {
		free(f->topics[--f->topics_n]);
	}
	free(f->topics);
	free(f->marks);
	free(f->names);
	index_facts_release(&f->facts);
	inbox_release(&f->inbox);
	free(f);
}

static void facts_work(struct job *job)
{
	struct facts_job *f = (struct facts_job *)job;
	const struct inbox_ask ask = {
		.marks = f->marks,
		.marks_n = f->marks_n,
		.topics = (const char *const *)f->topics,
		.topics_n = f->topics_n,
		.limit = INBOX_MAX,
	};

	uint64_t begun = uv_hrtime();

	f->err = query_alerts(f->x, false, &f->facts.alerts, &f->msg);
	if (f->err == WEALD_OK) {
		f->err = query_withheld(f->x, f->own, &f->facts.withheld,
					&f->msg);
	}
	if (f->err == WEALD_OK) {
		f->err = query_due(f->x, f->today, &f->facts.due, &f->msg);
	}
	if (f->err == WEALD_OK && f->tell) {
		f->err = query_inbox(f->x, &ask, &f->inbox, &f->msg);
	}
	f->facts.known = f->err == WEALD_OK;
	f->facts.today = f->today;
	f->took_ms = (uv_hrtime() - begun) / 1000000u;
}

/* ---- telling -------------------------------------------------------------
 */

static bool same(const struct alert *a, const struct alert *b)
{
	return strcmp(a->by, b->by) == 0 &&
	       strcmp(a->adoption, b->adoption) == 0 && a->time == b->time;
}

static bool was_open(const struct index_facts *before, const struct alert *a)
{
	size_t i;

	for (i = 0; i < before->alerts.n && i < ALERTS_MAX; i++) {
		if (same(&before->alerts.list[i], a)) {
			return true;
		}
	}
	return false;
}

static void tell_alert(struct node *n, const struct alert *a)
{
	char by[LOG_TEXT_BYTES];
	char adoption[LOG_TEXT_BYTES];

	if (log_limit_pass(&n->log_peers, node_now_ms(n))) {
		log_warning("what this region uses was withdrawn by=%s "
			    "adoption=%s",
			    log_text(span_of(a->by), by),
			    log_text(span_of(a->adoption), adoption));
	}
	watch_tell(n, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
				"event", "inbox", "reason", "withdrawn", "ref",
				a->target, "title", a->target_title, "region",
				a->region, "about", a->adoption, "by", a->by,
				"level", a->level));
}

static void tell_row(struct node *n, const struct inbox_row *row)
{
	const struct hit *h = &row->hit;

	watch_tell(n, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:b}",
				"event", "inbox", "reason", row->reason, "ref",
				h->ref, "title", h->title, "region", h->region,
				"about", row->about, "version",
				(json_int_t)h->version, "new",
				row->is_new ? 1 : 0));
}

static void tell(struct node *n, const struct facts_job *f)
{
	const struct index_facts *before = &n->indexer->facts;
	size_t i;

	for (i = 0; before->known && i < f->facts.alerts.n && i < ALERTS_MAX;
	     i++) {
		if (!was_open(before, &f->facts.alerts.list[i])) {
			tell_alert(n, &f->facts.alerts.list[i]);
		}
	}
	for (i = 0; before->known && i < f->inbox.n; i++) {
		/* those stand among the alerts */
		if (strcmp(f->inbox.list[i].reason, "withdrawn") != 0) {
			tell_row(n, &f->inbox.list[i]);
		}
	}
}

static void facts_done(struct job *job)
{
	struct facts_job *f = (struct facts_job *)job;
	struct node *n = job->node;
	struct index_facts old = n->indexer->facts;
	struct weald_msg msg = f->msg;
	int err = f->err;

	indexer_facts_took(n, f->took_ms);
	if (err == WEALD_OK) {
		tell(n, f);
		n->indexer->facts = f->facts;
		f->facts = old; /* freed with the job */
	}
	facts_free(f);
	indexer_facts_done(n, err, &msg);
}

/* ---- asking --------------------------------------------------------------
 */

static bool has_topic(const struct facts_job *f, const char *topic)
{
	size_t i;

	for (i = 0; i < f->topics_n; i++) {
		if (strcmp(f->topics[i], topic) == 0) {
			return true;
		}
	}
	return false;
}

static int add_topics(const struct node *n, struct facts_job *f)
{
	const struct members *m = &n->members;
	size_t i;
	size_t k;

	f->topics = calloc(TOPICS_MAX_ASKED, sizeof(*f->topics));
	if (f->topics == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < m->follows_n; i++) {
		for (k = 0; k < m->follows[i].topics_n &&
			    f->topics_n < TOPICS_MAX_ASKED;
		     k++) {
			if (has_topic(f, m->follows[i].topics[k])) {
				continue;
			}
			f->topics[f->topics_n] =
				strdup(m->follows[i].topics[k]);
			if (f->topics[f->topics_n] == NULL) {
				return WEALD_NOMEM;
			}
			f->topics_n++;
		}
	}
	return WEALD_OK;
}

/* Up to where watchers have heard; they hear of the rest now. */
static int add_marks(struct node *n, struct facts_job *f)
{
	struct replica *r;
	size_t i;

	f->marks = calloc(n->replicas_n + 1, sizeof(*f->marks));
	f->names = calloc(n->replicas_n + 1, sizeof(*f->names));
	if (f->marks == NULL || f->names == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < n->replicas_n; i++) {
		r = n->replicas[i];
		if (r->name[0] == '\0') {
			continue;
		}
		memcpy(f->names[f->marks_n], r->name, sizeof(r->name));
		f->marks[f->marks_n].region = f->names[f->marks_n];
		f->marks[f->marks_n].seq = r->indexing.told;
		f->marks_n++;
	}
	return WEALD_OK;
}

void indexer_facts_begin(struct node *n)
{
	static const struct weald_msg none = { "" };
	struct facts_job *f = calloc(1, sizeof(*f));
	int err = f == NULL ? WEALD_NOMEM : WEALD_OK;
	size_t i;

	if (err == WEALD_OK && watch_is_wanted(n) && n->indexer->facts.known) {
		f->tell = true;
		err = add_topics(n, f);
		if (err == WEALD_OK) {
			err = add_marks(n, f);
		}
	}
	if (err != WEALD_OK) {
		if (f != NULL) {
			facts_free(f);
		}
		indexer_facts_done(n, err, &none);
		return;
	}
	for (i = 0; i < n->replicas_n; i++) {
		n->replicas[i]->indexing.told = n->replicas[i]->indexing.seq;
	}
	f->x = n->indexer->x;
	memcpy(f->own, n->own->name, sizeof(f->own));
	f->today = indexer_today();
	f->job.work = facts_work;
	f->job.done = facts_done;
	job_submit(n, NULL, &f->job);
}
