/* SPDX-License-Identifier: ISC */
/* Certificates and chains that the rules CERT_*, CRL_*, CHAIN_* and ROOT_NAMESPACE refuse. */
#include "tests/unit/trust-attacks.h"

#include <stdio.h>

#include "lib/xml/write.h"

#define MALLET TP_IDN "plc:site+user+mallet"
#define LONG (100 * TP_DAY)

static char *chain_of(struct tp *p)
{
	char *text = tp_pem_chain(p);

	tp_free(p);
	return text;
}

/* A user of plc:site, by its authority, with this wrong. */
static char *user(struct tp_spec spec)
{
	if (!spec.urn)
		spec.urn = MALLET;
	return chain_of(tp_raw(&spec, tp_world()->site));
}

/* A good user of a middle authority with this wrong. */
static char *user_below(struct tp_spec middle, const char *urn)
{
	struct tp *authority = tp_raw(&middle, tp_world()->site);
	struct tp_spec spec = {.urn = urn};
	struct tp *p = tp_raw(&spec, authority);

	tp_free(authority);
	return chain_of(p);
}

static char *good(void)
{
	return tp_pem_chain(tp_world()->alice);
}

/* ---- one certificate ---- */

/* An octet behind the certificate, inside its base64. */
static char *trailing(void)
{
	const struct tp *alice = tp_world()->alice;
	struct cc_buf b = CC_BUF_INIT(TR_GID_TEXT_MAX);
	uint8_t der[TR_CERT_MAX];

	memcpy(der, alice->gid->der, alice->gid->der_len);
	der[alice->gid->der_len] = 'x';
	cc_buf_puts(&b, "-----BEGIN CERTIFICATE-----\n");
	xs_put_base64(&b, der, alice->gid->der_len + 1, 64);
	cc_buf_puts(&b, "\n-----END CERTIFICATE-----\n");
	attack_put(&b, tp_pem_chain(tp_world()->site));
	return cc_buf_take(&b);
}

static char *version_1(void)
{
	return user((struct tp_spec){.version = 1});
}

static char *unknown_critical(void)
{
	return user((struct tp_spec){.critical = "1.3.6.1.4.1.99999.1"});
}

static char *short_rsa(void)
{
	return user((struct tp_spec){.kind = "RSA-1024"});
}

static char *odd_curve(void)
{
	return user((struct tp_spec){.kind = "secp256k1"});
}

static char *sha1(void)
{
	return user((struct tp_spec){.md = "SHA1"});
}

/* With a key of RSA: ECDSA has no name for it. */
static char *md5(void)
{
	struct tp_spec site = {.urn = TP_IDN "plc:site+authority+sa", .kind = "RSA-2048"};
	struct tp_spec spec = {.urn = MALLET, .md = "MD5"};
	struct tp *issuer = tp_raw(&site, tp_world()->plc), *p = tp_raw(&spec, issuer);

	tp_free(issuer);
	return chain_of(p);
}

static char *two_names(void)
{
	return user((struct tp_spec){.urn2 = TP_IDN "plc:site+user+alice"});
}

static char *expired(void)
{
	return user((struct tp_spec){.from = TP_NOW - LONG, .until = TP_NOW - 1});
}

static char *not_yet(void)
{
	return user((struct tp_spec){.from = TP_NOW + 1});
}

static char *revoked(void)
{
	const struct tp_world *w = tp_world();
	const struct tp *const list[] = {w->bob, NULL};

	attack_file("revoked.crl", tp_crl(w->site, list, -LONG, LONG, NULL));
	return tp_pem_chain(w->bob);
}

static char *stale(void)
{
	const struct tp *const none[] = {NULL};

	attack_file("stale.crl", tp_crl(tp_world()->site, none, -LONG, -1, NULL));
	return good();
}

static char *fresh(void)
{
	const struct tp *const none[] = {NULL};

	attack_file("fresh.crl", tp_crl(tp_world()->site, none, -LONG, LONG, NULL));
	return good();
}

/* ---- the chain ---- */

static char *strangers_key(void)
{
	return user((struct tp_spec){.not_issuers_key = true});
}

/* Another trusted root signs, in our authority's name, and puts that one's chain behind it. */
static char *splice(void)
{
	const struct tp_world *w = tp_world();
	struct tp_spec spec = {.urn = MALLET, .issuer_name = "plc.site", .pretend = w->site};

	return chain_of(tp_raw(&spec, w->other));
}

static char *issuer_name(void)
{
	return user((struct tp_spec){.issuer_name = "plc.sitex"});
}

static char *no_ca(void)
{
	return user_below(
		(struct tp_spec){.urn = TP_IDN "plc:site:lab+authority+sa", .ca = TP_CA_FALSE},
		TP_IDN "plc:site:lab+user+m");
}

/* Alice, who has a good certificate, issues one herself. */
static char *user_as_ca(void)
{
	struct tp_spec spec = {.urn = MALLET};

	return chain_of(tp_raw(&spec, tp_world()->alice));
}

/* A user who got himself a CA certificate (CreateGid of the Python SFA). */
static char *user_ca(void)
{
	return user_below((struct tp_spec){.urn = TP_IDN "plc:site+user+boss", .ca = TP_CA_TRUE},
			  MALLET);
}

static char *sibling(void)
{
	return user((struct tp_spec){.urn = TP_IDN "plc:sitex+user+eve"});
}

static char *above(void)
{
	return user((struct tp_spec){.urn = TP_IDN "plc+user+site"});
}

/* Seven authorities below the root, each by the one above, and a user: nine certificates. */
static char *nine(void)
{
	char space[TR_NAME_MAX] = TP_IDN "plc", urn[TR_NAME_MAX + 32];
	struct tp_spec user_spec = {.urn = urn, .pretend = tp_world()->plc};
	struct tp *p = NULL, *next;
	struct cc_buf b = CC_BUF_INIT(TR_GID_TEXT_MAX);

	for (int i = 0; i < 7; i++) {
		struct tp_spec spec = {.urn = urn};

		strcat(space, ":a");
		snprintf(urn, sizeof(urn), "%s+authority+sa", space);
		next = tp_raw(&spec, p ? p : tp_world()->plc);
		tp_free(p);
		p = next;
	}
	snprintf(urn, sizeof(urn), "%s+user+deep", space);
	next = tp_raw(&user_spec, p); /* pretend: a chain of nine is more than a struct tp holds */
	attack_put(&b, tp_pem(next));
	attack_put(&b, tp_pem_chain(p));
	tp_free(next);
	tp_free(p);
	return cc_buf_take(&b);
}

static char *own_root(void)
{
	struct tp_spec root = {.urn = TP_IDN "plc+authority+sa"}, spec = {.urn = MALLET};
	struct tp *evil = tp_raw(&root, NULL), *p = tp_raw(&spec, evil);

	tp_free(evil);
	return chain_of(p);
}

static char *leaf_only(void)
{
	return tp_pem(tp_world()->alice);
}

/* The other root has no say in our namespace. */
static char *peer_root(void)
{
	struct tp_spec spec = {.urn = MALLET};

	return chain_of(tp_raw(&spec, tp_world()->other));
}

const struct attack attacks_gid[] = {
	{0, "gid", "gid", good},
	{0, "crl", "gid", fresh, "--crl fresh.crl"},
	{CC_RULE_CERT_FORM, "trailing-octet", "gid", trailing, NULL, "accepted"},
	{CC_RULE_CERT_VERSION, "version-1", "gid", version_1, NULL, "accepted"},
	{CC_RULE_CERT_VERSION, "unknown-critical", "gid", unknown_critical, NULL, "accepted"},
	{CC_RULE_CERT_KEY, "rsa-1024", "gid", short_rsa, NULL, "accepted"},
	{CC_RULE_CERT_KEY, "secp256k1", "gid", odd_curve, NULL, "accepted"},
	{CC_RULE_CERT_DIGEST, "sha1", "gid", sha1, NULL, "accepted"},
	{CC_RULE_CERT_DIGEST, "md5", "gid", md5, NULL, "accepted"},
	{CC_RULE_CERT_NAME, "two-names", "gid", two_names, NULL, "accepted"},
	{CC_RULE_CERT_EXPIRED, "expired", "gid", expired, NULL, "accepted"},
	{CC_RULE_CERT_NOT_YET, "not-yet", "gid", not_yet, NULL, "accepted"},
	{CC_RULE_CERT_REVOKED, "revoked", "gid", revoked, "--crl revoked.crl", "accepted"},
	{CC_RULE_CRL_STALE, "stale", "gid", stale, "--crl stale.crl", "accepted"},
	{CC_RULE_CHAIN_SIGNATURE, "strangers-key", "gid", strangers_key, NULL, "accepted"},
	{CC_RULE_CHAIN_SIGNATURE, "peer-root-splice", "gid", splice, NULL, "accepted"},
	{CC_RULE_CHAIN_ISSUER, "issuer-name", "gid", issuer_name, NULL, "accepted"},
	{CC_RULE_CHAIN_CA, "authority-without-ca", "gid", no_ca, NULL, "accepted"},
	{CC_RULE_CHAIN_CA, "user-as-ca", "gid", user_as_ca, NULL, "chain-authority"},
	{CC_RULE_CHAIN_AUTHORITY, "user-with-ca", "gid", user_ca, NULL, "accepted"},
	{CC_RULE_CHAIN_NAMESPACE, "label-prefix", "gid", sibling, NULL, "accepted"},
	{CC_RULE_CHAIN_NAMESPACE, "own-hrn", "gid", above, NULL, "accepted"},
	{CC_RULE_CHAIN_DEPTH, "nine", "gid", nine, NULL, "accepted"},
	{CC_RULE_CHAIN_ROOT, "own-root", "gid", own_root, NULL, "accepted"},
	{CC_RULE_CHAIN_ROOT, "leaf-only", "gid", leaf_only, NULL, "accepted"},
	{CC_RULE_ROOT_NAMESPACE, "peer-root", "gid", peer_root, NULL, "accepted"},
	{0},
};
