/* SPDX-License-Identifier: ISC */
/* Issuing: the shape is checked, who may issue what is asked by lib/trust/signer.h. */
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/cred_int.h"

int tr_privileges_check(const struct tr_privilege *privileges, unsigned n, struct cc_note *why)
{
	if (n > TR_PRIVILEGES_MAX)
		return cc_note_set(why, CC_EINVAL, "more than %d privileges", TR_PRIVILEGES_MAX);
	for (unsigned i = 0; i < n; i++) {
		if (!tr_privilege_is_name(privileges[i].name))
			return cc_note_set(why, CC_EINVAL,
					   "a privilege is called by 1 to %d letters",
					   TR_PRIVILEGE_NAME_MAX);
	}
	return 0;
}

static int check_request(const struct tr_cred_request *rq, struct cc_note *why)
{
	struct tr_urn urn;

	if (!rq->owner || rq->owner->count == 0)
		return cc_note_set(why, CC_EINVAL, "a credential needs an owner");
	if (rq->target ? rq->target->count == 0
		       : !rq->target_urn || tr_urn_parse_text(rq->target_urn, &urn, NULL) != 0)
		return cc_note_set(why, CC_EINVAL, "a credential needs a target");
	return tr_privileges_check(rq->privileges, rq->n_privileges, why);
}

int tr_cred_make(const struct tr_cred_request *rq, const struct tr_gids *signer, EVP_PKEY *key,
		 struct cc_buf *out, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf draft = CC_BUF_INIT(XS_CRED_MAX);
	struct tr_draft head = {TR_DRAFT_ID, "privilege",    NULL,	 rq->owner,
				rq->target,  rq->target_urn, rq->expires};
	int r = check_request(rq, why);

	if (r < 0)
		return r;
	r = tr_draft_begin(&draft, &head);
	tr_draft_privileges(&draft, rq->privileges, rq->n_privileges);
	return cc_trace(r < 0 ? r : tr_draft_end(&draft, signer, key, out, why));
}
