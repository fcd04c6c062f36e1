#include "daemon/cli/source.h"

#include <stdio.h>
#include <string.h>

#include "daemon/cli/view.h"
#include "proto/text.h"
#include "store/record/guard.h"

#define ACTION_WITHDRAWN "withdraw"

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

/* The record of @s in @f: its versions, its files, its fields. */
static int read_from(struct cli *c, const struct feed *f, struct source *s)
{
	struct problems unused = { .n = 0 };
	const struct file *text;
	struct buf path;
	uint64_t seq = 0;
	int r;

	buf_init(&path, RECORD_BYTES_MAX);
	r = view_find_record(c, f, s->region, span_of(s->kind),
			     span_of(s->slug), &path);
	if (r == WEALD_OK) {
		r = versions_get(feed_versions(f), buf_span(&path), &s->last,
				 &c->msg);
	}
	if (r == WEALD_OK) {
		r = feed_find_version(f, buf_span(&path), s->version, &seq,
				      &c->msg);
		(void)cli_fail(c, CLI_ABOUT_ASKED, r);
	}
	if (r == WEALD_OK) {
		r = cli_fail(c, CLI_ABOUT_FEED,
			     feed_read(f, seq, &s->stored, &c->msg));
	}
	if (r == WEALD_OK) {
		s->version = s->stored.update.version;
		r = files_load(c, f, seq, buf_span(&path), &s->files);
	}
	text = files_find(&s->files, RECORD_FILE);
	if (r == WEALD_OK && text != NULL) {
		r = record_parse(buf_span(&text->content), &s->record, &unused);
		r = r == WEALD_INVALID ? WEALD_OK : r;
	}
	problems_release(&unused);
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
		return read_from(c, own, out);
	}
	r = cli_open_feed(c, home, out->region, &opened);
	if (r == WEALD_OK) {
		r = read_from(c, opened, out);
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
	return s->last > 0 &&
	       span_equal(s->stored.update.action, span_of(ACTION_WITHDRAWN));
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
