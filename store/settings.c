#include "store/settings.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/address.h"
#include "proto/bytes.h"
#include "store/home_config.h"

#define CONFIG "config"

#define DEFAULT_LISTEN "0.0.0.0:7411"

static_assert(SETTINGS_ADDRESS_BYTES == ADDRESS_BYTES_MAX + 1,
	      "every address fits");

typedef int take_fn(struct settings *to, const struct home_config_entry *e,
		    struct weald_msg *msg);

static void copy_address(const char *from, char to[SETTINGS_ADDRESS_BYTES])
{
	const size_t len = strlen(from);

	assert(len < SETTINGS_ADDRESS_BYTES);
	memcpy(to, from, len + 1);
}

/* An address, or one with the port 0, for which the system picks one. */
static bool may_listen(const char *text)
{
	char other[SETTINGS_ADDRESS_BYTES];
	struct address address;
	const size_t len = strlen(text);

	if (len >= sizeof other) {
		return false;
	}
	memcpy(other, text, len + 1);
	if (len >= 2 && strcmp(text + len - 2, ":0") == 0) {
		other[len - 1] = '1';
	}
	return address_parse(span_of(other), &address, NULL) == WEALD_OK;
}

int settings_check_listen(const char *text, struct weald_msg *msg)
{
	if (strcmp(text, SETTINGS_LISTEN_NONE) != 0 && !may_listen(text)) {
		msg_set(msg,
			"\"%.80s\" is no address to listen at; allowed: "
			"host:port, such as 0.0.0.0:7411 or [::]:7411, or none",
			text);
		return WEALD_INVALID;
	}
	return WEALD_OK;
}

static int take_listen(struct settings *to, const struct home_config_entry *e,
		       struct weald_msg *msg)
{
	if (settings_check_listen(e->value, NULL) != WEALD_OK) {
		return home_config_refuse_value(
			e,
			"host:port, such as 0.0.0.0:7411 or [::]:7411, or none",
			msg);
	}
	copy_address(strcmp(e->value, SETTINGS_LISTEN_NONE) == 0 ? ""
								 : e->value,
		     to->listen);
	return WEALD_OK;
}

static int take_address(struct settings *to, const struct home_config_entry *e,
			struct weald_msg *msg)
{
	struct address address;
	size_t i;

	if (address_parse(span_of(e->value), &address, NULL) != WEALD_OK) {
		return home_config_refuse_value(
			e, "host:port, such as weald.example.org:7411", msg);
	}
	for (i = 0; i < to->addresses_n; i++) {
		if (strcmp(to->addresses[i], e->value) == 0) {
			return WEALD_OK;
		}
	}
	if (to->addresses_n == SETTINGS_ADDRESSES_MAX) {
		msg_set(msg, "%s:%zu: more than %u lines node.address", e->path,
			e->line, SETTINGS_ADDRESSES_MAX);
		return WEALD_CORRUPT;
	}
	copy_address(e->value, to->addresses[to->addresses_n]);
	to->addresses_n++;
	return WEALD_OK;
}

static int take_number(const struct home_config_entry *e, uint64_t min,
		       uint64_t max, uint64_t *out, struct weald_msg *msg)
{
	struct weald_msg allowed = { .text = "" };

	if (parse_u64(span_of(e->value), min, max, out) != WEALD_OK) {
		msg_set(&allowed, "%llu to %llu", (unsigned long long)min,
			(unsigned long long)max);
		return home_config_refuse_value(e, allowed.text, msg);
	}
	return WEALD_OK;
}

static int take_connections(struct settings *to,
			    const struct home_config_entry *e,
			    struct weald_msg *msg)
{
	return take_number(e, 0, 64, &to->connections, msg);
}

static int take_peers_max(struct settings *to,
			  const struct home_config_entry *e,
			  struct weald_msg *msg)
{
	return take_number(e, 1, 256, &to->peers_max, msg);
}

static int take_introductions(struct settings *to,
			      const struct home_config_entry *e,
			      struct weald_msg *msg)
{
	return take_number(e, 0, 100, &to->introductions, msg);
}

static int take_introductions_per_day(struct settings *to,
				      const struct home_config_entry *e,
				      struct weald_msg *msg)
{
	return take_number(e, 0, 100, &to->introductions_per_day, msg);
}

static int take_log_level(struct settings *to,
			  const struct home_config_entry *e,
			  struct weald_msg *msg)
{
	static const char *const levels[] = { "error", "warning", "info",
					      "debug" };
	size_t i;

	for (i = 0; i < sizeof levels / sizeof levels[0]; i++) {
		if (strcmp(e->value, levels[i]) == 0) {
			to->log_level = i;
			return WEALD_OK;
		}
	}
	return home_config_refuse_value(e, "error, warning, info or debug",
					msg);
}

/* [weald] is the home's own, and other sections are not ours. */
static int take_entry(void *ctx, const struct home_config_entry *e,
		      struct weald_msg *msg)
{
	/* names as libgit2 tells them, in lower case */
	static const struct {
		const char *name;
		take_fn *take;
	} names[] = {
		{ "listen", take_listen },
		{ "address", take_address },
		{ "connections", take_connections },
		{ "peersmax", take_peers_max },
		{ "introductions", take_introductions },
		{ "introductionsperday", take_introductions_per_day },
		{ "loglevel", take_log_level },
	};
	const size_t n = sizeof names / sizeof names[0];
	size_t i;

	if (strcmp(e->section, "node") != 0) {
		return WEALD_OK;
	}
	for (i = 0; i < n && e->subsection == NULL; i++) {
		if (strcmp(e->name, names[i].name) == 0) {
			return e->value == NULL
				       ? home_config_refuse_value(e, "a value",
								  msg)
				       : names[i].take(ctx, e, msg);
		}
	}
	return home_config_refuse_name(
		e,
		"listen, address, connections, peersMax, introductions, "
		"introductionsPerDay and logLevel",
		msg);
}

int settings_load(const struct home *h, struct settings *out,
		  struct weald_msg *msg)
{
	struct settings s = { .listen = DEFAULT_LISTEN,
			      .connections = 4,
			      .peers_max = 64,
			      .introductions = 2,
			      .introductions_per_day = 3,
			      .log_level = 2 };
	char *path = NULL;
	int r = home_join(h, CONFIG, &path);

	if (r != WEALD_OK) {
		return r;
	}
	r = home_config_each(path, HOME_CONFIG_BYTES, take_entry, &s, msg);
	if (r == WEALD_NOTFOUND) {
		msg_set(msg, "\"%s\" is missing; restore it from a backup",
			path);
		r = WEALD_CORRUPT;
	}
	if (r == WEALD_OK) {
		*out = s;
	}
	free(path);
	return r;
}
