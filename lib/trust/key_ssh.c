/* SPDX-License-Identifier: ISC */
/*
 * Public keys as ssh writes them (RFC 4253 6.6, RFC 5656 3.1): one line, "TYPE base64 [comment]".
 * The blob holds strings of a length in 4 octets: the type again, then the numbers of the key.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <string.h>

#include "lib/trust/gid_int.h"
#include "lib/xml/ossl.h"
#include "lib/xml/write.h"

#define BLOB_MAX 2048 /* octets: an RSA key of 8192 bits has 1044 */
#define MODULUS_MAX 1024
#define EXPONENT_MAX 8
#define TYPE_SHOWN 40

XS_OSSL_CLEANUP(bn_freep, BIGNUM, BN_free)
XS_OSSL_CLEANUP(params_freep, OSSL_PARAM, OSSL_PARAM_free)
XS_OSSL_CLEANUP(builder_freep, OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)

static bool take_string(struct tr_span *blob, struct tr_span *out)
{
	const uint8_t *p = (const uint8_t *)blob->at;
	size_t len;

	if (blob->len < 4)
		return false;
	len = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	if (len > blob->len - 4)
		return false;
	*out = (struct tr_span){blob->at + 4, len};
	tr_span_skip(blob, 4 + len);
	return true;
}

static bool take_word(struct tr_span *blob, const char *word)
{
	struct tr_span s;

	return take_string(blob, &s) && s.len == strlen(word) && memcmp(s.at, word, s.len) == 0;
}

/* A positive number in its shortest form, without its leading zero. */
static bool take_number(struct tr_span *blob, size_t max, struct tr_span *out)
{
	const uint8_t *p;

	if (!take_string(blob, out) || out->len == 0)
		return false;
	p = (const uint8_t *)out->at;
	if (p[0] & 0x80)
		return false; /* negative */
	if (p[0] == 0) {
		if (out->len == 1 || !(p[1] & 0x80))
			return false; /* zero, or a zero too many */
		tr_span_skip(out, 1);
	}
	return out->len <= max;
}

/* Takes the builder's content; kind: "RSA", "EC". @return 0, -CC_EFORMAT, -CC_ENOMEM. */
static int make_key(const char *kind, OSSL_PARAM_BLD *builder, EVP_PKEY **out)
{
	cc_cleanup(params_freep) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	cc_cleanup(xs_pkey_ctx_freep) EVP_PKEY_CTX *ctx =
		EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
	EVP_PKEY *key = NULL;

	if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1)
		return xs_raise_ossl();
	if (EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return tr_ossl_no_memory() ? cc_raise(CC_ENOMEM) : -CC_EFORMAT;
	*out = key;
	return 0;
}

static BIGNUM *number(const struct tr_span *s)
{
	return BN_bin2bn((const uint8_t *)s->at, (int)s->len, NULL);
}

/* The numbers of an RSA key that a GID could hold: odd both, and an exponent that is not 1. */
static bool take_rsa(struct tr_span blob, struct tr_span *e, struct tr_span *n)
{
	if (!take_number(&blob, EXPONENT_MAX, e) || !take_number(&blob, MODULUS_MAX, n) ||
	    blob.len > 0)
		return false;
	return (e->at[e->len - 1] & 1) && (n->at[n->len - 1] & 1) &&
	       !(e->len == 1 && e->at[0] == 1);
}

static int read_rsa(struct tr_span blob, const char *curve, EVP_PKEY **out)
{
	cc_cleanup(builder_freep) OSSL_PARAM_BLD *builder = NULL;
	cc_cleanup(bn_freep) BIGNUM *e = NULL, *n = NULL;
	struct tr_span es, ns;

	if (!take_rsa(blob, &es, &ns))
		return -CC_EFORMAT;
	builder = OSSL_PARAM_BLD_new();
	e = number(&es);
	n = number(&ns);
	if (!builder || !e || !n)
		return xs_raise_ossl();
	if (!OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) ||
	    !OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n))
		return xs_raise_ossl();
	return make_key("RSA", builder, out);
}

/* OpenSSL checks that the point is on the curve. */
static int read_ec(struct tr_span blob, const char *curve, EVP_PKEY **out)
{
	cc_cleanup(builder_freep) OSSL_PARAM_BLD *builder = NULL;
	size_t octets = strcmp(curve, "nistp256") == 0 ? 32 : 48;
	const char *group = octets == 32 ? "P-256" : "P-384";
	struct tr_span point;

	if (!take_word(&blob, curve) || !take_string(&blob, &point) || blob.len > 0 ||
	    point.len != 1 + 2 * octets || point.at[0] != 0x04)
		return -CC_EFORMAT;
	builder = OSSL_PARAM_BLD_new();
	if (!builder ||
	    !OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) ||
	    !OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.at,
					      point.len))
		return xs_raise_ossl();
	return make_key("EC", builder, out);
}

static const struct {
	const char *type, *curve;
	int (*read)(struct tr_span blob, const char *curve, EVP_PKEY **out);
} kinds[] = {
	{"ssh-rsa", NULL, read_rsa},
	{"ecdsa-sha2-nistp256", "nistp256", read_ec},
	{"ecdsa-sha2-nistp384", "nistp384", read_ec},
};

static int read_blob(size_t kind, struct tr_span text, EVP_PKEY **out, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf octets = CC_BUF_INIT(BLOB_MAX);
	struct tr_span blob;
	int r = xs_read_base64(text.at, text.len, &octets);

	if (r == 0) {
		blob = (struct tr_span){(const char *)octets.data, octets.len};
		r = take_word(&blob, kinds[kind].type)
			    ? kinds[kind].read(blob, kinds[kind].curve, out)
			    : -CC_EFORMAT;
	}
	if (r == -CC_EFORMAT || r == -CC_ELIMIT)
		return cc_note_set(why, CC_EFORMAT, "the %s key is damaged", kinds[kind].type);
	return r < 0 ? cc_trace(r) : 0;
}

static int refuse_type(const struct tr_span *type, struct cc_note *why)
{
	struct tr_span s = *type;
	bool word = tr_span_is_of(&s, "abcdefghijklmnopqrstuvwxyz0123456789-@.");

	if (tr_span_starts(&s, "ssh-ed25519") || tr_span_starts(&s, "sk-ssh-ed25519"))
		return cc_note_set(
			why, CC_EFORMAT,
			"an ed25519 key cannot be in a GID: other testbeds read only RSA "
			"and ECDSA; make one with ssh-keygen -t ecdsa or -t rsa");
	if ((!word && !CC_SEEDED_BUG(s.len > 0)) || s.len > TYPE_SHOWN)
		return cc_note_set(why, CC_EFORMAT,
				   "it is neither PEM nor an ssh line that begins with ssh-rsa, "
				   "ecdsa-sha2-nistp256 or ecdsa-sha2-nistp384");
	return cc_note_set(why, CC_EFORMAT,
			   "a key of type %.*s cannot be in a GID: use ssh-rsa, "
			   "ecdsa-sha2-nistp256 or ecdsa-sha2-nistp384",
			   (int)s.len, s.at);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Takes what stands before the next space or tab, and these. */
static struct tr_span take_field(struct tr_span *line)
{
	struct tr_span field = {line->at, 0};

	while (field.len < line->len && !is_space(line->at[field.len]))
		field.len++;
	tr_span_skip(line, field.len);
	tr_span_skip_space(line);
	return field;
}

static void split_line(struct tr_span line, struct tr_span *type, struct tr_span *blob)
{
	tr_span_skip_space(&line);
	while (line.len > 0 && is_space(line.at[line.len - 1]))
		line.len--;
	*type = take_field(&line);
	*blob = take_field(&line);
}

/* ---- the hash of an RSA key, which needs no key of OpenSSL ---- */

/* A header in DER: the tag, and a length of three octets where one will not do. */
static void put_head(struct cc_buf *out, uint8_t tag, size_t len)
{
	const uint8_t small[] = {tag, (uint8_t)len}, middle[] = {tag, 0x81, (uint8_t)len},
		      large[] = {tag, 0x82, (uint8_t)(len >> 8), (uint8_t)len};

	if (len < 0x80)
		cc_buf_put(out, small, sizeof(small));
	else if (len < 0x100)
		cc_buf_put(out, middle, sizeof(middle));
	else
		cc_buf_put(out, large, sizeof(large));
}

/* The form of ssh is positive and shortest already, but for the zero in front. */
static void put_number(struct cc_buf *out, const struct tr_span *s)
{
	bool zero = s->at[0] & 0x80;

	put_head(out, 0x02, s->len + zero);
	cc_buf_put(out, "", zero);
	cc_buf_put(out, s->at, s->len);
}

static void put_rsa_spki(struct cc_buf *out, const struct tr_span *e, const struct tr_span *n)
{
	static const uint8_t algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
					    0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
	cc_cleanup(cc_buf_deinit) struct cc_buf numbers = CC_BUF_INIT(BLOB_MAX);
	cc_cleanup(cc_buf_deinit) struct cc_buf key = CC_BUF_INIT(BLOB_MAX);
	cc_cleanup(cc_buf_deinit) struct cc_buf bits = CC_BUF_INIT(BLOB_MAX);

	put_number(&numbers, n);
	put_number(&numbers, e);
	put_head(&key, 0x30, numbers.len);
	cc_buf_put(&key, numbers.data, numbers.len);
	put_head(&bits, 0x03, key.len + 1);
	cc_buf_put(&bits, "", 1); /* no unused bits */
	cc_buf_put(&bits, key.data, key.len);
	put_head(out, 0x30, sizeof(algorithm) + bits.len);
	cc_buf_put(out, algorithm, sizeof(algorithm));
	cc_buf_put(out, bits.data, bits.len);
	if (numbers.err || key.err || bits.err)
		out->err = -CC_ENOMEM;
}

int tr_key_ssh_rsa_hash(struct tr_span line, uint8_t out[TR_HASH])
{
	cc_cleanup(cc_buf_deinit) struct cc_buf octets = CC_BUF_INIT(BLOB_MAX);
	cc_cleanup(cc_buf_deinit) struct cc_buf spki = CC_BUF_INIT(BLOB_MAX);
	struct tr_span type, text, blob, e, n;

	split_line(line, &type, &text);
	if (type.len != 7 || memcmp(type.at, "ssh-rsa", 7) != 0 ||
	    memchr(line.at, '\n', line.len) || xs_read_base64(text.at, text.len, &octets) != 0)
		return octets.err == -CC_ENOMEM ? octets.err : TR_KEY_OTHER;
	blob = (struct tr_span){(const char *)octets.data, octets.len};
	if (!take_word(&blob, "ssh-rsa") || !take_rsa(blob, &e, &n))
		return TR_KEY_OTHER;
	put_rsa_spki(&spki, &e, &n);
	if (spki.err)
		return cc_raise(CC_ENOMEM);
	return xs_sha256(spki.data, spki.len, out);
}

int tr_key_read_ssh(struct tr_span line, EVP_PKEY **out, struct cc_note *why)
{
	struct tr_span type, blob;

	tr_span_skip_space(&line);
	while (line.len > 0 && is_space(line.at[line.len - 1]))
		line.len--;
	if (line.len > 0 && memchr(line.at, '\n', line.len))
		return cc_note_set(why, CC_EFORMAT, "more than one line is no ssh key");
	type = take_field(&line);
	blob = take_field(&line);
	for (size_t i = 0; i < CC_ARRAY_SIZE(kinds); i++)
		if (type.len == strlen(kinds[i].type) &&
		    memcmp(type.at, kinds[i].type, type.len) == 0)
			return read_blob(i, blob, out, why);
	return refuse_type(&type, why);
}
