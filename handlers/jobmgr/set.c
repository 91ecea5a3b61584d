/* SPDX-License-Identifier: ISC */
#include "handlers/jobmgr/set.h"

#include <string.h>

#include "lib/base/log.h"

#define ORDER_MS 500 /* who does not end after SIGTERM holds the others back no longer */

int job_set_init(struct job_set *s, const char *section)
{
	memset(s, 0, sizeof(*s));
	s->section = section;
	s->fds = calloc(1, sizeof(*s->fds));
	return s->fds ? 0 : cc_raise(CC_ENOMEM);
}

void job_set_deinit(struct job_set *s)
{
	for (size_t i = 0; i < s->count; i++)
		job_free(s->jobs[i]);
	free(s->jobs);
	free(s->fds);
}

struct job *job_set_find(struct job_set *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (!s->jobs[i]->removed && strcmp(s->jobs[i]->name, name) == 0)
			return s->jobs[i];
	return NULL;
}

/* ---- configuration ---- */

/* The place of a job in the old order, or one past its end. */
static size_t place(const struct job_set *s, const char *name)
{
	size_t i = 0;

	while (i < s->count && (!s->jobs[i] || strcmp(s->jobs[i]->name, name) != 0))
		i++;
	return i;
}

static struct job *new_job(struct job_set *s, struct job_spec *spec, int64_t now)
{
	struct job *j = NULL;

	if (job_new(&j, spec, &s->counts, now) == 0) {
		cc_log_prefix(j->name);
		job_start(j, now);
		return j;
	}
	cc_error("no memory to start %s", spec->name);
	job_spec_free(spec);
	return NULL;
}

static struct job *known_job(struct job_set *s, size_t old, struct job_spec *spec, int64_t now)
{
	struct job *j = cc_steal(&s->jobs[old]);

	cc_log_prefix(j->name);
	job_take(j, spec, now);
	return j;
}

/* Moves the jobs into the order of specs, behind them those that are to end. @return how many. */
static size_t order_jobs(struct job_set *s, struct job **jobs, struct job_specs *specs, int64_t now)
{
	size_t n = 0;

	for (size_t i = 0; i < specs->count; i++) {
		struct job_spec *spec = specs->items[i];
		size_t old = place(s, spec->name);

		jobs[n] = old < s->count ? known_job(s, old, spec, now) : new_job(s, spec, now);
		n += jobs[n] != NULL;
	}
	specs->count = 0;
	for (size_t i = 0; i < s->count; i++) {
		if (!s->jobs[i])
			continue;
		jobs[n] = s->jobs[i];
		jobs[n]->removed = true;
		cc_log_prefix(jobs[n]->name);
		job_stop(jobs[n++], now);
	}
	cc_log_prefix(s->section);
	return n;
}

void job_set_take(struct job_set *s, struct job_specs *specs, int64_t now)
{
	size_t room = s->count + specs->count;
	struct job **jobs = calloc(room + 1, sizeof(struct job *));
	struct pollfd *fds = calloc(1 + room * JOB_FDS, sizeof(*fds));

	if (!jobs || !fds) {
		cc_error("no memory for the new configuration of the daemons; the old one stays");
		job_specs_deinit(specs);
		free(jobs);
		free(fds);
		return;
	}
	s->count = order_jobs(s, jobs, specs, now);
	free(s->jobs);
	free(s->fds);
	s->jobs = jobs;
	s->fds = fds;
}

void job_set_sweep(struct job_set *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->count; i++) {
		struct job *j = s->jobs[i];

		if (j->removed && !job_alive(j))
			job_free(j);
		else
			s->jobs[n++] = j;
	}
	s->count = n;
}

/* ---- the end ---- */

static void stop_job(struct job_set *s, struct job *j, int64_t now)
{
	cc_log_prefix(j->name);
	job_stop(j, now);
	cc_log_prefix(s->section);
}

int64_t job_set_stop(struct job_set *s, int64_t now)
{
	/* those that have no process, whoever's turn it is */
	for (size_t i = 0; i < s->count; i++)
		if (s->jobs[i]->state == JOB_BACKOFF || s->jobs[i]->again)
			stop_job(s, s->jobs[i], now);
	for (size_t i = s->count; i > 0; i--) {
		struct job *j = s->jobs[i - 1];

		if (j->state == JOB_STARTING || j->state == JOB_RUNNING)
			stop_job(s, j, now);
		if (j->state == JOB_STOPPING && now < j->termed + ORDER_MS)
			return j->termed + ORDER_MS;
	}
	return INT64_MAX;
}

void job_set_kill(struct job_set *s)
{
	for (size_t i = 0; i < s->count; i++)
		job_kill(s->jobs[i]);
}

bool job_set_killed(const struct job_set *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (job_alive(s->jobs[i]) && !s->jobs[i]->killed)
			return false;
	return true;
}

/* ---- time and descriptors ---- */

void job_set_tick(struct job_set *s, int64_t now)
{
	for (size_t i = 0; i < s->count; i++) {
		cc_log_prefix(s->jobs[i]->name);
		job_tick(s->jobs[i], now);
	}
	cc_log_prefix(s->section);
}

int64_t job_set_next(const struct job_set *s, int64_t now)
{
	int64_t next = INT64_MAX;

	for (size_t i = 0; i < s->count; i++) {
		int64_t at = job_next(s->jobs[i], now);

		next = at < next ? at : next;
	}
	return next;
}

nfds_t job_set_fill(struct job_set *s, int64_t now)
{
	nfds_t n = 1;

	for (size_t i = 0; i < s->count; i++) {
		int fds[JOB_FDS];

		job_fds(s->jobs[i], now, fds);
		for (int k = 0; k < JOB_FDS; k++)
			s->fds[n++] = (struct pollfd){.fd = fds[k], .events = POLLIN};
	}
	return n;
}

void job_set_events(struct job_set *s, int64_t now)
{
	for (size_t i = 0; i < s->count; i++) {
		cc_log_prefix(s->jobs[i]->name);
		/* the pidfd is the last: after an end there may be a new process */
		for (int k = 0; k < JOB_FDS; k++)
			if (s->fds[1 + i * JOB_FDS + (size_t)k].revents)
				job_event(s->jobs[i], k, now);
	}
	cc_log_prefix(s->section);
}

void job_set_forgive(struct job_set *s, int64_t late)
{
	for (size_t i = 0; i < s->count; i++)
		job_forgive(s->jobs[i], late);
}
