#include "store/record/fence.h"

#include <string.h>

#include "proto/limits.h"
#include "proto/text.h"

#define FENCE "---"

/* Take the next line off @rest, without its LF; false at the end. */
static bool take_line(struct span *rest, struct span *out_line)
{
	const uint8_t *lf;
	size_t n;

	if (rest->len == 0) {
		return false;
	}
	lf = memchr(rest->data, '\n', rest->len);
	n = lf == NULL ? rest->len : (size_t)(lf - rest->data);
	*out_line = (struct span){ rest->data, n };
	n += lf != NULL;
	rest->data += n;
	rest->len -= n;
	return true;
}

/* "---" and nothing that can be seen behind it. */
static bool is_fence(struct span line)
{
	const size_t n = sizeof FENCE - 1;
	size_t i;

	if (line.len < n || memcmp(line.data, FENCE, n) != 0) {
		return false;
	}
	for (i = n; i < line.len; i++) {
		if (line.data[i] != ' ' && line.data[i] != '\t' &&
		    !(line.data[i] == '\r' && i + 1 == line.len)) {
			return false;
		}
	}
	return true;
}

static int check_utf8(struct span file, const char *name, struct weald_msg *msg)
{
	struct span line;
	size_t number = 0;

	if (text_is_utf8(file)) {
		return WEALD_OK;
	}
	while (take_line(&file, &line)) {
		number++;
		if (!text_is_utf8(line)) {
			msg_set(msg,
				"%s:%zu: not UTF-8; save the file as UTF-8",
				name, number);
			return WEALD_INVALID;
		}
	}
	return WEALD_OK;
}

static int check_file(struct span file, const char *name, struct weald_msg *msg)
{
	static const uint8_t bom[] = { 0xef, 0xbb, 0xbf };

	if (file.len > CONTENT_BYTES_MAX) {
		msg_set(msg, "%s: longer than the limit of %u bytes", name,
			CONTENT_BYTES_MAX);
		return WEALD_TOOBIG;
	}
	if (file.len >= sizeof bom && memcmp(file.data, bom, sizeof bom) == 0) {
		msg_set(msg,
			"%s:1: begins with a byte-order mark; save the file "
			"as UTF-8 without BOM",
			name);
		return WEALD_INVALID;
	}
	return check_utf8(file, name, msg);
}

int fences_find(struct span file, const char *name, struct fences *out,
		struct weald_msg *msg)
{
	struct span rest = file;
	struct fences f;
	struct span line;
	int r = check_file(file, name, msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (!take_line(&rest, &line) || !is_fence(line)) {
		msg_set(msg,
			"%s:1: must begin with a line \"---\", then the "
			"fields, then another \"---\"",
			name);
		return WEALD_INVALID;
	}
	f.yaml = (struct span){ rest.data, 0 };
	f.close_line = 1;
	do {
		f.yaml.len = (size_t)(rest.data - f.yaml.data);
		f.close_line++;
		if (!take_line(&rest, &line)) {
			msg_set(msg,
				"%s:1: the fields that begin here have no "
				"closing line \"---\"",
				name);
			return WEALD_INVALID;
		}
	} while (!is_fence(line));
	f.body = file.len - rest.len;
	*out = f;
	return WEALD_OK;
}
