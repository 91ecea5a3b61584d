/* SPDX-License-Identifier: ISC */
/* Credentials, well formed and well signed, that the rules CRED_* and DELEGATE_* refuse. */
#include "tests/unit/trust-attacks.h"

#define BOB TP_IDN "plc:site+user+bob"
#define SLICE_2 TP_IDN "plc:site+slice+sl2"

static char *one(struct ck_level level)
{
	return ck_make(&level, 1);
}

/* bob has it from alice, with this wrong in his part. */
static char *to_bob(struct ck_level child, struct ck_level parent)
{
	struct ck_level levels[2] = {child, parent};

	levels[0].owner = tp_world()->bob;
	levels[1].owner = tp_world()->alice;
	return ck_make(levels, 2);
}

/* So often from one to the next, between alice and bob. */
static char *often(size_t delegations)
{
	struct ck_level levels[TR_CRED_DEPTH + 2] = {0};
	const struct tp_world *w = tp_world();

	for (size_t i = 0; i <= delegations; i++)
		levels[i].owner = i % 2 ? w->bob : w->alice;
	return ck_make(levels, delegations + 1);
}

static char *delegated(void)
{
	return to_bob((struct ck_level){.rights = "info:0"}, (struct ck_level){0});
}

static char *eight(void)
{
	return often(TR_CRED_DEPTH);
}

static char *nine(void)
{
	return often(TR_CRED_DEPTH + 1);
}

/* ---- the credential ---- */

static char *another_type(void)
{
	return one((struct ck_level){.type = "ticket"});
}

static char *expired(void)
{
	return one((struct ck_level){.expires = "2027-01-15T07:59:59Z"});
}

static char *expired_parent(void)
{
	return to_bob((struct ck_level){.expires = "2027-01-15T07:59:58Z"},
		      (struct ck_level){.expires = "2027-01-15T07:59:59Z"});
}

static char *another_owner(void)
{
	return one((struct ck_level){.owner_urn = BOB});
}

static char *another_target(void)
{
	return one((struct ck_level){.target_urn = SLICE_2});
}

static char *by_sibling(void)
{
	return one((struct ck_level){.signer = tp_world()->sitex});
}

static char *by_user(void)
{
	return one((struct ck_level){.signer = tp_world()->bob});
}

static char *by_peer(void)
{
	return one((struct ck_level){.signer = tp_world()->other});
}

/* ---- delegation ---- */

static char *not_delegatable(void)
{
	return to_bob((struct ck_level){.rights = "embed:0"},
		      (struct ck_level){.rights = "embed:0,info:1"});
}

static char *more_rights(void)
{
	return to_bob((struct ck_level){.rights = "embed:0"},
		      (struct ck_level){.rights = "info:1"});
}

static char *other_target(void)
{
	return to_bob((struct ck_level){.target = tp_world()->slice2}, (struct ck_level){0});
}

static char *longer(void)
{
	return to_bob((struct ck_level){.expires = "2027-02-14T08:00:01Z"}, (struct ck_level){0});
}

static char *not_the_owner(void)
{
	return to_bob((struct ck_level){.signer = tp_world()->bob}, (struct ck_level){0});
}

static char *by_the_authority(void)
{
	return to_bob((struct ck_level){.signer = tp_world()->site}, (struct ck_level){0});
}

const struct attack attacks_cred[] = {
	{0, "delegated", "cred", delegated},
	{0, "delegated-8-times", "cred", eight},
	{CC_RULE_CRED_TYPE, "another-type", "cred", another_type, NULL, "accepted"},
	{CC_RULE_CRED_EXPIRED, "expired", "cred", expired, NULL, "accepted"},
	{CC_RULE_CRED_EXPIRED, "expired-parent", "cred", expired_parent, NULL, "accepted"},
	{CC_RULE_CRED_OWNER, "another-owner", "cred", another_owner, NULL, "accepted"},
	{CC_RULE_CRED_TARGET, "another-target", "cred", another_target, NULL, "accepted"},
	{CC_RULE_CRED_ISSUER, "label-prefix", "cred", by_sibling, NULL, "accepted"},
	{CC_RULE_CRED_ISSUER, "user", "cred", by_user, NULL, "accepted"},
	{CC_RULE_CRED_ISSUER, "peer-root", "cred", by_peer, NULL, "accepted"},
	{CC_RULE_CRED_DEPTH, "nine-times", "cred", nine, NULL, "accepted"},
	{CC_RULE_DELEGATE_ALLOWED, "not-delegatable", "cred", not_delegatable, NULL, "accepted"},
	{CC_RULE_DELEGATE_RIGHTS, "more-rights", "cred", more_rights, NULL, "accepted"},
	{CC_RULE_DELEGATE_TARGET, "other-target", "cred", other_target, NULL, "accepted"},
	{CC_RULE_DELEGATE_EXPIRY, "longer", "cred", longer, NULL, "accepted"},
	{CC_RULE_DELEGATE_SIGNER, "new-owner", "cred", not_the_owner, NULL, "accepted"},
	{CC_RULE_DELEGATE_SIGNER, "authority", "cred", by_the_authority, NULL, "accepted"},
	{0},
};
