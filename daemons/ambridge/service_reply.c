/* SPDX-License-Identifier: ISC */
/* Answers: of an outcome, and of calls that are none. */
#include <stdio.h>
#include <string.h>

#include "daemons/ambridge/service_int.h"
#include "lib/base/util.h"
#include "lib/cc/codes.h"
#include "lib/xmlrpc/xmlrpc.h"

#define RETRY_SECONDS 2
#define RETRY_SECONDS_MAX 60

/* ---- refusals ---- */

/* Text as the originals have it; out->text is empty before. */
static void put_text(const struct ab_method *m, const struct ab_outcome *o, const char *msg,
		     const struct ab_style *style, struct ab_reply *out)
{
	if (style->exact && m->manner == AB_SFA) {
		ab_text_put(out->text, sizeof(out->text), msg);
		return;
	}
	if (m->manner == AB_SFA2008)
		snprintf(out->text, sizeof(out->text), "%s: ", o->name_2008);
	else if (m->manner == AB_SFA)
		snprintf(out->text, sizeof(out->text), ": %.255s: ", m->name);
	if (o->lead && m->manner != AB_SFA2008 && strncmp(msg, o->lead, strlen(o->lead)) != 0)
		ab_text_put(out->text, sizeof(out->text), o->lead);
	ab_text_put(out->text, sizeof(out->text), msg);
}

static int number_of(enum ab_manner manner, const struct ab_outcome *o,
		     const struct ab_style *style)
{
	if (manner == AB_SFA2008)
		return 1;
	return manner == AB_SFA && style->faults_2011 ? o->sfa_2011 : o->sfa;
}

int ab_reply_refuse(const struct ab_method *m, const struct ab_outcome *o, const char *msg,
		    const struct ab_style *style, struct ab_reply *out)
{
	memset(out, 0, sizeof(*out));
	out->status = 200;
	out->word = o->word;
	put_text(m, o, msg, style, out);
	if (m->manner != AB_AM) {
		out->fault = number_of(m->manner, o, style);
		return 0;
	}
	return ab_am_refuse(m, o, out->text, out);
}

static bool is_other(const struct ab_service *s, const char *name)
{
	for (size_t i = 0; s->others && s->others[i]; i++)
		if (strcmp(s->others[i], name) == 0)
			return true;
	return false;
}

/* The original said the name before it, where it was one of another interface (spec sfa 4.3). */
void ab_reply_unknown(const struct ab_service *s, const char *name, const struct ab_style *style,
		      struct ab_reply *out)
{
	bool other = is_other(s, name);

	memset(out, 0, sizeof(*out));
	out->status = 200;
	out->fault = s->manner == AB_AM
			     ? 1
			     : number_of(s->manner, ab_outcome_find("InvalidAPIMethod"), style);
	if (other)
		snprintf(out->text, sizeof(out->text), ": %.255s: ", name);
	ab_text_put(out->text, sizeof(out->text), "Invalid method ");
	ab_text_put(out->text, sizeof(out->text), name);
	if (other) {
		ab_text_put(out->text, sizeof(out->text), " for interface ");
		ab_text_put(out->text, sizeof(out->text), s->name);
	}
}

void ab_reply_deinit(struct ab_reply *r)
{
	json_decref(r->value);
	json_decref(r->said);
	memset(r, 0, sizeof(*r));
}

/* ---- outcomes ---- */

/*
 * Whether the same call may be made again and might fare better. What a server signed as busy or stale
 * it has not done. A hop's word, silence, and a store that was too slow leave open whether it was done:
 * then only what changes nothing may be repeated, since a client that calls again is a new request to
 * the bus. That there is no route at all is no matter of time.
 */
static bool may_repeat(const struct ab_method *m, const struct cc_answer *a)
{
	switch (a->outcome) {
	case CC_OUT_ERROR:
		return strcmp(a->code, "busy") == 0 || strcmp(a->code, "stale") == 0 ||
		       (m->safe && strcmp(a->code, "timeout") == 0);
	case CC_OUT_HOP:
		return m->safe && strcmp(a->code, "noroute") != 0;
	case CC_OUT_TIMEOUT:
		return m->safe;
	default:
		return false;
	}
}

static int unavailable(const json_t *said, struct ab_reply *out)
{
	json_int_t seconds = json_integer_value(json_object_get(said, "retry_after"));

	memset(out, 0, sizeof(*out));
	out->status = 503;
	out->retry_after = seconds < 1			 ? RETRY_SECONDS
			   : seconds > RETRY_SECONDS_MAX ? RETRY_SECONDS_MAX
							 : (unsigned)seconds;
	return 0;
}

/* The class where the handler says one, else the code. A mismatch found by a rule is a credential's. */
static const char *word_of(const struct cc_answer *a)
{
	const char *fault = json_string_value(json_object_get(a->json, "fault"));

	if (!fault || !ab_outcome_is_known(fault))
		return a->code;
	if (strcmp(fault, "ConnectionKeyGIDMismatch") == 0 && json_object_get(a->json, "rule"))
		return "CredentialMismatch";
	return fault;
}

/* Nobody knows whether it was done; for what changes nothing that is no matter. */
static int refuse_unknown(const struct ab_method *m, const struct ab_outcome *o, const char *why,
			  const struct ab_style *style, struct ab_reply *out)
{
	char text[160];

	if (m->safe)
		return ab_reply_refuse(m, o, why, style, out);
	snprintf(text, sizeof(text),
		 "%s: whether it was done is not known, look before you ask again", why);
	return ab_reply_refuse(m, o, text, style, out);
}

static int refuse_error(const struct ab_method *m, const struct cc_answer *a,
			const struct ab_style *style, struct ab_reply *out)
{
	const struct ab_outcome *o = ab_outcome_find(word_of(a));
	const char *msg = json_string_value(json_object_get(a->json, "msg"));

	/* its text is for who can repeat the same op, which no client here can */
	if (strcmp(a->code, "timeout") == 0)
		return refuse_unknown(m, o, "not done in time", style, out);
	if (m->manner == AB_AM && json_object_get(a->json, "geni_code"))
		return ab_am_error(m, o, a->json, out);
	return ab_reply_refuse(m, o, msg && *msg ? msg : o->word, style, out);
}

static int refuse_silence(const struct ab_method *m, const struct cc_answer *a,
			  const struct ab_style *style, struct ab_reply *out)
{
	if (a->outcome == CC_OUT_TIMEOUT)
		return refuse_unknown(m, ab_outcome_find("timeout"), "no answer in time", style,
				      out);
	return refuse_unknown(m, ab_outcome_find(a->code), "the server cannot be reached", style,
			      out);
}

static bool is_reply_of(const struct ab_method *m, const struct cc_answer *a)
{
	static const char lead[] = "reply.";
	size_t n = sizeof(lead) - 1, len = strlen(m->type);

	return a->type.len == n + len && memcmp(a->type.data, lead, n) == 0 &&
	       memcmp(a->type.data + n, m->type, len) == 0;
}

static int make_value(const struct ab_method *m, const struct cc_answer *a,
		      const struct ab_style *style, json_t **out, struct cc_note *why)
{
	const json_t *value = json_object_get(a->json, "value");

	if (!value || !is_reply_of(m, a))
		return -CC_EFORMAT;
	if (style->exact && m->manner == AB_SFA)
		return xr_wrap(value, XR_EXACT, XR_DEPTH, out);
	return m->value ? m->value(a->json, out, why)
			: xr_wrap(value, XR_FOREIGN, AB_DEPTH_MAX, out);
}

static int answer(const struct ab_method *m, const struct cc_answer *a,
		  const struct ab_style *style, struct ab_reply *out)
{
	struct cc_note why = {0};
	json_t *value = NULL;
	int r;

	memset(out, 0, sizeof(*out));
	if (m->manner != AB_AM)
		r = make_value(m, a, style, &value, &why);
	else
		r = is_reply_of(m, a) ? ab_am_answer(m, a, out) : -CC_EFORMAT;
	if (r == -CC_ENOMEM)
		return r;
	if (r > 0)
		return ab_reply_refuse(m, ab_outcome_find("TooMany"), why.text, style, out);
	if (r)
		return ab_reply_refuse(m, ab_outcome_find("internal"),
				       "the answer of the bus is not what it should be", style,
				       out);
	out->status = 200;
	if (m->manner != AB_AM)
		out->value = value;
	return 0;
}

static int make(const struct ab_method *m, const struct cc_answer *a, const struct ab_style *style,
		struct ab_reply *out)
{
	if (may_repeat(m, a))
		return unavailable(a->json, out);
	switch (a->outcome) {
	case CC_OUT_ANSWER:
		return answer(m, a, style, out);
	case CC_OUT_ERROR:
		return refuse_error(m, a, style, out);
	default:
		return refuse_silence(m, a, style, out);
	}
}

int ab_reply_make(const struct ab_method *m, const struct cc_answer *a,
		  const struct ab_style *style, struct ab_reply *out)
{
	int r = make(m, a, style, out);

	if (r)
		return r;
	snprintf(out->code, sizeof(out->code), "%s", a->code);
	out->said = json_incref((json_t *)a->json);
	return 0;
}
