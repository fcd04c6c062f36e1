/*
 * libgit2 edits a copy, which then takes the file's place: its own way of
 * writing does not sync, and an empty configuration after a power cut is a
 * repository that nothing opens any more.
 */
#include "store/feed/repoconfig.h"

#include <git2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/bytes.h"
#include "store/feed/giterr.h"
#include "store/fs.h"

#define CONFIG_FILE      "config"
#define CONFIG_COPY      "tmp_file_config" /* fs_clean_temps() removes it */
#define CONFIG_BYTES_MAX (1024u * 1024u)

#define KEY_SIGNERS  "gpg.ssh.allowedsignersfile"
#define KEY_PROMISOR "remote.weald.promisor"

/* One value; NULL removes it. */
struct setting {
	const char *key;
	const char *value;
};

/* By Debian's policy there never is such a folder. */
static const struct setting narrow_settings[] = {
	{ "remote.weald.url", "/nonexistent/narrow-replica" },
	{ KEY_PROMISOR, "true" },
	{ "remote.weald.partialclonefilter", "blob:none" },
	{ "uploadpack.allowfilter", "true" },
};
#define NARROW_SETTINGS_N (sizeof narrow_settings / sizeof narrow_settings[0])

static int open_config(const char *dir, const char *name, git_config **out,
		       struct weald_msg *msg)
{
	char *path;
	int code;

	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		return WEALD_NOMEM;
	}
	code = git_config_open_ondisk(out, path);
	free(path);
	return code < 0 ? err_from_git(code, msg) : WEALD_OK;
}

int repoconfig_is_narrow(const char *dir, bool *out, struct weald_msg *msg)
{
	git_config *config = NULL;
	int narrow = 0;
	int code;
	int r;

	r = open_config(dir, CONFIG_FILE, &config, msg);
	if (r != WEALD_OK) {
		return r;
	}
	code = git_config_get_bool(&narrow, config, KEY_PROMISOR);
	git_config_free(config);
	if (code < 0 && code != GIT_ENOTFOUND) {
		return err_from_git(code, msg);
	}
	*out = code == 0 && narrow != 0;
	return WEALD_OK;
}

static int apply(const char *dir, const struct setting *settings, size_t n,
		 struct weald_msg *msg)
{
	git_config *config = NULL;
	size_t i;
	int code = 0;
	int r;

	r = open_config(dir, CONFIG_COPY, &config, msg);
	if (r != WEALD_OK) {
		return r;
	}
	for (i = 0; code == 0 && i < n; i++) {
		if (settings[i].value != NULL) {
			code = git_config_set_string(config, settings[i].key,
						     settings[i].value);
			continue;
		}
		code = git_config_delete_entry(config, settings[i].key);
		code = code == GIT_ENOTFOUND ? 0 : code;
	}
	git_config_free(config);
	return code < 0 ? err_from_git(code, msg) : WEALD_OK;
}

/* Take the file @from of @dir to be the file @to, durably. */
static int copy_file(const char *dir, const char *from, const char *to,
		     struct weald_msg *msg)
{
	struct buf bytes = { .data = NULL };
	char *path_from = NULL;
	char *path_to = NULL;
	int r = WEALD_OK;

	if (asprintf(&path_from, "%s/%s", dir, from) < 0) {
		return WEALD_NOMEM;
	}
	if (asprintf(&path_to, "%s/%s", dir, to) < 0) {
		free(path_from);
		return WEALD_NOMEM;
	}
	r = fs_read_file(path_from, CONFIG_BYTES_MAX, &bytes, msg);
	if (r == WEALD_OK) {
		r = fs_write_durable(path_to, buf_span(&bytes), 0644, msg);
	}
	buf_release(&bytes);
	free(path_from);
	free(path_to);
	return r;
}

static void remove_copy(const char *dir)
{
	char *path;

	if (asprintf(&path, "%s/%s", dir, CONFIG_COPY) >= 0) {
		(void)fs_remove(path, NULL);
		free(path);
	}
}

static int set_all(const char *dir, const struct setting *settings, size_t n,
		   struct weald_msg *msg)
{
	int r;

	r = copy_file(dir, CONFIG_FILE, CONFIG_COPY, msg);
	if (r == WEALD_OK) {
		r = apply(dir, settings, n, msg);
	}
	if (r == WEALD_OK) {
		r = copy_file(dir, CONFIG_COPY, CONFIG_FILE, msg);
	}
	remove_copy(dir);
	return r;
}

int repoconfig_set_narrow(const char *dir, bool narrow, struct weald_msg *msg)
{
	struct setting settings[NARROW_SETTINGS_N];
	size_t i;

	for (i = 0; i < NARROW_SETTINGS_N; i++) {
		settings[i] = narrow_settings[i];
		if (!narrow) {
			settings[i].value = NULL;
		}
	}
	return set_all(dir, settings, NARROW_SETTINGS_N, msg);
}

int repoconfig_set_signers(const char *dir, const char *path,
			   struct weald_msg *msg)
{
	const struct setting want = { KEY_SIGNERS, path };
	git_config *config = NULL;
	git_buf have = GIT_BUF_INIT;
	bool same;
	int code;
	int r;

	r = open_config(dir, CONFIG_FILE, &config, msg);
	if (r != WEALD_OK) {
		return r;
	}
	code = git_config_get_string_buf(&have, config, KEY_SIGNERS);
	same = code == 0 && strcmp(have.ptr, path) == 0;
	git_buf_dispose(&have);
	git_config_free(config);
	if (code < 0 && code != GIT_ENOTFOUND) {
		return err_from_git(code, msg);
	}
	return same ? WEALD_OK : set_all(dir, &want, 1, msg);
}
