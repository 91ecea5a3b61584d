/* SPDX-License-Identifier: ISC */
#include "lib/cc/signers.h"

#include <openssl/rsa.h>
#include <string.h>

#include "lib/base/limits.h"
#include "lib/cc/der.h"
#include "lib/cc/ossl.h"

#define USUAL_OCTETS 4096 /* three certificates with RSA keys */

void cc_signers_init(struct cc_signers *s, size_t max)
{
	cc_map_init(&s->map);
	cc_list_init(&s->recent);
	s->max = max;
	s->octets = 0;
	s->octets_max = max * USUAL_OCTETS + CC_CERT_MAX; /* one of the largest always has room */
}

static void known_free(struct cc_known_signer *known)
{
	for (size_t i = 0; i < CC_DIGEST_COUNT; i++)
		EVP_PKEY_CTX_free(known->verify[i]);
	EVP_PKEY_free(known->key);
	cc_signer_unref(known->signer);
	free(known);
}

void cc_signers_forget(struct cc_signers *s, struct cc_known_signer *known)
{
	cc_map_remove(&s->map, &known->node);
	cc_list_remove(&known->recent);
	s->octets -= known->certs.len;
	known_free(known);
}

static struct cc_known_signer *oldest(struct cc_signers *s)
{
	return cc_list_empty(&s->recent)
		       ? NULL
		       : cc_container_of(s->recent.next, struct cc_known_signer, recent);
}

void cc_signers_deinit(struct cc_signers *s)
{
	struct cc_known_signer *known;

	while ((known = oldest(s)))
		cc_signers_forget(s, known);
	cc_map_deinit(&s->map);
}

struct cc_known_signer *cc_signers_find(struct cc_signers *s, struct cc_bytes certs)
{
	struct cc_map_node *node = cc_map_find(&s->map, certs.data, certs.len);
	struct cc_known_signer *known;

	if (!node)
		return NULL;
	known = cc_container_of(node, struct cc_known_signer, node);
	cc_list_remove(&known->recent);
	cc_list_add_tail(&s->recent, &known->recent);
	return known;
}

size_t cc_sid_write(X509 *cert, uint8_t *out)
{
	int issuer = i2d_X509_NAME(X509_get_issuer_name(cert), NULL);
	int serial = i2d_ASN1_INTEGER(X509_get_serialNumber(cert), NULL);
	size_t len;

	if (issuer < 0 || serial < 0)
		return 0;
	len = (size_t)issuer + (size_t)serial;
	if (out) {
		out = cc_der_put_header(out, CC_DER_SEQUENCE, len);
		i2d_X509_NAME(X509_get_issuer_name(cert), &out);
		i2d_ASN1_INTEGER(X509_get_serialNumber(cert), &out);
	}
	return cc_der_size(len);
}

static struct cc_known_signer *known_new(struct cc_bytes certs, const struct cc_signer *signer,
					 X509 *cert)
{
	size_t sid = cc_sid_write(cert, NULL);
	struct cc_known_signer *known = calloc(1, sizeof(*known) + certs.len + sid);

	if (!known)
		return NULL;
	memcpy(known->octets, certs.data, certs.len);
	known->certs = (struct cc_bytes){known->octets, certs.len};
	known->sid = (struct cc_bytes){known->octets + certs.len, sid};
	cc_sid_write(cert, known->octets + certs.len);
	known->key = X509_get_pubkey(cert);
	known->rsa = EVP_PKEY_is_a(known->key, "RSA");
	known->signer = cc_signer_ref(signer);
	cc_list_init(&known->recent);
	return known;
}

int cc_signers_add(struct cc_signers *s, struct cc_bytes certs, const struct cc_signer *signer,
		   X509 *cert)
{
	struct cc_known_signer *known;
	int r;

	if (certs.len > CC_CERT_MAX)
		return 0;
	known = cc_signers_find(s, certs);
	if (known)
		cc_signers_forget(s, known);
	while (s->map.count >= s->max || s->octets + certs.len > s->octets_max)
		cc_signers_forget(s, oldest(s));
	known = known_new(certs, signer, cert);
	if (!known)
		return cc_raise(CC_ENOMEM);
	r = cc_map_add(&s->map, &known->node, known->certs.data, known->certs.len);
	if (r < 0) {
		known_free(known);
		return cc_trace(r);
	}
	cc_list_add_tail(&s->recent, &known->recent);
	s->octets += certs.len;
	return 0;
}

static EVP_PKEY_CTX *verify_ctx_new(const struct cc_known_signer *known, const EVP_MD *md)
{
	cc_cleanup(cc_pkey_ctx_freep) EVP_PKEY_CTX *ctx =
		EVP_PKEY_CTX_new_from_pkey(NULL, known->key, NULL);

	if (!ctx || EVP_PKEY_verify_init(ctx) <= 0 ||
	    (known->rsa && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) <= 0) ||
	    EVP_PKEY_CTX_set_signature_md(ctx, md) <= 0)
		return NULL;
	return cc_steal(&ctx);
}

EVP_PKEY_CTX *cc_known_signer_ctx(struct cc_known_signer *known, const struct cc_digest *digest)
{
	EVP_PKEY_CTX **slot = &known->verify[digest->id];

	if (!*slot)
		*slot = verify_ctx_new(known, EVP_get_digestbynid(digest->nid));
	return *slot;
}
