/*
 * weald show: a record, one version of it, or one file of that.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/cli.h"
#include "daemon/cli/files.h"
#include "daemon/cli/out.h"
#include "daemon/cli/pager.h"
#include "daemon/cli/view.h"
#include "proto/sshkey.h"
#include "proto/text.h"

struct showing {
	struct cli *c;
	struct reference ref;
	char name[REFERENCE_REGION_BYTES_MAX + 1]; /* of the feed */
	const char *file;                          /* --file, or NULL */
	struct home *home;
	struct feed *feed;
	struct buf record;
	uint64_t seq;  /* of the version that is shown */
	uint64_t last; /* version */
	struct stored stored;
	struct files files;
};

/* Nothing in @s that a terminal would take for an order. */
static bool is_tame(struct span s)
{
	char piece[8];
	uint32_t rune;
	size_t n;

	while (s.len > 0) {
		n = text_rune(s, &rune);
		if (n == 0) {
			return false;
		}
		text_escape((const char *)s.data, n, piece, sizeof piece);
		if (piece[0] == '\\' && s.data[0] != '\\' &&
		    s.data[0] != '\n' && s.data[0] != '\t') {
			return false;
		}
		s.data += n;
		s.len -= n;
	}
	return true;
}

/* The bytes of one file as they are. */
static int print_file(struct showing *s)
{
	const struct file *file = files_find(&s->files, s->file);
	struct cli *c = s->c;

	if (file == NULL) {
		msg_set(&c->msg, "there is no file %s in it", s->file);
		c->advice = "weald show without --file lists the files";
		return cli_fail(c, CLI_ABOUT_ASKED, WEALD_NOTFOUND);
	}
	if (out_is_terminal() && !is_tame(buf_span(&file->content))) {
		msg_set(&c->msg,
			"%s holds characters that could play tricks on a "
			"terminal",
			s->file);
		c->advice = "send it to a file with > FILE";
		return cli_fail(c, CLI_ABOUT_ASKED, WEALD_INVALID);
	}
	fwrite(file->content.data, 1, file->content.len, stdout);
	return out_flush(c);
}

/* Every version of the record, the newest first: one call of @each. */
typedef int version_fn(struct showing *s, const struct stored *v, void *ctx);

static int each_version(struct showing *s, version_fn *each, void *ctx)
{
	uint64_t seq = feed_committed_seq(s->feed);
	uint64_t left = s->last;
	struct stored v;
	int r = WEALD_OK;

	for (; r == WEALD_OK && seq > 0 && left > 0; seq--) {
		r = feed_read(s->feed, seq, &v, &s->c->msg);
		if (r != WEALD_OK) {
			return cli_fail(s->c, CLI_ABOUT_FEED, r);
		}
		if (span_equal(v.update.record, buf_span(&s->record))) {
			r = each(s, &v, ctx);
			left--;
		}
		stored_release(&v);
	}
	return r;
}

static int print_version(struct showing *s, const struct stored *v, void *ctx)
{
	char time[OUT_TIME_BYTES];
	bool *first = ctx;
	int r;

	(void)s;
	view_time(v->update.time, time);
	printf("%-9s %" PRIu64 "  %s  ", *first ? "versions" : "",
	       v->update.version, time);
	*first = false;
	r = out_put(v->update.summary);
	putchar('\n');
	return r;
}

static int print_field(const char *name, struct span text)
{
	int r;

	printf("%-9s ", name);
	r = out_put(text);
	putchar('\n');
	return r;
}

static int print_note(struct span note)
{
	if (note.len == 0) {
		return WEALD_OK;
	}
	printf("note\n");
	return out_lines(note, "          ");
}

static void print_topics(const struct update *u)
{
	size_t i;

	if (u->topics_n > 0) {
		printf("%-9s", "topics");
		for (i = 0; i < u->topics_n; i++) { /* [a-z0-9-] only */
			printf("%s %.*s", i == 0 ? "" : ",",
			       (int)u->topics[i].len,
			       (const char *)u->topics[i].data);
		}
		putchar('\n');
	}
}

static int print_head(struct showing *s)
{
	const struct update *u = &s->stored.update;
	char ref[REF_TEXT_BYTES];
	char time[OUT_TIME_BYTES];
	char key[SSHKEY_FINGERPRINT_BYTES];
	char commit[2 * OBJECT_ID_BYTES + 1];
	int r;

	ref_text(s->name, u->record, u->version, ref);
	out_time(u->time, time);
	hex_encode(s->stored.commit_id, OBJECT_ID_BYTES, commit);
	r = sshkey_fingerprint(u->key, key);
	if (r != WEALD_OK) {
		return r;
	}
	printf("%s\n\n", ref);
	r = print_field("summary", u->summary);
	printf("%-9s %" PRIu64 " of %" PRIu64 "\n", "version", u->version,
	       s->last);
	printf("%-9s %s UTC%s\n", "time", time,
	       out_time_is_ahead(u->time) ? ", ahead of this machine's clock"
					  : "");
	printf("%-9s %s\n", "by", s->name);
	printf("%-9s %s\n", "key", key);
	if (r == WEALD_OK) {
		r = print_field("action", u->action);
	}
	printf("%-9s %" PRIu64 "\n%-9s %s\n", "update", u->seq, "commit",
	       commit);
	print_topics(u);
	return r != WEALD_OK ? r : print_note(u->note);
}

static void print_files(const struct showing *s)
{
	size_t i;

	for (i = 0; i < s->files.n; i++) { /* names are [a-z0-9._-/] */
		printf("%-9s %s, %zu bytes\n", i == 0 ? "files" : "",
		       s->files.list[i].name, s->files.list[i].content.len);
	}
}

static int print_record(struct showing *s)
{
	const struct file *text = files_find(&s->files, FILES_RECORD);
	bool first = true;
	int r;

	r = print_head(s);
	if (r == WEALD_OK) {
		print_files(s);
		r = each_version(s, print_version, &first);
	}
	if (r == WEALD_OK && text != NULL) {
		putchar('\n');
		r = out_lines(buf_span(&text->content), "");
	}
	return r != WEALD_OK ? r : out_flush(s->c);
}

static int add_version_json(struct showing *s, const struct stored *v,
			    void *ctx)
{
	json_t *list = ctx;
	json_t *o = json_object();
	char time[OUT_TIME_BYTES];

	(void)s;
	out_time_iso(v->update.time, time);
	if (json_array_append_new(list, o) != 0 ||
	    json_object_set_new(o, "version",
				json_integer((json_int_t)v->update.version)) ||
	    json_object_set_new(o, "seq",
				json_integer((json_int_t)v->update.seq)) ||
	    json_object_set_new(o, "time", json_string(time)) ||
	    json_object_set_new(o, "action", json_span(v->update.action)) ||
	    json_object_set_new(o, "summary", json_span(v->update.summary))) {
		return WEALD_NOMEM;
	}
	return WEALD_OK;
}

static json_t *files_json(const struct showing *s)
{
	json_t *list = json_array();
	char blob[2 * OBJECT_ID_BYTES + 1];
	json_t *o;
	size_t i;

	for (i = 0; i < s->files.n; i++) {
		o = json_object();
		hex_encode(s->files.list[i].blob, OBJECT_ID_BYTES, blob);
		if (json_array_append_new(list, o) != 0 ||
		    json_object_set_new(o, "name",
					json_string(s->files.list[i].name)) ||
		    json_object_set_new(o, "size",
					json_integer(
						(json_int_t)s->files.list[i]
							.content.len)) ||
		    json_object_set_new(o, "blob", json_string(blob))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static int print_json(struct showing *s)
{
	const struct file *text = files_find(&s->files, FILES_RECORD);
	json_t *versions = json_array();
	struct json_line j;
	int r;

	json_line_init(&j);
	view_update_json(&j, s->name, &s->stored);
	json_line_uint(&j, "versions_n", s->last);
	json_line_add(&j, "files", files_json(s));
	r = each_version(s, add_version_json, versions);
	json_line_add(&j, "versions", versions);
	if (text != NULL && text_is_utf8(buf_span(&text->content))) {
		json_line_span(&j, "text", buf_span(&text->content));
	} else {
		json_line_add(&j, "text", json_null());
	}
	if (r != WEALD_OK) {
		json_line_release(&j);
		return r;
	}
	return json_line_print(&j);
}

static int print_paged(struct showing *s)
{
	struct pager pager;
	int r;

	pager_start(&pager);
	r = print_record(s);
	pager_end(&pager);
	return r;
}

static int find(struct showing *s, const char *text)
{
	struct cli *c = s->c;
	int r;

	r = reference_parse(span_of(text), span_of(home_slug(s->home)), &s->ref,
			    &c->msg);
	if (r != WEALD_OK) {
		return cli_fail(c, CLI_ABOUT_INPUT, r);
	}
	snprintf(s->name, sizeof s->name, "%.*s", (int)s->ref.region.len,
		 (const char *)s->ref.region.data);
	r = cli_open_feed(c, s->home, s->name, &s->feed);
	if (r == WEALD_OK) {
		r = view_find_record(c, s->feed, s->name, s->ref.kind,
				     s->ref.slug, &s->record);
	}
	if (r != WEALD_OK) {
		return r;
	}
	r = versions_get(feed_versions(s->feed), buf_span(&s->record), &s->last,
			 &c->msg);
	if (r == WEALD_OK) {
		r = feed_find_version(s->feed, buf_span(&s->record),
				      s->ref.version, &s->seq, &c->msg);
	}
	if (r != WEALD_OK) {
		return cli_fail(c, CLI_ABOUT_ASKED, r);
	}
	return cli_fail(c, CLI_ABOUT_FEED,
			feed_read(s->feed, s->seq, &s->stored, &c->msg));
}

static int show(struct showing *s, const char *text)
{
	int r;

	r = find(s, text);
	if (r == WEALD_OK) {
		r = files_load(s->c, s->feed, s->seq, buf_span(&s->record),
			       &s->files);
	}
	if (r != WEALD_OK) {
		return r;
	}
	if (s->file != NULL) {
		return print_file(s);
	}
	return s->c->json ? print_json(s) : print_paged(s);
}

static void release(struct showing *s)
{
	files_release(&s->files);
	stored_release(&s->stored);
	buf_release(&s->record);
	feed_close(s->feed);
	home_close(s->home);
}

static const char show_text[] =
	"Show the latest version of a record, or @VERSION: what it is, its\n"
	"files, all its versions, and the text of record.md. REF is\n"
	"region/kind/slug, or kind/slug for a record of this region.\n";

int command_show(struct cli *c, int argc, char **argv)
{
	struct showing s = { .c = c };
	const struct cli_option options[] = {
		{ "file", 0, CLI_OPTION_TEXT, &s.file, "NAME",
		  "print this file of it instead, as it is" },
	};
	const struct cli_usage usage = {
		.synopsis = "show [--file NAME] REF[@VERSION]",
		.text = show_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
		.args_min = 1,
		.args_max = 1,
	};
	int first;
	int r;

	buf_init(&s.record, RECORD_BYTES_MAX);
	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = cli_open_home(c, &s.home);
	if (r == WEALD_OK) {
		r = show(&s, argv[first]);
	}
	release(&s);
	return r;
}
