/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What every handler that judges its callers shares (architecture sections 3 and 5): the roots of
 * now with verifiers for as many threads as ask, who calls, whether one of his credentials allows
 * what he asks, and for whom he speaks. It knows no records, no operations and no faults of a
 * protocol: what refuses is an outcome and a report of it, which the handler tells in its own words.
 *
 * One request, in this order: az_verifier_take, az_caller_read, [az_caller_judge,
 * [az_caller_speaks,] az_allow ...], az_caller_deinit, az_verifier_give.
 */
#include <jansson.h>

#include "lib/cc/gate.h"
#include "lib/conf/ini.h"
#include "lib/conf/opt.h"
#include "lib/trust/cred.h"
#include "lib/trust/speaksfor.h"

/* ---- roots and verifiers (trust.c) ---- */

struct az_trust; /* any thread */

/** Where everything is; texts are borrowed for the call. */
struct az_trust_conf {
	const char *roots;		/* the folder */
	const struct cf_list *crls;	/* paths; NULL: none */
	const struct cf_section *rules; /* [roots]; NULL: none */
	/* our own top authority, a root too: as PEM in a file, or by its HRN in a folder of authorities */
	const char *own;	       /* NULL or "": none, or in that folder */
	const char *authorities, *hrn; /* NULL: no such folder on this machine */
	size_t remembered;	       /* as az_remembered */
};
/** Reads the roots and forgets them: for a check. @return 0, negative error with why. */
int az_trust_check(const struct az_trust_conf *conf, struct cc_note *why);
/** @return as az_trust_check. */
int az_trust_new(const struct az_trust_conf *conf, struct az_trust **out, struct cc_note *why);
void az_trust_free(struct az_trust *t);
/** Takes fresh roots and CRLs; the old ones stay on failure. @return as az_trust_check. */
int az_trust_reload(struct az_trust *t, const struct az_trust_conf *conf, struct cc_note *why);
/** The roots of now; a reference. */
struct tr_roots *az_trust_roots(struct az_trust *t);
/**
 * What one verifier may remember of each kind, when each of the workers that [ccserver] of this
 * configuration starts has one: a bound of what all of them remember together.
 */
size_t az_remembered(const struct cf_ini *ini);

/** A verifier that knows the roots of now, for one request of one thread. @return 0, -CC_ENOMEM. */
int az_verifier_take(struct az_trust *t, struct tr_verifier **out);
void az_verifier_give(struct az_trust *t, struct tr_verifier *v);

/* ---- how a request is refused ---- */

enum az_outcome {
	AZ_CALLER_UNREADABLE = 1, /* his certificates are none */
	AZ_CALLER_NONE,		  /* he has none: first contact, or a certificate of the bus */
	AZ_CALLER_REFUSED,	  /* + rule: his chain is not good under our roots */
	AZ_SPEAKS_NONE,		  /* he says for whom he speaks, and shows no statement */
	AZ_SPEAKS_REFUSED,	  /* + rule: that statement is not good */
	AZ_NONE_GIVEN,		  /* no credential of a kind that is known */
	AZ_SHAPE,		  /* the argument is no list of credentials, or has too many */
	/* of one credential, in the order in which they are asked */
	AZ_UNREADABLE, /* + rule: no document of this kind */
	AZ_REFUSED,    /* + rule: forged, malformed, not allowed to be lent ... */
	AZ_UNTRUSTED,  /* + rule: whoever signed it is not trusted for this */
	AZ_EXPIRED,    /* + rule: it, or a certificate in it, is over */
	AZ_HOLDER,     /* + rule: of somebody else */
	AZ_RIGHTS,     /* + rule: does not allow the operation */
	AZ_TARGET,     /* + rule: not on what the operation is about */
	AZ_GONE,       /* + rule: who signed it, or lent it, is not in force any more */
	AZ_UNDECIDED,  /* a callback could not tell, and has kept why itself */
	AZ_OUTCOMES
};

/* Why; filled in whenever an outcome is returned, and only then. */
struct az_report {
	int rule; /* of trust; 0: none */
	struct cc_note why;
};

/** The geni_code of an outcome (spec geni-am 2): 1, 3, 5, 20 to 23. */
int az_geni_code(enum az_outcome outcome);

/* ---- who calls (caller.c, speaks.c) ---- */

struct az_caller {
	struct tr_gids chain; /* of whoever is at the other end of TLS or of the bus; leaf first */
	bool asserted;	      /* by a front door; else he signed himself */
	bool named;	      /* his chain was asked to be judged: logs may say his URN */
	struct tr_gid *user;  /* for whom he speaks; NULL: for himself */
	int64_t until;	      /* until when, seconds */
};
/**
 * Reads the caller's chain, which may be empty, out of what the gate found: whom a front door speaks
 * for, or the signer of class gid. Deinit also after a failure. @return 0, AZ_CALLER_UNREADABLE,
 * negative error.
 */
int az_caller_read(struct tr_verifier *v, const struct cc_gate_result *gate, struct az_caller *out,
		   struct az_report *report);
/** His chain must be there, and good at now. @return 0, AZ_CALLER_NONE, _REFUSED, negative error. */
int az_caller_judge(struct tr_verifier *v, struct az_caller *c, int64_t now,
		    struct az_report *report);
/**
 * Makes the caller the user for whom he speaks, when speaking_for (option geni_speaking_for) names
 * one and a geni_abac statement among the credentials is that user's and for the caller's key (spec
 * geni-am 7). Both chains are judged. Nothing for a speaking_for that is NULL or "". Never asked for
 * operations that change keys, GIDs or members. @return 0, AZ_SPEAKS_*, AZ_SHAPE, negative error.
 */
int az_caller_speaks(struct tr_verifier *v, struct az_caller *c, const json_t *credentials,
		     const char *speaking_for, int64_t now, struct az_report *report);
/**
 * Whose rights count: the user he speaks for, else himself; NULL: nobody. Whether he is in force still
 * (his record, his key) is for the handler to ask. Borrowed from c.
 */
const struct tr_gid *az_caller_acting(const struct az_caller *c);
/** Who is really there, speaking for whomever: terms are his, and the audit names both. Borrowed. */
const struct tr_gid *az_caller_real(const struct az_caller *c);
/**
 * The real caller, for logs: URN, else key; what nobody judged says no URN; without a certificate
 * the signer. Never NULL; borrowed from c and gate.
 */
const char *az_caller_label(const struct az_caller *c, const struct cc_gate_result *gate);
void az_caller_deinit(struct az_caller *c);

/* ---- whether he may (allow.c) ---- */

#define AZ_CREDENTIALS_MAX 16 /* in one request, of whatever type */

struct az_asked {
	struct tr_verifier *verifier;
	const struct tr_gid *holder; /* as az_caller_acting */
	int64_t now;		     /* seconds since 1970 */
	/*
	 * A text, or a list of texts and of {geni_type, geni_version, geni_value}; what is not of type
	 * geni_sfa is somebody else's affair. NULL: none
	 */
	const json_t *credentials;
	const char *ops; /* as tr_grant_covers */
	/** Whether it is on what is asked for; NULL: anything. @return 0, a rule with why. */
	int (*on)(void *arg, const struct tr_grant *g, struct cc_note *why);
	/**
	 * Whether a principal who signed or lent it is still in force; NULL: nobody is asked. @return 0,
	 * AZ_GONE, AZ_UNDECIDED, negative error.
	 */
	int (*current)(void *arg, const struct tr_gid *signer);
	void *arg;
};

/**
 * Finds one credential that is the holder's, covers ops and is on what is asked for. *out: a
 * reference. Of several that fail the one that came furthest is reported, the first of equals.
 * @return 0, an outcome from AZ_NONE_GIVEN on, negative error.
 */
int az_allow(const struct az_asked *asked, struct tr_grant **out, struct az_report *report);
