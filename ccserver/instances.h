/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Handler instances and how they change: a plan says which sections a configuration has, which of
 * them are served already and which are new, and by what routes. It is made and carried out, or
 * given up, by the routing thread; the start of a server is the plan with nothing before it.
 *
 * A section that is gone or replaced ends when its last message has ended.
 */
#include "ccserver/host.h"

struct srv_plan;

/**
 * Makes instances for all sections that the snapshot's [routes] name and binds their options; starts
 * nothing. @return 0 or a negative error with why; the plan is given up then.
 */
int srv_plan_new(struct srv_plan **out, struct server *s, struct srv_snapshot *snap,
		 struct cc_note *why);
/** Runs init of the new instances and starts their threads. @return 0 or a negative error with why. */
int srv_plan_init(struct srv_plan *p, struct cc_note *why);
/** Carries it out: the snapshot is in force. Cannot fail; frees the plan. */
void srv_plan_commit(struct srv_plan *p);
/** Gives it up: everything is as it was before. NULL is nothing. */
void srv_plan_drop(struct srv_plan *p);
/** The configuration of the plan. */
const struct cf_ini *srv_plan_ini(const struct srv_plan *p);
/** Resolves a section within the plan. @return its index or a negative error with why. */
int srv_plan_index(struct srv_plan *p, const char *section, struct cc_note *why);
/** The instance that is to serve a section; NULL: none yet. */
struct srv_instance *srv_plan_find(const struct srv_plan *p, const char *section);

/** Ends instances that nobody needs any more. */
void srv_instances_reap(struct server *s);
/** Runs fini of every instance and frees them all; their threads have ended. */
void srv_instances_close(struct server *s);
