/*
 * Helpers of the tests of questions: an index that is filled by hand, so that
 * each test says what is in it. Everything asserts.
 *
 * Records are called region/kind/slug. The region "home" is the own one.
 */
#ifndef WEALD_TESTS_UNIT_INDEXKIT_H
#define WEALD_TESTS_UNIT_INDEXKIT_H

#include <stdint.h>

#include "store/index/index.h"
#include "store/index/query.h"
#include "tests/unit/scratch.h"

struct indexkit {
	struct scratch scratch;
	struct index *x;
	uint64_t seq; /* of the last update, of all feeds together */
	struct weald_msg msg;
};

void indexkit_make(struct indexkit *k);
void indexkit_remove(struct indexkit *k);

/* Days since 1970 of "2026-11-23". */
int64_t indexkit_day(const char *date);

/* Statements with ";" between, in the format of sqlite3_mprintf(): %Q. */
void indexkit_sql(struct indexkit *k, const char *fmt, ...);

/* Version 1 of a record, published a second after the one before. */
void indexkit_record(struct indexkit *k, const char *ref, const char *title,
		     const char *text);
/* The next version of it; @action "withdraw" withdraws it. */
void indexkit_version(struct indexkit *k, const char *ref, const char *action,
		      const char *summary);
/* Withhold its latest version. */
void indexkit_withhold(struct indexkit *k, const char *ref, const char *why);
void indexkit_topic(struct indexkit *k, const char *ref, const char *topic);
void indexkit_setting(struct indexkit *k, const char *ref, const char *setting);
void indexkit_link(struct indexkit *k, const char *ref, const char *rel,
		   const char *target, uint64_t version);
void indexkit_fact(struct indexkit *k, const char *ref, const char *name,
		   const char *value);
/* An estimate, as it would be for a proportion. */
void indexkit_effect(struct indexkit *k, const char *ref, double ratio,
		     double low, double high);

/*
 * An adoption of @intervention by @region at @stage since @started, or a piece
 * of evidence for it with an estimate, by the measure "lead/measure/late".
 */
void indexkit_adopt(struct indexkit *k, const char *region,
		    const char *intervention, const char *stage,
		    const char *started);
void indexkit_evidence(struct indexkit *k, const char *region,
		       const char *intervention, double ratio, double low,
		       double high);
/* A withdrawal record of @region, of all versions. */
void indexkit_withdraw(struct indexkit *k, const char *ref, const char *target,
		       const char *level);

#endif
