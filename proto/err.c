#include "proto/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/text.h"

const char *err_name(int err)
{
	switch (err) {
	case WEALD_OK:
		return "ok";
#define WEALD_X(code, name, text) \
	case WEALD_##code:        \
		return name;
		WEALD_CODES(WEALD_X)
#undef WEALD_X
	default:
		return "unknown-code";
	}
}

const char *err_text(int err)
{
	switch (err) {
	case WEALD_OK:
		return "no error";
#define WEALD_X(code, name, text) \
	case WEALD_##code:        \
		return text;
		WEALD_CODES(WEALD_X)
#undef WEALD_X
	default:
		return "an error without a name";
	}
}

static void msg_vset(struct weald_msg *msg, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void msg_vset(struct weald_msg *msg, const char *fmt, va_list ap)
{
	char raw[WEALD_MSG_BYTES];
	int n;

	n = vsnprintf(raw, sizeof raw, fmt, ap);
	assert(n >= 0);
	text_escape(raw, strlen(raw), msg->text, sizeof msg->text);
}

void msg_set(struct weald_msg *msg, const char *fmt, ...)
{
	va_list ap;

	if (msg == NULL) {
		return;
	}
	va_start(ap, fmt);
	msg_vset(msg, fmt, ap);
	va_end(ap);
}

void msg_clear(struct weald_msg *msg)
{
	if (msg != NULL) {
		msg->text[0] = '\0';
	}
}

void msg_prefix(struct weald_msg *msg, const char *fmt, ...)
{
	struct weald_msg head;
	struct weald_msg tail;
	va_list ap;

	if (msg == NULL) {
		return;
	}
	tail = *msg;
	va_start(ap, fmt);
	msg_vset(&head, fmt, ap);
	va_end(ap);
	msg_set(msg, "%.*s: %.*s", (int)sizeof head.text, head.text,
		(int)sizeof tail.text, tail.text);
}

const char *msg_text(const struct weald_msg *msg, int err)
{
	if (msg == NULL || msg->text[0] == '\0') {
		return err_text(err);
	}
	return msg->text;
}
