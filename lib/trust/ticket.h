/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Tickets: the signed promise of resources of one component to one slice. The document is a
 * signed-credential of type ticket (credential.xsd), owner the caller, target the slice, whose
 * <ticket> holds, in the namespace TR_TICKET_NS behind can_delegate and redeem_before,
 *
 *   <promise><component epoch="E">URN</component>
 *     <rspec>base64</rspec>
 *     <attributes><attribute name="N">TEXT</attribute>...</attributes>
 *     <users><user urn="U"><key>ssh line</key>...</user>...</users></promise>
 *
 * Serial: of the issuer, unique, 1 to 64 of [A-Za-z0-9-]; epoch: 1 to 64 of [A-Za-z0-9.:_-]. An
 * attribute may be there several times. The RSpec is of no concern here. Tickets are not delegated.
 * The issuer is an authority over the component, whose resources it promises; the slice may be of
 * elsewhere.
 */
#include "lib/trust/cred.h"

#define TR_TICKET_NS "urn:ccfed:ticket:1"
#define TR_TICKET_RSPEC_MAX (512u << 10)
#define TR_TICKET_ATTRIBUTES 256
#define TR_TICKET_USERS 256
#define TR_TICKET_KEYS 32		/* of one user */
#define TR_TICKET_WORD_MAX 64		/* octets of serial and epoch */
#define TR_TICKET_NAME_MAX 255		/* octets of an attribute's name: printable ASCII */
#define TR_TICKET_VALUE_MAX (64u << 10) /* octets of an attribute's value: any text of XML */
#define TR_TICKET_KEY_MAX 8192		/* octets of an ssh line: text without control characters */

struct tr_attribute {
	char *name, *value;
};
struct tr_ticket_user {
	char *urn;
	char **keys; /* ssh lines */
	unsigned n_keys;
};

struct tr_ticket {
	struct tr_grant *grant; /* owner, target (the slice), issuer, expires */
	char serial[TR_TICKET_WORD_MAX + 1];
	char component[TR_NAME_MAX + 1], epoch[TR_TICKET_WORD_MAX + 1];
	int64_t redeem_before;
	uint8_t *rspec;
	size_t rspec_len;
	struct tr_attribute *attributes;
	unsigned n_attributes;
	struct tr_ticket_user *users;
	unsigned n_users;
};
void tr_ticket_free(struct tr_ticket *t);
void tr_ticket_freep(struct tr_ticket **t);

struct tr_ticket_request {
	const char *serial, *component, *epoch;
	const struct tr_gids *owner, *target; /* caller and slice */
	const void *rspec;
	size_t rspec_len;
	const struct tr_attribute *attributes;
	unsigned n_attributes;
	const struct tr_ticket_user *users;
	unsigned n_users;
	int64_t redeem_before, expires;
};
/** Issues a ticket (callers use lib/trust/signer.h). @return as tr_cred_make. */
int tr_ticket_make(const struct tr_ticket_request *rq, const struct tr_gids *signer, EVP_PKEY *key,
		   struct cc_buf *out, struct cc_note *why);
/**
 * Judges a ticket at now, as the component of this URN and epoch, both of which it must know. Caller
 * frees. @return 0, CC_RULE_TICKET_*, a rule as tr_cred_verify, negative error.
 */
int tr_ticket_verify(struct tr_verifier *v, const char *text, size_t len, int64_t now,
		     const char *component, const char *epoch, struct tr_ticket **out,
		     struct cc_note *why);
/** The same but for which component it is: for who only looks. Caller frees. @return as above. */
int tr_ticket_judge(struct tr_verifier *v, const char *text, size_t len, int64_t now,
		    struct tr_ticket **out, struct cc_note *why);
/**
 * It is for this component and epoch; either NULL: not asked. @return 0, CC_RULE_TICKET_COMPONENT,
 * CC_RULE_TICKET_EPOCH.
 */
int tr_ticket_is_for(const struct tr_ticket *t, const char *component, const char *epoch,
		     struct cc_note *why);
