/* SPDX-License-Identifier: ISC */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "lib/trust/path.h"

/*
 * A GID of 2008 says nothing of what its owner is: X.509 v1 without basicConstraints, and a name
 * without a type. "Whoever has something signed below him is an authority" is what let every user
 * sign names below his own. What does tell them apart is how that hierarchy was laid out: the
 * program that filled it knew three levels of authorities, planetlab, planetlab.us and
 * planetlab.us.SITE, and below them only users, slices and nodes. So a name of more labels issues
 * nothing. Where a hierarchy is flatter, a user may still sign names below his own and nobody
 * else's: one more reason why no server allows this format.
 */
#define OLD_AUTHORITY_LABELS 3

bool tr_path_signed_by(const struct tr_gid *cert, const struct tr_gid *issuer)
{
	bool good = X509_verify(cert->cert, issuer->key) == 1;

	ERR_clear_error();
	return good;
}

static bool is_rooted(const struct tr_path *p, size_t issuer)
{
	return issuer == p->top;
}

static int check_signature(const struct tr_path *p, size_t i)
{
	const struct tr_gid *gid = p->certs[i], *issuer = p->certs[i + 1];
	bool known = p->end_signed && is_rooted(p, i + 1);

	/* nobody else's key is tried: a chain is what its sender says it is, or nothing */
	if (!CC_RULE(CC_RULE_CHAIN_SIGNATURE, known || tr_path_signed_by(gid, issuer)))
		return tr_path_refuse(p, i, CC_RULE_CHAIN_SIGNATURE,
				      "was not signed by the next one (%.80s)",
				      tr_gid_label(issuer));
	if (!CC_RULE(CC_RULE_CHAIN_ISSUER, X509_NAME_cmp(X509_get_issuer_name(gid->cert),
							 X509_get_subject_name(issuer->cert)) == 0))
		return tr_path_refuse(p, i, CC_RULE_CHAIN_ISSUER,
				      "does not name the next one (%.70s) as its issuer",
				      tr_gid_label(issuer));
	return 0;
}

static int check_ca(const struct tr_path *p, size_t i, int room)
{
	const struct tr_gid *issuer = p->certs[i + 1];
	bool ca = is_rooted(p, i + 1) || issuer->ca ||
		  (tr_path_is_old(p, issuer) && !issuer->has_basic);

	if (!CC_RULE(CC_RULE_CHAIN_CA, ca))
		return tr_path_refuse(p, i + 1, CC_RULE_CHAIN_CA,
				      "is no CA, and issued certificate %zu", i + 1);
	/* all bits are set where the extension is not there */
	if (!CC_RULE(CC_RULE_CHAIN_CA, X509_get_key_usage(issuer->cert) & KU_KEY_CERT_SIGN))
		return tr_path_refuse(p, i + 1, CC_RULE_CHAIN_CA,
				      "may not sign certificates by its key usage");
	if (!CC_RULE(CC_RULE_CHAIN_CA, room >= 0))
		return tr_path_refuse(
			p, i + 1, CC_RULE_CHAIN_CA,
			"is one CA more than the path length of those above it allows");
	return 0;
}

static size_t count_labels(const char *hrn)
{
	size_t n = 1;

	for (; *hrn; hrn++) {
		if (*hrn == '\\' && hrn[1])
			hrn++;
		else if (*hrn == '.')
			n++;
	}
	return n;
}

static bool is_authority(const struct tr_path *p, size_t i)
{
	const struct tr_gid *gid = p->certs[i];

	if (is_rooted(p, i) && !gid->urn[0])
		return true; /* it was given a namespace */
	if (tr_path_is_old(p, gid) && !gid->urn[0])
		return count_labels(gid->hrn) <= OLD_AUTHORITY_LABELS;
	return is_rooted(p, i) ? tr_type_is_authority(gid->name.type) : tr_name_issues(&gid->name);
}

static bool is_covered(const struct tr_path *p, const struct tr_gid *gid)
{
	if (tr_path_is_old(p, gid))
		return tr_hrn_over(p->root->hrn, gid->hrn);
	return tr_authority_over(tr_root_space(&p->root->root), gid->name.authority);
}

/*
 * As tr_name_may_issue, whose other half CHAIN_AUTHORITY has asked. What a root issues is judged by
 * its namespace alone (ROOT_NAMESPACE), whatever it is called. An HRN of 2008 has no type to tell
 * an authority's second certificate from a user's: an issuer's own name is for itself.
 */
static bool may_issue(const struct tr_path *p, size_t i)
{
	const struct tr_gid *gid = p->certs[i], *issuer = p->certs[i + 1];
	bool rooted = is_rooted(p, i + 1);
	const char *over = rooted ? p->root->hrn : issuer->hrn;

	if (tr_path_is_old(p, gid))
		return !tr_hrn_over(gid->hrn, over) && (rooted || tr_hrn_over(over, gid->hrn));
	return rooted || tr_authority_over(issuer->name.authority, gid->name.authority);
}

static int check_names(const struct tr_path *p, size_t i)
{
	const struct tr_gid *issuer = p->certs[i + 1];

	if (!CC_RULE(CC_RULE_CHAIN_AUTHORITY, is_authority(p, i + 1)))
		return tr_path_refuse(p, i + 1, CC_RULE_CHAIN_AUTHORITY,
				      "is no authority, and issued certificate %zu", i + 1);
	if (!CC_RULE(CC_RULE_CHAIN_NAMESPACE, may_issue(p, i)))
		return tr_path_refuse(p, i, CC_RULE_CHAIN_NAMESPACE,
				      "has a name that its issuer (%.60s) may not give",
				      tr_gid_label(issuer));
	return tr_path_check_space(p, i);
}

int tr_path_check_space(const struct tr_path *p, size_t i)
{
	if (CC_RULE(CC_RULE_ROOT_NAMESPACE, is_covered(p, p->certs[i])))
		return 0;
	return tr_path_refuse(p, i, CC_RULE_ROOT_NAMESPACE,
			      "has a name outside of its root's namespace, %.60s",
			      p->root->root.space);
}

/* Self-issued CAs count, too: RFC 5280 would let them through, and nobody here needs them. */
static int room_below(const struct tr_gid *gid, int room)
{
	long own = X509_get_pathlen(gid->cert);

	return own >= 0 && own < room ? (int)own : room;
}

int tr_path_root_room(const struct tr_gid *root)
{
	return room_below(root, TR_CHAIN_MAX);
}

int tr_path_check_hop(const struct tr_path *p, size_t i, const struct tr_verdict *issuer,
		      struct tr_verdict *verdict)
{
	int r = check_signature(p, i);

	if (r == 0)
		r = check_ca(p, i, issuer->room);
	if (r == 0)
		r = check_names(p, i);
	if (r != 0)
		return r;
	if (!CC_RULE(CC_RULE_CERT_REVOKED, !tr_crls_list(p->roots, &issuer->crls, p->certs[i])))
		return tr_path_refuse(p, i, CC_RULE_CERT_REVOKED, "was revoked by its issuer");
	verdict->room = issuer->room < 0 ? -1 : room_below(p->certs[i], issuer->room - 1);
	return 0;
}

int tr_path_check_crls(const struct tr_path *p, size_t i, const struct tr_crl_view *view)
{
	if (CC_RULE(CC_RULE_CRL_STALE, view->from <= p->now && p->now <= view->until))
		return 0;
	return tr_path_refuse(
		p, i, CC_RULE_CRL_STALE,
		view->from > view->until
			? "cannot be looked up: no CRL of its issuer's name is its "
			  "issuer's"
			: "cannot be looked up: the CRL of its issuer is not in force");
}
