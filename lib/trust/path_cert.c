/* SPDX-License-Identifier: ISC */
#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/trust/path.h"

#define OLD_RSA_MIN 1024
#define LABEL_SHOWN 100 /* a name may be as long as the note, which has more to say */

int tr_path_refuse(const struct tr_path *p, size_t i, enum cc_rule rule, const char *fmt, ...)
{
	const char *label = tr_gid_label(p->certs[i]);
	char text[sizeof(p->why->text)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return cc_refuse(p->why, rule, "certificate %zu of %zu (%.*s%s) %.120s", i + 1, p->shown,
			 LABEL_SHOWN, label, strlen(label) > LABEL_SHOWN ? "..." : "", text);
}

bool tr_path_is_old(const struct tr_path *p, const struct tr_gid *gid)
{
	return p->roots->legacy && gid->params;
}

static int refuse_date(const struct tr_path *p, size_t i, enum cc_rule rule, int64_t date,
		       const char *what)
{
	char text[32];

	return tr_path_refuse(p, i, rule, "%s %s", what, cc_clock_text(date, text));
}

int tr_path_check_dates(const struct tr_path *p, size_t i)
{
	const struct tr_gid *gid = p->certs[i];

	if (!CC_RULE(CC_RULE_CERT_EXPIRED, p->now <= gid->not_after))
		return refuse_date(p, i, CC_RULE_CERT_EXPIRED, gid->not_after, "expired");
	if (!CC_RULE(CC_RULE_CERT_NOT_YET, gid->not_before <= p->now))
		return refuse_date(p, i, CC_RULE_CERT_NOT_YET, gid->not_before,
				   "is not valid before");
	return 0;
}

static bool is_digest_good(const struct tr_path *p, size_t i)
{
	const struct tr_gid *gid = p->certs[i];

	if (gid->digest == TR_DIGEST_SHA2)
		return true;
	/* nobody relies on what a root says of itself */
	if (p->root && i == p->top)
		return true;
	return tr_path_is_old(p, gid) && gid->digest != TR_DIGEST_OTHER;
}

int tr_path_check_make(const struct tr_path *p, size_t i)
{
	const struct tr_gid *gid = p->certs[i];
	bool old = tr_path_is_old(p, gid);

	if (!CC_RULE(CC_RULE_CERT_VERSION, (gid->version == 3 || old) && !gid->odd))
		return tr_path_refuse(p, i, CC_RULE_CERT_VERSION,
				      gid->odd ? "has extensions that are unknown or invalid"
					       : "is of X.509 version %d",
				      gid->version);
	if (!CC_RULE(CC_RULE_CERT_KEY, gid->key_good || (old && gid->rsa_bits >= OLD_RSA_MIN)))
		return tr_path_refuse(p, i, CC_RULE_CERT_KEY,
				      gid->rsa_bits ? "has an RSA key of %d bits"
						    : "has a key of a kind that is not allowed",
				      gid->rsa_bits);
	if (!CC_RULE(CC_RULE_CERT_DIGEST, is_digest_good(p, i)))
		return tr_path_refuse(p, i, CC_RULE_CERT_DIGEST, "is not signed with SHA-2");
	return 0;
}

/* A root that issues does so by the namespace that it was given, whatever it is called itself. */
static bool is_named(const struct tr_path *p, size_t i)
{
	const struct tr_gid *gid = p->certs[i];

	if (p->root && i == p->top && i > 0)
		return true;
	return !gid->names_twice && (gid->urn[0] || (tr_path_is_old(p, gid) && gid->hrn[0]));
}

int tr_path_check_cert(const struct tr_path *p, size_t i)
{
	int r = tr_path_check_make(p, i);

	if (r != 0)
		return r;
	if (!CC_RULE(CC_RULE_CERT_NAME, is_named(p, i)))
		return tr_path_refuse(p, i, CC_RULE_CERT_NAME,
				      p->certs[i]->names_twice ? "has two names"
							       : "has no publicid URN");
	return tr_path_check_dates(p, i);
}
