/*
 * Methods that write: each becomes a job that takes its turn at the own feed
 * (node_author()) or has all feeds for itself (node_alone()). A job's struct
 * lives from the call to its answer; what the parameters hold is read on the
 * pool, where it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/control/methods.h"
#include "daemon/control/params.h"
#include "proto/sshkey.h"
#include "store/author.h"
#include "store/feed/import.h"
#include "store/record/front.h"

static enum call_about about_of(int err)
{
	switch (author_fault(err)) {
	case AUTHOR_FAULT_HOME:
		return CALL_ABOUT_HOME;
	case AUTHOR_FAULT_FEED:
		return CALL_ABOUT_FEED;
	case AUTHOR_FAULT_INPUT:
		break;
	}
	return CALL_ABOUT_INPUT;
}

/* Answer with the error that a job ended with; takes @more. */
static void fail(struct call *call, enum call_about about, int err,
		 const struct weald_msg *msg, json_t *more)
{
	struct call_error error = {
		.err = err, .about = about, .msg = *msg, .more = more
	};

	call_fail(call, &error);
}

/* Begin @job, which is freed where that fails; it ends in @done. */
static void begin(struct call *call, node_author_fn *fn, void *job,
		  node_done_fn *done)
{
	int r = job == NULL ? WEALD_NOMEM
			    : node_author(call_node(call), fn, job, done);

	if (r != WEALD_OK) {
		free(job);
		call_fail_plain(call, CALL_ABOUT_FEED, r, NULL);
	}
}

static json_t *result_json(const struct author_result *result)
{
	char commit[2 * OBJECT_ID_BYTES + 1];

	if (result->seq == 0) {
		return json_pack("{s:s,s:I}", "record", result->record,
				 "version", (json_int_t)result->version);
	}
	hex_encode(result->commit, sizeof result->commit, commit);
	return json_pack("{s:s,s:I,s:I,s:s}", "record", result->record,
			 "version", (json_int_t)result->version, "seq",
			 (json_int_t)result->seq, "commit", commit);
}

/* ---- publish -------------------------------------------------------------
 */

struct publish_job {
	struct call *call;
	struct span note;
	const msgpack_object *records;
	size_t records_n;
	struct author_result *results;
	size_t signed_n;  /* the record that failed, where one did */
	size_t durable_n; /* of the results */
	bool at_record;   /* the failure was about records[signed_n] */
	uint64_t seq;     /* the feed's last durable one */
	enum call_about about;
};

static bool copy_str(const msgpack_object *o, char *out, size_t size)
{
	struct span s;

	if (!mp_get_str(o, &s) || s.len >= size ||
	    memchr(s.data, 0, s.len) != NULL) {
		return false;
	}
	memcpy(out, s.data, s.len);
	out[s.len] = '\0';
	return true;
}

static bool get_files(const msgpack_object *o, struct draft_file *out)
{
	const msgpack_object *file;
	uint32_t i;

	for (i = 0; i < o->via.array.size; i++) {
		if (!mp_get_array(&o->via.array.ptr[i], 2, &file) ||
		    !mp_get_str(&file[0], &out[i].name) ||
		    !mp_get_bin(&file[1], &out[i].content)) {
			return false;
		}
	}
	return true;
}

static bool get_topics(const msgpack_object *o, struct author_record *out)
{
	uint32_t i;

	if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size > TOPICS_MAX) {
		return false;
	}
	for (i = 0; i < o->via.array.size; i++) {
		if (!mp_get_str(&o->via.array.ptr[i], &out->topics[i])) {
			return false;
		}
	}
	out->topics_n = o->via.array.size;
	return true;
}

/* What it may follow; clients that do not care leave both out. */
static bool get_last(const msgpack_object fields[2], struct author_record *out)
{
	uint64_t bring_back;

	if (!mp_get_uint(&fields[0], &out->follows) ||
	    !mp_get_uint(&fields[1], &bring_back) || bring_back > 1) {
		return false;
	}
	out->bring_back = bring_back == 1;
	return true;
}

static int no_record(struct weald_msg *msg)
{
	msg_set(msg, "not a record: [kind, slug, title, topics, files] "
		     "and perhaps follows, bring back");
	return WEALD_INVALID;
}

/* Sign the record that @o describes. */
static int publish_one(struct publish_job *job, struct author *a,
		       const msgpack_object *o, struct author_result *out,
		       struct weald_msg *msg)
{
	struct author_record record = { .note = job->note };
	char kind[NAME_BYTES_MAX + 1];
	char slug[NAME_BYTES_MAX + 1];
	char title[FRONT_TITLE_BYTES_MAX + 1];
	const msgpack_object *fields;
	struct draft_file *files;
	int r;

	if ((!mp_get_array(o, 5, &fields) && !mp_get_array(o, 7, &fields)) ||
	    !copy_str(&fields[0], kind, sizeof kind) ||
	    !copy_str(&fields[1], slug, sizeof slug) ||
	    !copy_str(&fields[2], title, sizeof title) ||
	    !get_topics(&fields[3], &record) ||
	    fields[4].type != MSGPACK_OBJECT_ARRAY ||
	    (o->via.array.size == 7 && !get_last(fields + 5, &record))) {
		return no_record(msg);
	}
	files = calloc((size_t)fields[4].via.array.size + 1, sizeof *files);
	if (files == NULL) {
		return WEALD_NOMEM;
	}
	record.kind = kind;
	record.slug = slug;
	record.title = title;
	record.files = files;
	record.files_n = fields[4].via.array.size;
	r = get_files(&fields[4], files) ? author_publish(a, &record, out, msg)
					 : no_record(msg);
	free(files);
	return r;
}

/* Make what was signed durable. */
static int publish_commit(struct publish_job *job, struct author *a,
			  struct weald_msg *msg)
{
	int r = author_commit(a, msg);

	if (r == WEALD_OK) {
		job->durable_n = job->signed_n;
	}
	return r;
}

static int publish_work(void *ctx, struct author *a, struct weald_msg *msg)
{
	struct publish_job *job = ctx;
	size_t i;
	int r = author_signer(a, msg);

	for (i = 0; r == WEALD_OK && i < job->records_n; i++) {
		r = publish_one(job, a, &job->records[i], &job->results[i],
				msg);
		job->at_record = r != WEALD_OK;
		if (r == WEALD_OK) {
			job->signed_n = i + 1;
			if (feed_batch_is_full(a->feed)) {
				r = publish_commit(job, a, msg);
			}
		}
	}
	if (r == WEALD_OK) {
		r = publish_commit(job, a, msg);
	}
	if (r != WEALD_OK) {
		author_rollback(a);
	}
	job->seq = feed_committed_seq(a->feed);
	return r;
}

static json_t *publish_results(const struct publish_job *job)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; list != NULL && i < job->durable_n; i++) {
		if (json_array_append_new(list,
					  result_json(&job->results[i])) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static void publish_done(void *ctx, int err, const struct weald_msg *msg)
{
	struct publish_job *job = ctx;
	struct call *call = job->call;
	json_t *results = publish_results(job);
	json_t *more = NULL;

	if (err == WEALD_OK) {
		call_reply(call, json_pack("{s:o,s:I}", "records", results,
					   "seq", (json_int_t)job->seq));
	} else {
		more = json_pack("{s:o}", "records", results);
		if (more != NULL && job->at_record) {
			(void)json_object_set_new(
				more, "at",
				json_integer((json_int_t)job->signed_n));
		}
		fail(call, about_of(err), err, msg, more);
	}
	free(job->results);
	free(job);
}

void method_publish(struct call *call)
{
	struct publish_job *job = calloc(1, sizeof *job);
	int r = WEALD_NOMEM;

	if (job == NULL) {
		call_fail_plain(call, CALL_ABOUT_FEED, WEALD_NOMEM, NULL);
		return;
	}
	job->call = call;
	if (!param_str(call, 0, &job->note) ||
	    !param_array(call, 1, &job->records, &job->records_n)) {
		free(job);
		return;
	}
	job->results = calloc(job->records_n + 1, sizeof *job->results);
	if (job->results != NULL) {
		r = node_author(call_node(call), publish_work, job,
				publish_done);
	}
	if (r != WEALD_OK) {
		free(job->results);
		free(job);
		call_fail_plain(call, CALL_ABOUT_FEED, r, NULL);
	}
}

/* ---- withdraw ------------------------------------------------------------
 */

struct withdraw_job {
	struct call *call;
	struct span kind;
	struct span slug;
	struct span reason;
	struct author_result result;
};

static int withdraw_work(void *ctx, struct author *a, struct weald_msg *msg)
{
	struct withdraw_job *job = ctx;
	int r;

	r = author_withdraw(a, job->kind, job->slug, job->reason, &job->result,
			    msg);
	return r == WEALD_OK ? author_commit(a, msg) : r;
}

static void withdraw_done(void *ctx, int err, const struct weald_msg *msg)
{
	struct withdraw_job *job = ctx;

	if (err == WEALD_OK) {
		call_reply(job->call, result_json(&job->result));
	} else {
		fail(job->call,
		     err == WEALD_RECORD ? CALL_ABOUT_ASKED : about_of(err),
		     err, msg, NULL);
	}
	free(job);
}

void method_withdraw(struct call *call)
{
	struct withdraw_job *job;
	struct span kind;
	struct span slug;
	struct span reason;

	if (!param_str(call, 0, &kind) || !param_str(call, 1, &slug) ||
	    !param_str(call, 2, &reason)) {
		return;
	}
	job = calloc(1, sizeof *job);
	if (job != NULL) {
		job->call = call;
		job->kind = kind;
		job->slug = slug;
		job->reason = reason;
	}
	begin(call, withdraw_work, job, withdraw_done);
}

/* ---- key -----------------------------------------------------------------
 */

struct key_job {
	struct call *call;
	bool has_root;
	bool make;
	struct grant grant; /* root, and of rotate the signature */
	uint8_t next[PUBKEY_BYTES];
	bool made;
	struct buf statement;
	uint64_t seq;
	uint8_t commit[OBJECT_ID_BYTES];
	char slug[SLUG_BYTES_MAX + 1];
};

static struct key_job *key_job_new(struct call *call)
{
	struct key_job *job = calloc(1, sizeof *job);

	if (job == NULL) {
		call_fail_plain(call, CALL_ABOUT_FEED, WEALD_NOMEM, NULL);
		return NULL;
	}
	job->call = call;
	buf_init(&job->statement, AUTHOR_STATEMENT_BYTES_MAX);
	return job;
}

static void key_job_free(struct key_job *job)
{
	buf_release(&job->statement);
	free(job);
}

/* A missing next key is asked about; a wrong grant was given. */
static void key_fail(struct key_job *job, int err, const struct weald_msg *msg)
{
	fail(job->call,
	     err == WEALD_NOTFOUND ? CALL_ABOUT_ASKED : about_of(err), err, msg,
	     NULL);
	key_job_free(job);
}

static int prepare_work(void *ctx, struct author *a, struct weald_msg *msg)
{
	struct key_job *job = ctx;
	const struct identity *id = feed_identity(a->feed);
	int r = author_finish_rotation(a, msg);

	if (r == WEALD_OK && job->has_root) {
		r = author_check_root(a, job->grant.root, msg);
	}
	if (r == WEALD_OK) {
		r = author_next_key(a, job->make, job->next, &job->made, msg);
	}
	if (r == WEALD_OK) {
		r = author_statement(a, job->next, &job->statement);
	}
	job->seq = id->seq + 1;
	snprintf(job->slug, sizeof job->slug, "%s", id->slug);
	return r;
}

static void prepare_done(void *ctx, int err, const struct weald_msg *msg)
{
	struct key_job *job = ctx;
	char statement[2 * AUTHOR_STATEMENT_BYTES_MAX + 1];
	char next[2 * PUBKEY_BYTES + 1];

	if (err != WEALD_OK) {
		key_fail(job, err, msg);
		return;
	}
	hex_encode(job->next, sizeof job->next, next);
	hex_encode(job->statement.data, job->statement.len, statement);
	call_reply(job->call,
		   json_pack("{s:s,s:s,s:s,s:I,s:b}", "slug", job->slug,
			     "next_key", next, "statement", statement, "seq",
			     (json_int_t)job->seq, "made", (int)job->made));
	key_job_free(job);
}

void method_key_prepare(struct call *call)
{
	struct key_job *job = key_job_new(call);

	if (job == NULL) {
		return;
	}
	job->has_root = call_params(call)[0].type != MSGPACK_OBJECT_NIL;
	if ((job->has_root &&
	     !param_bytes(call, 0, job->grant.root, PUBKEY_BYTES)) ||
	    !param_flag(call, 1, &job->make)) {
		key_job_free(job);
		return;
	}
	begin(call, prepare_work, job, prepare_done);
}

static int rotate_work(void *ctx, struct author *a, struct weald_msg *msg)
{
	struct key_job *job = ctx;
	const struct identity *id = feed_identity(a->feed);
	int r = author_finish_rotation(a, msg);

	if (r == WEALD_OK) {
		r = author_rotate(a, &job->grant, msg);
	}
	memcpy(job->next, id->key, sizeof job->next);
	memcpy(job->commit, id->commit, sizeof job->commit);
	job->seq = id->seq;
	snprintf(job->slug, sizeof job->slug, "%s", id->slug);
	return r;
}

static void rotate_done(void *ctx, int err, const struct weald_msg *msg)
{
	struct key_job *job = ctx;
	char commit[2 * OBJECT_ID_BYTES + 1];
	char key[SSHKEY_FINGERPRINT_BYTES];

	if (err == WEALD_OK) {
		err = sshkey_fingerprint(job->next, key);
	}
	if (err != WEALD_OK) {
		key_fail(job, err, msg);
		return;
	}
	hex_encode(job->commit, sizeof job->commit, commit);
	call_reply(job->call,
		   json_pack("{s:s,s:s,s:I,s:s}", "feed", job->slug, "key", key,
			     "seq", (json_int_t)job->seq, "commit", commit));
	key_job_free(job);
}

void method_key_rotate(struct call *call)
{
	struct key_job *job = key_job_new(call);

	if (job == NULL) {
		return;
	}
	if (!param_bytes(call, 0, job->grant.root, PUBKEY_BYTES) ||
	    !param_bytes(call, 1, job->grant.sig, SIG_BYTES)) {
		key_job_free(job);
		return;
	}
	begin(call, rotate_work, job, rotate_done);
}

static int discard_work(void *ctx, struct author *a, struct weald_msg *msg)
{
	int r = author_finish_rotation(a, msg);

	(void)ctx;
	return r == WEALD_OK ? author_discard_key(a, msg) : r;
}

static void discard_done(void *ctx, int err, const struct weald_msg *msg)
{
	struct key_job *job = ctx;

	if (err != WEALD_OK) {
		key_fail(job, err, msg);
		return;
	}
	call_reply(job->call, json_object());
	key_job_free(job);
}

void method_key_discard(struct call *call)
{
	struct key_job *job = key_job_new(call);

	if (job != NULL) {
		begin(call, discard_work, job, discard_done);
	}
}

/* ---- import --------------------------------------------------------------
 */

struct import_job {
	struct call *call;
	char *source;
	struct import_result result;
};

/* Nobody is told how far it is. */
static void progress_cb(void *ctx, uint64_t done, uint64_t total)
{
	(void)ctx;
	(void)done;
	(void)total;
}

static int import_work(void *ctx, struct home *h, struct weald_msg *msg)
{
	struct import_job *job = ctx;

	return feed_import(h, job->source, progress_cb, NULL, &job->result,
			   msg);
}

static void import_done(void *ctx, int err, const struct weald_msg *msg)
{
	struct import_job *job = ctx;
	const struct import_result *i = &job->result;
	char head[2 * OBJECT_ID_BYTES + 1];
	json_t *more = NULL;

	if (err == WEALD_OK) {
		hex_encode(i->head, sizeof i->head, head);
		call_reply(job->call,
			   json_pack("{s:s,s:b,s:I,s:I,s:s}", "feed", i->name,
				     "created", (int)i->created, "added",
				     (json_int_t)(i->seq_after - i->seq_before),
				     "seq", (json_int_t)i->seq_after, "head",
				     head));
	} else {
		if (i->failed_seq != 0) {
			more = json_pack("{s:I,s:s}", "failed_seq",
					 (json_int_t)i->failed_seq,
					 "failed_commit", i->failed_commit);
		}
		fail(job->call, CALL_ABOUT_SOURCE, err, msg, more);
	}
	free(job->source);
	free(job);
}

void method_import(struct call *call)
{
	struct import_job *job = calloc(1, sizeof *job);
	int r;

	if (job == NULL) {
		call_fail_plain(call, CALL_ABOUT_FEED, WEALD_NOMEM, NULL);
		return;
	}
	job->call = call;
	if (!param_text(call, 0, &job->source)) {
		free(job);
		return;
	}
	if (job->source[0] != '/') {
		param_refuse(call, 0, "an absolute path");
		r = WEALD_OK;
	} else {
		r = node_alone(call_node(call), import_work, job, import_done);
		if (r == WEALD_OK) {
			return;
		}
	}
	free(job->source);
	free(job);
	if (r != WEALD_OK) {
		call_fail_plain(call, CALL_ABOUT_FEED, r, NULL);
	}
}
