#include "store/home.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/text.h"
#include "store/fs.h"
#include "store/home_config.h"
#include "store/lock.h"

#define CONFIG "config"

struct home {
	char *path;
	char slug[SLUG_BYTES_MAX + 1]; /* empty until home_finish() */
	uint8_t feed[SHA256_BYTES];
	int lock_fd;                        /* -1: not locked */
	const struct home_network *network; /* until home_finish() */
};

const char *home_path(const struct home *h)
{
	return h->path;
}

const char *home_slug(const struct home *h)
{
	return h->slug;
}

const uint8_t *home_feed_id(const struct home *h)
{
	return h->feed;
}

int home_join(const struct home *h, const char *rest, char **out)
{
	char *path;

	assert(h != NULL);
	if (asprintf(&path, "%s/%s", h->path, rest) < 0) {
		return WEALD_NOMEM;
	}
	*out = path;
	return WEALD_OK;
}

/* A home in memory for the folder @path, which exists. */
static int home_new(const char *path, struct home **out, struct weald_msg *msg)
{
	struct home *h = calloc(1, sizeof *h);
	int e;

	if (h == NULL) {
		return WEALD_NOMEM;
	}
	h->lock_fd = -1;
	h->path = realpath(path, NULL);
	if (h->path == NULL) {
		e = errno;
		home_close(h);
		return fs_fail(e, "cannot open the home", NULL, path, msg);
	}
	*out = h;
	return WEALD_OK;
}

void home_close(struct home *h)
{
	if (h == NULL) {
		return;
	}
	lock_release(h->lock_fd);
	free(h->path);
	free(h);
}

/* The user's name or, where it has none, the number. */
static void name_user(uid_t uid, char *out, size_t size)
{
	struct passwd entry;
	struct passwd *found = NULL;
	char room[4096];

	if (getpwuid_r(uid, &entry, room, sizeof room, &found) == 0 &&
	    found != NULL) {
		(void)snprintf(out, size, "%s", found->pw_name);
	} else {
		(void)snprintf(out, size, "%ju", (uintmax_t)uid);
	}
}

/* Only the owner may use a home, and nobody else may write to it. */
static int check_owner(const char *path, const struct stat *st,
		       struct weald_msg *msg)
{
	char user[64];

	if (st->st_uid != geteuid()) {
		name_user(st->st_uid, user, sizeof user);
		msg_set(msg,
			"home \"%s\" belongs to user %s; run weald as that "
			"user",
			path, user);
		return WEALD_DENIED;
	}
	if ((st->st_mode & 022) != 0) {
		msg_set(msg,
			"others may write to the home \"%s\"; forbid it with: "
			"chmod go-w \"%s\"",
			path, path);
		return WEALD_DENIED;
	}
	return WEALD_OK;
}

/*
 * Making a home.
 */

/* Make the folders above @path that are missing. */
static int make_parents(const char *path, struct weald_msg *msg)
{
	char *part = strdup(path);
	struct stat st;
	char *slash;
	int r = WEALD_OK;

	if (part == NULL) {
		return WEALD_NOMEM;
	}
	slash = strchr(part + 1, '/');
	while (r == WEALD_OK && slash != NULL) {
		*slash = '\0';
		if (stat(part, &st) != 0) {
			r = fs_mkdir(part, 0755, msg);
		}
		*slash = '/';
		slash = strchr(slash + 1, '/');
	}
	free(part);
	return r;
}

/* A folder at @path, made or found; what it holds is not looked at. */
static int make_folder(const char *path, bool *out_made, struct weald_msg *msg)
{
	struct stat st;
	int r;

	if (stat(path, &st) == 0) {
		*out_made = false;
		if (!S_ISDIR(st.st_mode)) {
			msg_set(msg,
				"\"%s\" is there and is no folder; choose "
				"another one with --home",
				path);
			return WEALD_EXISTS;
		}
		return check_owner(path, &st, msg);
	}
	r = make_parents(path, msg);
	if (r == WEALD_OK) {
		r = fs_mkdir(path, 0700, msg);
	}
	if (r == WEALD_OK) {
		*out_made = true;
	}
	return r;
}

/* What stands in a folder that is to become a home. */
struct findings {
	bool config;
	bool parts; /* what home_create() and home_lock() make */
	bool others;
};

static int look_inside(const char *path, struct findings *out,
		       struct weald_msg *msg)
{
	struct findings f = { .config = false };
	const struct dirent *e;
	DIR *dir = opendir(path);

	if (dir == NULL) {
		return fs_fail(errno, "cannot open the folder", NULL, path,
			       msg);
	}
	while ((e = readdir(dir)) != NULL) {
		/* lost+found: the top of a disk of its own */
		if (strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0 ||
		    strcmp(e->d_name, "lost+found") == 0) {
			continue;
		}
		if (strcmp(e->d_name, CONFIG) == 0) {
			f.config = true;
		} else if (strcmp(e->d_name, "keys") == 0 ||
			   strcmp(e->d_name, "feeds") == 0 ||
			   strcmp(e->d_name, "lock") == 0) {
			f.parts = true;
		} else {
			f.others = true;
		}
	}
	(void)closedir(dir);
	*out = f;
	return WEALD_OK;
}

/* Never advise to remove what may be a home with its key and its feeds. */
static void say_cut_short(const char *path, struct weald_msg *msg)
{
	msg_set(msg,
		"\"%s\" has no config: if weald init was cut short there, "
		"remove the folder and run it again; if it was a home, restore "
		"the config from a backup",
		path);
}

static int check_empty(const char *path, struct weald_msg *msg)
{
	struct findings f;
	int r = look_inside(path, &f, msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (f.config) {
		msg_set(msg,
			"\"%s\" is a home already; choose another folder with "
			"--home",
			path);
		return WEALD_EXISTS;
	}
	if (f.others) {
		msg_set(msg,
			"\"%s\" holds other files; choose an empty or a new "
			"folder with --home",
			path);
		return WEALD_EXISTS;
	}
	if (f.parts) {
		say_cut_short(path, msg);
		return WEALD_EXISTS;
	}
	return WEALD_OK;
}

/* keys and feeds in the home; what was made is removed on failure. */
static int make_inside(struct home *h, struct weald_msg *msg)
{
	char *keys = NULL;
	char *feeds = NULL;
	int r = home_join(h, "keys", &keys);

	if (r == WEALD_OK) {
		r = home_join(h, "feeds", &feeds);
	}
	if (r == WEALD_OK) {
		r = fs_mkdir(keys, 0700, msg);
	}
	if (r == WEALD_OK) {
		r = fs_mkdir(feeds, 0755, msg);
		if (r != WEALD_OK) {
			(void)rmdir(keys);
		}
	}
	free(feeds);
	free(keys);
	return r;
}

/* As home_create(), @path without a slash at its end. */
static int create_at(const char *path, struct home **out, struct weald_msg *msg)
{
	struct home *h = NULL;
	bool made = false;
	int r = make_folder(path, &made, msg);

	if (r == WEALD_OK && !made) {
		r = check_empty(path, msg);
	}
	if (r == WEALD_OK) {
		r = home_new(path, &h, msg);
	}
	if (r == WEALD_OK) {
		r = make_inside(h, msg);
	}
	if (r != WEALD_OK) {
		if (made) {
			(void)rmdir(path);
		}
		home_close(h);
		return r;
	}
	*out = h;
	return WEALD_OK;
}

int home_create(const char *path, struct home **out, struct weald_msg *msg)
{
	size_t len = strlen(path);
	char *clean;
	int r;

	if (len == 0) {
		msg_set(msg, "the home has an empty name; name a folder");
		return WEALD_INVALID;
	}
	while (len > 1 && path[len - 1] == '/') {
		len--;
	}
	clean = strndup(path, len);
	if (clean == NULL) {
		return WEALD_NOMEM;
	}
	r = create_at(clean, out, msg);
	free(clean);
	return r;
}

void home_set_network(struct home *h, const struct home_network *network)
{
	h->network = network;
}

static int add_network(struct buf *b, const struct home_network *network)
{
	size_t i;
	int r = WEALD_OK;

	if (network->listen == NULL && network->addresses_n == 0) {
		return WEALD_OK;
	}
	r = buf_add_text(b, "[node]\n");
	if (r == WEALD_OK && network->listen != NULL) {
		r = home_config_add(b, "listen", span_of(network->listen));
	}
	for (i = 0; r == WEALD_OK && i < network->addresses_n; i++) {
		r = home_config_add(b, "address",
				    span_of(network->addresses[i]));
	}
	return r;
}

int home_finish(struct home *h, const char *slug,
		const uint8_t feed[SHA256_BYTES], struct weald_msg *msg)
{
	char hex[2 * SHA256_BYTES + 1];
	char *path = NULL;
	struct buf text;
	int r;

	assert(text_is_slug(span_of(slug)));
	hex_encode(feed, SHA256_BYTES, hex);
	buf_init(&text, 4096);
	r = buf_addf(&text,
		     "[weald]\n\tversion = %d\n\tslug = %s\n\tfeed = %s\n",
		     HOME_VERSION, slug, hex);
	if (r == WEALD_OK && h->network != NULL) {
		r = add_network(&text, h->network);
	}
	h->network = NULL;
	if (r == WEALD_OK) {
		r = home_join(h, CONFIG, &path);
	}
	if (r == WEALD_OK) {
		r = fs_create_durable(path, buf_span(&text), 0644, msg);
	}
	if (r == WEALD_OK) {
		(void)snprintf(h->slug, sizeof h->slug, "%s", slug);
		memcpy(h->feed, feed, SHA256_BYTES);
	}
	free(path);
	buf_release(&text);
	return r;
}

/*
 * Opening a home.
 */

/* What the config says of the home itself. */
struct identity_lines {
	uint64_t version; /* 0: not said */
	char slug[SLUG_BYTES_MAX + 1];
	bool has_feed;
	uint8_t feed[SHA256_BYTES];
};

static int take_version(struct identity_lines *to,
			const struct home_config_entry *e,
			struct weald_msg *msg)
{
	if (parse_u64(span_of(e->value), 1, UINT64_MAX, &to->version) !=
	    WEALD_OK) {
		return home_config_refuse_value(e, "a number from 1", msg);
	}
	if (to->version > HOME_VERSION) {
		msg_set(msg,
			"%s:%zu: weald.version is %" PRIu64
			", this weald knows %d; install the newer weald",
			e->path, e->line, to->version, HOME_VERSION);
		return WEALD_NEWER;
	}
	return WEALD_OK;
}

static int take_slug(struct identity_lines *to,
		     const struct home_config_entry *e, struct weald_msg *msg)
{
	if (!text_is_slug(span_of(e->value))) {
		return home_config_refuse_value(
			e, "the region's slug, as weald init wrote it", msg);
	}
	(void)snprintf(to->slug, sizeof to->slug, "%s", e->value);
	return WEALD_OK;
}

static int take_feed(struct identity_lines *to,
		     const struct home_config_entry *e, struct weald_msg *msg)
{
	if (hex_decode(span_of(e->value), to->feed, sizeof to->feed) !=
	    WEALD_OK) {
		return home_config_refuse_value(e, "the feed id, 64 hex digits",
						msg);
	}
	to->has_feed = true;
	return WEALD_OK;
}

/* Other sections are for others: store/settings.h. */
static int take_entry(void *ctx, const struct home_config_entry *e,
		      struct weald_msg *msg)
{
	static const struct {
		const char *name;
		int (*take)(struct identity_lines *to,
			    const struct home_config_entry *e,
			    struct weald_msg *msg);
	} names[] = {
		{ "version", take_version },
		{ "slug", take_slug },
		{ "feed", take_feed },
	};
	size_t i;

	if (strcmp(e->section, "weald") != 0 || e->subsection != NULL) {
		return WEALD_OK;
	}
	for (i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strcmp(e->name, names[i].name) == 0) {
			return e->value == NULL
				       ? home_config_refuse_value(e, "a value",
								  msg)
				       : names[i].take(ctx, e, msg);
		}
	}
	return WEALD_OK;
}

/* Why a folder without a config is no home. */
static int refuse_unfinished(const struct home *h, struct weald_msg *msg)
{
	struct findings f = { 0 };
	int r = look_inside(h->path, &f, msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (f.parts && !f.others) {
		say_cut_short(h->path, msg);
	} else {
		msg_set(msg,
			"\"%s\" is no home: it has no config; make a home "
			"with weald init, or name another with --home or "
			"WEALD_HOME",
			h->path);
	}
	return WEALD_NOTFOUND;
}

static int check_lines(const struct identity_lines *lines, const char *path,
		       struct weald_msg *msg)
{
	const char *missing = lines->version == 0      ? "version"
			      : lines->slug[0] == '\0' ? "slug"
			      : !lines->has_feed       ? "feed"
						       : NULL;

	if (missing != NULL) {
		msg_set(msg,
			"%s: weald.%s is missing; restore the file from a "
			"backup",
			path, missing);
		return WEALD_CORRUPT;
	}
	return WEALD_OK;
}

static int read_config(struct home *h, struct weald_msg *msg)
{
	struct identity_lines lines = { .version = 0 };
	char *path = NULL;
	int r = home_join(h, CONFIG, &path);

	if (r != WEALD_OK) {
		return r;
	}
	r = home_config_each(path, HOME_CONFIG_BYTES, take_entry, &lines, msg);
	if (r == WEALD_OK) {
		r = check_lines(&lines, path, msg);
	} else if (r == WEALD_NOTFOUND) {
		r = refuse_unfinished(h, msg);
	}
	if (r == WEALD_OK) {
		memcpy(h->slug, lines.slug, sizeof lines.slug);
		memcpy(h->feed, lines.feed, sizeof lines.feed);
	}
	free(path);
	return r;
}

/* Is there a folder at @path that is ours to use as a home? */
static int check_folder(const char *path, struct weald_msg *msg)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		if (errno != ENOENT && errno != ENOTDIR) {
			return fs_fail(errno, "cannot open the home", NULL,
				       path, msg);
		}
		msg_set(msg,
			"there is no home at \"%s\"; make one with weald init, "
			"or name another with --home or WEALD_HOME",
			path);
		return WEALD_NOTFOUND;
	}
	if (!S_ISDIR(st.st_mode)) {
		msg_set(msg,
			"\"%s\" is no folder; name a home with --home or "
			"WEALD_HOME",
			path);
		return WEALD_NOTFOUND;
	}
	return check_owner(path, &st, msg);
}

int home_open(const char *path, struct home **out, struct weald_msg *msg)
{
	struct home *h = NULL;
	int r = check_folder(path, msg);

	if (r == WEALD_OK) {
		r = home_new(path, &h, msg);
	}
	if (r == WEALD_OK) {
		r = read_config(h, msg);
	}
	if (r != WEALD_OK) {
		home_close(h);
		return r;
	}
	*out = h;
	return WEALD_OK;
}

/* A writer that was killed leaves files half written, of keys too. */
static int clean_temps(const struct home *h, struct weald_msg *msg)
{
	char *keys;
	int r = home_join(h, "keys", &keys);

	if (r == WEALD_OK) {
		r = fs_clean_temps(keys, msg);
		free(keys);
	}
	return r != WEALD_OK ? r : fs_clean_temps(h->path, msg);
}

int home_lock(struct home *h, unsigned wait_ms, struct weald_msg *msg)
{
	char *path;
	int r;

	if (h->lock_fd >= 0) {
		return WEALD_OK;
	}
	r = home_join(h, "lock", &path);
	if (r == WEALD_OK) {
		r = lock_take(path, h->path, wait_ms, &h->lock_fd, msg);
		free(path);
	}
	return r != WEALD_OK ? r : clean_temps(h, msg);
}
