/*
 * Helpers of the store's tests: folders that vanish, stock git, and calls of
 * the C library that fail when told.
 *
 * A program that uses scratch.c links with
 * -Wl,--wrap=fsync,--wrap=write,--wrap=renameat,--wrap=unlinkat
 */
#ifndef WEALD_TESTS_UNIT_SCRATCH_H
#define WEALD_TESTS_UNIT_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

#define SCRATCH_PATH_BYTES 512u

struct scratch {
	char dir[SCRATCH_PATH_BYTES / 2];
};

/* A new empty folder under $TMPDIR or /tmp; asserts. */
void scratch_make(struct scratch *s);
/* Remove the folder with all in it. */
void scratch_remove(struct scratch *s);
/* "@dir/@name"; one of a few static buffers in turn. */
const char *scratch_path(const struct scratch *s, const char *name);
/* Files in a folder whose names begin with @prefix and end with @ending. */
size_t scratch_count(const char *dir, const char *prefix, const char *ending);

/*
 * Run a shell command without the user's git configuration; its exit code.
 * What it prints is thrown away unless it fails.
 */
int scratch_run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

enum fault_call { FAULT_FSYNC, FAULT_WRITE, FAULT_RENAME, FAULT_UNLINK };

/*
 * From the @nth call of @call on (1: the next), @times calls fail with @error.
 * An @error of 0 makes write() write one byte only.
 */
void fault_arm(enum fault_call call, unsigned nth, unsigned times, int error);
/* End the process with exit code 99 at the @nth of any of the calls. */
void fault_arm_crash(unsigned nth);
void fault_disarm(void);
/* Calls of @call since the last arm or disarm. */
unsigned fault_calls(enum fault_call call);

#endif
