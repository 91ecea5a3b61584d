/* SPDX-License-Identifier: ISC */
#include "lib/cc/cms.h"

#include <openssl/err.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/limits.h"
#include "lib/base/map.h"
#include "lib/cc/cms_int.h"
#include "lib/cc/ossl.h"
#include "lib/cc/strangers.h"

#define CACHE_DEFAULT 1024

static const char *const fault_names[CC_CMS_FAULT_COUNT] = {
	[CC_CMS_OK] = "ok",
	[CC_CMS_GARBAGE] = "garbage",
	[CC_CMS_FORM] = "form",
	[CC_CMS_SIGNERS] = "signers",
	[CC_CMS_DIGEST_ALG] = "digest-alg",
	[CC_CMS_DIGEST] = "digest",
	[CC_CMS_SIGNATURE] = "signature",
	[CC_CMS_CHAIN] = "chain",
	[CC_CMS_EXPIRED] = "expired",
	[CC_CMS_REVOKED] = "revoked",
	[CC_CMS_CRL] = "crl",
	[CC_CMS_PURPOSE] = "purpose",
	[CC_CMS_KEY] = "key",
	[CC_CMS_NAME] = "name",
	[CC_CMS_RECIPIENT] = "recipient",
	[CC_CMS_DECRYPT] = "decrypt",
	[CC_CMS_CROWDED] = "crowded",
};

const char *cc_cms_fault_name(int fault)
{
	return fault >= 0 && fault < CC_CMS_FAULT_COUNT ? fault_names[fault] : "error";
}

static void free_decrypt_keys(struct cc_cms *cms)
{
	for (size_t i = 0; cms->decrypt_keys && i < cc_keystore_decrypts(cms->ks); i++)
		EVP_PKEY_free(cms->decrypt_keys[i]);
	free(cms->decrypt_keys);
}

void cc_cms_free(struct cc_cms *cms)
{
	if (!cms)
		return;
	cc_signers_deinit(&cms->signers);
	cc_signers_deinit(&cms->gids);
	cc_cms_signing_deinit(&cms->signing);
	CMS_ContentInfo_free(cms->unpacked);
	free_decrypt_keys(cms);
	EVP_MD_CTX_free(cms->md_ctx);
	for (size_t i = 0; i < CC_DIGEST_COUNT; i++)
		EVP_MD_free(cms->md[i]);
	cc_keystore_unref(cms->ks);
	free(cms);
}

void cc_cms_freep(struct cc_cms **cms)
{
	cc_cms_free(*cms);
	*cms = NULL;
}

static int copy_decrypt_keys(struct cc_cms *cms)
{
	size_t count = cc_keystore_decrypts(cms->ks);

	if (count == 0)
		return 0;
	cms->decrypt_keys = calloc(count, sizeof(*cms->decrypt_keys));
	if (!cms->decrypt_keys)
		return cc_raise(CC_ENOMEM);
	for (size_t i = 0; i < count; i++) {
		cms->decrypt_keys[i] = EVP_PKEY_dup(cc_keystore_decrypt(cms->ks, i)->key);
		if (!cms->decrypt_keys[i])
			return cc_raise_ossl();
	}
	return 0;
}

static int init(struct cc_cms *cms)
{
	int r;

	cms->md_ctx = EVP_MD_CTX_new();
	if (!cms->md_ctx)
		return cc_raise_ossl();
	for (size_t i = 0; i < CC_DIGEST_COUNT; i++) {
		cms->md[i] = EVP_MD_fetch(NULL, cc_digests[i].name, NULL);
		if (!cms->md[i])
			return cc_raise_ossl();
	}
	r = copy_decrypt_keys(cms);
	return r < 0 ? r : cc_trace(cc_cms_signing_init(&cms->signing, cms->ks));
}

int cc_cms_new(struct cc_cms **out, const struct cc_keystore *ks, const struct cc_cms_conf *conf)
{
	cc_cleanup(cc_cms_freep) struct cc_cms *cms = calloc(1, sizeof(*cms));
	size_t cache_max = conf->cache_max ? conf->cache_max : CACHE_DEFAULT;
	int r;

	if (!cms)
		return cc_raise(CC_ENOMEM);
	cms->ks = cc_keystore_ref(ks);
	cms->no_fast_path = conf->no_fast_path;
	cms->share = conf->strangers;
	cc_signers_init(&cms->signers, cache_max);
	cc_signers_init(&cms->gids, cache_max);
	r = init(cms);
	if (r < 0)
		return r;
	*out = cc_steal(&cms);
	return 0;
}

int cc_cms_hash(struct cc_cms *cms, const struct cc_digest *digest, const struct cc_bytes *pieces,
		size_t count, uint8_t out[CC_CMS_HASH_MAX])
{
	if (EVP_DigestInit_ex2(cms->md_ctx, cms->md[digest->id], NULL) != 1)
		return cc_raise_ossl();
	for (size_t i = 0; i < count; i++)
		if (EVP_DigestUpdate(cms->md_ctx, pieces[i].data, pieces[i].len) != 1)
			return cc_raise_ossl();
	return EVP_DigestFinal_ex(cms->md_ctx, out, NULL) == 1 ? 0 : cc_raise_ossl();
}

/*
 * Before anything is paid for: OpenSSL takes 200 us to decode each certificate. In strict DER we
 * see how much is certificates and how much is content; the rest of the world's BER must be small
 * as a whole.
 */
static int check_size(const struct cc_cms_check *check, const struct cc_cms_frame *frame)
{
	size_t content = frame ? frame->econtent.len : 0;

	if (check->sig.len - content > CC_CMS_MAX || content > CC_MSG_MAX)
		return CC_CMS_FORM;
	if (frame && frame->certs.len > CC_CERT_MAX)
		return CC_CMS_FORM;
	return 0;
}

/* What costs ten times the fast path, and anybody can ask for: within the strangers' share of time. */
static int full_check(struct cc_cms *cms, const struct cc_cms_frame *frame,
		      struct cc_cms_check *check)
{
	int64_t start = cc_clock_ns();
	uint64_t peer = 0;
	int r;

	if (cms->share) {
		peer = cc_map_hash(cms->peer.data, cms->peer.len);
		if (!cc_strangers_admit(cms->share, peer, start))
			return CC_CMS_CROWDED;
	}
	cms->stats.full++;
	r = cc_cms_full(cms, frame, check);
	if (cms->share)
		cc_strangers_spent(cms->share, peer, cc_clock_ns() - start);
	return r;
}

void cc_cms_set_peer(struct cc_cms *cms, struct cc_bytes peer)
{
	cms->peer = peer;
}

static int verify(struct cc_cms *cms, struct cc_cms_check *check)
{
	struct cc_cms_frame walked, *frame = &walked;
	int r = CC_CMS_UNDECIDED;

	if (!cc_keystore_verifies(cms->ks))
		return cc_raise(CC_EINVAL);
	CMS_ContentInfo_free(cc_steal(&cms->unpacked));
	if (!cc_cms_frame_read(check->sig, frame))
		frame = NULL;
	if (check_size(check, frame) != 0)
		return CC_CMS_FORM;
	if (frame && !cms->no_fast_path)
		r = cc_cms_fast(cms, frame, check);
	if (r != CC_CMS_UNDECIDED) {
		cms->stats.fast++;
		return r;
	}
	return full_check(cms, frame, check);
}

int cc_cms_verify(struct cc_cms *cms, struct cc_bytes sig, struct cc_bytes content, unsigned flags,
		  const struct cc_signer **signer)
{
	struct cc_cms_check check = {
		.sig = sig, .content = content, .detached = true, .flags = flags};
	int r = verify(cms, &check);

	if (r == 0)
		*signer = check.signer;
	return r;
}

int cc_cms_verify_attached(struct cc_cms *cms, struct cc_bytes sig, unsigned flags,
			   struct cc_bytes *content, const struct cc_signer **signer)
{
	struct cc_cms_check check = {.sig = sig, .flags = flags};
	int r = verify(cms, &check);

	if (r == 0) {
		*content = check.content;
		*signer = check.signer;
	}
	return r;
}

void cc_cms_get_stats(const struct cc_cms *cms, struct cc_cms_stats *out)
{
	*out = cms->stats;
	out->cached = cms->signers.map.count;
	out->cached_gid = cms->gids.map.count;
}
