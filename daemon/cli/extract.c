#include "daemon/cli/extract_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/cli/hits.h"
#include "daemon/cli/lookup.h"
#include "daemon/cli/out.h"
#include "daemon/words.h"

typedef int extract_format_fn(struct extract *x, FILE *out);

struct format {
	const char *name;
	extract_format_fn *write;
};

static const struct format formats[] = {
	{ "markdown-zip", extract_markdown },
	{ "csv", extract_csv },
	{ "datapackage", extract_datapackage },
};

/* What the options say. */
struct asked {
	const char *format;
	const char *since;
	const char *out; /* NULL: standard output */
	bool force;
};

void extract_words(const struct extract *x, char out[EXTRACT_WORDS_BYTES])
{
	const struct search *s = &x->search;
	const struct {
		const char *name;
		const char *value;
	} parts[] = {
		{ "kind", s->kind },
		{ "topic", s->topic },
		{ "setting", s->setting },
		{ "region", s->region },
	};
	char since[OUT_TIME_BYTES];
	size_t len = 0;
	size_t i;

	out[0] = '\0';
	for (i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (parts[i].value != NULL && len < EXTRACT_WORDS_BYTES) {
			len += (size_t)snprintf(out + len,
						EXTRACT_WORDS_BYTES - len,
						"%s%s %s", len > 0 ? ", " : "",
						parts[i].name, parts[i].value);
		}
	}
	if (s->since > 0 && len < EXTRACT_WORDS_BYTES) {
		out_time_iso(s->since, since);
		len += (size_t)snprintf(out + len, EXTRACT_WORDS_BYTES - len,
					"%ssince %s", len > 0 ? ", " : "",
					since);
	}
	if (len == 0) {
		(void)snprintf(out, EXTRACT_WORDS_BYTES, "all records");
	}
}

/* ---- what is selected ----------------------------------------------------
 */

static int check_filters(struct extract *x)
{
	const struct {
		enum hits_filter filter;
		const char *code;
	} filters[] = {
		{ HITS_TOPIC, x->search.topic },
		{ HITS_SETTING, x->search.setting },
		{ HITS_KIND, x->search.kind },
		{ HITS_REGION, x->search.region },
	};
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < sizeof filters / sizeof *filters;
	     i++) {
		if (filters[i].code != NULL) {
			r = hits_check(x->c, x->index, filters[i].filter,
				       filters[i].code);
		}
	}
	return r;
}

static int select_records(struct extract *x)
{
	struct cli *c = x->c;
	int r;

	r = lookup_open(c, x->home, &x->index);
	if (r == WEALD_OK) {
		r = check_filters(x);
	}
	if (r == WEALD_OK) {
		x->search.limit = QUERY_ROWS_MAX;
		r = lookup_fail(c, query_select(x->index, &x->search, &x->hits,
						&c->msg));
	}
	if (r == WEALD_OK && x->hits.n == 0) {
		msg_set(&c->msg, "no record is like that");
		c->advice = "nothing was written";
		return cli_fail(c, CLI_ABOUT_ASKED, WEALD_NOTFOUND);
	}
	if (r == WEALD_OK && x->hits.total > x->hits.n) {
		msg_set(&c->msg,
			"%zu records are selected, over the %zu of "
			"one extract",
			x->hits.total, x->hits.n);
		c->advice = "select less: --region, --kind, --topic, --since";
		return cli_fail(c, CLI_ABOUT_INPUT, WEALD_TOOBIG);
	}
	return r;
}

/* ---- what is said --------------------------------------------------------
 */

static int say_json(const struct extract *x, const struct asked *asked,
		    uint64_t bytes)
{
	struct json_line j;

	json_line_init(&j);
	json_line_text(&j, "format", asked->format);
	json_line_text(&j, "file", asked->out);
	json_line_uint(&j, "bytes", bytes);
	json_line_uint(&j, "records", x->records);
	json_line_uint(&j, "regions", x->regions);
	json_line_uint(&j, "files", x->files);
	json_line_uint(&j, "rows", x->rows);
	json_line_uint(&j, "left_out", x->left_out);
	json_line_time(&j, "newest", x->newest);
	return json_line_print(&j);
}

/* On stderr where the extract itself went to standard output. */
static void say(const struct extract *x, const struct asked *asked,
		uint64_t bytes)
{
	FILE *to = asked->out == NULL ? stderr : stdout;
	char size[WORDS_SIZE_BYTES];
	char *name = NULL;

	if (asked->out != NULL &&
	    out_escape(span_of(asked->out), &name) != WEALD_OK) {
		return;
	}
	fprintf(to, "wrote %s: %zu record%s of %zu region%s, %s\n",
		name == NULL ? asked->format : name, x->records,
		x->records == 1 ? "" : "s", x->regions,
		x->regions == 1 ? "" : "s", words_size(bytes, size));
	if (x->left_out > 0) {
		fprintf(to,
			"left out: %zu record%s, which may not be shown or %s "
			"not here\n",
			x->left_out, x->left_out == 1 ? "" : "s",
			x->left_out == 1 ? "is" : "are");
	}
	free(name);
}

/* ---- the command ---------------------------------------------------------
 */

static int write_extract(struct extract *x, const struct format *format,
			 const struct asked *asked)
{
	struct target target = { .path = asked->out, .force = asked->force };
	uint64_t bytes = 0;
	int r;

	r = target_open(x->c, &target);
	if (r == WEALD_OK) {
		x->dir = target.dir;
		r = format->write(x, target.file);
	}
	if (r == WEALD_OK && x->records == 0) {
		msg_set(&x->c->msg,
			"none of the %zu records may be shown or "
			"is here",
			x->left_out);
		x->c->advice = "nothing was written";
		r = cli_fail(x->c, CLI_ABOUT_ASKED, WEALD_NOTFOUND);
	}
	progress_end(&x->progress);
	if (r == WEALD_OK) {
		r = target_finish(x->c, &target, &bytes);
	}
	if (r == WEALD_OK && x->c->json) {
		r = say_json(x, asked, bytes);
	} else if (r == WEALD_OK && !x->c->closed) {
		say(x, asked, bytes);
	}
	target_close(&target);
	return r;
}

static const struct format *find_format(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof formats / sizeof *formats; i++) {
		if (strcmp(name, formats[i].name) == 0) {
			return &formats[i];
		}
	}
	return NULL;
}

static int check_out(struct cli *c, struct asked *asked)
{
	if (asked->out != NULL && asked->out[0] == '\0') {
		return cli_usage_error(c, "the name after --out is empty");
	}
	if (asked->out != NULL && strcmp(asked->out, "-") == 0) {
		asked->out = NULL;
	}
	if (asked->out == NULL && c->json) {
		return cli_usage_error(c, "--json needs --out FILE, so that "
					  "both do not go to standard output");
	}
	if (asked->out == NULL && out_is_terminal()) {
		return cli_usage_error(c, "that is nothing for a terminal: "
					  "name a file with --out FILE");
	}
	return WEALD_OK;
}

static int run(struct extract *x, const struct format *format,
	       const struct asked *asked)
{
	int r;

	progress_init(&x->progress, "extracting");
	r = cli_open_home(x->c, &x->home);
	if (r == WEALD_OK) {
		r = select_records(x);
	}
	if (r == WEALD_OK) {
		r = write_extract(x, format, asked);
	}
	feed_close(x->feed);
	index_close(x->index);
	hits_release(&x->hits);
	home_close(x->home);
	return r;
}

int command_extract(struct cli *c, int argc, char **argv)
{
	struct extract x = { .c = c };
	struct asked asked = { 0 };
	const struct cli_option options[] = {
		{ "format", 'f', CLI_OPTION_TEXT, &asked.format, "FORMAT",
		  "markdown-zip: the files as they are;\n"
		  "csv: a row a record, for spreadsheets;\n"
		  "datapackage: records and series, for programs" },
		{ "out", 'o', CLI_OPTION_TEXT, &asked.out, "FILE",
		  "write to FILE; - or nothing: standard output" },
		{ "force", 0, CLI_OPTION_FLAG, &asked.force, NULL,
		  "replace FILE where it is there" },
		{ "topic", 0, CLI_OPTION_TEXT, &x.search.topic, "TOPIC",
		  "only of this topic" },
		{ "setting", 0, CLI_OPTION_TEXT, &x.search.setting, "SETTING",
		  "only of this setting" },
		{ "kind", 0, CLI_OPTION_TEXT, &x.search.kind, "KIND",
		  "only of this kind" },
		{ "region", 0, CLI_OPTION_TEXT, &x.search.region, "REGION",
		  "only of this region" },
		{ "since", 0, CLI_OPTION_TEXT, &asked.since, "WHEN",
		  "only what was written since: 2026-01-31, or 7d" },
	};
	const struct cli_usage usage = {
		.synopsis = "extract --format FORMAT [OPTION...]",
		.text = "Write the records that are selected to a file, each "
			"as its latest\n"
			"version says: for a colleague, a spreadsheet or an "
			"analysis.\n",
		.options = options,
		.options_n = sizeof options / sizeof *options,
	};
	const struct format *format = NULL;
	int first;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	if (asked.format == NULL) {
		return cli_usage_error(c, "say --format markdown-zip, csv or "
					  "datapackage");
	}
	format = find_format(asked.format);
	if (format == NULL) {
		return cli_usage_error(c,
				       "no format %s: there are "
				       "markdown-zip, csv and datapackage",
				       asked.format);
	}
	r = check_out(c, &asked);
	if (r == WEALD_OK && asked.since != NULL) {
		r = hits_since(c, "since", asked.since, &x.search.since);
	}
	return r == WEALD_OK ? run(&x, format, &asked) : r;
}
