/* SPDX-License-Identifier: ISC */
/* What a front door may say about its caller: anything else than the form is unreadable. */
#include "lib/cc/caller.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "lib/cc/ossl.h"
#include "tests/test.h"
#include "tests/unit/pki.h"

#define ALICE "urn:publicid:IDN+ccfed.test+user+alice"

/* Our own allocations fail when told to; those of the libraries go on. */
static bool no_memory;
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
	return no_memory ? NULL : __real_malloc(size);
}

/* ---- certificates ---- */

enum who { USER, NO_URN, TWO_URNS, BAD_URN, NO_NAME, BY_RSA, CERTS };

static const struct pki_spec specs[CERTS] = {
	[USER] = {.cn = "alice", .san = "URI:" ALICE},
	[NO_URN] = {.cn = "bob"},
	[TWO_URNS] = {.cn = "x", .san = "URI:" ALICE ",URI:urn:publicid:IDN+ccfed.test+user+bob"},
	[BAD_URN] = {.cn = "x", .san = "URI:urn:publicid:IDN+a b+user+c"},
	[NO_NAME] = {.cn = NULL},
	[BY_RSA] = {.cn = "carol", .kind = "RSA-2048", .san = "URI:" ALICE},
};
static char *texts[CERTS]; /* base64 of the DER */

/* Base64 of the DER and of `more` octets behind it. */
static char *encode(X509 *cert, size_t more)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	unsigned char *all = calloc(1, (size_t)len + more);
	char *text = malloc(((size_t)len + more) * 4 / 3 + 8);

	memcpy(all, der, (size_t)len);
	EVP_EncodeBlock((unsigned char *)text, all, len + (int)more);
	OPENSSL_free(der);
	free(all);
	return text;
}

static char *behind[3]; /* the user's, with so many octets more */

static int make_certs(void **state)
{
	for (unsigned i = 0; i < CERTS; i++) {
		struct pki *p = pki_make(&specs[i], NULL);

		texts[i] = encode(p->cert, 0);
		for (unsigned k = 0; i == USER && k < CC_ARRAY_SIZE(behind); k++)
			behind[k] = encode(p->cert, k + 1);
		pki_free(p);
	}
	return 0;
}

static int free_certs(void **state)
{
	for (unsigned i = 0; i < CERTS; i++)
		free(texts[i]);
	for (unsigned i = 0; i < CC_ARRAY_SIZE(behind); i++)
		free(behind[i]);
	return 0;
}

/* ---- tables ---- */

static int read_caller(const json_t *caller, char urn[CC_SIGNER_NAME_MAX + 1])
{
	strcpy(urn, "unset");
	return cc_caller_read(caller, urn);
}

static void check(json_t *caller, int wanted, const char *urn, const char *reason)
{
	char got[CC_SIGNER_NAME_MAX + 1];

	print_message("# %s\n", reason);
	assert_int_equal(read_caller(caller, got), wanted);
	assert_string_equal(got, urn);
	json_decref(caller);
}

static json_t *of(const char *cert)
{
	return json_pack("{s:[s]}", "certs", cert);
}

static void test_good(void **state)
{
	check(of(texts[USER]), 0, ALICE, "a user");
	check(of(texts[BY_RSA]), 0, ALICE, "an RSA key");
	check(of(texts[NO_URN]), 0, "", "no URN");
	check(json_pack("{s:[]}", "certs"), 0, "", "no certificate");
	check(json_pack("{s:[s,s], s:s, s:s}", "certs", texts[USER], texts[NO_URN], "listener",
			"443", "tls", "TLSv1.3"),
	      0, ALICE, "a chain: the leaf counts");
	check(json_pack("{s:[s], s:{}}", "certs", texts[USER], "x"), 0, ALICE, "other keys");
}

/* JSON of every kind where an object, a list or a string is wanted. */
static void test_kinds(void **state)
{
	static const char *const values[] = {"null",	 "true", "1",	"1.5",
					     "\"text\"", "[]",	 "{}",	"[[]]",
					     "[null]",	 "[{}]", "[1]", "[\"\"]"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(values); i++) {
		json_t *v = json_loads(values[i], JSON_DECODE_ANY, NULL);
		bool list = strcmp(values[i], "[]") == 0, text = json_is_string(v);

		check(json_incref(v), CC_CALLER_UNREADABLE, "", values[i]);
		check(json_pack("{s:O}", "certs", v), list ? 0 : CC_CALLER_UNREADABLE, "",
		      "as certs");
		check(json_pack("{s:[s], s:O}", "certs", texts[USER], "listener", v),
		      text ? 0 : CC_CALLER_UNREADABLE, text ? ALICE : "", "as listener");
		check(json_pack("{s:[s], s:O}", "certs", texts[USER], "tls", v),
		      text ? 0 : CC_CALLER_UNREADABLE, text ? ALICE : "", "as tls");
		json_decref(v);
	}
}

static void test_names(void **state)
{
	check(of(texts[TWO_URNS]), CC_CALLER_UNREADABLE, "", "two URNs");
	check(of(texts[BAD_URN]), CC_CALLER_UNREADABLE, "", "a URN with a space");
	check(of(texts[NO_NAME]), CC_CALLER_UNREADABLE, "", "no name at all");
}

/* Puts `what` over or into the user's base64 at a place; the old text is as long or shorter. */
static json_t *spoilt(size_t at, const char *what, bool insert)
{
	char text[4096];
	size_t n = strlen(what), rest = insert ? 0 : n;

	snprintf(text, sizeof(text), "%.*s%s%s", (int)at, texts[USER], what,
		 texts[USER] + at + rest);
	return of(text);
}

/* Another reader might not skip what OpenSSL's base64 skips, and see another certificate. */
static void test_base64(void **state)
{
	size_t len = strlen(texts[USER]);

	check(spoilt(0, "    ", true), CC_CALLER_UNREADABLE, "", "spaces before it");
	check(spoilt(0, "\n\n\n\n", true), CC_CALLER_UNREADABLE, "", "line ends before it");
	check(spoilt(len, "\n\n\n\n", true), CC_CALLER_UNREADABLE, "", "line ends behind it");
	check(spoilt(len, "====", true), CC_CALLER_UNREADABLE, "", "padding and nothing else");
	check(spoilt(len, "AAAA", true), CC_CALLER_UNREADABLE, "", "octets behind it");
	check(spoilt(len / 8 * 4, "AA==", true), CC_CALLER_UNREADABLE, "", "padding inside");
	check(spoilt(len / 8 * 4, "====", false), CC_CALLER_UNREADABLE, "", "a hole");
	check(spoilt(8, "-", false), CC_CALLER_UNREADABLE, "", "another alphabet");
	check(spoilt(8, "\x7f", false), CC_CALLER_UNREADABLE, "", "a control character");
	check(spoilt(4, "A", true), CC_CALLER_UNREADABLE, "", "a character too many");
	check(of("===="), CC_CALLER_UNREADABLE, "", "only padding");
	check(of("AA=="), CC_CALLER_UNREADABLE, "", "one octet");
	check(of("AAAA"), CC_CALLER_UNREADABLE, "", "three octets");
	check(of("MIIB"), CC_CALLER_UNREADABLE, "", "the begin of a certificate");
	for (unsigned i = 0; i < CC_ARRAY_SIZE(behind); i++)
		check(of(behind[i]), CC_CALLER_UNREADABLE, "", "zeros behind the certificate");
}

/* A certificate cut anywhere, or with any octet changed, is read or unreadable, never more. */
static void test_cut(void **state)
{
	char *text = strdup(texts[USER]), urn[CC_SIGNER_NAME_MAX + 1];
	size_t len = strlen(text);

	for (size_t n = len - 4; n >= 4; n -= 4) {
		text[n] = '\0';
		check(of(text), CC_CALLER_UNREADABLE, "", "cut");
	}
	free(text);
	for (size_t i = 0; i < len; i++) {
		json_t *caller = spoilt(i, texts[USER][i] == 'Q' ? "z" : "Q", false);
		int r = read_caller(caller, urn);

		assert_true(r == 0 || (r == CC_CALLER_UNREADABLE && !*urn));
		json_decref(caller);
	}
}

static json_t *many(size_t count, const char *cert)
{
	json_t *certs = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(certs, json_string(cert));
	return json_pack("{s:o}", "certs", certs);
}

/* The user's certificate, and one that is so long in base64. */
static json_t *with_long(size_t len)
{
	char *text = malloc(len + 1);
	json_t *caller;

	memset(text, 'A', len);
	text[len] = '\0';
	caller = json_pack("{s:[s,s]}", "certs", texts[USER], text);
	free(text);
	return caller;
}

static void test_bounds(void **state)
{
	size_t room = (CC_CERT_MAX - strlen(texts[USER]) / 4 * 3) / 3 * 4;
	char text[130] = "";

	check(many(CC_CALLER_CERTS, texts[USER]), 0, ALICE, "as many as allowed");
	check(many(CC_CALLER_CERTS + 1, texts[USER]), CC_CALLER_UNREADABLE, "", "one more");
	check(with_long(room), 0, ALICE, "as large as allowed");
	check(with_long(room + 4), CC_CALLER_UNREADABLE, "", "larger");
	check(with_long(1 << 20), CC_CALLER_UNREADABLE, "", "much larger");
	memset(text, 'x', 128);
	check(json_pack("{s:[], s:s, s:s}", "certs", "listener", text, "tls", text), 0, "",
	      "texts as long as allowed");
	text[128] = 'x';
	check(json_pack("{s:[], s:s}", "certs", "listener", text), CC_CALLER_UNREADABLE, "",
	      "a longer listener");
	check(json_pack("{s:[], s:s}", "certs", "tls", text), CC_CALLER_UNREADABLE, "",
	      "a longer tls");
}

/* Undecided is an error, not a caller without a name. */
static void test_no_memory(void **state)
{
	json_t *caller = of(texts[USER]);
	char urn[CC_SIGNER_NAME_MAX + 1];
	int r;

	no_memory = true;
	r = read_caller(caller, urn);
	no_memory = false;
	assert_int_equal(r, -CC_ENOMEM);
	assert_string_equal(urn, "");
	json_decref(caller);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_good),	  cmocka_unit_test(test_kinds),
	cmocka_unit_test(test_names),	  cmocka_unit_test(test_base64),
	cmocka_unit_test(test_cut),	  cmocka_unit_test(test_bounds),
	cmocka_unit_test(test_no_memory),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, make_certs, free_certs);
}
