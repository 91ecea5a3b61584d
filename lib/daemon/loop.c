/* SPDX-License-Identifier: ISC */
/* The loop: signals, lifeline, link, descriptors of the daemon, timers. */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/daemon/int.h"

#define ORPHAN_SECONDS 3 /* for a stop after the parent is gone */
#define WAIT_MAX_MS 60000
#define OWN_FDS (2 + DM_LINK_FDS) /* signals, lifeline, the link's */

static const int stop_signals[] = {SIGINT, SIGTERM};

static void signal_set(sigset_t *set, bool reload)
{
	sigemptyset(set);
	for (size_t i = 0; i < CC_ARRAY_SIZE(stop_signals); i++)
		sigaddset(set, stop_signals[i]);
	if (reload)
		sigaddset(set, SIGHUP);
}

void dm_signals_block(void)
{
	sigset_t set;

	signal_set(&set, true);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int dm_signals_open(int *fd)
{
	sigset_t set;

	signal_set(&set, true);
	*fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return *fd < 0 ? cc_raise(CC_ESYS) : 0;
}

static volatile sig_atomic_t forgiven; /* signals that do not end the process */

static void leave(int number)
{
	if (number != SIGALRM && forgiven > 0)
		forgiven--;
	else
		_exit(DM_EXIT_RUNTIME);
}

/* A handler, not the loop: a stop that hangs must not outlive a second signal. */
void dm_signals_last(bool orphan)
{
	const struct sigaction action = {.sa_handler = leave};
	sigset_t set;

	forgiven = orphan;
	for (size_t i = 0; i < CC_ARRAY_SIZE(stop_signals); i++)
		sigaction(stop_signals[i], &action, NULL);
	signal_set(&set, false);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void dm_leave_within(unsigned seconds)
{
	const struct sigaction action = {.sa_handler = leave};

	sigaction(SIGALRM, &action, NULL);
	alarm(seconds);
}

void dm_wake_at(struct dm *dm, int64_t at)
{
	if (at < dm->wake)
		dm->wake = at;
}

int dm_watch(struct dm *dm, int fd)
{
	if (dm->n_watched == DM_WATCH_MAX)
		return -CC_ELIMIT;
	dm->watched[dm->n_watched++] = fd;
	return 0;
}

static bool is_watched(const struct dm *dm, int fd)
{
	for (unsigned i = 0; i < dm->n_watched; i++) {
		if (dm->watched[i] == fd)
			return true;
	}
	return false;
}

void dm_unwatch(struct dm *dm, int fd)
{
	for (unsigned i = 0; i < dm->n_watched; i++) {
		if (dm->watched[i] == fd)
			dm->watched[i--] = dm->watched[--dm->n_watched];
	}
}

void dm_quit(struct dm *dm, int code)
{
	dm->stopping = true;
	dm->code = code;
}

static void take_signals(struct dm *dm)
{
	struct signalfd_siginfo si;

	while (!dm->stopping && read(dm->signals, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGHUP) {
			dm_reload(dm);
			continue;
		}
		cc_info("%s: stopping", si.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
		dm_quit(dm, DM_EXIT_OK);
	}
}

static void look_at_parent(struct dm *dm)
{
	if (!dm_lifeline_ended(&dm->lifeline))
		return;
	dm->orphan = true;
	dm_leave_within(ORPHAN_SECONDS);
	cc_warn("the parent is gone: stopping");
	dm_quit(dm, DM_EXIT_OK);
}

static void run_timers(struct dm *dm)
{
	int64_t now = cc_clock_ms();

	if (now >= dm->wake) {
		dm->wake = INT64_MAX;
		if (dm->daemon->tick)
			dm->daemon->tick(dm->bound->state, dm, now);
	}
	if (now >= dm->next_stats) {
		dm->next_stats = now + dm->bound->conf.stats_period;
		dm_stats_line(dm);
	}
	dm_lifeline_beat(&dm->lifeline, now);
	dm_notify_beat(&dm->notify, now);
}

/* How long nothing is due. The link is asked last: its descriptor is an edge. */
static int wait_ms(struct dm *dm)
{
	int64_t now = cc_clock_ms(), wait = WAIT_MAX_MS;
	const int64_t waits[] = {dm->wake - now,
				 dm->next_stats - now,
				 dm->lifeline.next - now,
				 dm->notify.next - now,
				 dm_is_up(dm) ? dm_logbus_wait(&dm->logbus, now) : INT64_MAX,
				 dm_link_wait(dm->link)};

	for (size_t i = 0; i < CC_ARRAY_SIZE(waits); i++) {
		if (waits[i] < wait)
			wait = waits[i];
	}
	return wait > 0 ? (int)wait : 0;
}

static void wait_for_work(struct dm *dm)
{
	struct pollfd fds[OWN_FDS + DM_WATCH_MAX] = {
		{.fd = dm->signals, .events = POLLIN},
		{.fd = dm->lifeline.fd, .events = POLLIN},
	};
	unsigned n = dm->n_watched;
	int link[DM_LINK_FDS];

	dm_link_fds(dm->link, link);
	for (unsigned i = 0; i < DM_LINK_FDS; i++)
		fds[2 + i] = (struct pollfd){.fd = link[i], .events = POLLIN};
	for (unsigned i = 0; i < n; i++)
		fds[OWN_FDS + i] = (struct pollfd){.fd = dm->watched[i], .events = POLLIN};
	if (poll(fds, OWN_FDS + n, wait_ms(dm)) <= 0)
		return;
	if (fds[0].revents)
		take_signals(dm);
	if (fds[1].revents)
		look_at_parent(dm);
	for (unsigned i = 0; i < n && !dm->stopping; i++) {
		int fd = fds[OWN_FDS + i].fd;

		/* one of them may have ended another */
		if (fds[OWN_FDS + i].revents && is_watched(dm, fd))
			dm->daemon->on_wake(dm->bound->state, dm, fd);
	}
}

static void turn_link(struct dm *dm)
{
	int r = dm_link_turn(dm->link);

	if (r < 0) {
		cc_error("the link to the server is broken: %s", cc_err_text(r));
		dm_quit(dm, DM_EXIT_RUNTIME);
	} else if (r > 0 && dm->daemon->on_up) {
		dm->daemon->on_up(dm->bound->state, dm);
	}
}

void dm_loop(struct dm *dm)
{
	while (!dm->stopping) {
		wait_for_work(dm);
		if (!dm->stopping)
			turn_link(dm);
		if (!dm->stopping)
			run_timers(dm);
		dm_log_flush(dm);
	}
}
