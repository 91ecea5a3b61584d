/* SPDX-License-Identifier: ISC */
/* Sliver credentials: a node's word about one sliver (rule 7). */
#include "tests/test.h"

#include "lib/base/util.h"
#include "lib/trust/cred.h"
#include "lib/xml/doc.h"
#include "tests/unit/credkit.h"

#define SLIVER TP_IDN "plc:site+sliver+n1-7"

static struct tr_verifier *v;

static int make_verifier(void **state)
{
	v = ck_verifier(TR_ROOT_OURS);
	return 0;
}

static int free_verifier(void **state)
{
	tr_verifier_free(v);
	return 0;
}

/* What is NULL in level is as in a good sliver credential. */
static char *make(struct ck_level level)
{
	if (!level.target && !level.target_gid)
		level.target_gid = "";
	if (!level.target_urn)
		level.target_urn = SLIVER;
	if (!level.signer)
		level.signer = tp_world()->node;
	if (!level.rights)
		level.rights = "*:0";
	return ck_make(&level, 1);
}

/* Frees text. */
static void check(char *text, const struct tp *component, const char *urn, int64_t now, int rule,
		  const char *reason)
{
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = NULL;
	struct cc_note why = {0};
	int r = tr_cred_verify_sliver(v, text, strlen(text), now, component->gid, urn, &g, &why);

	print_message("# %s: %s: %s\n", reason, r > 0 ? cc_rule_name(r) : "", why.text);
	assert_int_equal(r, rule);
	assert_int_equal(g != NULL, rule == 0);
	free(text);
}

static void refused(char *text, int rule, const char *reason)
{
	check(text, tp_world()->node, SLIVER, TP_NOW, rule, reason);
}

static void test_grant(void **state)
{
	const struct tp_world *w = tp_world();
	struct tr_privilege all = {"*", false};
	struct tr_cred_request rq = {.owner = &w->alice->chain,
				     .target_urn = SLIVER,
				     .privileges = &all,
				     .n_privileges = 1,
				     .expires = CK_MONTH};
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(XS_CRED_MAX);
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = NULL;

	assert_int_equal(tr_cred_make(&rq, &w->node->chain, w->node->key, &text, NULL), 0);
	assert_int_equal(tr_cred_verify_sliver(v, (char *)text.data, text.len, TP_NOW, w->node->gid,
					       SLIVER, &g, NULL),
			 0);
	assert_null(g->target);
	assert_null(g->root);
	assert_string_equal(g->target_urn, SLIVER);
	assert_string_equal(g->target_type, "sliver");
	assert_string_equal(g->issuer->urn, w->node->gid->urn);
	assert_string_equal(g->owner->urn, w->alice->gid->urn);
	assert_int_equal(g->until, CK_MONTH);
	assert_int_equal(tr_grant_on(g, SLIVER, NULL), 0);
	assert_int_equal(tr_grant_on(g, TP_IDN "plc:site+sliver+N1-7", NULL),
			 CC_RULE_CALLER_TARGET);
	assert_int_equal(tr_grant_covers(g, "stopslice", NULL), 0);
	assert_int_equal(tr_grant_covers(g, "register", NULL), CC_RULE_RIGHTS_OPERATION);
}

static void test_signer(void **state)
{
	const struct tp_world *w = tp_world();
	struct tp_spec same_key = {.urn = TP_IDN "plc:site+node+n2.example.org", .key = "node"};
	struct tp_spec renewed = {.urn = w->node->gid->urn, .key = "other"};
	struct tp_spec self = {.urn = same_key.urn, .key = "node"};
	cc_cleanup(tp_freep) struct tp *n2 = tp_raw(&same_key, w->site);
	cc_cleanup(tp_freep) struct tp *other_key = tp_raw(&renewed, w->site);
	cc_cleanup(tp_freep) struct tp *selfsigned = tp_raw(&self, NULL);

	refused(make((struct ck_level){0}), 0, "the node");
	refused(make((struct ck_level){.signer = n2}), CC_RULE_SLIVER_SIGNER, "another node");
	refused(make((struct ck_level){.signer = other_key}), CC_RULE_SLIVER_SIGNER,
		"another key in its name");
	refused(make((struct ck_level){.signer = w->site}), CC_RULE_SLIVER_SIGNER,
		"the node's authority");
	refused(make((struct ck_level){.signer = w->alice}), CC_RULE_SLIVER_SIGNER, "the owner");
	refused(make((struct ck_level){.unsigned_ = true}), CC_RULE_SIG_MISSING, "nobody");
	check(make((struct ck_level){.signer = selfsigned}), n2, SLIVER, TP_NOW, 0,
	      "another certificate of the same node");
}

static void test_target(void **state)
{
	const struct tp_world *w = tp_world();

	refused(make((struct ck_level){.target_urn = TP_IDN "plc:site+sliver+n1-8"}),
		CC_RULE_SLIVER_TARGET, "another sliver");
	refused(make((struct ck_level){.target_urn = TP_IDN "plc:site+sliver+N1-7"}),
		CC_RULE_SLIVER_TARGET, "slivers' names have capitals");
	refused(make((struct ck_level){.target_urn = ""}), CC_RULE_SLIVER_TARGET, "none");
	refused(make((struct ck_level){.target = w->slice}), CC_RULE_SLIVER_TARGET,
		"the GID of a slice");
	check(make((struct ck_level){.target_urn = w->slice->gid->urn}), w->node,
	      w->slice->gid->urn, TP_NOW, CC_RULE_SLIVER_TARGET, "a slice in place of a sliver");
}

static void test_rest(void **state)
{
	const struct tp_world *w = tp_world();
	struct tp_spec rogue = {.urn = TP_IDN "plc:site+user+rogue", .key = "rogue"};
	cc_cleanup(tp_freep) struct tp *stranger = tp_raw(&rogue, NULL);
	struct ck_level levels[] = {
		{.owner = w->bob, .target_gid = "", .target_urn = SLIVER, .rights = "info:0"},
		{.target_gid = "", .target_urn = SLIVER, .signer = w->node}};
	char *text = make((struct ck_level){0});
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = NULL;

	check(strdup(text), w->node, SLIVER, CK_MONTH + 1, CC_RULE_CRED_EXPIRED, "expired");
	refused(make((struct ck_level){.owner = stranger}), CC_RULE_CHAIN_ROOT, "a stranger's");
	refused(make((struct ck_level){.owner_gid = ""}), CC_RULE_CERT_FORM, "nobody's");
	refused(make((struct ck_level){.owner_urn = w->bob->gid->urn}), CC_RULE_CRED_OWNER,
		"another's URN");
	refused(ck_make(levels, 2), CC_RULE_DELEGATE_ALLOWED, "delegated");
	refused(ck_replace(text, "<serial>8", "<serial>9"), CC_RULE_SIG_DIGEST, "tampered");
	refused(ck_replace(text, "<type>privilege", "<type>ticket"), CC_RULE_CRED_TYPE,
		"no ticket");
	assert_int_equal(ck_verify_at(v, text, TP_NOW, &g, NULL), CC_RULE_CERT_FORM);
	free(text);
}

/* The chain of a component ends in no root here: its own dates count. */
static void test_component(void **state)
{
	struct tp_spec old = {
		.urn = TP_IDN "plc:site+node+n1.example.org", .key = "old", .until = TP_NOW};
	struct tp_spec soon = {.urn = old.urn, .key = "soon", .from = TP_NOW + 1};
	cc_cleanup(tp_freep) struct tp *expired = tp_raw(&old, NULL);
	cc_cleanup(tp_freep) struct tp *unborn = tp_raw(&soon, NULL);
	char *text = make((struct ck_level){.signer = expired});

	check(strdup(text), expired, SLIVER, TP_NOW, 0, "the last second");
	check(text, expired, SLIVER, TP_NOW + 1, CC_RULE_CERT_EXPIRED, "the next one");
	check(make((struct ck_level){.signer = unborn}), unborn, SLIVER, TP_NOW,
	      CC_RULE_CERT_NOT_YET, "not yet valid");
}

/* Nodes are ours to make: no SHA-1, whoever the owner's root is. */
static void test_sha1(void **state)
{
	struct tp_spec spec = {.urn = TP_IDN "plc:site+node+r", .kind = "RSA-2048", .key = "rsa"};
	cc_cleanup(tp_freep) struct tp *rsa = tp_raw(&spec, tp_world()->site);
	cc_cleanup(cc_freep) char *draft = make((struct ck_level){.unsigned_ = true});

	check(make((struct ck_level){.signer = rsa}), rsa, SLIVER, TP_NOW, 0, "SHA-256");
	check(ck_sign_sha1(draft, "ref0", rsa), rsa, SLIVER, TP_NOW, CC_RULE_SIG_SHA1, "SHA-1");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_grant),	  cmocka_unit_test(test_signer),
	cmocka_unit_test(test_target),	  cmocka_unit_test(test_rest),
	cmocka_unit_test(test_component), cmocka_unit_test(test_sha1),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, make_verifier, free_verifier);
}
