/*
 * The feeds of a home: feeds/<name>.git.
 */
#include "store/home.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/fs.h"
#include "store/record/reference.h"

#define FEEDS_SHOWN_MAX 12u /* as many fit in a message */

int home_feed_dir(const struct home *h, const char *name, char **out)
{
	char *path;

	/* the name may be what a person typed */
	if (!reference_is_region(span_of(name))) {
		return WEALD_INVALID;
	}
	if (asprintf(&path, "%s/feeds/%s.git", home_path(h), name) < 0) {
		return WEALD_NOMEM;
	}
	*out = path;
	return WEALD_OK;
}

struct names {
	char **names;
	size_t n;
};

static void names_release(struct names *list)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		free(list->names[i]);
	}
	free(list->names);
	*list = (struct names){ .n = 0 };
}

static int names_add(struct names *list, struct span name,
		     struct weald_msg *msg)
{
	char **grown;

	if (list->n == HOME_FEEDS_MAX) {
		msg_set(msg, "more than %u feeds in one home", HOME_FEEDS_MAX);
		return WEALD_TOOBIG;
	}
	grown = reallocarray(list->names, list->n + 1, sizeof *grown);
	if (grown == NULL) {
		return WEALD_NOMEM;
	}
	list->names = grown;
	grown[list->n] = strndup((const char *)name.data, name.len);
	if (grown[list->n] == NULL) {
		return WEALD_NOMEM;
	}
	list->n++;
	return WEALD_OK;
}

/* The feed's name in the name of its repository: "<name>.git". */
static bool is_feed_dir(const char *file, struct span *out_name)
{
	static const char end[] = ".git";
	const size_t n = sizeof end - 1;
	struct span name = span_of(file);

	if (name.len <= n || memcmp(file + name.len - n, end, n) != 0) {
		return false;
	}
	name.len -= n;
	*out_name = name;
	return reference_is_region(name);
}

static int collect_names(const char *dir_path, struct names *list,
			 struct weald_msg *msg)
{
	const struct dirent *e;
	struct span name;
	DIR *dir = opendir(dir_path);
	int r = WEALD_OK;

	if (dir == NULL) {
		return fs_fail(errno, "cannot open the folder", NULL, dir_path,
			       msg);
	}
	while (r == WEALD_OK) {
		errno = 0;
		e = readdir(dir);
		if (e == NULL) {
			break;
		}
		if (is_feed_dir(e->d_name, &name)) {
			r = names_add(list, name, msg);
		}
	}
	if (r == WEALD_OK && errno != 0) {
		r = fs_fail(errno, "cannot read the folder", NULL, dir_path,
			    msg);
	}
	(void)closedir(dir);
	return r;
}

static int compare_names(const void *a, const void *b)
{
	const char *const *x = a;
	const char *const *y = b;

	return strcmp(*x, *y);
}

/* Sorted, but @own before all others. */
static void sort_names(struct names *list, const char *own)
{
	char *first;
	size_t i;

	if (list->n == 0) {
		return;
	}
	qsort(list->names, list->n, sizeof *list->names, compare_names);
	for (i = 0; i < list->n; i++) {
		if (strcmp(list->names[i], own) == 0) {
			first = list->names[i];
			memmove(list->names + 1, list->names,
				i * sizeof *list->names);
			list->names[0] = first;
			return;
		}
	}
}

int home_feeds(const struct home *h, char ***out_names, size_t *out_n,
	       struct weald_msg *msg)
{
	struct names list = { .n = 0 };
	char *path = NULL;
	int r = home_join(h, "feeds", &path);

	if (r == WEALD_OK) {
		r = collect_names(path, &list, msg);
	}
	free(path);
	if (r != WEALD_OK) {
		names_release(&list);
		return r;
	}
	sort_names(&list, home_slug(h));
	*out_names = list.names;
	*out_n = list.n;
	return WEALD_OK;
}

/* "a, b, c and 4 more" */
static int list_names(const struct names *list, struct buf *out)
{
	size_t shown = list->n > FEEDS_SHOWN_MAX ? FEEDS_SHOWN_MAX : list->n;
	int r = WEALD_OK;
	size_t i;

	for (i = 0; i < shown && r == WEALD_OK; i++) {
		r = buf_addf(out, "%s%s", i == 0 ? "" : ", ", list->names[i]);
	}
	if (r == WEALD_OK && shown < list->n) {
		r = buf_addf(out, " and %zu more", list->n - shown);
	}
	return r;
}

/* Say that there is no feed @name, and which there are. */
static int refuse_name(const struct home *h, const char *name,
		       struct weald_msg *msg)
{
	struct names list = { .n = 0 };
	struct buf text;
	int r = home_feeds(h, &list.names, &list.n, msg);

	if (r != WEALD_OK) {
		return r;
	}
	buf_init(&text, 4096);
	r = list_names(&list, &text);
	if (r == WEALD_OK && strcmp(name, home_slug(h)) == 0) {
		msg_set(msg,
			"the own feed %s is missing from \"%s\"; restore "
			"feeds/%s.git from a backup or from another region's "
			"copy",
			name, home_path(h), name);
		r = WEALD_NOTFOUND;
	} else if (r == WEALD_OK) {
		msg_set(msg, "no feed \"%.80s\" here; there %s%.*s", name,
			list.n == 0   ? "are none"
			: list.n == 1 ? "is: "
				      : "are: ",
			(int)text.len,
			text.len == 0 ? "" : (const char *)text.data);
		r = WEALD_NOTFOUND;
	}
	buf_release(&text);
	names_release(&list);
	return r;
}

int home_open_feed(const struct home *h, const char *name, enum feed_mode mode,
		   struct feed **out, struct weald_msg *msg)
{
	bool there = false;
	char *dir = NULL;
	int r = home_feed_dir(h, name, &dir);

	if (r == WEALD_INVALID) {
		return refuse_name(h, name, msg);
	}
	if (r == WEALD_OK) {
		r = fs_exists(dir, &there, msg);
	}
	if (r == WEALD_OK) {
		r = there ? feed_open(dir, mode, out, msg)
			  : refuse_name(h, name, msg);
	}
	free(dir);
	return r;
}
