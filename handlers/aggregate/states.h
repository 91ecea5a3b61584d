/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The two state machines of a sliver (spec geni-am 3): allocation, which calls change, and operation, which
 * actions ask for and nodes report.
 *
 *   geni_allocated --provision--> geni_provisioned                      delete or expiry: gone
 *
 *   geni_pending_allocation --node--> geni_notready --geni_start--> geni_configuring --node--> geni_ready
 *   geni_ready --geni_restart--> geni_configuring     geni_ready --geni_stop--> geni_stopping --node-->
 *   geni_notready     whatever a node cannot do --> geni_failed
 */
#include <stdbool.h>

#define AGG_ALLOCATED "geni_allocated"
#define AGG_PROVISIONED "geni_provisioned"
#define AGG_UNALLOCATED "geni_unallocated"
#define AGG_PENDING "geni_pending_allocation"
#define AGG_NOTREADY "geni_notready"
#define AGG_CONFIGURING "geni_configuring"
#define AGG_READY "geni_ready"
#define AGG_STOPPING "geni_stopping"
#define AGG_FAILED "geni_failed"

/* What an action asks of a sliver. */
struct agg_action {
	const char *name;    /* "geni_start" */
	const char *from[3]; /* states in which it may be asked for; NULL-ended */
	const char *to;	     /* the state until the node has done it; NULL: as it is */
	const char *command; /* for the node */
	bool users;	     /* geni_users are wanted with it */
};
/** NULL: there is no such action. */
const struct agg_action *agg_action_find(const char *name);
/** Whether it may be asked for in this state. */
bool agg_action_fits(const struct agg_action *a, const char *state);
/** The state when a node has done a command, or could not. NULL: as it is. */
const char *agg_state_after(const char *command, bool done);
