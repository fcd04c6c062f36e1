/*
 * weald publish through the running daemon: records go in batches, in order,
 * each answered when it is durable; then the receipts of other regions.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/cli/json.h"
#include "daemon/cli/out.h"
#include "daemon/cli/publish_private.h"
#include "daemon/cli/reach.h"

/*
 * What goes in one batch: well below what one request may be, and not so many
 * that the first is printed late.
 */
#define BATCH_BYTES_MAX   (8u * 1024u * 1024u)
#define BATCH_VALUES_MAX  50000u
#define BATCH_RECORDS_MAX 256u
/* kind, slug, title, the arrays and the last two; each file */
#define VALUES_EACH      (8u + TOPICS_MAX)
#define VALUES_EACH_FILE 3u

/* A batch is signed and synced well before that. */
#define BATCH_WAIT_MS (5u * 60u * 1000u)

#define LOOK_MS 100

static void put_record(struct mp_writer *w, const struct item *it,
		       bool bring_back)
{
	const struct folder *f = it->folder;
	size_t i;

	mp_put_array(w, 7);
	mp_put_str(w, span_of(f->front.kind));
	mp_put_str(w, span_of(f->slug));
	mp_put_str(w, span_of(f->front.title));
	mp_put_array(w, f->front.topics_n);
	for (i = 0; i < f->front.topics_n; i++) {
		mp_put_str(w, span_of(f->front.topics[i]));
	}
	mp_put_array(w, f->files_n);
	for (i = 0; i < f->files_n; i++) {
		mp_put_array(w, 2);
		mp_put_str(w, span_of(f->files[i].name));
		mp_put_bin(w, f->files[i].content.data,
			   f->files[i].content.len);
	}
	mp_put_uint(w, it->follows);
	mp_put_uint(w, bring_back);
}

/*
 * Read items from @first on until a batch is full; its end. One item at least,
 * for no record is larger than a batch may be.
 */
static int fill_batch(struct publishing *p, size_t first, size_t *out_end)
{
	size_t values = 0;
	size_t bytes = 0;
	size_t end = first;
	const struct folder *f;
	int r;

	while (end < p->items_n && end - first < BATCH_RECORDS_MAX) {
		r = publish_load(p, &p->items[end]);
		if (r != WEALD_OK) {
			/* those before it are signed first, as without a
			   daemon; then it fails again, by itself */
			if (end > first) {
				break;
			}
			return r;
		}
		f = p->items[end].folder;
		if (strcmp(publish_note(p, &p->items[end]),
			   publish_note(p, &p->items[first])) != 0) {
			break; /* a batch has one note */
		}
		values += VALUES_EACH + VALUES_EACH_FILE * f->files_n;
		bytes += f->bytes + FOLDER_NAME_BYTES * f->files_n;
		if (end > first &&
		    (values > BATCH_VALUES_MAX || bytes > BATCH_BYTES_MAX)) {
			break; /* read already, and kept for the next */
		}
		end++;
	}
	*out_end = end;
	return WEALD_OK;
}

/* What the daemon says of the items from @first on; at most up to @end. */
static int take_results(struct publishing *p, const json_t *answer,
			size_t first, size_t end)
{
	const json_t *records = json_object_get(answer, "records");
	size_t n = json_array_size(records);
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < n && i < end - first; i++) {
		r = own_result(p->c, json_array_get(records, i),
			       &p->items[first + i].result);
	}
	return r == WEALD_OK ? publish_print(p, first + i) : r;
}

/* A batch failed: what is in is printed, and the message says where. */
static int take_failure(struct publishing *p, size_t first, size_t end, int err)
{
	const json_t *error = client_error(p->own.daemon);
	const json_t *at = json_object_get(error, "at");
	struct cli *c = p->c;
	struct weald_msg msg = c->msg;
	enum cli_about about = c->about;
	uint64_t n = reach_uint(error, "at");
	int r;

	if (error == NULL) {
		return err;
	}
	r = take_results(p, error, first, end);
	if (r != WEALD_OK) {
		return r;
	}
	c->msg = msg;
	if (at != NULL && n < end - first) {
		msg_prefix(&c->msg, "%.150s", p->items[first + n].path);
	}
	return cli_fail(c, about, err);
}

static int send_batch(struct publishing *p, size_t first, size_t end)
{
	struct client *d = p->own.daemon;
	struct mp_writer *w = client_begin(d, "publish", 2);
	json_t *answer = NULL;
	size_t i;
	int r;

	mp_put_str(w, span_of(publish_note(p, &p->items[first])));
	mp_put_array(w, end - first);
	for (i = first; i < end; i++) {
		put_record(w, &p->items[i], p->bring_back);
		publish_unload(&p->items[i]);
	}
	r = reach_call(p->c, d, BATCH_WAIT_MS, &answer);
	if (r != WEALD_OK) {
		return take_failure(p, first, end, r);
	}
	p->seq = reach_uint(answer, "seq");
	r = take_results(p, answer, first, end);
	json_decref(answer);
	if (r == WEALD_OK && p->printed != end) {
		msg_set(&p->c->msg, "the daemon's answer leaves out records");
		r = cli_fail(p->c, CLI_ABOUT_HOME, WEALD_UNKNOWN);
	}
	return r;
}

int publish_send(struct publishing *p)
{
	struct cli *c = p->c;
	size_t end = 0;
	int r;

	/* it may have been long since; a daemon waits a minute, not for ever */
	client_close(p->own.daemon);
	p->own.daemon = NULL;
	r = cli_fail(c, CLI_ABOUT_HOME,
		     client_open(home_path(p->own.home), &p->own.daemon,
				 &c->msg));
	if (r == WEALD_NOTFOUND) {
		msg_set(&c->msg, "the daemon has stopped; try again");
		r = WEALD_UNREACHABLE;
	}
	while (r == WEALD_OK && end < p->items_n) {
		size_t first = end;

		r = fill_batch(p, first, &end);
		if (r == WEALD_OK) {
			r = send_batch(p, first, end);
		}
		progress_show(&p->progress, p->printed, p->items_n);
	}
	return r;
}

/* ---- receipts ------------------------------------------------------------
 */

/*
 * Whose receipts can come at all? Who is not known here never counts; who does
 * not follow us by its region.yaml may have begun to since that was signed.
 */
static int judge_replicas(struct publishing *p, const json_t *latest)
{
	uint64_t known = reach_uint(latest, "regions");
	size_t apart =
		json_array_size(json_object_get(latest, "not_following"));

	if (p->replicas > known) {
		msg_set(&p->c->msg,
			"--replicas %" PRIu64 ": only %" PRIu64
			" other region%s known here, so more cannot sign that "
			"they hold it; nothing is published",
			p->replicas, known, known == 1 ? " is" : "s are");
		return cli_fail(p->c, CLI_ABOUT_HOME, WEALD_UNREACHABLE);
	}
	if (apart <= known && p->replicas > known - apart) {
		fprintf(stderr,
			"weald publish: warning: --replicas %" PRIu64
			": only %" PRIu64 " of the %" PRIu64
			" region%s known here follow%s us; weald status names "
			"the others\n",
			p->replicas, known - apart, known,
			known == 1 ? "" : "s", known - apart == 1 ? "s" : "");
	}
	return WEALD_OK;
}

int publish_check_replicas(struct publishing *p)
{
	json_t *answer = NULL;
	int r;

	(void)client_begin(p->own.daemon, "status", 0);
	r = reach_ask(p->c, p->own.daemon, &answer);
	if (r == WEALD_OK) {
		r = judge_replicas(p, json_object_get(answer, "latest"));
	}
	json_decref(answer);
	return r;
}

/* Is @name among the regions in @list? */
static bool list_has(const json_t *list, const char *name)
{
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		if (strcmp(json_string_value(json_array_get(list, i)), name) ==
		    0) {
			return true;
		}
	}
	return false;
}

/* Ask who holds it; each region that is new in @held is told of. */
static int ask_holders(struct publishing *p, json_t *held)
{
	struct client *d = p->own.daemon;
	struct mp_writer *w = client_begin(d, "holders", 1);
	json_t *answer = NULL;
	const char *name;
	size_t i;
	int r;

	mp_put_uint(w, p->seq);
	r = reach_ask(p->c, d, &answer);
	for (i = 0; r == WEALD_OK && i < json_array_size(answer); i++) {
		name = reach_text(json_array_get(answer, i), "region");
		if (name[0] == '\0' || list_has(held, name)) {
			continue;
		}
		if (json_array_append_new(held, json_string(name)) != 0) {
			r = WEALD_NOMEM;
		}
		if (isatty(STDERR_FILENO) == 1) {
			fprintf(stderr, "held by %s (%zu of %" PRIu64 ")\n",
				name, json_array_size(held), p->replicas);
		}
	}
	json_decref(answer);
	return r;
}

static int print_held(struct publishing *p, json_t *held)
{
	struct json_line j;
	size_t i;

	if (p->c->json) {
		json_line_init(&j);
		json_line_uint(&j, "seq", p->seq);
		json_line_uint(&j, "replicas", p->replicas);
		json_line_add(&j, "held_by", json_incref(held));
		json_line_bool(&j, "reached",
			       json_array_size(held) >= p->replicas);
		return json_line_print(&j);
	}
	if (json_array_size(held) == 0) {
		return WEALD_OK;
	}
	fputs("held by ", stderr);
	for (i = 0; i < json_array_size(held); i++) {
		fprintf(stderr, "%s%s", i == 0 ? "" : ", ",
			json_string_value(json_array_get(held, i)));
	}
	fputc('\n', stderr);
	return WEALD_OK;
}

static int wait_for_holders(struct publishing *p, json_t *held)
{
	const uint64_t deadline = cli_now_ms() + 1000 * p->timeout_s;
	int r;

	for (;;) {
		r = ask_holders(p, held);
		if (r != WEALD_OK || json_array_size(held) >= p->replicas) {
			return r;
		}
		if (cli_now_ms() >= deadline) {
			msg_set(&p->c->msg,
				"published, but after %" PRIu64 " s only %zu "
				"of %" PRIu64 " regions have signed that they "
				"hold it; the others get it as they connect",
				p->timeout_s, json_array_size(held),
				p->replicas);
			return cli_fail(p->c, CLI_ABOUT_ASKED, WEALD_TIMEOUT);
		}
		(void)poll(NULL, 0, LOOK_MS);
	}
}

int publish_wait(struct publishing *p)
{
	json_t *held = json_array();
	int printed;
	int r = WEALD_NOMEM;

	if (held != NULL) {
		r = wait_for_holders(p, held);
		if (r != WEALD_OK && r != WEALD_TIMEOUT) {
			msg_prefix(&p->c->msg, "published, but who holds it is "
					       "not known");
		}
		printed = print_held(p, held);
		r = r == WEALD_OK ? printed : r;
	}
	json_decref(held);
	return r;
}
