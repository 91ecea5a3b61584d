/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The inside of the registry: its state, one call, and what the files of this folder offer each
 * other. One message is one struct reg_call; call.c takes it from arguments to answer, ops.c says
 * which operation needs what, and each operation stands in a file of its kind.
 *
 * To add an operation: its function in a file of its kind, a row in ops.c, a row in
 * docs/handlers/registry.md, cells in tests/data/rights.tsv.
 */
#include <pthread.h>

#include "handlers/registry/fault.h"
#include "lib/authz/authz.h"
#include "lib/handler/handler.h"
#include "lib/registry/rows.h"
#include "lib/trust/hierarchy.h"

#define REG_WRITE_MAX (2560u << 10) /* octets of body and signature of what writes */
#define REG_DAY 86400
#define REG_BACKDATE 300 /* a GID is good a little before it was made: clocks differ */

enum { REG_COUNT_OPERATIONS, REG_COUNT_REFUSED, REG_COUNT_REPEATED, REG_COUNT_INVENTORY };
enum { REG_CREATE_PI, REG_CREATE_USER };

struct reg_trust;  /* trust.h: roots, verifiers, signers */
struct reg_stores; /* stores.h: which store has the records of an authority */

struct registry {
	char *store, *authorities, *hrn, *roots, *node_ca;
	struct cf_list crls, aggregates;
	int64_t store_readers, gid_days, credential_days, slice_days, deadline; /* deadline: ms */
	int create_slice;
	bool audit_reads;
	struct rg_name top; /* of hrn */
	struct reg_trust *trust;
	struct reg_stores *stores;
};

struct reg_op;

struct reg_call {
	struct registry *reg;
	struct cc_host *host;
	struct cc_in *in;
	const struct reg_op *op;
	json_t *args; /* the body; borrowed */
	int64_t now;  /* seconds since 1970 */
	int64_t deadline;
	struct tr_verifier *verifier;
	struct az_caller caller;
	struct tr_grant *grant; /* the credential that allowed it */
	struct rg_name object;	/* whom it is about, for the audit; "" names: nobody */
	json_t *value;		/* the answer; owned */
	json_t *next;		/* of reg.list: where its next page begins; owned */
	bool repeated;		/* value is what the same op was told before */
	int rule;		/* of trust, that refused; 0: none */
	struct cc_note why;
};

/** Notes why, and returns fault: how an operation refuses. */
int reg_refuse(struct reg_call *c, enum reg_fault fault, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/** The same for a rule of trust, or a negative error of lib/trust. */
int reg_refuse_rule(struct reg_call *c, enum reg_fault fault, int r, const struct cc_note *why);

/* ---- arguments (args.c): each returns 0, a fault, negative error ---- */

/** A text; "" where it may be missing and is. */
int reg_arg_text(struct reg_call *c, const char *key, bool needed, const char **out);
/** The name of what it is about, under hrn, xrn or urn; becomes c->object. type: when neither says one. */
int reg_arg_name(struct reg_call *c, const char *type, struct rg_name *out);
/** Names under hrns, xrns, hrn...: a text or a list. */
int reg_arg_names(struct reg_call *c, json_t **list);
/** An object, NULL where it is missing. */
int reg_arg_options(struct reg_call *c, const json_t **out);
int reg_arg_flag(struct reg_call *c, const json_t *options, const char *key, bool *out);
/** One name of such a list, or of a record. @return as rg_name_read, as a fault. */
int reg_name(struct reg_call *c, const char *text, const char *type, struct rg_name *out);

/* ---- who may (caller.c, allow.c) ---- */

enum reg_reach {
	REG_ANYWHERE = 1,
	REG_SELF,	   /* the credential is on the object */
	REG_SELF_OR_ABOVE, /* or on an authority above it */
	REG_ABOVE,	   /* an authority above it only */
};

/** Reads the caller's chain; judge: it must be good under our roots. @return 0, a fault, negative. */
int reg_caller_read(struct reg_call *c, bool judge);
/**
 * A principal of ours is in force as long as his record is, with this key: who was removed, or whose
 * key was changed, holds a GID that did not end with it. @return 0, a fault, negative.
 */
int reg_check_current(struct reg_call *c, const struct tr_gid *gid);
/** Who calls, for logs and audit: URN, else key; what nobody judged says no URN. Borrowed from c. */
const char *reg_caller_label(const struct reg_call *c);
/**
 * One of the credentials is the caller's, covers ops (as tr_grant_covers) and reaches the object;
 * c->grant is it. object may be NULL with REG_ANYWHERE. @return 0, a fault, negative error.
 */
int reg_allow(struct reg_call *c, const char *ops, enum reg_reach reach,
	      const struct rg_name *object);
/** The credential's target is this record itself, not an authority above it. */
bool reg_grant_is_on(const struct tr_grant *g, const struct rg_name *object);
/**
 * It is on this user or node, and was handed to somebody else: he may do much in that name, but not
 * put his own key under it (spec sfa 11).
 */
bool reg_grant_is_lent(const struct tr_grant *g, const struct rg_name *object);
/** The caller's own record: a user whose GID has his key. @return 0, a fault, negative error. */
int reg_caller_user(struct reg_call *c, struct rg_record *out);

/* ---- the store (store.c) ---- */

/**
 * The authority in whose store a record is: of an authority it is its own, as of what is below it.
 * What changes a record, and the op of that, belong there. Borrowed from name.
 */
const char *reg_home(const struct rg_name *name);
/** Whether two authorities have one store: one transaction sees both. @return 0, a fault. */
int reg_one_store(struct reg_call *c, const char *a, const char *b, bool *one);
/** Reads within the store of an authority (the store's form). run as st_run_fn, faults allowed. */
int reg_read(struct reg_call *c, const char *authority, st_run_fn *run, void *arg);
/**
 * Writes what run does, with c->value as what a repetition is told, and a line of audit. When the op
 * was done before, c->value is what was told then. @return 0, what run returned, a fault.
 */
int reg_write(struct reg_call *c, const char *authority, st_run_fn *run, void *arg);
/** Writes beside the operation: nothing is kept for its op, nothing of it in the audit. @return as above. */
int reg_keep(struct reg_call *c, const char *authority, st_run_fn *run, void *arg);
/** Whether the op was done before; c->value and c->repeated are set then. @return 0, a fault. */
int reg_seek_op(struct reg_call *c, const char *authority);
/** A negative error of the store as a fault. */
int reg_store_fault(struct reg_call *c, int r);
/** Reads one record. @return 0, REG_NO_RECORD, a fault. Deinit out also after a failure. */
int reg_find(struct reg_call *c, const struct rg_name *name, enum rg_depth depth,
	     struct rg_record *out);

/* ---- making (make.c) ---- */

/** When a GID that is made now ends. */
int64_t reg_gid_end(const struct reg_call *c);
/**
 * Makes the GID of a record and sets its gid, uuid, key_hash. key: text of a public key, certificate
 * or CSR; NULL: a throw-away key, as slices and nodes have (spec sfa 7). @return 0, a fault, negative.
 */
int reg_make_gid(struct reg_call *c, struct rg_record *r, const char *key);
/**
 * Makes the key and the GID of an authority, in the folder where those that sign are; sets gid, uuid,
 * key_hash. @return as above.
 */
int reg_make_authority(struct reg_call *c, struct rg_record *r);
/** Sees to it that a record has its GID, which imported ones get at first use. @return as above. */
int reg_need_gid(struct reg_call *c, struct rg_record *r);
/**
 * A credential on a record with these rights (comma separated, all may be delegated), for an owner.
 * c->value is its text. @return 0, a fault, negative error.
 */
int reg_make_credential(struct reg_call *c, const struct tr_gids *owner, const struct rg_record *on,
			const char *rights);
/** The chain of a record's GID. Deinit also after a failure. @return 0, a fault, negative error. */
int reg_gids_of(struct reg_call *c, const struct rg_record *r, struct tr_gids *out);

/* ---- rights by relation (relation.c) ---- */

/**
 * The caller's record as this store has it, by name and key: a number is a store's own, and what is
 * somebody's in one is somebody else's in another. @return 0, -CC_ENOTFOUND, as st_query. Deinit out
 * also after a failure.
 */
int reg_user_here(struct st_tx *tx, const struct rg_record *user, struct rg_record *out);
/**
 * What a caller who is this user may be given on a record, as spec sfa 3 has it: a list of rights, ""
 * for none. Within a read. @return 0, as st_query.
 */
int reg_rights_of(struct st_tx *tx, const struct rg_record *user, const struct rg_record *on,
		  char rights[64]);

/* ---- operations ---- */

struct reg_op {
	const char *name; /* behind "reg." */
	bool open;	  /* the caller's chain is not judged: first contact */
	bool writes;
	bool secret; /* its body holds one: the audit has its hash only */
	int (*run)(struct reg_call *c);
};
const struct reg_op *reg_op_find(struct cc_bytes name);

int reg_get_version(struct reg_call *c);
int reg_get_trusted_certs(struct reg_call *c);
int reg_list_aggregates(struct reg_call *c);
int reg_get_self_credential(struct reg_call *c);
int reg_get_credential(struct reg_call *c);
int reg_register(struct reg_call *c);
int reg_update(struct reg_call *c);
int reg_remove(struct reg_call *c);
int reg_resolve(struct reg_call *c);
int reg_list(struct reg_call *c);
int reg_get_gids(struct reg_call *c);
int reg_create_gid(struct reg_call *c);
int reg_get_ticket(struct reg_call *c);
int reg_create_slice(struct reg_call *c);
int reg_renew_slice(struct reg_call *c);
int reg_delete_slice(struct reg_call *c);
int reg_create_user_credential(struct reg_call *c);
int reg_list_my_slices(struct reg_call *c);
int reg_node_token(struct reg_call *c);
int reg_join(struct reg_call *c);

/** Takes pub.inventory of a node. @return 0, CC_DROPPED, negative error. */
int reg_inventory(struct registry *reg, struct cc_host *host, struct cc_in *in);
