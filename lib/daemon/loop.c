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

_Static_assert(DM_FDS_MAX == 2 + 2 * DM_LINK_FDS, "signals, lifeline, two links");

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
	bool stopping = dm->stopping;

	while (dm->stopping == stopping && read(dm->signals, &si, sizeof(si)) == sizeof(si)) {
		if (stopping)
			continue; /* a SIGHUP, which would stay readable: there is nothing to reload any more */
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
	if (dm->orphan || !dm_lifeline_ended(&dm->lifeline))
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

/* The links are asked last: their descriptors are edges. */
int64_t dm_wait(struct dm *dm)
{
	int64_t now = cc_clock_ms(), wait = WAIT_MAX_MS;
	const int64_t waits[] = {dm->wake - now,
				 dm->next_stats - now,
				 dm->lifeline.next - now,
				 dm->notify.next - now,
				 dm_is_up(dm) ? dm_logbus_wait(&dm->logbus, now) : INT64_MAX,
				 dm->leaving ? dm_link_wait(dm->leaving) : INT64_MAX,
				 dm_link_wait(dm->link)};

	for (size_t i = 0; i < CC_ARRAY_SIZE(waits); i++) {
		if (waits[i] < wait)
			wait = waits[i];
	}
	return wait > 0 ? wait : 0;
}

static unsigned add_link(const struct dm_link *l, struct pollfd *fds)
{
	int link[DM_LINK_FDS];

	if (!l)
		return 0;
	dm_link_fds(l, link);
	for (unsigned i = 0; i < DM_LINK_FDS; i++)
		fds[i] = (struct pollfd){.fd = link[i], .events = POLLIN};
	return DM_LINK_FDS;
}

unsigned dm_fds(struct dm *dm, struct pollfd fds[DM_FDS_MAX])
{
	unsigned n = 0;

	fds[n++] = (struct pollfd){.fd = dm->signals, .events = POLLIN};
	/* its end stays readable, and is known */
	fds[n++] = (struct pollfd){.fd = dm->orphan ? -1 : dm->lifeline.fd, .events = POLLIN};
	n += add_link(dm->link, fds + n);
	return n + add_link(dm->leaving, fds + n);
}

/* What the link needs no word for: it is looked at in each turn. */
static void look_at_fds(struct dm *dm, const struct pollfd *fds, unsigned n)
{
	bool signals = !fds, lifeline = !fds;

	for (unsigned i = 0; i < n && fds; i++) {
		signals |= fds[i].fd == dm->signals && fds[i].revents;
		lifeline |= fds[i].fd == dm->lifeline.fd && fds[i].revents;
	}
	if (signals)
		take_signals(dm);
	if (lifeline)
		look_at_parent(dm);
}

static void turn_link(struct dm *dm)
{
	bool was_up = dm_link_is_up(dm->link);
	int r = dm_link_turn(dm->link);

	if (was_up && (r || !dm_link_is_up(dm->link)) && dm->daemon->on_down)
		dm->daemon->on_down(dm->bound->state, dm);
	if (r < 0) {
		cc_error("the link to the server is broken: %s", cc_err_text(r));
		dm->broken = true;
		dm_quit(dm, DM_EXIT_RUNTIME);
	} else if (r > 0 && dm->daemon->on_up) {
		dm->daemon->on_up(dm->bound->state, dm);
	}
}

/* The link of before a reload, until what was asked over it has its outcome. */
static void turn_leaving(struct dm *dm)
{
	if (dm->leaving &&
	    (dm_link_turn(dm->leaving) < 0 || dm_link_open_requests(dm->leaving) == 0)) {
		dm_stats_collect(dm);
		dm_link_freep(&dm->leaving);
	}
}

/* A stop that was asked for before ends nothing here: what drains still needs the link. */
bool dm_turn(struct dm *dm, const struct pollfd *fds, unsigned n)
{
	bool was_stopping = dm->stopping;

	look_at_fds(dm, fds, n);
	if (dm->stopping == was_stopping && !dm->broken)
		turn_link(dm);
	if (dm->stopping == was_stopping)
		turn_leaving(dm);
	if (dm->stopping == was_stopping)
		run_timers(dm);
	dm_log_flush(dm);
	return !dm->stopping;
}

static void wake_watched(struct dm *dm, const struct pollfd *fds, unsigned n)
{
	for (unsigned i = 0; i < n && !dm->stopping; i++) {
		/* one of them may have ended another */
		if (fds[i].revents && is_watched(dm, fds[i].fd))
			dm->daemon->on_wake(dm->bound->state, dm, fds[i].fd);
	}
}

void dm_loop(struct dm *dm)
{
	struct pollfd fds[DM_FDS_MAX + DM_WATCH_MAX];

	do {
		unsigned own = dm_fds(dm, fds), n = dm->n_watched;

		for (unsigned i = 0; i < n; i++)
			fds[own + i] = (struct pollfd){.fd = dm->watched[i], .events = POLLIN};
		if (poll(fds, own + n, (int)dm_wait(dm)) > 0)
			wake_watched(dm, fds + own, n);
		if (!dm_turn(dm, fds, own))
			break;
	} while (!dm->stopping);
}
