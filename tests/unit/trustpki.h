/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Principals with their keys and GIDs, for every test of trust. Good ones are made by tr_gid_make;
 * bad ones by plain OpenSSL, where each field can be wrong. Everything here fails by abort: a test
 * without its keys says nothing.
 *
 * Tests judge at TP_NOW, a fixed time, so that no verdict depends on the day.
 */
#include "lib/trust/gid.h"

#define TP_NOW INT64_C(1800000000) /* 2027-01-15T08:00:00Z */
#define TP_DAY INT64_C(86400)
#define TP_IDN "urn:publicid:IDN+"

/* A principal: its key and its chain, leaf first, root last. */
struct tp {
	EVP_PKEY *key;
	struct tr_gid *gid; /* chain.items[0] */
	struct tr_gids chain;
};

/** A good GID in force from a day before TP_NOW to a year behind it. issuer NULL: a root. */
struct tp *tp_make(const char *urn, const struct tp *issuer);
/** The same with a key of this kind, which is that of the process called urn (see tp_key). */
struct tp *tp_make_kind(const char *urn, const char *kind, const struct tp *issuer);

enum tp_ca {
	TP_CA_BY_TYPE, /* TRUE for type authority */
	TP_CA_TRUE,
	TP_CA_FALSE,
	TP_CA_ABSENT, /* no basicConstraints */
};

struct tp_spec {
	const char *urn;	 /* NULL: none */
	const char *urn2;	 /* a second URN; NULL: none */
	const char *params;	 /* XML-RPC text as a URI, with its http://; NULL: none */
	const char *uuid;	 /* NULL: none */
	const char *email;	 /* NULL: none */
	const char *email2;	 /* a second address; NULL: none */
	const char *cn;		 /* "": none; NULL: the HRN of urn, else "nobody" */
	const char *issuer_name; /* a CN instead of the issuer's own */
	const char *kind;	 /* "P-256" (NULL), "P-384", "RSA-2048", "ED25519"... */
	const char *key;     /* this key of the process, made when first named; NULL: a new one */
	const char *md;	     /* "SHA256" (NULL), "SHA1", "MD5" */
	int64_t from, until; /* 0: a day before TP_NOW, a year behind it */
	int version;	     /* 1; 0: 3 */
	enum tp_ca ca;
	int path_length;	  /* of basicConstraints, plus 1; 0: none */
	const char *usage;	  /* keyUsage as in openssl.cnf; NULL: none */
	const char *purpose;	  /* extendedKeyUsage as in openssl.cnf; NULL: none */
	const char *key_id;	  /* subjectKeyIdentifier in hex; "": none; NULL: of the key */
	const char *critical;	  /* OID of an unknown critical extension; NULL: none */
	int more_names;		  /* so many URIs more that name nobody */
	bool bad_basic;		  /* basicConstraints that are none */
	bool san_twice;		  /* two subjectAltName extensions */
	bool not_issuers_key;	  /* signed by a stranger's key in the issuer's name */
	const struct tp *pretend; /* put this chain behind it instead of the issuer's */
};
/** Any certificate, good or bad. issuer NULL: self-signed. */
struct tp *tp_raw(const struct tp_spec *spec, const struct tp *issuer);

void tp_free(struct tp *p);
void tp_freep(struct tp **p);

/** Octets without a NUL behind them as a string; caller frees. */
char *tp_copy(const char *data, size_t len);

/** A key of the process, by kind and name; made when first asked for. Borrowed. */
EVP_PKEY *tp_key(const char *kind, const char *name);
/** The certificate alone, and the whole chain, as PEM. Caller frees. */
char *tp_pem(const struct tp *p);
char *tp_pem_chain(const struct tp *p);
/** The key as PKCS#8 PEM. Caller frees. */
char *tp_pem_key(const struct tp *p);
/**
 * A CRL of ca with these revoked (NULL-ended), in force for these seconds around TP_NOW, as PEM.
 * signer NULL: ca. Caller frees.
 */
char *tp_crl(const struct tp *ca, const struct tp *const *revoked, int64_t from, int64_t until,
	     const struct tp *signer);

/* One federation, made once per process: authorities, principals, and a foreign root. */
struct tp_world {
	struct tp *plc;	  /* root, urn:publicid:IDN+plc+authority+sa */
	struct tp *site;  /* plc:site, under plc */
	struct tp *lab;	  /* plc:site:lab, under site */
	struct tp *sitex; /* plc:sitex, under plc: a sibling whose name only begins the same */
	struct tp *alice, *bob;	   /* users of plc:site */
	struct tp *eve;		   /* user of plc:sitex */
	struct tp *slice, *slice2; /* sl1, sl2 of plc:site */
	struct tp *node;	   /* plc:site+node+n1.example.org */
	struct tp *tool;	   /* plc:site+tool+portal */
	struct tp *other;	   /* another root */
	struct tp *mallory;	   /* user of other */
};
const struct tp_world *tp_world(void);
