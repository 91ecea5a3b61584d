/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Speaks-for, geni_abac 1.1 (spec geni-am 7): a user's signed word that a tool may act for him. It
 * never changes keys, GIDs or the membership of an authority: callers of those operations do not
 * ask here.
 */
#include "lib/trust/cred.h"

/**
 * Judges a statement at now: signed by the user whom `speaking_for` (option geni_speaking_for)
 * names, for the tool that holds this certificate. The chains of both are judged. *user: a
 * reference to the user's GID. until (may be NULL): when the statement ends. @return 0, a rule of
 * SPEAKS_*, XML_*, SIG_*, CERT_*, CHAIN_*, negative error.
 */
int tr_speaksfor_verify(struct tr_verifier *v, const char *text, size_t len, int64_t now,
			const struct tr_gids *tool, const char *speaking_for, struct tr_gid **user,
			int64_t *until, struct cc_note *why);

struct tr_speaksfor_request {
	const struct tr_gids *user; /* chain of the signer */
	const struct tr_gid *tool;
	int64_t expires;
};
/** Makes one, signed with the user's key. @return 0, -CC_EINVAL, -CC_ENOMEM, -CC_ECRYPTO. */
int tr_speaksfor_make(const struct tr_speaksfor_request *rq, EVP_PKEY *key, struct cc_buf *out,
		      struct cc_note *why);
