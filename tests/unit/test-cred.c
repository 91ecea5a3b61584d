/* SPDX-License-Identifier: ISC */
/* Credentials: what a judged one grants, and who may have signed it. */
#include "tests/unit/credcheck.h"

/* ---- what is granted ---- */

static void test_grant(void **state)
{
	const struct tp_world *w = tp_world();
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g =
		accepted_at(foreign, make((struct ck_level){0}), TP_NOW, "a slice credential");

	assert_int_equal(g->type, TR_CRED_PRIVILEGE);
	assert_int_equal(g->table, TR_TABLE_SFA);
	assert_memory_equal(g->owner->hash, w->alice->gid->hash, TR_HASH);
	assert_memory_equal(g->target->hash, w->slice->gid->hash, TR_HASH);
	assert_memory_equal(g->issuer->hash, w->site->gid->hash, TR_HASH);
	assert_string_equal(g->target_urn, w->slice->gid->urn);
	assert_string_equal(g->target_type, "slice");
	assert_int_equal(g->n_privileges, 5);
	assert_string_equal(g->privileges[3].name, "control");
	assert_true(g->privileges[3].can_delegate);
	assert_int_equal(g->expires, CK_MONTH);
	assert_int_equal(g->from, TP_NOW - TP_DAY);
	assert_int_equal(g->until, CK_MONTH);
	assert_int_equal(g->delegations, 0);
	assert_string_equal(g->root->gid->urn, w->plc->gid->urn);
}

static void test_asked(void **state)
{
	const struct tp_world *w = tp_world();
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g =
		accepted_at(foreign, make((struct ck_level){.rights = "info:0,refresh:0"}), TP_NOW,
			    "few rights");
	cc_cleanup(tp_freep) struct tp *renewed = tp_raw(
		&(struct tp_spec){.urn = w->bob->gid->urn, .kind = "P-256", .key = "renewed"},
		w->site);
	struct cc_note why = {0};

	assert_int_equal(tr_grant_held_by(g, w->alice->gid, &why), 0);
	assert_int_equal(tr_grant_held_by(g, w->bob->gid, &why), CC_RULE_CALLER_KEY);
	assert_int_equal(tr_grant_held_by(g, renewed->gid, NULL), CC_RULE_CALLER_KEY);
	assert_int_equal(tr_grant_on(g, w->slice->gid->urn, &why), 0);
	assert_int_equal(tr_grant_on(g, TP_IDN "PLC:site+slice+SL1", &why), 0);
	assert_int_equal(tr_grant_on(g, w->slice2->gid->urn, &why), CC_RULE_CALLER_TARGET);
	assert_int_equal(tr_grant_on(g, "", &why), CC_RULE_CALLER_TARGET);
	assert_int_equal(tr_grant_covers(g, "listslices", &why), 0);
	assert_int_equal(tr_grant_covers(g, "ListSlices", &why), 0);
	assert_int_equal(tr_grant_covers(g, "createsliver,update", &why), 0);
	assert_int_equal(tr_grant_covers(g, "createsliver", &why), CC_RULE_RIGHTS_OPERATION);
	assert_int_equal(tr_grant_covers(g, "unheardof", &why), CC_RULE_RIGHTS_OPERATION);
	assert_int_equal(tr_grant_covers(g, "", &why), CC_RULE_RIGHTS_OPERATION);
	assert_int_equal(tr_grant_covers(g, ",,", &why), CC_RULE_RIGHTS_OPERATION);
}

/* A GID of another certificate with the same key is the same holder. */
static void test_same_key(void **state)
{
	const struct tp_world *w = tp_world();
	struct tp_spec spec = {.urn = TP_IDN "plc:site+user+carol", .key = "carol"};
	cc_cleanup(tp_freep) struct tp *before = tp_raw(&spec, w->site);
	cc_cleanup(tp_freep) struct tp *after = tp_raw(&spec, w->site);
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g =
		accepted_at(foreign, make((struct ck_level){.owner = before}), TP_NOW, "carol's");

	assert_memory_not_equal(before->gid->hash, after->gid->hash, TR_HASH);
	assert_int_equal(tr_grant_held_by(g, after->gid, NULL), 0);
}

/* Rule 5: rights that the type of the target has not grant nothing, whoever wrote them. */
static void test_rights_of_type(void **state)
{
	const struct tp_world *w = tp_world();
	static const char *const ops[] = {"createsliver", "register", "getbootstate"};
	struct {
		const struct tp *owner, *target;
		const char *rights;
		int wanted[3]; /* of ops */
		const char *reason;
	} rows[] = {
		{w->alice,
		 w->slice,
		 "*:1",
		 {0, CC_RULE_RIGHTS_OPERATION, CC_RULE_RIGHTS_OPERATION},
		 "all of a slice"},
		{w->alice,
		 w->alice,
		 "*:1",
		 {CC_RULE_RIGHTS_OPERATION, CC_RULE_RIGHTS_OPERATION, CC_RULE_RIGHTS_OPERATION},
		 "all of a user"},
		{w->alice,
		 w->alice,
		 "sa:1,control:1",
		 {CC_RULE_RIGHTS_TYPE, CC_RULE_RIGHTS_OPERATION, CC_RULE_RIGHTS_OPERATION},
		 "a slice's rights on a user"},
		{w->alice,
		 w->slice,
		 "authority:1,ma:1",
		 {0, CC_RULE_RIGHTS_TYPE, CC_RULE_RIGHTS_TYPE},
		 "an authority's rights on a slice"},
		{w->alice, w->site, "*:0", {0, 0, 0}, "all of an authority"},
		{w->alice,
		 w->site,
		 "sa:0",
		 {0, CC_RULE_RIGHTS_OPERATION, CC_RULE_RIGHTS_OPERATION},
		 "sa on an authority"},
		{w->alice,
		 w->node,
		 "*:0",
		 {CC_RULE_RIGHTS_OPERATION, CC_RULE_RIGHTS_OPERATION, CC_RULE_RIGHTS_OPERATION},
		 "all of a node"},
		{w->alice,
		 w->slice,
		 "unheardof:1",
		 {CC_RULE_RIGHTS_OPERATION, CC_RULE_RIGHTS_OPERATION, CC_RULE_RIGHTS_OPERATION},
		 "an unknown right"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(tr_grant_unrefp) struct tr_grant *g =
			accepted_at(foreign,
				    make((struct ck_level){.owner = rows[i].owner,
							   .target = rows[i].target,
							   .rights = rows[i].rights}),
				    TP_NOW, rows[i].reason);

		for (size_t k = 0; k < CC_ARRAY_SIZE(ops); k++) {
			print_message("# %s: %s\n", rows[i].reason, ops[k]);
			assert_int_equal(tr_grant_covers(g, ops[k], NULL), rows[i].wanted[k]);
		}
	}
}

/* However often a right is written, in whatever letters, it is one. */
static void test_rights_once(void **state)
{
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = accepted_at(
		foreign, make((struct ck_level){.rights = "info:0,Info:1,bind:0,*:0,*:0"}), TP_NOW,
		"rights written twice");

	assert_int_equal(g->n_privileges, 5);
	assert_string_equal(g->privileges[0].name, "info");
	assert_true(g->privileges[0].can_delegate);
	assert_string_equal(g->privileges[1].name, "bind");
	assert_false(g->privileges[1].can_delegate);
	assert_string_equal(g->privileges[2].name, "refresh");
}

/* ---- times ---- */

static void test_expiry(void **state)
{
	char *text = make((struct ck_level){.expires = "2027-01-15T08:00:00Z"});
	char *zone = make((struct ck_level){.expires = "2027-01-15T10:00:00+02:00"});

	accepted(strdup(text), "the last second");
	refused_at(foreign, text, TP_NOW + 1, CC_RULE_CRED_EXPIRED, "the next one");
	accepted(strdup(zone), "the same second of another zone");
	refused_at(foreign, zone, TP_NOW + 1, CC_RULE_CRED_EXPIRED, "the next one");
	refused(make((struct ck_level){.expires = "2020-01-01T00:00:00Z"}), CC_RULE_CRED_EXPIRED,
		"long ago");
}

/* The octets are judged once, time each time. */
static void test_remembered(void **state)
{
	char *text = make((struct ck_level){0});
	cc_cleanup(tr_grant_unrefp) struct tr_grant *one =
		accepted_at(ours, strdup(text), TP_NOW, "once");
	cc_cleanup(tr_grant_unrefp) struct tr_grant *two =
		accepted_at(ours, strdup(text), TP_NOW + 1, "again");
	cc_cleanup(tr_grant_unrefp) struct tr_grant *three = NULL;
	struct tr_roots *roots;

	assert_ptr_equal(one, two);
	refused_at(ours, strdup(text), CK_MONTH + 1, CC_RULE_CRED_EXPIRED, "expired since");
	refused_at(ours, strdup(text), TP_NOW - 2 * TP_DAY, CC_RULE_CERT_NOT_YET, "not yet");
	three = accepted_at(ours, strdup(text), TP_NOW, "the clock is right again");
	assert_ptr_not_equal(one, three);
	refused_at(ours, changed(strdup(text), "refresh", "refrESh"), TP_NOW, CC_RULE_SIG_DIGEST,
		   "other octets");
	roots = ck_roots(TR_ROOT_OURS);
	tr_verifier_use(ours, roots);
	tr_roots_unref(roots);
	two = (tr_grant_unref(two), accepted_at(ours, text, TP_NOW, "under other roots"));
	assert_ptr_not_equal(two, three);
}

/* ---- who signed ---- */

static void test_issuer(void **state)
{
	const struct tp_world *w = tp_world();
	cc_cleanup(tp_freep) struct tp *twin = tp_raw(
		&(struct tp_spec){.urn = TP_IDN "plc+authority+root", .key = "twin"}, w->plc);
	cc_cleanup(tp_freep) struct tp *am =
		tp_raw(&(struct tp_spec){.urn = TP_IDN "plc+authority+am", .key = "am"}, w->plc);
	cc_cleanup(tp_freep) struct tp *other_kind = tp_raw(
		&(struct tp_spec){.urn = TP_IDN "plc+user+site", .key = "other kind"}, w->plc);
	cc_cleanup(tp_freep) struct tp *rogue = tp_raw(
		&(struct tp_spec){.urn = TP_IDN "plc:site+authority+sa", .key = "rogue"}, NULL);

	cc_cleanup(tp_freep) struct tp *sliver = tp_raw(
		&(struct tp_spec){.urn = TP_IDN "plc:site+sliver+n1-7", .key = "sliver"}, w->site);

	accepted(make((struct ck_level){.signer = w->plc}), "the root");
	accepted(make((struct ck_level){.signer = twin}), "an authority above, of another name");
	accepted(make((struct ck_level){.target = w->site, .signer = w->site}), "itself");
	accepted(make((struct ck_level){.owner = w->plc, .target = w->plc, .signer = w->plc}),
		 "the root itself");
	accepted(make((struct ck_level){.owner = w->mallory}), "an owner of elsewhere");
	refused(make((struct ck_level){.signer = w->sitex}), CC_RULE_CRED_ISSUER,
		"an authority whose name begins the same");
	refused(make((struct ck_level){.signer = am}), CC_RULE_CRED_ISSUER, "an aggregate above");
	refused(make((struct ck_level){.signer = w->lab}), CC_RULE_CRED_ISSUER,
		"an authority below");
	refused(make((struct ck_level){.signer = w->alice}), CC_RULE_CRED_ISSUER, "the owner");
	refused(make((struct ck_level){.signer = w->slice}), CC_RULE_CRED_ISSUER, "the target");
	refused(make((struct ck_level){.owner = w->mallory, .signer = w->other}),
		CC_RULE_CRED_ISSUER, "another root");
	refused(make((struct ck_level){.target = w->site, .signer = w->lab}), CC_RULE_CRED_ISSUER,
		"an authority below, on its parent");
	refused(make((struct ck_level){.target = other_kind, .signer = w->site}),
		CC_RULE_CRED_ISSUER, "an authority, on a user of its own HRN");
	refused(make((struct ck_level){.target = sliver}), CC_RULE_SLIVER_SIGNER,
		"an authority, on a sliver");
	refused(make((struct ck_level){.signer = rogue}), CC_RULE_CHAIN_ROOT,
		"one that calls itself the authority");
}

/* A root may be given a wider namespace than its name says: what it signed there is its own. */
static void test_root_elsewhere(void **state)
{
	cc_cleanup(tp_freep) struct tp *root =
		tp_raw(&(struct tp_spec){.urn = TP_IDN "net:ops+authority+sa", .key = "ops"}, NULL);
	struct tp_spec below = {.urn = TP_IDN "net:site+authority+sa", .key = "net site"};
	struct tp_spec far = {.urn = TP_IDN "net:site+slice+s", .key = "far"};
	struct tp_spec near = {.urn = TP_IDN "net+slice+s", .key = "near"};
	cc_cleanup(tp_freep) struct tp *site = tp_raw(&below, root);
	cc_cleanup(tp_freep) struct tp *signed_by_it = tp_raw(&near, root);
	cc_cleanup(tp_freep) struct tp *signed_below = tp_raw(&far, site);
	cc_cleanup(cc_freep) char *pem = tp_pem(root);
	cc_cleanup(tr_verifier_freep) struct tr_verifier *v = NULL;
	struct tr_roots_builder *b;
	struct tr_roots *roots;

	assert_int_equal(tr_verifier_new(&v, 64), 0);
	assert_int_equal(tr_roots_builder_new(&b), 0);
	assert_int_equal(tr_roots_add(b, pem, strlen(pem), "net", 0, NULL), 0);
	assert_int_equal(tr_roots_seal(b, 1, false, &roots, NULL), 0);
	tr_roots_builder_free(b);
	tr_verifier_use(v, roots);
	tr_roots_unref(roots);
	refused_at(v,
		   make((struct ck_level){.owner = site, .target = signed_below, .signer = root}),
		   TP_NOW, CC_RULE_CRED_ISSUER, "what another signed");
	tr_grant_unref(accepted_at(
		v, make((struct ck_level){.owner = site, .target = signed_by_it, .signer = root}),
		TP_NOW, "what it signed itself"));
}

static void test_names(void **state)
{
	const struct tp_world *w = tp_world();

	accepted(make((struct ck_level){.owner_urn = "", .target_urn = " "}), "no URNs");
	accepted(make((struct ck_level){.owner_urn = TP_IDN "PLC:Site+user+ALICE"}), "capitals");
	refused(make((struct ck_level){.owner_urn = w->bob->gid->urn}), CC_RULE_CRED_OWNER,
		"another's URN");
	refused(make((struct ck_level){.owner_urn = "alice"}), CC_RULE_CRED_OWNER, "no URN");
	refused(make((struct ck_level){.target_urn = w->slice2->gid->urn}), CC_RULE_CRED_TARGET,
		"another target's URN");
}

static void test_chains(void **state)
{
	const struct tp_world *w = tp_world();
	struct tp_spec old = {.urn = TP_IDN "plc:site+user+old", .until = TP_NOW - 1, .key = "old"};
	struct tp_spec unborn = {
		.urn = TP_IDN "plc:site+slice+soon", .from = TP_NOW + 1, .key = "soon"};
	cc_cleanup(tp_freep) struct tp *expired = tp_raw(&old, w->site);
	cc_cleanup(tp_freep) struct tp *soon = tp_raw(&unborn, w->site);
	cc_cleanup(tp_freep) struct tp *untrusted =
		tp_raw(&(struct tp_spec){.urn = TP_IDN "plc+authority+sa", .key = "u"}, NULL);
	cc_cleanup(tp_freep) struct tp *spliced =
		tp_raw(&(struct tp_spec){.urn = TP_IDN "plc:site+user+mallory",
					 .key = "spliced",
					 .pretend = w->site},
		       w->other);

	refused(make((struct ck_level){.owner = expired}), CC_RULE_CERT_EXPIRED, "owner");
	refused(make((struct ck_level){.target = soon}), CC_RULE_CERT_NOT_YET, "target");
	refused(make((struct ck_level){.signer = untrusted}), CC_RULE_CHAIN_ROOT, "signer");
	refused(make((struct ck_level){.owner = spliced}), CC_RULE_CHAIN_SIGNATURE,
		"a peer's root signed, our chain behind it");
	refused(make((struct ck_level){.owner_gid = ""}), CC_RULE_CERT_FORM, "no owner");
	refused(make((struct ck_level){.target_gid = " "}), CC_RULE_CERT_FORM, "no target");
	refused(make((struct ck_level){.owner_gid = "MIIB"}), CC_RULE_CERT_FORM, "no certificate");
}

/* What was judged stays so only as long as each of its certificates. */
static void test_until(void **state)
{
	const struct tp_world *w = tp_world();
	struct tp_spec brief = {
		.urn = TP_IDN "plc:site+user+brief", .until = TP_NOW + 60, .key = "b"};
	cc_cleanup(tp_freep) struct tp *owner = tp_raw(&brief, w->site);
	char *text = make((struct ck_level){.owner = owner});
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g =
		accepted_at(foreign, strdup(text), TP_NOW, "brief");

	assert_int_equal(g->until, TP_NOW + 60);
	refused_at(foreign, text, TP_NOW + 61, CC_RULE_CERT_EXPIRED, "its owner's GID expired");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_grant),	       cmocka_unit_test(test_asked),
	cmocka_unit_test(test_same_key),       cmocka_unit_test(test_rights_of_type),
	cmocka_unit_test(test_rights_once),    cmocka_unit_test(test_expiry),
	cmocka_unit_test(test_remembered),     cmocka_unit_test(test_issuer),
	cmocka_unit_test(test_root_elsewhere), cmocka_unit_test(test_names),
	cmocka_unit_test(test_chains),	       cmocka_unit_test(test_until),
};
CRED_MAIN(tests)
