/*
 * The log: one line an event on standard error, for a person who reads it and
 * for grep.
 *
 *   2026-11-22T09:05:41Z info  peer up peer=9c41.. region=wessex
 *
 * Under systemd (JOURNAL_STREAM names standard error) a line begins with "<6>"
 * instead of the time and the level, as sd-daemon(3) describes. Levels: error:
 * the admin must act; warning: degraded, going on; info: life events; debug:
 * only with log_set_level().
 *
 * A line is a message of ours, lower case, no full stop, then key=value pairs.
 * Text of others goes through log_text(), which quotes and escapes it. Never
 * key material. What a peer can provoke is logged with log_limit_pass() first.
 *
 * Any thread.
 */
#ifndef WEALD_DAEMON_LOG_H
#define WEALD_DAEMON_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

void log_set_level(enum log_level most);

/* One line, cut at 1 KiB; bytes that are not printable are escaped. */
void log_line(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#define LOG_TEXT_BYTES 256u
/* @raw in double quotes, escaped, cut to fit; returns @out. */
const char *log_text(struct span raw, char out[LOG_TEXT_BYTES]);

#define LOG_KEY_BYTES 17u
/* The first 8 bytes of a key or id in hex, as everywhere in the log. */
const char *log_key(const uint8_t *id, char out[LOG_KEY_BYTES]);

/*
 * Lines that others can provoke: at most 20 in a burst and one a second. True:
 * log it. Counts what is held back; the next line that passes is preceded by
 * one that says how many were. @now_ms is monotonic; one thread a limit.
 */
struct log_limit {
	uint64_t tokens; /* start with all zero */
	uint64_t last_ms;
	uint64_t held;
	bool begun;
};
bool log_limit_pass(struct log_limit *l, uint64_t now_ms);
/* Say how many were held back, where there are any and a line may pass. */
void log_limit_tell(struct log_limit *l, uint64_t now_ms);

#endif
