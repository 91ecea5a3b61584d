/* SPDX-License-Identifier: ISC */
/* Start and end of a daemon's process. */
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "lib/base/clock.h"
#include "lib/daemon/int.h"
#include "lib/daemon/text.h"

#define SOCKETS_MAX 64 /* libzmq makes room for so many at once */

int dm_fail(const struct dm_daemon *d, const struct cc_note *why, int r)
{
	fprintf(stderr, "cc-%s: %s\n", d->name, why->text[0] ? why->text : cc_err_text(r));
	return r == -CC_ESYS || r == -CC_ENOMEM ? DM_EXIT_RUNTIME : DM_EXIT_USAGE;
}

const char *dm_job_name(const struct dm *dm)
{
	return dm->job_name;
}

bool dm_is_up(const struct dm *dm)
{
	return dm_link_is_up(dm->link);
}

bool dm_is_connected(const struct dm *dm)
{
	return dm_link_is_connected(dm->link);
}

int dm_publish(struct dm *dm, const char *type, json_t *body, struct cc_bytes blob)
{
	int r = dm_link_publish(dm->link, type, body, blob);

	dm->figures[DM_PUBLISHED] += r == 0;
	dm->figures[DM_BLOCKED] += r == -CC_EBUSY;
	return r;
}

int dm_request(struct dm *dm, const char *type, json_t *body, int64_t deadline_ms, cc_answer_fn *fn,
	       void *arg)
{
	int r = dm_link_request(dm->link, type, body, deadline_ms, fn, arg);

	dm->figures[DM_REQUESTS] += r == 0;
	dm->figures[DM_BLOCKED] += r == -CC_EBUSY;
	return r;
}

int dm_log_open(struct dm *dm, const struct dm_bound *b)
{
	const struct cc_log_conf conf = {
		.job_name = b->conf.job_name,
		.file = b->conf.logfile,
		.size = b->conf.log_size,
		.count = (unsigned)b->conf.log_count,
		.level = dm->level,
	};
	int r = cc_log_open(&conf);

	if (r)
		return r;
	dm_text_clean(b->conf.job_name, strlen(b->conf.job_name), dm->job_name,
		      sizeof(dm->job_name));
	return 0;
}

static int publish_line(void *arg, const char *type, json_t *body)
{
	struct dm *dm = arg;

	return dm_link_publish(dm->link, type, body, (struct cc_bytes){NULL, 0});
}

void dm_log_flush(struct dm *dm)
{
	const struct dm_logbus_name name = {dm->job_name, dm->daemon->name, dm->source.section};

	/* what is logged while the server is away waits for it */
	if (dm_is_up(dm))
		dm_logbus_flush(&dm->logbus, &name, cc_clock_ms(), publish_line, dm);
}

/* libzmq's thread is made here: signals are blocked already. */
static int open_bus(struct dm *dm, struct cc_note *why)
{
	dm->zctx = zmq_ctx_new();
	if (!dm->zctx)
		return cc_raise(CC_ESYS);
	zmq_ctx_set(dm->zctx, ZMQ_MAX_SOCKETS, SOCKETS_MAX);
	return dm_link_open(&dm->link, dm->zctx, dm->bound, why);
}

static int start(struct dm *dm, struct cc_note *why)
{
	int r = dm_lifeline_open(&dm->lifeline, why);

	dm_notify_open(&dm->notify);
	if (!r)
		r = dm_bound_read(dm->daemon, &dm->source, &dm->bound, why);
	if (!r)
		r = dm_log_open(dm, dm->bound);
	if (r)
		return r;
	cc_log_set_sink(dm_logbus_note, &dm->logbus);
	r = dm_bound_load(dm->bound, why);
	if (r)
		return r;
	r = dm_signals_open(&dm->signals);
	if (!r)
		r = open_bus(dm, why);
	dm->begun = !r;
	if (!r && dm->daemon->init)
		r = dm->daemon->init(dm->bound->state, dm, why);
	return r;
}

static void serve(struct dm *dm)
{
	int64_t now = cc_clock_ms();

	cc_info("%s started", dm->job_name);
	dm->next_stats = now + dm->bound->conf.stats_period;
	dm_lifeline_ready(&dm->lifeline, now);
	dm_notify_ready(&dm->notify, now);
	dm_log_flush(dm);
	if (dm->daemon->run)
		dm->daemon->run(dm->bound->state, dm);
	else
		dm_loop(dm);
	dm_signals_last(dm->orphan);
	dm_notify_stopping(&dm->notify);
	if (dm->daemon->stop)
		dm->daemon->stop(dm->bound->state, dm);
	dm_stats_line(dm);
	cc_info("%s stopped", dm->job_name);
	dm_log_flush(dm);
}

/* What the link still has is sent within zmq_linger: the end of the context waits for that. */
static void finish(struct dm *dm)
{
	cc_log_set_sink(NULL, NULL);
	/* requests end: the state must still be there */
	dm_link_freep(&dm->leaving);
	dm_link_freep(&dm->link);
	if (dm->begun && dm->daemon->fini)
		dm->daemon->fini(dm->bound->state);
	if (dm->zctx)
		zmq_ctx_term(dm->zctx);
	dm_logbus_deinit(&dm->logbus);
	cc_closep(&dm->signals);
	dm_notify_close(&dm->notify);
	dm_lifeline_close(&dm->lifeline);
	cc_log_close();
	dm_bound_freep(&dm->bound);
}

int dm_run(const struct dm_daemon *d, const struct dm_source *source, enum cc_level level)
{
	struct dm dm = {
		.daemon = d,
		.source = *source,
		.level = level,
		.signals = -1,
		.wake = INT64_MAX,
		.next_stats = INT64_MAX,
	};
	struct cc_note why = {0};
	int r;

	dm_signals_block();
	dm_logbus_init(&dm.logbus);
	r = start(&dm, &why);
	if (r)
		dm.code = dm_fail(d, &why, r);
	else
		serve(&dm);
	finish(&dm);
	return dm.code;
}
