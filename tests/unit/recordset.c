#include "tests/unit/recordset.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/limits.h"
#include "store/fs.h"

static int is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void copy_name(char to[64], const char *from)
{
	assert_true(strlen(from) < 64);
	memcpy(to, from, strlen(from) + 1);
}

static void load_files(struct sample_record *r)
{
	struct dirent **names = NULL;
	char path[RECORDSET_PATH_BYTES + 258];
	int n = scandir(r->folder, &names, is_visible, alphasort);
	struct buf *b;
	int i;

	assert_true(n > 0);
	for (i = 0; i < n; i++) {
		(void)snprintf(path, sizeof path, "%s/%s", r->folder,
			       names[i]->d_name);
		if (names[i]->d_type != DT_DIR) {
			assert_true(r->files_n < RECORDSET_FILES_MAX);
			copy_name(r->names[r->files_n], names[i]->d_name);
			b = &r->contents[r->files_n];
			buf_init(b, CONTENT_BYTES_MAX);
			assert_int_equal(fs_read_file(path, CONTENT_BYTES_MAX,
						      b, NULL),
					 WEALD_OK);
			r->files[r->files_n] = (struct record_file){
				.name = span_of(r->names[r->files_n]),
				.content = buf_span(b),
			};
			r->files_n++;
		}
		free(names[i]);
	}
	free(names);
}

/* A folder below the last one; at the third one the record's files lie. */
static void load_folder(struct sample_records *s, const char *folder,
			const char *parts[3], size_t depth)
{
	struct dirent **names = NULL;
	char path[RECORDSET_PATH_BYTES];
	struct sample_record *r;
	int n;
	int i;

	if (depth == 3) {
		assert_true(s->n < RECORDSET_RECORDS_MAX);
		r = &s->list[s->n++];
		assert_true(strlen(folder) < sizeof r->folder);
		memcpy(r->folder, folder, strlen(folder) + 1);
		copy_name(r->region, parts[0]);
		copy_name(r->kind, parts[1]);
		copy_name(r->slug, parts[2]);
		load_files(r);
		return;
	}
	n = scandir(folder, &names, is_visible, alphasort);
	assert_true(n > 0);
	for (i = 0; i < n; i++) {
		if (names[i]->d_type == DT_DIR) {
			assert_true(snprintf(path, sizeof path, "%s/%s", folder,
					     names[i]->d_name) <
				    (int)sizeof path);
			parts[depth] = names[i]->d_name;
			load_folder(s, path, parts, depth + 1);
		}
		free(names[i]);
	}
	free(names);
}

void sample_records_load(const char *set, struct sample_records *out)
{
	const char *parts[3] = { NULL, NULL, NULL };
	char path[RECORDSET_PATH_BYTES];

	out->n = 0;
	out->list = calloc(RECORDSET_RECORDS_MAX, sizeof *out->list);
	assert_non_null(out->list);
	(void)snprintf(path, sizeof path, RECORDSET_DATA "/%s", set);
	load_folder(out, path, parts, 0);
}

void sample_records_release(struct sample_records *s)
{
	size_t i;
	size_t k;

	for (i = 0; i < s->n; i++) {
		for (k = 0; k < s->list[i].files_n; k++) {
			buf_release(&s->list[i].contents[k]);
		}
	}
	free(s->list);
	*s = (struct sample_records){ .list = NULL };
}

const struct sample_record *sample_of_kind(const struct sample_records *s,
					   const char *kind)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (strcmp(s->list[i].kind, kind) == 0) {
			return &s->list[i];
		}
	}
	return NULL;
}

struct span sample_text(const struct sample_record *r)
{
	size_t i;

	for (i = 0; i < r->files_n; i++) {
		if (strcmp(r->names[i], RECORD_FILE) == 0) {
			return r->files[i].content;
		}
	}
	return (struct span){ NULL, 0 };
}

/* The length of the first line of @s, with its LF. */
static size_t line_len(struct span s)
{
	const uint8_t *lf = s.len == 0 ? NULL : memchr(s.data, '\n', s.len);

	return lf == NULL ? s.len : (size_t)(lf - s.data) + 1;
}

/*
 * Does the field @name begin in this line? Fields of the first level alone
 * begin in the first column.
 */
static bool begins_field(struct span line, const char *name)
{
	const size_t n = strlen(name);

	return line.len > n && memcmp(line.data, name, n) == 0 &&
	       line.data[n] == ':';
}

size_t text_with_field(struct span text, const char *name, const char *line,
		       struct buf *out)
{
	bool is_inside = false; /* of the field that is replaced */
	bool is_done = false;
	size_t number = 0;
	size_t at = 0;
	struct span s;

	buf_clear(out);
	while (text.len > 0) {
		s = (struct span){ text.data, line_len(text) };
		text.data += s.len;
		text.len -= s.len;
		number++;
		is_inside = is_inside && s.data[0] == ' ';
		if (!is_done && (begins_field(s, name) ||
				 (number > 1 && s.len > 3 &&
				  memcmp(s.data, "---", 3) == 0))) {
			is_done = true;
			is_inside = begins_field(s, name);
			at = number;
			if (line[0] != '\0') {
				assert_int_equal(buf_addf(out, "%s\n", line),
						 WEALD_OK);
			}
		}
		if (!is_inside) {
			assert_int_equal(buf_add(out, s.data, s.len), WEALD_OK);
		}
	}
	return at;
}

void problems_print(const struct problems *p)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		print_message("# %s:%zu: %s: %s: %s\n", p->list[i].file,
			      p->list[i].line,
			      p->list[i].level == PROBLEM_ERROR ? "error"
								: "warning",
			      p->list[i].field, p->list[i].text.text);
	}
}

void record_parse_any(struct span text, struct record **out, struct problems *p)
{
	*p = (struct problems){ .list = NULL };
	assert_int_equal(record_parse(text, out, p), WEALD_OK);
	problems_sort(p);
}

void record_assert_one_error(struct span text, size_t line, const char *field,
			     const char *why)
{
	struct problems p;
	struct record *r;

	record_parse_any(text, &r, &p);
	if (p.errors != 1 || p.n != 1 || p.list[0].line != line ||
	    strncmp(p.list[0].field, field, strlen(field)) != 0 ||
	    strstr(p.list[0].text.text, why) == NULL) {
		problems_print(&p);
		fail_msg("expected one error: line %zu, field \"%s\", \"%s\"",
			 line, field, why);
	}
	assert_string_equal(p.list[0].file, RECORD_FILE);
	problems_release(&p);
	record_free(r);
}
