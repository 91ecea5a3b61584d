/* SPDX-License-Identifier: ISC */
/* Credentials: issuing them. */
#include "tests/unit/credcheck.h"

/* ---- issuing ---- */

static const struct tr_privilege slice_rights[] = {{"refresh", true}, {"embed", false}};

static struct tr_cred_request slice_request(void)
{
	const struct tp_world *w = tp_world();

	return (struct tr_cred_request){.owner = &w->alice->chain,
					.target = &w->slice->chain,
					.privileges = slice_rights,
					.n_privileges = CC_ARRAY_SIZE(slice_rights),
					.expires = CK_MONTH};
}

/* Caller frees. */
static char *issue(const struct tr_cred_request *rq, const struct tp *signer)
{
	struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);

	assert_int_equal(tr_cred_make(rq, &signer->chain, signer->key, &out, NULL), 0);
	return cc_buf_take(&out);
}

static void test_make(void **state)
{
	const struct tp_world *w = tp_world();
	struct tp_spec spec = {
		.urn = TP_IDN "plc:site+authority+sa", .kind = "RSA-2048", .key = "rsa"};
	cc_cleanup(tp_freep) struct tp *rsa = tp_raw(&spec, w->plc);
	struct tr_cred_request rq = slice_request();
	char *by_ec = issue(&rq, w->site), *by_rsa = issue(&rq, rsa);
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g =
		accepted_at(ours, strdup(by_ec), TP_NOW, "by an EC key");

	assert_int_equal(g->n_privileges, 2);
	assert_string_equal(g->privileges[1].name, "embed");
	assert_false(g->privileges[1].can_delegate);
	assert_int_equal(g->until, CK_MONTH);
	tr_grant_unref(accepted_at(ours, by_rsa, TP_NOW, "by an RSA key"));
	free(by_ec);
}

/* The octets that the Python SFA writes (spec sfa 2.3), but for the serial. */
static void test_octets(void **state)
{
	const struct tp_world *w = tp_world();
	struct tr_cred_request rq = slice_request();
	cc_cleanup(cc_freep) char *text = issue(&rq, w->site);
	cc_cleanup(cc_freep) char *again = issue(&rq, w->site);
	cc_cleanup(cc_freep) char *serial = ck_cut(text, "<serial>", "</serial>");
	cc_cleanup(cc_freep) char *another = ck_cut(again, "<serial>", "</serial>");
	struct cc_buf b = CC_BUF_INIT(0);

	assert_string_not_equal(serial, another);
	cc_buf_puts(&b,
		    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		    "<signed-credential xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
		    "xsi:noNamespaceSchemaLocation="
		    "\"http://www.planet-lab.org/resources/sfa/credential.xsd\" "
		    "xsi:schemaLocation="
		    "\"http://www.planet-lab.org/resources/sfa/ext/policy/1 "
		    "http://www.planet-lab.org/resources/sfa/ext/policy/1/policy.xsd\">"
		    "<credential xml:id=\"ref0\"><type>privilege</type>");
	cc_buf_puts(&b, serial);
	cc_buf_puts(&b, "<owner_gid>");
	tr_gids_write(&w->alice->chain, &b);
	cc_buf_printf(&b, "</owner_gid><owner_urn>%s</owner_urn><target_gid>", w->alice->gid->urn);
	tr_gids_write(&w->slice->chain, &b);
	cc_buf_printf(&b,
		      "</target_gid><target_urn>%s</target_urn><uuid/>"
		      "<expires>2027-02-14T08:00:00Z</expires><privileges>"
		      "<privilege><name>refresh</name><can_delegate>true</can_delegate></privilege>"
		      "<privilege><name>embed</name><can_delegate>false</can_delegate></privilege>"
		      "</privileges></credential><signatures><Signature ",
		      w->slice->gid->urn);
	assert_int_equal(b.err, 0);
	assert_true(strlen(text) > b.len);
	text[b.len] = '\0';
	assert_string_equal(text, (const char *)b.data);
	cc_buf_deinit(&b);
}

static void check_make(const struct tr_cred_request *rq, const struct tp *signer, EVP_PKEY *key,
		       int wanted, const char *reason)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);
	struct cc_note why = {0};

	print_message("# %s\n", reason);
	assert_int_equal(tr_cred_make(rq, &signer->chain, key, &out, &why), wanted);
	assert_int_equal(out.len, 0);
}

static void test_make_bad(void **state)
{
	const struct tp_world *w = tp_world();
	struct tr_gids none = {0};
	struct tr_privilege many_rights[TR_PRIVILEGES_MAX + 1] = {0};
	struct tr_privilege nameless = {"", true}, spaced = {"a b", true}, endless;
	struct tr_cred_request rq = slice_request();

	check_make(&rq, w->site, w->alice->key, -CC_EINVAL, "another's key");
	rq.owner = &none;
	check_make(&rq, w->site, w->site->key, -CC_EINVAL, "no owner");
	rq = slice_request();
	rq.target = NULL;
	check_make(&rq, w->site, w->site->key, -CC_EINVAL, "no target");
	rq.target_urn = "sl1";
	check_make(&rq, w->site, w->site->key, -CC_EINVAL, "a target that is no URN");
	rq = slice_request();
	rq.privileges = many_rights;
	rq.n_privileges = TR_PRIVILEGES_MAX + 1;
	check_make(&rq, w->site, w->site->key, -CC_EINVAL, "many rights");
	rq.n_privileges = 1;
	rq.privileges = &nameless;
	check_make(&rq, w->site, w->site->key, -CC_EINVAL, "a right without a name");
	rq.privileges = &spaced;
	check_make(&rq, w->site, w->site->key, -CC_EINVAL, "a right with a space");
	memset(endless.name, 'a', sizeof(endless.name));
	rq.privileges = &endless;
	check_make(&rq, w->site, w->site->key, -CC_EINVAL, "a name without an end");
	rq = slice_request();
	rq.expires = INT64_MAX;
	check_make(&rq, w->site, w->site->key, -CC_EINVAL, "a date that cannot be written");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_make),
	cmocka_unit_test(test_octets),
	cmocka_unit_test(test_make_bad),
};
CRED_MAIN(tests)
