/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/cred_int.h"
#include "lib/trust/ticket_int.h"
#include "lib/xml/doc.h"
#include "lib/xml/write.h"

/* ---- nothing is signed that the reader would refuse ---- */

static int invalid(struct cc_note *why, const char *what, const char *found)
{
	return cc_note_set(why, CC_EINVAL, "ticket: %s: \"%.64s\"", what, found ? found : "");
}

static int check_user(const struct tr_ticket_user *u, struct cc_note *why)
{
	if (!u->urn || !tr_ticket_is_urn(u->urn))
		return invalid(why, "a user without a publicid URN", u->urn);
	if (u->n_keys > TR_TICKET_KEYS)
		return invalid(why, "too many keys", u->urn);
	for (unsigned i = 0; i < u->n_keys; i++) {
		if (!tr_ticket_is_key(u->keys[i]))
			return invalid(why, "a key that is no ssh line", u->urn);
	}
	return 0;
}

static int check_lists(const struct tr_ticket_request *rq, struct cc_note *why)
{
	int r = 0;

	if (rq->n_attributes > TR_TICKET_ATTRIBUTES || rq->n_users > TR_TICKET_USERS)
		return invalid(why, "too many attributes or users", rq->serial);
	for (unsigned i = 0; i < rq->n_attributes; i++) {
		const struct tr_attribute *a = &rq->attributes[i];

		if (!a->name || !tr_ticket_is_name(a->name) || !a->value ||
		    strlen(a->value) > TR_TICKET_VALUE_MAX)
			return invalid(why, "no attribute", a->name);
	}
	for (unsigned i = 0; r == 0 && i < rq->n_users; i++)
		r = check_user(&rq->users[i], why);
	return r;
}

static int check(const struct tr_ticket_request *rq, struct cc_note *why)
{
	if (!rq->serial || !tr_ticket_is_serial(rq->serial))
		return invalid(why, "no serial", rq->serial);
	if (!rq->component || !tr_ticket_is_urn(rq->component))
		return invalid(why, "the component is no publicid URN", rq->component);
	if (!rq->epoch || !tr_ticket_is_epoch(rq->epoch))
		return invalid(why, "no epoch", rq->epoch);
	if (!rq->owner || !rq->target || rq->owner->count == 0 || rq->target->count == 0)
		return invalid(why, "without owner or slice", rq->serial);
	if (rq->rspec_len > TR_TICKET_RSPEC_MAX)
		return invalid(why, "the RSpec is too large", rq->serial);
	if (rq->redeem_before > rq->expires)
		return invalid(why, "to be redeemed after its end", rq->serial);
	return check_lists(rq, why);
}

/* ---- text; failures stay in b->err ---- */

static void put_attribute(struct cc_buf *b, const char *name, const char *value)
{
	cc_buf_printf(b, " %s=\"", name);
	xs_put_attribute(b, value, strlen(value));
	cc_buf_puts(b, "\"");
}

/* Behind the attributes of its start tag. */
static void put_content(struct cc_buf *b, const char *name, const char *text)
{
	cc_buf_puts(b, ">");
	xs_put_text(b, text, strlen(text));
	cc_buf_printf(b, "</%s>", name);
}

static void put_user(struct cc_buf *b, const struct tr_ticket_user *u)
{
	cc_buf_puts(b, "<user");
	put_attribute(b, "urn", u->urn);
	cc_buf_puts(b, ">");
	for (unsigned i = 0; i < u->n_keys; i++) {
		cc_buf_puts(b, "<key");
		put_content(b, "key", u->keys[i]);
	}
	cc_buf_puts(b, "</user>");
}

static void put_promise(struct cc_buf *b, const struct tr_ticket_request *rq)
{
	cc_buf_puts(b, "<promise xmlns=\"" TR_TICKET_NS "\"><component");
	put_attribute(b, "epoch", rq->epoch);
	put_content(b, "component", rq->component);
	cc_buf_puts(b, "<rspec>");
	xs_put_base64(b, rq->rspec, rq->rspec_len, 64);
	cc_buf_puts(b, "</rspec><attributes>");
	for (unsigned i = 0; i < rq->n_attributes; i++) {
		cc_buf_puts(b, "<attribute");
		put_attribute(b, "name", rq->attributes[i].name);
		put_content(b, "attribute", rq->attributes[i].value);
	}
	cc_buf_puts(b, "</attributes><users>");
	for (unsigned i = 0; i < rq->n_users; i++)
		put_user(b, &rq->users[i]);
	cc_buf_puts(b, "</users></promise>");
}

static void put_ticket(struct cc_buf *b, const struct tr_ticket_request *rq)
{
	const struct tr_draft head = {.id = TR_DRAFT_ID,
				      .type = "ticket",
				      .serial = rq->serial,
				      .owner = rq->owner,
				      .target = rq->target,
				      .expires = rq->expires};

	tr_draft_begin(b, &head);
	cc_buf_puts(b, "<ticket><can_delegate>false</can_delegate><redeem_before>");
	xs_put_time(b, rq->redeem_before);
	cc_buf_puts(b, "</redeem_before>");
	put_promise(b, rq);
	cc_buf_puts(b, "</ticket>");
}

int tr_ticket_make(const struct tr_ticket_request *rq, const struct tr_gids *signer, EVP_PKEY *key,
		   struct cc_buf *out, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf draft = CC_BUF_INIT(XS_CRED_MAX);
	int r = check(rq, why);

	if (r != 0)
		return cc_trace(r);
	put_ticket(&draft, rq);
	if (draft.err == -CC_EFORMAT)
		return invalid(why, "text that cannot be in XML", rq->serial);
	if (draft.err == -CC_ELIMIT)
		return cc_note_set(why, CC_ELIMIT, "ticket %s is too large", rq->serial);
	if (draft.err < 0)
		return cc_trace(draft.err);
	return cc_trace(tr_draft_end(&draft, signer, key, out, why));
}
