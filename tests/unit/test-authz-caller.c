/* SPDX-License-Identifier: ISC */
/* Who calls, and for whom he speaks. */
#include "lib/authz/authz.h"

#include "lib/base/util.h"
#include "lib/xml/write.h"
#include "tests/test.h"
#include "tests/unit/credkit.h"

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

/* ---- what the gate found ---- */

/* Of this class, with these certificates behind one another; caller frees. */
static struct cc_signer *signer_of(enum cc_signer_class cls, const struct tr_gids *gids)
{
	size_t len = 0;
	struct cc_signer *s;

	for (size_t i = 0; i < gids->count; i++)
		len += gids->items[i]->der_len;
	s = calloc(1, sizeof(*s) + len);
	assert_non_null(s);
	s->cls = cls;
	strcpy(s->name, "urn:of:signer");
	for (size_t i = 0; i < gids->count; i++) {
		memcpy(s->certs + s->certs_len, gids->items[i]->der, gids->items[i]->der_len);
		s->certs_len += gids->items[i]->der_len;
	}
	return s;
}

/* A `caller` of a front door; last: this text more, as a certificate. */
static json_t *caller_of(const struct tr_gids *gids, const char *last)
{
	json_t *certs = json_array();

	for (size_t i = 0; gids && i < gids->count; i++) {
		cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(TR_CERT_MAX * 2);

		assert_int_equal(xs_put_base64(&b, gids->items[i]->der, gids->items[i]->der_len, 0),
				 0);
		json_array_append_new(certs, json_stringn((char *)b.data, b.len));
	}
	if (last)
		json_array_append_new(certs, json_string(last));
	return json_pack("{s:o, s:s, s:s}", "certs", certs, "listener", "am", "tls", "x");
}

static void test_signer(void **state)
{
	const struct tp_world *w = tp_world();
	cc_cleanup(cc_freep) struct cc_signer *gid = signer_of(CC_CLASS_GID, &w->alice->chain);
	cc_cleanup(cc_freep) struct cc_signer *bus = signer_of(CC_CLASS_BUS, &w->alice->chain);
	struct cc_gate_result gate = {.signer = gid};
	struct az_caller c;
	struct az_report report;

	assert_int_equal(az_caller_read(v, &gate, &c, &report), 0);
	assert_false(c.asserted);
	assert_int_equal(c.chain.count, w->alice->chain.count);
	assert_string_equal(az_caller_label(&c, &gate), w->alice->gid->key_id);
	assert_int_equal(az_caller_judge(v, &c, TP_NOW, &report), 0);
	assert_string_equal(az_caller_label(&c, &gate), w->alice->gid->urn);
	assert_string_equal(az_caller_real(&c)->urn, w->alice->gid->urn);
	assert_ptr_equal(az_caller_acting(&c), az_caller_real(&c));
	az_caller_deinit(&c);

	/* a certificate of the bus is nobody's GID, whatever it names */
	gate.signer = bus;
	assert_int_equal(az_caller_read(v, &gate, &c, &report), 0);
	assert_null(az_caller_acting(&c));
	assert_string_equal(az_caller_label(&c, &gate), "urn:of:signer");
	assert_int_equal(az_caller_judge(v, &c, TP_NOW, &report), AZ_CALLER_NONE);
	assert_non_null(strstr(report.why.text, "a bus certificate is no caller"));
	gate.signer = NULL;
	assert_string_equal(az_caller_label(&c, &gate), "");
	az_caller_deinit(&c);
}

/* Whom a front door speaks for is the caller; who it is itself is not. */
static void test_asserted(void **state)
{
	const struct tp_world *w = tp_world();
	cc_cleanup(cc_freep) struct cc_signer *door = signer_of(CC_CLASS_GID, &w->bob->chain);
	json_t *alice = caller_of(&w->alice->chain, NULL), *nobody = caller_of(NULL, NULL);
	struct cc_gate_result gate = {.signer = door, .caller = alice};
	struct az_caller c;
	struct az_report report;

	assert_int_equal(az_caller_read(v, &gate, &c, &report), 0);
	assert_true(c.asserted);
	assert_string_equal(az_caller_real(&c)->urn, w->alice->gid->urn);
	assert_int_equal(az_caller_judge(v, &c, TP_NOW, &report), 0);
	az_caller_deinit(&c);

	gate.caller = nobody;
	assert_int_equal(az_caller_read(v, &gate, &c, &report), 0);
	assert_null(az_caller_real(&c));
	assert_int_equal(az_caller_judge(v, &c, TP_NOW, &report), AZ_CALLER_NONE);
	assert_non_null(strstr(report.why.text, "the caller has no certificate"));
	az_caller_deinit(&c);
	json_decref(alice);
	json_decref(nobody);
}

static void test_unreadable(void **state)
{
	const struct tp_world *w = tp_world();
	struct tr_gids nine = {.count = TR_CHAIN_MAX};
	json_t *rows[4];
	struct az_caller c;
	struct az_report report;

	for (size_t i = 0; i < nine.count; i++)
		nine.items[i] = w->alice->gid;
	rows[0] = caller_of(&w->alice->chain, "@");
	rows[1] = caller_of(&w->alice->chain, "AAAA");
	rows[2] = caller_of(NULL, "MAA=");
	rows[3] = caller_of(&nine, "AAAA");
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_gate_result gate = {.caller = rows[i]};

		assert_int_equal(az_caller_read(v, &gate, &c, &report), AZ_CALLER_UNREADABLE);
		assert_string_equal(report.why.text, "the caller's certificates cannot be read");
		assert_null(az_caller_real(&c));
		az_caller_deinit(&c);
		json_decref(rows[i]);
	}
}

static void test_refused(void **state)
{
	cc_cleanup(tp_freep) struct tp *rogue =
		tp_make(TP_IDN "plc:site+user+alice", NULL); /* signed by himself */
	cc_cleanup(cc_freep) struct cc_signer *signer = signer_of(CC_CLASS_GID, &rogue->chain);
	const struct cc_gate_result gate = {.signer = signer};
	struct az_caller c;
	struct az_report report = {0};

	assert_int_equal(az_caller_read(v, &gate, &c, &report), 0);
	assert_int_equal(az_caller_judge(v, &c, TP_NOW, &report), AZ_CALLER_REFUSED);
	assert_int_equal(report.rule, CC_RULE_CHAIN_ROOT);
	assert_string_not_equal(report.why.text, "");
	az_caller_deinit(&c);
}

/* ---- for whom ---- */

static char *statement(const struct tp *user, const struct tp *tool)
{
	struct tr_speaksfor_request rq = {&user->chain, tool->gid, TP_NOW + TP_DAY};
	struct cc_buf text = CC_BUF_INIT(1u << 20);

	assert_int_equal(tr_speaksfor_make(&rq, user->key, &text, NULL), 0);
	assert_int_equal(cc_buf_put(&text, "", 1), 0);
	return (char *)text.data;
}

static json_t *abac(const char *text)
{
	return json_pack("{s:s, s:s, s:s}", "geni_type", "geni_abac", "geni_version", "1",
			 "geni_value", text);
}

/* The portal says that it speaks for this user; steals list. */
static int speak(struct az_caller *c, const struct tp *tool, json_t *list, const char *for_whom,
		 struct az_report *report)
{
	cc_cleanup(cc_freep) struct cc_signer *signer = signer_of(CC_CLASS_GID, &tool->chain);
	const struct cc_gate_result gate = {.signer = signer};
	int r;

	memset(report, 0, sizeof(*report));
	assert_int_equal(az_caller_read(v, &gate, c, report), 0);
	r = az_caller_speaks(v, c, list, for_whom, TP_NOW, report);
	json_decref(list);
	return r;
}

static void test_speaks(void **state)
{
	const struct tp_world *w = tp_world();
	cc_cleanup(cc_freep) char *alice = statement(w->alice, w->tool);
	cc_cleanup(cc_freep) char *bob = statement(w->bob, w->tool);
	cc_cleanup(cc_freep) char *cred = ck_make(&(struct ck_level){0}, 1);
	json_t *list = json_pack("[s, o, o]", cred, abac(bob), abac(alice));
	struct az_asked asked = {
		.verifier = v, .now = TP_NOW, .credentials = list, .ops = "createsliver"};
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = NULL;
	struct az_caller c;
	struct az_report report;

	assert_int_equal(speak(&c, w->tool, json_incref(list), w->alice->gid->urn, &report), 0);
	assert_string_equal(az_caller_acting(&c)->urn, w->alice->gid->urn);
	assert_string_equal(az_caller_real(&c)->urn, w->tool->gid->urn);
	assert_int_equal(c.until, TP_NOW + TP_DAY);
	/* the credential is the user's, and nobody else's */
	asked.holder = az_caller_real(&c);
	assert_int_equal(az_allow(&asked, &g, &report), AZ_HOLDER);
	asked.holder = az_caller_acting(&c);
	assert_int_equal(az_allow(&asked, &g, &report), 0);
	az_caller_deinit(&c);
	json_decref(list);
}

static void test_speaks_not(void **state)
{
	const struct tp_world *w = tp_world();
	cc_cleanup(cc_freep) char *alice = statement(w->alice, w->tool);
	static const char *const none[] = {NULL, ""};
	struct az_caller c;
	struct az_report report;

	/* a statement alone makes nobody another */
	for (size_t i = 0; i < CC_ARRAY_SIZE(none); i++) {
		assert_int_equal(
			speak(&c, w->tool, json_pack("[o]", abac(alice)), none[i], &report), 0);
		assert_ptr_equal(az_caller_acting(&c), az_caller_real(&c));
		az_caller_deinit(&c);
	}
	assert_int_equal(speak(&c, w->tool, json_pack("[s]", alice), w->alice->gid->urn, &report),
			 AZ_SPEAKS_NONE);
	az_caller_deinit(&c);
	assert_int_equal(speak(&c, w->tool, NULL, w->alice->gid->urn, &report), AZ_SPEAKS_NONE);
	az_caller_deinit(&c);
	assert_int_equal(speak(&c, w->tool, json_integer(1), w->alice->gid->urn, &report),
			 AZ_SHAPE);
	az_caller_deinit(&c);
	/* for another tool, for another user */
	assert_int_equal(
		speak(&c, w->bob, json_pack("[o]", abac(alice)), w->alice->gid->urn, &report),
		AZ_SPEAKS_REFUSED);
	assert_int_equal(report.rule, CC_RULE_SPEAKS_TOOL);
	assert_ptr_equal(az_caller_acting(&c), az_caller_real(&c));
	az_caller_deinit(&c);
	/* the first statement is told of */
	assert_int_equal(speak(&c, w->tool, json_pack("[o, o]", abac(alice), abac("<x/>")),
			       w->bob->gid->urn, &report),
			 AZ_SPEAKS_REFUSED);
	assert_int_equal(report.rule, CC_RULE_SPEAKS_USER);
	assert_non_null(strstr(report.why.text, "not the user spoken for"));
	az_caller_deinit(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signer),	   cmocka_unit_test(test_asserted),
		cmocka_unit_test(test_unreadable), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_speaks),	   cmocka_unit_test(test_speaks_not),
	};

	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, make_verifier, free_verifier);
}
