/*
 * Certainty: how sure one may be of an effect, after GRADE, in four levels, by
 * rules over coded fields; each step that was taken has its reason.
 *
 * Start by design, down for bias, inconsistency, indirectness, imprecision and
 * missing reports, up for a large effect where nothing went down
 * (docs/EVIDENCE.md, "Certainty"). A person may move it by one, and both are
 * shown. Pure; the order of the regions changes nothing.
 */
#ifndef WEALD_STORE_EVIDENCE_CERTAINTY_H
#define WEALD_STORE_EVIDENCE_CERTAINTY_H

#include <stdbool.h>
#include <stddef.h>

#include "store/evidence/effect.h"

/* codes certainty */
enum certainty {
	CERTAINTY_NONE, /* no estimate */
	CERTAINTY_VERY_LOW,
	CERTAINTY_LOW,
	CERTAINTY_MODERATE,
	CERTAINTY_HIGH
};
/* "high", "very-low"; "" for none. And the other way: NONE for no such code. */
const char *certainty_name(enum certainty c);
enum certainty certainty_of(const char *name);
/* In words: "high", "very low"; "" for none. */
const char *certainty_words(enum certainty c);

enum certainty_step {
	STEP_DESIGN, /* where it starts */
	STEP_SHORT,  /* few months: very low at best */
	STEP_BIAS,
	STEP_INCONSISTENCY,
	STEP_INDIRECTNESS,
	STEP_IMPRECISION,
	STEP_REPORTING,
	STEP_LARGE_EFFECT /* up */
};
/* "design", "large-effect" ... */
const char *certainty_step_name(enum certainty_step step);

/* What may bias one region's result. */
enum bias {
	BIAS_OTHER_CHANGES_EXPLAIN = 1u << 0,
	BIAS_OTHER_CHANGES_UNKNOWN = 1u << 1,
	BIAS_FIDELITY_UNKNOWN = 1u << 2,
	BIAS_FIDELITY_LOW = 1u << 3, /* below 50 percent */
	BIAS_MEASURE_CHANGED = 1u << 4,
	BIAS_LAG1 = 1u << 5, /* |lag-1| > 0.4 */
	BIAS_SIDES = 1u << 6 /* own trend and before/after on different sides
				of 1 */
};
#define BIAS_FLAGS_N 7u
/* Of one flag, as a clause: "fidelity is not known"; "" for none such. */
const char *bias_words(enum bias flag);

/* What is coded of one region's result. */
struct certainty_region {
	enum certainty start; /* of its design: certainty_start() */
	const char *design;   /* its code, borrowed; NULL: not known */
	unsigned bias;        /* flags */
	double weight;        /* share of the pooled weight; of one region 1 */
	double ratio;         /* own trend */
	bool is_short;        /* EFFECT_SHORT */
};
/* By code of design; very low for one that is not known, or NULL. */
enum certainty certainty_start(const char *design);

/*
 * The fields as they are coded, of one evidence or adoption. Other changes are
 * known where the list is there, be it empty; whether they could explain it is
 * asked only where there are some.
 */
struct bias_fields {
	bool other_changes_known;
	bool other_changes;         /* there were some */
	bool other_changes_explain; /* could explain it: yes */
	bool other_changes_explain_known;
	bool fidelity_known; /* its percent */
	double fidelity_percent;
	bool measure_changed;
};
unsigned bias_of(const struct bias_fields *f, const struct effect *own_trend,
		 const struct effect *before_after);

struct certainty_input {
	const struct certainty_region *regions;
	size_t regions_n;
	double low; /* of the interval that is judged: pooled or of one */
	double high;
	double ratio;
	bool pooled;
	double i2;
	bool differ_more;     /* of the pool: more than its model shows */
	bool balancing;       /* the measure's type */
	bool settings_differ; /* a reader's setting was given; none is shared */
	size_t adoptions_old; /* begun more than 12 months ago */
	size_t adoptions_silent; /* of these, without evidence or lesson */
};

#define CERTAINTY_STEPS_MAX    8u
#define CERTAINTY_REASON_BYTES 256u
struct certainty_reason {
	enum certainty_step step;
	/* levels: -2, -1, 1; of the start 0; of STEP_SHORT what the cap takes,
	   0..-3 */
	int by;
	char words[CERTAINTY_REASON_BYTES]; /* a clause, plain ASCII */
};
struct certainty_result {
	enum certainty level;
	enum certainty start;
	struct certainty_reason reasons[CERTAINTY_STEPS_MAX];
	size_t reasons_n; /* the start first */
};
/* Without regions or an estimate: CERTAINTY_NONE and no reasons. */
void certainty_judge(const struct certainty_input *in,
		     struct certainty_result *out);

/*
 * What a person made of it: @judged where it is at most one away from the
 * computed level, else that one.
 */
enum certainty certainty_moved(enum certainty computed, enum certainty judged);

/* What results are put in order by; low and high are 0 without an estimate. */
struct certainty_rank {
	enum certainty level;
	double low;
	double high;
};
/*
 * What we can be surest of first: by certainty, then by the end of the interval
 * that is nearest 1, which says what there is at the least: improved before
 * unclear before worse, and within these by the upper end, of worse by the
 * lower. Never by the point estimate. Below 0: @a comes first; 0: put them in
 * order by name.
 */
int certainty_compare(const struct certainty_rank *a,
		      const struct certainty_rank *b);

#endif
