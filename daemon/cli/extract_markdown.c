/*
 * The format markdown-zip: the records' files as they are, with a README that
 * says what this is, and the list of versions by which git can prove it.
 */
#include "daemon/cli/extract_private.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/cli/out.h"
#include "store/record/reference.h"

/* A region's line in the README; there are at most HOME_FEEDS_MAX. */
#define README_BYTES_MAX (1024u * 1024u)
#define MEMBER_BYTES     (REFERENCE_BYTES_MAX + PATH_BYTES_MAX)

struct markdown {
	struct extract *x;
	struct archive *archive;
	struct csv versions;
	struct buf regions; /* lines of the README */
	/* the record whose files are added */
	const struct extract_record *record;
	int noted; /* why adding one failed */
};

static int add_file_cb(void *ctx, struct span name,
		       const uint8_t blob[OBJECT_ID_BYTES])
{
	struct markdown *m = ctx;
	struct extract *x = m->x;
	const struct hit *hit = m->record->hit;
	struct buf content;
	char full[MEMBER_BYTES];
	int r = WEALD_OK;

	if (feed_is_narrow(x->feed)) { /* is it here? */
		buf_init(&content, CONTENT_BYTES_MAX);
		r = feed_content(x->feed, blob, &content, &x->c->msg);
		buf_release(&content);
		if (r == WEALD_NOTFOUND) {
			msg_clear(&x->c->msg);
			return WEALD_OK;
		}
		if (r != WEALD_OK) {
			return r;
		}
	}
	(void)snprintf(full, sizeof full, "%s/%.*s", hit->ref, (int)name.len,
		       (const char *)name.data);
	r = archive_add_content(m->archive, full, hit->region, blob, hit->time);
	x->files += r == WEALD_OK ? 1 : 0;
	m->noted = r;
	return r;
}

static int add_record_cb(void *ctx, const struct extract_record *rec)
{
	struct markdown *m = ctx;
	struct extract *x = m->x;
	const struct identity *id = feed_identity(x->feed);
	char hex[2 * SHA256_BYTES + 1];
	char commit[2 * OBJECT_ID_BYTES + 1];
	char folder[PATH_BYTES_MAX + 1];
	int r = WEALD_OK;

	if (rec->first) {
		hex_encode(id->feed, sizeof id->feed, hex);
		r = buf_addf(&m->regions, "- %s: feed %s\n", rec->hit->region,
			     hex);
	}
	if (r != WEALD_OK) {
		return r;
	}
	hex_encode(feed_commit_id(x->feed, rec->seq), OBJECT_ID_BYTES, commit);
	(void)snprintf(folder, sizeof folder, "%.*s", (int)rec->path.len,
		       (const char *)rec->path.data);
	csv_text(&m->versions, rec->hit->ref);
	csv_uint(&m->versions, rec->hit->version);
	csv_time(&m->versions, rec->hit->time);
	csv_text(&m->versions, commit);
	csv_text(&m->versions, folder);
	csv_end(&m->versions);
	m->record = rec;
	r = feed_files(x->feed, rec->seq, rec->path, add_file_cb, m,
		       &x->c->msg);
	return m->noted != WEALD_OK ? m->noted
				    : cli_fail(x->c, CLI_ABOUT_FEED, r);
}

static const char readme_verify[] =
	"## How to check it\n"
	"\n"
	"Every update of a region is a signed git commit. versions.csv names\n"
	"the commit of each record here, and its folder in the region's\n"
	"repository, which every node of the network has a copy of. In the\n"
	"folder of this file, with FEEDS for the folder `feeds` of a node:\n"
	"\n"
	"    git -C FEEDS/REGION.git verify-commit COMMIT\n"
	"    git -C FEEDS/REGION.git show COMMIT:FOLDER/record.md |\n"
	"        cmp - REF/record.md\n"
	"\n"
	"The first says whose signature it is and that it is good; the second\n"
	"says nothing where the file is as it was signed.\n";

static int write_readme(const struct extract *x, const struct markdown *m,
			struct buf *out)
{
	char words[EXTRACT_WORDS_BYTES];
	char newest[OUT_TIME_BYTES];
	int r;

	extract_words(x, words);
	out_time_iso(x->newest, newest);
	r = buf_addf(out,
		     "# Records of patient-safety regions\n"
		     "\n"
		     "Extracted with `weald extract --format markdown-zip`.\n"
		     "\n"
		     "- selection: %s\n"
		     "- records: %zu, of %zu region%s, each as its latest "
		     "version says\n"
		     "- files: %zu\n"
		     "- newest: written at %s, says its author\n",
		     words, x->records, x->regions, x->regions == 1 ? "" : "s",
		     x->files, newest);
	if (r == WEALD_OK && x->left_out > 0) {
		r = buf_addf(out,
			     "- not in it: %zu, which may not be shown or are "
			     "not on the node that made this\n",
			     x->left_out);
	}
	if (r == WEALD_OK) {
		r = buf_addf(out,
			     "- licence: " EXTRACT_LICENCE_NAME
			     " (" EXTRACT_LICENCE "),\n"
			     "  <" EXTRACT_LICENCE_URL ">\n"
			     "\n"
			     "A record stands in REGION/KIND/SLUG/: record.md, "
			     "data.csv where it has\n"
			     "numbers, attachments/. All are as their authors "
			     "wrote them: a spreadsheet\n"
			     "may take a text in a CSV file of theirs for a "
			     "formula.\n"
			     "\n"
			     "## Regions\n"
			     "\n"
			     "%.*s\n"
			     "%s",
			     (int)m->regions.len, (const char *)m->regions.data,
			     readme_verify);
	}
	return r;
}

int extract_markdown(struct extract *x, FILE *out)
{
	struct markdown m = { .x = x };
	struct buf readme;
	int r;

	buf_init(&readme, README_BYTES_MAX + 8192);
	buf_init(&m.regions, README_BYTES_MAX);
	r = archive_open(x, out, &m.archive);
	if (r == WEALD_OK) {
		r = target_scratch(x->c, x->dir, &m.versions.file);
	}
	if (r == WEALD_OK) {
		fputs("ref,version,time,commit,folder\r\n", m.versions.file);
		r = extract_each(x, add_record_cb, &m);
	}
	if (r == WEALD_OK) {
		r = write_readme(x, &m, &readme);
	}
	if (r == WEALD_OK) {
		r = archive_add_text(m.archive, "README.md", &readme,
				     x->newest);
	}
	if (r == WEALD_OK) {
		FILE *versions = m.versions.file;

		m.versions.file = NULL; /* transferred */
		r = archive_add_file(m.archive, "versions.csv", versions,
				     x->newest);
	}
	if (r == WEALD_OK) {
		r = archive_finish(m.archive);
	}
	archive_free(m.archive);
	if (m.versions.file != NULL) {
		(void)fclose(m.versions.file);
	}
	buf_release(&m.regions);
	buf_release(&readme);
	return r;
}
