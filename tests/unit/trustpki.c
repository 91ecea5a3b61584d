/* SPDX-License-Identifier: ISC */
#include "tests/unit/trustpki.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"

#define KEYS_MAX 64

#define MUST(ok)                                                                                   \
	do {                                                                                       \
		if (!(ok)) {                                                                       \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #ok);                   \
			ERR_print_errors_fp(stderr);                                               \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* ---- keys ---- */

static EVP_PKEY *new_key(const char *kind)
{
	EVP_PKEY *key;

	if (strncmp(kind, "RSA-", 4) == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)atoi(kind + 4));
	else if (strcmp(kind, "ED25519") == 0)
		key = EVP_PKEY_Q_keygen(NULL, NULL, kind);
	else
		key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
	MUST(key);
	return key;
}

EVP_PKEY *tp_key(const char *kind, const char *name)
{
	static struct {
		char kind[16], name[128];
		EVP_PKEY *key;
	} keys[KEYS_MAX];
	size_t i;

	for (i = 0; i < KEYS_MAX && keys[i].key; i++)
		if (strcmp(keys[i].kind, kind) == 0 && strcmp(keys[i].name, name) == 0)
			return keys[i].key;
	MUST(i < KEYS_MAX && strlen(kind) < sizeof(keys[i].kind) &&
	     strlen(name) < sizeof(keys[i].name));
	strcpy(keys[i].kind, kind);
	strcpy(keys[i].name, name);
	keys[i].key = new_key(kind);
	return keys[i].key;
}

/* ---- principals ---- */

/* Takes the references to key and gid. */
static struct tp *assemble(EVP_PKEY *key, struct tr_gid *gid, const struct tp *behind)
{
	struct tp *p = calloc(1, sizeof(*p));

	MUST(p && (!behind || behind->chain.count < TR_CHAIN_MAX));
	p->key = key;
	p->gid = p->chain.items[p->chain.count++] = gid;
	for (size_t i = 0; behind && i < behind->chain.count; i++)
		p->chain.items[p->chain.count++] = tr_gid_ref(behind->chain.items[i]);
	return p;
}

/* Takes the reference to key. */
static struct tp *make(const char *urn, EVP_PKEY *key, const struct tp *issuer)
{
	struct tr_gid_request rq = {.urn = urn,
				    .key = key,
				    .not_before = TP_NOW - TP_DAY,
				    .not_after = TP_NOW + 365 * TP_DAY};
	struct cc_note why = {0};
	struct tr_gid *gid = NULL;

	if (tr_gid_make(&rq, issuer ? issuer->gid : NULL, issuer ? issuer->key : key, &gid, &why) !=
	    0)
		fprintf(stderr, "%s: %s\n", urn, why.text);
	MUST(gid);
	return assemble(key, gid, issuer);
}

struct tp *tp_make(const char *urn, const struct tp *issuer)
{
	return make(urn, new_key("P-256"), issuer);
}

struct tp *tp_make_kind(const char *urn, const char *kind, const struct tp *issuer)
{
	EVP_PKEY *key = tp_key(kind, urn);

	MUST(EVP_PKEY_up_ref(key));
	return make(urn, key, issuer);
}

void tp_free(struct tp *p)
{
	if (!p)
		return;
	EVP_PKEY_free(p->key);
	tr_gids_deinit(&p->chain);
	free(p);
}

void tp_freep(struct tp **p)
{
	tp_free(*p);
	*p = NULL;
}

/* ---- certificates in which anything may be wrong ---- */

static void add_text_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	MUST(ext && X509_add_ext(cert, ext, -1));
	X509_EXTENSION_free(ext);
}

/* An extension of any octets. */
static void add_raw_extension(X509 *cert, const char *oid, bool critical, const char *octets)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 0);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	MUST(object && value && ASN1_OCTET_STRING_set(value, (const uint8_t *)octets, -1));
	ext = X509_EXTENSION_create_by_OBJ(NULL, object, critical, value);
	MUST(ext && X509_add_ext(cert, ext, -1));
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(object);
}

static bool is_authority(const struct tp_spec *spec)
{
	return spec->urn && strstr(spec->urn, "+authority+");
}

static void add_basic(X509 *cert, const struct tp_spec *spec)
{
	bool ca = spec->ca == TP_CA_TRUE || (spec->ca == TP_CA_BY_TYPE && is_authority(spec));
	char text[64];

	if (spec->bad_basic)
		add_raw_extension(cert, "basicConstraints", true, "\x30\x03\x0c\x01x");
	if (spec->bad_basic || spec->ca == TP_CA_ABSENT)
		return;
	snprintf(text, sizeof(text), "critical,CA:%s", ca ? "TRUE" : "FALSE");
	if (spec->path_length)
		snprintf(text + strlen(text), 32, ",pathlen:%d", spec->path_length - 1);
	add_text_extension(cert, cert, NID_basic_constraints, text);
}

static void add_name(GENERAL_NAMES *names, int type, const char *prefix, const char *text)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();
	char *whole = NULL;

	if (text)
		MUST(asprintf(&whole, "%s%s", prefix, text) > 0);
	MUST(name && value && (!text || ASN1_STRING_set(value, whole, -1)));
	GENERAL_NAME_set0_value(name, type, value);
	if (text)
		MUST(sk_GENERAL_NAME_push(names, name) > 0);
	else
		GENERAL_NAME_free(name);
	free(whole);
}

static void add_san(X509 *cert, const struct tp_spec *spec)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();

	MUST(names);
	add_name(names, GEN_URI, "", spec->urn);
	add_name(names, GEN_URI, "", spec->urn2);
	add_name(names, GEN_URI, "", spec->params);
	add_name(names, GEN_URI, "urn:uuid:", spec->uuid);
	add_name(names, GEN_EMAIL, "", spec->email);
	add_name(names, GEN_EMAIL, "", spec->email2);
	for (int i = 0; i < spec->more_names; i++)
		add_name(names, GEN_URI, "", "http://a/");
	for (int i = 0; sk_GENERAL_NAME_num(names) > 0 && i < 1 + spec->san_twice; i++)
		MUST(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_APPEND) ==
		     1);
	GENERAL_NAMES_free(names);
}

static void add_extensions(X509 *cert, const struct tp_spec *spec, X509 *issuer)
{
	if (!spec->key_id || *spec->key_id)
		add_text_extension(cert, issuer, NID_subject_key_identifier,
				   spec->key_id ? spec->key_id : "hash");
	add_basic(cert, spec);
	add_san(cert, spec);
	if (spec->usage)
		add_text_extension(cert, issuer, NID_key_usage, spec->usage);
	if (spec->purpose)
		add_text_extension(cert, issuer, NID_ext_key_usage, spec->purpose);
	if (spec->critical)
		add_raw_extension(cert, spec->critical, true, "\x05");
}

static void set_cn(X509_NAME *name, const char *cn)
{
	MUST(!*cn || X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING,
						(const uint8_t *)cn, -1, -1, 0));
}

static void set_names(X509 *cert, const struct tp_spec *spec, X509 *issuer)
{
	char hrn[TR_NAME_MAX + 1], type[64];
	struct tr_urn urn;
	X509_NAME *name = X509_NAME_new();

	if (!spec->urn || tr_urn_parse_text(spec->urn, &urn, NULL) != 0 ||
	    tr_urn_to_hrn(&urn, hrn, type, NULL) != 0)
		strcpy(hrn, "nobody");
	set_cn(X509_get_subject_name(cert), spec->cn ? spec->cn : hrn);
	MUST(name);
	if (spec->issuer_name)
		set_cn(name, spec->issuer_name);
	MUST(X509_set_issuer_name(cert, spec->issuer_name ? name : X509_get_subject_name(issuer)));
	X509_NAME_free(name);
}

static void set_time(X509 *cert, const struct tp_spec *spec)
{
	time_t from = spec->from ? spec->from : TP_NOW - TP_DAY;
	time_t until = spec->until ? spec->until : TP_NOW + 365 * TP_DAY;

	MUST(ASN1_TIME_set(X509_getm_notBefore(cert), from));
	MUST(ASN1_TIME_set(X509_getm_notAfter(cert), until));
}

static struct tr_gid *read_back(X509 *cert)
{
	struct cc_note why = {0};
	struct tr_gid *gid = NULL;
	uint8_t *der = NULL;
	int len = i2d_X509(cert, &der);

	MUST(len > 0);
	if (tr_gid_read_der(NULL, der, (size_t)len, &gid, &why) != 0)
		fprintf(stderr, "%s\n", why.text);
	MUST(gid);
	OPENSSL_free(der);
	return gid;
}

struct tp *tp_raw(const struct tp_spec *spec, const struct tp *issuer)
{
	static long serial = 1000;
	const char *kind = spec->kind ? spec->kind : "P-256";
	EVP_PKEY *key = spec->key ? tp_key(kind, spec->key) : new_key(kind), *signing = key;
	const char *md = spec->md ? spec->md : "SHA256";
	X509 *cert = X509_new(), *above = issuer ? issuer->gid->cert : cert;
	struct tr_gid *gid;

	if (spec->key)
		EVP_PKEY_up_ref(key);
	if (issuer)
		signing = issuer->key;
	if (spec->not_issuers_key)
		signing = tp_key("P-256", "stranger");
	MUST(cert && X509_set_version(cert, spec->version == 1 ? X509_VERSION_1 : X509_VERSION_3));
	MUST(ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++));
	set_names(cert, spec, above);
	set_time(cert, spec);
	MUST(X509_set_pubkey(cert, key));
	add_extensions(cert, spec, above);
	MUST(X509_sign(cert, signing,
		       EVP_PKEY_is_a(signing, "ED25519") ? NULL : EVP_get_digestbyname(md)));
	gid = read_back(cert);
	X509_free(cert);
	return assemble(key, gid, spec->pretend ? spec->pretend : issuer);
}

/* ---- text ---- */

char *tp_pem(const struct tp *p)
{
	const struct tr_gids leaf = {.items = {p->gid}, .count = 1};
	struct cc_buf out = CC_BUF_INIT(0);
	char *text;

	MUST(tr_gids_write(&leaf, &out) == 0 && (text = cc_buf_take(&out)));
	return text;
}

char *tp_pem_chain(const struct tp *p)
{
	struct cc_buf out = CC_BUF_INIT(0);
	char *text;

	MUST(tr_gids_write(&p->chain, &out) == 0 && (text = cc_buf_take(&out)));
	return text;
}

char *tp_pem_key(const struct tp *p)
{
	struct cc_buf out = CC_BUF_INIT(0);
	char *text;

	MUST(tr_key_write(p->key, &out) == 0 && (text = cc_buf_take(&out)));
	return text;
}

static void add_revoked(X509_CRL *crl, const struct tp *p)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *when = ASN1_TIME_set(NULL, (time_t)(TP_NOW - TP_DAY));

	MUST(entry && when && X509_REVOKED_set_revocationDate(entry, when));
	MUST(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(p->gid->cert)));
	MUST(X509_CRL_add0_revoked(crl, entry));
	ASN1_TIME_free(when);
}

char *tp_copy(const char *data, size_t len)
{
	char *text = calloc(1, len + 1);

	MUST(text);
	memcpy(text, data, len);
	return text;
}

char *tp_crl(const struct tp *ca, const struct tp *const *revoked, int64_t from, int64_t until,
	     const struct tp *signer)
{
	ASN1_TIME *last = ASN1_TIME_set(NULL, (time_t)(TP_NOW + from));
	ASN1_TIME *next = ASN1_TIME_set(NULL, (time_t)(TP_NOW + until));
	X509_CRL *crl = X509_CRL_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *text;
	long len;

	MUST(last && next && crl && bio && X509_CRL_set_version(crl, X509_CRL_VERSION_2));
	MUST(X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->gid->cert)));
	MUST(X509_CRL_set1_lastUpdate(crl, last) && X509_CRL_set1_nextUpdate(crl, next));
	for (; revoked && *revoked; revoked++)
		add_revoked(crl, *revoked);
	MUST(X509_CRL_sign(crl, signer ? signer->key : ca->key, EVP_sha256()));
	MUST(PEM_write_bio_X509_CRL(bio, crl));
	len = BIO_get_mem_data(bio, &data);
	MUST((text = tp_copy(data, (size_t)len)));
	BIO_free(bio);
	X509_CRL_free(crl);
	ASN1_TIME_free(last);
	ASN1_TIME_free(next);
	return text;
}

/* ---- one federation ---- */

const struct tp_world *tp_world(void)
{
	static struct tp_world w;

	if (w.plc)
		return &w;
	w.plc = tp_make(TP_IDN "plc+authority+sa", NULL);
	w.site = tp_make(TP_IDN "plc:site+authority+sa", w.plc);
	w.lab = tp_make(TP_IDN "plc:site:lab+authority+sa", w.site);
	w.sitex = tp_make(TP_IDN "plc:sitex+authority+sa", w.plc);
	w.alice = tp_make(TP_IDN "plc:site+user+alice", w.site);
	w.bob = tp_make(TP_IDN "plc:site+user+bob", w.site);
	w.eve = tp_make(TP_IDN "plc:sitex+user+eve", w.sitex);
	w.slice = tp_make(TP_IDN "plc:site+slice+sl1", w.site);
	w.slice2 = tp_make(TP_IDN "plc:site+slice+sl2", w.site);
	w.node = tp_make(TP_IDN "plc:site+node+n1.example.org", w.site);
	w.tool = tp_make(TP_IDN "plc:site+tool+portal", w.site);
	w.other = tp_make(TP_IDN "other+authority+sa", NULL);
	w.mallory = tp_make(TP_IDN "other+user+mallory", w.other);
	return &w;
}
