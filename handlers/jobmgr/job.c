/* SPDX-License-Identifier: ISC */
#include "handlers/jobmgr/job.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/cc/envelope.h"

#define LEAST_BACKOFF_MS 100 /* from the second start on: nobody wants to fork without end */
#define READ_AT_ONCE 16384
#define READS_AT_ONCE 4
#define QUIET_MS 10 /* from one look at what a daemon writes to the next: a flood costs little */

static const char *const states[] = {"stopped", "starting", "running", "backoff", "stopping"};

const char *job_state_text(enum job_state state)
{
	return states[state];
}

static void count(struct job *j, enum job_counter c)
{
	atomic_fetch_add(&j->counts->n[c], 1);
}

static void enter(struct job *j, enum job_state state, int64_t deadline, int64_t now)
{
	j->state = state;
	j->deadline = deadline;
	j->since = now;
}

static int64_t after(int64_t now, int64_t timeout)
{
	return timeout ? now + timeout : INT64_MAX;
}

static double seconds(int64_t ms)
{
	return (double)ms / 1000;
}

static void close_process(struct job *j)
{
	if (j->process.pid)
		atomic_fetch_sub(&j->counts->alive, 1);
	cc_closep(&j->process.pidfd);
	cc_closep(&j->process.exec_fd);
	cc_closep(&j->process.lifeline);
	cc_closep(&j->process.output);
	j->process.pid = 0;
}

void job_free(struct job *j)
{
	if (!j)
		return;
	close_process(j);
	job_output_deinit(&j->output);
	job_spec_free(j->spec);
	job_spec_free(j->fresh);
	free(j->name);
	free(j);
}

int job_new(struct job **out, struct job_spec *spec, struct job_counts *counts, int64_t now)
{
	struct job *j = calloc(1, sizeof(*j));
	int r;

	if (!j)
		return cc_raise(CC_ENOMEM);
	j->process = (struct job_process){0, -1, -1, -1, -1};
	j->counts = counts;
	j->name = strdup(spec->name);
	r = j->name ? job_output_init(&j->output, spec->options.max_log_rate) : cc_raise(CC_ENOMEM);
	if (r) {
		job_free(j);
		return r;
	}
	j->spec = spec;
	enter(j, JOB_STOPPED, INT64_MAX, now);
	*out = j;
	return 0;
}

bool job_alive(const struct job *j)
{
	return j->process.pid != 0;
}

/* ---- start and end ---- */

int64_t job_backoff(const struct job_options *o, unsigned tries)
{
	int64_t wait = o->watchdog_a;

	if (tries > 1)
		wait += o->watchdog_b * (int64_t)(tries - 1);
	if (o->watchdog_cap && wait > o->watchdog_cap)
		wait = o->watchdog_cap;
	return tries > 1 && wait < LEAST_BACKOFF_MS ? LEAST_BACKOFF_MS : wait;
}

/* It ended, though nobody asked it to. */
static void back_off(struct job *j, int64_t now)
{
	const struct job_options *o = &j->spec->options;
	int64_t wait;

	j->deaths++;
	count(j, JOB_DIED);
	if (o->watchdog_reset && now - j->started >= o->watchdog_reset)
		j->tries = 1;
	wait = job_backoff(o, j->tries);
	enter(j, JOB_BACKOFF, now + wait, now);
	cc_info("next start in %.1f s", seconds(wait));
}

static int spawn(struct job *j, struct cc_note *why)
{
	struct job_plan plan;
	int r = job_plan_init(&plan, j->spec->argv, j->spec->options.user,
			      j->spec->options.memory_limit, why);

	if (!r)
		r = job_spawn(&plan, &j->process, why);
	job_plan_deinit(&plan);
	if (!r)
		atomic_fetch_add(&j->counts->alive, 1);
	return r;
}

void job_start(struct job *j, int64_t now)
{
	struct cc_note why = {0};
	int r;

	if (j->fresh) {
		job_spec_free(j->spec);
		j->spec = cc_steal(&j->fresh);
		j->output.rate = j->spec->options.max_log_rate;
	}
	j->again = j->ready = j->killed = false;
	j->started = now;
	j->starts++;
	j->tries++;
	count(j, JOB_STARTED);
	r = spawn(j, &why);
	if (r) {
		snprintf(j->last_exit, sizeof(j->last_exit), "not started");
		cc_error("cannot start %s: %s", j->spec->argv[0],
			 why.text[0] ? why.text : cc_err_text(r));
		back_off(j, now);
		return;
	}
	cc_info("started %s, pid %d", j->spec->argv[0], (int)j->process.pid);
	enter(j, JOB_STARTING, after(now, j->spec->options.start_timeout), now);
}

static void run(struct job *j, int64_t now)
{
	cc_info("ready after %.1f s", seconds(now - j->started));
	enter(j, JOB_RUNNING, INT64_MAX, now);
}

void job_kill(struct job *j)
{
	if (!job_alive(j) || j->killed)
		return;
	j->killed = true;
	kill(j->process.pid, SIGKILL);
}

void job_stop(struct job *j, int64_t now)
{
	j->again = false;
	if (j->state == JOB_BACKOFF)
		enter(j, JOB_STOPPED, INT64_MAX, now);
	if (j->state != JOB_STARTING && j->state != JOB_RUNNING)
		return;
	cc_info("SIGTERM to pid %d", (int)j->process.pid);
	kill(j->process.pid, SIGTERM);
	j->termed = now;
	enter(j, JOB_STOPPING, now + j->spec->options.stop_grace, now);
}

void job_restart(struct job *j, int64_t now)
{
	job_stop(j, now);
	j->tries = 0;
	if (j->state == JOB_STOPPED)
		job_start(j, now);
	else
		j->again = true;
}

void job_take(struct job *j, struct job_spec *fresh, int64_t now)
{
	bool was_removed = j->removed;
	bool same = strcmp((j->fresh ? j->fresh : j->spec)->print, fresh->print) == 0;

	job_spec_free(j->fresh);
	j->fresh = fresh;
	j->removed = false;
	if (same && !was_removed)
		return;
	/* who was stopped by job.stop stays so */
	if (was_removed || j->again || (j->state != JOB_STOPPED && j->state != JOB_STOPPING))
		job_restart(j, now);
}

/* "exit 1", "signal 9" */
static void note_exit(struct job *j, const siginfo_t *si)
{
	const char *how = si->si_code == CLD_EXITED ? "exit" : "signal";

	if (si->si_pid)
		snprintf(j->last_exit, sizeof(j->last_exit), "%s %d", how, si->si_status);
	else
		snprintf(j->last_exit, sizeof(j->last_exit), "unknown");
}

static void log_end(const struct job *j, bool asked, int64_t now)
{
	char limit[64] = "";

	if (j->spec->options.memory_limit && !asked)
		snprintf(limit, sizeof(limit), "; its memory-limit is %llu octets",
			 (unsigned long long)j->spec->options.memory_limit);
	cc_log(asked ? CC_LOG_INFO : CC_LOG_WARN, "%s: %s after %.1f s%s",
	       asked ? "stopped" : "ended", j->last_exit, seconds(now - j->started), limit);
}

static void read_output(struct job *j, int64_t now)
{
	char data[READ_AT_ONCE];
	ssize_t n = 0;

	for (int i = 0; i < READS_AT_ONCE && j->process.output >= 0; i++) {
		n = read(j->process.output, data, sizeof(data));
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			cc_closep(&j->process.output);
		if (n <= 0)
			return;
		job_output_feed(&j->output, data, (size_t)n, now);
		j->quiet = now + QUIET_MS;
	}
}

/*
 * The process is dead but not yet waited for, so its pid still names its group and nobody else's:
 * what it left there goes too. Then its pid is given back.
 */
static bool reap(struct job *j, siginfo_t *si)
{
	siginfo_t again;

	memset(si, 0, sizeof(*si));
	if (waitid(P_PIDFD, (id_t)j->process.pidfd, si, WEXITED | WNOWAIT | WNOHANG) != 0)
		return errno != EINTR;
	if (!si->si_pid)
		return false;
	kill(-j->process.pid, SIGKILL);
	waitid(P_PIDFD, (id_t)j->process.pidfd, &again, WEXITED | WNOHANG);
	return true;
}

static void read_result(struct job *j, int64_t now)
{
	struct cc_note why = {0};
	int r = j->process.exec_fd < 0 ? 0 : job_spawn_result(j->process.exec_fd, &why);

	if (r == 0)
		return;
	cc_closep(&j->process.exec_fd);
	if (r < 0)
		cc_error("cannot start %s: %s", j->spec->argv[0], why.text);
	else if (j->state == JOB_STARTING && !j->spec->ours)
		run(j, now);
}

static void end(struct job *j, int64_t now)
{
	bool asked = j->state == JOB_STOPPING;
	siginfo_t si;

	if (!reap(j, &si))
		return;
	read_result(j, now);
	read_output(j, now);
	job_output_end(&j->output, now);
	close_process(j);
	j->quiet = j->deaf = 0;
	note_exit(j, &si);
	log_end(j, asked, now);
	if (!asked) {
		back_off(j, now);
		return;
	}
	enter(j, JOB_STOPPED, INT64_MAX, now);
	if (j->again)
		job_start(j, now);
}

/* ---- events ---- */

static void read_lifeline(struct job *j, int64_t now)
{
	char data[4096];
	ssize_t n = read(j->process.lifeline, data, sizeof(data));

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		cc_closep(&j->process.lifeline);
	j->deaf = now + QUIET_MS;
	for (ssize_t i = 0; i < n; i++) {
		if (data[i] == 'R' && !j->ready) {
			j->ready = true;
			j->heard = now;
			if (j->state == JOB_STARTING)
				run(j, now);
		}
		if (data[i] == 'h')
			j->heard = now;
	}
	if (n > 0 && j->ready && j->state == JOB_RUNNING && !j->killed)
		j->deadline = after(j->heard, j->spec->options.heartbeat_timeout);
}

enum { FD_EXEC, FD_LIFELINE, FD_OUTPUT, FD_PID };

void job_fds(const struct job *j, int64_t now, int fds[JOB_FDS])
{
	fds[FD_EXEC] = j->process.exec_fd;
	fds[FD_LIFELINE] = now < j->deaf ? -1 : j->process.lifeline;
	fds[FD_OUTPUT] = now < j->quiet ? -1 : j->process.output;
	fds[FD_PID] = j->process.pidfd;
}

void job_event(struct job *j, int which, int64_t now)
{
	switch (which) {
	case FD_EXEC:
		read_result(j, now);
		break;
	case FD_LIFELINE:
		read_lifeline(j, now);
		break;
	case FD_OUTPUT:
		read_output(j, now);
		break;
	case FD_PID:
		end(j, now);
		break;
	}
}

/* ---- time ---- */

static void overdue(struct job *j, int64_t now)
{
	const struct job_options *o = &j->spec->options;

	switch (j->state) {
	case JOB_BACKOFF:
		job_start(j, now);
		return;
	case JOB_STOPPING:
		cc_warn("still there %.1f s after SIGTERM: killing it", seconds(now - j->termed));
		count(j, JOB_KILLED);
		break;
	case JOB_STARTING:
		cc_warn("not ready within %.1f s: killing it", seconds(o->start_timeout));
		count(j, JOB_HUNG);
		break;
	default:
		cc_warn("no heartbeat for %.1f s: killing it", seconds(o->heartbeat_timeout));
		count(j, JOB_HUNG);
	}
	j->deadline = INT64_MAX;
	job_kill(j);
}

void job_tick(struct job *j, int64_t now)
{
	if (now >= j->deadline)
		overdue(j, now);
	if (now >= job_output_next(&j->output))
		job_output_tick(&j->output, now);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t job_next(const struct job *j, int64_t now)
{
	int64_t next = earlier(j->deadline, job_output_next(&j->output));

	if (j->process.output >= 0 && j->quiet > now)
		next = earlier(next, j->quiet);
	if (j->process.lifeline >= 0 && j->deaf > now)
		next = earlier(next, j->deaf);
	return next;
}

void job_forgive(struct job *j, int64_t late)
{
	if ((j->state == JOB_RUNNING || j->state == JOB_STARTING) && j->deadline != INT64_MAX)
		j->deadline += late;
}

json_t *job_json(const struct job *j, int64_t now)
{
	int64_t wait = j->state == JOB_BACKOFF && j->deadline > now ? j->deadline - now : 0;
	unsigned long long pages = 0;
	char path[64];
	FILE *f = NULL;

	if (job_alive(j)) {
		snprintf(path, sizeof(path), "/proc/%d/statm", (int)j->process.pid);
		f = fopen(path, "re");
	}
	if (f && fscanf(f, "%*u %llu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return json_pack("{s:o?, s:s, s:i, s:f, s:I, s:I, s:s, s:f, s:I}", "name",
			 cc_json_text(j->spec->name), "state", states[j->state], "pid",
			 (int)j->process.pid, "since", seconds(now - j->since), "starts",
			 (json_int_t)j->starts, "deaths", (json_int_t)j->deaths, "last_exit",
			 j->last_exit, "next_start", seconds(wait), "memory",
			 (json_int_t)(pages * (unsigned long long)sysconf(_SC_PAGESIZE)));
}
