#include "daemon/cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "daemon/cli/cli.h"

#define QUIET_MS 1000u
#define EVERY_MS 200u

void progress_init(struct progress *p, const char *what)
{
	*p = (struct progress){ .what = what };
	p->on = isatty(STDERR_FILENO) == 1;
	p->next_ms = cli_now_ms() + QUIET_MS;
}

void progress_show(struct progress *p, uint64_t done, uint64_t total)
{
	uint64_t now;

	if (!p->on) {
		return;
	}
	now = cli_now_ms();
	if (now < p->next_ms) {
		return;
	}
	p->next_ms = now + EVERY_MS;
	p->shown = true;
	fprintf(stderr, "\r%s: %" PRIu64 " of %" PRIu64 "\x1b[K", p->what, done,
		total);
	fflush(stderr);
}

void progress_end(struct progress *p)
{
	if (p->shown) {
		fputs("\r\x1b[K", stderr);
		fflush(stderr);
		p->shown = false;
	}
}
