#include "store/feed/tree.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/feed/objectid.h"

#define MODE_FILE   "100644 "
#define MODE_FOLDER "40000 "

struct folder;

struct entry {
	char *name;
	size_t name_len;
	bool is_folder;
	uint8_t id[OBJECT_ID_BYTES];
	struct folder *child; /* NULL where it is not loaded */
};

struct folder {
	struct entry *entries; /* in git's order */
	size_t count;
	size_t cap;
	bool dirty; /* ids above it are out of date */
};

struct tree {
	struct tree_io io;
	uint8_t root_id[OBJECT_ID_BYTES];
	struct folder *root; /* NULL where it is not loaded */
	size_t folders;      /* loaded */
};

static void folder_free(struct tree *t, struct folder *f)
{
	size_t i;

	if (f == NULL) {
		return;
	}
	for (i = 0; i < f->count; i++) {
		folder_free(t, f->entries[i].child);
		free(f->entries[i].name);
	}
	free(f->entries);
	free(f);
	assert(t->folders > 0);
	t->folders--;
}

static struct folder *folder_new(struct tree *t)
{
	struct folder *f = calloc(1, sizeof *f);

	if (f != NULL) {
		t->folders++;
	}
	return f;
}

/* git's order: by bytes, a folder as if its name ended in "/". */
static int entry_compare(struct span a, bool a_folder, struct span b,
			 bool b_folder)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = memcmp(a.data, b.data, n);
	int a_next;
	int b_next;

	if (c != 0) {
		return c;
	}
	a_next = a.len > n ? a.data[n] : a_folder ? '/' : 0;
	b_next = b.len > n ? b.data[n] : b_folder ? '/' : 0;
	return a_next - b_next;
}

/* The place of a name of that kind: where it is, or where it belongs. */
static size_t entry_place(const struct folder *f, struct span name,
			  bool is_folder, bool *out_there)
{
	size_t low = 0;
	size_t high = f->count;
	size_t mid;
	int c;

	*out_there = false;
	while (low < high) {
		mid = low + (high - low) / 2;
		c = entry_compare(
			(struct span){ (uint8_t *)f->entries[mid].name,
				       f->entries[mid].name_len },
			f->entries[mid].is_folder, name, is_folder);
		if (c == 0) {
			*out_there = true;
			return mid;
		}
		if (c < 0) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return low;
}

static struct entry *entry_find(const struct folder *f, struct span name,
				bool is_folder)
{
	bool there;
	size_t at = entry_place(f, name, is_folder, &there);

	return there ? &f->entries[at] : NULL;
}

/* A new entry at the place @at, where it belongs. */
static int entry_insert(struct folder *f, size_t at, struct span name,
			bool is_folder, struct entry **out)
{
	struct entry *entries;
	struct entry *e;
	char *copy;
	size_t cap;

	assert(at <= f->count);
	if (f->count == f->cap) {
		cap = f->cap == 0 ? 4 : 2 * f->cap;
		entries = realloc(f->entries, cap * sizeof *entries);
		if (entries == NULL) {
			return WEALD_NOMEM;
		}
		f->entries = entries;
		f->cap = cap;
	}
	copy = strndup((const char *)name.data, name.len);
	if (copy == NULL) {
		return WEALD_NOMEM;
	}
	assert(f->entries != NULL);
	e = &f->entries[at];
	memmove(e + 1, e, (f->count - at) * sizeof *e);
	f->count++;
	*e = (struct entry){ .name = copy,
			     .name_len = name.len,
			     .is_folder = is_folder };
	*out = e;
	return WEALD_OK;
}

static int entry_add(struct folder *f, struct span name, bool is_folder,
		     struct entry **out)
{
	bool there;
	size_t at = entry_place(f, name, is_folder, &there);

	assert(!there);
	return entry_insert(f, at, name, is_folder, out);
}

/* Does the name come after the last entry of the folder? */
static bool is_next(const struct folder *f, struct span name, bool is_folder)
{
	const struct entry *last;

	if (f->count == 0) {
		return true;
	}
	last = &f->entries[f->count - 1];
	return entry_compare((struct span){ (const uint8_t *)last->name,
					    last->name_len },
			     last->is_folder, name, is_folder) < 0;
}

static void entry_remove(struct tree *t, struct folder *f, struct entry *e)
{
	size_t at = (size_t)(e - f->entries);

	assert(at < f->count);
	folder_free(t, e->child);
	free(e->name);
	f->count--;
	memmove(e, e + 1, (f->count - at) * sizeof *e);
}

/* One entry of git's tree format: "<mode> <name>\0<20 bytes>". */
static int parse_entry(struct reader *r, struct folder *f)
{
	struct span name;
	struct span id;
	struct entry *e;
	bool is_folder = false;
	int err;

	if (reader_expect(r, MODE_FILE) != WEALD_OK) {
		if (reader_expect(r, MODE_FOLDER) != WEALD_OK) {
			return WEALD_CORRUPT;
		}
		is_folder = true;
	}
	if (reader_until(r, '\0', &name) != WEALD_OK || name.len == 0 ||
	    reader_take(r, OBJECT_ID_BYTES, &id) != WEALD_OK ||
	    !is_next(f, name, is_folder)) {
		return WEALD_CORRUPT;
	}
	err = entry_insert(f, f->count, name, is_folder, &e);
	if (err == WEALD_OK) {
		memcpy(e->id, id.data, OBJECT_ID_BYTES);
	}
	return err;
}

static int folder_load(struct tree *t, const uint8_t id[OBJECT_ID_BYTES],
		       struct folder **out, struct weald_msg *msg)
{
	struct folder *f = folder_new(t);
	struct reader r;
	struct buf data;
	int err = WEALD_OK;

	if (f == NULL) {
		return WEALD_NOMEM;
	}
	buf_init(&data, TREE_BYTES_MAX);
	if (memcmp(id, empty_tree_id, OBJECT_ID_BYTES) != 0) {
		err = t->io.load(t->io.ctx, id, &data, msg);
		/* not to be taken for a file or a record that is not there */
		err = err == WEALD_NOTFOUND ? WEALD_CORRUPT : err;
	}
	reader_init(&r, buf_span(&data));
	while (err == WEALD_OK && reader_left(&r) > 0) {
		err = parse_entry(&r, f);
		if (err == WEALD_CORRUPT) {
			msg_set(msg, "a tree of the feed holds what no "
				     "update puts there");
		}
	}
	buf_release(&data);
	if (err != WEALD_OK) {
		folder_free(t, f);
		return err;
	}
	*out = f;
	return WEALD_OK;
}

static int root_get(struct tree *t, struct folder **out, struct weald_msg *msg)
{
	int r = WEALD_OK;

	if (t->root == NULL) {
		r = folder_load(t, t->root_id, &t->root, msg);
	}
	if (r == WEALD_OK) {
		*out = t->root;
	}
	return r;
}

static int child_get(struct tree *t, struct entry *e, struct folder **out,
		     struct weald_msg *msg)
{
	int r = WEALD_OK;

	assert(e->is_folder);
	if (e->child == NULL) {
		r = folder_load(t, e->id, &e->child, msg);
	}
	if (r == WEALD_OK) {
		*out = e->child;
	}
	return r;
}

int tree_new(const struct tree_io *io, const uint8_t root[OBJECT_ID_BYTES],
	     struct tree **out)
{
	struct tree *t = calloc(1, sizeof *t);

	if (t == NULL) {
		return WEALD_NOMEM;
	}
	t->io = *io;
	memcpy(t->root_id, root, OBJECT_ID_BYTES);
	*out = t;
	return WEALD_OK;
}

void tree_free(struct tree *t)
{
	if (t == NULL) {
		return;
	}
	folder_free(t, t->root);
	assert(t->folders == 0);
	free(t);
}

void tree_reset(struct tree *t, const uint8_t root[OBJECT_ID_BYTES])
{
	folder_free(t, t->root);
	t->root = NULL;
	memcpy(t->root_id, root, OBJECT_ID_BYTES);
}

void tree_trim(struct tree *t, size_t folders)
{
	if (t->folders > folders) {
		assert(t->root == NULL || !t->root->dirty);
		tree_reset(t, t->root_id);
	}
}

/* The first component of @path, and what comes behind it. */
static struct span path_split(struct span path, struct span *out_rest)
{
	const uint8_t *slash = memchr(path.data, '/', path.len);
	struct span first = path;

	*out_rest = (struct span){ NULL, 0 };
	if (slash != NULL) {
		first.len = (size_t)(slash - path.data);
		out_rest->data = slash + 1;
		out_rest->len = path.len - first.len - 1;
	}
	return first;
}

/* A path has at most five components: the depth is bounded. */
static int remove_at(struct tree *t, struct folder *f, struct span path,
		     struct weald_msg *msg)
{
	struct span rest;
	struct span name = path_split(path, &rest);
	struct folder *child;
	struct entry *e;
	int r;

	e = entry_find(f, name, rest.len > 0);
	if (e == NULL) {
		return WEALD_REMOVAL_ABSENT;
	}
	f->dirty = true;
	if (rest.len == 0) {
		entry_remove(t, f, e);
		return WEALD_OK;
	}
	r = child_get(t, e, &child, msg);
	if (r == WEALD_OK) {
		r = remove_at(t, child, rest, msg);
	}
	if (r == WEALD_OK && child->count == 0) {
		entry_remove(t, f, e);
	}
	return r;
}

static int put_file(struct folder *f, struct span name,
		    const uint8_t blob[OBJECT_ID_BYTES])
{
	struct entry *e = entry_find(f, name, false);
	int r;

	if (e == NULL) {
		r = entry_add(f, name, false, &e);
		if (r != WEALD_OK) {
			return r;
		}
	} else if (memcmp(e->id, blob, OBJECT_ID_BYTES) == 0) {
		return WEALD_PUT_UNCHANGED;
	}
	memcpy(e->id, blob, OBJECT_ID_BYTES);
	return WEALD_OK;
}

static int put_at(struct tree *t, struct folder *f, struct span path,
		  const uint8_t blob[OBJECT_ID_BYTES], struct weald_msg *msg)
{
	struct span rest;
	struct span name = path_split(path, &rest);
	struct folder *child;
	struct entry *e;
	int r;

	if (entry_find(f, name, rest.len == 0) != NULL) {
		return WEALD_PATH_CLASH;
	}
	f->dirty = true;
	if (rest.len == 0) {
		return put_file(f, name, blob);
	}
	e = entry_find(f, name, true);
	if (e != NULL) {
		r = child_get(t, e, &child, msg);
		return r == WEALD_OK ? put_at(t, child, rest, blob, msg) : r;
	}
	child = folder_new(t);
	if (child == NULL) {
		return WEALD_NOMEM;
	}
	r = entry_add(f, name, true, &e);
	if (r != WEALD_OK) {
		folder_free(t, child);
		return r;
	}
	e->child = child; /* transferred */
	return put_at(t, child, rest, blob, msg);
}

static int say(int code, const struct change *c, struct weald_msg *msg)
{
	if (code == WEALD_REMOVAL_ABSENT || code == WEALD_PUT_UNCHANGED ||
	    code == WEALD_PATH_CLASH) {
		msg_set(msg, "changes: %.*s: %s", (int)c->path.len,
			(const char *)c->path.data, err_text(code));
	}
	return code;
}

int tree_apply(struct tree *t, const struct change *changes, size_t n,
	       struct weald_msg *msg)
{
	struct folder *root;
	size_t i;
	int r;

	r = root_get(t, &root, msg);
	for (i = 0; r == WEALD_OK && i < n; i++) {
		if (changes[i].removal) {
			r = say(remove_at(t, root, changes[i].path, msg),
				&changes[i], msg);
		}
	}
	for (i = 0; r == WEALD_OK && i < n; i++) {
		if (!changes[i].removal) {
			r = say(put_at(t, root, changes[i].path,
				       changes[i].blob, msg),
				&changes[i], msg);
		}
	}
	return r;
}

static int folder_encode(const struct folder *f, struct buf *out)
{
	const struct entry *e;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < f->count; i++) {
		e = &f->entries[i];
		r = buf_add_text(out, e->is_folder ? MODE_FOLDER : MODE_FILE);
		if (r == WEALD_OK) {
			r = buf_add(out, e->name, e->name_len + 1);
		}
		if (r == WEALD_OK) {
			r = buf_add(out, e->id, OBJECT_ID_BYTES);
		}
	}
	return r;
}

/* Depth first: the ids of the folders beneath stand in this one. */
static int folder_write(struct tree *t, struct folder *f,
			uint8_t out_id[OBJECT_ID_BYTES], struct weald_msg *msg)
{
	struct entry *e;
	struct buf data;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < f->count; i++) {
		e = &f->entries[i];
		if (e->child != NULL && e->child->dirty) {
			r = folder_write(t, e->child, e->id, msg);
		}
	}
	buf_init(&data, TREE_BYTES_MAX);
	if (r == WEALD_OK) {
		r = folder_encode(f, &data);
	}
	if (r == WEALD_OK) {
		r = object_id(OBJECT_TREE, data.data, data.len, out_id);
	}
	if (r == WEALD_OK && t->io.emit != NULL) {
		r = t->io.emit(t->io.ctx, out_id, buf_span(&data), msg);
	}
	if (r == WEALD_OK) {
		f->dirty = false;
	}
	buf_release(&data);
	return r;
}

int tree_write(struct tree *t, uint8_t out_id[OBJECT_ID_BYTES],
	       struct weald_msg *msg)
{
	int r = WEALD_OK;

	if (t->root != NULL && t->root->dirty) {
		r = folder_write(t, t->root, t->root_id, msg);
	}
	if (r == WEALD_OK) {
		memcpy(out_id, t->root_id, OBJECT_ID_BYTES);
	}
	return r;
}

/* The folder at @path; WEALD_NOTFOUND where there is none. */
static int folder_at(struct tree *t, struct span path, struct folder **out,
		     struct weald_msg *msg)
{
	struct folder *f = NULL;
	struct entry *e;
	struct span name;
	int r;

	r = root_get(t, &f, msg);
	while (r == WEALD_OK && path.len > 0) {
		name = path_split(path, &path);
		e = entry_find(f, name, true);
		r = e == NULL ? WEALD_NOTFOUND : child_get(t, e, &f, msg);
	}
	if (r == WEALD_OK) {
		*out = f;
	}
	return r;
}

int tree_find(struct tree *t, struct span path,
	      uint8_t out_blob[OBJECT_ID_BYTES], struct weald_msg *msg)
{
	struct span folder = { path.data, path.len };
	struct folder *f;
	struct entry *e;
	int r;

	while (folder.len > 0 && folder.data[folder.len - 1] != '/') {
		folder.len--;
	}
	path.data += folder.len;
	path.len -= folder.len;
	if (folder.len > 0) {
		folder.len--; /* the slash */
	}
	r = folder_at(t, folder, &f, msg);
	if (r != WEALD_OK) {
		return r;
	}
	e = entry_find(f, path, false);
	if (e == NULL) {
		return WEALD_NOTFOUND;
	}
	memcpy(out_blob, e->id, OBJECT_ID_BYTES);
	return WEALD_OK;
}

/* Files of @f and of the folders in it: a record has two levels. */
static int list_folder(struct tree *t, struct folder *f, const char *prefix,
		       tree_file_fn *each, void *ctx, struct weald_msg *msg)
{
	struct folder *child = NULL;
	struct entry *e;
	struct buf name;
	size_t i;
	int r = WEALD_OK;

	buf_init(&name, 2 * FILE_BYTES_MAX + 2);
	for (i = 0; r == WEALD_OK && i < f->count; i++) {
		e = &f->entries[i];
		buf_clear(&name);
		r = buf_add_text(&name, prefix);
		if (r == WEALD_OK) {
			r = buf_add(&name, e->name, e->name_len);
		}
		if (r == WEALD_OK && !e->is_folder) {
			r = each(ctx, buf_span(&name), e->id);
		} else if (r == WEALD_OK && prefix[0] == '\0') {
			r = buf_add(&name, "/", 2);
			if (r == WEALD_OK) {
				r = child_get(t, e, &child, msg);
			}
			if (r == WEALD_OK) {
				r = list_folder(t, child,
						(const char *)name.data, each,
						ctx, msg);
			}
		}
	}
	buf_release(&name);
	return r;
}

static int list_root(const struct folder *f, tree_file_fn *each, void *ctx)
{
	const struct entry *e;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < f->count; i++) {
		e = &f->entries[i];
		if (!e->is_folder) {
			r = each(ctx,
				 (struct span){ (const uint8_t *)e->name,
						e->name_len },
				 e->id);
		}
	}
	return r;
}

int tree_list(struct tree *t, struct span path, tree_file_fn *each, void *ctx,
	      struct weald_msg *msg)
{
	struct folder *f;
	int r;

	r = folder_at(t, path, &f, msg);
	if (r == WEALD_NOTFOUND) {
		return WEALD_OK;
	}
	if (r != WEALD_OK) {
		return r;
	}
	if (path.len == 0) {
		return list_root(f, each, ctx);
	}
	return list_folder(t, f, "", each, ctx, msg);
}
