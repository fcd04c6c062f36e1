#include "proto/blob.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct blob *blob_new(struct span bytes)
{
	struct blob *b;

	if (bytes.len > SIZE_MAX - sizeof(*b)) {
		return NULL;
	}
	b = malloc(sizeof(*b) + bytes.len);
	if (b == NULL) {
		return NULL;
	}
	b->refs = 1;
	b->len = bytes.len;
	if (bytes.len > 0) {
		memcpy(b->data, bytes.data, bytes.len);
	}
	return b;
}

struct blob *blob_ref(struct blob *b)
{
	if (b != NULL) {
		assert(b->refs > 0);
		b->refs++;
	}
	return b;
}

void blob_unref(struct blob *b)
{
	if (b == NULL) {
		return;
	}
	assert(b->refs > 0);
	b->refs--;
	if (b->refs == 0) {
		free(b);
	}
}

struct span blob_span(const struct blob *b)
{
	struct span s = { b->data, b->len };

	return s;
}
