#include "store/feed/signers.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/sshkey.h"

#define DAY_SECONDS UINT64_C(86400)

void signers_release(struct signers *s)
{
	free(s->windows);
	*s = (struct signers){ .count = 0 };
}

int signers_note(struct signers *s, const uint8_t key[PUBKEY_BYTES],
		 uint64_t time)
{
	struct signer_window *w;

	if (s->count > 0) {
		w = &s->windows[s->count - 1];
		if (memcmp(w->key, key, sizeof w->key) == 0) {
			w->first = time < w->first ? time : w->first;
			w->last = time > w->last ? time : w->last;
			return WEALD_OK;
		}
	}
	w = realloc(s->windows, (s->count + 1) * sizeof *w);
	if (w == NULL) {
		return WEALD_NOMEM;
	}
	s->windows = w;
	w += s->count++;
	*w = (struct signer_window){ .first = time, .last = time };
	memcpy(w->key, key, sizeof w->key);
	return WEALD_OK;
}

/* ",<option>="20261101000000Z"", or nothing where ssh cannot say the time. */
static int add_time(struct buf *out, const char *option, uint64_t time)
{
	char text[32];
	struct tm tm;
	time_t t;

	if (time == 0 || time > TIME_MAX) {
		return WEALD_OK;
	}
	t = (time_t)time;
	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof text, "%Y%m%d%H%M%SZ", &tm) == 0) {
		return WEALD_OK;
	}
	return buf_addf(out, ",%s=\"%s\"", option, text);
}

static int add_window(const struct signers *s, size_t at, const char *address,
		      struct buf *out)
{
	const struct signer_window *w = &s->windows[at];
	int r;

	r = buf_addf(out, "%s namespaces=\"git\"", address);
	if (r == WEALD_OK && at > 0) {
		r = add_time(out, "valid-after", w->first - DAY_SECONDS);
	}
	if (r == WEALD_OK && at + 1 < s->count) {
		r = add_time(out, "valid-before", w->last + DAY_SECONDS);
	}
	if (r == WEALD_OK) {
		r = buf_add_byte(out, ' ');
	}
	if (r == WEALD_OK) {
		r = sshkey_public_line(out, w->key, "");
	}
	if (r == WEALD_OK) {
		r = buf_add_byte(out, '\n');
	}
	return r;
}

int signers_text(const struct signers *s, const struct identity *id,
		 struct buf *out)
{
	char address[IDENTITY_ADDRESS_BYTES];
	size_t i;
	int r = WEALD_OK;

	identity_address(id, address);
	for (i = 0; r == WEALD_OK && i < s->count; i++) {
		assert(s->windows[i].first >= DAY_SECONDS);
		r = add_window(s, i, address, out);
	}
	return r;
}
