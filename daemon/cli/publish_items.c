/*
 * weald publish and weald check: the folders that are named, read and vetted.
 * Nothing is signed here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cli/publish_private.h"
#include "store/fs.h"

/* How much the first pass keeps for the second. */
#define KEEP_BYTES_MAX (64u * 1024u * 1024u)
/* What a folder takes beside its contents. */
#define KEEP_BYTES_EACH 4096u

/* So many are told one by one. */
#define TWICE_SHOWN 20u

#define PATHS_MAX 1000000u

void publish_release(struct publishing *p)
{
	struct item *it;

	while (p->items_n > 0) {
		it = &p->items[--p->items_n];
		publish_unload(it);
		free(it->name);
		free(it->note);
		free(it->path);
	}
	free(p->items);
	p->items = NULL;
	vetting_close(&p->vetting);
	own_close(&p->own);
}

int publish_add(struct publishing *p, const char *path)
{
	struct item *grown;
	size_t cap;

	if (path[0] == '\0') {
		return cli_usage_error(p->c, "a path is empty");
	}
	if (p->items_n == PATHS_MAX) {
		return cli_usage_error(p->c, "more than %u paths", PATHS_MAX);
	}
	if (p->items_n == p->items_cap) {
		cap = p->items_cap == 0 ? 16 : 2 * p->items_cap;
		grown = realloc(p->items, cap * sizeof *grown);
		if (grown == NULL) {
			return WEALD_NOMEM;
		}
		p->items = grown;
		p->items_cap = cap;
	}
	p->items[p->items_n] = (struct item){ .path = strdup(path) };
	if (p->items[p->items_n].path == NULL) {
		return WEALD_NOMEM;
	}
	p->items_n++;
	return WEALD_OK;
}

/* One path a line; empty lines are passed over. */
static int read_paths(struct publishing *p, FILE *file, const char *name)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int r = WEALD_OK;

	while (r == WEALD_OK && (n = getline(&line, &cap, file)) >= 0) {
		if (strlen(line) != (size_t)n) {
			msg_set(&p->c->msg, "%s: not a list of paths", name);
			r = cli_fail(p->c, CLI_ABOUT_INPUT, WEALD_INVALID);
			break;
		}
		if (n > 0 && line[n - 1] == '\n') {
			line[n - 1] = '\0';
		}
		if (line[0] != '\0') {
			r = publish_add(p, line);
		}
	}
	if (r == WEALD_OK && ferror(file)) {
		r = fs_fail(errno, "cannot read", NULL, name, &p->c->msg);
		(void)cli_fail(p->c, CLI_ABOUT_INPUT, r);
	}
	free(line);
	return r;
}

static int add_from(struct publishing *p, const char *name)
{
	FILE *file;
	int r;

	if (strcmp(name, "-") == 0) {
		return read_paths(p, stdin, "standard input");
	}
	file = fopen(name, "re");
	if (file == NULL) {
		r = fs_fail(errno, "cannot open", NULL, name, &p->c->msg);
		return cli_fail(p->c, CLI_ABOUT_INPUT, r);
	}
	r = read_paths(p, file, name);
	fclose(file);
	return r;
}

/* What a shell makes of "$(cat FILE)" and the like, without its blank ends. */
static char *trimmed(const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && strchr(" \n", text[0]) != NULL) {
		text++;
		len--;
	}
	while (len > 0 && strchr(" \n", text[len - 1]) != NULL) {
		len--;
	}
	return strndup(text, len);
}

int publish_arguments(struct publishing *p, const char *message,
		      const char *from, char *const *paths, char **out_note)
{
	char *note = trimmed(message);
	int r = note == NULL ? WEALD_NOMEM : WEALD_OK;

	for (; r == WEALD_OK && *paths != NULL; paths++) {
		r = publish_add(p, *paths);
	}
	if (r == WEALD_OK && from != NULL) {
		r = add_from(p, from);
	}
	if (r == WEALD_OK && p->items_n == 0) {
		r = cli_usage_error(p->c, "no path is given");
	}
	if (r == WEALD_OK) {
		*out_note = note;
	} else {
		free(note);
	}
	return r;
}

int publish_load(struct publishing *p, struct item *it)
{
	uint8_t digest[SHA256_BYTES];
	struct folder *f;
	int r;

	if (it->folder != NULL) {
		return WEALD_OK;
	}
	f = calloc(1, sizeof *f);
	if (f == NULL) {
		return WEALD_NOMEM;
	}
	it->folder = f;
	r = folder_load(it->path, f);
	if (r == WEALD_OK) {
		r = folder_digest(f, digest);
	}
	if (r == WEALD_OK && it->is_read &&
	    memcmp(digest, it->digest, sizeof digest) != 0) {
		msg_set(&p->c->msg, "%.200s: changed while it was published",
			it->path);
		r = cli_fail(p->c, CLI_ABOUT_INPUT, WEALD_INVALID);
	}
	if (r != WEALD_OK) {
		publish_unload(it);
		return r;
	}
	memcpy(it->digest, digest, sizeof it->digest);
	it->is_read = true;
	return WEALD_OK;
}

void publish_unload(struct item *it)
{
	if (it->folder != NULL) {
		folder_release(it->folder);
	}
	free(it->folder);
	it->folder = NULL;
}

/* Name the record, if it has one, and expect it. */
static int set_name(struct publishing *p, struct item *it)
{
	const struct folder *f = it->folder;
	char name[NAME_TEXT_BYTES];

	if (f->front.kind[0] == '\0' || f->slug[0] == '\0') {
		return WEALD_OK;
	}
	snprintf(name, sizeof name, "%s/%s", f->front.kind, f->slug);
	it->name = strdup(name);
	return it->name == NULL ? WEALD_NOMEM
				: vetting_expect(&p->vetting, name, it->digest,
						 &it->order);
}

/* Read the folder of @it, and keep it where there is room. */
static int read_item(struct publishing *p, struct item *it)
{
	const bool given = it->folder != NULL;
	size_t size;
	int r = publish_load(p, it);

	if (r == WEALD_OK) {
		r = set_name(p, it);
	}
	if (r != WEALD_OK || given) {
		return r;
	}
	it->marked = it->name != NULL && it->folder->mark.version != 0;
	size = it->folder->bytes + KEEP_BYTES_EACH;
	if (size <= KEEP_BYTES_MAX - p->keep_bytes) {
		p->keep_bytes += size;
	} else {
		publish_unload(it);
	}
	return WEALD_OK;
}

static int compare_items(const void *a, const void *b)
{
	const struct item *x = *(const struct item *const *)a;
	const struct item *y = *(const struct item *const *)b;
	int d = strcmp(x->name, y->name);

	return d != 0 ? d : (x > y) - (x < y); /* then as they were given */
}

static void tell_both(const struct publishing *p, const struct item *a,
		      const struct item *b)
{
	struct weald_msg msg;

	msg_set(&msg,
		"%.150s and %.150s are both the record %s; the second is "
		"its next version",
		a->path, b->path, b->name);
	fprintf(stderr, "weald %s: note: %s\n", p->c->command, msg.text);
}

/*
 * One record twice is two versions of it, in the order given. That may be
 * meant or a slip (two folders of one name), so it is said.
 */
static int tell_twice(struct publishing *p)
{
	const struct item **sorted = calloc(p->items_n, sizeof *sorted);
	size_t told = 0;
	size_t i;

	if (sorted == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < p->items_n; i++) {
		sorted[i] = &p->items[i];
	}
	qsort(sorted, p->items_n, sizeof *sorted, compare_items);
	for (i = 1; i < p->items_n && told < TWICE_SHOWN; i++) {
		if (strcmp(sorted[i - 1]->name, sorted[i]->name) != 0) {
			continue;
		}
		told++;
		tell_both(p, sorted[i - 1], sorted[i]);
	}
	free(sorted);
	return WEALD_OK;
}

static int vet_item(struct publishing *p, struct item *it)
{
	const bool kept = it->folder != NULL;
	struct vetting_item asked = { .path = it->path, .order = it->order };
	struct vetting_result result;
	int r = publish_load(p, it);

	if (r == WEALD_OK) {
		asked.folder = it->folder;
		asked.note = p->note;
		r = vetting_record(&p->vetting, &asked, &result);
		free(it->note); /* of the pass before the person was asked */
		it->note = result.note;
		it->follows = result.follows;
	}
	if (!kept) {
		publish_unload(it);
	}
	return r;
}

/* Vet all, and tell what is wrong. */
static int vet_items(struct publishing *p, const char *undone)
{
	size_t i;
	int r = WEALD_OK;

	progress_init(&p->progress, "checked");
	for (i = 0; r == WEALD_OK && i < p->items_n; i++) {
		r = vet_item(p, &p->items[i]);
		progress_show(&p->progress, i + 1, p->items_n);
	}
	progress_end(&p->progress);
	return r == WEALD_OK ? vetting_report(&p->vetting, undone) : r;
}

int publish_vet(struct publishing *p, const char *undone, bool may_ask)
{
	size_t i;
	int r = WEALD_OK;

	if (!p->vetting.is_open) {
		r = vetting_open(&p->vetting, p->c, p->own.home, p->own.feed);
	}
	if (r == WEALD_OK) {
		r = vetting_confirm(&p->vetting, p->confirm_role,
				    p->confirm_reason);
	}
	p->vetting.bring_back = p->bring_back;
	for (i = 0; r == WEALD_OK && i < p->items_n; i++) {
		r = read_item(p, &p->items[i]);
	}
	if (r == WEALD_OK) {
		r = vet_items(p, undone);
	}
	if (r == WEALD_PRIVACY && may_ask && vetting_ask(&p->vetting)) {
		r = vet_items(p, undone);
	}
	return r == WEALD_OK ? tell_twice(p) : r;
}
