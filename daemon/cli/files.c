#include "daemon/cli/files.h"

#include <stdlib.h>
#include <string.h>

static int add_file_cb(void *ctx, struct span name,
		       const uint8_t blob[OBJECT_ID_BYTES])
{
	struct files *files = ctx;
	struct file *file;
	struct file *grown;

	grown = realloc(files->list, (files->n + 1) * sizeof *grown);
	if (grown == NULL) {
		return WEALD_NOMEM;
	}
	files->list = grown;
	file = &files->list[files->n];
	*file = (struct file){
		.name = strndup((const char *)name.data, name.len),
	};
	if (file->name == NULL) {
		return WEALD_NOMEM;
	}
	memcpy(file->blob, blob, sizeof file->blob);
	buf_init(&file->content, CONTENT_BYTES_MAX);
	files->n++;
	return WEALD_OK;
}

int files_load(struct cli *c, const struct feed *f, uint64_t seq,
	       struct span record, struct files *out)
{
	size_t i;
	int r;

	r = feed_files(f, seq, record, add_file_cb, out, &c->msg);
	for (i = 0; r == WEALD_OK && i < out->n; i++) {
		r = feed_content(f, out->list[i].blob, &out->list[i].content,
				 &c->msg);
	}
	return cli_fail(c, CLI_ABOUT_FEED, r);
}

void files_release(struct files *files)
{
	while (files->n > 0) {
		files->n--;
		free(files->list[files->n].name);
		buf_release(&files->list[files->n].content);
	}
	free(files->list);
	files->list = NULL;
}

/* The one file that is wanted. */
struct wanted {
	const char *name;
	bool there;
	uint8_t blob[OBJECT_ID_BYTES];
};

static int want_cb(void *ctx, struct span name,
		   const uint8_t blob[OBJECT_ID_BYTES])
{
	struct wanted *w = ctx;

	if (span_equal(name, span_of(w->name))) {
		w->there = true;
		memcpy(w->blob, blob, sizeof w->blob);
	}
	return WEALD_OK;
}

int files_read_one(struct cli *c, const struct feed *f, uint64_t seq,
		   struct span record, const char *name, struct buf *out)
{
	struct wanted w = { .name = name };
	int r = feed_files(f, seq, record, want_cb, &w, &c->msg);

	if (r == WEALD_OK && w.there) {
		r = feed_content(f, w.blob, out, &c->msg);
	}
	return cli_fail(c, CLI_ABOUT_FEED, r);
}

struct file *files_find(const struct files *files, const char *name)
{
	size_t i;

	for (i = 0; i < files->n; i++) {
		if (strcmp(files->list[i].name, name) == 0) {
			return &files->list[i];
		}
	}
	return NULL;
}

int files_draft(const struct files *files, struct draft_file **out)
{
	struct draft_file *drafts = calloc(files->n + 1, sizeof *drafts);
	size_t i;

	if (drafts == NULL) {
		return WEALD_NOMEM;
	}
	for (i = 0; i < files->n; i++) {
		drafts[i].name = span_of(files->list[i].name);
		drafts[i].content = buf_span(&files->list[i].content);
		if (drafts[i].content.data == NULL) { /* empty, not absent */
			drafts[i].content = span_of("");
		}
	}
	*out = drafts;
	return WEALD_OK;
}
