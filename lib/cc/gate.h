/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * The gate: the one function that every receiver of CC messages (server, daemon, client) puts
 * between the socket and its own code. In this order: shape, signature and signer, envelope, realm,
 * time window, blob, request or answer fields, replay, policy, caller (architecture section 3).
 *
 * The order of the original's reader (spec cc-bus A7) is kept where it can be seen from outside.
 */
#include <jansson.h>

#include "lib/cc/cms.h"
#include "lib/cc/codes.h"
#include "lib/cc/msg.h"
#include "lib/cc/policy.h"
#include "lib/cc/replay.h"

/**
 * Outcomes. CC_GATE_PASS is the only one that lets a message through; each other is counted under
 * its own name.
 */
enum cc_verdict {
	CC_GATE_PASS = 0,
	CC_GATE_SHAPE = 1,     /* + fault: cc_msg_fault */
	CC_GATE_ENCRYPTED,     /* "ENC1" but we cannot decrypt */
	CC_GATE_CLEAR,	       /* we expect "ENC1" */
	CC_GATE_UNSIGNED,      /* we verify, but there is no signature */
	CC_GATE_CMS,	       /* + fault: cc_cms_fault */
	CC_GATE_JSON,	       /* + fault: cc_json_fault */
	CC_GATE_HIJACKED,      /* req is not the type frame */
	CC_GATE_FIELD,	       /* a required key is missing or of the wrong kind */
	CC_GATE_STALE,	       /* outside the time window */
	CC_GATE_BLOB_ALG,      /* blob_hash of an unknown kind */
	CC_GATE_BLOB_HASH,     /* blob does not have its hash */
	CC_GATE_BLOB_UNHASHED, /* blob present, blob_hash missing or empty */
	CC_GATE_BLOB_MISSING,  /* blob_hash present, no blob */
	CC_GATE_NO_ID, /* a signed message of ours must carry an id; only compat prefixes may omit it */
	CC_GATE_ANSWER,	 /* an answer whose re is not the request's id */
	CC_GATE_EXPIRED, /* its deadline passed before it was looked at */
	CC_GATE_REALM,	 /* `to` is not our realm, or missing */
	CC_GATE_REPLAY,	 /* taken before */
	CC_GATE_FULL,	 /* this signer has no more room for ids within the window */
	CC_GATE_POLICY,	 /* no line, or one that does not name the signer */
	CC_GATE_SERVER,	 /* an answer by somebody who is no server for this type */
	CC_GATE_LOCAL, /* admin.* that is neither allowed by policy nor our own user's through ipc */
	CC_GATE_CALLER, /* + fault: cc_caller_verdict */
	CC_GATE_ERROR,	/* our own failure (memory, OpenSSL): undecided, so refused */
	CC_GATE_VERDICTS
};

struct cc_gate_conf {
	int64_t window_back_ms; /* 0: no time window at all */
	int64_t window_ahead_ms;
	bool compat; /* cms-compat = hots-cc */
	unsigned signer_cache;
	/* NULL: nobody is asked (readers of vectors, tests); asked only where signatures are verified */
	const struct cc_policy *policy;
	struct cc_replay *replay;	/* borrowed; NULL: nothing is remembered */
	struct cc_strangers *strangers; /* borrowed; NULL: no bound for unknown signers */
	const char *realm; /* cc-realm: what `to` must say; NULL or "": messages for nobody */
};

/** What cc_gate_check is asked for; NULL stands for a message that came to us. */
struct cc_gate_call {
	const char *re;	       /* an answer: the id that it must name */
	struct cc_bytes asked; /* an answer: type of the request, which decides who may answer */
	bool observe;	       /* somebody watches: nothing is remembered */
};

/** What the gate found; owned by the caller, cc_gate_result_deinit frees. Zero it first. */
struct cc_gate_result {
	enum cc_verdict verdict;
	int fault;    /* detail of SHAPE, CMS, JSON */
	json_t *json; /* the body; set when parsed, also for STALE (to be answered) */
	const struct cc_signer *signer; /* NULL: nobody verified */
	const char *id;			/* borrowed from json; NULL: none */
	const char *op;			/* id of the operation, the same in a retry; NULL: none */
	const json_t *caller;		/* borrowed; whom a front door speaks for; NULL: nobody */
	char caller_urn[CC_SIGNER_NAME_MAX + 1]; /* "": it has none */
	bool local;	     /* unsigned, but by our own user through an ipc socket */
	int64_t deadline_ms; /* duration asked for; 0: none */
	double sent;	     /* time of the body, seconds */
	char why[160];	     /* the reason in words, for log and `ccfed bus vectors` */
};
void cc_gate_result_deinit(struct cc_gate_result *r);

struct cc_gate; /* opaque, one thread */

int cc_gate_new(struct cc_gate **out, const struct cc_keystore *ks,
		const struct cc_gate_conf *conf);
void cc_gate_free(struct cc_gate *g);
void cc_gate_freep(struct cc_gate **g);
struct cc_cms *cc_gate_cms(struct cc_gate *g);

/**
 * Judges a message. call: NULL for a request or publication. An answer that does not carry `re` is
 * refused unless compat. `now_wall` seconds, `now_ms` monotonic. The result is filled in every case.
 * @return the verdict (also in out).
 */
enum cc_verdict cc_gate_check(struct cc_gate *g, struct cc_msg *m, const struct cc_gate_call *call,
			      double now_wall, int64_t now_ms, struct cc_gate_result *out);
/**
 * The gate's step `policy`: whether a signer may send messages of type (answer: answer requests of
 * it). Without a policy everybody may; without the section, under compat, every signer of the CA what
 * old peers send. *line: as cc_policy_allows.
 */
bool cc_gate_allows(const struct cc_gate_conf *conf, bool answer, struct cc_bytes type,
		    const struct cc_signer *signer, const struct cc_policy_line **line);
/** What a refused request is told; CC_CODE_COUNT: nothing. */
enum cc_code cc_gate_code(enum cc_verdict verdict);
/** The clock that a client told `stale` must date its messages by, seconds. */
double cc_gate_time(struct cc_gate *g, double now_wall);

/**
 * Counter name of an outcome, "cms.chain", "shape.too-big", "stale"; never NULL. Distinct for each
 * (verdict, fault).
 */
const char *cc_gate_counter(enum cc_verdict verdict, int fault);
/**
 * Bound of the counters' indices, and the index of one, so that a server keeps them in an array; an
 * unused index has no name (NULL).
 */
#define CC_GATE_COUNTERS 96
unsigned cc_gate_counter_index(enum cc_verdict verdict, int fault);
const char *cc_gate_counter_at(unsigned index);

/**
 * Whether old peers' habits (no id, SHA-1, no `re`) are acceptable for a type: echo, log, job, db,
 * pub, task, and their replies.
 */
bool cc_compat_type(struct cc_bytes type);

/**
 * Makes the frames after the route: "", type, body, sig, [blob]. Fills the envelope of body (and `to`,
 * where it is no answer and we have a realm), signs and encrypts as the keystore says. blob.data NULL: no blob frame. @return 0, -CC_ENOMEM,
 * -CC_ELIMIT, -CC_ECRYPTO, -CC_EINVAL (bad type).
 */
int cc_gate_seal(struct cc_gate *g, struct cc_msg *m, const char *type, json_t *body,
		 struct cc_bytes blob);
/** Seconds added to the clock when messages are dated: how far the server's differs. */
void cc_gate_set_offset(struct cc_gate *g, double seconds);
