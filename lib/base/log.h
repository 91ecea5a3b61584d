/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Logging of a process. One line per event, printable characters only: every octet below 0x20, 0x7f
 * and above 0x7e that comes through %s is written as \xNN, so nobody forges a line. Thread-safe.
 * Log once, where the thing is handled.
 *
 * Destination: stderr until cc_log_open; then a file, rotated at log_size into name.1 .. name.N.
 */
#include <stdbool.h>
#include <stdint.h>

enum cc_level { CC_LOG_ERROR = 1, CC_LOG_WARN, CC_LOG_INFO, CC_LOG_DEBUG, CC_LOG_TRACE };

struct cc_log_conf {
	const char *job_name; /* shown in each line; borrowed, must live */
	const char *file;     /* NULL or "": stderr only; borrowed during the call */
	uint64_t size;	      /* rotate above this many octets; 0: never */
	unsigned count;	      /* rotated files kept, 0..99 */
	enum cc_level level;
	bool also_stderr; /* not after daemonising */
};

/** Opens the destination (again: reload keeps the old one if this fails). @return 0, -CC_ESYS. */
int cc_log_open(const struct cc_log_conf *conf);
/** Closes the file, back to stderr. */
void cc_log_close(void);
void cc_log_set_level(enum cc_level level);
bool cc_log_on(enum cc_level level);

/** Prefix of every line of this thread (handler, route, caller); borrowed, NULL: none. */
void cc_log_prefix(const char *prefix);

/** An event as a sink gets it; all borrowed for the call. text is not escaped. */
struct cc_log_event {
	enum cc_level level;
	const char *word; /* "WARNING" */
	const char *func, *prefix, *text;
};
/**
 * Another destination beside file and stderr, for every line that is written; NULL ends it. Called by
 * the thread that logs, after its line is out. What a sink logs itself is written, but not given to
 * it again. Set and ended while no other thread logs.
 */
typedef void cc_log_sink_fn(void *arg, const struct cc_log_event *event);
void cc_log_set_sink(cc_log_sink_fn *fn, void *arg);

void cc_log_write(enum cc_level level, const char *func, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * At most one line per (kind, source) and minute, so that a peer's fault cannot fill the log; the
 * next line that passes says how many were held back. kind: a literal. source: octets that name the
 * peer, len <= 64 used. The table is bounded (1024 pairs, oldest forgotten first).
 * @return whether to log; *held gets the number held back since the last one.
 */
bool cc_log_allowed(const char *kind, const void *source, unsigned len, unsigned *held);

#define cc_log(level, ...)                                                                         \
	do {                                                                                       \
		if (cc_log_on(level))                                                              \
			cc_log_write((level), __func__, __VA_ARGS__);                              \
	} while (0)
#define cc_error(...) cc_log(CC_LOG_ERROR, __VA_ARGS__)
#define cc_warn(...) cc_log(CC_LOG_WARN, __VA_ARGS__)
#define cc_info(...) cc_log(CC_LOG_INFO, __VA_ARGS__)
#define cc_debug(...) cc_log(CC_LOG_DEBUG, __VA_ARGS__)
