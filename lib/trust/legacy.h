/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Certificate credentials and tickets of 2008 and tickets of 2011 (spec sfa 1.2 to 1.7, 2.6): read
 * and judged, never made. Their data is XML-RPC text in the SAN.
 */
#include <jansson.h>

#include "lib/trust/cred.h"

enum tr_legacy_kind { TR_LEGACY_GID = 1, TR_LEGACY_CRED, TR_LEGACY_TICKET };

struct tr_legacy {
	enum tr_legacy_kind kind;
	struct tr_gids chain;	       /* of the document itself, leaf first */
	struct tr_gids caller, object; /* embedded GIDs; count 0: nil */
	struct tr_privilege *privileges;
	unsigned n_privileges;
	bool delegate;
	int64_t life_time; /* seconds since 1970; 0: nil */
	json_t *data;	   /* the whole dictionary of the leaf */
};

/** Whether text is PEM (or base64) rather than XML. */
bool tr_legacy_is(const char *text, size_t len);
/**
 * Reads one; caller frees. @return 0, CC_RULE_CERT_FORM, CC_RULE_CRED_TYPE, CC_RULE_XML_*, negative
 * error.
 */
int tr_legacy_read(struct tr_certs *certs, const char *text, size_t len, struct tr_legacy **out,
		   struct cc_note *why);
void tr_legacy_free(struct tr_legacy *l);
void tr_legacy_freep(struct tr_legacy **l);
/**
 * Judges a certificate credential or ticket: chain signatures, parents' delegate bit and rights,
 * one object, embedded GIDs, life time. Formats of 2008 need roots that allow legacy, and name no
 * URN: tr_grant_on refuses such a grant for any. *out: a reference. @return 0, a rule, negative
 * error.
 */
int tr_legacy_verify(struct tr_verifier *v, const struct tr_legacy *l, int64_t now,
		     struct tr_grant **out, struct cc_note *why);
/**
 * XML-RPC `<params>` text of one struct to a JSON object; nil is null. @return 0, CC_RULE_XML_*,
 * negative error.
 */
int tr_params_read(const char *text, size_t len, json_t **out, struct cc_note *why);
