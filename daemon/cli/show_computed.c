/*
 * What the numbers of a record come to, computed here and not typed by anybody:
 * beside what its region says of them.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/cli/prose.h"
#include "daemon/cli/show.h"
#include "store/evidence/effect.h"

#define COMPUTED_BYTES 200u

static const struct {
	const char *state;
	const char *words;
} states[] = {
	{ "too-early", "too early to say" },
	{ "no-denominator", "nothing: numbers are without what they are of" },
	{ "over", "nothing: a number is larger than what it is of" },
	{ "no-events", "no ratio: none counted before, or none after" },
	{ "no-fit", "nothing: no trend fits the numbers" },
	{ "no-measure", "nothing yet: its measure is not here" },
};

static const char *verdict_words(const char *verdict)
{
	return strcmp(verdict, "no-verdict") == 0
		       ? "the measure counts what is wanted, or watches for "
			 "harm elsewhere, so no verdict"
		       : verdict;
}

static void words_of(const struct estimate *e, char out[COMPUTED_BYTES])
{
	size_t i;

	if (e->ratio > 0) {
		snprintf(out, COMPUTED_BYTES,
			 "ratio %.2f (95%% interval %.2f to %.2f): %s",
			 e->ratio, e->low, e->high, verdict_words(e->verdict));
		return;
	}
	snprintf(out, COMPUTED_BYTES, "nothing");
	for (i = 0; i < sizeof states / sizeof states[0]; i++) {
		if (strcmp(states[i].state, e->state) == 0) {
			snprintf(out, COMPUTED_BYTES, "%s", states[i].words);
		}
	}
}

int show_computed(const struct showing *s)
{
	char words[COMPUTED_BYTES];

	if (s->estimate.state[0] == '\0') {
		return WEALD_OK;
	}
	words_of(&s->estimate, words);
	return prose_say(s->width, "computed              ", 22,
			 "%s (" EFFECT_ENGINE ")", words);
}

json_t *show_computed_json(const struct showing *s)
{
	const struct estimate *e = &s->estimate;
	const bool has_ratio = e->ratio > 0;

	if (e->state[0] == '\0') {
		return json_null();
	}
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o}", "engine",
			 EFFECT_ENGINE, "state", e->state, "verdict",
			 e->verdict, "ratio",
			 has_ratio ? json_real(e->ratio) : json_null(), "low",
			 has_ratio ? json_real(e->low) : json_null(), "high",
			 has_ratio ? json_real(e->high) : json_null());
}
