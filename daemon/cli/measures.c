/*
 * weald measures: what regions count by, so that the next one takes what is
 * there and can be compared.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/hits.h"
#include "daemon/cli/json.h"
#include "daemon/cli/lookup.h"
#include "daemon/cli/out.h"
#include "daemon/cli/pager.h"
#include "daemon/cli/prose.h"
#include "store/index/compare.h"

#define LINE_BYTES_MAX 4096u

struct measuring {
	struct cli *c;
	const char *topic;
	uint64_t limit;
	struct home *home;
	struct index *index;
	struct measure_rows rows;
	bool complete; /* the index */
	size_t width;
};

/* ---- for scripts ---------------------------------------------------------
 */

static json_t *measure_json(const struct measure_row *m)
{
	return json_pack(
		"{s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:b, s:b,"
		" s:b, s:b}",
		"ref", json_span(span_of(m->ref)), "version",
		(json_int_t)m->version, "title", json_span(span_of(m->title)),
		"measure_type", json_span(span_of(m->type)), "shape",
		json_span(span_of(m->shape)), "direction",
		json_span(span_of(m->direction)), "undesired_event",
		json_span(span_of(m->undesired)), "regions",
		(json_int_t)m->regions, "records", (json_int_t)m->records,
		"interventions", (json_int_t)m->interventions, "retired",
		m->retired, "withdrawn", m->withdrawn, "example", m->example,
		"own", m->own);
}

static int print_json(struct measuring *p)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < p->rows.n; i++) {
		r = hits_print_json(p->c, "measure",
				    measure_json(&p->rows.list[i]));
	}
	return r != WEALD_OK
		       ? r
		       : hits_print_json(p->c, "end",
					 json_pack("{s:b, s:I, s:I}",
						   "complete", p->complete,
						   "shown",
						   (json_int_t)p->rows.n,
						   "total",
						   (json_int_t)p->rows.total));
}

/* ---- for people ----------------------------------------------------------
 */

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static int add_use(struct buf *line, const struct measure_row *m)
{
	if (m->regions == 0) {
		return buf_add_text(line, "nobody reports by it yet");
	}
	return buf_addf(line,
			"%zu region%s report%s by it, of %zu "
			"intervention%s",
			m->regions, plural(m->regions),
			m->regions == 1 ? "s" : "", m->interventions,
			plural(m->interventions));
}

static int print_measure(struct measuring *p, const struct measure_row *m)
{
	const char *const labels[] = { hits_label("measure_type", m->type),
				       hits_label("data_shape", m->shape),
				       hits_label("direction", m->direction) };
	struct buf line;
	size_t i;
	int r;

	buf_init(&line, LINE_BYTES_MAX);
	r = prose_put(p->width,
		      m->withdrawn ? "WITHDRAWN  "
		      : m->retired ? "NOT IN USE ANY MORE  "
				   : "",
		      2,
		      span_of(m->title[0] != '\0' ? m->title
						  : "(without a title)"));
	r = r == WEALD_OK ? prose_add(&line, m->ref) : r;
	r = r == WEALD_OK ? buf_addf(&line, "@%" PRIu64 "  ", m->version) : r;
	r = r == WEALD_OK ? add_use(&line, m) : r;
	r = r == WEALD_OK && m->example ? buf_add_text(&line, "; example") : r;
	if (r == WEALD_OK) {
		r = prose_done(p->width, "  ", 4, &line);
	}
	for (i = 0; r == WEALD_OK && i < sizeof labels / sizeof labels[0];
	     i++) {
		r = i == 0 ? WEALD_OK : buf_add_text(&line, "; ");
		r = r == WEALD_OK ? prose_add(&line, labels[i]) : r;
	}
	if (r == WEALD_OK) {
		r = prose_done(p->width, "  ", 4, &line);
	}
	if (r == WEALD_OK && m->undesired[0] != '\0') {
		r = prose_put(p->width, "  counts: ", 4, span_of(m->undesired));
	}
	buf_release(&line);
	return r;
}

static int print_text(struct measuring *p)
{
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < p->rows.n; i++) {
		r = print_measure(p, &p->rows.list[i]);
		putchar('\n');
	}
	if (p->rows.n == 0) {
		puts(p->topic == NULL
			     ? "Nobody has shared a measure yet."
			     : "Nobody has shared a measure on this yet.");
		puts("weald new measure SLUG starts one.");
	} else {
		if (p->rows.total > p->rows.n) {
			printf("%zu of %zu; --limit N shows more\n", p->rows.n,
			       p->rows.total);
		}
		puts("Results by one measure can be compared: take one that is "
		     "there, if it fits.");
	}
	return r != WEALD_OK ? r : out_flush(p->c);
}

static int print_paged(struct measuring *p)
{
	struct pager pager;
	int r;

	p->width = prose_width();
	pager_start(&pager);
	r = print_text(p);
	pager_end(&pager);
	return r;
}

static int measures(struct measuring *p)
{
	struct cli *c = p->c;
	const size_t limit =
		p->limit > QUERY_ROWS_MAX ? QUERY_ROWS_MAX : (size_t)p->limit;
	int r = cli_open_home(c, &p->home);

	if (r == WEALD_OK) {
		r = lookup_open(c, p->home, &p->index);
	}
	if (r == WEALD_OK) {
		p->complete = lookup_is_complete(c, p->home, p->index);
		r = hits_check(c, p->index, HITS_TOPIC, p->topic);
	}
	if (r == WEALD_OK) {
		r = query_measures(p->index, p->topic, limit, &p->rows,
				   &c->msg);
		r = r == WEALD_OK ? r : lookup_fail(c, r);
	}
	if (r == WEALD_OK) {
		r = c->json ? print_json(p) : print_paged(p);
	}
	return r;
}

static const char measures_text[] =
	"List the measures that regions share, those that most regions report "
	"by\n"
	"first: what each counts, and how. Take one that is there rather than "
	"a\n"
	"new one: only results by the same measure can be compared.\n";

int command_measures(struct cli *c, int argc, char **argv)
{
	struct measuring p = { .c = c };
	const struct cli_option options[] = {
		{ "topic", 't', CLI_OPTION_TEXT, &p.topic, "CODE",
		  "only those on this topic; weald topics lists them" },
		{ "limit", 'n', CLI_OPTION_NUMBER, &p.limit, "N",
		  "so many at most; all where it is not given" },
	};
	const struct cli_usage usage = {
		.synopsis = "measures [-t CODE] [-n N]",
		.text = measures_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
	};
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = measures(&p);
	measure_rows_release(&p.rows);
	index_close(p.index);
	home_close(p.home);
	return r;
}
