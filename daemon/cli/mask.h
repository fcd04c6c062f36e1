/*
 * Mask: what a person typed is told back to them without the numbers and names
 * that the privacy guard sees in it, so that no screen, log or issue holds
 * them.
 */
#ifndef WEALD_DAEMON_CLI_MASK_H
#define WEALD_DAEMON_CLI_MASK_H

#include <stdbool.h>

#include "proto/err.h"

/* A name: of a file, a folder or a field. Changed in place. */
void mask_name(char *name);

/*
 * A message. What stands between quotation marks is masked where the guard
 * sees something in the message, or where @seen says that it saw something in
 * the line that the message is about; more of it where that is not enough.
 */
void mask_message(struct weald_msg *msg, bool seen);

#endif
