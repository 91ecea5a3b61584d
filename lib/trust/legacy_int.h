/* SPDX-License-Identifier: ISC */
#pragma once
/* What reading and judging the formats of 2008 and 2011 share. */
#include "lib/trust/chain.h"
#include "lib/trust/legacy.h"

/**
 * Reads the data of one certificate of a chain; its own chain stays empty. Caller frees
 * (tr_legacy_free). @return as tr_legacy_read.
 */
int tr_legacy_read_one(struct tr_certs *certs, const struct tr_gid *cert, struct tr_legacy **out,
		       struct cc_note *why);

/* A certificate of a document, and what it says. */
struct tr_legacy_level {
	const struct tr_gid *cert;
	const struct tr_legacy *data;
	struct tr_legacy *own;		   /* data, when it was read for the judging */
	const struct tr_root *object_root; /* of the GID of its object */
};

static inline const char *tr_legacy_label(const struct tr_legacy_level *l)
{
	return tr_gid_label(l->cert);
}

/* Only when they are there. */
static inline struct tr_gid *tr_legacy_owner(const struct tr_legacy_level *l)
{
	return l->data->caller.items[0];
}

static inline struct tr_gid *tr_legacy_object(const struct tr_legacy_level *l)
{
	return l->data->object.items[0];
}

static inline bool tr_legacy_names_issuer(const struct tr_gid *cert, const struct tr_gid *issuer)
{
	return X509_NAME_cmp(X509_get_issuer_name(cert->cert),
			     X509_get_subject_name(issuer->cert)) == 0;
}

/** One HRN, type and key. */
bool tr_legacy_same_gid(const struct tr_gid *a, const struct tr_gid *b);
/**
 * The child may be what the owner of its parent made; owner and object of both are there
 * (legacy_step.c). The signature is the caller's to check. @return 0, CC_RULE_CRED_TYPE,
 * CC_RULE_DELEGATE_*, CC_RULE_CHAIN_ISSUER.
 */
int tr_legacy_check_step(const struct tr_legacy_level *child, const struct tr_legacy_level *parent,
			 struct cc_note *why);
