#include "store/home.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/ed25519.h"
#include "proto/sshkey.h"
#include "store/fs.h"

#define FEED_HEX \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

/* A folder for each test, and the home in it. */
struct room {
	char dir[64];
	char home[80];
	uint8_t feed[SHA256_BYTES];
	uint8_t seed[SEED_BYTES];
	uint8_t key[PUBKEY_BYTES]; /* of seed */
	uint8_t other_seed[SEED_BYTES];
	uint8_t other_key[PUBKEY_BYTES];
	struct weald_msg msg;
};

static int room_setup(void **state)
{
	struct room *room = calloc(1, sizeof *room);
	size_t i;

	assert_non_null(room);
	(void)snprintf(room->dir, sizeof room->dir, "/tmp/weald-home-XXXXXX");
	assert_non_null(mkdtemp(room->dir));
	(void)snprintf(room->home, sizeof room->home, "%s/home", room->dir);
	for (i = 0; i < SHA256_BYTES; i++) {
		room->feed[i] = (uint8_t)i;
	}
	memset(room->seed, 1, SEED_BYTES);
	memset(room->other_seed, 2, SEED_BYTES);
	assert_int_equal(ed25519_public(room->seed, room->key), WEALD_OK);
	assert_int_equal(ed25519_public(room->other_seed, room->other_key),
			 WEALD_OK);
	*state = room;
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int room_teardown(void **state)
{
	struct room *room = *state;

	assert_int_equal(nftw(room->dir, remove_entry, 16,
			      FTW_DEPTH | FTW_PHYS),
			 0);
	free(room);
	return 0;
}

/* Paths in the room; as many at a time as a test needs. */
static const char *in(const struct room *room, const char *rest)
{
	static char paths[4][200];
	static size_t next;

	next = (next + 1) % 4;
	(void)snprintf(paths[next], sizeof paths[next], "%s/%s", room->dir,
		       rest);
	return paths[next];
}

static void put(const struct room *room, const char *rest, const char *text)
{
	assert_int_equal(fs_write_durable(in(room, rest), span_of(text), 0600,
					  NULL),
			 WEALD_OK);
}

static void assert_holds(const struct room *room, const char *rest,
			 const char *text)
{
	struct buf b;

	buf_init(&b, 0);
	assert_int_equal(fs_read_file(in(room, rest), 4096, &b, NULL),
			 WEALD_OK);
	assert_int_equal(b.len, strlen(text));
	if (b.len > 0) {
		assert_memory_equal(b.data, text, b.len);
	}
	buf_release(&b);
}

static mode_t mode_of(const struct room *room, const char *rest)
{
	struct stat st;

	assert_int_equal(stat(in(room, rest), &st), 0);
	return st.st_mode & 07777;
}

static bool is_there(const struct room *room, const char *rest)
{
	bool there;

	assert_int_equal(fs_exists(in(room, rest), &there, NULL), WEALD_OK);
	return there;
}

static void assert_says(const struct room *room, const char *part)
{
	if (strstr(room->msg.text, part) == NULL) {
		fail_msg("\"%s\" does not say \"%s\"", room->msg.text, part);
	}
	assert_null(strchr(room->msg.text, '\n'));
}

/* A home of the region south-west. */
static struct home *make_home(struct room *room)
{
	struct home *h = NULL;

	assert_int_equal(home_create(room->home, &h, &room->msg), WEALD_OK);
	assert_int_equal(home_finish(h, "south-west", room->feed, &room->msg),
			 WEALD_OK);
	return h;
}

static void assert_create_refused(struct room *room, const char *path, int code,
				  const char *part)
{
	struct home *h = NULL;

	assert_int_equal(home_create(path, &h, &room->msg), code);
	assert_null(h);
	assert_says(room, part);
}

static void assert_open_refused(struct room *room, const char *path, int code,
				const char *part)
{
	struct home *h = NULL;

	assert_int_equal(home_open(path, &h, &room->msg), code);
	assert_null(h);
	assert_says(room, part);
}

static void home_create__makes_the_folders(void **state)
{
	struct room *room = *state;
	struct home *h = NULL;

	assert_int_equal(home_create(in(room, "a/b/home//"), &h, &room->msg),
			 WEALD_OK);
	assert_string_equal(home_path(h), in(room, "a/b/home"));
	assert_string_equal(home_slug(h), "");
	assert_int_equal(mode_of(room, "a/b/home"), 0700);
	assert_int_equal(mode_of(room, "a/b/home/keys"), 0700);
	assert_int_equal(mode_of(room, "a/b/home/feeds") & 0700, 0700);
	assert_false(is_there(room, "a/b/home/config"));
	home_close(h);
}

static void home_create__takes_an_empty_folder(void **state)
{
	struct room *room = *state;
	struct home *h = NULL;

	assert_int_equal(mkdir(room->home, 0700), 0);
	assert_int_equal(mkdir(in(room, "home/lost+found"), 0700), 0);
	assert_int_equal(home_create(room->home, &h, &room->msg), WEALD_OK);
	assert_true(is_there(room, "home/keys"));
	home_close(h);
}

static void home_create__takes_a_relative_path(void **state)
{
	struct room *room = *state;
	struct home *h = NULL;
	char *before = getcwd(NULL, 0);

	assert_non_null(before);
	assert_int_equal(chdir(room->dir), 0);
	assert_int_equal(home_create("home", &h, &room->msg), WEALD_OK);
	assert_string_equal(home_path(h), room->home);
	home_close(h);
	assert_int_equal(chdir(before), 0);
	free(before);
}

static void home_create__refuses_what_is_in_use(void **state)
{
	struct room *room = *state;

	assert_create_refused(room, "", WEALD_INVALID, "empty name");
	put(room, "file", "x");
	assert_create_refused(room, in(room, "file"), WEALD_EXISTS,
			      "is there and is no folder; choose another");
	assert_create_refused(room, in(room, "file/home"), WEALD_IO,
			      "Not a directory");
	assert_create_refused(room, room->dir, WEALD_EXISTS,
			      "holds other files; choose an empty or a new "
			      "folder");
	assert_holds(room, "file", "x");
	assert_false(is_there(room, "keys"));
	home_close(make_home(room));
	assert_create_refused(room, room->home, WEALD_EXISTS,
			      "is a home already; choose another folder");
}

static void home_create__names_an_init_that_was_cut_short(void **state)
{
	struct room *room = *state;
	struct home *h = NULL;

	assert_int_equal(home_create(room->home, &h, &room->msg), WEALD_OK);
	home_close(h);
	assert_create_refused(
		room, room->home, WEALD_EXISTS,
		"has no config: if weald init was cut short there");
	assert_open_refused(room, room->home, WEALD_NOTFOUND,
			    "if it was a home, restore the config");
}

static void home_create__leaves_nothing_where_it_may_not_write(void **state)
{
	struct room *room = *state;

	if (geteuid() == 0) {
		skip(); /* root may write everywhere */
	}
	assert_int_equal(mkdir(in(room, "shut"), 0500), 0);
	assert_create_refused(room, in(room, "shut/home"), WEALD_DENIED,
			      "check owner and permissions");
	assert_false(is_there(room, "shut/home"));
}

static void home_finish__writes_the_config_once(void **state)
{
	static const char config[] =
		"[weald]\n\tversion = 1\n\t"
		"slug = south-west\n\tfeed = " FEED_HEX "\n";
	struct room *room = *state;
	struct home *h = make_home(room);

	assert_string_equal(home_slug(h), "south-west");
	assert_memory_equal(home_feed_id(h), room->feed, SHA256_BYTES);
	assert_holds(room, "home/config", config);
	assert_int_equal(home_finish(h, "north", room->feed, &room->msg),
			 WEALD_EXISTS);
	assert_holds(room, "home/config", config);
	assert_string_equal(home_slug(h), "south-west");
	home_close(h);
}

static void home_finish__writes_what_init_was_told(void **state)
{
	static const char *const addresses[] = { "a.example:7411",
						 "[2001:db8::1]:7411" };
	const struct home_network network = { .listen = "0.0.0.0:7411",
					      .addresses = addresses,
					      .addresses_n = 2 };
	struct room *room = *state;
	struct home *h = NULL;

	assert_int_equal(home_create(room->home, &h, &room->msg), WEALD_OK);
	home_set_network(h, &network);
	assert_int_equal(home_finish(h, "south-west", room->feed, &room->msg),
			 WEALD_OK);
	assert_holds(room, "home/config",
		     "[weald]\n\tversion = 1\n\tslug = south-west\n"
		     "\tfeed = " FEED_HEX "\n[node]\n"
		     "\tlisten = 0.0.0.0:7411\n\taddress = a.example:7411\n"
		     "\taddress = [2001:db8::1]:7411\n");
	home_close(h);
	assert_int_equal(home_open(room->home, &h, &room->msg), WEALD_OK);
	home_close(h);
}

static void home_open__reads_the_config(void **state)
{
	struct room *room = *state;
	struct home *h = NULL;

	home_close(make_home(room));
	assert_int_equal(home_open(room->home, &h, &room->msg), WEALD_OK);
	assert_string_equal(home_path(h), room->home);
	assert_string_equal(home_slug(h), "south-west");
	assert_memory_equal(home_feed_id(h), room->feed, SHA256_BYTES);
	home_close(h);
}

static void home_open__takes_a_config_edited_by_hand(void **state)
{
	struct room *room = *state;
	struct home *h = NULL;

	home_close(make_home(room));
	put(room, "home/config",
	    "# ours\r\n[Weald]\r\nfeed=\"" FEED_HEX "\" ; id\r\n"
	    "[user]\r\nname = x\r\n[weald]\r\nSlug = kent\r\nversion=1");
	assert_int_equal(home_open(room->home, &h, &room->msg), WEALD_OK);
	assert_string_equal(home_slug(h), "kent");
	assert_memory_equal(home_feed_id(h), room->feed, SHA256_BYTES);
	home_close(h);
}

static void home_open__says_where_there_is_no_home(void **state)
{
	struct room *room = *state;

	assert_open_refused(room, in(room, "none"), WEALD_NOTFOUND,
			    "there is no home at");
	assert_open_refused(room, "", WEALD_NOTFOUND, "there is no home at");
	put(room, "file", "x");
	assert_open_refused(room, in(room, "file"), WEALD_NOTFOUND,
			    "is no folder");
	assert_open_refused(room, in(room, "file/x"), WEALD_NOTFOUND,
			    "there is no home at");
	assert_open_refused(room, room->dir, WEALD_NOTFOUND,
			    "is no home: it has no config; make a home with "
			    "weald init");
}

static void home_open__refuses_a_damaged_config(void **state)
{
	static const struct {
		const char *config;
		const char *part;
	} table[] = {
		{ "", "/home/config: weald.version is missing; restore" },
		{ "[weald]\nversion = 1\nfeed = " FEED_HEX "\n",
		  "/home/config: weald.slug is missing" },
		{ "[weald]\nversion = 1\nslug = kent\n",
		  "/home/config: weald.feed is missing" },
		{ "[weald]\nversion = 0\n",
		  "/home/config:2: weald.version is \"0\"; allowed: a number "
		  "from 1" },
		{ "[weald]\nversion = one\n", "weald.version is \"one\"" },
		{ "\n[weald]\nversion\n",
		  "/home/config:3: weald.version has no value" },
		{ "[weald]\nversion = 1\nslug = South West\n",
		  "/home/config:3: weald.slug is \"South West\"; allowed: the "
		  "region's slug" },
		{ "[weald]\nversion = 1\nslug = ../x\n",
		  "weald.slug is \"../x\"" },
		{ "[weald]\nversion = 1\nslug = "
		  "a1234567890123456789012345678901234567890\n",
		  "weald.slug is \"a1234567" },
		{ "[weald]\nversion = 1\nslug = kent\nfeed = 00\n",
		  "/home/config:4: weald.feed is \"00\"; allowed: the feed id, "
		  "64 hex digits" },
		{ "[weald]\nversion = 1\nslug = kent\nfeed = " FEED_HEX "0\n",
		  "weald.feed is \"" },
		{ "[weald]\nversion = 1\n[wea\n", "/home/config:3: " },
		{ "[weald]\n\n\n= kent\n", "/home/config:4: " },
		{ "[weald]\nversion = 1\nx = \"a\\q\"\n",
		  "/home/config:3: \"\\q\" in a value; allowed: " },
		{ "[weald]\nversion = 1\n  [Include]\npath = other\n",
		  "/home/config:3: include is not allowed; put the lines "
		  "here" },
		{ "[weald] [includeIf \"gitdir:/\"] path = other\n",
		  "/home/config:1: include is not allowed" },
	};
	struct room *room = *state;
	size_t i;

	home_close(make_home(room));
	for (i = 0; i < sizeof table / sizeof table[0]; i++) {
		put(room, "home/config", table[i].config);
		assert_open_refused(room, room->home, WEALD_CORRUPT,
				    table[i].part);
	}
}

static void home_open__refuses_a_config_that_is_no_small_file(void **state)
{
	struct room *room = *state;
	char *large = calloc(1, 70000);

	assert_non_null(large);
	home_close(make_home(room));
	memset(large, '\n', 69999);
	put(room, "home/config", large);
	assert_open_refused(room, room->home, WEALD_CORRUPT,
			    "is no file of at most 65536 bytes");
	memset(large, 'x', 60000);
	large[1] = '\0';
	assert_int_equal(fs_write_durable(in(room, "home/config"),
					  (struct span){ (uint8_t *)large,
							 60000 },
					  0600, NULL),
			 WEALD_OK);
	assert_open_refused(room, room->home, WEALD_CORRUPT,
			    "/home/config:1: a zero byte; this is no text");
	free(large);
	assert_int_equal(unlink(in(room, "home/config")), 0);
	assert_int_equal(mkfifo(in(room, "home/config"), 0600), 0);
	assert_open_refused(room, room->home, WEALD_CORRUPT,
			    "is no file of at most 65536 bytes");
}

static void home_open__refuses_a_newer_home(void **state)
{
	struct room *room = *state;

	home_close(make_home(room));
	put(room, "home/config", "[weald]\nversion = 2\n");
	assert_open_refused(room, room->home, WEALD_NEWER,
			    "weald.version is 2, this weald knows 1; install "
			    "the newer weald");
}

static void home_open__refuses_the_home_of_another_user(void **state)
{
	struct room *room = *state;
	const char *path = "/";

	home_close(make_home(room));
	if (geteuid() == 0) {
		path = room->home;
		assert_int_equal(chown(path, 54321, (gid_t)-1), 0);
	}
	assert_open_refused(room, path, WEALD_DENIED,
			    "; run weald as that user");
}

static void home_open__refuses_a_home_that_others_write_to(void **state)
{
	struct room *room = *state;
	struct home *h = NULL;

	home_close(make_home(room));
	assert_int_equal(chmod(room->home, 0720), 0);
	assert_open_refused(room, room->home, WEALD_DENIED,
			    "forbid it with: chmod go-w \"");
	assert_int_equal(chmod(room->home, 0702), 0);
	assert_open_refused(room, room->home, WEALD_DENIED, "chmod go-w");
	assert_int_equal(chmod(room->home, 0755), 0);
	assert_int_equal(home_open(room->home, &h, &room->msg), WEALD_OK);
	home_close(h);
}

static void home_lock__keeps_others_out_and_names_the_holder(void **state)
{
	struct room *room = *state;
	struct home *first = make_home(room);
	struct home *second = NULL;
	char pid[32];

	(void)snprintf(pid, sizeof pid, "(pid %ld) is writing", (long)getpid());
	assert_int_equal(home_open(room->home, &second, &room->msg), WEALD_OK);
	assert_int_equal(home_lock(first, 0, &room->msg), WEALD_OK);
	assert_int_equal(home_lock(first, 0, &room->msg), WEALD_OK);
	assert_int_equal(mode_of(room, "home/lock"), 0600);
	assert_int_equal(home_lock(second, 0, &room->msg), WEALD_LOCKED);
	assert_says(room, pid);
	home_close(first);
	assert_holds(room, "home/lock", "");
	assert_int_equal(home_lock(second, 0, &room->msg), WEALD_OK);
	home_close(second);
}

static void home_lock__waits_as_long_as_it_was_told(void **state)
{
	struct room *room = *state;
	struct home *first = make_home(room);
	struct home *second = NULL;
	struct timespec a;
	struct timespec b;

	assert_int_equal(home_open(room->home, &second, &room->msg), WEALD_OK);
	assert_int_equal(home_lock(first, 0, &room->msg), WEALD_OK);
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &a), 0);
	assert_int_equal(home_lock(second, 20, &room->msg), WEALD_LOCKED);
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &b), 0);
	assert_true((b.tv_sec - a.tv_sec) * 1000 +
			    (b.tv_nsec - a.tv_nsec) / 1000000 >=
		    19);
	home_close(second);
	home_close(first);
}

/*
 * A process that opens the home and takes its lock, tells through a pipe and,
 * unless it is to end at once, waits to be killed.
 */
static pid_t start_locker(const struct room *room, unsigned wait_ms, bool stay,
			  int *out_fd)
{
	struct home *h = NULL;
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid > 0) {
		(void)close(fds[1]);
		*out_fd = fds[0];
		return pid;
	}
	if (home_open(room->home, &h, NULL) != WEALD_OK ||
	    home_lock(h, wait_ms, NULL) != WEALD_OK ||
	    write(fds[1], "x", 1) != 1) {
		_exit(1);
	}
	while (stay) {
		(void)pause();
	}
	_exit(0);
}

static void home_lock__waits_for_another_process(void **state)
{
	struct room *room = *state;
	struct home *h = make_home(room);
	int status;
	int fd;
	pid_t pid;
	char c;

	assert_int_equal(home_lock(h, 0, &room->msg), WEALD_OK);
	pid = start_locker(room, 60000, false, &fd);
	home_close(h);
	assert_int_equal(read(fd, &c, 1), 1);
	(void)close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void home_lock__ends_with_a_killed_process(void **state)
{
	struct room *room = *state;
	struct home *h = make_home(room);
	char name[32];
	int fd;
	pid_t pid;
	char c;

	pid = start_locker(room, 0, true, &fd);
	assert_int_equal(read(fd, &c, 1), 1);
	(void)close(fd);
	(void)snprintf(name, sizeof name, "(pid %ld)", (long)pid);
	assert_int_equal(home_lock(h, 0, &room->msg), WEALD_LOCKED);
	assert_says(room, name);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(home_lock(h, 0, &room->msg), WEALD_OK);
	home_close(h);
}

static void home_key_write__keeps_what_is_there(void **state)
{
	struct room *room = *state;
	struct home *h = make_home(room);
	uint8_t seed[SEED_BYTES];

	assert_int_equal(home_key_write(h, HOME_KEY_FEED, room->seed,
					&room->msg),
			 WEALD_OK);
	assert_int_equal(mode_of(room, "home/keys/feed"), 0600);
	assert_int_equal(home_key_write(h, HOME_KEY_FEED, room->other_seed,
					&room->msg),
			 WEALD_EXISTS);
	assert_says(room, "/keys/feed\" already; it is kept");
	assert_int_equal(home_key_read(h, HOME_KEY_FEED, seed, &room->msg),
			 WEALD_OK);
	assert_memory_equal(seed, room->seed, SEED_BYTES);
	assert_false(is_there(room, "home/keys/feed.next"));
	home_close(h);
}

static void home_key_read__refuses_what_others_may_read(void **state)
{
	struct room *room = *state;
	struct home *h = make_home(room);
	uint8_t seed[SEED_BYTES];

	assert_int_equal(home_key_write(h, HOME_KEY_FEED, room->seed,
					&room->msg),
			 WEALD_OK);
	assert_int_equal(chmod(in(room, "home/keys/feed"), 0640), 0);
	assert_int_equal(home_key_read(h, HOME_KEY_FEED, seed, &room->msg),
			 WEALD_DENIED);
	assert_says(room, "forbid it with: chmod 600 \"");
	assert_int_equal(chmod(in(room, "home/keys/feed"), 0400), 0);
	assert_int_equal(home_key_read(h, HOME_KEY_FEED, seed, &room->msg),
			 WEALD_OK);
	home_close(h);
}

static void home_key_read__refuses_what_is_no_key(void **state)
{
	struct room *room = *state;
	struct home *h = make_home(room);
	uint8_t seed[SEED_BYTES];

	assert_int_equal(home_key_read(h, HOME_KEY_FEED, seed, &room->msg),
			 WEALD_NOTFOUND);
	assert_says(room, "/keys/feed\" is missing; restore it from a backup");
	assert_int_equal(home_key_read(h, HOME_KEY_FEED_NEXT, seed, &room->msg),
			 WEALD_NOTFOUND);
	assert_says(room, "no rotation is under way");
	put(room, "home/keys/feed", "not a key\n");
	assert_int_equal(home_key_read(h, HOME_KEY_FEED, seed, &room->msg),
			 WEALD_KEYFILE);
	assert_says(room, "/home/keys/feed\": ");
	assert_int_equal(rename(in(room, "home/keys/feed"),
				in(room, "home/keys/x")),
			 0);
	assert_int_equal(symlink("x", in(room, "home/keys/feed")), 0);
	assert_int_equal(home_key_read(h, HOME_KEY_FEED, seed, &room->msg),
			 WEALD_INVALID);
	assert_says(room, "is a symbolic link");
	home_close(h);
}

static void home_key_promote__moves_the_next_key(void **state)
{
	struct room *room = *state;
	struct home *h = make_home(room);
	uint8_t seed[SEED_BYTES];

	assert_int_equal(home_key_write(h, HOME_KEY_FEED, room->seed,
					&room->msg),
			 WEALD_OK);
	assert_int_equal(home_key_promote(h, &room->msg), WEALD_NOTFOUND);
	assert_int_equal(home_key_write(h, HOME_KEY_FEED_NEXT, room->other_seed,
					&room->msg),
			 WEALD_OK);
	assert_int_equal(home_key_promote(h, &room->msg), WEALD_OK);
	assert_int_equal(home_key_read(h, HOME_KEY_FEED, seed, &room->msg),
			 WEALD_OK);
	assert_memory_equal(seed, room->other_seed, SEED_BYTES);
	assert_false(is_there(room, "home/keys/feed.next"));
	home_close(h);
}

static void home_key_remove__removes(void **state)
{
	struct room *room = *state;
	struct home *h = make_home(room);

	assert_int_equal(home_key_write(h, HOME_KEY_FEED_NEXT, room->seed,
					&room->msg),
			 WEALD_OK);
	assert_int_equal(home_key_remove(h, HOME_KEY_FEED_NEXT, &room->msg),
			 WEALD_OK);
	assert_false(is_there(room, "home/keys/feed.next"));
	assert_int_equal(home_key_remove(h, HOME_KEY_FEED_NEXT, &room->msg),
			 WEALD_NOTFOUND);
	home_close(h);
}

static void home_node_seed__makes_a_key_once(void **state)
{
	struct room *room = *state;
	struct home *h = make_home(room);
	uint8_t first[SEED_BYTES];
	uint8_t second[SEED_BYTES];

	assert_int_equal(home_key_read(h, HOME_KEY_NODE, first, &room->msg),
			 WEALD_NOTFOUND);
	assert_says(room, "/keys/node\"; weald run makes one");
	assert_int_equal(home_node_seed(h, first, &room->msg), WEALD_OK);
	assert_int_equal(mode_of(room, "home/keys/node"), 0600);
	assert_string_equal(room->msg.text, "");
	assert_int_equal(home_node_seed(h, second, &room->msg), WEALD_OK);
	assert_memory_equal(first, second, SEED_BYTES);
	assert_int_equal(home_key_read(h, HOME_KEY_NODE, second, &room->msg),
			 WEALD_OK);
	assert_memory_equal(first, second, SEED_BYTES);
	assert_false(is_there(room, "home/keys/feed"));
	home_close(h);
}

static void home_node_seed__differs_between_homes(void **state)
{
	struct room *room = *state;
	struct home *h = make_home(room);
	uint8_t first[SEED_BYTES];
	uint8_t second[SEED_BYTES];

	assert_int_equal(home_node_seed(h, first, &room->msg), WEALD_OK);
	assert_int_equal(home_key_remove(h, HOME_KEY_NODE, &room->msg),
			 WEALD_OK);
	assert_int_equal(home_node_seed(h, second, &room->msg), WEALD_OK);
	assert_memory_not_equal(first, second, SEED_BYTES);
	home_close(h);
}

static void home_node_seed__keeps_a_key_it_cannot_read(void **state)
{
	struct room *room = *state;
	struct home *h = make_home(room);
	uint8_t seed[SEED_BYTES];

	put(room, "home/keys/node", "not a key\n");
	assert_int_equal(home_node_seed(h, seed, &room->msg), WEALD_KEYFILE);
	assert_says(room, "/home/keys/node\": ");
	assert_holds(room, "home/keys/node", "not a key\n");
	assert_int_equal(chmod(in(room, "home/keys/node"), 0604), 0);
	assert_int_equal(home_node_seed(h, seed, &room->msg), WEALD_DENIED);
	home_close(h);
}

static void home_signer__takes_the_feed_key(void **state)
{
	struct room *room = *state;
	struct home *h = make_home(room);
	struct ed25519_signer *signer = NULL;

	assert_int_equal(home_key_write(h, HOME_KEY_FEED, room->seed,
					&room->msg),
			 WEALD_OK);
	assert_int_equal(home_key_write(h, HOME_KEY_FEED_NEXT, room->other_seed,
					&room->msg),
			 WEALD_OK);
	assert_int_equal(home_signer(h, room->key, &signer, &room->msg),
			 WEALD_OK);
	assert_memory_equal(ed25519_signer_key(signer), room->key,
			    PUBKEY_BYTES);
	assert_true(is_there(room, "home/keys/feed.next"));
	ed25519_signer_free(signer);
	home_close(h);
}

static void home_signer__promotes_the_next_key(void **state)
{
	struct room *room = *state;
	struct home *h = make_home(room);
	struct ed25519_signer *signer = NULL;
	uint8_t seed[SEED_BYTES];

	assert_int_equal(home_key_write(h, HOME_KEY_FEED, room->seed,
					&room->msg),
			 WEALD_OK);
	assert_int_equal(home_key_write(h, HOME_KEY_FEED_NEXT, room->other_seed,
					&room->msg),
			 WEALD_OK);
	assert_int_equal(home_signer(h, room->other_key, &signer, &room->msg),
			 WEALD_OK);
	assert_memory_equal(ed25519_signer_key(signer), room->other_key,
			    PUBKEY_BYTES);
	assert_false(is_there(room, "home/keys/feed.next"));
	assert_int_equal(home_key_read(h, HOME_KEY_FEED, seed, &room->msg),
			 WEALD_OK);
	assert_memory_equal(seed, room->other_seed, SEED_BYTES);
	ed25519_signer_free(signer);
	home_close(h);
}

static void home_signer__says_why_no_key_fits(void **state)
{
	struct room *room = *state;
	struct home *h = make_home(room);
	struct ed25519_signer *signer = NULL;
	char fingerprint[SSHKEY_FINGERPRINT_BYTES];

	assert_int_equal(sshkey_fingerprint(room->other_key, fingerprint),
			 WEALD_OK);
	assert_int_equal(home_signer(h, room->key, &signer, &room->msg),
			 WEALD_NOTFOUND);
	assert_says(room, "/keys/feed\" is missing; restore it from a backup");
	assert_int_equal(home_key_write(h, HOME_KEY_FEED, room->seed,
					&room->msg),
			 WEALD_OK);
	assert_int_equal(home_signer(h, room->other_key, &signer, &room->msg),
			 WEALD_NOTFOUND);
	assert_says(room, "is not the one that signs this feed (SHA256:");
	assert_says(room, fingerprint);
	put(room, "home/keys/feed.next", "not a key\n");
	assert_int_equal(home_signer(h, room->other_key, &signer, &room->msg),
			 WEALD_KEYFILE);
	assert_says(room, "/keys/feed.next\": ");
	put(room, "home/keys/feed", "not a key\n");
	assert_int_equal(home_signer(h, room->other_key, &signer, &room->msg),
			 WEALD_KEYFILE);
	assert_says(room, "/keys/feed\": ");
	assert_null(signer);
	home_close(h);
}

static void make_dir(const struct room *room, const char *rest)
{
	assert_int_equal(mkdir(in(room, rest), 0700), 0);
}

static void home_feeds__lists_the_own_one_first(void **state)
{
	static const char *const expected[] = { "south-west", "kent",
						"kent-0123456789ab", "wessex" };
	struct room *room = *state;
	struct home *h = make_home(room);
	char **names = NULL;
	size_t n = 99;
	size_t i;

	assert_int_equal(home_feeds(h, &names, &n, &room->msg), WEALD_OK);
	assert_int_equal(n, 0);
	free(names);
	make_dir(room, "home/feeds/wessex.git");
	make_dir(room, "home/feeds/kent-0123456789ab.git");
	make_dir(room, "home/feeds/south-west.git");
	make_dir(room, "home/feeds/kent.git");
	make_dir(room, "home/feeds/x.git");
	make_dir(room, "home/feeds/.git");
	make_dir(room, "home/feeds/Kent.git");
	make_dir(room, "home/feeds/kent");
	make_dir(room, "home/feeds/kent.git.new");
	assert_int_equal(home_feeds(h, &names, &n, &room->msg), WEALD_OK);
	assert_int_equal(n, 4);
	for (i = 0; i < n; i++) {
		assert_string_equal(names[i], expected[i]);
		free(names[i]);
	}
	free(names);
	home_close(h);
}

static void home_feed_dir__refuses_other_names(void **state)
{
	struct room *room = *state;
	struct home *h = make_home(room);
	char *path = NULL;

	assert_int_equal(home_feed_dir(h, "../x", &path), WEALD_INVALID);
	assert_int_equal(home_feed_dir(h, "", &path), WEALD_INVALID);
	assert_int_equal(home_feed_dir(h, "kent", &path), WEALD_OK);
	assert_string_equal(path, in(room, "home/feeds/kent.git"));
	free(path);
	assert_int_equal(home_join(h, "a/b", &path), WEALD_OK);
	assert_string_equal(path, in(room, "home/a/b"));
	free(path);
	home_close(h);
}

static void assert_no_feed(struct room *room, const struct home *h,
			   const char *name, const char *part)
{
	struct feed *f = NULL;

	assert_int_equal(home_open_feed(h, name, FEED_READ, &f, &room->msg),
			 WEALD_NOTFOUND);
	assert_null(f);
	assert_says(room, part);
}

static void home_open_feed__names_those_there_are(void **state)
{
	struct room *room = *state;
	struct home *h = make_home(room);
	char rest[64];
	unsigned i;

	assert_no_feed(room, h, "kent",
		       "no feed \"kent\" here; there are none");
	assert_no_feed(room, h, "south-west",
		       "the own feed south-west is missing from");
	make_dir(room, "home/feeds/south-west.git");
	assert_no_feed(room, h, "kent",
		       "no feed \"kent\" here; there is: south-west");
	make_dir(room, "home/feeds/wessex.git");
	assert_no_feed(room, h, "../feeds/wessex",
		       "no feed \"../feeds/wessex\" here; there are: "
		       "south-west, wessex");
	for (i = 10; i < 25; i++) {
		(void)snprintf(rest, sizeof rest, "home/feeds/r%u.git", i);
		make_dir(room, rest);
	}
	assert_no_feed(room, h, "kent",
		       "there are: south-west, r10, r11, r12, r13, r14, r15, "
		       "r16, r17, r18, r19, r20 and 5 more");
	home_close(h);
}

static void home_open_feed__opens_a_feed(void **state)
{
	struct room *room = *state;
	struct home *h = make_home(room);
	struct feed *f = NULL;
	char *dir = NULL;

	assert_int_equal(home_feed_dir(h, "south-west", &dir), WEALD_OK);
	assert_int_equal(feed_create(dir, &room->msg), WEALD_OK);
	assert_int_equal(home_open_feed(h, "south-west", FEED_READ, &f,
					&room->msg),
			 WEALD_OK);
	assert_int_equal(feed_committed_seq(f), 0);
	feed_close(f);
	free(dir);
	home_close(h);
}

static int group_setup(void **state)
{
	(void)state;
	(void)umask(022);
	return feed_library_init(NULL) == WEALD_OK ? 0 : -1;
}

static int group_teardown(void **state)
{
	(void)state;
	feed_library_shutdown();
	return 0;
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(home_create__makes_the_folders),
		TEST(home_create__takes_an_empty_folder),
		TEST(home_create__takes_a_relative_path),
		TEST(home_create__refuses_what_is_in_use),
		TEST(home_create__names_an_init_that_was_cut_short),
		TEST(home_create__leaves_nothing_where_it_may_not_write),
		TEST(home_finish__writes_the_config_once),
		TEST(home_finish__writes_what_init_was_told),
		TEST(home_open__reads_the_config),
		TEST(home_open__takes_a_config_edited_by_hand),
		TEST(home_open__says_where_there_is_no_home),
		TEST(home_open__refuses_a_damaged_config),
		TEST(home_open__refuses_a_config_that_is_no_small_file),
		TEST(home_open__refuses_a_newer_home),
		TEST(home_open__refuses_the_home_of_another_user),
		TEST(home_open__refuses_a_home_that_others_write_to),
		TEST(home_lock__keeps_others_out_and_names_the_holder),
		TEST(home_lock__waits_as_long_as_it_was_told),
		TEST(home_lock__waits_for_another_process),
		TEST(home_lock__ends_with_a_killed_process),
		TEST(home_key_write__keeps_what_is_there),
		TEST(home_key_read__refuses_what_others_may_read),
		TEST(home_key_read__refuses_what_is_no_key),
		TEST(home_key_promote__moves_the_next_key),
		TEST(home_key_remove__removes),
		TEST(home_node_seed__makes_a_key_once),
		TEST(home_node_seed__differs_between_homes),
		TEST(home_node_seed__keeps_a_key_it_cannot_read),
		TEST(home_signer__takes_the_feed_key),
		TEST(home_signer__promotes_the_next_key),
		TEST(home_signer__says_why_no_key_fits),
		TEST(home_feeds__lists_the_own_one_first),
		TEST(home_feed_dir__refuses_other_names),
		TEST(home_open_feed__names_those_there_are),
		TEST(home_open_feed__opens_a_feed),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
