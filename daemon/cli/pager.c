#include "daemon/cli/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/cli/out.h"

#define PAGER_DEFAULT "less"

static const char *pager_command(void)
{
	const char *command = getenv("PAGER");

	if (command == NULL) {
		return PAGER_DEFAULT;
	}
	return command[0] == '\0' || strcmp(command, "cat") == 0 ? NULL
								 : command;
}

static _Noreturn void run_pager(const char *command, const int fds[2])
{
	signal(SIGPIPE, SIG_DFL);
	/* as git: leave short output on the screen, keep what was shown */
	setenv("LESS", "FRX", 0);
	if (dup2(fds[0], STDIN_FILENO) >= 0) {
		close(fds[0]);
		close(fds[1]);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	}
	_exit(127);
}

void pager_start(struct pager *p)
{
	const char *command = pager_command();
	int fds[2];

	*p = (struct pager){ .saved = -1 };
	if (!out_is_terminal() || command == NULL || fflush(stdout) != 0 ||
	    pipe2(fds, O_CLOEXEC) != 0) {
		return;
	}
	p->saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	p->pid = p->saved < 0 ? -1 : fork();
	if (p->pid == 0) {
		run_pager(command, fds);
	}
	if (p->pid > 0 && dup2(fds[1], STDOUT_FILENO) < 0) {
		kill(p->pid, SIGTERM);
	}
	if (p->pid < 0) {
		p->pid = 0;
	}
	close(fds[0]);
	close(fds[1]);
}

void pager_end(struct pager *p)
{
	if (p->pid > 0) {
		fflush(stdout);
		dup2(p->saved, STDOUT_FILENO); /* the pager sees the end */
		while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR) {
		}
		p->pid = 0;
	}
	if (p->saved >= 0) {
		close(p->saved);
		p->saved = -1;
	}
}
