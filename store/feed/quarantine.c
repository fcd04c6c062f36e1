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
#include "store/feed/packlist.h"
#include "store/feed/tree.h"
#include "store/fs.h"

#define WORDS_BYTES_MAX 8192u /* of what git says */
#define KNOWN_BYTES_MAX (1024u * 1024u)
/* Trees are the largest objects that a feed has. */
#define OBJECT_BYTES_MAX TREE_BYTES_MAX

/*
 * Would this variable change what git looks at, or how it speaks? Of git's own
 * only those stay that say where it is and how the user has set it up.
 */
static bool is_hostile(const char *entry)
{
	static const char *const fine[] = {
		"GIT_EXEC_PATH=", "GIT_CONFIG_GLOBAL=", "GIT_CONFIG_SYSTEM=",
		"GIT_CONFIG_NOSYSTEM="
	};
	size_t i;

	if (strncmp(entry, "LC_ALL=", strlen("LC_ALL=")) == 0 ||
	    strncmp(entry, "LANGUAGE=", strlen("LANGUAGE=")) == 0) {
		return true;
	}
	if (strncmp(entry, "GIT_", strlen("GIT_")) != 0) {
		return false;
	}
	for (i = 0; i < sizeof fine / sizeof *fine; i++) {
		if (strncmp(entry, fine[i], strlen(fine[i])) == 0) {
			return false;
		}
	}
	return true;
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

/* The line in which git says what is wrong, and a code for it. */
static int say_words(char *words, struct weald_msg *msg)
{
	char *line = strstr(words, "fatal: ");
	char *end;

	if (strstr(words, "No space left") != NULL) {
		msg_set(msg, "no space left (free some, then try again)");
		return WEALD_NOSPACE;
	}
	if (strstr(words, "couldn't find remote ref") != NULL) {
		msg_set(msg, "it has no branch main");
		return WEALD_NOTFOUND;
	}
	line = line == NULL ? words : line + strlen("fatal: ");
	end = strchr(line, '\n');
	if (end != NULL) {
		*end = '\0';
	}
	msg_set(msg, "git refused it: %s",
		line[0] == '\0' ? "without a word" : line);
	return WEALD_INVALID;
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
	return say_words(words, msg);
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

static int check_object_cb(void *ctx, const uint8_t id[OBJECT_ID_BYTES],
			   bool is_commit, uint64_t size)
{
	struct weald_msg *msg = ctx;
	char hex[2 * OBJECT_ID_BYTES + 1];

	(void)is_commit;
	if (size <= OBJECT_BYTES_MAX) {
		return WEALD_OK;
	}
	hex_encode(id, OBJECT_ID_BYTES, hex);
	msg_set(msg,
		"its object %s has %llu bytes, more than a feed's can have",
		hex, (unsigned long long)size);
	return WEALD_INVALID;
}

int quarantine_check(const struct repo *r, struct weald_msg *msg)
{
	struct packlist packs = { .count = 0 };
	int fd = -1;
	size_t i;
	int err;

	err = fs_open_dir(repo_pack_dir(r), &fd, msg);
	if (err != WEALD_OK) {
		return err;
	}
	err = packlist_read(fd, repo_pack_dir(r), &packs, msg);
	for (i = 0; err == WEALD_OK && i < packs.count; i++) {
		err = repo_pack_objects(r, packs.items[i].name, check_object_cb,
					msg, msg);
	}
	packlist_release(&packs);
	(void)close(fd);
	return err;
}
