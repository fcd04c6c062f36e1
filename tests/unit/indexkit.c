#include "tests/unit/indexkit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/index/index_private.h"
#include "store/record/record.h"
#include "store/record/vocab.h"

#define MEASURE "lead/measure/late"

void indexkit_make(struct indexkit *k)
{
	memset(k, 0, sizeof *k);
	scratch_make(&k->scratch);
	assert_int_equal(index_open(k->scratch.dir, INDEX_WRITE, &k->x, NULL,
				    &k->msg),
			 WEALD_OK);
}

void indexkit_remove(struct indexkit *k)
{
	index_close(k->x);
	scratch_remove(&k->scratch);
}

int64_t indexkit_day(const char *date)
{
	int64_t days = 0;

	assert_true(date_parse(date, &days));
	return days;
}

void indexkit_sql(struct indexkit *k, const char *fmt, ...)
{
	char *error = NULL;
	va_list args;
	char *sql;

	va_start(args, fmt);
	sql = sqlite3_vmprintf(fmt, args);
	va_end(args);
	assert_non_null(sql);
	if (sqlite3_exec(k->x->db, sql, NULL, NULL, &error) != SQLITE_OK) {
		fail_msg("%s: %s", error, sql);
	}
	sqlite3_free(sql);
}

static int64_t number(struct indexkit *k, const char *sql, const char *text)
{
	int64_t n = 0;

	assert_int_equal(index_number(k->x, sql, 0, &n, &k->msg, "t", text),
			 WEALD_OK);
	return n;
}

static int64_t id_of(struct indexkit *k, const char *ref)
{
	int64_t id = number(k, "SELECT id FROM record WHERE ref = ?", ref);

	if (id == 0) {
		fail_msg("the test made no %s", ref);
	}
	return id;
}

static int64_t feed_of(struct indexkit *k, const char *name)
{
	int64_t id = number(k, "SELECT id FROM feed WHERE name = ?", name);

	if (id == 0) {
		indexkit_sql(k,
			     "INSERT INTO feed (name, feed_id, own, title,"
			     " contact, seq, commit_id) VALUES (%Q, CAST(%Q AS"
			     " BLOB), %d, 'The ' || %Q, '', 0, x'')",
			     name, name, strcmp(name, "home") == 0, name);
		id = number(k, "SELECT id FROM feed WHERE name = ?", name);
	}
	return id;
}

/* Every word is in one record more. */
static void terms_add(struct indexkit *k, const char *text)
{
	char *copy = strdup(text);
	char *save = NULL;
	char *word;

	assert_non_null(copy);
	for (word = strtok_r(copy, " ,.;:!?'\"\n|()-", &save); word != NULL;
	     word = strtok_r(NULL, " ,.;:!?'\"\n|()-", &save)) {
		indexkit_sql(k,
			     "INSERT INTO term (term, n) VALUES (lower(%Q), 1)"
			     " ON CONFLICT DO UPDATE SET n = n + 1",
			     word);
	}
	free(copy);
}

void indexkit_record(struct indexkit *k, const char *ref, const char *title,
		     const char *text)
{
	char region[64];
	char kind[64];
	char slug[64];
	int64_t feed;

	assert_int_equal(sscanf(ref, "%63[^/]/%63[^/]/%63[^/]", region, kind,
				slug),
			 3);
	feed = feed_of(k, region);
	k->seq++;
	indexkit_sql(k,
		     "INSERT INTO record (ref, feed, kind, slug, path, version,"
		     " last, seq, time, created, title, known, withdrawn,"
		     " example, digest) VALUES (%Q, %lld, %Q, %Q, '', 1, 1,"
		     " %llu, %llu, %llu, %Q, 1, 0, 0, x'')",
		     ref, (long long)feed, kind, slug,
		     (unsigned long long)k->seq, (unsigned long long)k->seq,
		     (unsigned long long)k->seq, title);
	indexkit_sql(k,
		     "INSERT INTO version (feed, seq, record, version, time,"
		     " action, summary, state, why, override) VALUES (%lld,"
		     " %llu, %lld, 1, %llu, 'publish', 'first', 0, '', 0)",
		     (long long)feed, (unsigned long long)k->seq,
		     (long long)id_of(k, ref), (unsigned long long)k->seq);
	indexkit_sql(k,
		     "INSERT INTO search (rowid, title, labels, text)"
		     " VALUES (%lld, %Q, %Q, %Q)",
		     (long long)id_of(k, ref), title, kind, text);
	terms_add(k, title);
	terms_add(k, text);
}

void indexkit_version(struct indexkit *k, const char *ref, const char *action,
		      const char *summary)
{
	long long id = id_of(k, ref);

	k->seq++;
	indexkit_sql(k,
		     "UPDATE record SET version = last + 1, last = last + 1,"
		     " seq = %llu, time = %llu, withdrawn = %d WHERE id = %lld",
		     (unsigned long long)k->seq, (unsigned long long)k->seq,
		     strcmp(action, "withdraw") == 0, id);
	indexkit_sql(k,
		     "INSERT INTO version (feed, seq, record, version, time,"
		     " action, summary, state, why, override)"
		     " SELECT feed, seq, id, last, time, %Q, %Q, 0, '', 0"
		     " FROM record WHERE id = %lld",
		     action, summary, id);
}

void indexkit_withhold(struct indexkit *k, const char *ref, const char *why)
{
	long long id = id_of(k, ref);

	indexkit_sql(k,
		     "UPDATE version SET state = 1, why = %Q, summary = ''"
		     " WHERE record = %lld AND version ="
		     " (SELECT last FROM record WHERE id = %lld);"
		     "UPDATE record SET version = last - 1, title ="
		     " iif(last = 1, '', title) WHERE id = %lld;"
		     "DELETE FROM search WHERE rowid = %lld AND 0 ="
		     " (SELECT version FROM record WHERE id = %lld)",
		     why, id, id, id, id, id);
}

static void tag(struct indexkit *k, const char *type, const char *code,
		const char *ref, const char *label)
{
	indexkit_sql(k,
		     "INSERT INTO tag (type, code, record)"
		     " VALUES (%Q, %Q, %lld);"
		     "UPDATE search SET labels = labels || char(10) || %Q"
		     " WHERE rowid = %lld",
		     type, code, (long long)id_of(k, ref), label,
		     (long long)id_of(k, ref));
	terms_add(k, label);
}

void indexkit_topic(struct indexkit *k, const char *ref, const char *topic)
{
	const struct topic *t = vocab_topic(span_of(topic));

	tag(k, "t", topic, ref, t == NULL ? topic : t->label);
	if (t != NULL) {
		indexkit_sql(k,
			     "UPDATE search SET labels = labels || char(10) ||"
			     " %Q WHERE rowid = %lld",
			     t->synonyms, (long long)id_of(k, ref));
		terms_add(k, t->synonyms);
	}
}

void indexkit_setting(struct indexkit *k, const char *ref, const char *setting)
{
	const struct code *code =
		code_find(vocab_codes("settings"), span_of(setting));

	tag(k, "s", setting, ref, code == NULL ? setting : code->label);
}

void indexkit_link(struct indexkit *k, const char *ref, const char *rel,
		   const char *target, uint64_t version)
{
	indexkit_sql(k,
		     "INSERT INTO link (record, rel, target, version)"
		     " VALUES (%lld, %Q, %Q, %llu)",
		     (long long)id_of(k, ref), rel, target,
		     (unsigned long long)version);
}

void indexkit_fact(struct indexkit *k, const char *ref, const char *name,
		   const char *value)
{
	indexkit_sql(k,
		     "INSERT OR REPLACE INTO fact (record, name, value)"
		     " VALUES (%lld, %Q, %Q)",
		     (long long)id_of(k, ref), name, value);
}

/* Of Student's t with 21 degrees of freedom, its 97.5 % quantile. */
#define T_21 2.0796

void indexkit_effect(struct indexkit *k, const char *ref, double ratio,
		     double low, double high)
{
	if (number(k, "SELECT id FROM record WHERE ref = ?", MEASURE) == 0) {
		indexkit_record(k, MEASURE, "First dose after the hour", "");
		indexkit_fact(k, MEASURE, "shape", "proportion");
	}
	indexkit_link(k, ref, "measure", MEASURE, 0);
	/* a rate would say otherwise: the measure decides */
	indexkit_sql(k,
		     "INSERT INTO effect (record, shape, state, ratio, low,"
		     " high, log_ratio, variance, df) VALUES"
		     " (%lld, 'proportion', 'full', %f, %f, %f, %f, %f, 21),"
		     " (%lld, 'rate', 'full', 3, 2, 4, 1.1, 0.03, 21)",
		     (long long)id_of(k, ref), ratio, low, high,
		     ratio > 0 ? log(ratio) : 0,
		     ratio > 0 ? pow(log(high / low) / (2 * T_21), 2) : 0,
		     (long long)id_of(k, ref));
}

void indexkit_adopt(struct indexkit *k, const char *region,
		    const char *intervention, const char *stage,
		    const char *started)
{
	char ref[160];

	(void)snprintf(ref, sizeof ref, "%s/adoption/use", region);
	indexkit_record(k, ref, "We use it", "");
	indexkit_link(k, ref, "intervention", intervention, 0);
	indexkit_fact(k, ref, "stage", stage);
	indexkit_fact(k, ref, "started", started);
	indexkit_fact(k, ref, "version_seen", "1");
}

void indexkit_evidence(struct indexkit *k, const char *region,
		       const char *intervention, double ratio, double low,
		       double high)
{
	char ref[160];

	(void)snprintf(ref, sizeof ref, "%s/evidence/result", region);
	indexkit_record(k, ref, "What we saw", "");
	indexkit_link(k, ref, "intervention", intervention, 0);
	indexkit_effect(k, ref, ratio, low, high);
}

void indexkit_withdraw(struct indexkit *k, const char *ref, const char *target,
		       const char *level)
{
	indexkit_record(k, ref, "Stop using it", "");
	indexkit_link(k, ref, "target", target, 0);
	indexkit_fact(k, ref, "target_versions", "all");
	indexkit_fact(k, ref, "level", level);
	indexkit_fact(k, ref, "reason", "harm");
}
