#include "tests/unit/recordkit.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/record/vocab.h"
#include "tests/unit/sample.h"

#define FIRST_TIME UINT64_C(1704103200) /* 1 January 2024 */
#define MD_BYTES   16384u

/* Which kinds there are among fifty records in a row. */
static const struct share {
	const char *kind;
	unsigned first;
	unsigned n;
} shares[] = { { "problem", 0, 8 },        { "priority", 8, 2 },
	       { "intervention", 10, 10 }, { "measure", 20, 2 },
	       { "evidence", 22, 10 },     { "adoption", 32, 10 },
	       { "lesson", 42, 5 },        { "withdrawal", 47, 1 },
	       { "endorsement", 48, 2 } };
#define ROUND 50u

static const char *const nouns[] = {
	"ward",      "trolley",   "nurse",     "handover",  "medicine",
	"dose",      "fall",      "bed",       "rail",      "lamp",
	"theatre",   "checklist", "team",      "discharge", "letter",
	"pharmacy",  "clinic",    "referral",  "scan",      "result",
	"alarm",     "pump",      "catheter",  "wound",     "dressing",
	"pressure",  "ulcer",     "mattress",  "infection", "antibiotic",
	"sepsis",    "screen",    "score",     "chart",     "observation",
	"fluid",     "kidney",    "insulin",   "warfarin",  "opioid",
	"allergy",   "label",     "syringe",   "oxygen",    "cylinder",
	"airway",    "mask",      "monitor",   "midwife",   "baby",
	"birth",     "cord",      "heartbeat", "transfer",  "ambulance",
	"crew",      "corridor",  "queue",     "bleep",     "shift",
	"rota",      "huddle",    "board",     "visit",     "carer",
	"resident",  "home",      "meal",      "swallow",   "thickener",
	"dementia",  "delirium",  "sleep",     "window",    "garden",
	"ligature",  "crisis",    "call",      "plan",      "diary",
	"audit",     "sample",    "report",    "training",  "leaflet",
	"poster",    "card",      "tray",      "cupboard",  "fridge",
	"store",     "stock",     "order",     "delivery",  "budget",
	"manager",   "sponsor",   "patient",   "family",    "interpreter",
	"wristband", "notes",     "record",    "computer",  "printer",
};
static const char *const verbs[] = {
	"check",  "restock", "measure", "record", "report",  "call",
	"move",   "label",   "count",   "screen", "review",  "start",
	"pause",  "delay",   "notice",  "detect", "repeat",  "explain",
	"order",  "share",   "test",    "adapt",  "compare", "train",
	"remind", "observe", "turn",    "clean",  "lock",    "open",
};
static const char *const adjectives[] = {
	"early",  "late",  "daily",  "weekly",  "quiet",  "busy",
	"shared", "local", "simple", "missing", "urgent", "safe",
	"clear",  "tired", "older",  "younger", "frail",  "new",
	"second", "small", "large",  "open",    "wrong",  "usual",
};
static const char *const joins[] = {
	"before", "after",  "with",  "without",
	"beside", "during", "until", "because of"
};

/* ---- chance -------------------------------------------------------------- */

static struct prng chance(uint64_t seed, size_t region, size_t i, unsigned what)
{
	struct prng p = { seed * 1000003u + region * 7919u + i * 104729u +
			  what };

	(void)prng_next(&p);
	p.state ^= prng_next(&p);
	return p;
}

/* Small numbers more often than large ones, below @n. */
static size_t prng_skewed(struct prng *p, size_t n)
{
	size_t a = prng_below(p, n);
	size_t b = prng_below(p, n);
	size_t c = prng_below(p, n);

	a = a < b ? a : b;
	return a < c ? a : c;
}

#define ONE_OF(p, list) (list)[prng_skewed(p, sizeof(list) / sizeof((list)[0]))]

/* ---- which record -------------------------------------------------------- */

static const struct share *share_of(size_t i)
{
	const struct share *s = shares;

	while (i % ROUND >= s->first + s->n) {
		s++;
	}
	return s;
}

static const struct share *share_called(const char *kind)
{
	const struct share *s = shares;

	while (strcmp(s->kind, kind) != 0) {
		s++;
	}
	return s;
}

const char *recordkit_region(size_t region)
{
	size_t n = 0;
	const struct region_name *names = vocab_regions(&n);

	assert(region < n);
	return names[region].slug;
}

static void slug_of(uint64_t seed, size_t region, size_t i, char *out,
		    size_t size)
{
	struct prng p = chance(seed, region, i, 1);
	const char *a = adjectives[prng_below(&p, 24)];
	const char *b = nouns[prng_below(&p, 105)];

	(void)snprintf(out, size, "%s-%s-%zu", a, b, i);
}

size_t recordkit_ref(uint64_t seed, size_t region, size_t i, char *out,
		     size_t size)
{
	char slug[NAME_BYTES_MAX + 1];

	slug_of(seed, region, i, slug, sizeof slug);
	return (size_t)snprintf(out, size, "%s/%s/%s", recordkit_region(region),
				share_of(i)->kind, slug);
}

struct place {
	size_t region;
	size_t i;
};

/* A record of @kind, of this region or another, not much newer. */
static struct place pick(struct prng *p, struct place from, const char *kind)
{
	const struct share *s = share_called(kind);
	struct place to = { from.region, 0 };

	if (prng_below(p, 3) != 0) {
		to.region = prng_below(p, RECORDKIT_REGIONS);
	}
	to.i = prng_below(p, from.i / ROUND + 1) * ROUND + s->first +
	       prng_skewed(p, s->n);
	return to;
}

/* The kind of the record that a record of @kind is about; NULL for none. */
static const char *about_kind(const char *kind)
{
	if (strcmp(kind, "problem") == 0 || strcmp(kind, "measure") == 0) {
		return NULL;
	}
	if (strcmp(kind, "priority") == 0 ||
	    strcmp(kind, "intervention") == 0) {
		return "problem";
	}
	return "intervention";
}

/* The record that it is about, and in the end the problem's own place. */
static struct place about(uint64_t seed, struct place from)
{
	const char *kind = about_kind(share_of(from.i)->kind);
	struct prng p = chance(seed, from.region, from.i, 2);

	return kind == NULL ? from : pick(&p, from, kind);
}

/* ---- words --------------------------------------------------------------- */

/* A name of a thing, as of a medicine or a device: "carvotine". */
static void made_up(size_t n, char *out, size_t size)
{
	static const char *const heads[] = {
		"car", "vel", "mor", "tan", "lis", "pro", "dex", "amo",
		"ket", "ril", "sul", "bar", "nor", "fen", "hal"
	};
	static const char *const middles[] = { "vo", "ti", "ra", "ne", "lo",
					       "pi", "su", "me", "do", "xa",
					       "bu", "ga", "ki", "wo", "ze" };
	static const char *const tails[] = { "tine", "pram", "lol",  "mide",
					     "zole", "mab",  "stat", "fix",
					     "care", "lift", "view", "pad" };

	(void)snprintf(out, size, "%s%s%s", heads[n % 15], middles[n / 15 % 15],
		       tails[n / 225 % 12]);
}

/* "moved", "checks", "measuring" */
static void inflect(const char *verb, const char *ending, char *out,
		    size_t size)
{
	size_t len = strlen(verb);
	bool cut =
		verb[len - 1] == 'e' && (ending[0] == 'e' || ending[0] == 'i');

	(void)snprintf(out, size, "%.*s%s", (int)(len - cut), verb, ending);
}

void recordkit_word(size_t rank, char *out, size_t size)
{
	static const char *const endings[] = { "", "s", "ing", "ed" };

	if (rank < 105) {
		(void)snprintf(out, size, "%s", nouns[rank]);
	} else if (rank < 225) {
		rank -= 105;
		inflect(verbs[rank / 4], endings[rank % 4], out, size);
	} else if (rank < 249) {
		(void)snprintf(out, size, "%s", adjectives[rank - 225]);
	} else {
		made_up((rank - 249) * 7, out, size);
	}
}

struct writer {
	struct buf *out;
	struct prng *p;
	uint64_t seed;
	struct place place;
	const struct kind *kind;
	struct recordkit *record;
};

static void put(struct writer *w, const char *text)
{
	assert_int_equal(buf_add_text(w->out, text), WEALD_OK);
}

static void put_space(struct writer *w, const char *word)
{
	put(w, " ");
	put(w, word);
}

/* "the late ward checked lamps before handover"; some ten words */
static void put_clause(struct writer *w)
{
	static const char *const starts[] = { "the", "a", "every", "our",
					      "one" };
	static const char *const endings[] = { "s", "ed" };
	char word[64];

	put(w, ONE_OF(w->p, starts));
	put_space(w, ONE_OF(w->p, adjectives));
	put_space(w, ONE_OF(w->p, nouns));
	inflect(ONE_OF(w->p, verbs), endings[prng_below(w->p, 2)], word,
		sizeof word);
	put_space(w, word);
	put(w, " the");
	if (prng_below(w->p, 3) == 0) {
		made_up(prng_skewed(w->p, 2700), word, sizeof word);
		put_space(w, word);
	}
	put_space(w, ONE_OF(w->p, nouns));
	if (prng_below(w->p, 2) == 0) {
		put_space(w, ONE_OF(w->p, joins));
		put_space(w, ONE_OF(w->p, nouns));
	}
}

/* At most @words words, a short or a long text. */
static void put_text(struct writer *w, unsigned words)
{
	put_clause(w);
	if (words >= 30 && prng_below(w->p, 2) == 0) {
		put(w, " and ");
		put_clause(w);
	}
}

static void put_body(struct writer *w)
{
	size_t sentences = 3 + prng_below(w->p, 12);
	const struct topic *t = vocab_topic(span_of(w->record->topics[0]));
	size_t i;

	put(w, "This is about ");
	put(w, t->label);
	put(w, ".\n");
	for (i = 0; i < sentences; i++) {
		put(w, "When ");
		put_clause(w);
		put(w, ", ");
		put_clause(w);
		put(w, i % 4 == 3 ? ".\n\n" : ".\n");
	}
}

/* ---- fields -------------------------------------------------------------- */

static void put_field(struct writer *w, const struct field *f);

static void put_ref(struct writer *w, const struct field *f)
{
	const char *kind = about_kind(w->record->kind);
	char ref[256];
	struct place to;

	if (strncmp(f->ref_kinds, "measure", 7) == 0) {
		to = pick(w->p, (struct place){ w->place.region, 0 },
			  "measure");
	} else if (kind != NULL && (f->ref_kinds[0] == '\0' ||
				    strstr(f->ref_kinds, kind) != NULL)) {
		to = about(w->seed, w->place);
	} else {
		to = pick(w->p, w->place, "problem");
	}
	(void)recordkit_ref(w->seed, to.region, to.i, ref, sizeof ref);
	put(w, ref);
}

static void put_date(struct writer *w, const struct field *f)
{
	bool start = strncmp(f->name, "start", 5) == 0;
	unsigned year = start ? 2025 : 2026 + (unsigned)prng_below(w->p, 2);
	unsigned month = start ? 1 : 1 + (unsigned)prng_below(w->p, 12);
	char date[16];

	(void)snprintf(date, sizeof date,
		       f->type == FIELD_MONTH ? "%u-%02u" : "%u-%02u-01", year,
		       month);
	put(w, date);
}

static void put_number(struct writer *w, const struct field *f)
{
	char text[24];
	unsigned min = f->min > 0 ? (unsigned)f->min : 0;
	unsigned max = f->max > 0 && f->max < 40 ? (unsigned)f->max : 40;

	if (strstr(f->name, "version") != NULL) {
		max = 1;
	}
	(void)snprintf(text, sizeof text, "%u",
		       min + (unsigned)prng_below(w->p, max - min + 1));
	put(w, text);
}

/* Some codes of the list in a row, so that none comes twice. */
static void put_codes(struct writer *w, const struct field *f)
{
	size_t n = 1 + prng_below(w->p, f->items_max < 3 ? 1 : 3);
	size_t first = prng_below(w->p, f->codes->n);
	size_t i;

	put(w, "[");
	for (i = 0; i < n && i < f->codes->n; i++) {
		put(w, i == 0 ? "" : ", ");
		put(w, f->codes->codes[(first + i) % f->codes->n].code);
	}
	put(w, "]");
}

static void put_map(struct writer *w, const struct field *f)
{
	bool first = true;
	size_t i;

	put(w, "{");
	for (i = 0; i < f->parts_n; i++) {
		if (f->parts[i].need != FIELD_REQUIRED &&
		    strcmp(f->parts[i].name, "how") != 0) {
			continue;
		}
		put(w, first ? "" : ", ");
		put(w, f->parts[i].name);
		put(w, ": ");
		put_field(w, &f->parts[i]);
		first = false;
	}
	put(w, "}");
}

/* As many items as there must be, and perhaps two more. */
static size_t items_of(struct writer *w, const struct field *f)
{
	return f->items_min == 0 ? prng_below(w->p, 2)
				 : f->items_min + prng_below(w->p, 3);
}

static void put_list(struct writer *w, const struct field *f)
{
	size_t n = items_of(w, f);
	size_t i;

	/* one would ask for another field */
	n = strcmp(f->name, "other_changes") == 0 ? 0 : n;
	put(w, "[");
	for (i = 0; i < n; i++) {
		put(w, i == 0 ? "" : ", ");
		if (f->type == FIELD_MAPS) {
			put_map(w, f);
		} else {
			put_clause(w);
		}
	}
	put(w, "]");
}

static void put_bool(struct writer *w, const struct field *f)
{
	put(w, strcmp(f->name, "kept_must_keep") == 0 ? "yes" : "no");
}

/* Texts that are not just words. */
static bool put_known(struct writer *w, const struct field *f)
{
	const char *name = f->name;

	if (strcmp(name, "kind") == 0) {
		put(w, w->record->kind);
	} else if (strcmp(name, "title") == 0) {
		put(w, w->record->title);
	} else if (strcmp(name, "target_versions") == 0) {
		put(w, "all");
	} else if (strcmp(name, "mailbox") == 0) {
		put(w, w->record->topics[0]);
		put(w, "@example.nhs.uk");
	} else if (strstr(name, "role") != NULL) {
		put(w, "Lead for ");
		put(w, ONE_OF(w->p, nouns));
	} else if (f->chars_max != 0 && f->chars_max < 80) {
		put(w, ONE_OF(w->p, nouns));
	} else if (f->words_max != 0 && f->words_max < 14) {
		put(w, ONE_OF(w->p, adjectives));
		put_space(w, ONE_OF(w->p, nouns));
	} else {
		return false;
	}
	return true;
}

static void put_topics(struct writer *w)
{
	size_t i;

	put(w, "[");
	for (i = 0; i < w->record->topics_n; i++) {
		put(w, i == 0 ? "" : ", ");
		put(w, w->record->topics[i]);
	}
	put(w, "]");
}

static void put_field(struct writer *w, const struct field *f)
{
	switch (f->type) { /* fnstat: switch */
	case FIELD_TEXT:
		if (!put_known(w, f)) {
			put_text(w, f->words_max == 0 ? 20 : f->words_max);
		}
		break;
	case FIELD_CODE:
		if (!put_known(w, f)) {
			put(w, f->codes->codes[prng_below(w->p, f->codes->n)]
				       .code);
		}
		break;
	case FIELD_CODES:
		if (strcmp(f->name, "topics") == 0) {
			put_topics(w);
		} else {
			put_codes(w, f);
		}
		break;
	case FIELD_REF:
	case FIELD_REFS:
		put_ref(w, f);
		break;
	case FIELD_DATE:
	case FIELD_MONTH:
		put_date(w, f);
		break;
	case FIELD_INT:
	case FIELD_NUM:
		put_number(w, f);
		break;
	case FIELD_BOOL:
		put_bool(w, f);
		break;
	case FIELD_LIST:
	case FIELD_MAPS:
		put_list(w, f);
		break;
	case FIELD_MAP:
		put_map(w, f);
		break;
	case FIELD_PATH:
	default:
		put(w, "data.csv");
		break;
	}
}

static bool has_series(const struct writer *w)
{
	return strcmp(w->record->kind, "evidence") == 0 ||
	       (strcmp(w->record->kind, "adoption") == 0 &&
		w->place.i % 2 == 0);
}

/* Is the field to be filled in? */
static bool is_wanted(struct writer *w, const struct field *f)
{
	bool simple = f->type == FIELD_TEXT || f->type == FIELD_LIST ||
		      f->type == FIELD_CODES || f->type == FIELD_CODE;

	if (f->need == FIELD_REQUIRED || strcmp(f->name, "kind") == 0) {
		return true;
	}
	if (f->condition == FIELD_IF_GIVEN) {
		return strcmp(f->if_field, "series") == 0 && has_series(w);
	}
	if (strcmp(f->name, "series") == 0) {
		return has_series(w) &&
		       strcmp(w->record->kind, "withdrawal") != 0;
	}
	if (strcmp(f->name, "target_version") == 0) {
		return true;
	}
	if (f->need == FIELD_AUTO || strcmp(f->name, "next_review") == 0) {
		return prng_below(w->p, 2) == 0;
	}
	return simple && f->need == FIELD_OPTIONAL &&
	       strncmp(f->name, "judged", 6) != 0 &&
	       strcmp(f->name, "not_checked") != 0 && prng_below(w->p, 4) == 0;
}

static void put_record(struct writer *w)
{
	size_t i;

	put(w, "---\n");
	for (i = 0; i < w->kind->fields_n; i++) {
		if (is_wanted(w, &w->kind->fields[i])) {
			put(w, w->kind->fields[i].name);
			put(w, ": ");
			put_field(w, &w->kind->fields[i]);
			put(w, "\n");
		}
	}
	put(w, "example: true\n---\n\n");
	put_body(w);
}

/* Two years by month; most get better, some do not. */
static void put_series(struct writer *w)
{
	size_t before = 60 + prng_below(w->p, 60);
	size_t after = before * (40 + prng_below(w->p, 70)) / 100;
	char line[64];
	size_t i;

	put(w, "month,numerator,denominator\n");
	for (i = 0; i < 24; i++) {
		(void)snprintf(line, sizeof line, "%zu-%02zu-01,%zu,%zu\n",
			       2024 + i / 12, i % 12 + 1,
			       (i < 12 ? before : after) + prng_below(w->p, 12),
			       400 + prng_below(w->p, 50));
		put(w, line);
	}
}

/* ---- a record ------------------------------------------------------------ */

/* A record has the topics of the problem that it is about in the end. */
static void choose_topics(uint64_t seed, struct place place,
			  struct recordkit *out)
{
	size_t n = 0;
	const struct topic *topics = vocab_topics(&n);
	struct prng p;
	size_t first;

	while (about_kind(share_of(place.i)->kind) != NULL) {
		place = about(seed, place);
	}
	p = chance(seed, place.region, place.i, 3);
	first = prng_skewed(&p, n);
	out->topics[out->topics_n++] = topics[first].slug;
	if (prng_below(&p, 2) == 0 && first + 1 < n) {
		out->topics[out->topics_n++] = topics[first + 1].slug;
	}
}

static void make_title(struct prng *p, char *out, size_t size)
{
	char word[32];

	made_up(prng_skewed(p, 2700), word, sizeof word);
	(void)snprintf(out, size, "A %s %s %s the %s %s", ONE_OF(p, adjectives),
		       ONE_OF(p, nouns), ONE_OF(p, joins),
		       prng_below(p, 2) == 0 ? word : ONE_OF(p, adjectives),
		       ONE_OF(p, nouns));
}

void recordkit_make(uint64_t seed, size_t region, size_t i,
		    struct recordkit *out)
{
	struct prng p = chance(seed, region, i, 4);
	struct writer w = {
		.p = &p, .seed = seed, .place = { region, i }, .record = out
	};
	unsigned month;

	*out = (struct recordkit){ .time = FIRST_TIME + i * 600 };
	buf_init(&out->md, MD_BYTES);
	buf_init(&out->csv, MD_BYTES);
	(void)snprintf(out->kind, sizeof out->kind, "%s", share_of(i)->kind);
	slug_of(seed, region, i, out->slug, sizeof out->slug);
	month = (unsigned)(i / 300 % 24);
	(void)snprintf(out->record, sizeof out->record, "%s/20%u-%02u/%s",
		       out->kind, 24 + month / 12, month % 12 + 1, out->slug);
	choose_topics(seed, w.place, out);
	make_title(&p, out->title, sizeof out->title);
	w.kind = vocab_kind(span_of(out->kind));
	w.out = &out->md;
	put_record(&w);
	if (has_series(&w)) {
		w.out = &out->csv;
		put_series(&w);
	}
}

void recordkit_release(struct recordkit *r)
{
	buf_release(&r->md);
	buf_release(&r->csv);
}
