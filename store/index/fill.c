/*
 * Filling: feeds are taken in, looked at again, and taken out.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/path.h"
#include "store/index/fill_private.h"
#include "store/parallel.h"
#include "store/record/guard.h"
#include "store/record/region.h"

/*
 * Updates are taken in by groups: one is loaded, the one before it judged and
 * the one before that written, all at the same time. So many updates, or bytes
 * of their files, are a group: enough that threads are worth starting, and
 * that a record with many versions in a row is written once.
 */
#define GROUPS           3u
#define LEAVES_MAX       128u
#define SHEETS_BYTES_MAX (8u * 1024u * 1024u / GROUPS)

#define CONTACT_BYTES (2 * REGION_CONTACT_BYTES_MAX + 4)

struct group {
	uint64_t wanted[LEAVES_MAX]; /* updates that are to be loaded */
	size_t wanted_n;
	struct leaf leaves[LEAVES_MAX]; /* the first n of them */
	size_t n;
	uint64_t bytes;
	int err; /* why the one behind them cannot be loaded */
	struct weald_msg msg;
};

/* An update that is withheld. */
struct withheld {
	uint64_t seq;
	char *why;
};

/* A filling under way. */
struct filling {
	struct index *x;
	struct entries *entries;
	const struct index_feed *feed;
	struct entry_feed ef;
	/* what failed to be read of the feed: no fault of the index */
	int feed_err;
	struct weald_msg feed_msg;
	bool again;    /* the index has these updates, and looks again */
	uint64_t max;  /* updates, or records that are taken out; 0: all */
	uint64_t at;   /* loaded up to here */
	uint64_t last; /* of those that are to be loaded */
	uint64_t n;    /* that were loaded */
	/* updates that are withheld and were not; to be told at the end */
	struct withheld *withheld;
	size_t withheld_n;
	struct group groups[GROUPS];
	struct group *loading;
	struct group *judging;
	struct group *writing;
	size_t writes; /* 1: this turn has something to write */
	size_t loads;  /* 1: and something to load */
	int write_err;
	struct weald_msg *msg; /* of who touches the index */
};

/* A feed's row. */
struct row {
	int64_t id; /* 0: there is none */
	uint64_t seq;
	bool same_place; /* the feed has the commit that the row names */
	bool same_name;
	bool own;
};

/* One transaction; where it cannot begin, nothing has. */
static int begin(struct index *x, struct entries **out, struct weald_msg *msg)
{
	int r;

	assert(x->mode == INDEX_WRITE);
	r = index_run(x, "BEGIN IMMEDIATE", msg, "");
	if (r == WEALD_OK) {
		r = entries_new(x, out, msg);
		if (r != WEALD_OK) {
			index_end(x);
		}
	}
	return r;
}

/* End the transaction: all of it where @r is WEALD_OK, else nothing. */
static int end(struct index *x, struct entries *e, int r, struct weald_msg *msg)
{
	entries_free(e);
	if (r == WEALD_OK) {
		r = index_run(x, "COMMIT", msg, "");
	}
	index_end(x);
	return r;
}

/* ---- a feed's row -------------------------------------------------------- */

/* Empty where it is being taken out: at no place. */
static bool is_at(const struct feed *f, uint64_t seq, struct span commit)
{
	return seq <= feed_committed_seq(f) && commit.len == OBJECT_ID_BYTES &&
	       (seq == 0 || memcmp(feed_commit_id(f, seq), commit.data,
				   OBJECT_ID_BYTES) == 0);
}

static int read_row(struct index *x, const struct index_feed *feed,
		    struct row *out, struct weald_msg *msg)
{
	struct span id = { feed_identity(feed->feed)->feed, SHA256_BYTES };
	sqlite3_stmt *s = NULL;
	struct span commit;
	bool row = false;
	int r;

	*out = (struct row){ .id = 0 };
	r = index_ask(x,
		      "SELECT id, name, own, seq, commit_id FROM feed"
		      " WHERE feed_id = ?",
		      &s, msg, "b", &id);
	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	if (r == WEALD_OK && row) {
		out->id = sqlite3_column_int64(s, 0);
		out->same_name = strcmp(index_text(s, 1), feed->name) == 0;
		out->own = sqlite3_column_int(s, 2) != 0;
		out->seq = index_u64(s, 3);
		commit.data = sqlite3_column_blob(s, 4);
		commit.len = (size_t)sqlite3_column_bytes(s, 4);
		out->same_place = is_at(feed->feed, out->seq, commit);
	}
	index_done(x, s);
	return r;
}

/* The row of a feed whose records are taken out: the last of it. */
static int remove_row(struct entries *e, struct index *x, int64_t id,
		      struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	struct span feed_id;
	bool row = false;
	int r;

	r = index_ask(x, "SELECT feed_id, name FROM feed WHERE id = ?", &s, msg,
		      "i", id);
	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	if (r == WEALD_OK && row) {
		feed_id.data = sqlite3_column_blob(s, 0);
		feed_id.len = (size_t)sqlite3_column_bytes(s, 0);
		r = entries_name_links(e, feed_id, index_text(s, 1), false,
				       msg);
	}
	index_done(x, s);
	return r == WEALD_OK ? index_run(x, "DELETE FROM feed WHERE id = ?",
					 msg, "i", id)
			     : r;
}

/*
 * Take out at most @max records of the feed (0: all). *@out_left: there are
 * more; what is in it says so, and nothing may come to it.
 */
static int take_out(struct entries *e, struct index *x, int64_t id,
		    uint64_t max, bool *out_left, struct weald_msg *msg)
{
	int r = entries_remove(e, id, max, out_left, msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (*out_left) {
		return index_run(x,
				 "UPDATE feed SET commit_id = x'' WHERE id = ?",
				 msg, "i", id);
	}
	return remove_row(e, x, id, msg);
}

/* Another feed that has the name of this one: it was replaced. */
static int take_out_namesake(struct filling *f, bool *out_left)
{
	int64_t id = 0;
	int r;

	r = index_number(f->x, "SELECT id FROM feed WHERE name = ?", 0, &id,
			 f->msg, "t", f->feed->name);
	return r == WEALD_OK && id != 0 ? take_out(f->entries, f->x, id, f->max,
						   out_left, f->msg)
					: r;
}

static int make_row(struct filling *f, struct row *row)
{
	static const uint8_t no_commit[OBJECT_ID_BYTES];
	struct span commit = { no_commit, sizeof no_commit };
	struct span id = { feed_identity(f->feed->feed)->feed, SHA256_BYTES };
	int r;

	r = index_run(f->x,
		      "INSERT INTO feed (name, feed_id, own, title, contact,"
		      " seq, commit_id) VALUES (?, ?, ?, '', '', 0, ?)",
		      f->msg, "tbib", f->feed->name, &id, (int64_t)f->feed->own,
		      &commit);
	*row = (struct row){ .id = sqlite3_last_insert_rowid(f->x->db) };
	return r == WEALD_OK ? entries_name_links(f->entries, id, f->feed->name,
						  true, f->msg)
			     : r;
}

/* ---- updates about the feed itself --------------------------------------- */

/* What may be shown of it: the guard looks here too. */
static int guard_region(struct region *region)
{
	struct guard_report report = { .n = 0 };
	bool shown;

	guard_text(span_of(region->name), PATH_REGION, 1, 0, &report);
	guard_text(span_of(region->role), PATH_REGION, 1, GUARD_CONTACT,
		   &report);
	guard_text(span_of(region->mailbox), PATH_REGION, 1, GUARD_CONTACT,
		   &report);
	shown = report.verdict != GUARD_BLOCK;
	if (report.no_memory) {
		guard_release(&report);
		return WEALD_NOMEM;
	}
	guard_release(&report);
	if (!shown) {
		region->name[0] = '\0';
		region->role[0] = '\0';
		region->mailbox[0] = '\0';
	}
	return WEALD_OK;
}

static int write_region(struct index *x, int64_t id, struct region *region,
			struct weald_msg *msg)
{
	char contact[CONTACT_BYTES] = "";
	int r = guard_region(region);

	if (r != WEALD_OK) {
		return r;
	}
	if (region->role[0] != '\0' || region->mailbox[0] != '\0') {
		(void)snprintf(contact, sizeof contact, "%s <%s>", region->role,
			       region->mailbox);
	}
	return index_run(x,
			 "UPDATE feed SET title = ?, contact = ?"
			 " WHERE id = ?",
			 msg, "tti", region->name, contact, id);
}

/* What is there of it but cannot be read: what stood before stands. */
static int take_region(const struct filling *f, struct span text)
{
	struct region region = { .nodes_n = 0 };
	int r = region_parse(text, PATH_REGION, &region, f->msg);

	if (r == WEALD_INVALID || r == WEALD_TOOBIG) {
		msg_clear(f->msg);
		return WEALD_OK;
	}
	if (r == WEALD_OK) {
		r = write_region(f->x, f->ef.id, &region, f->msg);
	}
	region_release(&region);
	return r;
}

static int add_plain(const struct filling *f, const struct leaf *s)
{
	const struct update *u = &s->stored.update;
	int r = WEALD_OK;

	if (s->seen.state == INDEX_WITHHELD) {
		r = index_run(f->x,
			      "INSERT OR REPLACE INTO version (feed, seq,"
			      " record, version, time, action, summary,"
			      " state, why, override)"
			      " VALUES (?1, ?2, -?1, ?2, ?3, ?4, '', ?5, ?6,"
			      " 0)",
			      f->msg, "iuusit", f->ef.id, u->seq, u->time,
			      &u->action, (int64_t)s->seen.state, s->seen.why);
	}
	return r == WEALD_OK && s->has_region
		       ? take_region(f, buf_span(&s->region))
		       : r;
}

/* ---- filling ------------------------------------------------------------- */

static int note_withheld(struct filling *f, const struct leaf *s)
{
	struct withheld *list = f->withheld;
	size_t n = f->withheld_n;
	int64_t before = INDEX_SHOWN;
	int r = WEALD_OK;

	if (f->x->withheld_fn == NULL) {
		return WEALD_OK;
	}
	if (f->again) {
		r = index_number(f->x,
				 "SELECT state FROM version"
				 " WHERE feed = ? AND seq = ?",
				 INDEX_SHOWN, &before, f->msg, "iu", f->ef.id,
				 s->stored.update.seq);
	}
	if (r != WEALD_OK || before == INDEX_WITHHELD) {
		return r; /* it was so for what the update says of itself */
	}
	/* 1, 2, 4 ... */
	if ((n & (n - 1)) == 0) {
		list = realloc(list, (n == 0 ? 1 : n * 2) * sizeof *list);
		if (list == NULL) {
			return WEALD_NOMEM;
		}
		f->withheld = list;
	}
	list[n].seq = s->stored.update.seq;
	list[n].why = strdup(s->seen.why);
	if (list[n].why == NULL) {
		return WEALD_NOMEM;
	}
	f->withheld_n++;
	return WEALD_OK;
}

static int take_leaf(struct filling *f, struct leaf *s)
{
	int r = WEALD_OK;

	if (s->err != WEALD_OK) {
		return s->err;
	}
	if (f->again && s->absent) {
		return WEALD_OK; /* nothing new */
	}
	if (s->seen.state == INDEX_WITHHELD) {
		r = note_withheld(f, s);
	}
	if (r != WEALD_OK || s->stored.update.record.len == 0) {
		return r == WEALD_OK ? add_plain(f, s) : r;
	}
	return entries_add(f->entries, &f->ef, &s->stored.update, &s->seen,
			   f->again, f->msg);
}

/*
 * The only one that touches the feed, whose handle is for one thread at a
 * time. First all updates, then all files: they stand far from each other in
 * a pack, of which little is mapped at a time.
 */
static void load_group(const struct filling *f, struct group *g)
{
	struct weald_msg msg = { .text = "" };
	size_t opened = 0;
	int r = WEALD_OK;

	while (r == WEALD_OK && opened < g->wanted_n) {
		r = leaf_open(f->feed->feed, g->wanted[opened],
			      &g->leaves[opened], &msg);
		opened += r == WEALD_OK;
	}
	while (g->err == WEALD_OK && g->n < opened &&
	       g->bytes < SHEETS_BYTES_MAX) {
		g->err = leaf_load(f->feed->feed, &g->leaves[g->n], &g->msg);
		if (g->err == WEALD_OK) {
			g->bytes += g->leaves[g->n].bytes;
			g->n++;
		}
	}
	if (g->err == WEALD_OK && g->n == opened) {
		g->err = r;
		g->msg = msg;
	}
	/* the next group begins with what is too much for this one */
	while (opened > g->n) {
		leaf_release(&g->leaves[--opened]);
	}
}

/* The only one that touches the index, and @f->msg. */
static void write_group(struct filling *f, struct group *g)
{
	size_t i;
	int r = f->write_err;

	for (i = 0; i < g->n; i++) {
		if (r == WEALD_OK) {
			r = take_leaf(f, &g->leaves[i]);
		}
		leaf_release(&g->leaves[i]);
	}
	if (r == WEALD_OK && g->n > 0) {
		r = entries_write(f->entries, f->msg);
	}
	g->n = 0;
	f->write_err = r;
}

/* The longest first: writing, loading, then each leaf to be judged. */
static void work_cb(void *ctx, size_t worker, size_t i)
{
	struct filling *f = ctx;

	(void)worker;
	if (i < f->writes) {
		write_group(f, f->writing);
	} else if (i < f->writes + f->loads) {
		load_group(f, f->loading);
	} else {
		leaf_judge(&f->judging->leaves[i - f->writes - f->loads]);
	}
}

/* What was loaded, and what was not: the index keeps what comes before it. */
static int note_loaded(struct filling *f, const struct group *g)
{
	if (g->n > 0) {
		f->at = g->wanted[g->n - 1];
		f->n += g->n;
	}
	if (g->err == WEALD_OK || g->err == WEALD_NOMEM) {
		return g->err;
	}
	f->feed_err = g->err;
	f->feed_msg = g->msg;
	msg_prefix(&f->feed_msg, "%s: update %llu", f->feed->name,
		   (unsigned long long)g->wanted[g->n]);
	return WEALD_OK;
}

/* Each group a step further, on all processors. */
static int turn(struct filling *f)
{
	struct group *free_one = f->writing;
	int r;

	f->writes = f->writing->n > 0;
	f->loads = f->loading->wanted_n > 0;
	parallel_for(f->writes + f->loads + f->judging->n, work_cb, f);
	r = note_loaded(f, f->loading);
	f->writing = f->judging;
	f->judging = f->loading;
	f->loading = free_one;
	return r == WEALD_OK ? f->write_err : r;
}

/* Which updates come next, at most LEAVES_MAX; none: that is all. */
typedef int want_fn(struct filling *f, struct group *g);

static int take_all(struct filling *f, want_fn *want)
{
	struct group *g;
	int r = WEALD_OK;

	while (r == WEALD_OK) {
		g = f->loading;
		g->wanted_n = 0;
		g->bytes = 0;
		g->err = WEALD_OK;
		if (f->feed_err == WEALD_OK) {
			r = want(f, g);
		}
		if (r == WEALD_OK &&
		    g->wanted_n + f->judging->n + f->writing->n == 0) {
			return entries_finish(f->entries, f->msg);
		}
		if (r == WEALD_OK) {
			r = turn(f);
		}
	}
	return r;
}

static int write_place(const struct filling *f, uint64_t seq)
{
	struct span commit = { feed_commit_id(f->feed->feed, seq),
			       OBJECT_ID_BYTES };

	return index_run(f->x,
			 "UPDATE feed SET seq = ?, commit_id = ?"
			 " WHERE id = ?",
			 f->msg, "ubi", seq, &commit, f->ef.id);
}

/*
 * The row from which to go on. *@out_left: there is none, since what was there
 * is not all taken out.
 */
static int stand(struct filling *f, struct row *row, bool *out_left)
{
	int r;

	*out_left = false;
	r = read_row(f->x, f->feed, row, f->msg);
	if (r == WEALD_OK && row->id != 0 &&
	    !(row->same_place && row->same_name)) {
		r = take_out(f->entries, f->x, row->id, f->max, out_left,
			     f->msg);
		row->id = 0;
	}
	if (r == WEALD_OK && row->id == 0 && !*out_left) {
		r = take_out_namesake(f, out_left);
	}
	if (r != WEALD_OK || *out_left) {
		return r;
	}
	if (row->id == 0) {
		r = make_row(f, row);
	} else if (row->own != f->feed->own) {
		r = index_run(f->x, "UPDATE feed SET own = ? WHERE id = ?",
			      f->msg, "ii", (int64_t)f->feed->own, row->id);
	}
	f->ef.id = row->id;
	return r;
}

static int want_following(struct filling *f, struct group *g)
{
	while (g->wanted_n < LEAVES_MAX && f->at + g->wanted_n < f->last) {
		g->wanted[g->wanted_n] = f->at + g->wanted_n + 1;
		g->wanted_n++;
	}
	return WEALD_OK;
}

static int fill(struct filling *f, uint64_t *out_left)
{
	uint64_t last = feed_committed_seq(f->feed->feed);
	bool leaving = false;
	struct row row;
	int r;

	r = stand(f, &row, &leaving);
	if (r != WEALD_OK) {
		return r;
	}
	if (leaving) {
		*out_left = last;
		return WEALD_OK;
	}
	f->at = row.seq;
	f->last = f->max != 0 && last - row.seq > f->max ? row.seq + f->max
							 : last;
	r = take_all(f, want_following);
	if (r == WEALD_OK && f->at > row.seq) {
		r = write_place(f, f->at);
	}
	if (r == WEALD_OK) {
		*out_left = last - f->at;
	}
	return r;
}

/* In one transaction. */
static int filling_begin(struct index *x, const struct index_feed *feed,
			 uint64_t max, struct filling **out,
			 struct weald_msg *msg)
{
	struct filling *f = calloc(1, sizeof *f);
	int r;

	if (f == NULL) {
		return WEALD_NOMEM;
	}
	f->x = x;
	f->feed = feed;
	f->max = max;
	f->msg = msg;
	f->ef.name = span_of(feed->name);
	f->ef.slug = span_of(feed_identity(feed->feed)->slug);
	f->loading = &f->groups[0];
	f->judging = &f->groups[1];
	f->writing = &f->groups[2];
	r = begin(x, &f->entries, msg);
	if (r != WEALD_OK) {
		free(f);
		return r;
	}
	*out = f;
	return WEALD_OK;
}

static int filling_end(struct filling *f, int r)
{
	size_t i;

	for (i = 0; i < GROUPS * LEAVES_MAX; i++) {
		leaf_release(&f->groups[i / LEAVES_MAX].leaves[i % LEAVES_MAX]);
	}
	r = end(f->x, f->entries, r, f->msg);
	for (i = 0; i < f->withheld_n; i++) {
		if (r == WEALD_OK) {
			f->x->withheld_fn(f->x->withheld_ctx, f->feed->name,
					  f->withheld[i].seq,
					  f->withheld[i].why);
		}
		free(f->withheld[i].why);
	}
	free(f->withheld);
	if (r == WEALD_OK && f->feed_err != WEALD_OK) {
		r = f->feed_err;
		msg_set(f->msg, "%s", f->feed_msg.text);
	}
	free(f);
	return r;
}

int index_fill(struct index *x, const struct index_feed *feed,
	       uint64_t updates_max, uint64_t *out_left, struct weald_msg *msg)
{
	struct filling *f = NULL;
	uint64_t left = 0;
	int r;

	r = filling_begin(x, feed, updates_max, &f, msg);
	if (r != WEALD_OK) {
		return r;
	}
	r = filling_end(f, fill(f, &left));
	if (r == WEALD_OK && out_left != NULL) {
		*out_left = left;
	}
	return r;
}

/* ---- looking again ------------------------------------------------------- */

/* The next version of the feed beyond @after that is not here; 0: none. */
static int next_absent(struct filling *f, uint64_t after, uint64_t *out)
{
	int64_t seq = 0;
	int r;

	r = index_number(f->x,
			 "SELECT seq FROM version"
			 " WHERE feed = ? AND seq > ? AND absent <> 0"
			 " ORDER BY seq LIMIT 1",
			 0, &seq, f->msg, "iu", f->ef.id, after);
	*out = (uint64_t)seq;
	return r;
}

static int want_absent(struct filling *f, struct group *g)
{
	uint64_t seq = f->at;
	int r = WEALD_OK;

	while (g->wanted_n < LEAVES_MAX &&
	       (f->max == 0 || f->n + g->wanted_n < f->max)) {
		r = next_absent(f, seq, &seq);
		if (r != WEALD_OK || seq == 0) {
			return r;
		}
		g->wanted[g->wanted_n++] = seq;
	}
	return r;
}

static int revisit(struct filling *f, uint64_t *cursor, bool *out_left)
{
	struct row row;
	uint64_t seq = 0;
	int r;

	r = read_row(f->x, f->feed, &row, f->msg);
	if (r != WEALD_OK || row.id == 0 || !row.same_place || !row.same_name) {
		/* index_fill() takes it in as it is now */
		return r;
	}
	f->ef.id = row.id;
	f->again = true;
	f->at = *cursor;
	r = take_all(f, want_absent);
	if (r == WEALD_OK) {
		r = next_absent(f, f->at, &seq);
	}
	*cursor = f->at;
	*out_left = seq != 0;
	return r;
}

int index_revisit(struct index *x, const struct index_feed *feed,
		  uint64_t *cursor, uint64_t updates_max, bool *out_left,
		  struct weald_msg *msg)
{
	struct filling *f = NULL;
	uint64_t at = *cursor;
	bool left = false;
	int r;

	r = filling_begin(x, feed, updates_max, &f, msg);
	if (r != WEALD_OK) {
		return r;
	}
	r = filling_end(f, revisit(f, &at, &left));
	if (r == WEALD_OK) {
		*cursor = at;
	}
	if (r == WEALD_OK && out_left != NULL) {
		*out_left = left;
	}
	return r;
}

/* ---- taking out, and where it stands ------------------------------------- */

static bool is_among(const char *name, const char *const *names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (strcmp(names[i], name) == 0) {
			return true;
		}
	}
	return false;
}

/* The next feed beyond @id that is to go; *@id 0 where there is none. */
static int next_gone(struct index *x, const char *const *names, size_t names_n,
		     int64_t *id, struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	int64_t found = 0;
	bool row = false;
	int r;

	r = index_ask(x, "SELECT id, name FROM feed WHERE id > ? ORDER BY id",
		      &s, msg, "i", *id);
	while (r == WEALD_OK && found == 0) {
		r = index_step(x, s, &row, msg);
		if (r != WEALD_OK || !row) {
			break;
		}
		if (!is_among(index_text(s, 1), names, names_n)) {
			found = sqlite3_column_int64(s, 0);
		}
	}
	index_done(x, s);
	*id = found;
	return r;
}

int index_keep(struct index *x, const char *const *names, size_t names_n,
	       uint64_t records_max, bool *out_left, struct weald_msg *msg)
{
	struct entries *e = NULL;
	bool left = false;
	int64_t id = 0;
	int r;

	r = next_gone(x, names, names_n, &id, msg);
	if (r == WEALD_OK && id != 0) {
		r = begin(x, &e, msg);
		if (r != WEALD_OK) {
			return r;
		}
		while (r == WEALD_OK && id != 0 && !left) {
			r = take_out(e, x, id, records_max, &left, msg);
			if (r == WEALD_OK && !left) {
				r = next_gone(x, names, names_n, &id, msg);
				left = id != 0 && records_max != 0;
			}
		}
		r = end(x, e, r, msg);
	}
	if (r == WEALD_OK && out_left != NULL) {
		*out_left = left;
	}
	return r;
}

int index_head(struct index *x, const char *name, struct index_head *out,
	       struct weald_msg *msg)
{
	sqlite3_stmt *s = NULL;
	bool row = false;
	int r;

	*out = (struct index_head){ .seq = 0 };
	r = index_ask(x, "SELECT seq, commit_id FROM feed WHERE name = ?", &s,
		      msg, "t", name);
	if (r == WEALD_OK) {
		r = index_step(x, s, &row, msg);
	}
	if (r == WEALD_OK && row &&
	    sqlite3_column_bytes(s, 1) == OBJECT_ID_BYTES) {
		out->seq = index_u64(s, 0);
		memcpy(out->commit, sqlite3_column_blob(s, 1),
		       sizeof out->commit);
	}
	index_done(x, s);
	return r;
}

int index_seq(struct index *x, const char *name, uint64_t *out_seq,
	      struct weald_msg *msg)
{
	struct index_head head;
	int r = index_head(x, name, &head, msg);

	if (r == WEALD_OK) {
		*out_seq = head.seq;
	}
	return r;
}
