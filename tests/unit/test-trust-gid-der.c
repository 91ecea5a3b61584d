/* SPDX-License-Identifier: ISC */
/* Octets that are no certificate. */
#include <openssl/err.h>

#include "tests/unit/gidkit.h"

static void reads_the_whole_der_and_no_more(void **state)
{
	const struct tr_gid *alice = tp_world()->alice->gid;
	uint8_t longer[TR_CERT_MAX + 2] = {0};
	struct cc_note why = {0};
	struct tr_gid *g = NULL;

	for (size_t len = 0; len < alice->der_len; len++)
		if (read_der(alice->der, len, &g, &why) != CC_RULE_CERT_FORM)
			fail_msg("accepted %zu octets", len);
	memcpy(longer, alice->der, alice->der_len);
	assert_int_equal(read_der(longer, alice->der_len + 1, &g, &why), CC_RULE_CERT_FORM);
	assert_string_equal(why.text, "octets follow the certificate");
	assert_int_equal(read_der(longer, TR_CERT_MAX + 1, &g, &why), CC_RULE_CERT_FORM);
	assert_string_equal(why.text, "65537 octets are no certificate (at most 65536)");
	assert_int_equal(read_der(longer, 0, &g, &why), CC_RULE_CERT_FORM);
	assert_null(g);
	assert_int_equal(ERR_peek_error(), 0);
	assert_int_equal(read_der(alice->der, alice->der_len, &g, &why), 0);
	assert_memory_equal(g->hash, alice->hash, TR_HASH);
	tr_gid_unref(g);
}

/*
 * An outermost length in five octets more, or none: OpenSSL reads both, but then one certificate
 * would have many hashes.
 */
static void reads_der_only(void **state)
{
	const struct tr_gid *alice = tp_world()->alice->gid;
	size_t head = 4, body = alice->der_len - head;
	const uint8_t heads[2][6] = {{0x30, 0x84, 0, 0, (uint8_t)(body >> 8), (uint8_t)body},
				     {0x30, 0x80}};
	const size_t head_lens[] = {6, 2}, tails[] = {0, 2};

	assert_int_equal(alice->der[1], 0x82);
	for (size_t i = 0; i < 2; i++) {
		uint8_t octets[TR_CERT_MAX] = {0};
		size_t len = head_lens[i] + body + tails[i];
		const uint8_t *p = octets;
		struct cc_note why = {0};
		struct tr_gid *g = NULL;
		X509 *cert;

		memcpy(octets, heads[i], head_lens[i]);
		memcpy(octets + head_lens[i], alice->der + head, body);
		cert = d2i_X509(NULL, &p, (long)len);
		assert_non_null(cert);
		X509_free(cert);
		assert_int_equal(read_der(octets, len, &g, &why), CC_RULE_CERT_FORM);
		assert_string_equal(why.text, "it is no X.509 certificate");
	}
}

/* 2 octets of DER can be 100 of memory: values are counted before OpenSSL reads them. */
static void bounds_the_values(void **state)
{
	cc_cleanup(tp_freep) struct tp *many =
		tp_raw(&(struct tp_spec){.urn = URN, .more_names = 400}, NULL);
	const uint8_t *inside = memmem(many->gid->der, many->gid->der_len, "http://a/", 9);
	size_t len = many->gid->der_len;
	uint8_t *der = exactly(many->gid->der, len);
	struct cc_note why = {0};
	struct tr_gid *g = NULL;

	/* each name of 11 octets becomes five: the lengths around them still hold */
	for (uint8_t *at = der + (inside - many->gid->der) - 2; memcmp(at, "\x86\x09http", 6) == 0;
	     at += 11)
		memcpy(at, "\x86\0\x86\0\x86\0\x86\0\x86\1", 10);
	assert_int_equal(tr_gid_read_der(NULL, der, len, &g, &why), CC_RULE_CERT_FORM);
	assert_string_equal(why.text, "the certificate holds more than 512 values");
	free(der);
}

static const struct {
	const char *why, *octets;
	size_t len, count;
	bool der;
} counted[] = {
	{"one", "\x05\0", 2, 1, true},
	{"three", "\x30\4\x05\0\x05\0", 6, 3, true},
	{"in an extension", "\x04\4\x30\2\x05\0", 6, 3, true},
	{"an octet string of text", "\x04\4abcd", 6, 1, true},
	{"what follows", "\x30\2\x05\0\xff", 5, 2, true},
	{"128 octets",
	 "\x04\x81\x80"
	 "x" HUNDRED TEN TEN "0123456",
	 131, 1, true},
	{"nothing", "", 0, 0, false},
	{"a tag alone", "\x30", 1, 0, false},
	{"a length of a length alone", "\x30\x82", 2, 0, false},
	{"cut", "\x30\4\x05\0\x05", 5, 0, false},
	{"beyond what it is in", "\x30\3\x04\2a\x05\0", 7, 0, false},
	{"beyond the extension that it is in", "\x30\6\x04\3\x30\3\x04\1\x05\0", 10, 0, false},
	{"a length of two octets for one", "\x04\x81\1a", 4, 0, false},
	{"a length that begins with zero", "\x04\x82\0\1a", 5, 0, false},
	{"a length of five octets", "\x04\x85\0\0\0\0\1a", 8, 0, false},
	{"4 GiB", "\x04\x84\xff\xff\xff\xff", 6, 0, false},
	{"no length", "\x30\x80\x05\0\0\0", 6, 0, false},
	{"no length, and the end", "\x30\x80", 2, 0, false},
	{"a tag of two octets", "\x1f\1\0", 3, 0, false},
};

static void counts_values(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(counted); i++) {
		uint8_t *der = exactly(counted[i].octets, counted[i].len);
		size_t n = 0;

		if (tr_der_count(der, counted[i].len, 8, &n) != counted[i].der)
			fail_msg("%s", counted[i].why);
		if (counted[i].der)
			assert_int_equal(n, counted[i].count);
		free(der);
	}
}

/* Sequences in sequences: 15 are counted. The count ends one behind what was asked for. */
static void bounds_its_own_work(void **state)
{
	uint8_t octets[64];
	size_t n = 0;

	for (size_t depth = 1; depth <= 32; depth++) {
		for (size_t i = 0; i < depth; i++) {
			octets[2 * i] = 0x30;
			octets[2 * i + 1] = (uint8_t)(2 * (depth - i - 1));
		}
		assert_int_equal(tr_der_count(octets, 2 * depth, 100, &n), depth <= 15);
		if (depth <= 15)
			assert_int_equal(n, depth);
	}
	assert_true(tr_der_count((const uint8_t *)"\x30\6\x05\0\x05\0\x05\0", 8, 2, &n));
	assert_int_equal(n, 3);
}

/* An octet string in the certificate is replaced by another of its length. */
static const struct {
	const char *why, *old, *new, *said;
	size_t len;
} patches[] = {
	{"a curve that there is not", "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07",
	 "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x7f",
	 "the certificate holds a key that cannot be read", 10},
	{"a point that is not written out", "\x03\x42\x00\x04", "\x03\x42\x00\x02",
	 "the certificate holds an EC key that is not written plainly: on a named curve, its point "
	 "not compressed",
	 4},
	{"a month 13", "270114", "271314", "the certificate holds a date that cannot be read", 6},
	{"a line end in the CN", "plc.site.alice", "plc.site\nalice",
	 "its common name holds control characters or is longer than 255 octets", 14},
	{"an escape in the CN", "plc.site.alice", "plc\x1b[2Jalice!!",
	 "its common name holds control characters or is longer than 255 octets", 14},
	{"DEL in the CN", "plc.site.alice",
	 "plc.site\x7f"
	 "alice",
	 "its common name holds control characters or is longer than 255 octets", 14},
	{"U+009B in the CN", "plc.site.alice",
	 "plc.si\xc2\x9b"
	 "alice.",
	 "its common name holds control characters or is longer than 255 octets", 14},
	{"no UTF-8 in the CN", "plc.site.alice", "plc.site.ali\xff\xfe",
	 "it is no X.509 certificate", 14},
	{"a CN of bits", "\x0c\x0eplc.site.alice", "\x03\x0e\0lc.site.alice",
	 "its common name cannot be read", 16},
};

static void refuses_what_cannot_be_read(void **state)
{
	const struct tr_gid *alice = tp_world()->alice->gid;

	for (size_t i = 0; i < CC_ARRAY_SIZE(patches); i++) {
		uint8_t *der = exactly(alice->der, alice->der_len);
		uint8_t *at = memmem(der, alice->der_len, patches[i].old, patches[i].len);
		struct cc_note why = {0};
		struct tr_gid *g = NULL;

		print_message("# %s\n", patches[i].why);
		assert_non_null(at);
		memcpy(at, patches[i].new, patches[i].len);
		assert_int_equal(tr_gid_read_der(NULL, der, alice->der_len, &g, &why),
				 CC_RULE_CERT_FORM);
		assert_string_equal(why.text, patches[i].said);
		assert_int_equal(ERR_peek_error(), 0);
		free(der);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(reads_the_whole_der_and_no_more),
	cmocka_unit_test(reads_der_only),
	cmocka_unit_test(bounds_the_values),
	cmocka_unit_test(counts_values),
	cmocka_unit_test(bounds_its_own_work),
	cmocka_unit_test(refuses_what_cannot_be_read),
};

TEST_MAIN(tests)
