#include "daemon/cli/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/cli/edition.h"
#include "daemon/cli/view.h"
#include "proto/text.h"
#include "store/record/guard.h"

static void copy_span(struct span from, char *to, size_t size)
{
	snprintf(to, size, "%.*s", (int)from.len, (const char *)from.data);
}

static void set_names(struct source *s, const struct home *home,
		      const struct reference *ref)
{
	copy_span(ref->region, s->region, sizeof s->region);
	copy_span(ref->kind, s->kind, sizeof s->kind);
	copy_span(ref->slug, s->slug, sizeof s->slug);
	snprintf(s->ref, sizeof s->ref, "%s/%s/%s", s->region, s->kind,
		 s->slug);
	s->version = ref->version;
	s->own = strcmp(s->region, home_slug(home)) == 0;
}

/* Say what could not be taken; @e is what was asked for. */
static void tell_left_out(const struct cli *c, const struct source *s,
			  const struct edition *e)
{
	char why[EDITION_WHY_BYTES];

	edition_why(e, why);
	fprintf(stderr, "weald %s: note: version %" PRIu64 " of %s is %s; ",
		c->command, e->version, s->ref, why);
	if (s->version == e->version) {
		fputs("nothing was taken from it\n", stderr);
	} else {
		fprintf(stderr, "version %" PRIu64 " is taken instead\n",
			s->version);
	}
}

/* Move what @e holds into @s. */
static void take_edition(struct source *s, struct edition *e)
{
	s->version = e->version;
	s->stored = e->stored;
	s->files = e->files;
	s->record = e->record;
	*e = (struct edition){ .version = 0 };
}

/* The edition that was asked for, or one before it; @path is the record's. */
static int load(struct cli *c, const struct edition_from *from,
		struct source *s)
{
	struct edition asked = { .version = 0 };
	struct edition older = { .version = 0 };
	int r = edition_load(c, from, s->version, &asked);

	if (r != WEALD_OK) {
		edition_release(&asked);
		return r;
	}
	s->withdrawn = asked.withdrawn;
	if (asked.state == INDEX_SHOWN) {
		take_edition(s, &asked);
		return WEALD_OK;
	}
	if (s->version == 0) {
		r = edition_before(c, from, asked.version, &older);
	}
	s->version = asked.version;
	if (r == WEALD_OK && older.version != 0) {
		take_edition(s, &older);
	}
	if (s->withdrawn) { /* what an older update says is not why */
		stored_release(&s->stored);
		s->stored = (struct stored){ .update.note = span_of("") };
	}
	if (r == WEALD_OK) {
		tell_left_out(c, s, &asked);
	}
	edition_release(&older);
	edition_release(&asked);
	return r;
}

/* The record of @s in @f: its versions, its files, its fields. */
static int read_from(struct cli *c, const struct home *home,
		     const struct feed *f, struct source *s)
{
	struct edition_from from = {
		.home = home, .feed = f, .ref = s->ref, .all = s->own
	};
	struct buf path;
	int r;

	buf_init(&path, RECORD_BYTES_MAX);
	r = view_find_record(c, f, s->region, span_of(s->kind),
			     span_of(s->slug), &path);
	if (r == WEALD_OK) {
		r = versions_get(feed_versions(f), buf_span(&path), &s->last,
				 &c->msg);
	}
	if (r == WEALD_OK) {
		from.path = buf_span(&path);
		r = load(c, &from, s);
	}
	buf_release(&path);
	return r;
}

int source_read(struct cli *c, const struct home *home, const struct feed *own,
		const char *text, struct source *out)
{
	struct feed *opened = NULL;
	struct reference ref;
	int r;

	*out = (struct source){ .last = 0 };
	r = reference_parse(span_of(text), span_of(home_slug(home)), &ref,
			    &c->msg);
	if (r != WEALD_OK) {
		return cli_fail(c, CLI_ABOUT_INPUT, r);
	}
	set_names(out, home, &ref);
	if (out->own && own != NULL) {
		return read_from(c, home, own, out);
	}
	r = cli_open_feed(c, home, out->region, &opened);
	if (r == WEALD_OK) {
		r = read_from(c, home, opened, out);
	}
	feed_close(opened);
	return r;
}

void source_release(struct source *s)
{
	record_free(s->record);
	s->record = NULL;
	files_release(&s->files);
	stored_release(&s->stored);
}

bool source_is_withdrawn(const struct source *s)
{
	return s->withdrawn;
}

const char *source_title(const struct source *s)
{
	struct guard_report report = { .n = 0 };
	const char *title = "";
	bool shown;

	if (s->record != NULL) {
		title = record_text(s->record, "title");
	}
	guard_text(span_of(title), "title", 1, 0, &report);
	shown = report.verdict != GUARD_BLOCK &&
		text_check_line(span_of(title), 1, SUMMARY_BYTES_MAX, "title",
				WEALD_INVALID, NULL) == WEALD_OK;
	guard_release(&report);
	return shown ? title : "";
}
