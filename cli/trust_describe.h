/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What a document says, believed or not: {kind, verified: false, levels: [...]}, the outermost
 * first, its parents behind it. A level is {word, subject, ...}; word is what it is called in the
 * layout: GID, CREDENTIAL, TICKET, SPEAKS-FOR.
 */
#include "cli/facts.h"
#include "cli/trust_doc.h"

/** @return 0, a rule, negative error; what to show is in out. */
int trust_describe(enum trust_kind kind, const char *text, size_t len, struct cli_facts *out,
		   struct cc_note *why);

/* For each form of document: adds its levels to an array. */
int trust_describe_certs(const char *text, size_t len, json_t *levels, struct cc_note *why);
int trust_describe_xml(const char *text, size_t len, json_t *levels, struct cc_note *why);
int trust_describe_legacy(const char *text, size_t len, json_t *levels, struct cc_note *why);

/** Adds what a certificate says: hrn, uuid, urn...; whole: all of it, as for `gid show`. */
void trust_describe_gid(struct cli_facts *f, const struct tr_gid *g, bool whole);
/** Adds under key the holder's certificate and the names of its issuers; nothing without. */
void trust_describe_gids(struct cli_facts *f, const char *key, const struct tr_gids *gids);
