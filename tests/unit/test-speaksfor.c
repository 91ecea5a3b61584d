/* SPDX-License-Identifier: ISC */
#include "tests/test.h"

#include "lib/base/util.h"
#include "lib/trust/speaksfor.h"
#include "lib/xml/doc.h"
#include "tests/unit/credkit.h"
#include "tests/unit/folder.h"

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

/* ---- statements ---- */

#define PRINCIPAL(key)                                                                             \
	"<ABACprincipal><keyid>" key "</keyid><mnemonic>who</mnemonic></ABACprincipal>"
#define HEAD "<head>" PRINCIPAL("USER") "<role>speaks_for_USER</role></head>"
#define TAIL "<tail>" PRINCIPAL("TOOL") "</tail>"
#define VERSION "<version>1.1</version>"

/* Every `from`. Frees text. */
static char *replaced(char *text, const char *from, const char *to)
{
	while (strstr(text, from)) {
		char *more = ck_replace(text, from, to);

		free(text);
		text = more;
	}
	return text;
}

/* What is NULL in level is as in alice's good one for the portal. */
static char *make(struct ck_level level)
{
	const struct tp_world *w = tp_world();
	cc_cleanup(cc_freep) char *content = strdup(
		level.content ? level.content : "<abac><rt0>" VERSION HEAD TAIL "</rt0></abac>");

	content = replaced(content, "USER", w->alice->gid->key_id);
	content = replaced(content, "TOOL", w->tool->gid->key_id);
	level.content = content;
	if (!level.type)
		level.type = "abac";
	if (!level.owner_gid)
		level.owner_gid = level.owner ? NULL : "";
	if (!level.target_gid)
		level.target_gid = level.target ? NULL : "";
	if (!level.owner_urn)
		level.owner_urn = "";
	if (!level.target_urn)
		level.target_urn = "";
	if (!level.signer)
		level.signer = w->alice;
	return ck_make(&level, 1);
}

static int verify(const char *text, int64_t now, const struct tp *tool, const char *speaking_for,
		  struct tr_gid **user, int64_t *until, struct cc_note *why)
{
	return tr_speaksfor_verify(v, text, strlen(text), now, &tool->chain, speaking_for, user,
				   until, why);
}

/* Frees text. */
static void check(char *text, int64_t now, const struct tp *tool, const char *speaking_for,
		  int rule, const char *reason)
{
	cc_cleanup(tr_gid_unrefp) struct tr_gid *user = NULL;
	struct cc_note why = {0};
	int r = verify(text, now, tool, speaking_for, &user, NULL, &why);

	print_message("# %s: %s: %s\n", reason, r > 0 ? cc_rule_name(r) : "accepted", why.text);
	assert_int_equal(r, rule);
	assert_int_equal(user != NULL, rule == 0);
	assert_int_equal(*why.text != '\0', rule != 0);
	free(text);
}

/* By the portal, for alice. */
static void checked(char *text, int rule, const char *reason)
{
	const struct tp_world *w = tp_world();

	check(text, TP_NOW, w->tool, w->alice->gid->urn, rule, reason);
}

/* ---- who, for whom, until when ---- */

static void test_good(void **state)
{
	const struct tp_world *w = tp_world();
	struct tr_speaksfor_request rq = {&w->alice->chain, w->tool->gid, TP_NOW + TP_DAY};
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(XS_CRED_MAX);
	cc_cleanup(tr_gid_unrefp) struct tr_gid *user = NULL;
	int64_t until = 0;

	assert_int_equal(tr_speaksfor_make(&rq, w->alice->key, &text, NULL), 0);
	assert_int_equal(
		verify((char *)text.data, TP_NOW, w->tool, w->alice->gid->urn, &user, &until, NULL),
		0);
	assert_memory_equal(user->hash, w->alice->gid->hash, TR_HASH);
	assert_int_equal(until, TP_NOW + TP_DAY);
	checked(make((struct ck_level){0}), 0, "from the kit");
}

static void test_make_bad(void **state)
{
	const struct tp_world *w = tp_world();
	struct tr_speaksfor_request rq = {&w->slice->chain, w->tool->gid, CK_MONTH};
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(XS_CRED_MAX);
	struct cc_note why = {0};

	assert_int_equal(tr_speaksfor_make(&rq, w->slice->key, &text, &why), -CC_EINVAL);
	rq.user = &w->alice->chain;
	assert_int_equal(tr_speaksfor_make(&rq, w->bob->key, &text, &why), -CC_EINVAL);
	assert_int_equal(text.len, 0);
}

static void test_tool(void **state)
{
	const struct tp_world *w = tp_world();
	cc_cleanup(tp_freep) struct tp *renewed =
		tp_raw(&(struct tp_spec){.urn = w->tool->gid->urn, .key = "renewed"}, w->site);
	cc_cleanup(tp_freep) struct tp *rogue =
		tp_raw(&(struct tp_spec){.urn = w->tool->gid->urn, .key = "rogue"}, NULL);
	struct tp nobody = {0};
	char *capitals =
		make((struct ck_level){.content = "<abac><rt0>" VERSION HEAD
						  "<tail>" PRINCIPAL("@") "</tail></rt0></abac>",
				       .unsigned_ = true});
	char upper[41];

	for (size_t i = 0; i < sizeof(upper); i++)
		upper[i] = w->tool->gid->key_id[i] >= 'a' ? w->tool->gid->key_id[i] - 'a' + 'A'
							  : w->tool->gid->key_id[i];
	capitals = replaced(capitals, "@", upper);
	checked(ck_sign(capitals, "ref0", w->alice), 0, "a key id in capitals");
	free(capitals);
	check(make((struct ck_level){0}), TP_NOW, w->bob, w->alice->gid->urn, CC_RULE_SPEAKS_TOOL,
	      "used by another");
	check(make((struct ck_level){0}), TP_NOW, w->alice, w->alice->gid->urn, CC_RULE_SPEAKS_TOOL,
	      "used by the user");
	check(make((struct ck_level){0}), TP_NOW, renewed, w->alice->gid->urn, CC_RULE_SPEAKS_TOOL,
	      "by another key of the tool's name");
	check(make((struct ck_level){0}), TP_NOW, &nobody, w->alice->gid->urn, CC_RULE_SPEAKS_TOOL,
	      "by nobody");
	capitals = make((struct ck_level){.content = "<abac><rt0>" VERSION HEAD
						     "<tail>" PRINCIPAL("@") "</tail></rt0></abac>",
					  .unsigned_ = true});
	capitals = replaced(capitals, "@", rogue->gid->key_id);
	check(ck_sign(capitals, "ref0", w->alice), TP_NOW, rogue, w->alice->gid->urn,
	      CC_RULE_CHAIN_ROOT, "a tool that nobody vouches for");
	free(capitals);
}

static void test_user(void **state)
{
	const struct tp_world *w = tp_world();
	struct tp_spec twin = {.urn = w->alice->gid->urn, .key = "twin"};
	struct tp_spec rogue_spec = {.urn = w->alice->gid->urn, .key = "rogue alice"};
	struct tp_spec al_spec = {.urn = TP_IDN "plc:site+user+al", .key = "al"};
	struct tp_spec slice_spec = {.urn = TP_IDN "plc:site+slice+al", .key = "al"};
	cc_cleanup(tp_freep) struct tp *namesake = tp_raw(&twin, w->site);
	cc_cleanup(tp_freep) struct tp *rogue = tp_raw(&rogue_spec, NULL);
	cc_cleanup(tp_freep) struct tp *al = tp_raw(&al_spec, w->site);
	cc_cleanup(tp_freep) struct tp *slice = tp_raw(&slice_spec, w->site);
	char *text;

	check(make((struct ck_level){0}), TP_NOW, w->tool, w->bob->gid->urn, CC_RULE_SPEAKS_USER,
	      "for another user");
	check(make((struct ck_level){0}), TP_NOW, w->tool, "", CC_RULE_SPEAKS_USER, "for nobody");
	checked(make((struct ck_level){.signer = w->bob}), CC_RULE_SPEAKS_USER, "by another user");
	checked(make((struct ck_level){.signer = namesake}), CC_RULE_SPEAKS_USER,
		"by another key of the user's name");
	check(make((struct ck_level){.signer = w->bob}), TP_NOW, w->tool, w->bob->gid->urn,
	      CC_RULE_SPEAKS_USER, "by another user, in alice's role");
	text = make((struct ck_level){.content = "<abac><rt0>" VERSION "<head>" PRINCIPAL(
					      "USER") "<role>speaks_for_TOOL</role></head>" TAIL
						      "</rt0></abac>"});
	checked(text, CC_RULE_SPEAKS_USER, "in another's role");
	text = make((struct ck_level){.content = "<abac><rt0>" VERSION "<head>" PRINCIPAL(
					      "TOOL") "<role>speaks_for_USER</role></head>" TAIL
						      "</rt0></abac>"});
	checked(text, CC_RULE_SPEAKS_USER, "in the role of another's key");
	text = replaced(make((struct ck_level){.unsigned_ = true}), w->alice->gid->key_id, "KEY");
	text = replaced(text, "KEY", al->gid->key_id);
	check(ck_sign(text, "ref0", al), TP_NOW, w->tool, al->gid->urn, 0, "al");
	check(ck_sign(text, "ref0", slice), TP_NOW, w->tool, slice->gid->urn, CC_RULE_SPEAKS_USER,
	      "a slice of al's key");
	free(text);
	text = replaced(make((struct ck_level){.unsigned_ = true}), w->alice->gid->key_id, "KEY");
	text = replaced(text, "KEY", rogue->gid->key_id);
	checked(ck_sign(text, "ref0", rogue), CC_RULE_CHAIN_ROOT, "one who calls himself alice");
	free(text);
}

static void test_expired(void **state)
{
	const struct tp_world *w = tp_world();
	char *text = make((struct ck_level){.expires = "2027-01-15T08:00:00Z"});

	checked(strdup(text), 0, "the last second");
	check(text, TP_NOW + 1, w->tool, w->alice->gid->urn, CC_RULE_SPEAKS_EXPIRED,
	      "the next one");
}

/* ---- form ---- */

static void test_form(void **state)
{
	static const struct {
		const char *content;
		int rule;
		const char *reason;
	} rows[] = {
		{"<abac><rt0>" VERSION HEAD TAIL TAIL "</rt0></abac>", CC_RULE_SPEAKS_FORM,
		 "two tails"},
		{"<abac><rt0>" VERSION HEAD "</rt0></abac>", CC_RULE_SPEAKS_FORM, "no tail"},
		{"<abac><rt0>" VERSION HEAD "<tail/></rt0></abac>", CC_RULE_SPEAKS_FORM,
		 "an empty tail"},
		{"<abac><rt0>" VERSION HEAD "<tail>" PRINCIPAL("TOOL")
			 PRINCIPAL("TOOL") "</tail></rt0></abac>",
		 CC_RULE_SPEAKS_FORM, "two principals in a tail"},
		{"<abac><rt0>" VERSION HEAD
		 "<tail>" PRINCIPAL("TOOL") "<role>r</role></tail></rt0></abac>",
		 CC_RULE_SPEAKS_FORM, "a role in the tail"},
		{"<abac><rt0>" VERSION HEAD
		 "<tail>" PRINCIPAL("TOOL") "<linking_role>r</linking_role></tail></rt0></abac>",
		 CC_RULE_SPEAKS_FORM, "a linked role in the tail"},
		{"<abac><rt0>" VERSION "<head>" PRINCIPAL("USER") "</head>" TAIL "</rt0></abac>",
		 CC_RULE_SPEAKS_FORM, "no role"},
		{"<abac><rt0>" VERSION "<head>" PRINCIPAL(
			 "USER") "<role>friend_of_USER</role></head>" TAIL "</rt0></abac>",
		 CC_RULE_SPEAKS_FORM, "another role"},
		{"<abac><rt0>" VERSION "<head>" PRINCIPAL("USER") "<role>s</role></head>" TAIL
								  "</rt0></abac>",
		 CC_RULE_SPEAKS_FORM, "a short role"},
		{"<abac><rt0>" VERSION "<head><role>speaks_for_USER</role>" PRINCIPAL(
			 "USER") "</head>" TAIL "</rt0></abac>",
		 CC_RULE_SPEAKS_FORM, "another order"},
		{"<abac><rt0>" VERSION TAIL HEAD "</rt0></abac>", CC_RULE_SPEAKS_FORM,
		 "the tail first"},
		{"<abac><rt0><version>1.0</version>" HEAD TAIL "</rt0></abac>", CC_RULE_SPEAKS_FORM,
		 "another version"},
		{"<abac><rt0>" HEAD TAIL "</rt0></abac>", CC_RULE_SPEAKS_FORM, "no version"},
		{"<abac><rt0>" VERSION HEAD TAIL "</rt0><rt0/></abac>", CC_RULE_SPEAKS_FORM,
		 "two statements"},
		{"<abac/>", CC_RULE_SPEAKS_FORM, "no statement"},
		{"<abac a=\"b\"><rt0>" VERSION HEAD TAIL "</rt0></abac>", CC_RULE_SPEAKS_FORM,
		 "an attribute"},
		{"<abac><rt0>" VERSION HEAD "<tail><ABACprincipal><keyid>TOOL</keyid>"
		 "</ABACprincipal></tail></rt0></abac>",
		 0, "no mnemonic"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		checked(make((struct ck_level){.content = rows[i].content}), rows[i].rule,
			rows[i].reason);
}

static void test_document(void **state)
{
	const struct tp_world *w = tp_world();
	struct ck_level levels[] = {{.type = "abac",
				     .owner_gid = "",
				     .owner_urn = "",
				     .target_gid = "",
				     .target_urn = "",
				     .content = "<abac/>"},
				    {0}};

	checked(make((struct ck_level){.owner = w->alice}), CC_RULE_SPEAKS_FORM, "an owner");
	checked(make((struct ck_level){.target = w->slice}), CC_RULE_SPEAKS_FORM, "a target");
	checked(make((struct ck_level){.owner_urn = w->alice->gid->urn}), CC_RULE_SPEAKS_FORM,
		"an owner's URN");
	checked(make((struct ck_level){.target_urn = w->alice->gid->urn}), CC_RULE_SPEAKS_FORM,
		"a target's URN");
	checked(ck_make(&(struct ck_level){0}, 1), CC_RULE_SPEAKS_FORM, "a slice credential");
	checked(ck_make(levels, 2), CC_RULE_SPEAKS_FORM, "a parent");
	checked(make((struct ck_level){.unsigned_ = true}), CC_RULE_SIG_MISSING, "unsigned");
	checked(strdup("<x/>"), CC_RULE_XML_ELEMENT, "no credential");
	checked(replaced(make((struct ck_level){0}), ">who<", ">Who<"), CC_RULE_SIG_DIGEST,
		"tampered");
}

/* A statement is no credential. */
static void test_as_credential(void **state)
{
	cc_cleanup(cc_freep) char *text = make((struct ck_level){0});
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = NULL;

	assert_int_equal(ck_verify_at(v, text, TP_NOW, &g, NULL), CC_RULE_CRED_TYPE);
	assert_null(g);
}

static void test_sha1(void **state)
{
	const struct tp_world *w = tp_world();
	struct tp_spec spec = {.urn = TP_IDN "plc:site+user+rsa", .kind = "RSA-2048", .key = "rsa"};
	struct tp_spec far = {.urn = TP_IDN "other+user+rsa", .kind = "RSA-2048", .key = "rsa"};
	cc_cleanup(tp_freep) struct tp *near_rsa = tp_raw(&spec, w->site);
	cc_cleanup(tp_freep) struct tp *far_rsa = tp_raw(&far, w->other);
	cc_cleanup(cc_freep) char *text =
		replaced(make((struct ck_level){.unsigned_ = true}), w->alice->gid->key_id, "KEY");

	text = replaced(text, "KEY", near_rsa->gid->key_id);
	check(ck_sign_sha1(text, "ref0", near_rsa), TP_NOW, w->tool, near_rsa->gid->urn,
	      CC_RULE_SIG_SHA1, "under our own root");
	check(ck_sign_sha1(text, "ref0", far_rsa), TP_NOW, w->tool, far_rsa->gid->urn, 0,
	      "under another");
}

/* ---- as others see it ---- */

static void test_program(void **state)
{
	const struct tp_world *w = tp_world();
	struct tr_speaksfor_request rq = {&w->alice->chain, w->tool->gid, CK_MONTH};
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(XS_CRED_MAX);

	assert_int_equal(tr_speaksfor_make(&rq, w->alice->key, &text, NULL), 0);
	if (system("command -v xmlsec1 >log 2>&1") != 0)
		skip();
	put_file("statement.xml", (const char *)text.data);
	assert_int_equal(system("xmlsec1 --verify --insecure --enabled-key-data "
				"x509,raw-x509-cert --node-id Sig_ref0 statement.xml >log 2>&1"),
			 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_good),
	cmocka_unit_test(test_make_bad),
	cmocka_unit_test(test_tool),
	cmocka_unit_test(test_user),
	cmocka_unit_test(test_expired),
	cmocka_unit_test(test_form),
	cmocka_unit_test(test_document),
	cmocka_unit_test(test_as_credential),
	cmocka_unit_test(test_sha1),
	cmocka_unit_test_setup_teardown(test_program, folder_enter, folder_leave),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, make_verifier, free_verifier);
}
