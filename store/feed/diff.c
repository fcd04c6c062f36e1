#include "store/feed/diff.h"

#include <git2.h>

#include "proto/limits.h"
#include "store/feed/giterr.h"

/* @line as ours; false for a note about the end of the text. */
static bool take_line(const git_diff_line *line, struct diff_line *out)
{
	size_t len = line->content_len;

	*out = (struct diff_line){ .op = DIFF_SAME };
	switch (line->origin) {
	case GIT_DIFF_LINE_CONTEXT:
		break;
	case GIT_DIFF_LINE_ADDITION:
		out->op = DIFF_ADDED;
		break;
	case GIT_DIFF_LINE_DELETION:
		out->op = DIFF_REMOVED;
		break;
	default:
		return false;
	}
	if (len > 0 && line->content[len - 1] == '\n') {
		len--;
	}
	out->text.data = (const uint8_t *)line->content;
	out->text.len = len;
	out->old_line = line->old_lineno > 0 ? (size_t)line->old_lineno : 0;
	out->new_line = line->new_lineno > 0 ? (size_t)line->new_lineno : 0;
	return true;
}

static int each_in_hunk(git_patch *patch, size_t hunk, size_t lines,
			diff_line_fn *each, void *ctx, struct weald_msg *msg)
{
	const git_diff_line *line;
	struct diff_line ours;
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < lines; i++) {
		r = git_patch_get_line_in_hunk(&line, patch, hunk, i);
		if (r < 0) {
			return err_from_git(r, msg);
		}
		if (take_line(line, &ours)) {
			r = each(ctx, &ours);
		}
	}
	return r;
}

static int each_line(git_patch *patch, diff_line_fn *each, void *ctx,
		     struct weald_msg *msg)
{
	const git_diff_hunk *hunk;
	size_t lines;
	size_t n = git_patch_num_hunks(patch);
	size_t i;
	int r = WEALD_OK;

	for (i = 0; r == WEALD_OK && i < n; i++) {
		r = git_patch_get_hunk(&hunk, &lines, patch, i);
		if (r < 0) {
			return err_from_git(r, msg);
		}
		r = each_in_hunk(patch, i, lines, each, ctx, msg);
	}
	return r;
}

int diff_texts(struct span before, struct span after, unsigned context,
	       diff_line_fn *each, void *ctx, struct weald_msg *msg)
{
	git_diff_options options;
	git_patch *patch = NULL;
	int r;

	if (before.len > CONTENT_BYTES_MAX || after.len > CONTENT_BYTES_MAX) {
		msg_set(msg, "a text of more than %u bytes cannot be compared",
			CONTENT_BYTES_MAX);
		return WEALD_TOOBIG;
	}
	r = git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
	if (r < 0) {
		return err_from_git(r, msg);
	}
	options.flags = GIT_DIFF_FORCE_TEXT;
	options.context_lines = context;
	r = git_patch_from_buffers(&patch, before.data, before.len, NULL,
				   after.data, after.len, NULL, &options);
	if (r < 0) {
		return err_from_git(r, msg);
	}
	r = each_line(patch, each, ctx, msg);
	git_patch_free(patch);
	return r;
}
