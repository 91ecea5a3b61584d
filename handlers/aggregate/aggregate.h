/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The inside of the aggregate: its state, one call, and what the files of this folder offer each other.
 * One message is one struct agg_call; call.c takes it from arguments to answer, ops.c says which
 * operation needs what, and each operation stands in a file of its kind.
 *
 * What is promised is in the store; nodes and where there is room are in memory (place.h), which plans, and
 * conditional updates decide. What nodes must do is written beside what was promised (outbox.h).
 *
 * To add an operation: its function in a file of its kind, a row in ops.c, a row in
 * docs/handlers/aggregate.md.
 */
#include "lib/authz/authz.h"
#include "lib/handler/handler.h"
#include "lib/store/store.h"
#include "lib/trust/name.h"

#define AGG_DAY 86400
#define AGG_WRITE_MAX (9u << 20) /* octets of body and signature of what writes */
#define AGG_URNS_MAX 10000

/* geni_code (spec geni-am 2; which one for what: docs/aggregate.md). 0 is success. */
enum agg_code {
	AGG_BADARGS = 1,
	AGG_ERROR = 2,
	AGG_FORBIDDEN = 3,
	AGG_BADVERSION = 4,
	AGG_SERVERERROR = 5,
	AGG_TOOBIG = 6,
	AGG_REFUSED = 7,
	AGG_TIMEDOUT = 8,
	AGG_DBERROR = 9,
	AGG_SEARCHFAILED = 12,
	AGG_UNSUPPORTED = 13,
	AGG_BUSY = 14,
	AGG_ALREADYEXISTS = 17,
	AGG_OUTOFRANGE = 19,
	AGG_NODES = 26, /* not enough of them free */
};

enum { AGG_COUNT_OPERATIONS, AGG_COUNT_REFUSED, AGG_COUNT_REPEATED };
enum { AGG_PACK, AGG_SPREAD };

struct agg_types;  /* types.h */
struct agg_nodes;  /* nodes.h */
struct agg_worker; /* worker.h */
struct agg_text;   /* nodes.h */

struct aggregate {
	char *urn, *url, *store, *own, *roots, *terms_url, *terms_version, *dummy_failure;
	struct cf_list crls;
	int64_t store_readers, deadline; /* deadline: ms */
	int64_t allocate_minutes, allocate_most, lease_days, terms_days, node_slots, dummy_delay;
	int place;
	bool audit_reads;
	char authority[TR_NAME_MAX + 1]; /* of urn */
	struct az_trust *trust;
	struct st_store *db; /* NULL: get_version only */
	struct agg_types *types;
	struct agg_nodes *nodes;
	struct agg_worker *worker;
};

struct agg_op;

struct agg_call {
	struct aggregate *agg;
	struct cc_host *host;
	struct cc_in *in;
	const struct agg_op *op;
	json_t *args; /* the body; borrowed */
	int64_t now;  /* seconds since 1970 */
	int64_t deadline;
	struct tr_verifier *verifier;
	struct az_caller caller;
	struct tr_grant *grant;		 /* the credential that allowed it */
	char slice_urn[TR_NAME_MAX + 1]; /* "": of none */
	char slice[TR_NAME_MAX + 1];	 /* the same as the store compares */
	json_t *value;			 /* the answer; owned */
	struct cc_buf blob;   /* a text that goes beside the answer, as member blob_key */
	const char *blob_key; /* static; NULL: none */
	const char *shared;   /* instead of blob: of text */
	size_t shared_len;
	struct agg_text *text; /* an advertisement; a reference */
	json_t *hint;	       /* `value` of a refusal; owned */
	bool repeated;
	int rule; /* of trust, that refused; 0: none */
	struct cc_note why;
};

/** Notes why and returns code: how an operation refuses. */
int agg_refuse(struct agg_call *c, enum agg_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Whether a build with -Drule_switch=true was told by CCFED_RULE_OFF to break a rule of the aggregate, so that a
 * test can show that it notices: am-slots, am-lease, am-target, am-state, am-give.
 */
#ifdef CC_RULE_SWITCH
bool agg_is_broken(const char *rule);
#else
#define agg_is_broken(rule) false
#endif

/* ---- identity (identity.c, version.c) ---- */

/** Checks URN and URL, and warns of what clients would stumble over. @return 0, -CC_EINVAL with why. */
int agg_check_identity(const struct aggregate *agg, struct cc_note *why);
/** The value of get_version. NULL: no memory. */
json_t *agg_version(const struct aggregate *agg);

/* ---- arguments (args.c): each returns 0, a code, negative error ---- */

/** `urn`, which must be a slice's: sets c->slice. */
int agg_arg_slice(struct agg_call *c);
/** `urns`: one slice (c->slice is set, *slivers NULL), or slivers (*slivers: a new array of texts, none twice). */
int agg_arg_urns(struct agg_call *c, json_t **slivers);
/** A member of `options`; NULL: it is not there. Borrowed. */
const json_t *agg_option(const struct agg_call *c, const char *name);
int agg_option_flag(struct agg_call *c, const char *name, bool *out);
/** A time; *out 0: not given. */
int agg_option_time(struct agg_call *c, const char *name, int64_t *out);
/** geni_rspec_version must be there and be one that we write. */
int agg_option_rspec(struct agg_call *c);
/**
 * geni_users as the store keeps them: a new array of {urn, login, keys}; empty when it is not there and
 * not needed.
 */
int agg_option_users(struct agg_call *c, bool needed, json_t **out);
int agg_arg_text(struct agg_call *c, const char *name, const char **out, size_t *len);
/** Slice URNs as the store compares them. */
void agg_slice_key(const char *urn, char out[TR_NAME_MAX + 1]);

/* ---- who may (allow.c) ---- */

/** Reads and judges the caller, and for whom he speaks. @return 0, a code, negative error. */
int agg_caller_read(struct agg_call *c);
/**
 * One of the credentials is the caller's and covers c->op's operations; on c->slice, when that is set. c->grant
 * is it. @return as above.
 */
int agg_allow(struct agg_call *c);
/** Who calls, for logs: the real one, and for whom. Borrowed from c. */
const char *agg_caller_label(const struct agg_call *c);
const char *agg_caller_user(const struct agg_call *c);

/* ---- the store (store.c) ---- */

/** Reads. run as st_run_fn, codes allowed. @return 0, what run returned, a code. */
int agg_read(struct agg_call *c, st_run_fn *run, void *arg);
/**
 * Writes what run does, with c->value as what a repetition is told, and a line of audit. When the op was done before,
 * c->value is what was told then, and c->repeated. @return as above.
 */
int agg_write(struct agg_call *c, st_run_fn *run, void *arg);
/** Whether the op was done before; c->value and c->repeated are set then. @return as above. */
int agg_seek_op(struct agg_call *c);
/** A negative error of the store as a code, with c->why. */
int agg_store_code(struct agg_call *c, int r);
/** A line of the audit; whole: with the message. @return 0, -CC_ENOMEM, -CC_ELIMIT. */
int agg_audit_line(struct agg_call *c, int outcome, bool whole, struct cc_buf *out);

/* ---- operations (a file each kind) ---- */

struct agg_op {
	const char *name; /* behind "am." */
	const char *ops;  /* rights of the credential: any of them is enough */
	bool writes;
	bool operator_; /* of whom the policy lets in, by a certificate of the bus; no credential */
	int (*run)(struct agg_call *c);
	/* The rest of the answer when the op was done before, beside c->value; NULL: that is all. */
	int (*again)(struct agg_call *c);
};
const struct agg_op *agg_op_find(struct cc_bytes name);

int agg_list_resources(struct agg_call *c);
int agg_describe(struct agg_call *c);
int agg_status(struct agg_call *c);
int agg_allocate(struct agg_call *c);
int agg_provision(struct agg_call *c);
int agg_manifest_again(struct agg_call *c);
int agg_renew(struct agg_call *c);
int agg_action(struct agg_call *c);
int agg_delete(struct agg_call *c);
int agg_shutdown(struct agg_call *c);
int agg_release(struct agg_call *c);
int agg_terms_accept(struct agg_call *c);
int agg_terms_show(struct agg_call *c);
int agg_terms_revoke(struct agg_call *c);
/** Allocate only: the real caller has accepted the terms. @return 0, AGG_REFUSED, a code. */
int agg_terms_check(struct agg_call *c);

/** Serves one request. @return as cc_handler.handle. */
int agg_serve(struct aggregate *agg, struct cc_host *host, struct cc_in *in);
