/*
 * weald show: a record, one version of it, one file of that, or what is
 * different between two versions.
 *
 * The record is read from git; the index says what others say of it, and where
 * there is none that can be read the rest is shown without.
 */
#include "daemon/cli/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/hits.h"
#include "daemon/cli/lookup.h"
#include "daemon/cli/out.h"
#include "daemon/cli/pager.h"
#include "daemon/cli/prose.h"
#include "proto/sshkey.h"
#include "proto/text.h"

/* ---- files ---------------------------------------------------------------
 */

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
	const char *name = s->raw ? FILES_RECORD : s->file;
	const struct file *file = files_find(&s->shown.files, name);
	struct cli *c = s->c;

	if (file == NULL) {
		msg_set(&c->msg, "there is no file %s in it", name);
		c->advice = "weald show without --file lists the files";
		return cli_fail(c, CLI_ABOUT_ASKED, WEALD_NOTFOUND);
	}
	if (out_is_terminal() && !is_tame(buf_span(&file->content))) {
		msg_set(&c->msg,
			"%s holds characters that could play tricks on a "
			"terminal",
			name);
		c->advice = "send it to a file with > FILE";
		return cli_fail(c, CLI_ABOUT_ASKED, WEALD_INVALID);
	}
	fwrite(file->content.data, 1, file->content.len, stdout);
	return out_flush(c);
}

/* ---- versions ------------------------------------------------------------
 */

/* Keep a version for the list; its texts are copied. */
static int add_version(struct showing *s, const struct show_version *v,
		       struct span action, struct span summary)
{
	struct show_version *grown;
	struct show_version *to;

	grown = realloc(s->versions, (s->versions_n + 1) * sizeof *grown);
	if (grown == NULL) {
		return WEALD_NOMEM;
	}
	s->versions = grown;
	to = &grown[s->versions_n++];
	*to = *v;
	if (to->state == INDEX_WITHHELD) {
		summary.len = 0;
	}
	to->action = strndup((const char *)action.data, action.len);
	to->summary =
		strndup(summary.len == 0 ? "" : (const char *)summary.data,
			summary.len);
	return to->action == NULL || to->summary == NULL ? WEALD_NOMEM
							 : WEALD_OK;
}

/* As the index has them; nothing where it does not know the last one yet. */
static int versions_of_index(struct showing *s)
{
	struct version_rows rows = { 0 };
	const struct version_row *row;
	struct show_version v;
	size_t i;
	int r = query_versions(s->index, s->whole, &rows, &s->c->msg);

	for (i = 0; r == WEALD_OK && rows.n == s->last && i < rows.n; i++) {
		row = &rows.list[i];
		v = (struct show_version){ .version = row->version,
					   .seq = row->seq,
					   .time = row->time,
					   .state = row->state };
		if (row->state == INDEX_WITHHELD) {
			snprintf(v.why, sizeof v.why, "%s",
				 row->why[0] == '\0' ? "?" : row->why);
		}
		r = add_version(s, &v, span_of(row->action),
				span_of(row->summary));
	}
	version_rows_release(&rows);
	return r == WEALD_NOTFOUND ? WEALD_OK : r;
}

/* By reading the feed back to the first of them. */
static int versions_of_feed(struct showing *s)
{
	const struct view_guard guard = { .name = s->name, .feed = s->feed };
	uint64_t seq = feed_committed_seq(s->feed);
	struct show_version v;
	struct stored stored;
	int r = WEALD_OK;

	for (; r == WEALD_OK && seq > 0 && s->versions_n < s->last; seq--) {
		r = feed_read(s->feed, seq, &stored, &s->c->msg);
		if (r != WEALD_OK) {
			return cli_fail(s->c, CLI_ABOUT_FEED, r);
		}
		if (span_equal(stored.update.record, buf_span(&s->path))) {
			v = (struct show_version){
				.version = stored.update.version,
				.seq = seq,
				.time = stored.update.time
			};
			r = view_guard_check(s->c, &guard, &stored, v.why);
			v.state =
				v.why[0] == '\0' ? INDEX_SHOWN : INDEX_WITHHELD;
			if (r == WEALD_OK) {
				r = add_version(s, &v, stored.update.action,
						stored.update.summary);
			}
		}
		stored_release(&stored);
	}
	return r;
}

/* ---- the index -----------------------------------------------------------
 */

/* Is @ref the intervention that it uses, or tells of? */
static bool names_intervention(const struct showing *s, const char *ref)
{
	size_t i;

	for (i = 0; i < s->links.n; i++) {
		if (show_is_intervention(&s->links.list[i]) &&
		    strcmp(s->links.list[i].ref, ref) == 0) {
			return true;
		}
	}
	return false;
}

/*
 * The withdrawals of what this region uses; those that are about this record,
 * or about its intervention, come to the front.
 */
static int ask_alerts(struct showing *s)
{
	int r = query_alerts(s->index, false, &s->alerts, &s->c->msg);
	struct alert about;
	bool own;
	size_t i;

	for (i = 0; r == WEALD_OK && i < s->alerts.n; i++) {
		about = s->alerts.list[i];
		own = strcmp(about.target, s->whole) == 0 ||
		      strcmp(about.by, s->whole) == 0;
		if (own || names_intervention(s, about.target)) {
			s->alerts_own = s->alerts_own || own;
			s->alerts.list[i] = s->alerts.list[s->alerts_n];
			s->alerts.list[s->alerts_n++] = about;
		}
	}
	return r;
}

static int ask_index(struct showing *s)
{
	struct weald_msg *msg = &s->c->msg;
	int r = query_record(s->index, s->whole, &s->hit, msg);

	if (r == WEALD_NOTFOUND) { /* it is not in it yet */
		return WEALD_OK;
	}
	s->has_hit = r == WEALD_OK;
	if (r == WEALD_OK) {
		r = query_links(s->index, s->whole, &s->links, msg);
	}
	if (r == WEALD_OK && s->hit.version == s->shown.version) {
		r = query_effect(s->index, s->whole, &s->estimate, msg);
	}
	if (r == WEALD_OK && span_equal(s->ref.kind, span_of("intervention"))) {
		r = query_derived(s->index, s->whole, s->today, &s->derived,
				  msg);
		s->has_derived = r == WEALD_OK;
	}
	if (r == WEALD_OK || r == WEALD_NOTFOUND) {
		r = ask_alerts(s);
	}
	return r == WEALD_OK ? versions_of_index(s) : r;
}

/* What others say is left out where the index cannot be read. */
static int open_index(struct showing *s)
{
	struct cli *c = s->c;
	int r = lookup_open(c, s->home, &s->index);

	if (r == WEALD_OK) {
		s->complete = lookup_is_complete(c, s->home, s->index);
		r = ask_index(s);
	}
	if (r == WEALD_NOMEM) {
		return r;
	}
	if (r != WEALD_OK) {
		fprintf(stderr,
			"weald show: what other records say of it is not "
			"shown: %s%s%s\n",
			msg_text(&c->msg, r), c->advice == NULL ? "" : "; ",
			c->advice == NULL ? "" : c->advice);
		msg_clear(&c->msg);
		c->advice = NULL;
	}
	return s->versions_n == 0 ? versions_of_feed(s) : WEALD_OK;
}

/* ---- for people ----------------------------------------------------------
 */

static int print_versions(const struct showing *s)
{
	char withheld[JUDGE_WHY_BYTES + sizeof VIEW_WITHHELD];
	const struct show_version *v;
	char time[OUT_TIME_BYTES];
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < s->versions_n; i++) {
		v = &s->versions[i];
		view_time(v->time, time);
		snprintf(withheld, sizeof withheld, "%s%s", VIEW_WITHHELD,
			 v->why);
		printf("%-9s %" PRIu64 "  %s  ", i == 0 ? "versions" : "",
		       v->version, time);
		r = prose_put(s->width, "", 31,
			      span_of(v->state != INDEX_WITHHELD ? v->summary
								 : withheld));
	}
	return r;
}

static int print_line(const struct showing *s, const char *name,
		      struct span text)
{
	printf("%-9s ", name);
	return prose_put(s->width, "", 10, text);
}

static int print_note(struct span note)
{
	if (note.len == 0) {
		return WEALD_OK;
	}
	printf("note\n");
	return out_lines(note, "          ");
}

/* Who made this version, when and how. */
static int print_update(const struct showing *s)
{
	const struct update *u = &s->shown.stored.update;
	char time[OUT_TIME_BYTES];
	char key[SSHKEY_FINGERPRINT_BYTES];
	char commit[2 * OBJECT_ID_BYTES + 1];
	int r;

	out_time(u->time, time);
	hex_encode(s->shown.stored.commit_id, OBJECT_ID_BYTES, commit);
	r = sshkey_fingerprint(u->key, key);
	if (r != WEALD_OK) {
		return r;
	}
	putchar('\n');
	r = print_line(s, "summary", u->summary);
	printf("%-9s %" PRIu64 " of %" PRIu64 "\n", "version", u->version,
	       s->last);
	printf("%-9s %s UTC%s\n", "time", time,
	       out_time_is_ahead(u->time) ? ", ahead of this machine's clock"
					  : "");
	printf("%-9s %s\n", "by", s->name);
	printf("%-9s %s\n", "key", key);
	if (r == WEALD_OK) {
		r = print_line(s, "action", u->action);
	}
	printf("%-9s %" PRIu64 "\n%-9s %s\n", "update", u->seq, "commit",
	       commit);
	return r != WEALD_OK ? r : print_note(u->note);
}

static void print_files(const struct showing *s)
{
	const struct files *files = &s->shown.files;
	size_t i;

	for (i = 0; i < files->n; i++) { /* names are [a-z0-9._-/] */
		printf("%-9s %s, %zu bytes\n", i == 0 ? "files" : "",
		       files->list[i].name, files->list[i].content.len);
	}
}

/* Its name and title, and what a reader must know before all else. */
static int print_heading(const struct showing *s)
{
	const struct record *record = s->shown.record;
	char ref[REF_TEXT_BYTES];
	char kind[NAME_BYTES_MAX + 1];
	int r = WEALD_OK;

	ref_text(s->name, buf_span(&s->path), s->shown.version, ref);
	snprintf(kind, sizeof kind, "%.*s", (int)s->ref.kind.len,
		 (const char *)s->ref.kind.data);
	printf("%s\n", ref);
	if (record != NULL) {
		r = prose_put(s->width, "", 0,
			      span_of(record_text(record, "title")));
	}
	if (r == WEALD_OK) {
		r = show_state(s);
	}
	printf("\n%-20s  %s\n", "kind", hits_kind(kind));
	return r;
}

static int print_record(const struct showing *s)
{
	int r = print_heading(s);

	if (r == WEALD_OK) {
		r = show_fields(s);
	}
	if (r == WEALD_OK) {
		r = show_body(s);
	}
	if (r == WEALD_OK) {
		r = show_series(s);
	}
	if (r == WEALD_OK) {
		r = show_links(s);
	}
	if (r == WEALD_OK) {
		r = print_update(s);
	}
	if (r == WEALD_OK) {
		print_files(s);
		r = print_versions(s);
	}
	return r != WEALD_OK ? r : out_flush(s->c);
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

/* ---- for scripts ---------------------------------------------------------
 */

static json_t *versions_json(const struct showing *s)
{
	const struct show_version *v;
	json_t *list = json_array();
	char time[OUT_TIME_BYTES];
	json_t *o;
	size_t i;
	int failed = 0;

	for (i = 0; i < s->versions_n; i++) {
		v = &s->versions[i];
		out_time_iso(v->time, time);
		o = json_pack("{s:I, s:I, s:s, s:o, s:o}", "version",
			      (json_int_t)v->version, "seq", (json_int_t)v->seq,
			      "time", time, "action",
			      json_span(span_of(v->action)), "summary",
			      json_span(span_of(v->summary)));
		if (o != NULL && v->why[0] != '\0') {
			failed |= json_object_set_new(o, "withheld",
						      json_string(v->why));
		}
		failed |= json_array_append_new(list, o);
	}
	if (failed) {
		json_decref(list);
		return NULL;
	}
	return list;
}

static json_t *files_json(const struct showing *s)
{
	json_t *list = json_array();
	char blob[2 * OBJECT_ID_BYTES + 1];
	json_t *o;
	size_t i;

	for (i = 0; i < s->shown.files.n; i++) {
		o = json_object();
		hex_encode(s->shown.files.list[i].blob, OBJECT_ID_BYTES, blob);
		if (json_array_append_new(list, o) != 0 ||
		    json_object_set_new(o, "name",
					json_string(
						s->shown.files.list[i].name)) ||
		    json_object_set_new(o, "size",
					json_integer((json_int_t)s->shown.files
							     .list[i]
							     .content.len)) ||
		    json_object_set_new(o, "blob", json_string(blob))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* What the index knows; its keys are there without it too. */
static void add_known(struct json_line *j, const struct showing *s)
{
	json_t *alerts = json_array();
	size_t i;

	for (i = 0; i < s->alerts_n; i++) {
		if (json_array_append_new(
			    alerts, hits_alert_json(&s->alerts.list[i])) != 0) {
			j->failed = true;
		}
	}
	json_line_add(j, "alerts", alerts);
	json_line_bool(j, "indexed", s->has_hit);
	json_line_bool(j, "complete", s->complete);
	json_line_bool(j, "withdrawn", s->has_hit && s->hit.withdrawn);
	json_line_text(j, "withdrawn_by",
		       s->has_hit ? s->hit.withdrawn_by : "");
	json_line_text(j, "level", s->has_hit ? s->hit.level : "");
	json_line_add(j, "computed", show_computed_json(s));
	json_line_add(j, "links", show_links_json(s));
	json_line_add(j, "derived",
		      s->has_derived ? hits_derived_json(&s->derived)
				     : json_null());
}

static int print_json(struct showing *s)
{
	const struct file *text = files_find(&s->shown.files, FILES_RECORD);
	const struct record *record = s->shown.record;
	struct json_line j;

	json_line_init(&j);
	view_update_json(&j, s->name, &s->shown.stored, "");
	json_line_uint(&j, "versions_n", s->last);
	json_line_add(&j, "files", files_json(s));
	json_line_add(&j, "versions", versions_json(s));
	json_line_span(&j, "kind", s->ref.kind);
	json_line_span(&j, "title",
		       span_of(record == NULL ? ""
					      : record_text(record, "title")));
	json_line_bool(&j, "example",
		       record != NULL && record_bool(record, "example"));
	json_line_bool(&j, "review_passed", show_review_passed(s));
	json_line_text(&j, "latest_withheld", s->latest.why);
	json_line_bool(&j, "latest_absent", s->latest.state == INDEX_ABSENT);
	json_line_add(&j, "fields", show_fields_json(s));
	add_known(&j, s);
	if (text != NULL && text_is_utf8(buf_span(&text->content))) {
		json_line_span(&j, "text", buf_span(&text->content));
	} else {
		json_line_add(&j, "text", json_null());
	}
	return json_line_print(&j);
}

/* ---- finding it ----------------------------------------------------------
 */

struct edition_from show_from(const struct showing *s)
{
	return (struct edition_from){ .home = s->home,
				      .feed = s->feed,
				      .ref = s->whole,
				      .path = buf_span(&s->path) };
}

/* Neither @s->latest nor, where that was not asked for, any other. */
static int refuse(struct showing *s)
{
	const bool withheld = s->latest.state == INDEX_WITHHELD;
	char why[EDITION_WHY_BYTES];
	struct cli *c = s->c;

	edition_why(&s->latest, why);
	if (s->ref.version != 0 && s->last > 1) {
		msg_set(&c->msg, "version %" PRIu64 " of it is %s",
			s->ref.version, why);
		c->advice = "without @N weald show takes the latest that may "
			    "be shown";
	} else {
		msg_set(&c->msg, "it is %s", why);
		c->advice = withheld ? "its region has to publish a version "
				       "without it"
				     : "weald follow takes more of a region";
	}
	return cli_fail(c, CLI_ABOUT_ASKED,
			withheld ? WEALD_PRIVACY : WEALD_NOTFOUND);
}

/* The version that was asked for, or the latest that may be shown. */
static int load_shown(struct showing *s)
{
	const struct edition_from from = show_from(s);
	int r = edition_load(s->c, &from, s->ref.version, &s->shown);

	if (r != WEALD_OK || s->shown.state == INDEX_SHOWN) {
		return r;
	}
	s->latest = s->shown; /* it holds nothing more */
	s->shown = (struct edition){ .version = 0 };
	if (s->ref.version == 0) {
		r = edition_before(s->c, &from, s->latest.version, &s->shown);
	}
	return r == WEALD_OK && s->shown.version == 0 ? refuse(s) : r;
}

static int find(struct showing *s, const char *text)
{
	struct cli *c = s->c;
	uint64_t version;
	int r;

	r = lookup_ref(c, s->home, text, &s->whole, &version);
	if (r != WEALD_OK) {
		return r;
	}
	/* borrowed from the whole one, which stays */
	r = reference_parse(span_of(s->whole), span_of(""), &s->ref, &c->msg);
	if (r != WEALD_OK) {
		return cli_fail(c, CLI_ABOUT_INPUT, r);
	}
	s->ref.version = version;
	snprintf(s->name, sizeof s->name, "%.*s", (int)s->ref.region.len,
		 (const char *)s->ref.region.data);
	r = cli_open_feed(c, s->home, s->name, &s->feed);
	if (r == WEALD_OK) {
		r = view_find_record(c, s->feed, s->name, s->ref.kind,
				     s->ref.slug, &s->path);
	}
	if (r != WEALD_OK) {
		return r;
	}
	r = versions_get(feed_versions(s->feed), buf_span(&s->path), &s->last,
			 &c->msg);
	return r == WEALD_OK ? load_shown(s) : cli_fail(c, CLI_ABOUT_ASKED, r);
}

static int show(struct showing *s, const char *text)
{
	int r = find(s, text);

	if (r != WEALD_OK) {
		return r;
	}
	s->width = prose_width();
	if (s->raw || s->file != NULL) {
		return print_file(s);
	}
	if (s->diff) {
		return show_diff(s);
	}
	r = open_index(s);
	if (r != WEALD_OK) {
		return r;
	}
	return s->c->json ? print_json(s) : print_paged(s);
}

static void release(struct showing *s)
{
	while (s->versions_n > 0) {
		s->versions_n--;
		free(s->versions[s->versions_n].action);
		free(s->versions[s->versions_n].summary);
	}
	free(s->versions);
	alerts_release(&s->alerts);
	derived_release(&s->derived);
	links_release(&s->links);
	hit_release(&s->hit);
	index_close(s->index);
	edition_release(&s->shown);
	buf_release(&s->path);
	free(s->whole);
	feed_close(s->feed);
	home_close(s->home);
}

/* A range of versions may stand before the reference or behind it. */
static bool is_range(const char *text)
{
	return text[0] >= '0' && text[0] <= '9' && strstr(text, "..") != NULL;
}

static int take_arguments(struct showing *s, int argc, char **argv, int first,
			  const char **out_ref)
{
	int n = argc - first;
	int i;

	for (i = first; s->diff && n == 2 && i < argc; i++) {
		if (s->range == NULL && is_range(argv[i])) {
			s->range = argv[i];
			*out_ref = argv[i == first ? first + 1 : first];
			return WEALD_OK;
		}
	}
	if (n > 1) {
		return cli_usage_error(s->c, "unexpected argument %s",
				       argv[first + 1]);
	}
	*out_ref = argv[first];
	return WEALD_OK;
}

static const char show_text[] =
	"Show a record as a person reads it: what it is, its numbers, what "
	"other\n"
	"records say of it, and its versions. REF is region/kind/slug, or\n"
	"kind/slug for a record of this region; without @VERSION it is the "
	"latest\n"
	"that may be shown.\n";

int command_show(struct cli *c, int argc, char **argv)
{
	struct showing s = { .c = c, .today = lookup_today() };
	const struct cli_option options[] = {
		{ "diff", 0, CLI_OPTION_FLAG, &s.diff, NULL,
		  "what changed since the version before, or from\n"
		  "version A to version B" },
		{ "file", 0, CLI_OPTION_TEXT, &s.file, "NAME",
		  "print this file of it instead, as it is" },
		{ "raw", 0, CLI_OPTION_FLAG, &s.raw, NULL,
		  "print record.md instead, as it is" },
	};
	const struct cli_usage usage = {
		.synopsis = "show [--raw | --file NAME] REF[@VERSION]\n"
			    "show --diff [A..B] REF[@VERSION]",
		.text = show_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
		.args_min = 1,
		.args_wanted = "name a record",
		.args_max = 2,
	};
	const char *ref = NULL;
	int first;
	int r;

	buf_init(&s.path, RECORD_BYTES_MAX);
	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	r = take_arguments(&s, argc, argv, first, &ref);
	if (r == WEALD_OK && s.raw + s.diff + (s.file != NULL) > 1) {
		r = cli_usage_error(c, "--raw, --file and --diff do not go "
				       "together");
	}
	if (r == WEALD_OK) {
		r = cli_open_home(c, &s.home);
	}
	if (r == WEALD_OK) {
		r = show(&s, ref);
	}
	release(&s);
	return r;
}
