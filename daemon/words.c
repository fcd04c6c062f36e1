#include "daemon/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *words_age(uint64_t seconds, char out[WORDS_AGE_BYTES])
{
	/* the next unit begins at two of it */
	static const struct {
		uint64_t seconds;
		const char *name;
	} units[] = {
		{ 86400, "days" },
		{ 3600, "h" },
		{ 60, "min" },
	};
	size_t i;

	for (i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (seconds >= 2 * units[i].seconds) {
			snprintf(out, WORDS_AGE_BYTES, "%" PRIu64 " %s",
				 seconds / units[i].seconds, units[i].name);
			return out;
		}
	}
	snprintf(out, WORDS_AGE_BYTES, "%" PRIu64 " s", seconds);
	return out;
}

const char *words_size(uint64_t bytes, char out[WORDS_SIZE_BYTES])
{
	static const char *const names[] = { "KB", "MB", "GB", "TB" };
	uint64_t unit = 1000;
	size_t i = 0;

	if (bytes < unit) {
		snprintf(out, WORDS_SIZE_BYTES, "%" PRIu64 " B", bytes);
		return out;
	}
	while (bytes / 1000 >= unit && i + 1 < sizeof names / sizeof names[0]) {
		unit *= 1000;
		i++;
	}
	if (bytes / unit < 10) {
		snprintf(out, WORDS_SIZE_BYTES, "%" PRIu64 ".%" PRIu64 " %s",
			 bytes / unit, bytes % unit * 10 / unit, names[i]);
	} else {
		snprintf(out, WORDS_SIZE_BYTES, "%" PRIu64 " %s", bytes / unit,
			 names[i]);
	}
	return out;
}

void words_names_add(struct words_names *names, const char *name)
{
	size_t at = strlen(names->text);

	names->n++;
	if (names->n > WORDS_NAMES_MAX) {
		return;
	}
	snprintf(names->text + at, sizeof names->text - at, "%s%s",
		 at == 0 ? "" : ", ", name);
}

const char *words_names_end(struct words_names *names)
{
	size_t at = strlen(names->text);

	if (names->n > WORDS_NAMES_MAX) {
		snprintf(names->text + at, sizeof names->text - at,
			 " and %zu more", names->n - WORDS_NAMES_MAX);
		names->n = WORDS_NAMES_MAX; /* closed: once */
	}
	return names->text;
}
