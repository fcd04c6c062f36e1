/*
 * The pager: long output on a terminal goes through $PAGER, else less.
 */
#ifndef WEALD_DAEMON_CLI_PAGER_H
#define WEALD_DAEMON_CLI_PAGER_H

#include <sys/types.h>

struct pager {
	pid_t pid; /* 0: there is none */
	int saved; /* the real standard output */
};

/*
 * Send standard output through a pager, if it is a terminal and a pager is
 * wanted. Where it cannot be started, output goes out as it would without.
 * Ask out_screen() before.
 */
void pager_start(struct pager *p);
/* Flush, close and wait until the person is done with it. */
void pager_end(struct pager *p);

#endif
