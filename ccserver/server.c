/* SPDX-License-Identifier: ISC */
#include "ccserver/server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "ccserver/instances.h"
#include "ccserver/listen.h"
#include "ccserver/reload.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

#define BATCH 100 /* messages taken before their answers are looked at */

void srv_set_snapshot(struct server *s, struct srv_snapshot *snap)
{
	pthread_mutex_lock(&s->snap_lock);
	s->snap = snap;
	s->conf = &snap->conf;
	pthread_mutex_unlock(&s->snap_lock);
	srv_zap_replace(s->zap, snap->zap);
	atomic_store(&s->number, snap->number);
}

struct srv_snapshot *srv_get_snapshot(struct server *s)
{
	struct srv_snapshot *snap;

	pthread_mutex_lock(&s->snap_lock);
	snap = srv_snapshot_ref(s->snap);
	pthread_mutex_unlock(&s->snap_lock);
	return snap;
}

int server_make_replay(struct server *s, const struct srv_conf *conf)
{
	struct cc_replay_conf bounds;
	struct cc_replay *replay;
	int r;

	if (s->replay || !srv_conf_replay(conf, &bounds))
		return 0;
	r = cc_replay_new(&replay, &bounds, (int64_t)(cc_clock_wall() * 1000));
	if (!r)
		s->replay = replay;
	return r;
}

static void warn_about(const struct server *s)
{
	if (s->conf->role == SRV_ROLE_INSECURE)
		cc_warn("cc-role is not set: any handler may be used");
	if (s->conf->cms_verify_ca.count && !*s->conf->realm && !s->conf->cms_compat)
		cc_warn("cc-realm is not set: what is signed for another server of these CAs can "
			"be "
			"brought here by a third party");
}

int server_open(struct server *s, const char *path, const char *const *overrides, size_t n,
		struct cc_note *why)
{
	struct srv_snapshot *snap;
	int r;

	memset(s, 0, sizeof(*s));
	s->sleeper.fd = -1;
	s->path = path;
	s->overrides = overrides;
	s->n_overrides = n;
	pthread_mutex_init(&s->snap_lock, NULL);
	srv_asks_init(&s->asks);
	srv_watch_init(&s->watch);
	srv_stats_init(&s->stats, 0);
	srv_hop_init(&s->hop, 0);
	srv_outbox_init(&s->outbox, 0, 0);
	r = srv_snapshot_load(path, overrides, n, &snap, why);
	if (r)
		return r;
	snap->number = 1;
	srv_set_snapshot(s, snap);
	s->job_name = strdup(s->conf->job_name);
	if (!s->job_name)
		return cc_raise(CC_ENOMEM);
	s->stats.level = (int)s->conf->cc_stats;
	srv_hop_set_rate(&s->hop, s->conf->hop_error_rate);
	srv_outbox_set_bounds(&s->outbox, s->conf->peer_queue_bytes, s->conf->queue_bytes);
	warn_about(s);
	return srv_plan_new(&s->plan, s, snap, why);
}

int server_start(struct server *s, struct cc_note *why)
{
	int r = srv_sleeper_init(&s->sleeper);

	s->spare = cc_msg_new();
	if (!s->spare)
		return cc_raise(CC_ENOMEM);
	if (!r)
		r = server_make_replay(s,
				       s->conf); /* its start is before that of whoever connects */
	if (!r)
		r = srv_listen(s, why);
	if (!r)
		r = srv_threads_start(s, why);
	if (!r)
		r = srv_plan_init(s->plan, why);
	if (r)
		return r;
	srv_plan_commit(s->plan);
	r = srv_reload_start(s);
	s->started_wall = (int64_t)cc_clock_wall();
	s->next_stats = cc_clock_ms() + s->conf->stats_period;
	return r;
}

int server_send(struct server *s, struct cc_msg *msg)
{
	int r;

	s->activity++;
	r = srv_outbox_send(&s->outbox, s->sock, msg);
	if (r == -CC_ENOTFOUND)
		s->stats.loss[SRV_LOSS_PEER_GONE]++;
	else if (r)
		s->stats.loss[r == -CC_EBUSY ? SRV_LOSS_PEER_FULL : SRV_LOSS_MEMORY]++;
	return r;
}

int server_hop_error(struct server *s, const struct cc_msg *msg, const char *code)
{
	struct cc_msg *m;
	struct cc_qid qid;

	/* errors answer requests, never answers: nobody makes two hops talk to each other */
	if (!cc_msg_qid(msg, &qid) || cc_msg_type_is(msg, "error"))
		return CC_DROPPED;
	if (!srv_hop_allowed(&s->hop, cc_msg_frame(msg, 0), cc_clock_ms())) {
		s->stats.loss[SRV_LOSS_HOP_RATE]++;
		return CC_DROPPED;
	}
	m = srv_hop_error(msg, code);
	if (m && server_send(s, m) == 0)
		s->stats.hop_errors++;
	cc_msg_free(m);
	return 0;
}

/* Who sent it: the address of its connection, which it cannot choose, else its socket's identity. */
static void name_peer(const struct cc_msg *msg, char out[64])
{
	struct cc_bytes identity = cc_msg_frame(msg, 0);
	const char *address = NULL;

	out[0] = '\0';
	if (msg->count)
		address = zmq_msg_gets((zmq_msg_t *)&msg->frames[msg->count - 1], "Peer-Address");
	if (address && *address) {
		snprintf(out, 64, "%s", address);
		return;
	}
	for (size_t i = 0; i < identity.len && i < 8; i++)
		snprintf(out + 2 * i, 3, "%02x", identity.data[i]);
}

void server_log_refused(const struct cc_msg *msg, const char *cause, const char *text)
{
	struct cc_bytes type = cc_msg_type(msg);
	unsigned held = 0;
	char peer[64];

	name_peer(msg, peer);
	if (!cc_log_allowed(cause, peer, (unsigned)strlen(peer), &held))
		return;
	cc_warn("refused (%s) from %s, type \"%.*s\": %s; %u more like it held back", cause,
		*peer ? peer : "a peer",
		type.data ? (int)(type.len < CC_TYPE_MAX ? type.len : CC_TYPE_MAX) : 0,
		type.data ? (const char *)type.data : "", text, held);
}

static void refuse_shape(struct server *s, int fault)
{
	s->stats.gate[cc_gate_counter_index(CC_GATE_SHAPE, fault)]++;
	server_log_refused(s->spare, cc_gate_counter(CC_GATE_SHAPE, fault), "invalid CC message");
}

/* @return whether more may be there: false only after the socket said that it is empty. */
static bool receive(struct server *s)
{
	for (unsigned i = 0; i < BATCH; i++) {
		int r = cc_msg_recv(s->spare, s->sock);

		if (r < 0)
			return false;
		srv_stats_in(&s->stats, s->spare->bytes);
		s->spare->serial = s->serial++;
		if (!r)
			r = cc_msg_check(s->spare);
		if (r)
			refuse_shape(s, r);
		else
			srv_host_dispatch(s, &s->spare);
		if (s->spare)
			cc_msg_reset(s->spare);
		else
			s->spare = cc_msg_new();
		if (!s->spare)
			return true; /* no memory: the next turn tries again */
	}
	return true;
}

static void run_timers(struct server *s, int64_t now)
{
	if (srv_outbox_next(&s->outbox) <= now) {
		s->activity++;
		srv_outbox_flush(&s->outbox, s->sock, now, &s->stats.loss[SRV_LOSS_PEER_GONE],
				 &s->stats.loss[SRV_LOSS_PEER_FULL]);
	}
	for (unsigned i = 0; i < s->n_instances; i++) {
		struct srv_instance *inst = s->instances[i];

		if (!inst || inst->wake > now || !inst->handler || !inst->handler->tick)
			continue;
		inst->wake = INT64_MAX;
		cc_log_prefix(inst->section);
		inst->handler->tick(inst->state, &inst->host.base, now);
		cc_log_prefix(NULL);
	}
	if (s->conf->infofile_level >= 3 && now >= s->next_bucket)
		srv_infofile_bucket(s, now);
	if (now >= s->next_stats) {
		s->next_stats = now + s->conf->stats_period;
		srv_stats_period(s);
	}
}

static int64_t next_timer(const struct server *s)
{
	int64_t next = s->next_stats;

	if (s->conf->infofile_level >= 3 && s->next_bucket < next)
		next = s->next_bucket;
	if (srv_outbox_next(&s->outbox) < next)
		next = srv_outbox_next(&s->outbox);
	if (srv_dealers_next(s) < next)
		next = srv_dealers_next(s);
	for (unsigned i = 0; i < s->n_instances; i++)
		if (s->instances[i] && s->instances[i]->wake < next)
			next = s->instances[i]->wake;
	return next;
}

#define POLL_MAX (3 + 2 * SRV_DEALERS_MAX)
#define STOP_MAX_MS 60000 /* that daemons may take to end; their own graces are shorter */
#define DRAIN_LOOK_MS 20  /* a stopping server looks at the clock so often */

/*
 * Blocks until something can be done. Every ZMQ_FD here is an edge: that nothing was received and
 * nothing sent since the last look is what makes blocking safe.
 */
static void wait_for_work(struct server *s, int signals)
{
	/* a stopping server reads no new messages: they must not wake it either */
	struct pollfd fds[POLL_MAX] = {{.fd = s->draining ? -1 : s->fd, .events = POLLIN},
				       {.fd = s->sleeper.fd, .events = POLLIN},
				       {.fd = signals, .events = POLLIN}};
	int64_t wait;
	nfds_t n = 3;

	for (struct cc_dealer *d = s->dealers; d; d = d->next) {
		fds[n++] = (struct pollfd){.fd = d->fd, .events = POLLIN};
		fds[n++] = (struct pollfd){.fd = d->monitor_fd, .events = POLLIN};
	}
	srv_sleeper_announce(&s->sleeper);
	wait = srv_host_pending(s) || atomic_load(&s->asks.any) ? 0 : next_timer(s) - cc_clock_ms();
	if (wait > (s->stopping ? DRAIN_LOOK_MS : 60000))
		wait = s->stopping ? DRAIN_LOOK_MS : 60000;
	poll(fds, n, wait > 0 ? (int)wait : 0);
	srv_sleeper_awake(&s->sleeper);
}

int server_open_log(struct server *s, enum cc_level level, bool also_stderr)
{
	struct cc_log_conf conf = {
		.job_name = s->job_name,
		.file = s->conf->logfile,
		.size = s->conf->log_size,
		.count = (unsigned)s->conf->log_count,
		.level = level,
		.also_stderr = also_stderr,
	};

	s->log_level = level;
	s->log_stderr = also_stderr;
	return cc_log_open(&conf);
}

void server_reopen_log(struct server *s)
{
	if (server_open_log(s, s->log_level, s->log_stderr) == 0)
		cc_info("SIGHUP: log reopened");
	else
		cc_error("SIGHUP: cannot reopen the log; the old one stays");
}

static void take_signal(struct server *s, int signals)
{
	struct signalfd_siginfo si;

	while (read(signals, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGHUP) {
			server_reopen_log(s);
			srv_reload_request(s);
			continue;
		}
		if (s->stopping) {
			cc_warn("second signal: leaving at once");
			_exit(1);
		}
		cc_info("%s: stopping", si.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
		s->stopping = true;
	}
}

/*
 * One turn. @return whether another is due: a socket may hold more, or something was sent after the look at it, and libzmq's
 * edge may have passed unseen.
 */
static bool turn(struct server *s)
{
	uint64_t activity = s->activity;
	bool any;

	if (!s->spare)
		s->spare = cc_msg_new();
	if (!s->spare)
		return false;
	any = !s->draining && receive(s);
	if (s->spare)
		any |= srv_dealers_receive(s);
	srv_host_publish(s);
	any |= srv_host_collect(s);
	run_timers(s, cc_clock_ms());
	srv_asks_run(s);
	srv_instances_reap(s);
	srv_host_publish(s);
	return any || s->activity != activity;
}

/* Whether anybody may still get what he waits for. */
static bool unfinished(const struct server *s)
{
	for (unsigned i = 0; i < s->n_instances; i++) {
		const struct srv_instance *inst = s->instances[i];

		if (inst && inst->handler && inst->handler->busy &&
		    inst->handler->busy(inst->state))
			return true;
	}
	return s->work_count > 0 || s->outbox.bytes > 0;
}

/* Turns until a condition no longer holds or the time is over. */
static void turn_while(struct server *s, int signals, bool (*holds)(const struct server *s),
		       int64_t end)
{
	while (holds(s) && cc_clock_ms() < end) {
		if (!turn(s))
			wait_for_work(s, signals);
		take_signal(s, signals);
	}
}

/* Whether a handler that was told of the stop is not ready for it: daemons still run. */
static bool stop_awaited(const struct server *s)
{
	for (unsigned i = 0; i < s->n_instances; i++) {
		const struct srv_instance *inst = s->instances[i];

		if (inst && inst->inited && inst->handler->stop && inst->handler->busy &&
		    inst->handler->busy(inst->state))
			return true;
	}
	return false;
}

/* First the daemons, which say their last words through this server. */
static void stop_handlers(struct server *s, int signals)
{
	for (unsigned i = 0; i < s->n_instances; i++) {
		struct srv_instance *inst = s->instances[i];

		if (inst && inst->inited && inst->handler->stop)
			inst->handler->stop(inst->state, &inst->host.base);
	}
	turn_while(s, signals, stop_awaited, cc_clock_ms() + STOP_MAX_MS);
}

/* After the signal: no new messages; what was taken is finished and answered within the grace. */
static int drain(struct server *s, int signals)
{
	s->draining = true;
	turn_while(s, signals, unfinished, cc_clock_ms() + s->conf->shutdown_grace);
	for (unsigned i = 0; i < s->n_instances; i++) {
		struct srv_instance *inst = s->instances[i];

		if (inst && inst->handler && inst->handler->drain)
			inst->handler->drain(inst->state, &inst->host.base);
	}
	srv_outbox_flush(&s->outbox, s->sock, INT64_MAX / 2, &s->stats.loss[SRV_LOSS_PEER_GONE],
			 &s->stats.loss[SRV_LOSS_PEER_FULL]);
	if (!s->work_count)
		return 0;
	cc_error("%zu messages were not finished within shutdown-grace", s->work_count);
	return -CC_ETIMEOUT;
}

int server_run(struct server *s)
{
	int signals, r;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		return cc_raise(CC_ESYS);
	if (s->conf->infofile_level >= 3)
		srv_infofile_bucket(s, cc_clock_ms()); /* averages count from the start */
	srv_infofile_write(s);
	while (!s->stopping) {
		if (!turn(s))
			wait_for_work(s, signals);
		take_signal(s, signals);
	}
	stop_handlers(s, signals);
	r = drain(s, signals);
	srv_asks_close(s);
	cc_closep(&signals);
	srv_stats_period(s);
	srv_listen_end(s);
	if (r == 0)
		srv_threads_stop(
			s); /* a thread that did not finish is not waited for: main leaves */
	return r;
}

void server_close(struct server *s)
{
	srv_asks_close(s);
	srv_reload_stop(s);
	srv_plan_drop(s->plan);
	srv_threads_stop(s);
	srv_threads_close(s);
	srv_instances_close(s);
	srv_dealers_close_of(s, NULL);
	srv_listen_end(s);
	if (s->sock)
		zmq_close(s->sock);
	srv_zap_stop(s->zap);
	if (s->zctx)
		zmq_ctx_term(s->zctx);
	cc_msg_free(s->spare);
	srv_sleeper_deinit(&s->sleeper);
	srv_watch_deinit(&s->watch);
	srv_asks_deinit(&s->asks);
	srv_hop_deinit(&s->hop);
	srv_outbox_deinit(&s->outbox);
	srv_stats_deinit(&s->stats);
	srv_report_deinit(&s->last_report);
	for (unsigned i = 0; i < SRV_HISTORY; i++)
		srv_report_deinit(&s->history[i]);
	srv_router_free(s->router);
	cc_replay_free(s->replay);
	cc_strangers_free(s->strangers);
	srv_snapshot_unref(s->snap);
	pthread_mutex_destroy(&s->snap_lock);
	free(s->job_name);
}
