/* SPDX-License-Identifier: ISC */
#include <openssl/err.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/cc/cms_int.h"
#include "lib/cc/der.h"
#include "lib/cc/signer.h"

static struct cc_known_signer *find_among(struct cc_signers *signers,
					  const struct cc_cms_form *form)
{
	struct cc_known_signer *known = cc_signers_find(signers, form->certs);

	if (!known || known->rsa != form->rsa || !cc_bytes_equal(known->sid, form->sid))
		return NULL;
	if (!cc_signer_valid_at(known->signer, (int64_t)cc_clock_wall())) {
		cc_signers_forget(signers, known);
		return NULL;
	}
	return known;
}

/* The signer whose full check covers this message, too; NULL: somebody else must decide. */
static struct cc_known_signer *find_signer(struct cc_cms *cms, const struct cc_cms_form *form,
					   unsigned flags)
{
	struct cc_known_signer *known = find_among(&cms->signers, form);

	/* without the flag a stranger is unknown, and the full check says why he is refused */
	return known || !(flags & CC_CMS_ALLOW_GID) ? known : find_among(&cms->gids, form);
}

/* Octets that the signature covers: the content, or the attributes, which name the content's digest. */
static int hash_signed(struct cc_cms *cms, const struct cc_cms_form *form, struct cc_bytes content,
		       uint8_t hash[CC_CMS_HASH_MAX])
{
	static const uint8_t set =
		CC_DER_SET; /* they are signed as a SET OF, not under their tag (RFC 5652 5.4) */
	int r = cc_cms_hash(cms, form->digest, &content, 1, hash);

	if (r < 0 || !form->attrs.data)
		return r;
	if (memcmp(hash, form->message_digest.data, form->digest->size) != 0)
		return CC_CMS_DIGEST;
	return cc_cms_hash(
		cms, form->digest,
		(struct cc_bytes[]){{&set, 1}, {form->attrs.data + 1, form->attrs.len - 1}}, 2,
		hash);
}

static int check_signature(struct cc_cms *cms, struct cc_known_signer *known,
			   const struct cc_cms_form *form, struct cc_bytes content)
{
	EVP_PKEY_CTX *ctx = cc_known_signer_ctx(known, form->digest);
	uint8_t hash[CC_CMS_HASH_MAX];
	int r;

	if (!ctx)
		return CC_CMS_UNDECIDED;
	r = hash_signed(cms, form, content, hash);
	if (r != 0)
		return r;
	if (EVP_PKEY_verify(ctx, form->signature.data, form->signature.len, hash,
			    form->digest->size) == 1)
		return 0;
	ERR_clear_error();
	return CC_CMS_SIGNATURE;
}

int cc_cms_fast(struct cc_cms *cms, const struct cc_cms_frame *frame, struct cc_cms_check *check)
{
	struct cc_known_signer *known;
	struct cc_cms_form form;
	struct cc_bytes content;
	int r;

	if (!cc_cms_form_read(frame, &form))
		return CC_CMS_UNDECIDED;
	if (form.digest->id == CC_DIGEST_SHA1 && !(check->flags & CC_CMS_ALLOW_SHA1))
		return CC_CMS_DIGEST_ALG;
	if (!check->detached && !form.content.data)
		return CC_CMS_FORM;
	if (check->detached && form.content.data && !cc_bytes_equal(form.content, check->content))
		return CC_CMS_DIGEST;
	known = find_signer(cms, &form, check->flags);
	if (!known)
		return CC_CMS_UNDECIDED;
	content = check->detached ? check->content : form.content;
	r = check_signature(cms, known, &form, content);
	if (r == 0) {
		check->content = content;
		check->signer = cc_signer_ref(known->signer);
	}
	return r;
}
