#include "proto/address.h"

#include <stdbool.h>
#include <string.h>

#define HOST_BYTES_MAX  253u
#define LABEL_BYTES_MAX 63u

static int refuse(struct span text, const char *why, struct weald_msg *msg)
{
	/* what is too long would only hide the reason */
	int shown = text.len > 80 ? 80 : (int)text.len;

	msg_set(msg, "address \"%.*s%s\": %s", shown,
		text.len == 0 ? "" : (const char *)text.data,
		(size_t)shown < text.len ? "..." : "", why);
	return WEALD_INVALID;
}

static bool is_letter_or_digit(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* A name or an IPv4 address: labels joined by single dots. */
static bool is_name(struct span host)
{
	size_t label = 0;
	size_t i;

	for (i = 0; i < host.len; i++) {
		uint8_t c = host.data[i];

		if (c == '.') {
			if (label == 0) {
				return false;
			}
			label = 0;
			continue;
		}
		if (!is_letter_or_digit(c) && c != '_' &&
		    (c != '-' || label == 0)) {
			return false;
		}
		label++;
		if (label > LABEL_BYTES_MAX) {
			return false;
		}
	}
	return label > 0 && host.len <= HOST_BYTES_MAX;
}

static bool is_ipv6(struct span host)
{
	size_t colons = 0;
	size_t i;

	for (i = 0; i < host.len; i++) {
		uint8_t c = host.data[i];

		colons += c == ':';
		if (c != ':' && c != '.' && !(c >= '0' && c <= '9') &&
		    !(c >= 'a' && c <= 'f') && !(c >= 'A' && c <= 'F')) {
			return false;
		}
	}
	/* the longest has six groups and an IPv4 address */
	return colons >= 2 && host.len <= 45;
}

int address_parse(struct span text, struct address *out, struct weald_msg *msg)
{
	struct address a;
	uint64_t port;
	size_t colon = text.len;

	if (text.len > ADDRESS_BYTES_MAX) {
		return refuse(text, "too long", msg);
	}
	if (text.len > 0 && memchr(text.data, '/', text.len) != NULL) {
		return refuse(text, "host:port, without a scheme or a path",
			      msg);
	}
	while (colon > 0 && text.data[colon - 1] != ':') {
		colon--;
	}
	if (colon == 0) {
		return refuse(text, "the port is missing: host:port", msg);
	}
	a.host = (struct span){ text.data, colon - 1 };
	if (parse_u64((struct span){ text.data + colon, text.len - colon }, 1,
		      UINT16_MAX, &port) != WEALD_OK) {
		return refuse(text, "the port is not a number, 1 to 65535",
			      msg);
	}
	if (a.host.len >= 2 && a.host.data[0] == '[' &&
	    a.host.data[a.host.len - 1] == ']') {
		a.host = (struct span){ a.host.data + 1, a.host.len - 2 };
		if (!is_ipv6(a.host)) {
			return refuse(text, "no IPv6 address in the brackets",
				      msg);
		}
	} else if (memchr(text.data, ':', a.host.len) != NULL) {
		return refuse(text,
			      "an IPv6 address needs brackets: [host]:port",
			      msg);
	} else if (!is_name(a.host)) {
		return refuse(text, "not a host name or an IP address", msg);
	}
	a.port = (uint16_t)port;
	*out = a;
	return WEALD_OK;
}
