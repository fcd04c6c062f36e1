/*
 * Target: the file that a command writes for a person; goes to its place as a
 * whole, or not at all, and replaces nothing unless told to. Failures are noted
 * with cli_fail().
 */
#ifndef WEALD_DAEMON_CLI_TARGET_H
#define WEALD_DAEMON_CLI_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/cli/cli.h"

struct target {
	const char *path; /* borrowed; NULL: standard output */
	char *dir;
	char *temp; /* its name until then */
	FILE *file;
	bool force; /* replace a file that is there */
};

/* @t has path and force, else zero; write to @t->file then. */
int target_open(struct cli *c, struct target *t);
/* Put it in its place; @out_bytes is its size. */
int target_finish(struct cli *c, struct target *t, uint64_t *out_bytes);
/* Also after target_finish(); takes a zeroed one. */
void target_close(struct target *t);

/* A nameless file in @dir, to write and read; the caller closes it. */
int target_scratch(struct cli *c, const char *dir, FILE **out);

#endif
