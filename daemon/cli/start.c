#include "daemon/cli/start.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/desk.h"
#include "proto/text.h"

/* Fields that say what a record is about, where it has none for the option. */
static const char *const abouts[] = { "about", "target" };

int start_open(struct start *s)
{
	int r = cli_open_home(s->c, &s->home);

	s->prefill.kind = s->kind;
	if (r == WEALD_OK) {
		r = cli_open_feed(s->c, s->home, home_slug(s->home), &s->own);
	}
	return r;
}

void start_release(struct start *s)
{
	prefill_release(&s->prefill);
	feed_close(s->own);
	home_close(s->home);
}

/* ---- links ---------------------------------------------------------------
 */

/* Is there a field @name for one reference, with nothing in it yet? */
static bool takes(const struct start *s, const char *name)
{
	const struct field *f = kind_field(s->kind, span_of(name));

	return f != NULL && f->type == FIELD_REF &&
	       prefill_get(&s->prefill, name) == NULL;
}

/* The field for a reference that @option gave; NULL: it goes into links. */
static const char *field_for(const struct start *s, const char *option)
{
	size_t i;

	if (takes(s, option)) {
		return option;
	}
	if (strcmp(option, "measure") == 0 &&
	    kind_field(s->kind, span_of("aim")) != NULL) {
		return "aim.measure";
	}
	for (i = 0; i < sizeof abouts / sizeof abouts[0]; i++) {
		if (takes(s, abouts[i])) {
			return abouts[i];
		}
	}
	return NULL;
}

/* Into @field, or into links where it is NULL. */
static int place(struct start *s, const char *field, const char *ref)
{
	int r;

	if (field != NULL) {
		return prefill_add(&s->prefill, field, ref);
	}
	r = prefill_add(&s->prefill, "links.rel", "about");
	return r == WEALD_OK ? prefill_add(&s->prefill, "links.id", ref) : r;
}

/* Is what stands in @field said of one version of it, and of no other? */
static bool is_of_one_version(const struct start *s, const char *field)
{
	return field != NULL && strcmp(field, "target") == 0 &&
	       kind_field(s->kind, span_of("target_version")) != NULL;
}

/*
 * The reference to @from: with the version where the person gave one
 * (@versioned), or it is about that version alone; then it is pinned to the
 * text that they read, too.
 */
static int place_ref(struct start *s, const char *option, bool versioned,
		     const struct source *from)
{
	const struct file *text = files_find(&from->files, FILES_RECORD);
	const char *field = field_for(s, option);
	struct reference ref = {
		.region = span_of(from->region),
		.kind = span_of(from->kind),
		.slug = span_of(from->slug),
		.version = versioned ? from->version : 0,
	};
	struct buf full;
	int r = WEALD_OK;

	if (text != NULL && is_of_one_version(s, field)) {
		ref.version = from->version;
		r = reference_pin(&ref, buf_span(&text->content));
	}
	buf_init(&full, REFERENCE_BYTES_MAX + 1);
	if (r == WEALD_OK) {
		r = reference_format(&full, &ref);
	}
	if (r == WEALD_OK) {
		r = buf_add_byte(&full, '\0');
	}
	if (r == WEALD_OK) {
		r = place(s, field, (const char *)full.data);
	}
	buf_release(&full);
	return r;
}

/* The version that the person had before them. */
static int place_version(struct start *s, const struct source *from)
{
	char version[24];
	int r;

	snprintf(version, sizeof version, "%" PRIu64, from->version);
	r = prefill_offer(&s->prefill, "version_seen", version);
	return r == WEALD_OK
		       ? prefill_offer(&s->prefill, "target_version", version)
		       : r;
}

/* Only a problem can be given as --problem. */
static int check_kind(struct start *s, const char *option,
		      const struct source *from)
{
	if (vocab_kind(span_of(option)) == NULL ||
	    strcmp(option, from->kind) == 0) {
		return WEALD_OK;
	}
	msg_set(&s->c->msg,
		"%s is a record of the kind %s, and the kind %s is wanted here",
		from->ref, from->kind, option);
	return cli_fail(s->c, CLI_ABOUT_INPUT, WEALD_INVALID);
}

/* It may be on its way; one of our own cannot be. */
static int tell_absent(struct start *s, const struct source *from, int err)
{
	if (err != WEALD_NOTFOUND || from->ref[0] == '\0' || from->own) {
		return err;
	}
	msg_clear(&s->c->msg);
	s->c->advice = NULL;
	fprintf(stderr,
		"weald %s: note: %s has not arrived here, so nothing could be "
		"taken from it\n",
		s->c->command, from->ref);
	return WEALD_OK;
}

int start_link(struct start *s, const char *option, const char *text,
	       struct source *out)
{
	struct source *from = out;
	int r;

	r = tell_absent(s, from, source_read(s->c, s->home, s->own, text, out));
	if (r == WEALD_OK) {
		r = check_kind(s, option, from);
	}
	if (r != WEALD_OK) {
		return r;
	}
	if (s->about[0] == '\0') {
		snprintf(s->about, sizeof s->about, "%s", from->slug);
	}
	r = place_ref(s, option, strchr(text, '@') != NULL, from);
	if (r == WEALD_OK && from->last > 0) {
		r = place_version(s, from);
	}
	return r == WEALD_OK ? prefill_from_source(&s->prefill, from) : r;
}

/* ---- writing -------------------------------------------------------------
 */

/* Ask for the title where a person is there to say it. */
static int ask_title(struct start *s)
{
	char *out = s->typed;
	size_t len;

	if (s->c->json || isatty(STDIN_FILENO) != 1 ||
	    isatty(STDERR_FILENO) != 1) {
		return cli_usage_error(s->c,
				       "--title TEXT, --slug NAME or --out DIR "
				       "is missing: the record needs a name");
	}
	fputs("In one line: what is this about? ", stderr);
	fflush(stderr);
	if (fgets(out, (int)sizeof s->typed, stdin) == NULL) {
		out[0] = '\0';
	}
	len = strcspn(out, "\n");
	out[len] = '\0';
	if (len == 0) {
		return cli_usage_error(s->c, "the record needs a name");
	}
	s->title = out;
	return WEALD_OK;
}

/* The name of the record, from what was given. */
static int choose_slug(struct start *s, char slug[NAME_BYTES_MAX + 1])
{
	int r = WEALD_OK;

	slug[0] = '\0';
	if (s->slug != NULL || s->out != NULL) {
		return WEALD_OK;
	}
	if (s->title == NULL && s->about[0] != '\0') {
		snprintf(slug, NAME_BYTES_MAX + 1, "%s", s->about);
		return WEALD_OK;
	}
	if (s->title == NULL) {
		r = ask_title(s);
	}
	if (r == WEALD_OK) {
		desk_slug(s->title, slug);
	}
	if (r == WEALD_OK && slug[0] == '\0') {
		r = cli_usage_error(s->c, "no name can be made of that title; "
					  "give one with --slug NAME");
	}
	return r;
}

/* A record that is there is changed with weald edit, not begun again. */
static int refuse_taken(struct start *s, const char *slug)
{
	char month[8];

	if (versions_month(feed_versions(s->own), span_of(s->kind->name),
			   span_of(slug), month) != WEALD_OK) {
		return WEALD_OK;
	}
	msg_set(&s->c->msg,
		"%s/%s/%s is there already; change it with weald edit %s/%s, "
		"or choose another name with --slug",
		home_slug(s->home), s->kind->name, slug, s->kind->name, slug);
	return cli_fail(s->c, CLI_ABOUT_INPUT, WEALD_EXISTS);
}

static int check_title(struct start *s)
{
	if (s->title == NULL) {
		return WEALD_OK;
	}
	return cli_fail(s->c, CLI_ABOUT_INPUT,
			text_check_line(span_of(s->title), 1,
					FRONT_TITLE_BYTES_MAX, "the title",
					WEALD_INVALID, &s->c->msg));
}

static int fill_in(struct start *s)
{
	const char *intervention;
	int r = prefill_offer(&s->prefill, "title", s->title);

	if (r == WEALD_OK) {
		intervention = prefill_get(&s->prefill, "intervention");
		r = intervention == NULL
			    ? WEALD_OK
			    : prefill_measure(&s->prefill, s->c, s->home,
					      intervention);
	}
	if (r == WEALD_OK) {
		r = prefill_from_past(&s->prefill, s->c, s->home, s->own);
	}
	return r == WEALD_OK ? prefill_defaults(&s->prefill) : r;
}

static int write_files(struct start *s, struct desk *d)
{
	const struct form form = { .kind = s->kind,
				   .values = s->prefill.values,
				   .values_n = s->prefill.n };
	struct buf text;
	int r;

	buf_init(&text, FORM_BYTES_MAX);
	r = form_write(&form, &text);
	if (r == WEALD_OK) {
		r = desk_make(d);
	}
	if (r == WEALD_OK) {
		r = desk_write(d, RECORD_FILE, buf_span(&text));
	}
	buf_clear(&text);
	if (r == WEALD_OK && form_has_series(&form)) {
		r = form_write_series(&text);
		if (r == WEALD_OK) {
			r = desk_write(d, RECORD_DATA, buf_span(&text));
		}
	}
	buf_release(&text);
	return r;
}

int start_write(struct start *s)
{
	char slug[NAME_BYTES_MAX + 1];
	struct desk d;
	int r;

	r = check_title(s);
	if (r == WEALD_OK) {
		r = choose_slug(s, slug);
	}
	if (r == WEALD_OK) {
		r = check_title(s);
	}
	if (r == WEALD_OK) {
		r = desk_init(&d, s->c, s->home, s->out,
			      slug[0] != '\0' ? slug : s->slug);
	}
	if (r == WEALD_OK) {
		r = refuse_taken(s, d.slug);
	}
	if (r == WEALD_OK) {
		r = fill_in(s);
	}
	if (r == WEALD_OK) {
		r = write_files(s, &d);
	}
	return r == WEALD_OK ? desk_hand_over(&d) : r;
}
