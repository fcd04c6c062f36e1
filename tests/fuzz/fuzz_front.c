/*
 * Front matter of any bytes: what is accepted is within its bounds, and stays
 * what it is when the record is marked as withdrawn, once and again.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "proto/path.h"
#include "proto/text.h"
#include "store/record/front.h"
#include "store/record/withdraw.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_front(const struct front *f, size_t size)
{
	size_t i;

	assert(path_is_name(span_of(f->kind)));
	assert(text_check_line(span_of(f->title), 1, FRONT_TITLE_BYTES_MAX, "",
			       WEALD_INVALID, NULL) == WEALD_OK);
	assert(f->topics_n <= TOPICS_MAX);
	for (i = 0; i < f->topics_n; i++) {
		assert(text_is_topic(span_of(f->topics[i])));
		assert(i == 0 || strcmp(f->topics[i - 1], f->topics[i]) < 0);
	}
	assert(f->body >= 8 && f->body <= size);
}

static void check_same(struct span file, const struct front *before)
{
	struct front after;
	size_t i;
	int r = front_parse(file, "record.md", &after, NULL);

	assert(r == WEALD_OK);
	assert(strcmp(before->kind, after.kind) == 0);
	assert(strcmp(before->title, after.title) == 0);
	assert(before->topics_n == after.topics_n);
	for (i = 0; i < after.topics_n; i++) {
		assert(strcmp(before->topics[i], after.topics[i]) == 0);
	}
}

static void check_withdrawn(struct span file, const struct front *before)
{
	static const char reason[] = "no longer safe";
	struct buf once;
	struct buf twice;
	int r;

	buf_init(&once, CONTENT_BYTES_MAX);
	buf_init(&twice, CONTENT_BYTES_MAX);
	r = withdraw_mark(file, span_of(reason), &once, NULL);
	if (r == WEALD_OK) {
		check_same(buf_span(&once), before);
		r = withdraw_mark(buf_span(&once), span_of(reason), &twice,
				  NULL);
		assert(r == WEALD_OK);
		assert(span_equal(buf_span(&once), buf_span(&twice)));
	}
	buf_release(&twice);
	buf_release(&once);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span file = { data, size };
	struct weald_msg msg = { .text = "" };
	struct front f;
	int r = front_parse(file, "record.md", &f, &msg);

	if (r == WEALD_OK) {
		check_front(&f, size);
		check_withdrawn(file, &f);
	} else {
		assert(r == WEALD_INVALID || r == WEALD_TOOBIG ||
		       r == WEALD_NOMEM);
		assert(r == WEALD_NOMEM ||
		       strncmp(msg.text, "record.md:", 10) == 0);
	}
	return 0;
}
