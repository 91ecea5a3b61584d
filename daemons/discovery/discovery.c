/* SPDX-License-Identifier: ISC */
/* cc-discovery: says on the bus what its machine is made of (docs/daemons/discovery.md). */
#include "daemons/discovery/discovery.h"

#include <stdio.h>
#include <string.h>

#include "daemons/discovery/inventory.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

enum { CHANGES };
static const char *const counters[] = {"changes", NULL};

struct discovery {
	char *root;
	int64_t period, check_period; /* ms */
	char hash[INV_HASH];	      /* of what was published; "": nothing yet */
	int64_t due;		      /* monotonic ms: to be published even if nothing changed */
};

static const struct cf_opt options[] = {
	{.name = "period",
	 .type = CF_MSEC,
	 .offset = offsetof(struct discovery, period),
	 .def = "300",
	 .min = 1000,
	 .max = 86400000,
	 .reload = true,
	 .help = "seconds between messages when nothing changes"},
	{.name = "check-period",
	 .type = CF_MSEC,
	 .offset = offsetof(struct discovery, check_period),
	 .def = "10",
	 .min = 1000,
	 .max = 86400000,
	 .reload = true,
	 .help = "seconds between looks at the machine"},
	{.name = "root",
	 .type = CF_FILE,
	 .offset = offsetof(struct discovery, root),
	 .def = "",
	 .reload = true,
	 .help = "folder that stands for /, for tests; empty: this machine"},
	{0},
};

/* What a message says, but for the envelope. changed is left out of what is printed. */
static json_t *describe(const char *root, char hash[INV_HASH])
{
	json_t *inventory = inv_collect(root), *body = NULL;

	if (inventory && inv_hash(inventory, hash) == 0)
		body = json_pack("{s:O, s:s, s:o}", "inventory", inventory, "hash", hash, "load",
				 inv_load(root));
	json_decref(inventory);
	return body;
}

static void look(struct discovery *d, struct dm *dm, int64_t now)
{
	struct cc_bytes none = {NULL, 0};
	char hash[INV_HASH] = "";
	json_t *body = describe(d->root, hash);
	bool changed = body && strcmp(hash, d->hash) != 0;

	if (body && (changed || now >= d->due)) {
		json_object_set_new(body, "changed", json_boolean(changed));
		/* what is not taken now is published by the next look */
		if (dm_publish(dm, "pub.inventory", body, none) == 0) {
			dm_count(dm, CHANGES, changed);
			memcpy(d->hash, hash, sizeof(d->hash));
			d->due = now + d->period;
		}
	}
	json_decref(body);
}

static void discovery_tick(void *state, struct dm *dm, int64_t now)
{
	const struct discovery *d = state;
	int64_t next = now + d->check_period;

	if (!dm_is_up(dm))
		return; /* nobody to tell: discovery_up goes on */
	look(state, dm, now);
	dm_wake_at(dm, d->due > now && d->due < next ? d->due : next);
}

/* A server that has just come may not know of us; a reload may have changed everything. */
static void discovery_up(void *state, struct dm *dm)
{
	struct discovery *d = state;

	d->due = cc_clock_ms();
	dm_wake_at(dm, d->due);
}

static int discovery_print(const void *state)
{
	const struct discovery *d = state;
	char hash[INV_HASH];
	json_t *body = describe(d->root, hash);
	int r = body ? json_dumpf(body, stdout,
				  JSON_INDENT(2) | JSON_SORT_KEYS | JSON_REAL_PRECISION(9))
		     : -1;

	json_decref(body);
	return r == 0 && putchar('\n') != EOF && fflush(stdout) == 0 ? 0 : 1;
}

static const struct dm_switch switches[] = {
	{.name = "print",
	 .help = "print what would be published, and exit",
	 .run = discovery_print},
	{.name = "root",
	 .arg = "DIR",
	 .option = "root",
	 .help = "option root, with --print: DIR stands for /"},
	{0},
};

const struct dm_daemon discovery_daemon = {
	.name = "discovery",
	.help = "publishes what this machine is made of",
	.state_size = sizeof(struct discovery),
	.options = options,
	.counters = counters,
	.switches = switches,
	.on_up = discovery_up,
	.tick = discovery_tick,
};
