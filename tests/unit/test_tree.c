#include "store/feed/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/feed/objectid.h"
#include "tests/unit/sample.h"
#include "tests/unit/scratch.h"
#include "tests/unit/vectors.h"

#define FILES_MAX 512u
#define PATH_SIZE 64u

/* Trees that were emitted: what a repository would hold. */
struct store {
	struct stored_tree {
		uint8_t id[OBJECT_ID_BYTES];
		struct buf data;
	} * trees;
	size_t count;
	size_t loads;
	int load_code; /* not WEALD_OK: every load fails */
};

/* The files that there should be, as a flat list, sorted by path. */
struct model {
	struct model_file {
		char path[PATH_SIZE];
		uint8_t blob[OBJECT_ID_BYTES];
	} files[FILES_MAX];
	size_t count;
};

struct fixture {
	struct store store;
	struct tree *tree;
	struct model model;
	struct weald_msg msg;
};

static struct stored_tree *store_find(struct store *s, const uint8_t *id)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		if (memcmp(s->trees[i].id, id, OBJECT_ID_BYTES) == 0) {
			return &s->trees[i];
		}
	}
	return NULL;
}

static int load_cb(void *ctx, const uint8_t id[OBJECT_ID_BYTES],
		   struct buf *out, struct weald_msg *msg)
{
	struct store *s = ctx;
	struct stored_tree *t = store_find(s, id);

	s->loads++;
	if (s->load_code != WEALD_OK || t == NULL) {
		msg_set(msg, "the object is not there");
		return s->load_code != WEALD_OK ? s->load_code : WEALD_NOTFOUND;
	}
	return buf_add(out, t->data.data, t->data.len);
}

static int emit_cb(void *ctx, const uint8_t id[OBJECT_ID_BYTES],
		   struct span data, struct weald_msg *msg)
{
	struct store *s = ctx;
	struct stored_tree *t;

	(void)msg;
	if (store_find(s, id) != NULL) {
		return WEALD_OK;
	}
	s->trees = realloc(s->trees, (s->count + 1) * sizeof *s->trees);
	assert_non_null(s->trees);
	t = &s->trees[s->count++];
	memcpy(t->id, id, sizeof t->id);
	buf_init(&t->data, TREE_BYTES_MAX);
	return buf_add(&t->data, data.data, data.len);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct tree_io io = { .load = load_cb, .emit = emit_cb };

	assert_non_null(f);
	io.ctx = &f->store;
	assert_int_equal(tree_new(&io, empty_tree_id, &f->tree), WEALD_OK);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	size_t i;

	tree_free(f->tree);
	for (i = 0; i < f->store.count; i++) {
		buf_release(&f->store.trees[i].data);
	}
	free(f->store.trees);
	free(f);
	return 0;
}

static void blob_of(uint8_t fill, uint8_t out[OBJECT_ID_BYTES])
{
	memset(out, fill, OBJECT_ID_BYTES);
}

static struct change put(const char *path, uint8_t fill)
{
	struct change c = { .path = span_of(path) };

	blob_of(fill, c.blob);
	return c;
}

static struct change removal(const char *path)
{
	return (struct change){ .path = span_of(path), .removal = true };
}

/* Apply and write; the tree's id in hex, one of a few static buffers. */
static const char *apply(struct fixture *f, const struct change *c, size_t n)
{
	static char hex[4][2 * OBJECT_ID_BYTES + 1];
	static unsigned turn;
	uint8_t id[OBJECT_ID_BYTES];
	char *out = hex[turn++ % 4];

	assert_int_equal(tree_apply(f->tree, c, n, &f->msg), WEALD_OK);
	assert_int_equal(tree_write(f->tree, id, &f->msg), WEALD_OK);
	hex_encode(id, sizeof id, out);
	return out;
}

/* Refused with @code, naming @word; the tree goes on as the one before. */
static void refuse(struct fixture *f, struct change c, int code,
		   const char *word)
{
	uint8_t id[OBJECT_ID_BYTES];
	int r;

	assert_int_equal(tree_write(f->tree, id, NULL), WEALD_OK);
	r = tree_apply(f->tree, &c, 1, &f->msg);
	check_refused(r, code, &f->msg, word);
	tree_reset(f->tree, id);
}

/* What git makes of the same files. */
static void assert_git_agrees(const char *hex, const struct change *c, size_t n)
{
	struct scratch s;
	char blob[2 * OBJECT_ID_BYTES + 1];
	FILE *list;
	size_t i;

	scratch_make(&s);
	list = fopen(scratch_path(&s, "list"), "we");
	assert_non_null(list);
	for (i = 0; i < n; i++) {
		hex_encode(c[i].blob, sizeof c[i].blob, blob);
		fprintf(list, "100644 %s\t%.*s\n", blob, (int)c[i].path.len,
			(const char *)c[i].path.data);
	}
	assert_int_equal(fclose(list), 0);
	assert_int_equal(
		scratch_run("cd %s && git init -q . && "
			    "git update-index --add --index-info <list && "
			    "[ $(git write-tree --missing-ok) = %s ]",
			    s.dir, hex),
		0);
	scratch_remove(&s);
}

static void tree_write__gives_the_ids_that_git_gives(void **state)
{
	struct change c[] = {
		put("a-b", 1),
		put("a.b", 2),
		put("a/x", 3),
		put("a/x-y/1", 4),
		put("a/x.y/1", 5),
		put("a/x/1", 6),
		put("a0", 7),
		put("a/attach", 8),
		put("b", 9),
		put("region.yaml", 10),
		put(".gitattributes", 11),
		put("a/x0", 12),
		put("ab/c/d/e/f", 13),
	};
	const size_t n = sizeof c / sizeof c[0];

	c[2] = put("a/w", 3); /* a/x is a folder */
	assert_git_agrees(apply(*state, c, n), c, n);
}

static void tree_write__orders_names_as_git_does(void **state)
{
	/* "a" the file before "a-b" before "a" the folder before "a0" */
	const struct change files[] = { put("d/a", 1), put("d/a-b", 2),
					put("d/a.b", 3), put("d/a0", 4) };
	const struct change folder[] = { removal("d/a"), put("d/a/x", 5) };
	const struct change both[] = { put("d/a-b", 2), put("d/a.b", 3),
				       put("d/a/x", 5), put("d/a0", 4) };

	assert_git_agrees(apply(*state, files, 4), files, 4);
	assert_git_agrees(apply(*state, folder, 2), both, 4);
}

static void tree_write__gives_the_trees_of_the_vectors(void **state)
{
	struct fixture *f = *state;
	uint8_t id[OBJECT_ID_BYTES];
	struct update u;
	size_t i;

	for (i = 0; i < VECTORS_N; i++) {
		vectors_update(i, &u);
		assert_int_equal(tree_apply(f->tree, u.changes, u.changes_n,
					    &f->msg),
				 WEALD_OK);
		assert_int_equal(tree_write(f->tree, id, &f->msg), WEALD_OK);
		assert_memory_equal(id, vectors_get()->updates[i].tree,
				    sizeof id);
	}
}

static void tree_apply__refuses_to_remove_what_is_absent(void **state)
{
	struct fixture *f = *state;
	const struct change c[] = { put("a/b/c", 1), put("d", 2) };

	(void)apply(f, c, 2);
	refuse(f, removal("a/b/x"), WEALD_REMOVAL_ABSENT, "a/b/x");
	refuse(f, removal("a/x/c"), WEALD_REMOVAL_ABSENT, "a/x/c");
	refuse(f, removal("x"), WEALD_REMOVAL_ABSENT, "x");
	/* a folder is no file, and a file no folder */
	refuse(f, removal("a/b"), WEALD_REMOVAL_ABSENT, "a/b");
	refuse(f, removal("d/c"), WEALD_REMOVAL_ABSENT, "d/c");
}

static void tree_apply__refuses_to_put_what_is_there(void **state)
{
	struct fixture *f = *state;
	const struct change c[] = { put("a/b/c", 1), put("d", 2) };

	(void)apply(f, c, 2);
	refuse(f, put("a/b/c", 1), WEALD_PUT_UNCHANGED, "a/b/c");
	refuse(f, put("d", 2), WEALD_PUT_UNCHANGED, "d");
	assert_int_equal(tree_apply(f->tree, (struct change[]){ put("d", 3) },
				    1, &f->msg),
			 WEALD_OK);
}

static void tree_apply__refuses_one_name_for_file_and_folder(void **state)
{
	struct fixture *f = *state;
	const struct change c[] = { put("a/b/c", 1), put("d", 2) };

	(void)apply(f, c, 2);
	refuse(f, put("a", 3), WEALD_PATH_CLASH, "a");
	refuse(f, put("a/b", 3), WEALD_PATH_CLASH, "a/b");
	refuse(f, put("a/b/c/d", 3), WEALD_PATH_CLASH, "a/b/c/d");
	refuse(f, put("d/e", 3), WEALD_PATH_CLASH, "d/e");
}

static void tree_apply__refuses_a_clash_within_one_update(void **state)
{
	struct fixture *f = *state;
	const struct change up[] = { put("a/b", 1), put("a/b/c", 2) };
	const struct change down[] = { put("a/b/c", 2), put("a/b", 1) };

	assert_int_equal(tree_apply(f->tree, up, 2, &f->msg), WEALD_PATH_CLASH);
	tree_reset(f->tree, empty_tree_id);
	assert_int_equal(tree_apply(f->tree, down, 2, &f->msg),
			 WEALD_PATH_CLASH);
}

static void tree_apply__removes_before_it_puts(void **state)
{
	struct fixture *f = *state;
	const struct change before[] = { put("r/a", 1), put("r/b/c", 2) };
	/* each put comes before the removal that makes room for it */
	const struct change swap[] = { put("r/a/x", 3), put("r/b", 4),
				       removal("r/a"), removal("r/b/c") };
	const struct change after[] = { put("r/a/x", 3), put("r/b", 4) };

	(void)apply(f, before, 2);
	assert_git_agrees(apply(f, swap, 4), after, 2);
}

static void tree_apply__lets_empty_folders_vanish(void **state)
{
	struct fixture *f = *state;
	const struct change keep[] = { put("k", 1) };
	const struct change deep[] = { put("a/b/c/d/e", 2), put("a/x", 3) };
	const struct change gone[] = { removal("a/b/c/d/e") };
	const struct change last[] = { removal("a/x"), removal("k") };
	const struct change left[] = { put("a/x", 3), put("k", 1) };
	uint8_t id[OBJECT_ID_BYTES];

	(void)apply(f, keep, 1);
	(void)apply(f, deep, 2);
	assert_git_agrees(apply(f, gone, 1), left, 2);
	(void)apply(f, last, 2);
	assert_int_equal(tree_write(f->tree, id, NULL), WEALD_OK);
	assert_memory_equal(id, empty_tree_id, sizeof id);
}

static void tree_apply__puts_back_the_same_file_it_removed(void **state)
{
	struct fixture *f = *state;
	const struct change c[] = { put("a/b", 1) };
	const struct change both[] = { removal("a/b"), put("a/b", 1) };
	const char *before = apply(f, c, 1);

	/* one path twice is refused by update_check(), not here */
	assert_string_equal(apply(f, both, 2), before);
}

static void tree_reset__forgets_what_was_not_written(void **state)
{
	struct fixture *f = *state;
	const struct change first[] = { put("a/b", 1) };
	const struct change bad[] = { put("a/c", 2), put("a/b", 1) };
	uint8_t id[OBJECT_ID_BYTES];
	uint8_t again[OBJECT_ID_BYTES];

	(void)apply(f, first, 1);
	assert_int_equal(tree_write(f->tree, id, NULL), WEALD_OK);
	assert_int_equal(tree_apply(f->tree, bad, 2, &f->msg),
			 WEALD_PUT_UNCHANGED);
	tree_reset(f->tree, id);
	assert_int_equal(tree_write(f->tree, again, NULL), WEALD_OK);
	assert_memory_equal(id, again, sizeof id);
	assert_int_equal(tree_find(f->tree, span_of("a/c"), again, NULL),
			 WEALD_NOTFOUND);
}

static void tree_find__finds_files_only(void **state)
{
	struct fixture *f = *state;
	const struct change c[] = { put("a/b/c", 1), put("d", 2) };
	static const char *const absent[] = { "a",   "a/b",  "x",     "a/b/",
					      "d/",  "",     "a/b/x", "a//b",
					      "d/e", "a/x/c" };
	uint8_t want[OBJECT_ID_BYTES];
	uint8_t id[OBJECT_ID_BYTES];
	size_t i;

	(void)apply(f, c, 2);
	blob_of(1, want);
	assert_int_equal(tree_find(f->tree, span_of("a/b/c"), id, NULL),
			 WEALD_OK);
	assert_memory_equal(id, want, sizeof id);
	blob_of(2, want);
	assert_int_equal(tree_find(f->tree, span_of("d"), id, NULL), WEALD_OK);
	assert_memory_equal(id, want, sizeof id);
	for (i = 0; i < sizeof absent / sizeof absent[0]; i++) {
		assert_int_equal(tree_find(f->tree, span_of(absent[i]), id,
					   NULL),
				 WEALD_NOTFOUND);
	}
}

static void tree__says_corrupt_where_a_folder_is_missing(void **state)
{
	struct fixture *f = *state;
	const struct change c[] = { put("a/b", 1) };
	const struct change next[] = { put("a/c", 2) };
	struct weald_msg msg = { "" };
	uint8_t id[OBJECT_ID_BYTES];
	uint8_t blob[OBJECT_ID_BYTES];

	(void)apply(f, c, 1);
	assert_int_equal(tree_write(f->tree, id, NULL), WEALD_OK);
	f->store.load_code = WEALD_NOTFOUND;
	/* not WEALD_NOTFOUND, which would say that there is no such file */
	tree_reset(f->tree, id);
	check_refused(tree_find(f->tree, span_of("a/b"), blob, &msg),
		      WEALD_CORRUPT, &msg, NULL);
	check_refused(tree_list(f->tree, span_of("a"), NULL, NULL, &msg),
		      WEALD_CORRUPT, &msg, NULL);
	check_refused(tree_apply(f->tree, next, 1, &msg), WEALD_CORRUPT, &msg,
		      NULL);
	f->store.load_code = WEALD_IO;
	check_refused(tree_find(f->tree, span_of("a/b"), blob, &msg), WEALD_IO,
		      &msg, NULL);
}

static void tree__refuses_trees_that_no_update_makes(void **state)
{
	static const struct {
		const char *data;
		size_t len;
	} bad[] = {
#define ID        "12345678901234567890"
#define BAD(text) { text, sizeof(text) - 1 }
		BAD("120000 link\0" ID),
		BAD("100755 run\0" ID),
		BAD("160000 sub\0" ID),
		BAD("040000 folder\0" ID),
		BAD("100644 \0" ID),
		BAD("100644 a\0" ID "100644 a\0" ID),
		BAD("100644 b\0" ID "100644 a\0" ID),
		BAD("40000 a\0" ID "100644 a-b\0" ID),
		BAD("100644 a\0"
		    "1234567890123456789"),
		BAD("100644 a"),
		BAD("100644 a\0" ID "1"),
		BAD("1"),
#undef BAD
#undef ID
	};
	struct fixture *f = *state;
	struct weald_msg msg = { "" };
	uint8_t id[OBJECT_ID_BYTES];
	uint8_t blob[OBJECT_ID_BYTES];
	struct span data;
	size_t i;

	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		memset(id, (int)i + 1, sizeof id);
		data = (struct span){ (const uint8_t *)bad[i].data,
				      bad[i].len };
		assert_int_equal(emit_cb(&f->store, id, data, NULL), WEALD_OK);
		tree_reset(f->tree, id);
		check_refused(tree_find(f->tree, span_of("a"), blob, &msg),
			      WEALD_CORRUPT, &msg, "tree");
	}
}

/* The names that tree_list() gives, joined by spaces. */
struct names {
	char text[256];
	size_t left; /* how many may still come */
};

static int names_cb(void *ctx, struct span name,
		    const uint8_t blob[OBJECT_ID_BYTES])
{
	struct names *n = ctx;
	size_t len = strlen(n->text);

	(void)blob;
	if (n->left == 0) {
		return WEALD_USAGE;
	}
	n->left--;
	(void)snprintf(n->text + len, sizeof n->text - len, "%.*s ",
		       (int)name.len, (const char *)name.data);
	return WEALD_OK;
}

static void assert_list(struct fixture *f, const char *path, const char *want)
{
	struct names n = { .left = 100 };

	assert_int_equal(tree_list(f->tree, span_of(path), names_cb, &n,
				   &f->msg),
			 WEALD_OK);
	assert_string_equal(n.text, want);
}

static void tree_list__gives_a_record_with_its_folders(void **state)
{
	struct fixture *f = *state;
	const struct change c[] = {
		put("k/m/s/record.md", 1),     put("k/m/s/attachments/b", 2),
		put("k/m/s/attachments/a", 3), put("k/m/s/attachments-x", 4),
		put("k/m/t/record.md", 5),     put("region.yaml", 6),
		put(".gitattributes", 7),
	};
	struct names few = { .left = 2 };

	(void)apply(f, c, sizeof c / sizeof c[0]);
	assert_list(f, "k/m/s",
		    "attachments-x attachments/a attachments/b record.md ");
	assert_list(f, "k/m/t", "record.md ");
	assert_list(f, "", ".gitattributes region.yaml ");
	assert_list(f, "k/m/u", "");
	assert_list(f, "region.yaml", "");
	assert_list(f, "k", "");
	assert_int_equal(tree_list(f->tree, span_of("k/m/s"), names_cb, &few,
				   NULL),
			 WEALD_USAGE);
	assert_string_equal(few.text, "attachments-x attachments/a ");
}

static void tree_trim__forgets_folders_and_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct change c;
	char path[PATH_SIZE];
	uint8_t before[OBJECT_ID_BYTES];
	uint8_t after[OBJECT_ID_BYTES];
	unsigned i;

	for (i = 0; i < 100; i++) {
		(void)snprintf(path, sizeof path, "f%u/x", i);
		c = put(path, 1);
		assert_int_equal(tree_apply(f->tree, &c, 1, NULL), WEALD_OK);
	}
	assert_int_equal(f->store.loads, 0);
	assert_int_equal(tree_write(f->tree, before, NULL), WEALD_OK);
	/* the root and its 100 folders: not over the limit */
	tree_trim(f->tree, 101);
	assert_int_equal(tree_find(f->tree, span_of("f99/x"), after, NULL),
			 WEALD_OK);
	assert_int_equal(f->store.loads, 0);
	tree_trim(f->tree, 100);
	assert_int_equal(tree_find(f->tree, span_of("f99/x"), after, NULL),
			 WEALD_OK);
	assert_true(f->store.loads > 0);
	assert_int_equal(tree_write(f->tree, after, NULL), WEALD_OK);
	assert_memory_equal(before, after, sizeof after);
}

/* ---- random changes against the flat list ------------------------------- */

static struct model_file *model_find(struct model *m, const char *path)
{
	size_t i;

	for (i = 0; i < m->count; i++) {
		if (strcmp(m->files[i].path, path) == 0) {
			return &m->files[i];
		}
	}
	return NULL;
}

/* Is @path a folder of some file, or a file where @path wants a folder? */
static bool model_clashes(const struct model *m, const char *path)
{
	const char *file;
	size_t i;
	size_t n;

	for (i = 0; i < m->count; i++) {
		file = m->files[i].path;
		n = 0;
		while (file[n] != '\0' && file[n] == path[n]) {
			n++;
		}
		if ((file[n] == '/' && path[n] == '\0') ||
		    (file[n] == '\0' && path[n] == '/')) {
			return true;
		}
	}
	return false;
}

static int model_apply_one(struct model *m, const struct change *c)
{
	char path[PATH_SIZE];
	struct model_file *f;

	(void)snprintf(path, sizeof path, "%.*s", (int)c->path.len,
		       (const char *)c->path.data);
	f = model_find(m, path);
	if (c->removal) {
		if (f == NULL) {
			return WEALD_REMOVAL_ABSENT;
		}
		*f = m->files[--m->count];
		return WEALD_OK;
	}
	if (model_clashes(m, path)) {
		return WEALD_PATH_CLASH;
	}
	if (f != NULL && memcmp(f->blob, c->blob, sizeof f->blob) == 0) {
		return WEALD_PUT_UNCHANGED;
	}
	if (f == NULL) {
		assert_true(m->count < FILES_MAX);
		f = &m->files[m->count++];
		memcpy(f->path, path, sizeof path);
	}
	memcpy(f->blob, c->blob, sizeof f->blob);
	return WEALD_OK;
}

static int model_apply(struct model *m, const struct change *c, size_t n)
{
	struct model next = *m;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < n; i++) {
		r = c[i].removal ? model_apply_one(&next, &c[i]) : WEALD_OK;
	}
	for (i = 0; r == WEALD_OK && i < n; i++) {
		r = c[i].removal ? WEALD_OK : model_apply_one(&next, &c[i]);
	}
	if (r == WEALD_OK) {
		*m = next;
	}
	return r;
}

struct model_entry {
	char key[PATH_SIZE + 1]; /* a folder's with "/" at its end */
	uint8_t id[OBJECT_ID_BYTES];
};

static int compare_entries(const void *a, const void *b)
{
	const struct model_entry *x = a;
	const struct model_entry *y = b;

	return strcmp(x->key, y->key);
}

/* What the folder @prefix has, in any order; how many. */
static size_t model_list(const struct model *m, const char *prefix,
			 struct model_entry *entries)
{
	const size_t plen = strlen(prefix);
	const char *rest;
	size_t count = 0;
	size_t len;
	size_t i;
	size_t j;

	for (i = 0; i < m->count; i++) {
		if (strncmp(m->files[i].path, prefix, plen) == 0) {
			rest = m->files[i].path + plen;
			len = strcspn(rest, "/");
			len += rest[len] == '/' ? 1 : 0;
			(void)snprintf(entries[count].key,
				       sizeof entries[count].key, "%.*s",
				       (int)len, rest);
			j = 0;
			while (strcmp(entries[j].key, entries[count].key) !=
			       0) {
				j++;
			}
			memcpy(entries[j].id, m->files[i].blob,
			       OBJECT_ID_BYTES);
			count += j == count ? 1 : 0;
		}
	}
	return count;
}

/* The id of the folder @prefix ("" or "a/b/"), worked out from scratch. */
static void model_id(const struct model *m, const char *prefix,
		     uint8_t out[OBJECT_ID_BYTES])
{
	struct model_entry *entries = calloc(FILES_MAX, sizeof *entries);
	char deeper[PATH_SIZE];
	struct buf data;
	size_t count;
	size_t len;
	size_t i;

	assert_non_null(entries);
	count = model_list(m, prefix, entries);
	qsort(entries, count, sizeof *entries, compare_entries);
	buf_init(&data, TREE_BYTES_MAX);
	for (i = 0; i < count; i++) {
		len = strlen(entries[i].key);
		if (entries[i].key[len - 1] == '/') {
			(void)snprintf(deeper, sizeof deeper, "%s%s", prefix,
				       entries[i].key);
			model_id(m, deeper, entries[i].id);
			entries[i].key[--len] = '\0';
			assert_int_equal(buf_add_text(&data, "40000 "), 0);
		} else {
			assert_int_equal(buf_add_text(&data, "100644 "), 0);
		}
		assert_int_equal(buf_add(&data, entries[i].key, len + 1), 0);
		assert_int_equal(buf_add(&data, entries[i].id, 20), 0);
	}
	assert_int_equal(sample_object_id(OBJECT_TREE, data.data, data.len,
					  out),
			 WEALD_OK);
	buf_release(&data);
	free(entries);
}

/* Few names, so that clashes and repetitions are frequent. */
static void random_path(struct prng *p, char out[PATH_SIZE])
{
	static const char *const names[] = { "a", "a-b", "a.b", "a0", "b" };
	size_t depth = 1 + prng_below(p, 4);
	size_t len = 0;

	while (depth-- > 0) {
		len += (size_t)snprintf(out + len, PATH_SIZE - len, "%s%s",
					names[prng_below(p, 5)],
					depth > 0 ? "/" : "");
	}
}

/* A put or a removal, most often of a file that is there. */
static struct change random_change(struct prng *p, const struct model *m,
				   char path[PATH_SIZE])
{
	random_path(p, path);
	if (prng_below(p, 3) != 0) {
		return put(path, (uint8_t)prng_below(p, 3));
	}
	if (m->count > 0 && prng_below(p, 4) != 0) {
		memcpy(path, m->files[prng_below(p, m->count)].path, PATH_SIZE);
	}
	return removal(path);
}

static void assert_is_model(struct fixture *f,
			    const uint8_t id[OBJECT_ID_BYTES])
{
	uint8_t want[OBJECT_ID_BYTES];

	model_id(&f->model, "", want);
	assert_memory_equal(id, want, sizeof want);
}

static void tree__does_what_a_flat_list_of_files_does(void **state)
{
	struct fixture *f = *state;
	char paths[4][PATH_SIZE];
	struct change c[4];
	uint8_t id[OBJECT_ID_BYTES];
	struct prng p;
	unsigned round;
	size_t n;
	size_t i;
	int r;

	prng_begin(&p, "tree");
	memcpy(id, empty_tree_id, sizeof id);
	for (round = 0; round < 1500; round++) {
		n = 1 + prng_below(&p, 4);
		for (i = 0; i < n; i++) {
			c[i] = random_change(&p, &f->model, paths[i]);
		}
		r = tree_apply(f->tree, c, n, &f->msg);
		assert_int_equal(r, model_apply(&f->model, c, n));
		if (r != WEALD_OK || prng_below(&p, 8) == 0) {
			if (r == WEALD_OK) {
				tree_write(f->tree, id, NULL);
			}
			tree_reset(f->tree, id); /* from the store again */
		}
		assert_int_equal(tree_write(f->tree, id, NULL), WEALD_OK);
		assert_is_model(f, id);
	}
	for (i = 0; i < f->model.count; i++) {
		assert_int_equal(tree_find(f->tree,
					   span_of(f->model.files[i].path), id,
					   NULL),
				 WEALD_OK);
		assert_memory_equal(id, f->model.files[i].blob, sizeof id);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tree_write__gives_the_ids_that_git_gives),
		TEST(tree_write__orders_names_as_git_does),
		TEST(tree_write__gives_the_trees_of_the_vectors),
		TEST(tree_apply__refuses_to_remove_what_is_absent),
		TEST(tree_apply__refuses_to_put_what_is_there),
		TEST(tree_apply__refuses_one_name_for_file_and_folder),
		TEST(tree_apply__refuses_a_clash_within_one_update),
		TEST(tree_apply__removes_before_it_puts),
		TEST(tree_apply__lets_empty_folders_vanish),
		TEST(tree_apply__puts_back_the_same_file_it_removed),
		TEST(tree_reset__forgets_what_was_not_written),
		TEST(tree_find__finds_files_only),
		TEST(tree__says_corrupt_where_a_folder_is_missing),
		TEST(tree__refuses_trees_that_no_update_makes),
		TEST(tree_list__gives_a_record_with_its_folders),
		TEST(tree_trim__forgets_folders_and_changes_nothing),
		TEST(tree__does_what_a_flat_list_of_files_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
