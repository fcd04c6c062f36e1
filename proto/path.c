#include "proto/path.h"

#include <string.h>

#include "proto/limits.h"

static bool is_alnum(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_made_of(struct span s, size_t max, const char *others)
{
	size_t i;

	if (s.len == 0 || s.len > max || !is_alnum(s.data[0])) {
		return false;
	}
	for (i = 1; i < s.len; i++) {
		if (!is_alnum(s.data[i]) &&
		    (s.data[i] == '\0' || strchr(others, s.data[i]) == NULL)) {
			return false;
		}
	}
	return true;
}

bool path_is_name(struct span s)
{
	return is_made_of(s, NAME_BYTES_MAX, "-");
}

bool path_is_device(struct span name)
{
	static const char *const plain[] = { "con", "prn", "aux", "nul" };
	const uint8_t *dot = memchr(name.data, '.', name.len);
	struct span stem = name;
	size_t i;

	if (dot != NULL) {
		stem.len = (size_t)(dot - name.data);
	}
	for (i = 0; i < sizeof plain / sizeof plain[0]; i++) {
		if (span_equal(stem, span_of(plain[i]))) {
			return true;
		}
	}
	return stem.len == 4 &&
	       (memcmp(stem.data, "com", 3) == 0 ||
		memcmp(stem.data, "lpt", 3) == 0) &&
	       stem.data[3] >= '0' && stem.data[3] <= '9';
}

bool path_is_file_name(struct span s)
{
	static const char lock[] = ".lock";
	const size_t n = sizeof lock - 1;

	if (!is_made_of(s, FILE_BYTES_MAX, "._-") || s.data[s.len - 1] == '.') {
		return false;
	}
	if (s.len >= n && memcmp(s.data + s.len - n, lock, n) == 0) {
		return false;
	}
	return !path_is_device(s);
}

static bool is_month(struct span s)
{
	size_t i;

	if (s.len != 7 || s.data[4] != '-') {
		return false;
	}
	for (i = 0; i < s.len; i++) {
		if (i != 4 && (s.data[i] < '0' || s.data[i] > '9')) {
			return false;
		}
	}
	if (s.data[5] == '0') {
		return s.data[6] != '0';
	}
	return s.data[5] == '1' && s.data[6] <= '2';
}

int path_parse_record(struct span s, struct record_path *out,
		      struct weald_msg *msg)
{
	struct record_path p;
	struct reader r;

	reader_init(&r, s);
	if (reader_until(&r, '/', &p.kind) != WEALD_OK ||
	    reader_until(&r, '/', &p.month) != WEALD_OK ||
	    reader_take(&r, reader_left(&r), &p.slug) != WEALD_OK ||
	    !path_is_name(p.kind) || !is_month(p.month) ||
	    !path_is_name(p.slug)) {
		msg_set(msg, "record \"%.*s\" is not kind/YYYY-MM/slug",
			(int)(s.len > 200 ? 200 : s.len), (const char *)s.data);
		return WEALD_RECORD;
	}
	*out = p;
	return WEALD_OK;
}

static bool is_root_file(struct span path)
{
	return span_equal(path, span_of(PATH_REGION)) ||
	       span_equal(path, span_of(PATH_GITATTRIBUTES));
}

static bool is_record_file(struct span path, struct span record)
{
	static const char folder[] = PATH_ATTACHMENTS "/";
	const size_t n = sizeof folder - 1;
	struct span name;

	if (path.len <= record.len + 1 ||
	    memcmp(path.data, record.data, record.len) != 0 ||
	    path.data[record.len] != '/') {
		return false;
	}
	name.data = path.data + record.len + 1;
	name.len = path.len - record.len - 1;
	if (name.len > n && memcmp(name.data, folder, n) == 0) {
		name.data += n;
		name.len -= n;
	}
	return path_is_file_name(name);
}

int path_check_file(struct span path, struct span record, struct weald_msg *msg)
{
	bool ok = record.len == 0 ? is_root_file(path)
				  : is_record_file(path, record);

	if (!ok) {
		msg_set(msg, "path \"%.*s\" is no file of %s%.*s",
			(int)(path.len > 300 ? 300 : path.len),
			(const char *)path.data,
			record.len == 0 ? "the feed's root" : "record ",
			(int)record.len, (const char *)record.data);
		return WEALD_PATH;
	}
	return WEALD_OK;
}
