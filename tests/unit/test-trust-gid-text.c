/* SPDX-License-Identifier: ISC */
/* Chains as text, and certificates met before. */
#include "tests/unit/gidkit.h"

/* Expands @L (PEM of the leaf), @I (its issuer), @R (the root), @B (bare base64), @0 (NUL). */
static char *expand(const char *form, size_t *len)
{
	const struct tp_world *w = tp_world();
	char *pem[] = {tp_pem(w->alice), tp_pem(w->site), tp_pem(w->plc)}, *begin, *text;
	struct cc_buf out = CC_BUF_INIT(0);

	for (; *form; form++) {
		if (*form != '@') {
			cc_buf_put(&out, form, 1);
			continue;
		}
		switch (*++form) {
		case 'B':
			begin = strchr(pem[0], '\n') + 1;
			cc_buf_put(&out, begin, (size_t)(strstr(begin, "-----END") - begin));
			break;
		case '0':
			cc_buf_put(&out, "", 1);
			break;
		default:
			cc_buf_puts(&out, pem[*form == 'L' ? 0 : *form == 'I' ? 1 : 2]);
		}
	}
	for (size_t i = 0; i < CC_ARRAY_SIZE(pem); i++)
		free(pem[i]);
	*len = out.len;
	text = cc_buf_take(&out);
	assert_non_null(text);
	return text;
}

static const struct {
	const char *form;
	size_t count;
} good_texts[] = {
	{"@L", 1},
	{"@L@I@R", 3},
	{"@L-----parent-----@I-----parent-----@R", 3}, /* as of 2008: glued to the next BEGIN */
	{"@L-----parent-----\n@I\r\n-----parent-----\r\n\r\n@R", 3},
	{"Certificate:\n    Data:\n  -----BEGIN X----- \x01\xff@L@I", 2},
	{"@L\n\n \t\r\n", 1},
	{"\n\n@L", 1},
	{"@B", 1},
	{"\r\n @B\n \t", 1},
	{"-----BEGIN CERTIFICATE-----@B-----END CERTIFICATE-----", 1},
	{"-----BEGIN CERTIFICATE-----\r\n \r\n@B\r\n-----END CERTIFICATE-----@I", 2},
	{"@L@L@L@L@L@L@L@L", 8},
};

static void reads_chains(void **state)
{
	const struct tp_world *w = tp_world();
	const struct tr_gid *want[] = {w->alice->gid, w->site->gid, w->plc->gid};

	for (size_t i = 0; i < CC_ARRAY_SIZE(good_texts); i++) {
		cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
		struct cc_note why = {0};
		size_t len;
		char *text = expand(good_texts[i].form, &len);

		if (read_text(text, len, &gids, &why) != 0)
			fail_msg("%s: %s", good_texts[i].form, why.text);
		assert_int_equal(gids.count, good_texts[i].count);
		for (size_t j = 0; j < gids.count && gids.count <= 3; j++)
			assert_memory_equal(gids.items[j]->hash, want[j]->hash, TR_HASH);
		free(text);
	}
}

/* CRLF everywhere, and lines of any length. */
static void reads_lines_of_any_form(void **state)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
	char *text = tp_pem_chain(tp_world()->alice), *crlf = calloc(2, strlen(text) + 1),
	     *to = crlf;

	assert_non_null(crlf);
	for (const char *p = text; *p; p++) {
		if (*p == '\n')
			*to++ = '\r';
		*to++ = *p;
	}
	assert_int_equal(read_text(crlf, (size_t)(to - crlf), &gids, NULL), 0);
	assert_int_equal(gids.count, 3);
	free(text);
	free(crlf);
}

static const struct {
	const char *why, *form;
	int rule;
	const char *said;
} bad_texts[] = {
	{"nothing", "", CC_RULE_CERT_FORM, "0 octets are no certificate (at most 65536)"},
	{"white space", " \n", CC_RULE_CERT_FORM, "0 octets are no certificate (at most 65536)"},
	{"words", "hello, world", CC_RULE_CERT_FORM, "it is no base64"},
	{"base64 of something else", "aGVsbG8=", CC_RULE_CERT_FORM, "it is no X.509 certificate"},
	{"no END", "-----BEGIN CERTIFICATE-----\n@B", CC_RULE_CERT_FORM,
	 "certificate 1 of the chain has no END line"},
	{"END of another", "-----BEGIN CERTIFICATE-----\n@B-----END X509 CERTIFICATE-----",
	 CC_RULE_CERT_FORM, "certificate 1 of the chain has no END line"},
	{"END of the next", "-----BEGIN CERTIFICATE-----\n@B@I", CC_RULE_CERT_FORM,
	 "it is no base64"},
	{"empty", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", CC_RULE_CERT_FORM,
	 "0 octets are no certificate (at most 65536)"},
	{"a header", "-----BEGIN CERTIFICATE-----\nProc-Type: 4\n\n@B-----END CERTIFICATE-----",
	 CC_RULE_CERT_FORM, "it is no base64"},
	{"an octet that is no base64", "-----BEGIN CERTIFICATE-----\n@B!-----END CERTIFICATE-----",
	 CC_RULE_CERT_FORM, "it is no base64"},
	{"a NUL", "-----BEGIN CERTIFICATE-----\n@B@0-----END CERTIFICATE-----", CC_RULE_CERT_FORM,
	 "it is no base64"},
	{"two in one block", "-----BEGIN CERTIFICATE-----\n@B@B-----END CERTIFICATE-----",
	 CC_RULE_CERT_FORM, NULL},
	{"bare base64 and text", "@B x", CC_RULE_CERT_FORM, NULL},
	{"bare base64 twice", "@B@B", CC_RULE_CERT_FORM, NULL},
	{"text between", "@Lissuer:\n@I", CC_RULE_CERT_FORM,
	 "behind certificate 1 of the chain stands what is no certificate"},
	{"text behind", "@L@I and more", CC_RULE_CERT_FORM,
	 "behind certificate 2 of the chain stands what is no certificate"},
	{"a NUL behind", "@L@0", CC_RULE_CERT_FORM,
	 "behind certificate 1 of the chain stands what is no certificate"},
	{"base64 behind", "@L@B", CC_RULE_CERT_FORM,
	 "behind certificate 1 of the chain stands what is no certificate"},
	{"a key behind", "@L-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
	 CC_RULE_CERT_FORM, "behind certificate 1 of the chain stands what is no certificate"},
	{"a parent that is missing", "@L-----parent-----", CC_RULE_CERT_FORM,
	 "behind certificate 1 of the chain stands what is no certificate"},
	{"two dividers", "@L-----parent----------parent-----@I", CC_RULE_CERT_FORM,
	 "behind certificate 1 of the chain stands what is no certificate"},
	{"a bad second one", "@L-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n",
	 CC_RULE_CERT_FORM, "certificate 2 of the chain: it is no X.509 certificate"},
	{"a second that is no base64",
	 "@L-----BEGIN CERTIFICATE-----\na\n-----END CERTIFICATE-----\n", CC_RULE_CERT_FORM,
	 "certificate 2 of the chain: it is no base64"},
	{"nine", "@L@L@L@L@L@L@L@L@L", CC_RULE_CHAIN_DEPTH,
	 "the chain holds more than 8 certificates"},
};

static void refuses_other_text(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(bad_texts); i++) {
		cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
		struct cc_note why = {0};
		size_t len;
		char *text = expand(bad_texts[i].form, &len);
		int r = read_text(text, len, &gids, &why);

		if (r != bad_texts[i].rule)
			fail_msg("%s: %d, %s", bad_texts[i].why, r, why.text);
		if (bad_texts[i].said)
			assert_string_equal(why.text, bad_texts[i].said);
		assert_int_equal(why.code, CC_EDENIED);
		free(text);
	}
}

static void refuses_long_text(void **state)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
	struct cc_note why = {0};
	char *pem = tp_pem(tp_world()->alice), *text = malloc(TR_GID_TEXT_MAX + 1);

	assert_non_null(text);
	memset(text, '\n', TR_GID_TEXT_MAX + 1);
	memcpy(text, pem, strlen(pem));
	assert_int_equal(read_text(text, TR_GID_TEXT_MAX, &gids, &why), 0);
	tr_gids_deinit(&gids);
	assert_int_equal(read_text(text, TR_GID_TEXT_MAX + 1, &gids, &why), CC_RULE_CERT_FORM);
	assert_string_equal(why.text, "262145 octets are more than any chain of certificates (at "
				      "most 262144)");
	memset(text, 'A', TR_CERT_MAX / 3 * 4 + 8);
	assert_int_equal(read_text(text, TR_CERT_MAX / 3 * 4 + 8, &gids, &why), CC_RULE_CERT_FORM);
	assert_string_equal(why.text, "it is longer than the 65536 octets of a certificate");
	free(pem);
	free(text);
}

static void reads_chains_of_der(void **state)
{
	const struct tr_gids *chain = &tp_world()->alice->chain;
	const uint8_t *ders[TR_CHAIN_MAX + 1];
	size_t lens[TR_CHAIN_MAX + 1];
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
	struct cc_note why = {0};

	for (size_t i = 0; i <= TR_CHAIN_MAX; i++) {
		ders[i] = chain->items[i % chain->count]->der;
		lens[i] = chain->items[i % chain->count]->der_len;
	}
	assert_int_equal(tr_gids_read_der(NULL, ders, lens, 3, &gids, &why), 0);
	assert_int_equal(gids.count, 3);
	assert_string_equal(gids.items[2]->urn, TP_IDN "plc+authority+sa");
	tr_gids_deinit(&gids);
	assert_int_equal(tr_gids_read_der(NULL, ders, lens, 0, &gids, &why), CC_RULE_CERT_FORM);
	assert_string_equal(why.text, "there is no certificate");
	assert_int_equal(tr_gids_read_der(NULL, ders, lens, 9, &gids, &why), CC_RULE_CHAIN_DEPTH);
	assert_int_equal(gids.count, 0);
	lens[1]--;
	assert_int_equal(tr_gids_read_der(NULL, ders, lens, 3, &gids, &why), CC_RULE_CERT_FORM);
	assert_string_equal(why.text, "certificate 2 of the chain: it is no X.509 certificate");
}

static void writes_what_it_reads(void **state)
{
	const struct tr_gids *chain = &tp_world()->alice->chain;
	cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(0), small = CC_BUF_INIT(100);
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};

	assert_int_equal(tr_gids_write(chain, &text), 0);
	for (const char *line = (char *)text.data, *end; (end = strchr(line, '\n')); line = end + 1)
		assert_in_range(end - line, 1, 64);
	assert_int_equal(read_text((char *)text.data, text.len, &gids, NULL), 0);
	assert_int_equal(gids.count, chain->count);
	for (size_t i = 0; i < gids.count; i++)
		assert_memory_equal(gids.items[i]->hash, chain->items[i]->hash, TR_HASH);
	assert_int_equal(tr_gids_write(chain, &small), -CC_ELIMIT);
}

/* ---- certificates met before ---- */

static void remembers_certificates(void **state)
{
	const struct tp_world *w = tp_world();
	const struct tp *all[] = {w->alice, w->bob, w->site};
	cc_cleanup(tr_certs_freep) struct tr_certs *certs = NULL;
	struct tr_gid *first[3], *again[3], *none = NULL;

	assert_int_equal(tr_certs_new(&certs, 2), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(tr_gid_read_der(certs, all[i]->gid->der, all[i]->gid->der_len,
						 &first[i], NULL),
				 0);
	/* room for two: the first one is read anew, which puts out the second */
	for (size_t i = 3; i-- > 0;)
		assert_int_equal(tr_gid_read_der(certs, all[i]->gid->der, all[i]->gid->der_len,
						 &again[i], NULL),
				 0);
	assert_ptr_equal(again[2], first[2]);
	assert_ptr_equal(again[1], first[1]);
	assert_ptr_not_equal(again[0], first[0]);
	assert_int_equal(
		tr_gid_read_der(certs, all[0]->gid->der, all[0]->gid->der_len - 1, &none, NULL),
		CC_RULE_CERT_FORM);
	for (size_t i = 0; i < 3; i++) {
		tr_gid_unref(first[i]);
		tr_gid_unref(again[i]);
	}
}

/* One that alone is more than all may be is read each time. */
static void remembers_no_giants(void **state)
{
	static const char blank[15000] = {0};
	char params[sizeof("<params>") + sizeof(blank)];
	cc_cleanup(tr_certs_freep) struct tr_certs *certs = NULL;
	cc_cleanup(tr_gid_unrefp) struct tr_gid *a = NULL, *b = NULL;
	cc_cleanup(tp_freep) struct tp *p = NULL;

	snprintf(params, sizeof(params), "<params>%*s", (int)sizeof(blank), "");
	p = tp_raw(&(struct tp_spec){.params = params}, NULL);
	assert_int_equal(tr_certs_new(&certs, 4), 0);
	assert_int_equal(tr_gid_read_der(certs, p->gid->der, p->gid->der_len, &a, NULL), 0);
	assert_int_equal(tr_gid_read_der(certs, p->gid->der, p->gid->der_len, &b, NULL), 0);
	assert_ptr_not_equal(a, b);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(reads_chains),		  cmocka_unit_test(reads_lines_of_any_form),
	cmocka_unit_test(refuses_other_text),	  cmocka_unit_test(refuses_long_text),
	cmocka_unit_test(reads_chains_of_der),	  cmocka_unit_test(writes_what_it_reads),
	cmocka_unit_test(remembers_certificates), cmocka_unit_test(remembers_no_giants),
};

TEST_MAIN(tests)
