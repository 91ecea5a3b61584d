/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * jobmgr with real processes, which are shell scripts, against the fake host: each test in a folder
 * of its own, where its daemons write. Everything here fails the test.
 */
#include <sys/types.h>

#include "lib/handler/fakehost.h"
#include "tests/unit/folder.h"

#define ID "0123456789abcdef0123456789abcdef"
#define PATIENCE_MS 60000 /* for anything that takes no time on an idle machine */

/* Scripts that speak the lifeline: ready; and until its end, a beat now and then. */
#define READY "printf R >&3\n"
#define UNTIL_END "read nothing <&3\nexit 0\n"
#define BEATING "printf R >&3\nwhile printf h >&3; do sleep 0.05; done\n"
#define FOR_EVER "while :; do sleep 0.1; done\n"

/** A jobmgr with these options. */
struct cc_fakehost *host(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** Frees what a test that failed has left. */
void host_drop(void);
/** All daemons end with the host, nothing is left of them. files: open_files() before it. */
void finish(struct cc_fakehost **f, unsigned files);
/** Log lines of information go to the file "log". */
void log_begin(void);
/** A script cc-NAME in the test's folder. */
void make_daemon(const char *name, const char *script);

enum who { STRANGER, SIGNER, OWN_USER };

/** Gives a message to the handler; its answer is in replies[0]. @return what handle returned. */
int tell(struct cc_fakehost *f, enum who who, const char *type, const char *body);
/** The body of the one answer, which is of this type. */
const json_t *answer(struct cc_fakehost *f, const char *type);
/** Gives a signed job.VERB for this daemon, which succeeds. */
void control(struct cc_fakehost *f, const char *verb, const char *name);
/** Entry of job.list; borrowed until the next message. */
const json_t *entry(struct cc_fakehost *f, const char *name);
/** Asks until the daemon is in this state and has started so often. @return entry(). */
const json_t *wait_state(struct cc_fakehost *f, const char *name, const char *state,
			 int64_t starts);
/** Members of an answer; "(none)" where there is no such text. */
const char *text(const json_t *body, const char *key);
int64_t number(const json_t *body, const char *key);
/** Value of a counter, after a tick. */
uint64_t counted(struct cc_fakehost *f, const char *counter);

void pause_ms(long ms);
/** Waits until a process is gone, or a zombie. */
void wait_ended(pid_t pid);
/** The whole of a file, of /proc too; the caller frees. */
char *read_text(const char *path);
/** Waits for a line of a file that a daemon writes; the caller frees the whole. */
char *wait_file(const char *path, const char *with);
/** Descriptors of this process. */
unsigned open_files(void);
bool has_child(void);

static inline int leave(void **state)
{
	host_drop();
	return folder_leave(state);
}

#define in_folder(f) cmocka_unit_test_setup_teardown(f, folder_enter, leave)
