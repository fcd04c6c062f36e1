#include "store/feed/quarantine.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/bytes.h"
#include "store/fs.h"

#define WORDS_BYTES_MAX 8192u /* of what git says */
#define KNOWN_BYTES_MAX (1024u * 1024u)

/* Would this variable change which repository or objects git looks at? */
static bool is_hostile(const char *entry)
{
	static const char *const names[] = { "GIT_DIR=",
					     "GIT_WORK_TREE=",
					     "GIT_INDEX_FILE=",
					     "GIT_OBJECT_DIRECTORY=",
					     "GIT_ALTERNATE_",
					     "GIT_NAMESPACE=",
					     "GIT_COMMON_DIR=",
					     "GIT_TRACE",
					     "GIT_CONFIG_PARAMETERS",
					     "GIT_CONFIG_COUNT=",
					     "LC_ALL=",
					     "LANGUAGE=" };
	size_t i;

	for (i = 0; i < sizeof names / sizeof *names; i++) {
		if (strncmp(entry, names[i], strlen(names[i])) == 0) {
			return true;
		}
	}
	return false;
}

/* Our environment without what would lead git astray; the caller frees it. */
static char **environment(void)
{
	static char language[] = "LC_ALL=C";
	char **copy;
	size_t n = 0;
	size_t i;

	for (i = 0; environ[i] != NULL; i++) {
		n++;
	}
	copy = calloc(n + 2, sizeof *copy);
	if (copy == NULL) {
		return NULL;
	}
	n = 0;
	for (i = 0; environ[i] != NULL; i++) {
		if (!is_hostile(environ[i])) {
			copy[n++] = environ[i];
		}
	}
	copy[n] = language;
	return copy;
}

/* Read what git says, its beginning, until it closes the pipe. */
static void read_words(int fd, char *words, size_t size)
{
	char chunk[512];
	size_t at = 0;
	size_t take;
	ssize_t n;

	for (;;) {
		n = read(fd, chunk, sizeof chunk);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			break;
		}
		take = (size_t)n < size - 1 - at ? (size_t)n : size - 1 - at;
		memcpy(words + at, chunk, take);
		at += take;
	}
	words[at] = '\0';
}

/* The line in which git says what is wrong. */
static void say_words(char *words, struct weald_msg *msg)
{
	char *line = strstr(words, "fatal: ");
	char *end;

	line = line == NULL ? words : line + strlen("fatal: ");
	end = strchr(line, '\n');
	if (end != NULL) {
		*end = '\0';
	}
	msg_set(msg, "git refused it: %s",
		line[0] == '\0' ? "without a word" : line);
}

static int spawn_git(char *const *argv, int err_fd, pid_t *out_pid,
		     struct weald_msg *msg)
{
	posix_spawn_file_actions_t actions;
	char **env = environment();
	int e;

	if (env == NULL || posix_spawn_file_actions_init(&actions) != 0) {
		free(env);
		return WEALD_NOMEM;
	}
	e = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
					     "/dev/null", O_RDONLY, 0);
	if (e == 0) {
		e = posix_spawn_file_actions_adddup2(&actions, err_fd,
						     STDOUT_FILENO);
	}
	if (e == 0) {
		e = posix_spawn_file_actions_adddup2(&actions, err_fd,
						     STDERR_FILENO);
	}
	if (e == 0) {
		e = posix_spawnp(out_pid, "git", &actions, NULL, argv, env);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	free(env);
	if (e == ENOENT) {
		msg_set(msg, "git is not installed: importing needs it");
		return WEALD_NOTFOUND;
	}
	return e == 0 ? WEALD_OK : fs_fail(e, "cannot run", NULL, "git", msg);
}

/* Run git with @argv to its end; its words are the message where it fails. */
static int run_git(const char *const *argv, struct weald_msg *msg)
{
	char words[WORDS_BYTES_MAX];
	int status = -1;
	int fds[2];
	pid_t pid = -1;
	union {
		const char *const *kept;
		char *const *wanted; /* posix_spawn() does not write to it */
	} args = { .kept = argv };
	int r;

	if (pipe2(fds, O_CLOEXEC) != 0) {
		return fs_fail(errno, "cannot make", NULL, "a pipe", msg);
	}
	r = spawn_git(args.wanted, fds[1], &pid, msg);
	(void)close(fds[1]);
	if (r == WEALD_OK) {
		read_words(fds[0], words, sizeof words);
	}
	(void)close(fds[0]);
	if (r != WEALD_OK) {
		return r;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		return WEALD_OK;
	}
	say_words(words, msg);
	return strstr(words, "No space left") != NULL ? WEALD_NOSPACE
						      : WEALD_INVALID;
}

/* git's alternates: one folder of objects a line. */
static int write_alternates(const char *dir, const char *const *known,
			    struct weald_msg *msg)
{
	char *path = NULL;
	struct buf text;
	int r = WEALD_OK;

	buf_init(&text, KNOWN_BYTES_MAX);
	for (; r == WEALD_OK && *known != NULL; known++) {
		r = buf_addf(&text, "%s/objects\n", *known);
	}
	if (r == WEALD_OK &&
	    asprintf(&path, "%s/objects/info/alternates", dir) < 0) {
		path = NULL;
		r = WEALD_NOMEM;
	}
	if (r == WEALD_OK) {
		r = fs_write_durable(path, buf_span(&text), 0644, msg);
	}
	free(path);
	buf_release(&text);
	return r;
}

int quarantine_fetch(const char *dir, const char *source,
		     const char *const *known, struct weald_msg *msg)
{
	const char *init[] = { "git",         "init", "--quiet", "--bare",
			       "--template=", "--",   dir,       NULL };
	const char *fetch[] = { "git",
				"-C",
				dir,
				"-c",
				"protocol.allow=never",
				"-c",
				"protocol.file.allow=always",
				"-c",
				"fetch.unpackLimit=1",
				"-c",
				"fetch.fsckObjects=false",
				"-c",
				"gc.auto=0",
				"-c",
				"maintenance.auto=false",
				"-c",
				"core.hooksPath=/dev/null",
				"fetch",
				"--quiet",
				"--no-tags",
				"--no-recurse-submodules",
				"--",
				NULL,
				"+refs/heads/main:refs/heads/main",
				NULL };
	const size_t source_at = sizeof fetch / sizeof *fetch - 3;
	char *real = NULL;
	int r;

	assert(fetch[source_at] == NULL);
	real = realpath(source, NULL);
	if (real == NULL) {
		return fs_fail(errno, "cannot find", NULL, source, msg);
	}
	fetch[source_at] = real;
	r = run_git(init, msg);
	if (r == WEALD_OK) {
		r = write_alternates(dir, known, msg);
	}
	if (r == WEALD_OK) {
		r = run_git(fetch, msg);
	}
	free(real);
	return r;
}
