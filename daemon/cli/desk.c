#include "daemon/cli/desk.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/cli/json.h"
#include "daemon/cli/publish_private.h"
#include "proto/path.h"
#include "proto/text.h"
#include "store/fs.h"
#include "store/record/record.h"

const char *desk_path(const struct desk *d)
{
	return d->out != NULL ? d->out : d->dir;
}

/* The last part of @path, without slashes behind it. */
static struct span name_of(const char *path)
{
	size_t end = strlen(path);
	size_t start;

	while (end > 0 && path[end - 1] == '/') {
		end--;
	}
	start = end;
	while (start > 0 && path[start - 1] != '/') {
		start--;
	}
	return (struct span){ (const uint8_t *)path + start, end - start };
}

int desk_init(struct desk *d, struct cli *c, struct home *home, const char *out,
	      const char *slug)
{
	struct span name;

	*d = (struct desk){
		.c = c, .home = home, .out = out, .verb = "fill in"
	};
	name = out != NULL ? name_of(out) : span_of(slug);
	if (!path_is_name(name)) {
		msg_set(&c->msg,
			"\"%.*s\" cannot be a record's name: it has a-z, 0-9 "
			"and \"-\", a letter or digit at both ends, and at "
			"most %u bytes",
			(int)(name.len > 100 ? 100 : name.len),
			(const char *)name.data, NAME_BYTES_MAX);
		return cli_fail(c, CLI_ABOUT_INPUT, WEALD_PATH);
	}
	if (out != NULL && slug != NULL && !span_equal(name, span_of(slug))) {
		return cli_usage_error(
			c,
			"the folder's name is the record's, so --out must end "
			"in /%s",
			slug);
	}
	snprintf(d->slug, sizeof d->slug, "%.*s", (int)name.len,
		 (const char *)name.data);
	snprintf(d->dir, sizeof d->dir, "./%s", d->slug);
	return WEALD_OK;
}

void desk_slug(const char *title, char out[NAME_BYTES_MAX + 1])
{
	size_t word = 0; /* where the last whole word ends */
	size_t n = 0;
	char c;

	for (; *title != '\0'; title++) {
		c = *title;
		if (c >= 'A' && c <= 'Z') {
			c = (char)(c - 'A' + 'a');
		}
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
			if (n == NAME_BYTES_MAX) {
				n = word > 0 ? word : n;
				break;
			}
			out[n++] = c;
		} else if (c != '\'' && n > 0 && out[n - 1] != '-' &&
			   n < NAME_BYTES_MAX) {
			word = n;
			out[n++] = '-';
		}
	}
	while (n > 0 && out[n - 1] == '-') {
		n--;
	}
	out[n] = '\0';
}

static int fail(struct desk *d, const char *action, const char *path)
{
	int r = fs_fail(errno, action, NULL, path, &d->c->msg);

	return cli_fail(d->c, CLI_ABOUT_INPUT, r);
}

int desk_make(struct desk *d)
{
	const mode_t ours = umask(d->c->umask);
	int made = mkdir(desk_path(d), 0777);

	umask(ours);
	if (made != 0 && errno == EEXIST) {
		msg_set(&d->c->msg,
			"%.300s is there already, and is not overwritten; "
			"go on with it, move it away, or name another with "
			"--out",
			desk_path(d));
		return cli_fail(d->c, CLI_ABOUT_INPUT, WEALD_EXISTS);
	}
	return made == 0 ? WEALD_OK
			 : fail(d, "cannot make the folder", desk_path(d));
}

static int write_all(int fd, struct span content)
{
	ssize_t n;

	while (content.len > 0) {
		n = write(fd, content.data, content.len);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -1;
		}
		content.data += n;
		content.len -= (size_t)n;
	}
	return 0;
}

/* Make what is above @name in the folder: only attachments can be. */
static int make_above(struct desk *d, const char *name)
{
	const size_t len = sizeof PATH_ATTACHMENTS - 1;
	char *path = NULL;
	int r = WEALD_OK;

	if (strncmp(name, PATH_ATTACHMENTS "/", len + 1) != 0) {
		return WEALD_OK;
	}
	if (asprintf(&path, "%s/" PATH_ATTACHMENTS, desk_path(d)) < 0) {
		return WEALD_NOMEM;
	}
	if (mkdir(path, 0777) != 0 && errno != EEXIST) {
		r = fail(d, "cannot make the folder", path);
	}
	free(path);
	return r;
}

int desk_write(struct desk *d, const char *name, struct span content)
{
	const mode_t ours = umask(d->c->umask);
	char *path = NULL;
	int fd;
	int r = make_above(d, name);

	if (r == WEALD_OK && asprintf(&path, "%s/%s", desk_path(d), name) < 0) {
		path = NULL;
		r = WEALD_NOMEM;
	}
	if (r == WEALD_OK) {
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd < 0 || write_all(fd, content) != 0) {
			r = fail(d, "cannot write", path);
		}
		if (fd >= 0 && close(fd) != 0 && r == WEALD_OK) {
			r = fail(d, "cannot write", path);
		}
	}
	umask(ours);
	free(path);
	return r;
}

/* ---- the editor ----------------------------------------------------------
 */

/* The person's editor, where one is named and a person is there; or NULL. */
static const char *editor_of(const struct desk *d)
{
	const char *editor = getenv("VISUAL");

	if (editor == NULL || editor[0] == '\0') {
		editor = getenv("EDITOR");
	}
	if (editor == NULL || editor[0] == '\0' || d->out != NULL ||
	    d->c->json || isatty(STDIN_FILENO) != 1 ||
	    isatty(STDOUT_FILENO) != 1) {
		return NULL;
	}
	return editor;
}

/*
 * As git does it: the variable is a command of the shell, and the path is its
 * argument, never a part of that command.
 */
static _Noreturn void run_editor(const struct desk *d, const char *editor,
				 const char *path)
{
	char *command = NULL;

	signal(SIGPIPE, SIG_DFL);
	umask(d->c->umask);
	if (asprintf(&command, "%s \"$@\"", editor) > 0) {
		execl("/bin/sh", "sh", "-c", command, editor, path,
		      (char *)NULL);
	}
	_exit(127);
}

static int wait_for(pid_t pid)
{
	/* what is typed there is meant for the editor */
	void (*before)(int) = signal(SIGINT, SIG_IGN);
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	(void)signal(SIGINT, before);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int edit(struct desk *d, const char *editor)
{
	char *path = NULL;
	pid_t pid;
	int r = WEALD_OK;

	if (asprintf(&path, "%s/" RECORD_FILE, desk_path(d)) < 0) {
		return WEALD_NOMEM;
	}
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		run_editor(d, editor, path);
	}
	if (pid < 0) {
		r = fail(d, "cannot start", "the editor");
	} else if (wait_for(pid) != 0) {
		msg_set(&d->c->msg,
			"the editor \"%.100s\" failed; the form is %.200s: "
			"fill it in, then weald check %.100s",
			editor, path, desk_path(d));
		r = cli_fail(d->c, CLI_ABOUT_INPUT, WEALD_INVALID);
	}
	free(path);
	return r;
}

/* ---- what comes next -----------------------------------------------------
 */

static int check(struct desk *d)
{
	struct publishing p = { .c = d->c,
				.note = "",
				.bring_back = d->bring_back };
	char undone[NAME_BYTES_MAX + 64];
	int r = publish_add(&p, desk_path(d));

	if (r == WEALD_OK) {
		snprintf(undone, sizeof undone,
			 "%s is kept, and cannot be published yet", d->dir);
		p.own.home = d->home; /* lent */
		r = publish_vet(&p, undone, false);
		p.own.home = NULL;
	}
	publish_release(&p);
	return r;
}

static int print_made(const struct desk *d)
{
	struct json_line j;

	if (!d->c->json) {
		puts(desk_path(d));
		return WEALD_OK;
	}
	json_line_init(&j);
	json_line_text(&j, "path", desk_path(d));
	json_line_text(&j, "slug", d->slug);
	json_line_text(&j, "state", "written");
	return json_line_print(&j);
}

int desk_hand_over(struct desk *d)
{
	const char *editor = editor_of(d);
	const char *back = d->bring_back ? "--bring-back " : "";
	int r = WEALD_OK;

	if (editor == NULL) {
		fprintf(stderr,
			"%s %s/" RECORD_FILE ", see what is missing with "
			"weald check %s%s,\nthen weald publish %s%s\n",
			d->verb, desk_path(d), back, desk_path(d), back,
			desk_path(d));
		return print_made(d);
	}
	r = edit(d, editor);
	if (r == WEALD_OK) {
		r = check(d);
	}
	if (r == WEALD_OK) {
		fprintf(stderr, "it can be published: weald publish %s%s\n",
			back, desk_path(d));
		r = print_made(d);
	}
	return r;
}
