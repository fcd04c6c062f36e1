/*
 * weald publish: folders become the next versions of records.
 *
 * Two passes. The first reads and checks every folder, and signs nothing
 * where one has a problem. The second signs, and commits a batch at a time; a
 * record's reference is printed once its update is durable, and never before.
 * Small calls keep what the first pass read; in large ones the second reads
 * again, and checks again. Where a daemon runs the second pass is a
 * conversation with it: publish_send.c.
 */
#include "daemon/cli/publish_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "proto/text.h"
#include "store/fs.h"

/* How much the first pass keeps for the second. */
#define KEEP_BYTES_MAX (64u * 1024u * 1024u)
/* What a folder takes beside its contents. */
#define KEEP_BYTES_EACH 4096u

/* So many problems are told one by one. */
#define PROBLEMS_SHOWN 20u

#define PATHS_MAX 1000000u

static void items_release(struct publishing *p)
{
	struct item *it;

	while (p->items_n > 0) {
		it = &p->items[--p->items_n];
		if (it->folder != NULL) {
			folder_release(it->folder);
		}
		free(it->folder);
		free(it->name);
		free(it->path);
	}
	free(p->items);
	p->items = NULL;
}

static int add_path(struct publishing *p, const char *path)
{
	struct item *grown;
	size_t cap;

	if (path[0] == '\0') {
		return cli_usage_error(p->c, "a path is empty");
	}
	if (p->items_n == PATHS_MAX) {
		return cli_usage_error(p->c, "more than %u paths", PATHS_MAX);
	}
	if (p->items_n == p->items_cap) {
		cap = p->items_cap == 0 ? 16 : 2 * p->items_cap;
		grown = realloc(p->items, cap * sizeof *grown);
		if (grown == NULL) {
			return WEALD_NOMEM;
		}
		p->items = grown;
		p->items_cap = cap;
	}
	p->items[p->items_n] = (struct item){ .path = strdup(path) };
	if (p->items[p->items_n].path == NULL) {
		return WEALD_NOMEM;
	}
	p->items_n++;
	return WEALD_OK;
}

/* One path a line; empty lines are passed over. */
static int read_paths(struct publishing *p, FILE *file, const char *name)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int r = WEALD_OK;

	while (r == WEALD_OK && (n = getline(&line, &cap, file)) >= 0) {
		if (strlen(line) != (size_t)n) {
			msg_set(&p->c->msg, "%s: not a list of paths", name);
			r = cli_fail(p->c, CLI_ABOUT_INPUT, WEALD_INVALID);
			break;
		}
		if (n > 0 && line[n - 1] == '\n') {
			line[n - 1] = '\0';
		}
		if (line[0] != '\0') {
			r = add_path(p, line);
		}
	}
	if (r == WEALD_OK && ferror(file)) {
		r = fs_fail(errno, "cannot read", NULL, name, &p->c->msg);
		(void)cli_fail(p->c, CLI_ABOUT_INPUT, r);
	}
	free(line);
	return r;
}

static int add_paths_from(struct publishing *p, const char *name)
{
	FILE *file;
	int r;

	if (strcmp(name, "-") == 0) {
		return read_paths(p, stdin, "standard input");
	}
	file = fopen(name, "re");
	if (file == NULL) {
		r = fs_fail(errno, "cannot open", NULL, name, &p->c->msg);
		return cli_fail(p->c, CLI_ABOUT_INPUT, r);
	}
	r = read_paths(p, file, name);
	fclose(file);
	return r;
}

/* A problem with the input: hold it, and tell the one that was held. */
static void note_problem(struct publishing *p, int err,
			 const struct weald_msg *msg)
{
	if (p->problem != WEALD_OK && p->problems < PROBLEMS_SHOWN) {
		progress_end(&p->progress);
		cli_report(p->c, p->problem);
	}
	p->problems++;
	p->c->msg = *msg;
	p->problem = cli_fail(p->c, CLI_ABOUT_INPUT, err);
}

static int set_name(struct item *it, const struct folder *f)
{
	char name[NAME_TEXT_BYTES];

	snprintf(name, sizeof name, "%s/%s", f->front.kind, f->slug);
	it->name = strdup(name);
	return it->name == NULL ? WEALD_NOMEM : WEALD_OK;
}

/* The first pass over one folder. */
static int check_item(struct publishing *p, struct item *it)
{
	struct weald_msg msg = { "" };
	struct folder f;
	size_t size;
	int r;

	r = folder_load(it->path, &f, &msg);
	if (r == WEALD_NOMEM) {
		return r;
	}
	if (r != WEALD_OK) {
		note_problem(p, r, &msg);
		return WEALD_OK;
	}
	r = set_name(it, &f);
	size = f.bytes + KEEP_BYTES_EACH;
	if (r == WEALD_OK && size <= KEEP_BYTES_MAX - p->keep_bytes) {
		it->folder = malloc(sizeof f);
		if (it->folder == NULL) {
			r = WEALD_NOMEM;
		} else {
			*it->folder = f;
			p->keep_bytes += size;
			return WEALD_OK; /* transferred */
		}
	}
	folder_release(&f);
	return r;
}

static int compare_items(const void *a, const void *b)
{
	const struct item *x = *(const struct item *const *)a;
	const struct item *y = *(const struct item *const *)b;
	int d = strcmp(x->name, y->name);

	return d != 0 ? d : (x > y) - (x < y); /* then as they were given */
}

static void tell_both(const struct publishing *p, const struct item *a,
		      const struct item *b)
{
	struct weald_msg msg;

	msg_set(&msg,
		"%.150s and %.150s are both the record %s; the second is "
		"its next version",
		a->path, b->path, b->name);
	fprintf(stderr, "weald %s: note: %s\n", p->c->command, msg.text);
}

/*
 * One record twice is two versions of it, in the order given. That may be
 * meant or a slip (two folders of one name), so it is said.
 */
static int tell_twice(struct publishing *p)
{
	const struct item **sorted = calloc(p->items_n, sizeof *sorted);
	size_t told = 0;
	size_t i;

	if (sorted == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < p->items_n; i++) {
		sorted[i] = &p->items[i];
	}
	qsort(sorted, p->items_n, sizeof *sorted, compare_items);
	for (i = 1; i < p->items_n && told < PROBLEMS_SHOWN; i++) {
		if (strcmp(sorted[i - 1]->name, sorted[i]->name) != 0) {
			continue;
		}
		told++;
		tell_both(p, sorted[i - 1], sorted[i]);
	}
	free(sorted);
	return WEALD_OK;
}

static int check_all(struct publishing *p)
{
	size_t i;
	int r;

	progress_init(&p->progress, "checked");
	for (i = 0; i < p->items_n; i++) {
		r = check_item(p, &p->items[i]);
		if (r != WEALD_OK) {
			return r;
		}
		progress_show(&p->progress, i + 1, p->items_n);
	}
	progress_end(&p->progress);
	if (p->problems == 0) {
		return tell_twice(p);
	}
	if (p->problems > PROBLEMS_SHOWN) {
		msg_set(&p->c->msg,
			"%zu problems more; nothing is published until all "
			"are solved",
			p->problems - PROBLEMS_SHOWN + 1);
	}
	return p->problem;
}

static int print_item(struct publishing *p, const struct item *it)
{
	const struct author_result *result = &it->result;
	char ref[REF_TEXT_BYTES];
	struct json_line j;

	ref_text(home_slug(p->own.home), span_of(result->record),
		 result->version, ref);
	if (p->c->json) {
		json_line_init(&j);
		json_line_text(&j, "ref", ref);
		json_line_text(&j, "state",
			       result->seq == 0 ? "unchanged" : "published");
		json_line_text(&j, "record", result->record);
		json_line_uint(&j, "version", result->version);
		if (result->seq != 0) {
			json_line_uint(&j, "seq", result->seq);
			json_line_hex(&j, "commit", result->commit,
				      sizeof result->commit);
		}
		return json_line_print(&j);
	}
	if (result->seq == 0) {
		fprintf(stderr, "unchanged %s\n", ref);
	} else {
		puts(ref);
	}
	return WEALD_OK;
}

int publish_print(struct publishing *p, size_t end)
{
	int r = WEALD_OK;

	progress_end(&p->progress);
	while (r == WEALD_OK && p->printed < end) {
		r = print_item(p, &p->items[p->printed]);
		p->published += p->items[p->printed].result.seq != 0;
		p->printed++;
	}
	return r != WEALD_OK ? r : out_flush(p->c);
}

int publish_load(struct publishing *p, struct item *it)
{
	char name[NAME_TEXT_BYTES];
	struct folder *f;
	int r;

	if (it->folder != NULL) {
		return WEALD_OK;
	}
	f = calloc(1, sizeof *f);
	if (f == NULL) {
		return WEALD_NOMEM;
	}
	r = folder_load(it->path, f, &p->c->msg);
	if (r != WEALD_OK) {
		free(f);
		return cli_fail(p->c, CLI_ABOUT_INPUT, r);
	}
	it->folder = f;
	snprintf(name, sizeof name, "%s/%s", f->front.kind, f->slug);
	if (strcmp(name, it->name) != 0) {
		msg_set(&p->c->msg, "%.200s: changed while it was published",
			it->path);
		publish_unload(it);
		return cli_fail(p->c, CLI_ABOUT_INPUT, WEALD_INVALID);
	}
	return WEALD_OK;
}

void publish_unload(struct item *it)
{
	if (it->folder != NULL) {
		folder_release(it->folder);
	}
	free(it->folder);
	it->folder = NULL;
}

static int sign_folder(struct publishing *p, struct item *it)
{
	const struct folder *f = it->folder;
	struct author_record record = {
		.kind = f->front.kind,
		.slug = f->slug,
		.title = f->front.title,
		.note = span_of(p->note),
		.topics_n = f->front.topics_n,
		.files_n = f->files_n,
	};
	struct draft_file *files = NULL;
	size_t i;
	int r;

	for (i = 0; i < record.topics_n; i++) {
		record.topics[i] = span_of(f->front.topics[i]);
	}
	r = folder_draft_files(f, &files);
	if (r != WEALD_OK) {
		return r;
	}
	record.files = files;
	r = author_publish(&p->own.author, &record, &it->result, &p->c->msg);
	free(files);
	if (r != WEALD_OK) {
		msg_prefix(&p->c->msg, "%.150s", it->path);
	}
	return own_fail(p->c, r);
}

/* The second pass over one folder. */
static int sign_item(struct publishing *p, struct item *it)
{
	int r = publish_load(p, it);

	if (r == WEALD_OK) {
		r = sign_folder(p, it);
	}
	publish_unload(it);
	return r;
}

/* Make the items before @end durable, then say so. */
static int commit_items(struct publishing *p, size_t end)
{
	int r = own_fail(p->c, author_commit(&p->own.author, &p->c->msg));

	return r == WEALD_OK ? publish_print(p, end) : r;
}

static int sign_here(struct publishing *p)
{
	struct feed *f = p->own.feed;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < p->items_n; i++) {
		r = sign_item(p, &p->items[i]);
		if (r == WEALD_OK && feed_batch_is_full(f)) {
			r = commit_items(p, i + 1);
		}
		progress_show(&p->progress, i + 1, p->items_n);
	}
	if (r == WEALD_OK) {
		r = commit_items(p, p->items_n);
	}
	if (r != WEALD_OK) {
		author_rollback(&p->own.author);
	}
	return r;
}

static int sign_all(struct publishing *p)
{
	int r;

	progress_init(&p->progress, "published");
	r = p->own.daemon != NULL ? publish_send(p) : sign_here(p);
	progress_end(&p->progress);
	if (r != WEALD_OK && p->published > 0) {
		msg_set(&p->c->msg,
			"%.300s; the %zu that were printed are published, the "
			"rest is not",
			msg_text(&p->c->msg, r), p->published);
	}
	return r;
}

/* What a shell makes of "$(cat FILE)" and the like, without its blank ends. */
static char *trimmed(const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && strchr(" \n", text[0]) != NULL) {
		text++;
		len--;
	}
	while (len > 0 && strchr(" \n", text[len - 1]) != NULL) {
		len--;
	}
	return strndup(text, len);
}

static int publish(struct publishing *p)
{
	int r;

	r = text_check_note(span_of(p->note), &p->c->msg);
	if (r != WEALD_OK) {
		return cli_fail(p->c, CLI_ABOUT_INPUT, r);
	}
	/* a wrong home or a busy one is told before anything is read */
	r = own_open(p->c, p->first ? OWN_FIRST : 0, &p->own);
	if (r == WEALD_OK && p->replicas > 0 && p->own.daemon == NULL) {
		msg_set(&p->c->msg,
			"no daemon runs for \"%s\", and --replicas waits for "
			"other nodes; start it with weald run",
			home_path(p->own.home));
		r = cli_fail(p->c, CLI_ABOUT_HOME, WEALD_UNREACHABLE);
	}
	if (r == WEALD_OK) {
		r = check_all(p);
	}
	if (r == WEALD_OK) {
		r = sign_all(p);
	}
	if (r == WEALD_OK) {
		own_tidy(p->c, &p->own);
	}
	if (r == WEALD_OK && p->replicas > 0) {
		r = publish_wait(p);
	}
	own_close(&p->own);
	return r;
}

static const char publish_text[] =
	"Each PATH is the folder of a record: it holds record.md, and\n"
	"perhaps data.csv, other files, and a folder attachments. The\n"
	"folder's name is the record's name; kind, title and topics come\n"
	"from record.md.\n"
	"\n"
	"All are checked first, and nothing is published where one has a\n"
	"problem. Printed is region/kind/slug@VERSION, one a line, once it\n"
	"is safe on disk. A record that has not changed is no new version.\n"
	"\n"
	"With --replicas N it then waits for the signed receipts of N other\n"
	"regions. What is published stays so where they do not come in time.\n";

int command_publish(struct cli *c, int argc, char **argv)
{
	struct publishing p = { .c = c };
	const char *message = "";
	const char *from = NULL;
	uint64_t timeout = 0;
	const struct cli_option options[] = {
		{ "message", 'm', CLI_OPTION_TEXT, &message, "TEXT",
		  "why this version; stays in the history" },
		{ "paths-from", 0, CLI_OPTION_TEXT, &from, "FILE",
		  "read paths from FILE too, one a line\n"
		  "(- for standard input)" },
		{ "replicas", 0, CLI_OPTION_NUMBER, &p.replicas, "N",
		  "then wait until N other regions have signed\n"
		  "that they hold it" },
		{ "timeout", 0, CLI_OPTION_DURATION, &timeout, "TIME",
		  "so long at most (else 30s)" },
		OWN_FIRST_OPTION(&p.first),
	};
	const struct cli_usage usage = {
		.synopsis = "publish [-m TEXT] [--replicas N] PATH...\n"
			    "publish [-m TEXT] --paths-from FILE",
		.text = publish_text,
		.options = options,
		.options_n = sizeof options / sizeof options[0],
		.args_max = CLI_ARGS_ANY,
	};
	char *note = NULL;
	int first;
	int i;
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	if (timeout != 0 && p.replicas == 0) {
		return cli_usage_error(c, "--timeout goes with --replicas");
	}
	p.timeout_s = timeout == 0 ? PUBLISH_TIMEOUT_S : timeout;
	note = trimmed(message);
	r = note == NULL ? WEALD_NOMEM : WEALD_OK;
	for (i = first; r == WEALD_OK && i < argc; i++) {
		r = add_path(&p, argv[i]);
	}
	if (r == WEALD_OK && from != NULL) {
		r = add_paths_from(&p, from);
	}
	if (r == WEALD_OK && p.items_n == 0) {
		r = cli_usage_error(c, "no path is given");
	}
	if (r == WEALD_OK) {
		p.note = note;
		r = publish(&p);
	}
	items_release(&p);
	free(note);
	return r;
}
