/* SPDX-License-Identifier: ISC */
#include "ccserver/sleeper.h"

#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/base/err.h"
#include "lib/base/util.h"

int srv_sleeper_init(struct srv_sleeper *s)
{
	s->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	atomic_init(&s->asleep, false);
	return s->fd < 0 ? cc_raise(CC_ESYS) : 0;
}

void srv_sleeper_deinit(struct srv_sleeper *s)
{
	cc_closep(&s->fd);
}

void srv_sleeper_announce(struct srv_sleeper *s)
{
	atomic_store(&s->asleep, true);
}

/* Always reads: a waker that was held up between its look and its write may have written long after. */
void srv_sleeper_awake(struct srv_sleeper *s)
{
	uint64_t n;

	atomic_store(&s->asleep, false);
	if (read(s->fd, &n, sizeof(n)) < 0)
		return; /* nobody wrote */
}

void srv_sleeper_wait(struct srv_sleeper *s)
{
	struct pollfd p = {.fd = s->fd, .events = POLLIN};

	poll(&p, 1, -1);
}

void srv_sleeper_wake(struct srv_sleeper *s)
{
	uint64_t one = 1;

	if (atomic_load(&s->asleep) && atomic_exchange(&s->asleep, false) &&
	    write(s->fd, &one, sizeof(one)) < 0)
		return; /* the counter is at its maximum: readable all the same */
}
