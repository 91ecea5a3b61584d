/* SPDX-License-Identifier: ISC */
/*
 * store-writer URL LABEL THREADS DEADLINE_MS: writes until its standard input ends, and prints what became
 * of each write: "ok NAME", or "late NAME MS ..." when it did not end in time; that one is asked for again.
 * A write takes a number and makes two rows of it, so that a half one, and one done twice, can be seen.
 * Driven by tests/it/store.py, which kills it and the database.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/store/store.h"

#define THREADS_MAX 64

static struct st_store *store;
static const char *label;
static int deadline_ms;
static atomic_bool stop;

static void say(const char *what, const char *name, const char *more)
{
	char line[512];
	int len = snprintf(line, sizeof(line), "%s %s%s\n", what, name, more);

	/* one write: whole, whenever it is killed */
	if (cc_file_write_all(STDOUT_FILENO, line, (size_t)len) < 0)
		stop = true;
}

static int put_row(struct st_tx *tx, const char *write, const char *end, int64_t number)
{
	static const struct st_sql sql = {
		"INSERT INTO job (name, state, updated) VALUES ($1, $2, $3)"};
	char name[128];

	snprintf(name, sizeof(name), "%s/%s", write, end);
	return st_exec(tx, &sql,
		       (const struct st_value[]){st_text(name), st_text(write), st_int(number)}, 3,
		       NULL);
}

static int put(struct st_tx *tx, void *arg)
{
	int64_t number = 0;
	int r = st_take_numbers(tx, "writer", 1, &number);

	if (!r)
		r = put_row(tx, arg, "a", number);
	return r ? r : put_row(tx, arg, "b", number);
}

/* Until it is known to be done. */
static void write_one(char *name)
{
	struct cc_buf audit = CC_BUF_INIT(1000);
	struct st_write w = {
		.signer = "writer", .op = name, .run = put, .arg = name, .audit = &audit};

	while (!stop) {
		int64_t begun = cc_clock_ms();
		struct cc_note why = {0};
		char more[320];
		int r;

		cc_buf_reset(&audit);
		cc_buf_printf(&audit, "{\"name\": \"%s\"}", name);
		w.deadline = begun + deadline_ms;
		r = st_write(store, &w, &why);
		if (r == 0 || r == ST_REPEATED) {
			say("ok", name, "");
			break;
		}
		snprintf(more, sizeof(more), " %lld %d %s", (long long)(cc_clock_ms() - begun), r,
			 why.text);
		say(r == -CC_ETIMEOUT ? "late" : "failed", name, more);
	}
	cc_buf_deinit(&audit);
}

static void *write_on(void *arg)
{
	char name[64];

	for (unsigned i = 0; !stop; i++) {
		snprintf(name, sizeof(name), "%s/%u/%u", label, (unsigned)(uintptr_t)arg, i);
		write_one(name);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct st_conf conf = {.migrate = true, .create = true, .instance = "writer"};
	unsigned threads = argc == 5 ? (unsigned)atoi(argv[3]) : 0;
	pthread_t thread[THREADS_MAX];
	struct cc_note why = {0};
	char octet;

	if (threads < 1 || threads > THREADS_MAX)
		return 2;
	cc_log_set_level(CC_LOG_WARN);
	conf.url = argv[1];
	label = argv[2];
	deadline_ms = atoi(argv[4]);
	if (st_open(&store, &conf, &why)) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, write_on, (void *)(uintptr_t)i))
			return 1;
	while (read(STDIN_FILENO, &octet, 1) > 0)
		continue;
	stop = true;
	for (unsigned i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	st_close(store);
	return 0;
}
