/*
 * weald publish: folders become the next versions of records.
 *
 * First every folder is read and vetted, and nothing is signed where one has a
 * problem: publish_items.c. Then all are signed, and committed a batch at a
 * time; a record's reference is printed once its update is durable, and never
 * before. Small calls keep what was read first; large ones read again, and
 * refuse what has changed. Where a daemon runs, signing is a conversation with
 * it: publish_send.c.
 */
#include "daemon/cli/publish_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/json.h"
#include "daemon/cli/out.h"

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

/*
 * The folder's mark: it stands at what was published now. A failure is told
 * and is none of the command: the next publish asks about it.
 */
static void mark_item(const struct publishing *p, const struct item *it)
{
	struct folder_mark mark = { .version = it->result.version };
	struct weald_msg msg = { "" };
	int r;

	if (!it->marked) {
		return;
	}
	snprintf(mark.ref, sizeof mark.ref, "%s/%s", home_slug(p->own.home),
		 it->name);
	r = folder_mark_write(it->path, &mark, 0666 & ~p->c->umask, &msg);
	if (r != WEALD_OK) {
		fprintf(stderr,
			"weald %s: note: published, but what the folder was "
			"made from could not be noted: %s\n",
			p->c->command, msg_text(&msg, r));
	}
}

int publish_print(struct publishing *p, size_t end)
{
	int r = WEALD_OK;

	progress_end(&p->progress);
	while (r == WEALD_OK && p->printed < end) {
		r = print_item(p, &p->items[p->printed]);
		mark_item(p, &p->items[p->printed]);
		p->published += p->items[p->printed].result.seq != 0;
		p->printed++;
	}
	return r != WEALD_OK ? r : out_flush(p->c);
}

const char *publish_note(const struct publishing *p, const struct item *it)
{
	return it->note != NULL ? it->note : p->note;
}

static int sign_folder(struct publishing *p, struct item *it)
{
	const struct folder *f = it->folder;
	struct author_record record = {
		.kind = f->front.kind,
		.slug = f->slug,
		.title = f->front.title,
		.note = span_of(publish_note(p, it)),
		.topics_n = f->front.topics_n,
		.files_n = f->files_n,
		.bring_back = p->bring_back,
		.follows = it->follows,
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

int publish_all(struct publishing *p)
{
	int r = publish_vet(p, "nothing is published", true);

	if (r == WEALD_OK) {
		r = sign_all(p);
	}
	if (r == WEALD_OK) {
		vetting_remind(&p->vetting);
		own_tidy(p->c, &p->own);
	}
	return r;
}

static int publish(struct publishing *p)
{
	int r;

	r = vetting_check_note(p->c, p->note);
	if (r != WEALD_OK) {
		return r;
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
	if (r == WEALD_OK && p->replicas > 0) {
		r = publish_check_replicas(p);
	}
	if (r == WEALD_OK) {
		r = publish_all(p);
	}
	if (r == WEALD_OK && p->replicas > 0) {
		r = publish_wait(p);
	}
	return r;
}

static const char publish_text[] =
	"Each PATH is the folder of a record: it holds record.md, and\n"
	"perhaps data.csv, other files, and a folder attachments. The\n"
	"folder's name is the record's name; kind, title and topics come\n"
	"from record.md.\n"
	"\n"
	"All are checked first, as weald check does, and nothing is published\n"
	"where one has an error. Where the privacy guard warns, a person has\n"
	"to look and to confirm: with --confirm-role and --confirm-reason, or\n"
	"when asked at a terminal. Both stay in the history, for all to read.\n"
	"\n"
	"Printed is region/kind/slug@VERSION, one a line, once it is safe on\n"
	"disk. A record that has not changed is no new version. One that was\n"
	"withdrawn comes back only with --bring-back, and a folder of weald\n"
	"edit is refused where another version has been published since.\n"
	"\n"
	"With --replicas N it then waits for the signed receipts of N other\n"
	"regions. What is published stays so where they do not come in time;\n"
	"where fewer regions than that are known here nothing is published.\n";

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
		PUBLISH_CONFIRM_OPTIONS(&p),
		PUBLISH_BACK_OPTION(&p),
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
	int r;

	r = cli_parse(c, &usage, argc, argv, &first);
	if (r != WEALD_OK || c->done) {
		return r;
	}
	if (timeout != 0 && p.replicas == 0) {
		return cli_usage_error(c, "--timeout goes with --replicas");
	}
	p.timeout_s = timeout == 0 ? PUBLISH_TIMEOUT_S : timeout;
	r = publish_arguments(&p, message, from, argv + first, &note);
	if (r == WEALD_OK) {
		p.note = note;
		r = publish(&p);
	}
	publish_release(&p);
	free(note);
	return r;
}
