/*
 * Records for tests and benchmarks: any number of them, plausible and varied,
 * as fifteen regions might write them, each as the schema of its kind asks.
 *
 * A record is a function of its region, its number there and the seed alone,
 * so that records refer to each other without being kept. The words are a few
 * thousand, some much more frequent than others.
 */
#ifndef WEALD_TESTS_UNIT_RECORDKIT_H
#define WEALD_TESTS_UNIT_RECORDKIT_H

#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/limits.h"

#define RECORDKIT_REGIONS 15u

/* "north-west-coast"; @region below RECORDKIT_REGIONS */
const char *recordkit_region(size_t region);

struct recordkit {
	char record[RECORD_BYTES_MAX + 1]; /* kind/YYYY-MM/slug */
	char kind[NAME_BYTES_MAX + 1];
	char slug[NAME_BYTES_MAX + 1];
	char title[128];
	uint64_t time;
	const char *topics[TOPICS_MAX];
	size_t topics_n;
	struct buf md;
	struct buf csv; /* empty: it has none */
};

/* Record number @i, from 0, of @region. The caller releases @out. */
void recordkit_make(uint64_t seed, size_t region, size_t i,
		    struct recordkit *out);
void recordkit_release(struct recordkit *r);

/* "region/kind/slug" of the same; returns its length. */
size_t recordkit_ref(uint64_t seed, size_t region, size_t i, char *out,
		     size_t size);
/* A word of those that records are made of, frequent ones first. */
void recordkit_word(size_t rank, char *out, size_t size);
#define RECORDKIT_WORDS 3600u

#endif
