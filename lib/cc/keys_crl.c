/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/cc/keyfile.h"
#include "lib/cc/keys.h"
#include "lib/cc/ossl.h"

#define DAY 86400
/* As certificates are: the clocks of a testbed differ. */
#define BACKDATE 300
#define NUMBER_OCTETS_MAX 20 /* RFC 5280 5.2.3 */

/* What one CRL is made with. */
struct issuer {
	const struct cc_keys_crl_request *rq;
	X509 *cert;
	EVP_PKEY *key;
	struct cc_note *why;
};

/*
 * Two at once would each write a CRL without the other's entry. The lock is on the key, since the
 * CRL is replaced.
 */
static int lock_ca(const struct cc_keys_crl_request *rq, int *fd, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = cc_keyfile_key_path(rq->dir, rq->ca);

	if (!path)
		return cc_raise(CC_ENOMEM);
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0)
		return cc_note_set(why, errno == ENOENT ? CC_ENOTFOUND : CC_ESYS,
				   "cannot open %s: %s", path, strerror(errno));
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return cc_note_set(why, errno == EWOULDBLOCK ? CC_EBUSY : CC_ESYS,
			   "another ccfed keys is making a CRL of %s: try again", rq->ca);
}

/* *old: the one in the folder; NULL: there is none. What we did not write is not thrown away. */
static int read_old(const struct issuer *by, X509_CRL **old)
{
	STACK_OF(X509_CRL) *list = NULL;
	int r = cc_keyfile_read_crls(by->rq->dir, by->rq->ca, &list, by->why);

	if (r < 0)
		return r == -CC_ENOTFOUND ? 0 : r;
	if (sk_X509_CRL_num(list) == 1 && X509_CRL_verify(sk_X509_CRL_value(list, 0), by->key) == 1)
		*old = sk_X509_CRL_pop(list);
	else
		r = cc_note_set(by->why, CC_EEXIST,
				"%s.crl in %s is something else than one CRL that CA %s signed: "
				"move it away",
				by->rq->ca, by->rq->dir, by->rq->ca);
	sk_X509_CRL_pop_free(list, X509_CRL_free);
	ERR_clear_error();
	return r;
}

static bool copy_entries(X509_CRL *crl, X509_CRL *old)
{
	STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(old);

	for (int i = 0; i < sk_X509_REVOKED_num(entries); i++) {
		X509_REVOKED *copy = X509_REVOKED_dup(sk_X509_REVOKED_value(entries, i));

		if (!copy || !X509_CRL_add0_revoked(crl, copy)) {
			X509_REVOKED_free(copy);
			return false;
		}
	}
	return true;
}

/* One more than the old one's; 1 where there was none. */
static bool set_number(X509_CRL *crl, X509_CRL *old)
{
	ASN1_INTEGER *before = old ? X509_CRL_get_ext_d2i(old, NID_crl_number, NULL, NULL) : NULL;
	BIGNUM *bn = before ? ASN1_INTEGER_to_BN(before, NULL) : BN_new();
	ASN1_INTEGER *number = NULL;
	bool ok = false;

	if (bn && BN_add_word(bn, 1) && BN_num_bytes(bn) <= NUMBER_OCTETS_MAX)
		number = BN_to_ASN1_INTEGER(bn, NULL);
	if (number)
		ok = X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0) == 1;
	ASN1_INTEGER_free(number);
	ASN1_INTEGER_free(before);
	BN_free(bn);
	return ok;
}

/*
 * Tells CAs of one name apart. One made elsewhere may have no key identifier; then its name must
 * do.
 */
static bool set_key_id(X509_CRL *crl, X509 *ca)
{
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(ca);
	AUTHORITY_KEYID *akid;
	bool ok = false;

	if (!id)
		return true;
	akid = AUTHORITY_KEYID_new();
	if (akid)
		akid->keyid = ASN1_OCTET_STRING_dup(id);
	if (akid && akid->keyid)
		ok = X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, akid, 0, 0) == 1;
	AUTHORITY_KEYID_free(akid);
	return ok;
}

static bool set_dates(X509_CRL *crl, time_t now, int days)
{
	ASN1_TIME *from = ASN1_TIME_set(NULL, now - BACKDATE);
	ASN1_TIME *until = ASN1_TIME_set(NULL, now + (time_t)days * DAY);
	bool ok = from && until && X509_CRL_set1_lastUpdate(crl, from) &&
		  X509_CRL_set1_nextUpdate(crl, until);

	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	return ok;
}

/* A CRL with the entries of the old one, not signed yet. */
static int make_crl(const struct issuer *by, time_t now, X509_CRL **out)
{
	cc_cleanup(cc_x509_crl_freep) X509_CRL *crl = X509_CRL_new(), *old = NULL;
	int r = read_old(by, &old);

	if (r < 0)
		return r;
	if (!crl || !X509_CRL_set_version(crl, X509_CRL_VERSION_2) ||
	    !X509_CRL_set_issuer_name(crl, X509_get_subject_name(by->cert)) ||
	    !set_dates(crl, now, by->rq->days) || (old && !copy_entries(crl, old)) ||
	    !set_key_id(crl, by->cert) || !set_number(crl, old))
		return cc_raise_ossl();
	*out = cc_steal(&crl);
	return 0;
}

static int check_issued(const struct issuer *by, X509 *cert, const char *name)
{
	const char *ca = by->rq->ca;

	if (X509_cmp(cert, by->cert) == 0)
		return cc_note_set(by->why, CC_EINVAL,
				   "%s is the CA itself: who does not trust it any more takes it "
				   "out of cms-verify-ca",
				   name);
	if (X509_check_issued(by->cert, cert) == X509_V_OK && X509_verify(cert, by->key) == 1)
		return 0;
	ERR_clear_error();
	return cc_note_set(by->why, CC_EINVAL,
			   "CA %s did not issue %s.crt, so it cannot revoke it: give its CA with "
			   "--ca",
			   ca, name);
}

/* An entry stays as it was made first. */
static int add_entry(X509_CRL *crl, X509 *cert, time_t now)
{
	X509_REVOKED *entry = NULL;
	ASN1_TIME *when;
	bool ok;

	if (X509_CRL_get0_by_cert(crl, &entry, cert) != 0)
		return 0;
	entry = X509_REVOKED_new();
	when = ASN1_TIME_set(NULL, now);
	ok = entry && when && X509_REVOKED_set_revocationDate(entry, when) &&
	     X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(cert)) &&
	     X509_CRL_add0_revoked(crl, entry);
	ASN1_TIME_free(when);
	if (ok)
		return 0;
	X509_REVOKED_free(entry);
	return cc_raise_ossl();
}

static int revoke(const struct issuer *by, X509_CRL *crl, const char *name, time_t now)
{
	cc_cleanup(cc_x509_freep) X509 *cert = NULL;
	int r = cc_keyfile_read_cert(by->rq->dir, name, &cert, by->why);

	if (r == 0)
		r = check_issued(by, cert, name);
	return r < 0 ? r : add_entry(crl, cert, now);
}

static int write_crl(const struct issuer *by, const char *const *names, size_t count)
{
	cc_cleanup(cc_x509_crl_freep) X509_CRL *crl = NULL;
	time_t now = (time_t)cc_clock_wall();
	int r = make_crl(by, now, &crl);

	for (size_t i = 0; r == 0 && i < count; i++)
		r = revoke(by, crl, names[i], now);
	if (r < 0)
		return r;
	if (!X509_CRL_sort(crl) || !X509_CRL_sign(crl, by->key, EVP_sha256()))
		return cc_raise_ossl();
	return cc_keyfile_write_crl(by->rq->dir, by->rq->ca, crl, by->why);
}

int cc_keys_revoke(const struct cc_keys_crl_request *rq, const char *const *names, size_t count,
		   struct cc_note *why)
{
	cc_cleanup(cc_x509_freep) X509 *cert = NULL;
	cc_cleanup(cc_pkey_freep) EVP_PKEY *key = NULL;
	cc_cleanup(cc_closep) int lock = -1;
	int r = cc_keyfile_check_name(rq->ca, why);

	if (r == 0)
		r = cc_keys_check_days(rq->days, why);
	if (r == 0)
		r = lock_ca(rq, &lock, why);
	if (r == 0)
		r = cc_keyfile_read_ca(rq->dir, rq->ca, &cert, &key, why);
	if (r < 0)
		return r;
	return write_crl(&(struct issuer){rq, cert, key, why}, names, count);
}
