/* SPDX-License-Identifier: ISC */
/* Credentials that one delegates: made by our own hand, judged, and as other programs see them. */
#include "tests/test.h"

#include <stdio.h>
#include <unistd.h>

#include "lib/base/util.h"
#include "lib/trust/cred.h"
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

/* Caller unrefs. */
static struct tr_grant *judged(const char *text, int rule, const char *reason)
{
	struct tr_grant *g = NULL;
	struct cc_note why = {0};
	int r = ck_verify_at(v, text, TP_NOW, &g, &why);

	if (r != rule)
		print_message("# %s: %s: %s\n", reason, r ? cc_rule_name(r) : "accepted", why.text);
	assert_int_equal(r, rule);
	assert_int_equal(g != NULL, rule == 0);
	return g;
}

/* Caller frees; NULL unless wanted is 0. */
static char *delegate(const char *parent, const struct tr_cred_request *rq, EVP_PKEY *key,
		      int wanted, const char *reason)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);
	struct cc_note why = {0};
	int r = tr_cred_delegate(parent, strlen(parent), rq, key, &out, &why);

	print_message("# %s: %s\n", reason, why.text);
	assert_int_equal(r, wanted);
	return r == 0 ? cc_buf_take(&out) : NULL;
}

static char *make(struct ck_level level)
{
	return ck_make(&level, 1);
}

/* ---- by our own hand ---- */

static void test_once(void **state)
{
	const struct tp_world *w = tp_world();
	cc_cleanup(cc_freep) char *parent =
		make((struct ck_level){.rights = "refresh:1,embed:0,*:1"});
	struct tr_cred_request rq = {.owner = &w->bob->chain};
	cc_cleanup(cc_freep) char *text = delegate(parent, &rq, w->alice->key, 0, "to bob");
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = judged(text, 0, "delegated");
	cc_cleanup(tr_cred_freep) struct tr_cred *c = NULL;

	assert_string_equal(g->owner->urn, w->bob->gid->urn);
	assert_string_equal(g->target_urn, w->slice->gid->urn);
	assert_string_equal(g->issuer->urn, w->site->gid->urn);
	assert_int_equal(g->delegations, 1);
	assert_int_equal(g->expires, CK_MONTH);
	assert_int_equal(tr_cred_read(NULL, text, strlen(text), &c, NULL), 0);
	assert_string_equal(c->levels[0].id, "ref1");
	assert_int_equal(c->levels[0].n_privileges, 2); /* those that may be delegated */
	assert_string_equal(c->levels[0].privileges[1].name, "*");
	assert_string_equal(c->levels[0].sig.id, "Sig_ref1");
}

static void test_fewer(void **state)
{
	const struct tp_world *w = tp_world();
	cc_cleanup(cc_freep) char *parent = make((struct ck_level){0});
	struct tr_privilege info = {"info", false};
	struct tr_cred_request rq = {.owner = &w->bob->chain,
				     .privileges = &info,
				     .n_privileges = 1,
				     .expires = TP_NOW + TP_DAY};
	cc_cleanup(cc_freep) char *text = delegate(parent, &rq, w->alice->key, 0, "info for a day");
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = judged(text, 0, "delegated");

	assert_int_equal(g->until, TP_NOW + TP_DAY);
	assert_int_equal(tr_grant_covers(g, "listslices", NULL), 0);
	assert_int_equal(tr_grant_covers(g, "createsliver", NULL), CC_RULE_RIGHTS_OPERATION);
	rq.owner = &w->eve->chain;
	rq.expires = 0;
	free(delegate(text, &rq, w->bob->key, CC_RULE_DELEGATE_ALLOWED, "no further"));
	rq.privileges = NULL;
	free(delegate(text, &rq, w->bob->key, CC_RULE_DELEGATE_ALLOWED, "nothing left"));
}

/* As often as may be: each Signature of before still holds, and the ids do not collide. */
static void test_deep(void **state)
{
	const struct tp_world *w = tp_world();
	const struct tp *owners[] = {w->alice, w->bob};
	char *text = make((struct ck_level){0});
	struct tr_cred_request rq = {0};

	for (size_t i = 1; i <= TR_CRED_DEPTH; i++) {
		char *more;

		rq.owner = &owners[i % 2]->chain;
		more = delegate(text, &rq, owners[(i + 1) % 2]->key, 0, "once more");
		free(text);
		text = more;
		tr_grant_unref(judged(text, 0, "delegated"));
	}
	rq.owner = &owners[(TR_CRED_DEPTH + 1) % 2]->chain;
	free(delegate(text, &rq, owners[TR_CRED_DEPTH % 2]->key, CC_RULE_CRED_DEPTH, "too often"));
	free(text);
}

static void test_too_deep(void **state)
{
	struct ck_level levels[TR_CRED_DEPTH + 3] = {0};
	cc_cleanup(cc_freep) char *most = ck_make(levels, TR_CRED_DEPTH + 1);
	cc_cleanup(cc_freep) char *more = ck_make(levels, TR_CRED_DEPTH + 2);
	cc_cleanup(cc_freep) char *still_more = ck_make(levels, TR_CRED_DEPTH + 3);

	tr_grant_unref(judged(most, 0, "as often as may be"));
	judged(more, CC_RULE_CRED_DEPTH, "once more");
	judged(still_more, CC_RULE_CRED_DEPTH, "twice more");
}

static void test_delegate_bad(void **state)
{
	const struct tp_world *w = tp_world();
	cc_cleanup(cc_freep) char *parent = make((struct ck_level){.rights = "refresh:1,embed:0"});
	cc_cleanup(cc_freep) char *unsigned_ = make((struct ck_level){.unsigned_ = true});
	cc_cleanup(cc_freep) char *ticket =
		make((struct ck_level){.type = "ticket", .content = "<ticket/>"});
	cc_cleanup(cc_freep) char *taken =
		make((struct ck_level){.rest = "<extensions><x id=\"ref1\"/></extensions>"});
	struct tr_privilege rights[] = {{"embed", true}, {"sa", true}, {"", true}};
	struct tr_gids nobody = {0};
	struct tr_cred_request rq = {.owner = &w->bob->chain};

	free(delegate(parent, &rq, w->bob->key, CC_RULE_DELEGATE_SIGNER, "by another"));
	free(delegate(unsigned_, &rq, w->alice->key, CC_RULE_SIG_MISSING, "nobody's word"));
	free(delegate(ticket, &rq, w->alice->key, CC_RULE_CRED_TYPE, "a ticket"));
	free(delegate(taken, &rq, w->alice->key, CC_RULE_XML_ID, "the new id is taken"));
	free(delegate("<x/>", &rq, w->alice->key, CC_RULE_XML_ELEMENT, "no credential"));
	rq.expires = CK_MONTH + 1;
	free(delegate(parent, &rq, w->alice->key, CC_RULE_DELEGATE_EXPIRY, "longer"));
	rq = (struct tr_cred_request){
		.owner = &w->bob->chain, .privileges = rights, .n_privileges = 1};
	free(delegate(parent, &rq, w->alice->key, CC_RULE_DELEGATE_ALLOWED, "not to delegate"));
	rq.privileges = &rights[1];
	free(delegate(parent, &rq, w->alice->key, CC_RULE_DELEGATE_RIGHTS, "more rights"));
	rq.privileges = &rights[2];
	free(delegate(parent, &rq, w->alice->key, -CC_EINVAL, "a right without a name"));
	rq = (struct tr_cred_request){.owner = &nobody};
	free(delegate(parent, &rq, w->alice->key, -CC_EINVAL, "to nobody"));
}

/* ---- by others' ---- */

/* A credential, the one that it was delegated from, and what is judged of the two. */
struct pair {
	struct ck_level child, parent;
	int rule;
	const char *reason;
};

static void judge_pairs(const struct pair *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct ck_level levels[] = {rows[i].child, rows[i].parent};
		cc_cleanup(cc_freep) char *text = ck_make(levels, 2);

		tr_grant_unref(judged(text, rows[i].rule, rows[i].reason));
	}
}

static void test_delegated(void **state)
{
	const struct tp_world *w = tp_world();
	struct tp_spec alices = {.urn = TP_IDN "plc:site+user+alison", .key = "alices"};
	cc_cleanup(tp_freep) struct tp *alison = tp_raw(&alices, w->site);
	cc_cleanup(tp_freep) struct tp *renewed = tp_raw(&alices, w->site);
	const struct pair rows[] = {
		{{.owner = w->bob}, {0}, 0, "delegated"},
		{{.owner = w->bob, .signer = renewed}, {.owner = alison}, 0, "by a renewed GID"},
		{{.owner = w->bob, .target_urn = ""}, {0}, 0, "without the target's URN"},
		{{.owner = w->bob, .rights = "embed:0"}, {.rights = "*:1"}, 0, "of all"},
		{{.owner = w->bob, .rights = "*:1"}, {0}, 0, "all of all"},
		{{.owner = w->bob, .rights = "info:1"}, {.rights = "sa:1"}, 0, "of a wider right"},
		{{.owner = w->bob, .rights = "info:1"},
		 {.rights = "info:0,sa:1"},
		 0,
		 "one of two that cover it"},
		{{.owner = w->bob, .rights = "unheardof:1"},
		 {.rights = "unheardof:1"},
		 0,
		 "an unknown right"},
		{{.owner = w->bob, .expires = CK_MONTH_TEXT},
		 {.expires = CK_MONTH_TEXT},
		 0,
		 "to the same second"},
	};

	judge_pairs(rows, CC_ARRAY_SIZE(rows));
}

static void test_rules(void **state)
{
	const struct tp_world *w = tp_world();
	cc_cleanup(tp_freep) struct tp *same_name =
		tp_raw(&(struct tp_spec){.urn = w->alice->gid->urn, .key = "not alice"}, w->site);
	struct tp_spec alices_key = {.urn = TP_IDN "plc:site+user+al", .key = "alices"};
	struct tp_spec alices = {.urn = TP_IDN "plc:site+user+alison", .key = "alices"};
	cc_cleanup(tp_freep) struct tp *al = tp_raw(&alices_key, w->site);
	cc_cleanup(tp_freep) struct tp *alison = tp_raw(&alices, w->site);
	cc_cleanup(tp_freep) struct tp *slice_key =
		tp_raw(&(struct tp_spec){.urn = w->slice->gid->urn, .key = "other slice"}, w->site);
	const struct pair rows[] = {
		{{.owner = w->bob, .signer = w->bob}, {0}, CC_RULE_DELEGATE_SIGNER, "by himself"},
		{{.owner = w->bob, .signer = w->site},
		 {0},
		 CC_RULE_DELEGATE_SIGNER,
		 "by the authority"},
		{{.owner = w->bob, .signer = same_name},
		 {0},
		 CC_RULE_DELEGATE_SIGNER,
		 "by another key of the owner's name"},
		{{.owner = w->bob, .signer = al},
		 {.owner = alison},
		 CC_RULE_DELEGATE_SIGNER,
		 "by another name of the owner's key"},
		{{.owner = w->bob, .target = w->slice2},
		 {0},
		 CC_RULE_DELEGATE_TARGET,
		 "another target"},
		{{.owner = w->bob, .target = slice_key},
		 {0},
		 CC_RULE_DELEGATE_TARGET,
		 "another key of the target"},
		{{.owner = w->bob, .target = w->site},
		 {0},
		 CC_RULE_DELEGATE_TARGET,
		 "its authority"},
		{{.owner = w->bob, .expires = "2027-02-14T08:00:01Z"},
		 {0},
		 CC_RULE_DELEGATE_EXPIRY,
		 "longer"},
		{{.owner = w->bob, .rights = "info:1,sa:1"}, {0}, CC_RULE_DELEGATE_RIGHTS, "more"},
		{{.owner = w->bob, .rights = "*:1"},
		 {.rights = "info:1"},
		 CC_RULE_DELEGATE_RIGHTS,
		 "all of one"},
		{{.owner = w->bob, .rights = "unheardof:1"},
		 {.rights = "sa:1"},
		 CC_RULE_DELEGATE_RIGHTS,
		 "an unknown right of a wide one"},
		{{.owner = w->bob, .rights = "info:1"},
		 {.rights = "info:0"},
		 CC_RULE_DELEGATE_ALLOWED,
		 "one that may not"},
		{{.owner = w->bob, .rights = "info:1"},
		 {.rights = "*:0"},
		 CC_RULE_DELEGATE_ALLOWED,
		 "one of all that may not"},
		{{.owner = w->bob},
		 {.expires = "2020-01-01T00:00:00Z"},
		 CC_RULE_CRED_EXPIRED,
		 "of an expired one"},
		{{.owner = w->bob}, {.unsigned_ = true}, CC_RULE_SIG_MISSING, "of an unsigned one"},
		{{.owner = w->bob, .unsigned_ = true}, {0}, CC_RULE_SIG_MISSING, "unsigned"},
		{{.owner = w->bob},
		 {.signer = w->sitex},
		 CC_RULE_CRED_ISSUER,
		 "of one nobody issued"},
		{{.owner = w->bob},
		 {.owner_urn = w->eve->gid->urn},
		 CC_RULE_CRED_OWNER,
		 "of one with another name"},
		{{.owner = w->bob},
		 {.type = "ticket", .content = "<ticket/>"},
		 CC_RULE_CRED_TYPE,
		 "of a ticket"},
	};

	judge_pairs(rows, CC_ARRAY_SIZE(rows));
}

/* ---- as others see it ---- */

static int run(const char *command)
{
	char line[512];

	snprintf(line, sizeof(line), "%s >log 2>&1", command);
	return system(line);
}

static bool have(const char *program)
{
	char command[64];

	snprintf(command, sizeof(command), "command -v %s", program);
	return run(command) == 0;
}

static void check_xmlsec(const char *text, size_t count)
{
	char command[256];

	put_file("cred.xml", text);
	for (size_t i = 0; i < count; i++) {
		snprintf(command, sizeof(command),
			 "xmlsec1 --verify --insecure --enabled-key-data x509,raw-x509-cert "
			 "--node-id Sig_ref%zu cred.xml",
			 i);
		if (run(command) != 0)
			(void)!system("sed 's/^/# /' log");
		assert_int_equal(run(command), 0);
	}
}

#define SCHEMA TEST_DATA "/../../../shared/schemas/credential/credential.xsd"

static void check_schema(const char *text)
{
	if (access(SCHEMA, R_OK) != 0) {
		print_message("# the schema is not here: not validated\n");
		return;
	}
	put_file("cred.xml", text);
	assert_int_equal(run("xmllint --nonet --noout --schema " SCHEMA " cred.xml"), 0);
}

/* Ours, delegated by ours, twice: RSA and EC keys. */
static char *delegated_twice(void)
{
	const struct tp_world *w = tp_world();
	struct tp_spec spec = {.urn = TP_IDN "plc:site+user+rsa", .kind = "RSA-2048", .key = "rsa"};
	struct tp *rsa = tp_raw(&spec, w->site);
	struct tr_privilege all = {"*", true};
	struct tr_cred_request rq = {.owner = &w->alice->chain,
				     .target = &w->slice->chain,
				     .privileges = &all,
				     .n_privileges = 1,
				     .expires = CK_MONTH};
	cc_cleanup(cc_buf_deinit) struct cc_buf first = CC_BUF_INIT(XS_CRED_MAX);
	char *once, *twice;

	assert_int_equal(tr_cred_make(&rq, &w->site->chain, w->site->key, &first, NULL), 0);
	rq = (struct tr_cred_request){.owner = &rsa->chain};
	once = delegate((char *)first.data, &rq, w->alice->key, 0, "to an RSA key");
	rq.owner = &w->bob->chain;
	twice = delegate(once, &rq, rsa->key, 0, "and on");
	free(once);
	tp_free(rsa);
	return twice;
}

static void test_programs(void **state)
{
	cc_cleanup(cc_freep) char *text = delegated_twice();
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = judged(text, 0, "twice");

	assert_int_equal(g->delegations, 2);
	if (!have("xmlsec1") || !have("xmllint"))
		skip();
	check_xmlsec(text, 3);
	check_schema(text);
}

/* A credential of gcf, delegated by us with the key of its owner. */
static void test_of_gcf(void **state)
{
	static const char *const roots[] = {"geni-am/certs/ch-cert.pem", NULL};
	size_t len, key_len, bob_len;
	cc_cleanup(cc_freep) char *parent = ck_vector("geni-am/creds/alice-slice.xml", &len);
	cc_cleanup(cc_freep) char *pem = ck_vector("geni-am/certs/alice-key.pem", &key_len);
	cc_cleanup(cc_freep) char *bob = ck_vector("geni-am/certs/bob-cert.pem", &bob_len);
	cc_cleanup(tr_verifier_freep) struct tr_verifier *geni = NULL;
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = NULL;
	cc_cleanup(cc_freep) char *text = NULL;
	struct tr_gids owner = {0};
	struct tr_cred_request rq = {.owner = &owner};
	EVP_PKEY *key = NULL;

	if (!parent || !pem || !bob)
		skip();
	geni = ck_vector_verifier(roots, 0);
	assert_int_equal(tr_gids_read(NULL, bob, bob_len, &owner, NULL), 0);
	assert_int_equal(tr_key_read(pem, key_len, &key, NULL), 0);
	text = delegate(parent, &rq, key, 0, "alice's");
	assert_int_equal(ck_verify_at(geni, text, ck_time("2026-12-01T00:00:00Z"), &g, NULL), 0);
	assert_int_equal(g->delegations, 1);
	if (have("xmlsec1") && have("xmllint")) {
		check_xmlsec(text, 2);
		check_schema(text);
	}
	EVP_PKEY_free(key);
	tr_gids_deinit(&owner);
}

/* Inclusive C14N takes in what the root declares: it is copied, whatever it is. */
static void test_namespaces(void **state)
{
	const struct tp_world *w = tp_world();
	struct ck_level bare = {.rest = "<extensions>@</extensions>", .unsigned_ = true};
	cc_cleanup(cc_freep) char *plain = ck_make(&bare, 1);
	cc_cleanup(cc_freep) char *declared =
		ck_replace(plain, "<signed-credential ",
			   "<signed-credential xmlns:a=\"urn:a\" xmlns:b=\"urn:b\" ");
	cc_cleanup(cc_freep) char *draft =
		ck_replace(declared, "@", "<a:x b:y=\"&lt;&#9;&quot;\">&amp;&#13;</a:x>");
	cc_cleanup(cc_freep) char *parent = ck_sign(draft, "ref0", w->site);
	cc_cleanup(cc_freep) char *text = NULL;
	struct tr_cred_request rq = {.owner = &w->bob->chain};

	text = delegate(parent, &rq, w->alice->key, 0, "namespaces");
	tr_grant_unref(judged(text, 0, "namespaces"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_once),
	cmocka_unit_test(test_fewer),
	cmocka_unit_test(test_deep),
	cmocka_unit_test(test_too_deep),
	cmocka_unit_test(test_delegate_bad),
	cmocka_unit_test(test_delegated),
	cmocka_unit_test(test_rules),
	cmocka_unit_test_setup_teardown(test_programs, folder_enter, folder_leave),
	cmocka_unit_test_setup_teardown(test_of_gcf, folder_enter, folder_leave),
	cmocka_unit_test(test_namespaces),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, make_verifier, free_verifier);
}
