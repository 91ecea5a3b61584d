/* SPDX-License-Identifier: ISC */
#include "handlers/jobmgr/super.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/cc/envelope.h"

#define LATE_MS 1000	/* later than that: the whole machine or process stood still */
#define GIVE_UP_MS 2000 /* a process that survives SIGKILL so long is left to the system */
#define LOOK_MS 60000	/* longest wait */
#define ANSWER_MS 5000	/* beyond its patience, until an answer is given up */
#define PAUSE_MS 100	/* when poll(2) itself fails */

/* A question on its way; serial 0: none. */
struct question {
	struct job_ask ask;
	char *name;
	int64_t until;
	uint64_t serial;
};

struct job_super {
	const char *section;
	pthread_t thread;
	int wake; /* eventfd */

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t answered;
	bool stop, end;
	bool has_fresh;
	struct job_specs fresh;
	struct question asked;
	uint64_t serial; /* of the question that is waited for */
	bool has_answer;
	int answer;
	json_t *body;

	/* the thread's own */
	struct job_set set; /* its counts are everybody's */
	struct question current;
	bool stopping, ending;
	int64_t give_up;
};

/* ---- what other threads call ---- */

static void wake(struct job_super *s)
{
	uint64_t one = 1;

	if (write(s->wake, &one, sizeof(one)) < 0 && errno != EAGAIN)
		cc_error("cannot wake the supervisor: %s", strerror(errno));
}

void job_super_take(struct job_super *s, struct job_specs *specs)
{
	pthread_mutex_lock(&s->lock);
	if (s->has_fresh)
		job_specs_deinit(&s->fresh);
	s->fresh = *specs;
	s->has_fresh = true;
	pthread_mutex_unlock(&s->lock);
	specs->count = 0;
	wake(s);
}

static void set_flag(struct job_super *s, bool *flag)
{
	pthread_mutex_lock(&s->lock);
	*flag = true;
	pthread_mutex_unlock(&s->lock);
	wake(s);
}

void job_super_stop(struct job_super *s)
{
	set_flag(s, &s->stop);
}

bool job_super_alive(const struct job_super *s)
{
	return atomic_load(&s->set.counts.alive) > 0;
}

uint64_t job_super_counted(struct job_super *s, enum job_counter counter)
{
	return atomic_exchange(&s->set.counts.n[counter], 0);
}

static struct timespec at(int64_t ms)
{
	return (struct timespec){ms / 1000, ms % 1000 * 1000000};
}

int job_super_ask(struct job_super *s, const struct job_ask *ask, json_t **body)
{
	int64_t until = cc_clock_ms() + ask->patience_ms;
	struct timespec limit = at(until + ANSWER_MS);
	char *name = strdup(ask->name ? ask->name : "");
	int r = 0;

	if (!name)
		return cc_raise(CC_ENOMEM);
	pthread_mutex_lock(&s->lock);
	free(s->asked.name);
	s->asked = (struct question){*ask, name, until, ++s->serial};
	s->asked.ask.name = name;
	s->has_answer = false;
	wake(s);
	while (!s->has_answer && r == 0)
		r = pthread_cond_timedwait(&s->answered, &s->lock, &limit);
	r = s->has_answer ? s->answer : -CC_ETIMEOUT;
	if (r == 0)
		*body = cc_steal(&s->body);
	s->serial++; /* an answer that comes now is for nobody */
	pthread_mutex_unlock(&s->lock);
	return r;
}

/* ---- questions ---- */

static void answer(struct job_super *s, int r, json_t *body)
{
	pthread_mutex_lock(&s->lock);
	if (s->serial == s->current.serial) {
		s->answer = r ? r : body ? 0 : -CC_ENOMEM;
		s->body = body;
		s->has_answer = true;
		pthread_cond_signal(&s->answered);
		body = NULL;
	}
	pthread_mutex_unlock(&s->lock);
	json_decref(body);
	free(s->current.name);
	s->current = (struct question){0};
}

static json_t *list(struct job_super *s, int64_t now)
{
	json_t *jobs = json_array();

	for (size_t i = 0; i < s->set.count; i++)
		json_array_append_new(jobs, job_json(s->set.jobs[i], now));
	return json_pack("{s:o}", "jobs", jobs);
}

/* What is answered about one daemon. */
static json_t *about(struct job *j, const char *key, json_t *value)
{
	return json_pack("{s:o, s:o}", "job_name", cc_json_text(j->name), key, value);
}

static json_t *state_of(struct job *j)
{
	return json_pack("{s:o, s:s, s:i, s:s}", "job_name", cc_json_text(j->name), "state",
			 job_state_text(j->state), "pid", (int)j->process.pid, "last_exit",
			 j->last_exit);
}

static bool settled(const struct job *j, enum job_verb verb)
{
	if (verb == JOB_STOP)
		return j->state == JOB_STOPPED;
	return !j->again && (j->state == JOB_RUNNING || j->state == JOB_BACKOFF);
}

/* Answers a start or stop whose end has come, or its time. */
static void settle(struct job_super *s, int64_t now)
{
	struct question *q = &s->current;
	struct job *j = q->serial ? job_set_find(&s->set, q->name) : NULL;

	if (!q->serial)
		return;
	if (!j)
		answer(s, -CC_ENOTFOUND, NULL);
	else if (s->stopping && q->ask.verb != JOB_STOP)
		answer(s, -CC_EBUSY, NULL);
	else if (settled(j, q->ask.verb) || now >= q->until)
		answer(s, 0, state_of(j));
}

static void begin(struct job_super *s, struct job *j, int64_t now)
{
	cc_log_prefix(j->name);
	switch (s->current.ask.verb) {
	case JOB_LOG:
		answer(s, 0, about(j, "lines", job_output_lines(&j->output, s->current.ask.lines)));
		break;
	case JOB_CONFIG:
		answer(s, 0,
		       about(j, "config", json_deep_copy((j->fresh ? j->fresh : j->spec)->config)));
		break;
	case JOB_STOP:
		job_stop(j, now);
		break;
	case JOB_START:
		if (!s->stopping && j->state != JOB_STARTING && j->state != JOB_RUNNING)
			job_restart(j, now);
		break;
	default:
		if (!s->stopping)
			job_restart(j, now);
	}
	cc_log_prefix(s->section);
}

static void take_question(struct job_super *s, int64_t now)
{
	struct job *j;

	if (s->current.ask.verb == JOB_LIST) {
		answer(s, 0, list(s, now));
		return;
	}
	j = job_set_find(&s->set, s->current.name);
	if (!j)
		answer(s, -CC_ENOTFOUND, NULL);
	else
		begin(s, j, now);
}

/* ---- the end ---- */

/* fini: those that had their chance by stop are killed, else they get it now. */
static void begin_end(struct job_super *s)
{
	s->ending = true;
	if (s->stopping)
		job_set_kill(&s->set);
	s->stopping = true;
}

static bool finished(struct job_super *s, int64_t now)
{
	if (!s->ending || !job_super_alive(s))
		return s->ending;
	if (!job_set_killed(&s->set))
		s->give_up = INT64_MAX;
	else if (s->give_up == INT64_MAX)
		s->give_up = now + GIVE_UP_MS;
	if (now < s->give_up)
		return false;
	cc_error("%u daemons survive SIGKILL: left alone", atomic_load(&s->set.counts.alive));
	return true;
}

/* ---- the loop ---- */

static void take_orders(struct job_super *s, int64_t now)
{
	bool stop, end, has_fresh, asked;
	struct job_specs fresh;

	pthread_mutex_lock(&s->lock);
	stop = s->stop;
	end = s->end;
	has_fresh = s->has_fresh;
	fresh = s->fresh;
	s->has_fresh = false;
	asked = s->asked.serial != 0;
	if (asked) {
		free(s->current.name);
		s->current = s->asked;
		s->asked = (struct question){0};
	}
	pthread_mutex_unlock(&s->lock);
	if (end && !s->ending)
		begin_end(s);
	s->stopping = s->stopping || stop;
	if (has_fresh && s->stopping)
		job_specs_deinit(&fresh);
	else if (has_fresh)
		job_set_take(&s->set, &fresh, now);
	if (asked)
		take_question(s, now);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t next_look(struct job_super *s, int64_t next, int64_t now)
{
	next = earlier(earlier(next, now + LOOK_MS), job_set_next(&s->set, now));
	if (s->current.serial)
		next = earlier(next, s->current.until);
	return s->ending ? earlier(next, s->give_up) : next;
}

/* Waits until something is to be done. What came is taken before any time is judged (job_set_tick).
 */
static void look(struct job_super *s, int64_t next, int64_t now)
{
	nfds_t n = job_set_fill(&s->set, now);
	uint64_t woken;

	s->set.fds[0] = (struct pollfd){.fd = s->wake, .events = POLLIN};
	next = next_look(s, next, now);
	if (poll(s->set.fds, n, next > now ? (int)(next - now) : 0) < 0) {
		poll(NULL, 0, PAUSE_MS);
		return;
	}
	now = cc_clock_ms();
	if (now - next > LATE_MS)
		job_set_forgive(&s->set, now - next);
	if (s->set.fds[0].revents && read(s->wake, &woken, sizeof(woken)) < 0 && errno != EAGAIN)
		cc_error("cannot read the supervisor's eventfd: %s", strerror(errno));
	job_set_events(&s->set, now);
}

static void *supervise(void *arg)
{
	struct job_super *s = arg;

	pthread_setname_np(pthread_self(), "jobmgr");
	cc_log_prefix(s->section);
	for (;;) {
		int64_t now = cc_clock_ms(), next = INT64_MAX;

		take_orders(s, now);
		if (s->stopping)
			next = job_set_stop(&s->set, now);
		job_set_tick(&s->set, now);
		settle(s, now);
		job_set_sweep(&s->set);
		if (finished(s, now))
			return NULL;
		look(s, next, now);
	}
}

/* ---- life ---- */

static int init_locks(struct job_super *s)
{
	pthread_condattr_t attr;
	int bad = pthread_condattr_init(&attr);

	if (bad)
		return cc_raise(CC_ENOMEM);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	bad = pthread_cond_init(&s->answered, &attr);
	pthread_condattr_destroy(&attr);
	if (bad)
		return cc_raise(CC_ENOMEM);
	pthread_mutex_init(&s->lock, NULL);
	return 0;
}

/* Signals are for the server's own thread, and a daemon gets an empty mask. */
static int start_thread(struct job_super *s)
{
	sigset_t all, before;
	int bad;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	bad = pthread_create(&s->thread, NULL, supervise, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return bad ? cc_raise(CC_ESYS) : 0;
}

static void free_super(struct job_super *s)
{
	job_set_deinit(&s->set);
	if (s->has_fresh)
		job_specs_deinit(&s->fresh);
	free(s->asked.name);
	free(s->current.name);
	json_decref(s->body);
	cc_closep(&s->wake);
	pthread_cond_destroy(&s->answered);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int job_super_new(struct job_super **out, const char *section)
{
	struct job_super *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return cc_raise(CC_ENOMEM);
	r = init_locks(s);
	if (r) {
		free(s);
		return r;
	}
	s->section = section;
	s->give_up = INT64_MAX;
	s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	/* were it ignored, children would vanish without being waited for */
	signal(SIGCHLD, SIG_DFL);
	r = s->wake < 0 ? cc_raise(CC_ESYS) : job_set_init(&s->set, section);
	if (!r)
		r = start_thread(s);
	if (r) {
		free_super(s);
		return r;
	}
	*out = s;
	return 0;
}

void job_super_free(struct job_super *s)
{
	if (!s)
		return;
	set_flag(s, &s->end);
	pthread_join(s->thread, NULL);
	free_super(s);
}
