/* SPDX-License-Identifier: ISC */
/*
 * jobmgr: starts daemons with their section of the configuration, watches them, and answers job.*
 * (spec cc-bus B4 and D0).
 *
 *  spec.c, program.c, config.c   what the configuration says of a daemon
 *  super.c                       the thread that owns all of them
 *  job.c                         one daemon and its states
 *  spawn.c                       its process
 *  output.c                      what it writes
 */
#include <string.h>

#include "handlers/jobmgr/super.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/cc/codes.h"

extern const struct cc_handler jobmgr_handler;

#define COUNT_MS 1000	  /* from one look at the supervisor's counters to the next */
#define PATIENCE_MS 30000 /* a start or stop that takes longer is answered as it stands */

static const char *const counters[] = {
	[JOB_STARTED] = "started", /* processes */
	[JOB_DIED] = "died",	   /* ended, or not started, though nobody asked */
	[JOB_KILLED] = "killed",   /* SIGTERM was not enough */
	[JOB_HUNG] = "hung",	   /* killed for their silence */
	NULL,
};

struct jobmgr {
	struct cf_list daemons, daemon_dir;
	struct job_super *super;
	bool stopping; /* the routing thread's */
};

#define AT(member) offsetof(struct jobmgr, member)
static const struct cf_opt options[] = {
	{.name = "daemons",
	 .type = CF_LIST,
	 .offset = AT(daemons),
	 .def = "",
	 .reload = true,
	 .help = "sections of the daemons; the first is started first and stopped last"},
	{.name = "daemon-dir",
	 .type = CF_LIST,
	 .offset = AT(daemon_dir),
	 .def = "",
	 .reload = true,
	 .help = "folders of the programs cc-NAME; empty: beside the server, /usr/lib/ccfed"},
	{.name = "pidfiledir",
	 .type = CF_OBSOLETE,
	 .help = "the daemons' processes are known without"},
	{0},
};

/* ---- life ---- */

static void warn_left_out(void *arg, const struct cf_entry *e, const char *text)
{
	cc_warn("%s:%d: %s = %s %s", e->file, e->line, e->key, e->value, text);
}

static int read_specs(const struct jobmgr *m, struct cc_host *host, cf_warn_fn *warn,
		      struct job_specs *out, struct cc_note *why)
{
	struct job_source from = {
		.ini = cc_host_ini(host),
		.section = host->section,
		.job_name = host->job_name,
		.daemons = &m->daemons,
		.daemon_dir = &m->daemon_dir,
		.warn = warn,
	};

	return job_specs_read(out, &from, why);
}

static int jobmgr_check(const void *state, struct cc_host *host, struct cc_note *why)
{
	struct job_specs specs;
	int r = read_specs(state, host, warn_left_out, &specs, why);

	job_specs_deinit(&specs);
	return r;
}

static int jobmgr_init(void *state, struct cc_host *host, struct cc_note *why)
{
	struct jobmgr *m = state;
	struct job_specs specs;
	int r = read_specs(m, host, NULL, &specs, why);

	if (!r)
		r = job_super_new(&m->super, host->section);
	if (!r)
		job_super_take(m->super, &specs);
	job_specs_deinit(&specs);
	cc_host_wake_at(host, cc_clock_ms() + COUNT_MS);
	return r;
}

/* It was checked: only memory may be wanting, and then the old daemons go on. */
static void jobmgr_reload(void *state, struct cc_host *host, void *fresh)
{
	struct jobmgr *m = state, *f = fresh;
	struct cf_list daemons = m->daemons, daemon_dir = m->daemon_dir;
	struct cc_note why = {0};
	struct job_specs specs;
	int r = read_specs(f, host, NULL, &specs, &why);

	if (r) {
		cc_error("%s; the daemons stay as they are",
			 why.text[0] ? why.text : cc_err_text(r));
		job_specs_deinit(&specs);
		return;
	}
	m->daemons = f->daemons;
	m->daemon_dir = f->daemon_dir;
	f->daemons = daemons;
	f->daemon_dir = daemon_dir;
	job_super_take(m->super, &specs);
}

static void take_counts(struct jobmgr *m, struct cc_host *host)
{
	for (unsigned c = 0; c < JOB_COUNTERS; c++) {
		uint64_t n = job_super_counted(m->super, (enum job_counter)c);

		if (n)
			cc_host_count(host, c, n);
	}
}

static void jobmgr_tick(void *state, struct cc_host *host, int64_t now)
{
	take_counts(state, host);
	cc_host_wake_at(host, now + COUNT_MS);
}

static void jobmgr_stop(void *state, struct cc_host *host)
{
	struct jobmgr *m = state;

	m->stopping = true;
	job_super_stop(m->super);
}

static bool jobmgr_busy(const void *state)
{
	const struct jobmgr *m = state;

	return m->stopping && job_super_alive(m->super);
}

static void jobmgr_drain(void *state, struct cc_host *host)
{
	take_counts(state, host);
}

static void jobmgr_fini(void *state)
{
	struct jobmgr *m = state;

	job_super_free(m->super);
}

/* ---- job.* ---- */

static const struct request {
	const char *type, *reply;
	enum job_verb verb;
	bool changes; /* not for the unknown */
} requests[] = {
	{"job.config", "reply.job.config", JOB_CONFIG, false},
	{"job.list", "reply.job.list", JOB_LIST, false},
	{"job.log", "reply.job.log", JOB_LOG, false},
	{"job.restart", "reply.job.restart", JOB_RESTART, true},
	{"job.start", "reply.job.start", JOB_START, true},
	{"job.stop", "reply.job.stop", JOB_STOP, true},
	{0},
};

static int refuse(struct cc_host *host, const struct cc_in *in, enum cc_code code, const char *msg)
{
	int r = cc_host_error(host, in, cc_code_word(code), msg ? msg : cc_code_text(code));

	return r ? r : code == CC_CODE_DENIED ? CC_DENIED : CC_DROPPED;
}

/* The original's form has no id, and errors of the same type as the answer. */
static bool is_old_config(const struct cc_in *in, const struct request *q)
{
	return q->verb == JOB_CONFIG && !in->gate->id;
}

static int fail(struct cc_host *host, const struct cc_in *in, const struct request *q,
		enum cc_code code, const char *msg)
{
	json_t *body;
	int r;

	if (!is_old_config(in, q))
		return refuse(host, in, code, msg);
	body = json_pack("{s:s}", "msg", msg ? msg : cc_code_text(code));
	if (!body)
		return cc_raise(CC_ENOMEM);
	r = cc_host_reply(host, in, q->type, body, (struct cc_bytes){NULL, 0});
	json_decref(body);
	return r ? r : CC_DROPPED;
}

/* Time for the answer to travel is kept. */
static int64_t patience(const struct cc_in *in)
{
	int64_t left = in->gate->deadline_ms - (cc_clock_ms() - in->msg->received);

	if (!in->gate->deadline_ms || left / 10 * 9 > PATIENCE_MS)
		return PATIENCE_MS;
	return left > 0 ? left / 10 * 9 : 0;
}

static int fail_ask(struct cc_host *host, const struct cc_in *in, const struct request *q, int r)
{
	switch (r) {
	case -CC_ENOTFOUND:
		return fail(host, in, q, CC_CODE_NOT_FOUND, "Unknown job_name");
	case -CC_EBUSY:
		return fail(host, in, q, CC_CODE_CONFLICT, "the server is stopping");
	case -CC_ETIMEOUT:
		return fail(host, in, q, CC_CODE_TIMEOUT, NULL);
	default:
		fail(host, in, q, CC_CODE_INTERNAL, NULL);
		return r;
	}
}

static int ask(struct jobmgr *m, struct cc_host *host, const struct cc_in *in,
	       const struct request *q, const struct job_ask *what)
{
	json_t *body = NULL;
	int r = job_super_ask(m->super, what, &body);

	if (r)
		return fail_ask(host, in, q, r);
	r = cc_host_reply(host, in, is_old_config(in, q) ? q->type : q->reply, body,
			  (struct cc_bytes){NULL, 0});
	json_decref(body);
	return r;
}

static const struct request *find_request(const struct cc_msg *m)
{
	for (const struct request *q = requests; q->type; q++)
		if (cc_msg_type_is(m, q->type))
			return q;
	return NULL;
}

static int jobmgr_handle(void *state, struct cc_host *host, struct cc_in *in)
{
	const json_t *name = json_object_get(in->gate->json, "job_name");
	const json_t *lines = json_object_get(in->gate->json, "lines");
	const struct request *q = find_request(in->msg);
	struct job_ask what = {.lines = JOB_RING_LINES, .patience_ms = patience(in)};

	if (!q)
		return refuse(host, in, CC_CODE_UNSUPPORTED, NULL);
	/* an answer of the original's form that strayed here is no question */
	if (is_old_config(in, q) && json_object_get(in->gate->json, "config"))
		return CC_DROPPED;
	if (q->changes && !in->gate->signer && !in->gate->local)
		return refuse(host, in, CC_CODE_DENIED, "only for the signed, or this user's ipc");
	if (q->verb != JOB_LIST && !json_is_string(name))
		return fail(host, in, q, CC_CODE_BAD_REQUEST, "Missing job_name");
	if (lines && (!json_is_integer(lines) || json_integer_value(lines) < 0))
		return fail(host, in, q, CC_CODE_BAD_REQUEST, "lines is no number of lines");
	if (lines && json_integer_value(lines) < what.lines)
		what.lines = (unsigned)json_integer_value(lines);
	what.verb = q->verb;
	what.name = json_string_value(name);
	return ask(state, host, in, q, &what);
}

const struct cc_handler jobmgr_handler = {
	.name = "jobmgr",
	.help = "starts and watches daemons",
	.roles = CC_ROLE_LOCAL,
	.run = CC_RUN_ONE,
	.answers = true,
	.state_size = sizeof(struct jobmgr),
	.options = options,
	.counters = counters,
	.check = jobmgr_check,
	.init = jobmgr_init,
	.handle = jobmgr_handle,
	.tick = jobmgr_tick,
	.reload = jobmgr_reload,
	.stop = jobmgr_stop,
	.busy = jobmgr_busy,
	.drain = jobmgr_drain,
	.fini = jobmgr_fini,
};
