/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Who is at the other end of a connection: the certificates that came with the handshake, whose key the
 * client has proven to hold, and what the roots of its listener say of their chain (architecture
 * section 5, rule 1). The verdict is kept with the number of the roots and the time until which it
 * holds; beyond either it is made anew.
 */
#include <jansson.h>
#include <openssl/ssl.h>

#include "lib/conf/opt.h"
#include "lib/trust/chain.h"

struct ab_judge {
	struct tr_roots *roots;
	struct tr_verifier *verifier;
	uint64_t number; /* of these roots */
};

struct ab_client {
	struct tr_gids
		gids;  /* in order, holder first; empty: none came, or none that can be read */
	json_t *certs; /* what the bus is told: base64 of DER, holder first; NULL: not known yet */
	uint64_t number;     /* of the roots of the verdict; 0: there is none */
	int64_t from, until; /* seconds: so long a good verdict holds */
	int rule;	     /* 0: good; else the rule that refuses, or AB_NO_CERTIFICATE */
	char *why;	     /* owned; NULL with a good verdict */
};

#define AB_NO_CERTIFICATE -1

/** roots: folder; rules: section [roots], NULL: none. @return as tr_roots_load. */
int ab_judge_init(struct ab_judge *j, const char *roots, const struct cf_list *crls,
		  const struct cf_section *rules, struct cc_note *why);
void ab_judge_deinit(struct ab_judge *j);

/**
 * Takes the certificates of a handshake; leaf NULL: none came. others may be NULL. @return 0, -CC_ELIMIT
 * (more than the bus takes of a caller), -CC_ENOMEM.
 */
int ab_client_take(struct ab_client *c, struct ab_judge *j, X509 *leaf,
		   const STACK_OF(X509) * others);
void ab_client_deinit(struct ab_client *c);
/** The name of the leaf; "" when it has none. */
const char *ab_client_urn(const struct ab_client *c);

/**
 * Whether the chain is good by these roots now. @return 0, or c->rule, with c->why. Failures of ours are
 * refusals.
 */
int ab_judge_client(struct ab_judge *j, struct ab_client *c);
/** X509_V_ERR_*, which decides about the alert. */
int ab_judge_alert(int rule);
