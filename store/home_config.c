#include "store/home_config.h"

#include <git2/config.h>
#include <git2/errors.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "store/feed/giterr.h"
#include "store/fs.h"

#define NAME_BYTES_MAX 1024u /* section.subsection.name */

/* The text of the file, and how far entries were found in it. */
struct lines {
	const char *path;
	struct span rest; /* what follows the line of the last entry */
	size_t line;      /* the number of the last line taken off */
};

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct span skip_space(struct span s)
{
	while (s.len > 0 && is_space(s.data[0])) {
		s.data++;
		s.len--;
	}
	return s;
}

/* Take the next line off @l, without its LF; false at the end. */
static bool take_line(struct lines *l, struct span *out)
{
	const uint8_t *lf;
	size_t n;

	if (l->rest.len == 0) {
		return false;
	}
	lf = memchr(l->rest.data, '\n', l->rest.len);
	n = lf == NULL ? l->rest.len : (size_t)(lf - l->rest.data);
	*out = (struct span){ l->rest.data, n };
	n += lf != NULL;
	l->rest.data += n;
	l->rest.len -= n;
	l->line++;
	return true;
}

static bool begins(struct span s, const char *word)
{
	const size_t n = strlen(word);

	return s.len >= n && strncasecmp((const char *)s.data, word, n) == 0;
}

/* A header that libgit2 would open another file for, whoever wrote it. */
static bool has_include(struct span line)
{
	struct span s = skip_space(line);

	if (s.len == 0 || s.data[0] != '[') {
		return false;
	}
	/* several headers may stand in one line */
	for (; s.len > 0; s.data++, s.len--) {
		if (begins(s, "[include")) {
			return true;
		}
	}
	return false;
}

static int refuse_line(const struct lines *l, const char *what,
		       struct weald_msg *msg)
{
	msg_set(msg, "%s:%zu: %s", l->path, l->line, what);
	return WEALD_CORRUPT;
}

/* What must not reach libgit2. */
static int check_text(const char *path, struct span text, struct weald_msg *msg)
{
	struct lines l = { .path = path, .rest = text };
	struct span line;

	while (take_line(&l, &line)) {
		if (l.line > HOME_CONFIG_LINES_MAX) {
			return refuse_line(&l, "too many lines", msg);
		}
		if (line.len > 0 && memchr(line.data, 0, line.len) != NULL) {
			return refuse_line(&l, "a zero byte; this is no text",
					   msg);
		}
		if (has_include(line)) {
			return refuse_line(&l,
					   "include is not allowed; put the "
					   "lines here",
					   msg);
		}
	}
	return WEALD_OK;
}

/* Does the variable @name begin @line, behind a section's header or not? */
static bool has_name(struct span line, const char *name)
{
	const uint8_t *end = NULL;
	struct span s = skip_space(line);

	if (s.len > 0 && s.data[0] == '[') {
		end = memrchr(s.data, ']', s.len);
		if (end == NULL) {
			return false;
		}
		s.len -= (size_t)(end + 1 - s.data);
		s.data = end + 1;
		s = skip_space(s);
	}
	if (!begins(s, name)) {
		return false;
	}
	s.data += strlen(name);
	s.len -= strlen(name);
	return s.len == 0 || is_space(s.data[0]) || s.data[0] == '=' ||
	       s.data[0] == '#' || s.data[0] == ';';
}

/*
 * libgit2 does not say where an entry stands. Entries come in the order of the
 * file, so the next line that begins with the name is it; one that continues a
 * value may be taken for it, which makes a message point some lines too high.
 */
static size_t find_line(struct lines *l, const char *name)
{
	struct lines at = *l;
	struct span line;

	while (take_line(&at, &line)) {
		if (has_name(line, name)) {
			*l = at;
			return at.line;
		}
	}
	return l->line == 0 ? 1 : l->line;
}

/* Tell one entry of libgit2, whose name is "section.subsection.name". */
static int tell_entry(const git_config_entry *entry, struct lines *l,
		      home_config_fn *fn, void *ctx, struct weald_msg *msg)
{
	struct home_config_entry e = { .path = l->path, .section = "" };
	char name[NAME_BYTES_MAX];
	char *first;
	char *last;

	if (strlen(entry->name) >= sizeof name) {
		msg_set(msg, "%s: a name of more than %u bytes", l->path,
			NAME_BYTES_MAX - 1);
		return WEALD_CORRUPT;
	}
	(void)snprintf(name, sizeof name, "%s", entry->name);
	first = strchr(name, '.');
	last = strrchr(name, '.');
	e.name = last == NULL ? name : last + 1;
	if (last != NULL) {
		*first = '\0';
		*last = '\0';
		e.section = name;
		e.subsection = first == last ? NULL : first + 1;
	}
	e.value = entry->value;
	e.line = find_line(l, e.name);
	return fn(ctx, &e, msg);
}

static int tell_entries(git_config *config, struct lines *l, home_config_fn *fn,
			void *ctx, struct weald_msg *msg)
{
	git_config_iterator *iterator = NULL;
	git_config_entry *entry;
	int r = WEALD_OK;
	int rc = git_config_iterator_new(&iterator, config);

	while (rc == 0 && r == WEALD_OK) {
		rc = git_config_next(&entry, iterator);
		if (rc == 0) {
			r = tell_entry(entry, l, fn, ctx, msg);
		}
	}
	if (rc == GIT_ITEROVER) {
		git_error_clear();
	} else if (rc < 0) {
		r = err_from_git(rc, msg);
	}
	git_config_iterator_free(iterator);
	return r;
}

/* The line that "invalid escape at TEXT" is about. */
static size_t find_escape(struct span text, const char *bad)
{
	struct lines l = { .rest = text };
	struct span line;

	while (take_line(&l, &line)) {
		if (line.len > 0 &&
		    memmem(line.data, line.len, bad, strlen(bad)) != NULL) {
			return l.line;
		}
	}
	return 1;
}

/*
 * What libgit2 says of a file that it cannot parse: "failed to parse config
 * file: WHY (in PATH:LINE, column N)", or "invalid escape at TEXT".
 */
static void say_syntax(const char *path, struct span text, const char *says,
		       struct weald_msg *msg)
{
	static const char parse[] = "failed to parse config file: ";
	static const char escape[] = "invalid escape at ";
	const char *in = NULL;
	const char *next;
	size_t line = 0;

	if (strncmp(says, escape, sizeof escape - 1) == 0) {
		msg_set(msg,
			"%s:%zu: \"\\%.1s\" in a value; allowed: \\\\, \\\", "
			"\\n, \\t and \\b",
			path, find_escape(text, says + sizeof escape - 1),
			says + sizeof escape - 1);
		return;
	}
	for (next = strstr(says, " (in "); next != NULL;
	     next = strstr(next + 1, " (in ")) {
		in = next;
	}
	if (strncmp(says, parse, sizeof parse - 1) == 0 && in != NULL) {
		says += sizeof parse - 1;
		next = strncmp(in + 5, path, strlen(path)) == 0
			       ? in + 5 + strlen(path)
			       : "";
		line = next[0] == ':' ? strtoul(next + 1, NULL, 10) : 0;
	}
	if (line > 0) {
		msg_set(msg,
			"%s:%zu: %.*s; allowed: [section \"subsection\"], "
			"name = value, # comment",
			path, line, (int)(in - says), says);
	} else {
		msg_set(msg, "%s: %s", path, says);
	}
}

static int open_config(const char *path, struct span text, git_config **out,
		       struct weald_msg *msg)
{
	const git_error *e;
	struct weald_msg says = { .text = "" };
	bool syntax;
	int rc = git_config_open_ondisk(out, path);
	int r;

	if (rc == 0) {
		return WEALD_OK;
	}
	e = git_error_last();
	syntax = e != NULL && e->klass == GIT_ERROR_CONFIG;
	r = err_from_git(rc, &says);
	if (syntax) {
		/* whatever @r is: the text may end as strerror() does */
		say_syntax(path, text, says.text, msg);
		return WEALD_CORRUPT;
	}
	msg_set(msg, "%s: %s", path, says.text);
	return r;
}

int home_config_each(const char *path, size_t bytes_max, home_config_fn *fn,
		     void *ctx, struct weald_msg *msg)
{
	git_config *config = NULL;
	struct lines l = { .path = path };
	struct buf text;
	int r;

	buf_init(&text, 0);
	/* libgit2 takes a file that is not there for an empty one, and reads
	   one of any size, a pipe as well */
	r = fs_read_file(path, bytes_max, &text, msg);
	if (r == WEALD_NOTFOUND) {
		msg_clear(msg);
	} else if (r == WEALD_TOOBIG || r == WEALD_INVALID) {
		msg_set(msg,
			"\"%s\" is no file of at most %zu bytes; restore it "
			"from a backup",
			path, bytes_max);
		r = WEALD_CORRUPT;
	}
	if (r == WEALD_OK) {
		r = check_text(path, buf_span(&text), msg);
	}
	if (r == WEALD_OK) {
		r = open_config(path, buf_span(&text), &config, msg);
	}
	if (r == WEALD_OK) {
		l.rest = buf_span(&text);
		r = tell_entries(config, &l, fn, ctx, msg);
	}
	git_config_free(config);
	buf_release(&text);
	return r;
}

int home_config_refuse_value(const struct home_config_entry *e,
			     const char *allowed, struct weald_msg *msg)
{
	if (e->value == NULL) {
		msg_set(msg, "%s:%zu: %s.%s has no value; allowed: %s", e->path,
			e->line, e->section, e->name, allowed);
	} else {
		msg_set(msg, "%s:%zu: %s.%s is \"%.80s\"; allowed: %s", e->path,
			e->line, e->section, e->name, e->value, allowed);
	}
	return WEALD_CORRUPT;
}

int home_config_refuse_name(const struct home_config_entry *e,
			    const char *allowed, struct weald_msg *msg)
{
	const char *sub = e->subsection;

	msg_set(msg, "%s:%zu: \"%s%s%.80s%s%s\" is not known; allowed: %s",
		e->path, e->line, e->section, sub == NULL ? "" : ".",
		sub == NULL ? "" : sub, e->section[0] == '\0' ? "" : ".",
		e->name, allowed);
	return WEALD_CORRUPT;
}

static bool needs_quotes(struct span value)
{
	size_t i;

	if (value.len == 0 || is_space(value.data[0]) ||
	    is_space(value.data[value.len - 1])) {
		return true;
	}
	for (i = 0; i < value.len; i++) {
		if (strchr("#;\"\\\n\t\b", value.data[i]) != NULL) {
			return true;
		}
	}
	return false;
}

static int add_quoted(struct buf *b, struct span value)
{
	static const char plain[] = "\"\\\n\t\b";
	static const char escaped[] = "\"\\ntb";
	const char *found;
	int r = buf_add_byte(b, '"');
	size_t i;

	for (i = 0; r == WEALD_OK && i < value.len; i++) {
		found = strchr(plain, value.data[i]);
		if (found == NULL) {
			r = buf_add_byte(b, value.data[i]);
			continue;
		}
		r = buf_add_byte(b, '\\');
		if (r == WEALD_OK) {
			r = buf_add_byte(b, (uint8_t)escaped[found - plain]);
		}
	}
	return r != WEALD_OK ? r : buf_add_byte(b, '"');
}

int home_config_add(struct buf *b, const char *name, struct span value)
{
	const size_t before = b->len;
	int r = buf_addf(b, "\t%s = ", name);

	if (r == WEALD_OK) {
		r = needs_quotes(value) ? add_quoted(b, value)
					: buf_add(b, value.data, value.len);
	}
	if (r == WEALD_OK) {
		r = buf_add_byte(b, '\n');
	}
	if (r != WEALD_OK) {
		b->len = before;
	}
	return r;
}
