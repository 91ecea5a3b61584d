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
 * A daemon whose library has a loop of its own gives a `run`, which drives the rest from that loop by
 * dm_fds, dm_wait and dm_turn; still one thread.
 *
 * To add one: a folder daemons/NAME, docs/daemons/NAME.md, docs/man/cc-NAME.8, a section [d:NAME]
 * in a sample under conf/, a test (HACKING.md).
 *
 * Exit codes: 0 good, 1 failure at run time, 2 usage or configuration error.
 */
#include <jansson.h>
#include <poll.h>

#include "lib/cc/client.h"
#include "lib/conf/opt.h"

#define DM_COUNTERS_MAX 32 /* counters of a daemon's list */
#define DM_WATCH_MAX 32	   /* descriptors that a daemon may have watched at a time */
#define DM_FDS_MAX 6	   /* descriptors that are not the daemon's own */

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

/**
 * Sections beside the daemon's own that an option of it lists, as [l:NAME] of listeners, each bound to
 * a table of its own. The state has an array of them, in the order of the list.
 */
struct dm_parts {
	const char *help;	      /* one line, for --ini */
	const char *sample;	      /* what --ini calls such a section: "l:NAME" */
	const struct cf_opt *options; /* every row with reload = true: they are taken whole */
	size_t size;		      /* of one of the array */
	size_t names; /* offset in the state of the option's struct cf_list; reload = true */
	size_t array; /* offset in the state of the pointer to the array */
};

struct dm_daemon {
	const char *name;	      /* "discovery": program cc-discovery, section d:discovery */
	const char *help;	      /* one line */
	size_t state_size;	      /* zeroed before options are bound into it */
	const struct cf_opt *options; /* NULL: none */
	const char *const *counters;  /* NULL-ended names for dm_count; NULL: none */
	const struct dm_switch *switches; /* ended by a row without name; NULL: none */
	const struct dm_parts *parts;	  /* NULL: none */

	/**
	 * Checks bound options beyond what the table can; opens nothing. At start, --check, and on
	 * fresh options before a reload. May be NULL. @return 0 or a negative error with why.
	 */
	int (*check)(const void *state, struct cc_note *why);
	/**
	 * Reads what the options name (keys, roots) into the state, and sections of its file that say
	 * more of them (ini is borrowed for the call); opens no socket. At start, before
	 * init, at --check, and on fresh options before a reload. May be NULL. @return 0 or a
	 * negative error with why; unload runs in both cases.
	 */
	int (*load)(void *state, const struct cf_ini *ini, struct cc_note *why);
	/** Frees what load made. Of every state, loaded or not; with load. */
	void (*unload)(void *state);
	/**
	 * A reload has taken the options: moves what load made from the fresh state to the live one,
	 * and the old to the fresh one, which is unloaded then. With load.
	 */
	void (*take)(void *live, void *fresh);
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
	/**
	 * The server is gone: what was asked and not answered will not be, though the requests end at
	 * their deadlines only. May be NULL.
	 */
	void (*on_down)(void *state, struct dm *dm);
	/**
	 * The loop, for a daemon with one of its own: until dm_turn says no. NULL: there is none, and
	 * descriptors are watched by dm_watch.
	 */
	void (*run)(void *state, struct dm *dm);
	/** A time asked for by dm_wake_at has come. */
	void (*tick)(void *state, struct dm *dm, int64_t now);
	/** A watched descriptor is readable, or its other end is gone. */
	void (*on_wake)(void *state, struct dm *dm, int fd);
	/** Options with reload = true have their new values. May be NULL. */
	void (*reload)(void *state, struct dm *dm);
	/**
	 * An orderly stop: the last chance to publish. With `run`, the loop may go on in here to end
	 * what is under way; the link, the lifeline and timers still work, and a second signal ends
	 * the process. May be NULL.
	 */
	void (*stop)(void *state, struct dm *dm);
	void (*fini)(void *state); /* may be NULL */
};

/** Runs a daemon. @return the exit code of the process. */
int dm_main(const struct dm_daemon *d, int argc, char **argv);

/** Whether the server takes messages; while it does not, dm_publish refuses. */
bool dm_is_up(const struct dm *dm);
/**
 * Whether there is a connection: enough for requests, which are dated anew where a server that has just
 * started wants that.
 */
bool dm_is_connected(const struct dm *dm);
/**
 * Publishes: body is borrowed and gets the envelope's keys; signed as the file says. blob.data
 * NULL: none. @return 0, -CC_EBUSY (the server is away, or too slow for zmq_hwm messages: counted
 * as `blocked`), or as cc_gate_seal.
 */
int dm_publish(struct dm *dm, const char *type, json_t *body, struct cc_bytes blob);
/**
 * Asks: fn is called once, from the loop or at the end, when `stop` was and `fini` was not called. body is
 * borrowed; a front door puts its `caller` there (lib/cc/caller.h). @return as cc_client_request.
 */
int dm_request(struct dm *dm, const char *type, json_t *body, int64_t deadline_ms, cc_answer_fn *fn,
	       void *arg);
/** tick is called once, at or soon after `at` (monotonic ms); an earlier time asked for stays. */
void dm_wake_at(struct dm *dm, int64_t at);
/**
 * For a loop of the daemon's own: the descriptors whose `events` it is to wait for, this time; they may
 * be others next time. @return how many; fd -1: none.
 */
unsigned dm_fds(struct dm *dm, struct pollfd fds[DM_FDS_MAX]);
/**
 * ms that such a loop may sleep, 0: not at all. Asked last before it sleeps: any other call here may use
 * up an edge (cc_client_fd).
 */
int64_t dm_wait(struct dm *dm);
/**
 * Does what is due and what came, and never waits. fds: as dm_fds gave them, with `revents` of what
 * happened; NULL: nothing is known of them. After each round of such a loop. @return whether the daemon
 * is to go on.
 */
bool dm_turn(struct dm *dm, const struct pollfd *fds, unsigned n);
/** Calls on_wake when fd (borrowed) is readable, until dm_unwatch. @return 0, -CC_ELIMIT. */
int dm_watch(struct dm *dm, int fd);
void dm_unwatch(struct dm *dm, int fd);
/** Adds n to a counter of the descriptor's list; shown by the next line of statistics. */
void dm_count(struct dm *dm, unsigned counter, uint64_t n);
/**
 * Tells what was counted since the start: the daemon's counters, and the loop's own ("published",
 * "requests", ...).
 */
void dm_totals(struct dm *dm, void (*fn)(void *arg, const char *name, uint64_t value), void *arg);
/** Begins an orderly stop that ends with this exit code. */
void dm_quit(struct dm *dm, int code);
/** Name of this daemon in logs. */
const char *dm_job_name(const struct dm *dm);
