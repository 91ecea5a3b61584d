/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What a server is told from outside, as one immutable, reference counted object: configuration,
 * policy, roots, CRLs and keys. A message is judged by the one it was received under; a reload makes
 * a new one or changes nothing.
 */
#include "ccserver/options.h"
#include "ccserver/zap.h"
#include "lib/cc/gate.h"
#include "lib/cc/strangers.h"

struct srv_snapshot {
	unsigned refs;
	uint64_t number; /* 1 at the start, then one more with each reload */
	struct srv_conf conf;
	struct cf_ini *ini;
	struct cc_keystore *ks;
	struct cc_policy *policy;
	struct srv_zap_rules *zap; /* who may connect */
};

/** Reads everything from the files. @return 0 or a negative error with why. */
int srv_snapshot_load(const char *path, const char *const *overrides, size_t n,
		      struct srv_snapshot **out, struct cc_note *why);
/** Another reference; from any thread. */
struct srv_snapshot *srv_snapshot_ref(struct srv_snapshot *s);
/** Gives a reference back; NULL is nothing. */
void srv_snapshot_unref(struct srv_snapshot *s);
void srv_snapshot_unrefp(struct srv_snapshot **s);
/**
 * Whether a running server can go from one to the other: sockets,
 * threads and the like were made by the first and stay. @return 0, -CC_EINVAL with why.
 */
int srv_snapshot_check_change(const struct srv_snapshot *from, const struct srv_snapshot *to,
			      struct cc_note *why);
/** A gate that judges by it. replay, strangers: borrowed, NULL: none. @return as cc_gate_new. */
int srv_snapshot_gate(const struct srv_snapshot *s, struct cc_replay *replay,
		      struct cc_strangers *strangers, struct cc_gate **out);
