/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The contract between a daemon and what runs it. A daemon is a program that is a client of its
 * ccserver: a descriptor and five lines of main():
 *
 *	int main(int argc, char **argv)
 *	{
 *		return dm_main(&discovery_daemon, argc, argv);
 *	}
 *
 * It has one thread and one loop. dm_main does the rest: command line, configuration (section
 * d:NAME of the server's file), log (also as log.* messages on the bus), signals, statistics, the
 * link to the ccserver with its reconnects, the lifeline to jobmgr, sd_notify. A function of the
 * descriptor never waits: while it runs, nothing else does, and a loop that hangs gives no sign of
 * life.
 *
 * To add one: a folder daemons/NAME, docs/daemons/NAME.md, docs/man/cc-NAME.8, a section [d:NAME]
 * in a sample under conf/, a test (HACKING.md).
 *
 * Exit codes: 0 good, 1 failure at run time, 2 usage or configuration error.
 */
#include <jansson.h>

#include "lib/cc/client.h"
#include "lib/conf/opt.h"

#define DM_COUNTERS_MAX 32 /* counters of a daemon's list */
#define DM_WATCH_MAX 32	   /* descriptors that a daemon may have watched at a time */

struct dm; /* what a daemon reaches the world through */

/** A word of the command line beyond those that every daemon has. */
struct dm_switch {
	const char *name;   /* without -- */
	const char *arg;    /* what the help calls its argument; NULL: it takes none */
	const char *option; /* the option that gets the argument, as by --set; with arg */
	const char *help;
	/**
	 * Done instead of running the daemon, with options bound: the file's, or the defaults when
	 * the command line names none. @return the exit code. NULL: only `option` is set.
	 */
	int (*run)(const void *state);
};

struct dm_daemon {
	const char *name;	      /* "discovery": program cc-discovery, section d:discovery */
	const char *help;	      /* one line */
	size_t state_size;	      /* zeroed before options are bound into it */
	const struct cf_opt *options; /* NULL: none */
	const char *const *counters;  /* NULL-ended names for dm_count; NULL: none */
	const struct dm_switch *switches; /* ended by a row without name; NULL: none */

	/**
	 * Checks bound options beyond what the table can; opens nothing. At start, --check, and on
	 * fresh options before a reload. May be NULL. @return 0 or a negative error with why.
	 */
	int (*check)(const void *state, struct cc_note *why);
	/**
	 * Nothing can be published yet. May be NULL. @return 0 or a negative error with why; fini
	 * runs in both cases.
	 */
	int (*init)(void *state, struct dm *dm, struct cc_note *why);
	/**
	 * The server takes messages from now on: it is there for the first time, or again, and may
	 * know nothing of what was said before; or the link was opened anew by a reload. May be
	 * NULL.
	 */
	void (*on_up)(void *state, struct dm *dm);
	/** A time asked for by dm_wake_at has come. */
	void (*tick)(void *state, struct dm *dm, int64_t now);
	/** A watched descriptor is readable, or its other end is gone. */
	void (*on_wake)(void *state, struct dm *dm, int fd);
	/** Options with reload = true have their new values. May be NULL. */
	void (*reload)(void *state, struct dm *dm);
	/** An orderly stop: the last chance to publish. May be NULL. */
	void (*stop)(void *state, struct dm *dm);
	void (*fini)(void *state); /* may be NULL */
};

/** Runs a daemon. @return the exit code of the process. */
int dm_main(const struct dm_daemon *d, int argc, char **argv);

/** Whether the server takes messages; while it does not, dm_publish refuses. */
bool dm_is_up(const struct dm *dm);
/**
 * Publishes: body is borrowed and gets the envelope's keys; signed as the file says. blob.data
 * NULL: none. @return 0, -CC_EBUSY (the server is away, or too slow for zmq_hwm messages: counted
 * as `blocked`), or as cc_gate_seal.
 */
int dm_publish(struct dm *dm, const char *type, json_t *body, struct cc_bytes blob);
/** Asks: fn is called once, from the loop or at the end. @return as cc_client_request. */
int dm_request(struct dm *dm, const char *type, json_t *body, int64_t deadline_ms, cc_answer_fn *fn,
	       void *arg);
/** tick is called once, at or soon after `at` (monotonic ms); an earlier time asked for stays. */
void dm_wake_at(struct dm *dm, int64_t at);
/** Calls on_wake when fd (borrowed) is readable, until dm_unwatch. @return 0, -CC_ELIMIT. */
int dm_watch(struct dm *dm, int fd);
void dm_unwatch(struct dm *dm, int fd);
/** Adds n to a counter of the descriptor's list; shown by the next line of statistics. */
void dm_count(struct dm *dm, unsigned counter, uint64_t n);
/** Begins an orderly stop that ends with this exit code. */
void dm_quit(struct dm *dm, int code);
/** Name of this daemon in logs. */
const char *dm_job_name(const struct dm *dm);
