#include "store/home.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <git2/buffer.h>
#include <git2/config.h>
#include <git2/errors.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/text.h"
#include "store/feed/giterr.h"
#include "store/fs.h"
#include "store/lock.h"

#define CONFIG           "config"
#define CONFIG_BYTES_MAX 65536

struct home {
	char *path;
	char slug[SLUG_BYTES_MAX + 1]; /* empty until home_finish() */
	uint8_t feed[SHA256_BYTES];
	int lock_fd; /* -1: not locked */
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

static int refuse_value(const char *path, const char *key, const char *what,
			struct weald_msg *msg)
{
	msg_set(msg,
		"\"%s\": %s %s; correct it, or restore the file from a backup",
		path, key, what);
	return WEALD_CORRUPT;
}

/* Copy the value of @key to @out, @size bytes. */
static int read_value(git_config *config, const char *path, const char *key,
		      char *out, size_t size, struct weald_msg *msg)
{
	git_buf value = GIT_BUF_INIT;
	int rc = git_config_get_string_buf(&value, config, key);
	int r = WEALD_OK;

	if (rc == GIT_ENOTFOUND) {
		git_error_clear();
		return refuse_value(path, key, "is missing", msg);
	}
	if (rc < 0) {
		r = err_from_git(rc, msg);
	} else if (value.size >= size) {
		r = refuse_value(path, key, "is too long", msg);
	} else {
		memcpy(out, value.ptr, value.size);
		out[value.size] = '\0';
	}
	git_buf_dispose(&value);
	return r;
}

static int read_version(git_config *config, const char *path,
			struct weald_msg *msg)
{
	static const char key[] = "weald.version";
	uint64_t version;
	char text[32];
	int r = read_value(config, path, key, text, sizeof text, msg);

	if (r != WEALD_OK) {
		return r;
	}
	if (parse_u64(span_of(text), 1, UINT64_MAX, &version) != WEALD_OK) {
		return refuse_value(path, key, "is no number from 1", msg);
	}
	if (version > HOME_VERSION) {
		msg_set(msg,
			"\"%s\": weald.version is %" PRIu64
			", this weald knows %d; install the newer weald",
			path, version, HOME_VERSION);
		return WEALD_NEWER;
	}
	return WEALD_OK;
}

static int read_values(struct home *h, git_config *config, const char *path,
		       struct weald_msg *msg)
{
	char slug[SLUG_BYTES_MAX + 1];
	char hex[2 * SHA256_BYTES + 1];
	int r = read_version(config, path, msg);

	if (r != WEALD_OK) {
		return r;
	}
	r = read_value(config, path, "weald.slug", slug, sizeof slug, msg);
	if (r != WEALD_OK) {
		return r;
	}
	if (!text_is_slug(span_of(slug))) {
		return refuse_value(path, "weald.slug", "is no valid slug",
				    msg);
	}
	r = read_value(config, path, "weald.feed", hex, sizeof hex, msg);
	if (r != WEALD_OK) {
		return r;
	}
	if (hex_decode(span_of(hex), h->feed, sizeof h->feed) != WEALD_OK) {
		return refuse_value(path, "weald.feed",
				    "is no feed id of 64 hex digits", msg);
	}
	memcpy(h->slug, slug, sizeof slug);
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

/* libgit2 takes a file that is not there for an empty one. */
static int check_config_file(const struct home *h, const char *path,
			     struct weald_msg *msg)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		return errno == ENOENT
			       ? refuse_unfinished(h, msg)
			       : fs_fail(errno, "cannot read", NULL, path, msg);
	}
	if (!S_ISREG(st.st_mode) || st.st_size > CONFIG_BYTES_MAX) {
		msg_set(msg,
			"\"%s\" is no file of at most %d bytes; restore it "
			"from a backup",
			path, CONFIG_BYTES_MAX);
		return WEALD_CORRUPT;
	}
	return WEALD_OK;
}

static int open_config(const char *path, git_config **out,
		       struct weald_msg *msg)
{
	const git_error *e;
	bool syntax;
	int rc = git_config_open_ondisk(out, path);
	int r;

	if (rc == 0) {
		return WEALD_OK;
	}
	e = git_error_last();
	syntax = e != NULL && e->klass == GIT_ERROR_CONFIG;
	r = err_from_git(rc, msg);
	if (r == WEALD_IO && syntax) {
		/* libgit2 names the file and the line */
		msg_prefix(msg, "correct the config or restore it from a "
				"backup");
		return WEALD_CORRUPT;
	}
	return r;
}

static int read_config(struct home *h, struct weald_msg *msg)
{
	git_config *config = NULL;
	char *path = NULL;
	int r = home_join(h, CONFIG, &path);

	if (r == WEALD_OK) {
		r = check_config_file(h, path, msg);
	}
	if (r == WEALD_OK) {
		r = open_config(path, &config, msg);
	}
	if (r == WEALD_OK) {
		r = read_values(h, config, path, msg);
	}
	git_config_free(config);
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
