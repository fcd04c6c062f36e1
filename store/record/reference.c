#include "store/record/reference.h"

#include <inttypes.h>
#include <string.h>

#include "proto/digest.h"
#include "proto/path.h"
#include "proto/text.h"

#define PARTS_MAX 3u

static bool is_hex(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (!((s.data[i] >= '0' && s.data[i] <= '9') ||
		      (s.data[i] >= 'a' && s.data[i] <= 'f'))) {
			return false;
		}
	}
	return true;
}

bool reference_is_region(struct span s)
{
	const size_t tail = 1 + 12;
	size_t slug;

	if (text_is_slug(s)) {
		return true;
	}
	if (s.len <= tail) {
		return false;
	}
	slug = s.len - tail;
	return text_is_slug((struct span){ s.data, slug }) &&
	       s.data[slug] == '-' &&
	       is_hex((struct span){ s.data + slug + 1, tail - 1 });
}

/* Split at each slash; false where there are more than PARTS_MAX parts. */
static bool split(struct span text, struct span parts[PARTS_MAX], size_t *out_n)
{
	struct reader r;
	size_t n = 0;

	reader_init(&r, text);
	while (n < PARTS_MAX && reader_until(&r, '/', &parts[n]) == WEALD_OK) {
		n++;
	}
	if (n == PARTS_MAX) {
		return false;
	}
	(void)reader_take(&r, reader_left(&r), &parts[n]);
	*out_n = n + 1;
	return true;
}

static int refuse(struct span text, struct weald_msg *msg)
{
	msg_set(msg,
		"\"%.*s\" does not name a record; write region/kind/slug or, "
		"for a record of this region, kind/slug, with @VERSION "
		"behind it where one version is meant",
		(int)(text.len > 200 ? 200 : text.len),
		text.len == 0 ? "" : (const char *)text.data);
	return WEALD_INVALID;
}

static int refuse_version(struct span text, struct weald_msg *msg)
{
	msg_set(msg,
		"\"%.*s\": behind the @ stands the version, a number from 1, "
		"as in south-west/intervention/trolley@2; and behind that, "
		"where it is pinned, \":\" and 16 digits of 0-9 and a-f",
		(int)(text.len > 200 ? 200 : text.len),
		(const char *)text.data);
	return WEALD_INVALID;
}

/* Take "@N" or "@N:DIGEST" off the end of @text. */
static int take_version(struct span *text, struct reference *ref,
			struct weald_msg *msg)
{
	const uint8_t *at =
		text->len == 0 ? NULL : memchr(text->data, '@', text->len);
	struct reader r;
	struct span digits;
	struct span digest;

	if (at == NULL) {
		return WEALD_OK;
	}
	digits.data = at + 1;
	digits.len = text->len - (size_t)(at - text->data) - 1;
	reader_init(&r, digits);
	if (reader_until(&r, ':', &digits) == WEALD_OK) {
		(void)reader_take(&r, reader_left(&r), &digest);
		if (!is_hex(digest) ||
		    hex_decode(digest, ref->digest, REFERENCE_DIGEST_BYTES) !=
			    WEALD_OK) {
			return refuse_version(*text, msg);
		}
		ref->has_digest = true;
	}
	if (parse_u64(digits, 1, UINT_MAX_VALUE, &ref->version) != WEALD_OK) {
		return refuse_version(*text, msg);
	}
	text->len = (size_t)(at - text->data);
	return WEALD_OK;
}

/* Take "weald:" off the front of @text. */
static bool take_scheme(struct span *text)
{
	const size_t n = sizeof REFERENCE_SCHEME - 1;

	if (text->len < n || memcmp(text->data, REFERENCE_SCHEME, n) != 0) {
		return false;
	}
	text->data += n;
	text->len -= n;
	return true;
}

static bool is_feed_id(struct span s)
{
	return s.len == (size_t)2 * SHA256_BYTES && is_hex(s);
}

int reference_parse(struct span text, struct span own, struct reference *out,
		    struct weald_msg *msg)
{
	struct span parts[PARTS_MAX];
	struct reference ref = { .version = 0 };
	struct span name = text;
	size_t n;
	int r = take_version(&name, &ref, msg);

	if (r != WEALD_OK) {
		return r;
	}
	ref.is_feed = take_scheme(&name);
	if (!split(name, parts, &n) || n < (ref.is_feed ? PARTS_MAX : 2)) {
		return refuse(text, msg);
	}
	ref.region = n == 3 ? parts[0] : own;
	ref.kind = parts[n - 2];
	ref.slug = parts[n - 1];
	if (!(ref.is_feed ? is_feed_id(ref.region)
			  : reference_is_region(ref.region)) ||
	    !path_is_name(ref.kind) || !path_is_name(ref.slug)) {
		return refuse(text, msg);
	}
	*out = ref;
	return WEALD_OK;
}

int reference_pin(struct reference *ref, struct span text)
{
	uint8_t digest[SHA256_BYTES];
	int r = digest_sha256(text, digest);

	if (r == WEALD_OK) {
		memcpy(ref->digest, digest, sizeof ref->digest);
		ref->has_digest = true;
	}
	return r;
}

bool reference_pins(const struct reference *ref, struct span text)
{
	struct reference same = { .version = ref->version };

	return !ref->has_digest ||
	       (reference_pin(&same, text) == WEALD_OK &&
		memcmp(same.digest, ref->digest, sizeof ref->digest) == 0);
}

static int format_name(struct buf *b, const struct reference *ref)
{
	int r = ref->is_feed ? buf_add_text(b, REFERENCE_SCHEME) : WEALD_OK;

	if (r == WEALD_OK) {
		r = buf_add(b, ref->region.data, ref->region.len);
	}
	if (r == WEALD_OK) {
		r = buf_add_byte(b, '/');
	}
	if (r == WEALD_OK) {
		r = buf_add(b, ref->kind.data, ref->kind.len);
	}
	if (r == WEALD_OK) {
		r = buf_add_byte(b, '/');
	}
	return r == WEALD_OK ? buf_add(b, ref->slug.data, ref->slug.len) : r;
}

int reference_format(struct buf *b, const struct reference *ref)
{
	size_t start = b->len;
	int r = format_name(b, ref);

	if (r == WEALD_OK && ref->version != 0) {
		r = buf_addf(b, "@%" PRIu64, ref->version);
	}
	if (r == WEALD_OK && ref->version != 0 && ref->has_digest) {
		r = buf_add_byte(b, ':');
		if (r == WEALD_OK) {
			r = buf_add_hex(b, ref->digest, sizeof ref->digest);
		}
	}
	if (r != WEALD_OK) {
		b->len = start;
	}
	return r;
}
