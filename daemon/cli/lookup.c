/*
 * The index for a command that asks. Who may write to the home brings it up to
 * date before; who may not reads it as it is. What cannot be brought up to
 * date (a full disk, a folder of another user) is still read: an index that is
 * some updates behind is better than none.
 */
#include "daemon/cli/lookup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/progress.h"
#include "proto/bytes.h"
#include "store/record/reference.h"

#define SECONDS_A_DAY 86400

/* Updates in one transaction: what a crash makes the next run do again. */
#define FILL_UPDATES 2000u
/* Records of feeds that have left, taken out in one transaction. */
#define KEEP_RECORDS 2000u

int64_t lookup_today(void)
{
	return (int64_t)(cli_now() / SECONDS_A_DAY);
}

int lookup_fail(struct cli *c, int err)
{
	if (err == WEALD_CORRUPT || err == WEALD_NEWER) {
		c->advice = "make the index anew with weald reindex";
	}
	return cli_fail(c, CLI_ABOUT_HOME, err);
}

/* ---- filling -------------------------------------------------------------
 */

struct filling {
	struct cli *c;
	struct home *home;
	struct index *x;
	struct progress progress;
	char what[HOME_FEED_NAME_BYTES + 16]; /* of the progress */
};

/* Nothing else can be read either: the whole run fails. */
static bool is_fatal(int err)
{
	return err == WEALD_NOMEM || err == WEALD_NOSPACE || err == WEALD_IO ||
	       err == WEALD_DENIED;
}

static int fill_opened(struct filling *f, const struct index_feed *feed)
{
	uint64_t all = feed_committed_seq(feed->feed);
	uint64_t left = all;
	int r;

	do {
		r = index_fill(f->x, feed, FILL_UPDATES, &left, &f->c->msg);
		if (r == WEALD_OK) {
			progress_show(&f->progress, all - left, all);
		}
	} while (r == WEALD_OK && left > 0);
	return r;
}

static int fill_feed(struct filling *f, const char *name)
{
	struct index_feed feed = { .name = name };
	struct feed *opened = NULL;
	int r;

	snprintf(f->what, sizeof f->what, "indexing %s", name);
	f->progress.what = f->what;
	r = home_open_feed(f->home, name, FEED_READ, &opened, &f->c->msg);
	if (r == WEALD_OK) {
		feed.own = strcmp(name, home_slug(f->home)) == 0;
		feed.feed = opened;
		r = fill_opened(f, &feed);
	}
	feed_close(opened);
	return r;
}

/* One feed that cannot be read keeps none of the others out. */
static int fill_each(struct filling *f, char *const *names, size_t n)
{
	struct weald_msg first = { "" };
	int failed = WEALD_OK;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; !is_fatal(r) && i < n; i++) {
		r = fill_feed(f, names[i]);
		if (r != WEALD_OK && failed == WEALD_OK) {
			failed = r;
			first = f->c->msg;
			msg_prefix(&first, "%s", names[i]);
		}
	}
	if (!is_fatal(r) && failed != WEALD_OK) {
		f->c->msg = first;
		r = failed;
	}
	return r;
}

/* Take out what is of feeds that are not here any more. */
static int keep(struct filling *f, char *const *names, size_t n)
{
	bool left = false;
	int r;

	do {
		r = index_keep(f->x, (const char *const *)names, n,
			       KEEP_RECORDS, &left, &f->c->msg);
	} while (r == WEALD_OK && left);
	return r;
}

int lookup_fill(struct cli *c, struct home *home, struct index *x)
{
	struct filling f = { .c = c, .home = home, .x = x };
	char **names = NULL;
	size_t n = 0;
	int r;

	progress_init(&f.progress, "indexing");
	r = home_feeds(home, &names, &n, &c->msg);
	if (r == WEALD_OK) {
		r = keep(&f, names, n);
	}
	if (r == WEALD_OK) {
		r = fill_each(&f, names, n);
	}
	if (r == WEALD_OK) {
		r = index_set_complete(x, &c->msg);
	}
	progress_end(&f.progress);
	while (n > 0) {
		free(names[--n]);
	}
	free(names);
	return lookup_fail(c, r);
}

/*
 * Bring the index up to date where nobody else writes to the home. The lock is
 * given back at once: whoever reads the answer may take an hour. A home of its
 * own, because closing that is what gives the lock back.
 */
static int bring_up_to_date(struct cli *c, const char *path)
{
	struct home *home = NULL;
	struct index *x = NULL;
	unsigned tries = 0;
	int r;

	r = home_open(path, &home, &c->msg);
	if (r == WEALD_OK) {
		r = home_lock(home, 0, &c->msg);
	}
	/* an index that turns out damaged while it is filled is made anew */
	while (r == WEALD_OK && tries++ < 2) {
		r = index_open(path, INDEX_WRITE, &x, NULL, &c->msg);
		if (r == WEALD_OK) {
			r = lookup_fill(c, home, x);
		}
		index_close(x);
		x = NULL;
		if (r != WEALD_CORRUPT) {
			break;
		}
		r = tries < 2 ? WEALD_OK : r;
	}
	home_close(home);
	if (r != WEALD_OK && r != WEALD_LOCKED && r != WEALD_DENIED) {
		fprintf(stderr,
			"weald %s: the index could not be brought up to date: "
			"%s\n",
			c->command, msg_text(&c->msg, r));
	}
	return r;
}

/* ---- reading -------------------------------------------------------------
 */

/* Is the head of the feed @name that which is in the index? */
static bool is_at_head(const struct home *home, const char *name,
		       const struct index_head *head)
{
	char file[HOME_FEED_NAME_BYTES + 40];
	char indexed[2 * OBJECT_ID_BYTES + 1];
	char text[2 * OBJECT_ID_BYTES + 1] = "";
	char *path = NULL;
	FILE *f = NULL;

	snprintf(file, sizeof file, "feeds/%s.git/refs/heads/main", name);
	hex_encode(head->commit, sizeof head->commit, indexed);
	if (home_join(home, file, &path) == WEALD_OK) {
		f = fopen(path, "re");
	}
	if (f != NULL) {
		text[fread(text, 1, sizeof text - 1, f)] = '\0';
		(void)fclose(f);
	}
	free(path);
	return strcmp(text, indexed) == 0;
}

/*
 * How many updates of @name are here and not in the index. The feed is opened
 * only where its head says that there may be any, so that this costs a look at
 * each and no more.
 */
static uint64_t behind_in(struct cli *c, const struct home *home,
			  struct index *x, const char *name)
{
	struct index_head head = { .seq = 0 };
	struct feed *feed = NULL;
	uint64_t lacks = 0;
	uint64_t last;

	if (index_head(x, name, &head, &c->msg) == WEALD_OK &&
	    !is_at_head(home, name, &head) &&
	    home_open_feed(home, name, FEED_READ, &feed, &c->msg) == WEALD_OK) {
		last = feed_committed_seq(feed);
		if (last > head.seq) {
			lacks = last - head.seq;
		} else if (last > 0 &&
			   memcmp(feed_commit_id(feed, last), head.commit,
				  sizeof head.commit) != 0) {
			lacks = last; /* it was another feed */
		}
	}
	msg_clear(&c->msg);
	feed_close(feed);
	return lacks;
}

/* In all feeds. */
static uint64_t behind(struct cli *c, const struct home *home, struct index *x)
{
	uint64_t all = 0;
	char **names = NULL;
	size_t n = 0;

	if (home_feeds(home, &names, &n, &c->msg) != WEALD_OK) {
		msg_clear(&c->msg);
		return 0;
	}
	while (n > 0) {
		n--;
		all += behind_in(c, home, x, names[n]);
		free(names[n]);
	}
	free(names);
	return all;
}

/* Is it an index of all feeds, as far as it was ever taken in? */
static bool is_made(struct cli *c, struct index *x)
{
	bool made = false;

	if (index_is_complete(x, &made, &c->msg) != WEALD_OK) {
		msg_clear(&c->msg);
		return false;
	}
	return made;
}

bool lookup_is_complete(struct cli *c, const struct home *home, struct index *x)
{
	return is_made(c, x) && behind(c, home, x) == 0;
}

/* Say so where answers may lack something. */
static void tell_behind(struct cli *c, const struct home *home, struct index *x)
{
	uint64_t n;

	if (!is_made(c, x)) {
		fprintf(stderr,
			"weald %s: the index is not complete: what follows may "
			"lack records of any region, and what was withdrawn "
			"too; weald status says how far it is\n",
			c->command);
		return;
	}
	n = behind(c, home, x);
	if (n > 0) {
		fprintf(stderr,
			"weald %s: the newest %" PRIu64 " update%s not in the "
			"index yet: what follows is without %s, and what was "
			"withdrawn may be among %s\n",
			c->command, n, n == 1 ? " is" : "s are",
			n == 1 ? "it" : "them", n == 1 ? "it" : "them");
	}
}

/* @said: why the index was not brought up to date, or WEALD_OK. */
static int open_to_read(struct cli *c, const struct home *home, int said,
			struct index **out)
{
	struct weald_msg why = c->msg;
	int r = index_open(home_path(home), INDEX_READ, out, NULL, &c->msg);

	if (r == WEALD_OK) {
		if (said != WEALD_OK) {
			tell_behind(c, home, *out);
		}
		c->advice = NULL; /* of what failed on the way */
		return cli_fail(c, CLI_ABOUT_HOME, r);
	}
	if (r != WEALD_NOTFOUND && r != WEALD_CORRUPT && r != WEALD_NEWER) {
		return lookup_fail(c, r);
	}
	if (said == WEALD_LOCKED) {
		msg_set(&c->msg, "%s",
			r == WEALD_NOTFOUND ? "there is no index yet"
			: r == WEALD_NEWER
				? "the index is of another version of weald"
				: "the index is damaged");
		c->advice = "the daemon makes it anew as it runs: try again in "
			    "a moment";
		return cli_fail(c, CLI_ABOUT_HOME, r);
	}
	if (said != WEALD_OK) { /* what kept us from making one */
		c->msg = why;
		return lookup_fail(c, said);
	}
	return lookup_fail(c, r);
}

int lookup_open(struct cli *c, struct home *home, struct index **out)
{
	int said = bring_up_to_date(c, home_path(home));

	if (said == WEALD_NOMEM) {
		return cli_fail(c, CLI_ABOUT_HOME, said);
	}
	return open_to_read(c, home, said, out);
}

int lookup_ref(struct cli *c, const struct home *home, const char *text,
	       char **out_ref, uint64_t *out_version)
{
	struct reference ref;
	char *whole = NULL;
	int r;

	r = reference_parse(span_of(text), span_of(home_slug(home)), &ref,
			    &c->msg);
	if (r != WEALD_OK) {
		return cli_fail(c, CLI_ABOUT_INPUT, r);
	}
	if (asprintf(&whole, "%.*s/%.*s/%.*s", (int)ref.region.len,
		     (const char *)ref.region.data, (int)ref.kind.len,
		     (const char *)ref.kind.data, (int)ref.slug.len,
		     (const char *)ref.slug.data) < 0) {
		return WEALD_NOMEM;
	}
	*out_ref = whole;
	*out_version = ref.version;
	return WEALD_OK;
}

int lookup_refuse_version(struct cli *c, uint64_t version)
{
	return version == 0
		       ? WEALD_OK
		       : cli_usage_error(c,
					 "results are of all versions of an "
					 "intervention: leave out @%" PRIu64,
					 version);
}
