#include "daemon/cli/mask.h"

#include <string.h>

#include "store/record/guard.h"

/*
 * So many digits in a row are masked in any case: alone they say too little
 * for the guard, which sees more of the record than there is in a message.
 */
#define DIGITS_MAX 6u

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool has_long_number(const char *text)
{
	size_t n = 0;

	for (; *text != '\0' && n <= DIGITS_MAX; text++) {
		n = is_digit(*text) ? n + 1 : 0;
	}
	return n > DIGITS_MAX;
}

static bool sees(const char *text)
{
	struct guard_report report = { .n = 0 };
	bool found;

	if (has_long_number(text)) {
		return true;
	}
	guard_text(span_of(text), "", 1, 0, &report);
	found = report.verdict != GUARD_PASS;
	guard_release(&report);
	return found;
}

/* Bytes of letters beyond ASCII count too. */
static bool is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static void mask_digits(char *text)
{
	for (; *text != '\0'; text++) {
		*text = is_digit(*text) ? '*' : *text;
	}
}

static void mask_words(char *text)
{
	for (; *text != '\0'; text++) {
		*text = is_word(*text) ? '*' : *text;
	}
}

/* From the first quotation mark to the next, which may be missing. */
static void mask_quoted(char *text)
{
	char *from = strchr(text, '"');
	char *to;
	char end;

	if (from == NULL) {
		return;
	}
	to = strchr(from + 1, '"');
	to = to == NULL ? from + strlen(from) : to;
	end = *to;
	*to = '\0';
	mask_words(from);
	*to = end;
}

void mask_name(char *name)
{
	if (sees(name)) {
		mask_digits(name);
	}
	if (sees(name)) {
		mask_words(name);
	}
}

void mask_message(struct weald_msg *msg, bool seen)
{
	if (seen || sees(msg->text)) {
		mask_quoted(msg->text);
	}
	if (sees(msg->text)) {
		mask_digits(msg->text);
	}
	if (sees(msg->text)) {
		msg_set(msg, "what stands there cannot be repeated here: it "
			     "looks like data about a person; take it out");
	}
}
