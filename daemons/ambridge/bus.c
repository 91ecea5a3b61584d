/* SPDX-License-Identifier: ISC */
/* Whether the bus is there. */
#include "daemons/ambridge/ambridge.h"
#include "lib/base/clock.h"

/* A link that a reload has opened anew takes a moment; what is sent meanwhile waits in its queue. */
#define MOMENT_MS 2000

bool ab_bus_ready(struct ambridge *ab)
{
	int64_t now = cc_clock_ms();

	if (dm_is_connected(ab->dm))
		ab->connected = now;
	return ab->connected > 0 && now - ab->connected < MOMENT_MS;
}
