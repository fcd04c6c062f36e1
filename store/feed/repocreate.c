/*
 * Making a new repository: built beside its place, file by file, each durable,
 * then renamed. libgit2's own way leaves an empty HEAD after a power cut.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/feed/repo.h"
#include "store/fs.h"

/* A path is shorter, even with each byte of it quoted. */
#define CONFIG_BYTES_MAX (16u * 1024u)

/* A file that a new repository starts with. */
static int create_file(const char *dir, const char *name, const char *text,
		       struct weald_msg *msg)
{
	char *path;
	int r;

	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		return WEALD_NOMEM;
	}
	r = fs_create_durable(path, span_of(text), 0644, msg);
	free(path);
	return r;
}

/* @text as git's configuration takes it between quotes. */
static int add_quoted(struct buf *out, const char *text)
{
	int r = WEALD_OK;

	for (; r == WEALD_OK && *text != '\0'; text++) {
		if (*text == '\n') {
			r = buf_add_text(out, "\\n");
			continue;
		}
		if (*text == '"' || *text == '\\') {
			r = buf_add_byte(out, '\\');
		}
		if (r == WEALD_OK) {
			r = buf_add(out, text, 1);
		}
	}
	return r;
}

/* @final: where the repository will stand; git reads its config there. */
static int create_config(const char *dir, const char *final,
			 struct weald_msg *msg)
{
	struct buf text;
	int r;

	buf_init(&text, CONFIG_BYTES_MAX);
	r = buf_add_text(&text, "[core]\n"
				"\trepositoryformatversion = 0\n"
				"\tfilemode = true\n"
				"\tbare = true\n"
				"[gc]\n"
				"\tauto = 0\n"
				"\tpruneExpire = never\n"
				"[gpg \"ssh\"]\n"
				"\tallowedSignersFile = \"");
	if (r == WEALD_OK) {
		r = add_quoted(&text, final);
	}
	if (r == WEALD_OK) {
		r = buf_add_text(&text, "/" REPO_ALLOWED_SIGNERS "\"\n");
	}
	if (r == WEALD_OK) {
		r = buf_add_byte(&text, '\0');
	}
	if (r == WEALD_OK) {
		r = create_file(dir, "config", (const char *)text.data, msg);
	}
	buf_release(&text);
	return r;
}

static int create_parts(const char *dir, const char *final,
			struct weald_msg *msg)
{
	static const char *const folders[] = { "objects",      "objects/info",
					       "objects/pack", "refs",
					       "refs/heads",   "refs/tags",
					       REPO_OWN_DIR };
	char *path;
	size_t i;
	int r;

	r = fs_mkdir(dir, 0755, msg);
	for (i = 0; r == WEALD_OK && i < sizeof folders / sizeof *folders;
	     i++) {
		if (asprintf(&path, "%s/%s", dir, folders[i]) < 0) {
			return WEALD_NOMEM;
		}
		r = fs_mkdir(path, 0755, msg);
		free(path);
	}
	if (r == WEALD_OK) {
		r = create_file(dir, "HEAD", "ref: " REPO_MAIN "\n", msg);
	}
	if (r == WEALD_OK) {
		r = create_file(dir, REPO_ALLOWED_SIGNERS, "", msg);
	}
	if (r == WEALD_OK) {
		r = create_config(dir, final, msg);
	}
	return r;
}

/* "<folder>/.new-<name>" beside @dir, and @dir as an absolute path. */
static int create_names(const char *dir, char **out_temp, char **out_final,
			struct weald_msg *msg)
{
	char *copy = strdup(dir);
	char *parent = NULL;
	char *slash;
	const char *name;
	int r = WEALD_OK;

	*out_temp = NULL;
	*out_final = NULL;
	if (copy == NULL) {
		return WEALD_NOMEM;
	}
	slash = strrchr(copy, '/');
	name = slash == NULL ? copy : slash + 1;
	if (slash != NULL) {
		*slash = '\0';
	}
	parent = realpath(slash == NULL   ? "."
			  : slash == copy ? "/"
					  : copy,
			  NULL);
	if (parent == NULL) {
		r = fs_fail(errno, "find", NULL, copy, msg);
	} else if (asprintf(out_temp, "%s/.new-%s", parent, name) < 0 ||
		   asprintf(out_final, "%s/%s", parent, name) < 0) {
		r = WEALD_NOMEM;
	}
	free(parent);
	free(copy);
	return r;
}

int repo_create(const char *dir, struct weald_msg *msg)
{
	char *temp = NULL;
	char *final = NULL;
	bool exists = false;
	int r;

	r = create_names(dir, &temp, &final, msg);
	if (r != WEALD_OK) {
		goto out;
	}
	r = fs_exists(final, &exists, msg);
	if (r == WEALD_OK && exists) {
		msg_set(msg, "%s exists already", final);
		r = WEALD_EXISTS;
	}
	if (r == WEALD_OK) {
		r = fs_remove_tree(temp, msg);
	}
	if (r == WEALD_OK) {
		r = create_parts(temp, final, msg);
	}
	if (r == WEALD_OK) {
		r = fs_rename(temp, final, msg);
	}
	if (r != WEALD_OK && temp != NULL) {
		(void)fs_remove_tree(temp, NULL);
	}
out:
	free(temp);
	free(final);
	return r;
}
