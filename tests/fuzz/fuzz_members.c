/*
 * A members file of any bytes: what is accepted reads back as the same once it
 * is written, and what is not is told with the file's name. libgit2 reads
 * files only, so that each input becomes one in memory.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store/feed/feed.h"
#include "store/fs.h"
#include "store/home_config.h"
#include "store/members.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int load(struct span text, struct members *out, struct weald_msg *msg)
{
	char path[64];
	int fd = memfd_create("members", MFD_CLOEXEC);
	int r;

	assert(fd >= 0);
	r = fs_write_all(fd, text, NULL, "members", NULL);
	assert(r == WEALD_OK);
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	r = members_load_file(path, out, msg);
	(void)close(fd);
	assert(r == WEALD_OK || r == WEALD_CORRUPT || r == WEALD_NOMEM);
	assert(r != WEALD_CORRUPT ||
	       strncmp(msg->text, path, strlen(path)) == 0);
	return r;
}

static void check_round_trip(const struct members *m)
{
	struct weald_msg msg = { .text = "" };
	struct members again;
	struct members copy;
	struct buf first;
	struct buf second;
	int r;

	buf_init(&first, HOME_CONFIG_BYTES_MAX);
	buf_init(&second, HOME_CONFIG_BYTES_MAX);
	r = members_format(m, &first);
	assert(r == WEALD_OK);
	r = load(buf_span(&first), &again, &msg);
	assert(r == WEALD_OK);
	r = members_copy(&again, &copy);
	assert(r == WEALD_OK);
	r = members_format(&copy, &second);
	assert(r == WEALD_OK);
	assert(span_equal(buf_span(&first), buf_span(&second)));
	members_release(&copy);
	members_release(&again);
	buf_release(&second);
	buf_release(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool begun;
	struct weald_msg msg = { .text = "" };
	struct members m;

	if (!begun) {
		begun = feed_library_init(NULL) == WEALD_OK;
		assert(begun);
	}
	if (load((struct span){ data, size }, &m, &msg) == WEALD_OK) {
		check_round_trip(&m);
		members_release(&m);
	}
	return 0;
}
