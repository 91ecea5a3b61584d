/* SPDX-License-Identifier: ISC */
/* Keys as PEM and as ssh writes them; ssh-keygen is the other opinion where it is installed. */
#include "tests/test.h"

#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <stdio.h>

#include "lib/base/util.h"
#include "lib/trust/gid_int.h"
#include "tests/unit/folder.h"
#include "tests/unit/trustpki.h"

#define MAX 4096

/* The text in a block of its own size, so that a sanitizer sees every read past the end. */
static int read_public(const char *text, size_t len, EVP_PKEY **out, struct cc_note *why)
{
	char *copy = malloc(len ? len : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, text, len);
	r = tr_key_read_public(copy, len, out, why);
	free(copy);
	assert_int_equal(ERR_peek_error(), 0);
	return r;
}

/* Whether it is the public half of key. */
/* The hash of a text is that of the key which it is read as. */
static void assert_hashes(const char *text, size_t len, const EVP_PKEY *key)
{
	uint8_t of_text[TR_HASH], of_key[TR_HASH];

	assert_int_equal(tr_key_text_hash(text, len, of_text, NULL), 0);
	assert_int_equal(tr_key_hash(key, of_key), 0);
	assert_memory_equal(of_text, of_key, TR_HASH);
}

static void assert_reads(const char *text, size_t len, const EVP_PKEY *key)
{
	struct cc_note why = {0};
	EVP_PKEY *got = NULL;

	if (read_public(text, len, &got, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(EVP_PKEY_eq(got, key), 1);
	assert_hashes(text, len, got);
	EVP_PKEY_free(got);
}

static void assert_refuses(const char *text, size_t len, const char *said)
{
	uint8_t hash[TR_HASH];
	struct cc_note why = {0};
	EVP_PKEY *got = NULL;

	assert_int_equal(tr_key_text_hash(text, len, hash, NULL), -CC_EFORMAT);
	assert_int_equal(read_public(text, len, &got, &why), -CC_EFORMAT);
	assert_null(got);
	assert_string_equal(why.text, said);
}

/* What a function of OpenSSL writes, as text. Caller frees. */
#define PEM_OF(call)                                                                               \
	({                                                                                         \
		BIO *bio = BIO_new(BIO_s_mem());                                                   \
		char *data, *copy;                                                                 \
		long n;                                                                            \
		assert_int_equal(call, 1);                                                         \
		n = BIO_get_mem_data(bio, &data);                                                  \
		copy = tp_copy(data, (size_t)n);                                                   \
		assert_non_null(copy);                                                             \
		BIO_free(bio);                                                                     \
		copy;                                                                              \
	})

/* ---- private keys ---- */

static void writes_and_reads_private_keys(void **state)
{
	static const enum tr_key_kind kinds[] = {TR_KEY_RSA2048, TR_KEY_P256};

	for (size_t i = 0; i < CC_ARRAY_SIZE(kinds); i++) {
		cc_cleanup(cc_buf_deinit) struct cc_buf text = CC_BUF_INIT(0);
		EVP_PKEY *key = NULL, *again = NULL;
		struct cc_note why = {0};

		assert_int_equal(tr_key_new(kinds[i], &key), 0);
		assert_true(EVP_PKEY_is_a(key, i == 0 ? "RSA" : "EC"));
		assert_int_equal(EVP_PKEY_get_bits(key), i == 0 ? 2048 : 256);
		assert_int_equal(tr_key_write(key, &text), 0);
		assert_memory_equal(text.data, "-----BEGIN PRIVATE KEY-----\n", 28);
		assert_int_equal(tr_key_read((char *)text.data, text.len, &again, &why), 0);
		assert_int_equal(EVP_PKEY_eq(key, again), 1);
		EVP_PKEY_free(key);
		EVP_PKEY_free(again);
	}
}

static void refuses_what_is_no_private_key(void **state)
{
	EVP_PKEY *key = tp_key("P-256", "k"), *got = NULL;
	char *rows[] = {strdup(""), strdup("hello"), PEM_OF(PEM_write_bio_PUBKEY(bio, key)),
			/* reading it must not ask the terminal */
			PEM_OF(PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_256_cbc(), "secret",
							     6, NULL, NULL))};
	static char large[TR_KEY_TEXT_MAX + 1];
	struct cc_note why = {0};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		why.text[0] = '\0';
		assert_int_equal(tr_key_read(rows[i], strlen(rows[i]), &got, &why), -CC_EFORMAT);
		assert_string_equal(why.text, "it is no PEM private key without passphrase");
		assert_int_equal(ERR_peek_error(), 0);
		free(rows[i]);
	}
	assert_int_equal(tr_key_read(large, sizeof(large), &got, &why), -CC_EFORMAT);
	assert_string_equal(why.text, "65537 octets are no private key");
	assert_null(got);
}

/* ---- public keys in PEM ---- */

static X509_REQ *make_request(EVP_PKEY *key, EVP_PKEY *signing)
{
	X509_REQ *req = X509_REQ_new();

	assert_non_null(req);
	assert_int_equal(X509_REQ_set_pubkey(req, key), 1);
	assert_true(X509_REQ_sign(req, signing, EVP_sha256()) > 0);
	return req;
}

static void reads_every_form_of_pem(void **state)
{
	static const char *const kinds[] = {"P-256", "P-384", "RSA-2048"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(kinds); i++) {
		EVP_PKEY *key = tp_key(kinds[i], "k");
		cc_cleanup(tp_freep) struct tp *p =
			tp_raw(&(struct tp_spec){.kind = kinds[i], .key = "k"}, NULL);
		X509_REQ *req = make_request(key, key);
		char *rows[] = {PEM_OF(PEM_write_bio_PUBKEY(bio, key)), tp_pem(p),
				PEM_OF(PEM_write_bio_X509_REQ(bio, req)),
				PEM_OF(PEM_write_bio_X509_REQ_NEW(bio, req))};

		for (size_t j = 0; j < CC_ARRAY_SIZE(rows); j++) {
			char longer[MAX];
			int n = snprintf(longer, sizeof(longer), "Some words.\n%s\nmore", rows[j]);

			assert_reads(rows[j], strlen(rows[j]), key);
			assert_reads(longer, (size_t)n, key);
			free(rows[j]);
		}
		X509_REQ_free(req);
	}
}

static void refuses_other_pem(void **state)
{
	EVP_PKEY *key = tp_key("P-256", "k"), *small = tp_key("RSA-1024", "k");
	X509_REQ *stolen = make_request(key, tp_key("P-256", "other"));
	X509_REQ *weak = make_request(small, small);
	char *public = PEM_OF(PEM_write_bio_PUBKEY(bio, key)), *broken = strdup(public);
	const struct {
		char *text;
		const char *said;
	} rows[] = {
		{PEM_OF(PEM_write_bio_X509_REQ(bio, stolen)),
		 "the certificate request is not signed with the key that it is for"},
		{PEM_OF(PEM_write_bio_X509_REQ(bio, weak)),
		 "the certificate request is for a key that is neither RSA of 2048 to 8192 bits "
		 "nor P-256 nor P-384"},
		{PEM_OF(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)),
		 "this is a private key: keep it, and send the public one"},
		{PEM_OF(PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_256_cbc(), "secret", 6,
						      NULL, NULL)),
		 "this is a private key: keep it, and send the public one"},
		{strdup("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"),
		 "this is a private key: keep it, and send the public one"},
		{strdup("-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n"),
		 "this PEM block is neither PUBLIC KEY nor CERTIFICATE nor CERTIFICATE REQUEST"},
		{strdup("-----BEGIN "),
		 "this PEM block is neither PUBLIC KEY nor CERTIFICATE nor CERTIFICATE REQUEST"},
		{strdup("-----BEGIN PUBLIC KEY-----\nAAAA\n"), "the PUBLIC KEY has no END line"},
		{strdup("-----BEGIN PUBLIC KEY-----\nAAAA!\n-----END PUBLIC KEY-----\n"),
		 "the PUBLIC KEY is no base64 of at most 65536 octets"},
		{strdup("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
		 "the public key cannot be read"},
		{strdup("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
		 "it is no X.509 certificate"},
		{strdup("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE "
			"REQUEST-----\n"),
		 "the certificate request cannot be read"},
		{broken, "the public key cannot be read"},
	};

	/* four octets more in the last line, which has no padding then */
	memcpy(strstr(broken, "=="), "AA", 2);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		print_message("# %s\n", rows[i].said);
		assert_refuses(rows[i].text, strlen(rows[i].text), rows[i].said);
		free(rows[i].text);
	}
	free(public);
	X509_REQ_free(stolen);
	X509_REQ_free(weak);
}

static void refuses_long_text(void **state)
{
	static char large[TR_KEY_TEXT_MAX + 1];

	assert_refuses(large, sizeof(large), "65537 octets are no public key (at most 65536)");
}

static void refuses_octets_behind_a_request(void **state)
{
	EVP_PKEY *key = tp_key("P-256", "k");
	X509_REQ *req = make_request(key, key);
	uint8_t *der = NULL, octets[MAX] = {0};
	char base64[2 * MAX], pem[3 * MAX];
	int len = i2d_X509_REQ(req, &der);

	assert_in_range(len, 1, MAX - 1);
	memcpy(octets, der, (size_t)len);
	EVP_EncodeBlock((uint8_t *)base64, octets, len + 1);
	snprintf(pem, sizeof(pem),
		 "-----BEGIN CERTIFICATE REQUEST-----\n%s\n-----END CERTIFICATE REQUEST-----\n",
		 base64);
	assert_refuses(pem, strlen(pem), "the certificate request cannot be read");
	OPENSSL_free(der);
	X509_REQ_free(req);
}

/* A number of so many bits that nobody has the private half of; exponent in hex. */
static EVP_PKEY *rsa_of(int bits, const char *exponent)
{
	BIGNUM *n = BN_new(), *e = NULL;
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;

	assert_int_equal(BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD), 1);
	assert_true(BN_hex2bn(&e, exponent) > 0);
	assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, "n", n), 1);
	assert_int_equal(OSSL_PARAM_BLD_push_BN(builder, "e", e), 1);
	params = OSSL_PARAM_BLD_to_param(builder);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(e);
	return key;
}

static void knows_good_keys(void **state)
{
	static const struct {
		int bits;
		const char *exponent;
		bool good;
	} rows[] = {
		{1024, "10001", false},
		{2047, "10001", false},
		{2048, "10001", true},
		{8192, "10001", true},
		{8193, "10001", false},
		{2048, "1", false}, /* everybody's signature is good */
		{2048, "3", true},
		{2048, "10000", false},
		{2048, "FFFFFFFFFFFFFFFF", true},
		{2048, "10000000000000001", false},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		EVP_PKEY *key = rsa_of(rows[i].bits, rows[i].exponent);

		assert_int_equal(tr_key_good(key), rows[i].good);
		EVP_PKEY_free(key);
	}
	assert_true(tr_key_good(tp_key("P-256", "k")));
	assert_true(tr_key_good(tp_key("P-384", "k")));
	assert_false(tr_key_good(tp_key("P-521", "k")));
	assert_false(tr_key_good(tp_key("ED25519", "k")));
	assert_int_equal(ERR_peek_error(), 0);
}

/* ---- ssh lines ---- */

/* The key of the tests, in numbers. */
static void get_number(const char *name, uint8_t *out, size_t *len)
{
	BIGNUM *bn = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(tp_key("RSA-2048", "k"), name, &bn), 1);
	*len = (size_t)BN_bn2bin(bn, out);
	BN_free(bn);
}

static void put_string(struct cc_buf *b, const void *data, size_t len)
{
	const uint8_t head[] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
				(uint8_t)len};

	cc_buf_put(b, head, sizeof(head));
	cc_buf_put(b, data, len);
}

static void put_word(struct cc_buf *b, const char *word)
{
	put_string(b, word, strlen(word));
}

/* Writes "TYPE base64 comment". Caller frees. */
static char *ssh_line(const char *type, const struct cc_buf *blob)
{
	char *text = malloc(blob->len / 3 * 4 + 5), *line = NULL;

	assert_non_null(text);
	EVP_EncodeBlock((uint8_t *)text, blob->data, (int)blob->len);
	assert_true(asprintf(&line, "%s %s me@example.org\n", type, text) > 0);
	free(text);
	return line;
}

/* An RSA blob: exponent and modulus, with what stands in front of them and behind the last. */
static struct cc_buf rsa_blob(const char *type, const void *e, size_t e_len, const char *before_n,
			      size_t before_len, const char *behind)
{
	struct cc_buf b = CC_BUF_INIT(0), n = CC_BUF_INIT(0);
	uint8_t octets[512];
	size_t len;

	get_number("n", octets, &len);
	cc_buf_put(&n, before_n, before_len);
	cc_buf_put(&n, octets, len);
	put_word(&b, type);
	put_string(&b, e, e_len);
	put_string(&b, n.data, n.len);
	cc_buf_puts(&b, behind);
	cc_buf_deinit(&n);
	assert_int_equal(b.err, 0);
	return b;
}

#define F4 "\1\0\1", 3
static const struct {
	const char *why, *type, *inside, *e;
	size_t e_len;
	const char *before_n;
	size_t before_len;
	const char *behind;
} bad_rsa[] = {
	{"another type inside", "ssh-rsa", "ssh-dss", F4, "", 1, ""},
	{"octets behind", "ssh-rsa", "ssh-rsa", F4, "", 1, "x"},
	{"a modulus that is negative", "ssh-rsa", "ssh-rsa", F4, "", 0, ""},
	{"a zero too many", "ssh-rsa", "ssh-rsa", F4, "\0\0", 2, ""},
	{"no exponent", "ssh-rsa", "ssh-rsa", "", 0, "", 1, ""},
	{"exponent 0", "ssh-rsa", "ssh-rsa", "", 1, "", 1, ""},
	{"exponent 1", "ssh-rsa", "ssh-rsa", "\1", 1, "", 1, ""},
	{"an even exponent", "ssh-rsa", "ssh-rsa", "\4", 1, "", 1, ""},
	{"a negative exponent", "ssh-rsa", "ssh-rsa", "\x81", 1, "", 1, ""},
	{"an exponent with a zero too many", "ssh-rsa", "ssh-rsa", "\0\3", 2, "", 1, ""},
	{"an exponent of 9 octets", "ssh-rsa", "ssh-rsa", "\1\0\0\0\0\0\0\0\1", 9, "", 1, ""},
};

static void reads_rsa_strictly(void **state)
{
	struct cc_buf blob = rsa_blob("ssh-rsa", F4, "", 1, "");
	char *line = ssh_line("ssh-rsa", &blob);

	assert_reads(line, strlen(line), tp_key("RSA-2048", "k"));
	free(line);
	for (size_t len = 0; len < blob.len; len++) {
		struct cc_buf cut = {.data = blob.data, .len = len};

		line = ssh_line("ssh-rsa", &cut);
		assert_refuses(line, strlen(line), "the ssh-rsa key is damaged");
		free(line);
	}
	cc_buf_deinit(&blob);
	for (size_t i = 0; i < CC_ARRAY_SIZE(bad_rsa); i++) {
		print_message("# %s\n", bad_rsa[i].why);
		blob = rsa_blob(bad_rsa[i].inside, bad_rsa[i].e, bad_rsa[i].e_len,
				bad_rsa[i].before_n, bad_rsa[i].before_len, bad_rsa[i].behind);
		line = ssh_line(bad_rsa[i].type, &blob);
		assert_refuses(line, strlen(line), "the ssh-rsa key is damaged");
		cc_buf_deinit(&blob);
		free(line);
	}
}

/* 8192 bits are read, one more octet is not. */
static void bounds_rsa(void **state)
{
	for (size_t octets = 1024; octets <= 1025; octets++) {
		struct cc_buf blob = CC_BUF_INIT(0);
		uint8_t n[1026] = {0};
		EVP_PKEY *key = NULL;
		char *line;

		memset(n + 1, 0xff, octets);
		put_word(&blob, "ssh-rsa");
		put_string(&blob, F4);
		put_string(&blob, n, 1 + octets);
		line = ssh_line("ssh-rsa", &blob);
		if (octets == 1025) {
			assert_refuses(line, strlen(line), "the ssh-rsa key is damaged");
		} else {
			assert_int_equal(read_public(line, strlen(line), &key, NULL), 0);
			assert_int_equal(EVP_PKEY_get_bits(key), 8192);
			assert_hashes(line, strlen(line), key);
		}
		EVP_PKEY_free(key);
		cc_buf_deinit(&blob);
		free(line);
	}
}

static struct cc_buf ec_blob(const char *type, const char *curve, const uint8_t *point, size_t len)
{
	struct cc_buf b = CC_BUF_INIT(0);

	put_word(&b, type);
	put_word(&b, curve);
	put_string(&b, point, len);
	return b;
}

static void refuse_ec(const char *why, const char *type, struct cc_buf blob)
{
	char *line = ssh_line(type, &blob), said[64];

	print_message("# %s\n", why);
	snprintf(said, sizeof(said), "the %s key is damaged", type);
	assert_refuses(line, strlen(line), said);
	cc_buf_deinit(&blob);
	free(line);
}

static void refuses_an_even_modulus(void **state)
{
	struct cc_buf blob = rsa_blob("ssh-rsa", F4, "", 1, "");
	char *line;

	blob.data[blob.len - 1] &= 0xfe;
	line = ssh_line("ssh-rsa", &blob);
	assert_refuses(line, strlen(line), "the ssh-rsa key is damaged");
	cc_buf_deinit(&blob);
	free(line);
}

static void reads_ec_strictly(void **state)
{
	static const char *const kinds[] = {"P-256", "P-384"};
	static const char *const types[] = {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384"};

	for (size_t i = 0; i < 2; i++) {
		const char *type = types[i], *curve = strrchr(type, '-') + 1;
		const char *other = i == 0 ? "nistp384" : "nistp256";
		EVP_PKEY *key = tp_key(kinds[i], "k");
		uint8_t point[133];
		struct cc_buf blob;
		size_t len;
		char *line;

		assert_int_equal(
			EVP_PKEY_get_octet_string_param(key, "pub", point, sizeof(point), &len), 1);
		blob = ec_blob(type, curve, point, len);
		line = ssh_line(type, &blob);
		assert_reads(line, strlen(line), key);
		free(line);
		for (size_t n = 0; n < blob.len; n++) {
			struct cc_buf cut = CC_BUF_INIT(0);

			cc_buf_put(&cut, n ? blob.data : (uint8_t *)"", n);
			refuse_ec("cut", type, cut);
		}
		cc_buf_puts(&blob, "x");
		refuse_ec("an octet behind", type, blob);
		refuse_ec("another curve inside", type, ec_blob(type, other, point, len));
		refuse_ec("another type inside", type, ec_blob(types[1 - i], curve, point, len));
		refuse_ec("a longer point", type, ec_blob(type, curve, point, len + 1));
		point[len - 1] ^= 1;
		refuse_ec("a point off the curve", type, ec_blob(type, curve, point, len));
		point[len - 1] ^= 1;
		point[0] = 2 + (point[len - 1] & 1);
		refuse_ec("a compressed point", type, ec_blob(type, curve, point, 1 + len / 2));
		point[0] = 6 + (point[len - 1] & 1);
		refuse_ec("a hybrid point", type, ec_blob(type, curve, point, len));
		refuse_ec("the point at infinity", type, ec_blob(type, curve, (uint8_t *)"", 1));
	}
}

static const struct {
	const char *text, *said;
} bad_lines[] = {
	{"", "it is neither PEM nor an ssh line that begins with ssh-rsa, ecdsa-sha2-nistp256 or "
	     "ecdsa-sha2-nistp384"},
	{" \n",
	 "it is neither PEM nor an ssh line that begins with ssh-rsa, ecdsa-sha2-nistp256 or "
	 "ecdsa-sha2-nistp384"},
	{"Hello, world",
	 "it is neither PEM nor an ssh line that begins with ssh-rsa, ecdsa-sha2-nistp256 or "
	 "ecdsa-sha2-nistp384"},
	{"from=\"10.0.0.1\" ssh-rsa AAAA",
	 "it is neither PEM nor an ssh line that begins with ssh-rsa, ecdsa-sha2-nistp256 or "
	 "ecdsa-sha2-nistp384"},
	{"ssh-rsax012345678901234567890123456789012 AAAA",
	 "it is neither PEM nor an ssh line that begins with ssh-rsa, ecdsa-sha2-nistp256 or "
	 "ecdsa-sha2-nistp384"},
	{"ssh-ed25519 AAAA x",
	 "an ed25519 key cannot be in a GID: other testbeds read only RSA and "
	 "ECDSA; make one with ssh-keygen -t ecdsa or -t rsa"},
	{"sk-ssh-ed25519@openssh.com AAAA",
	 "an ed25519 key cannot be in a GID: other testbeds read only RSA and ECDSA; make one with "
	 "ssh-keygen -t ecdsa or -t rsa"},
	{"ssh-dss AAAA", "a key of type ssh-dss cannot be in a GID: use ssh-rsa, "
			 "ecdsa-sha2-nistp256 or ecdsa-sha2-nistp384"},
	{"ecdsa-sha2-nistp521 AAAA", "a key of type ecdsa-sha2-nistp521 cannot be in a GID: use "
				     "ssh-rsa, ecdsa-sha2-nistp256 or ecdsa-sha2-nistp384"},
	{"ssh-rsa", "the ssh-rsa key is damaged"},
	{"ssh-rsa A", "the ssh-rsa key is damaged"},
	{"ssh-rsa =", "the ssh-rsa key is damaged"},
	{"ssh-rsa AAAA\nssh-rsa AAAA", "more than one line is no ssh key"},
	{"ssh-rsa AAAA\r\n\r\nx", "more than one line is no ssh key"},
};

static void refuses_other_lines(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(bad_lines); i++)
		assert_refuses(bad_lines[i].text, strlen(bad_lines[i].text), bad_lines[i].said);
	assert_refuses("ssh-rsa AAAA\0", 13, "the ssh-rsa key is damaged");
	assert_refuses("\0", 1, bad_lines[0].said);
	assert_refuses("ssh-rsa\0AAAA", 12, bad_lines[0].said);
}

/* White space as hands and mail programs leave it. */
static void forgives_white_space(void **state)
{
	struct cc_buf blob = rsa_blob("ssh-rsa", F4, "", 1, "");
	char *line = ssh_line("ssh-rsa", &blob), *blob_end = strrchr(line, ' ');
	char other[MAX];

	snprintf(other, sizeof(other), "\n  ssh-rsa \t %.*s\r\n", (int)(blob_end - line - 8),
		 line + 8);
	assert_reads(other, strlen(other), tp_key("RSA-2048", "k"));
	cc_buf_deinit(&blob);
	free(line);
}

/* ---- ssh-keygen ---- */

static char *load(const char *path, size_t *len)
{
	static char text[MAX];
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	*len = fread(text, 1, sizeof(text), f);
	assert_int_equal(fclose(f), 0);
	return text;
}

static void reads_what_ssh_keygen_writes(void **state)
{
	static const char *const kinds[] = {"rsa -b 2048", "ecdsa -b 256", "ecdsa -b 384"};
	size_t len;
	char *text;

	if (system("ssh-keygen -q -t ed25519 -N '' -f ed && "
		   "ssh-keygen -q -t ecdsa -b 521 -N '' -f p521") != 0)
		skip();
	for (size_t i = 0; i < CC_ARRAY_SIZE(kinds); i++) {
		struct cc_note why = {0};
		EVP_PKEY *key = NULL;
		char command[256];

		snprintf(command, sizeof(command),
			 "rm -f k k.pub k.pem && ssh-keygen -q -t %s -N '' -C 'a b' -f k && "
			 "ssh-keygen -e -m PKCS8 -f k.pub >k.pem",
			 kinds[i]);
		assert_int_equal(system(command), 0);
		text = load("k.pem", &len);
		assert_int_equal(read_public(text, len, &key, &why), 0);
		text = load("k.pub", &len);
		assert_reads(text, len, key);
		EVP_PKEY_free(key);
		text = load("k", &len);
		assert_refuses(text, len,
			       "this is a private key: keep it, and send the public one");
	}
	text = load("ed.pub", &len);
	assert_refuses(text, len, bad_lines[5].said);
	text = load("p521.pub", &len);
	assert_refuses(text, len, bad_lines[8].said);
}

static void writes_what_may_be_given_away(void **state)
{
	/* the last is longer than X.520 lets a common name be */
	static const char *const names[] = {
		"plc.site.n1", "n",
		"plc.a-label-that-is-as-long-as-it-can-be-without-being-useful-to-anybody.node"};

	for (int kind = TR_KEY_RSA2048; kind <= TR_KEY_P256; kind++)
		for (size_t i = 0; i < CC_ARRAY_SIZE(names); i++) {
			cc_cleanup(cc_buf_deinit) struct cc_buf public = CC_BUF_INIT(MAX);
			cc_cleanup(cc_buf_deinit) struct cc_buf csr = CC_BUF_INIT(MAX);
			EVP_PKEY *key;

			assert_int_equal(tr_key_new((enum tr_key_kind)kind, &key), 0);
			assert_int_equal(tr_key_write_public(key, &public), 0);
			assert_int_equal(tr_key_write_request(key, names[i], &csr), 0);
			assert_null(strstr((char *)public.data, "PRIVATE"));
			assert_null(strstr((char *)csr.data, "PRIVATE"));
			assert_non_null(strstr((char *)csr.data, "CERTIFICATE REQUEST"));
			assert_reads((char *)public.data, public.len, key);
			assert_reads((char *)csr.data, csr.len, key);
			EVP_PKEY_free(key);
		}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(writes_what_may_be_given_away),
	cmocka_unit_test(writes_and_reads_private_keys),
	cmocka_unit_test(refuses_what_is_no_private_key),
	cmocka_unit_test(reads_every_form_of_pem),
	cmocka_unit_test(refuses_other_pem),
	cmocka_unit_test(refuses_octets_behind_a_request),
	cmocka_unit_test(knows_good_keys),
	cmocka_unit_test(refuses_long_text),
	cmocka_unit_test(reads_rsa_strictly),
	cmocka_unit_test(bounds_rsa),
	cmocka_unit_test(refuses_an_even_modulus),
	cmocka_unit_test(reads_ec_strictly),
	cmocka_unit_test(refuses_other_lines),
	cmocka_unit_test(forgives_white_space),
	cmocka_unit_test_setup_teardown(reads_what_ssh_keygen_writes, folder_enter, folder_leave),
};

TEST_MAIN(tests)
