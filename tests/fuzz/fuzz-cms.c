/* SPDX-License-Identifier: ISC */
/*
 * The strict walk and the fast path of lib/cc/cms. The signers of the seeds are known, so that every message that carries
 * their certificates gets as far as its signature. Held against plain CMS_verify: what the fast path accepts, that must
 * accept.
 *
 * First octet: bit 0 attached, bit 1 SHA-1 allowed; bit 2: no message, but any DER values, which are walked and written again.
 * Seeds: tests/data/fuzz/cms, made by tests/data/make-fuzz-seeds.sh.
 */
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/cc/cms_int.h"
#include "lib/cc/der.h"
#include "lib/cc/ossl.h"
#include "tests/fuzz/must.h"

#define BODY "{\"req\": \"echo.request\"}"
#define KEYS TEST_DATA "/fuzz/keys"
#define SEEDS TEST_DATA "/fuzz/cms"

enum { MODE_ATTACHED = 1, MODE_SHA1 = 2, MODE_VALUES = 4 };

int LLVMFuzzerInitialize(int *argc, char ***argv);

static const struct cc_bytes body = {(const uint8_t *)BODY, sizeof(BODY) - 1};
static struct cc_keystore *ks;
static struct cc_cms *cms;

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fuzz-cms: %s\n", what);
	abort();
}

static void meet_signer(const char *path)
{
	const struct cc_signer *signer = NULL;
	struct cc_note why = {0};
	size_t len = 0;
	char *text = NULL;

	require(cc_file_read(path, CC_CMS_MAX, &text, &len, &why) == 0 && len > 0, why.text);
	require(cc_cms_verify(cms, (struct cc_bytes){(uint8_t *)text + 1, len - 1}, body, 0,
			      &signer) == 0,
		"a seed does not verify");
	cc_signer_unref(signer);
	free(text);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char *names[] = {"ca"};
	const struct cf_list verify = {names, 1};
	const struct cc_keystore_conf conf = {.dir = KEYS, .verify = &verify};
	struct cc_note why = {0};

	require(cc_keystore_load(&conf, &ks, &why) == 0, why.text);
	require(cc_cms_new(&cms, ks, &(struct cc_cms_conf){0}) == 0, "no context");
	meet_signer(SEEDS "/ec");
	meet_signer(SEEDS "/rsa");
	return 0;
}

/* Every value that is read is the one that would be written. */
static void walk_values(struct cc_bytes in)
{
	struct cc_bytes before = {0};
	uint8_t header[CC_DER_HEADER_MAX];
	struct cc_der d;

	while (cc_der_next(&in, &d)) {
		size_t size = d.whole.len - d.body.len;

		require(cc_der_header_size(d.body.len) == size &&
				cc_der_size(d.body.len) == d.whole.len,
			"length is not minimal");
		require(cc_der_put_header(header, d.tag, d.body.len) == header + size &&
				memcmp(header, d.whole.data, size) == 0,
			"header is written otherwise");
		if (before.data)
			require((cc_der_compare(before, d.whole) == 0) ==
					cc_bytes_equal(before, d.whole),
				"order is no order");
		before = d.whole;
		if (d.tag & 0x20)
			in = d.body; /* downwards only: a walk of all would only take longer */
	}
}

static bool oracle(const struct cc_cms_check *check)
{
	const unsigned char *p = check->sig.data;
	CMS_ContentInfo *ci = d2i_CMS_ContentInfo(NULL, &p, (long)check->sig.len);
	BIO *in = cc_bio_borrow(check->content);
	bool ok = ci && p == check->sig.data + check->sig.len &&
		  CMS_verify(ci, NULL, cc_keystore_roots(ks), check->detached ? in : NULL, NULL,
			     CMS_BINARY) == 1;

	BIO_free(in);
	CMS_ContentInfo_free(ci);
	ERR_clear_error();
	return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cc_cms_check check = {.sig = {data + 1, size - 1}};
	struct cc_cms_frame frame;

	if (size == 0)
		return 0;
	check.detached = !(data[0] & MODE_ATTACHED);
	check.flags = data[0] & MODE_SHA1 ? CC_CMS_ALLOW_SHA1 : 0;
	if (check.detached)
		check.content = body;
	if (data[0] & MODE_VALUES) {
		walk_values(check.sig);
	} else if (cc_cms_frame_read(check.sig, &frame) && cc_cms_fast(cms, &frame, &check) == 0) {
		cc_signer_unref(check.signer);
		require(oracle(&check), "accepted, but not by CMS_verify");
	}
	return 0;
}
