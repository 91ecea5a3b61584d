/* SPDX-License-Identifier: ISC */
#include "handlers/aggregate/states.h"

#include <stddef.h>
#include <string.h>

#include "lib/base/util.h"

static const struct agg_action actions[] = {
	{"geni_start", {AGG_NOTREADY}, AGG_CONFIGURING, "start", false},
	{"geni_restart", {AGG_READY}, AGG_CONFIGURING, "restart", false},
	{"geni_stop", {AGG_READY}, AGG_STOPPING, "stop", false},
	{"geni_update_users", {AGG_NOTREADY, AGG_READY}, NULL, "users", true},
};

static const struct {
	const char *command, *after;
} ends[] = {
	{"provision", AGG_NOTREADY},
	{"start", AGG_READY},
	{"restart", AGG_READY},
	{"stop", AGG_NOTREADY},
};

const struct agg_action *agg_action_find(const char *name)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(actions); i++)
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	return NULL;
}

bool agg_action_fits(const struct agg_action *a, const char *state)
{
	for (size_t i = 0; a->from[i]; i++)
		if (strcmp(a->from[i], state) == 0)
			return true;
	return false;
}

const char *agg_state_after(const char *command, bool done)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(ends); i++)
		if (strcmp(ends[i].command, command) == 0)
			return done ? ends[i].after : AGG_FAILED;
	return NULL;
}
