/*
 * Overrides: who confirmed a warning and why, as the last line of a note.
 */
#include <string.h>

#include "proto/limits.h"
#include "proto/text.h"
#include "store/record/guard_private.h"

#define PREFIX           "Privacy-Checked: "
#define ROLE             "; role: "
#define REASON           "; reason: "
#define ROLE_BYTES_MAX   100u
#define REASON_BYTES_MAX 300u

static int check_words(const char *text, size_t max, const char *what,
		       struct weald_msg *msg)
{
	return text_check_line(span_of(text), 1, max, what, WEALD_INVALID, msg);
}

static int check_override(const char *role, const char *reason,
			  struct weald_msg *msg)
{
	int r = check_words(role, ROLE_BYTES_MAX, "the role", msg);

	if (r == WEALD_OK && strchr(role, ';') != NULL) {
		msg_set(msg, "the role may not hold a semicolon");
		r = WEALD_INVALID;
	}
	if (r == WEALD_OK) {
		r = check_words(reason, REASON_BYTES_MAX, "the reason", msg);
	}
	return r;
}

static int add_kinds(const struct guard_report *report, struct buf *out)
{
	const char *comma = "";
	int r = WEALD_OK;
	unsigned i;

	for (i = 0; i < GUARD_KINDS_N && r == WEALD_OK; i++) {
		if ((report->kinds & (1u << i)) != 0) {
			r = buf_addf(out, "%s%s", comma,
				     guard_kind_name((enum guard_kind)i));
			comma = ", ";
		}
	}
	return r;
}

int guard_override_format(const struct guard_report *report, const char *role,
			  const char *reason, struct buf *out,
			  struct weald_msg *msg)
{
	size_t before = out->len;
	int r = check_override(role, reason, msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (out->len > 0) {
		r = buf_add_text(out, "\n\n");
	}
	if (r == WEALD_OK) {
		r = buf_add_text(out, PREFIX);
	}
	if (r == WEALD_OK) {
		r = add_kinds(report, out);
	}
	if (r == WEALD_OK) {
		r = buf_addf(out, ROLE "%s" REASON "%s", role, reason);
	}
	if (r == WEALD_OK && out->len > NOTE_BYTES_MAX) {
		r = WEALD_TOOBIG;
	}
	if (r != WEALD_OK) {
		out->len = before;
		if (r == WEALD_TOOBIG) {
			msg_set(msg,
				"note, role and reason together are longer "
				"than %u bytes; shorten the note",
				NOTE_BYTES_MAX);
		}
	}
	return r;
}

static struct span last_line(struct span note)
{
	size_t from = note.len;

	while (from > 0 && note.data[from - 1] != '\n') {
		from--;
	}
	return (struct span){ note.data + from, note.len - from };
}

static const uint8_t *find(struct span s, const char *text)
{
	return s.len == 0 ? NULL : memmem(s.data, s.len, text, strlen(text));
}

/* Names of kinds that a later version knows are passed over. */
static unsigned read_kinds(struct span list)
{
	unsigned kinds = 0;
	const uint8_t *comma;
	struct span name;
	unsigned i;

	while (list.len > 0) {
		comma = memchr(list.data, ',', list.len);
		name = list;
		if (comma != NULL) {
			name.len = (size_t)(comma - list.data);
		}
		list.data += name.len + (comma != NULL);
		list.len -= name.len + (comma != NULL);
		while (name.len > 0 && name.data[0] == ' ') {
			name.data++;
			name.len--;
		}
		for (i = 0; i < GUARD_KINDS_N; i++) {
			if (span_equal(name, span_of(guard_kind_name(
						     (enum guard_kind)i)))) {
				kinds |= 1u << i;
			}
		}
	}
	return kinds;
}

bool guard_override_read(struct span note, unsigned *out_kinds)
{
	const size_t prefix_n = sizeof PREFIX - 1;
	const size_t role_n = sizeof ROLE - 1;
	const size_t reason_n = sizeof REASON - 1;
	struct span line = last_line(note);
	const uint8_t *role;
	const uint8_t *reason;
	struct span rest;

	if (line.len < prefix_n || memcmp(line.data, PREFIX, prefix_n) != 0) {
		return false;
	}
	line.data += prefix_n;
	line.len -= prefix_n;
	role = find(line, ROLE);
	if (role == NULL) {
		return false;
	}
	rest = (struct span){ role + role_n,
			      line.len - (size_t)(role - line.data) - role_n };
	reason = find(rest, REASON);
	if (reason == NULL || reason == rest.data ||
	    rest.len == (size_t)(reason - rest.data) + reason_n) {
		return false;
	}
	line.len = (size_t)(role - line.data);
	*out_kinds = read_kinds(line);
	return true;
}

bool guard_is_covered(const struct guard_report *report, struct span note)
{
	unsigned kinds = 0;

	if (report->verdict == GUARD_BLOCK || report->no_memory) {
		return false;
	}
	return report->verdict == GUARD_PASS ||
	       (guard_override_read(note, &kinds) &&
		(report->kinds & ~kinds) == 0);
}
