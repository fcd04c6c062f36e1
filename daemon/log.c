#include "daemon/log.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proto/text.h"

#define LINE_BYTES 1024u

/* Held back: what a burst may have, and how long one line more takes. */
#define BURST    20u
#define EVERY_MS 1000u

static const struct {
	const char *name;
	char priority; /* syslog's, as sd-daemon(3) wants it */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", '3' },
	[LOG_LEVEL_WARNING] = { "warning", '4' },
	[LOG_LEVEL_INFO] = { "info", '6' },
	[LOG_LEVEL_DEBUG] = { "debug", '7' },
};

static atomic_int level_most = LOG_LEVEL_INFO;
static pthread_once_t journal_once = PTHREAD_ONCE_INIT;
static bool to_journal;

void log_set_level(enum log_level most)
{
	atomic_store(&level_most, (int)most);
}

/*
 * JOURNAL_STREAM is "device:inode" of the journal's socket: systemd.exec(5).
 * Where standard error was led elsewhere, a file or a terminal reads along.
 */
static void look_for_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char mine[2 * 20 + 2];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0) {
		return;
	}
	(void)snprintf(mine, sizeof mine, "%ju:%ju", (uintmax_t)st.st_dev,
		       (uintmax_t)st.st_ino);
	to_journal = strcmp(stream, mine) == 0;
}

/* What stands before the message; its length. */
static size_t write_head(enum log_level level, char *out, size_t size)
{
	struct tm tm;
	time_t now;
	int n;

	(void)pthread_once(&journal_once, look_for_journal);
	if (to_journal) {
		n = snprintf(out, size, "<%c>", levels[level].priority);
	} else {
		now = time(NULL);
		memset(&tm, 0, sizeof tm);
		(void)gmtime_r(&now, &tm);
		n = snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02dZ %-5s ",
			     tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
			     tm.tm_hour, tm.tm_min, tm.tm_sec,
			     levels[level].name);
	}
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char raw[LINE_BYTES];
	char line[LINE_BYTES];
	size_t len;
	ssize_t n;
	va_list ap;

	if ((int)level > atomic_load(&level_most)) {
		return;
	}
	va_start(ap, fmt);
	if (vsnprintf(raw, sizeof raw, fmt, ap) < 0) {
		raw[0] = '\0';
	}
	va_end(ap);
	len = write_head(level, line, sizeof line);
	text_escape(raw, strlen(raw), line + len, sizeof line - len - 1);
	len += strlen(line + len);
	line[len++] = '\n';
	do {
		/* in one call, so that the lines of two threads stay whole */
		n = write(STDERR_FILENO, line, len);
	} while (n < 0 && errno == EINTR);
}

const char *log_text(struct span raw, char out[LOG_TEXT_BYTES])
{
	char piece[4 * 4 + 1]; /* a rune at most, each byte as \xNN */
	uint32_t rune;
	size_t at = 0;
	size_t len;
	size_t n;

	out[at++] = '"';
	while (raw.len > 0) {
		n = text_rune(raw, &rune);
		n = n == 0 ? 1 : n;
		if (raw.data[0] == '"' || raw.data[0] == '\\') {
			piece[0] = '\\';
			piece[1] = (char)raw.data[0];
			len = 2;
		} else {
			text_escape((const char *)raw.data, n, piece,
				    sizeof piece);
			len = strlen(piece);
		}
		/* the second quote and a NUL follow */
		if (len > LOG_TEXT_BYTES - 2 - at) {
			break;
		}
		memcpy(out + at, piece, len);
		at += len;
		raw.data += n;
		raw.len -= n;
	}
	out[at++] = '"';
	out[at] = '\0';
	return out;
}

const char *log_key(const uint8_t *id, char out[LOG_KEY_BYTES])
{
	hex_encode(id, (LOG_KEY_BYTES - 1) / 2, out);
	return out;
}

static void refill(struct log_limit *l, uint64_t now_ms)
{
	uint64_t new_tokens;

	if (!l->begun) {
		l->begun = true;
		l->tokens = BURST;
		l->last_ms = now_ms;
	}
	if (now_ms > l->last_ms) {
		new_tokens = (now_ms - l->last_ms) / EVERY_MS;
		l->last_ms += new_tokens * EVERY_MS;
		l->tokens = new_tokens > BURST - l->tokens
				    ? BURST
				    : l->tokens + new_tokens;
	}
}

bool log_limit_pass(struct log_limit *l, uint64_t now_ms)
{
	refill(l, now_ms);
	if (l->tokens == 0) {
		l->held++;
		return false;
	}
	l->tokens--;
	if (l->held > 0) {
		log_warning("lines were held back count=%" PRIu64, l->held);
		l->held = 0;
	}
	return true;
}

void log_limit_tell(struct log_limit *l, uint64_t now_ms)
{
	refill(l, now_ms);
	if (l->held > 0 && l->tokens > 0) {
		(void)log_limit_pass(l, now_ms);
	}
}
