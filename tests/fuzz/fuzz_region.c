/*
 * region.yaml of any bytes: what is accepted is within its bounds, and what is
 * written of it reads back as the same.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/address.h"
#include "proto/ed25519.h"
#include "proto/text.h"
#include "store/record/region.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const char *text, size_t max)
{
	assert(text_check_line(span_of(text), 0, max, "", WEALD_INVALID,
			       NULL) == WEALD_OK);
}

static void check_region(const struct region *r)
{
	struct address address;
	size_t i;
	size_t j;

	check_line(r->name, REGION_NAME_BYTES_MAX);
	check_line(r->role, REGION_CONTACT_BYTES_MAX);
	check_line(r->mailbox, REGION_CONTACT_BYTES_MAX);
	assert(r->nodes_n <= REGION_NODES_MAX);
	for (i = 0; i < r->nodes_n; i++) {
		assert(ed25519_check_key(r->nodes[i].key, NULL) == WEALD_OK);
		assert(r->nodes[i].addresses_n <= REGION_ADDRESSES_MAX);
		for (j = 0; j < r->nodes[i].addresses_n; j++) {
			assert(address_parse(span_of(r->nodes[i].addresses[j]),
					     &address, NULL) == WEALD_OK);
		}
	}
	assert(r->follows_n <= REGION_FOLLOWS_MAX);
	for (i = 0; i < r->follows_n; i++) {
		assert(r->follows[i].slug[0] == '\0' ||
		       text_is_slug(span_of(r->follows[i].slug)));
		assert(i == 0 || memcmp(r->follows[i - 1].feed,
					r->follows[i].feed, SHA256_BYTES) < 0);
	}
}

static void check_round_trip(const struct region *r)
{
	struct region again;
	struct buf first;
	struct buf second;
	int err;

	buf_init(&first, CONTENT_BYTES_MAX);
	buf_init(&second, CONTENT_BYTES_MAX);
	err = region_format(r, &first);
	assert(err == WEALD_OK);
	err = region_parse(buf_span(&first), "region.yaml", &again, NULL);
	assert(err == WEALD_OK);
	check_region(&again);
	err = region_format(&again, &second);
	assert(err == WEALD_OK);
	assert(span_equal(buf_span(&first), buf_span(&second)));
	region_release(&again);
	buf_release(&second);
	buf_release(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weald_msg msg = { .text = "" };
	struct region region;
	int r = region_parse((struct span){ data, size }, "region.yaml",
			     &region, &msg);

	if (r == WEALD_OK) {
		check_region(&region);
		check_round_trip(&region);
		region_release(&region);
	} else {
		assert(r == WEALD_INVALID || r == WEALD_TOOBIG ||
		       r == WEALD_NOMEM);
		assert(r == WEALD_NOMEM ||
		       strncmp(msg.text, "region.yaml:", 12) == 0);
	}
	return 0;
}
