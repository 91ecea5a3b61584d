/* SPDX-License-Identifier: ISC */
/*
 * Credentials: judging and issuing them, against libxmlsec1 and bare signatures over the same, on
 * one thread unless it says so.
 *
 *   bench-trust SECONDS
 *
 * SECONDS: of each measurement. A root, an authority, two users and a slice are made, RSA-2048 all;
 * each credential is one of the authority on the slice for the first user, some 12 KB of XML.
 * Prints one line of JSON: rates a second, cost ratios, milliseconds of CPU (hostile).
 */
#include <libxml/parser.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <xmlsec/crypto.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>
#include <xmlsec/xmltree.h>

#include "bench/bench.h"
#include "lib/base/clock.h"
#include "lib/trust/cred.h"
#include "lib/xml/ossl.h"

#define DOCUMENTS 400 /* different ones of each kind: what is new must be so for a while */
#define LIFE (365 * 86400)
#define HOSTILE_OCTETS (1u << 20)

struct principal {
	struct tr_gids chain;
	EVP_PKEY *key;
};

struct material {
	struct principal root, site, alice, bob, carol, slice;
	struct cc_buf plain[DOCUMENTS], twice[DOCUMENTS / 8];
	struct tr_roots *roots[2]; /* the same under two numbers */
	int64_t now;
};

static const struct tr_privilege privileges[] = {
	{"refresh", true}, {"embed", true}, {"bind", true}, {"control", true}, {"info", true}};

/* ---- making ---- */

static void make_gid(struct principal *p, const char *urn, const struct principal *issuer,
		     int64_t now)
{
	struct tr_gid_request rq = {.urn = urn, .not_before = now - 3600, .not_after = now + LIFE};
	struct cc_note why = {0};

	bench_must(tr_key_new(TR_KEY_RSA2048, &p->key), "tr_key_new");
	rq.key = p->key;
	if (tr_gid_make(&rq, issuer ? issuer->chain.items[0] : NULL, issuer ? issuer->key : p->key,
			&p->chain.items[0], &why) != 0)
		bench_die("%s: %s", urn, why.text);
	p->chain.count = 1;
	for (size_t i = 0; issuer && i < issuer->chain.count; i++)
		p->chain.items[p->chain.count++] = tr_gid_ref(issuer->chain.items[i]);
}

static void make_cred(const struct material *m, int64_t expires, struct cc_buf *out)
{
	const struct tr_cred_request rq = {.owner = &m->alice.chain,
					   .target = &m->slice.chain,
					   .privileges = privileges,
					   .n_privileges = CC_ARRAY_SIZE(privileges),
					   .expires = expires};
	struct cc_note why = {0};

	if (tr_cred_make(&rq, &m->site.chain, m->site.key, out, &why) != 0)
		bench_die("tr_cred_make: %s", why.text);
}

static void delegate(const struct cc_buf *parent, const struct principal *from,
		     const struct principal *to, struct cc_buf *out)
{
	const struct tr_cred_request rq = {.owner = &to->chain};
	struct cc_note why = {0};

	if (tr_cred_delegate((const char *)parent->data, parent->len, &rq, from->key, out, &why) !=
	    0)
		bench_die("tr_cred_delegate: %s", why.text);
}

static struct tr_roots *make_roots(const struct material *m, uint64_t number)
{
	cc_cleanup(tr_roots_builder_freep) struct tr_roots_builder *b = NULL;
	struct tr_roots *roots = NULL;
	struct cc_buf pem = {0};
	struct cc_note why = {0};

	bench_must(tr_roots_builder_new(&b), "tr_roots_builder_new");
	bench_must(tr_gids_write(&m->root.chain, &pem), "tr_gids_write");
	if (tr_roots_add(b, (char *)pem.data, pem.len, NULL, 0, &why) != 0 ||
	    tr_roots_seal(b, number, false, &roots, &why) != 0)
		bench_die("roots: %s", why.text);
	cc_buf_deinit(&pem);
	return roots;
}

static void make_material(struct material *m)
{
	m->now = (int64_t)cc_clock_wall();
	make_gid(&m->root, "urn:publicid:IDN+bench+authority+sa", NULL, m->now);
	make_gid(&m->site, "urn:publicid:IDN+bench:site+authority+sa", &m->root, m->now);
	make_gid(&m->alice, "urn:publicid:IDN+bench:site+user+alice", &m->site, m->now);
	make_gid(&m->bob, "urn:publicid:IDN+bench:site+user+bob", &m->site, m->now);
	make_gid(&m->carol, "urn:publicid:IDN+bench:site+user+carol", &m->site, m->now);
	make_gid(&m->slice, "urn:publicid:IDN+bench:site+slice+one", &m->site, m->now);
	for (unsigned i = 0; i < 2; i++)
		m->roots[i] = make_roots(m, i + 1);
	for (unsigned i = 0; i < DOCUMENTS; i++)
		make_cred(m, m->now + LIFE / 2 + i, &m->plain[i]);
	for (unsigned i = 0; i < CC_ARRAY_SIZE(m->twice); i++) {
		struct cc_buf once = {0};

		delegate(&m->plain[i], &m->alice, &m->bob, &once);
		delegate(&once, &m->bob, &m->carol, &m->twice[i]);
		cc_buf_deinit(&once);
	}
}

/* ---- judging ---- */

static struct tr_verifier *new_verifier(const struct material *m)
{
	struct tr_verifier *v = NULL;

	bench_must(tr_verifier_new(&v, 10000), "tr_verifier_new");
	tr_verifier_use(v, m->roots[0]);
	return v;
}

static void verify(struct tr_verifier *v, const struct material *m, const struct cc_buf *doc)
{
	cc_cleanup(tr_grant_unrefp) struct tr_grant *grant = NULL;
	struct cc_note why = {0};

	if (tr_cred_verify(v, (const char *)doc->data, doc->len, m->now, &grant, &why) != 0)
		bench_die("a good credential was refused: %s", why.text);
}

/*
 * What forgets the documents and chains, and keeps the certificates: another number. The chains are
 * met again by one credential that is not counted.
 */
static void forget(struct tr_verifier *v, const struct material *m)
{
	bool first = tr_verifier_roots(v) == m->roots[0];

	tr_verifier_use(v, m->roots[first]);
	verify(v, m, &m->plain[DOCUMENTS - 1]);
	verify(v, m, &m->twice[CC_ARRAY_SIZE(m->twice) - 1]);
}

/* CPU ns of one judgement of a document not seen before, its certificates seen. */
static double time_new(const struct material *m, const struct cc_buf *docs, unsigned count,
		       double seconds)
{
	struct tr_verifier *v = new_verifier(m);
	int64_t spent = 0, done = 0;

	while ((double)spent < seconds * 1e9) {
		int64_t start;

		forget(v, m);
		start = cc_clock_ns();
		for (unsigned i = 0; i + 1 < count; i++)
			verify(v, m, &docs[i]);
		spent += cc_clock_ns() - start;
		done += count - 1;
	}
	tr_verifier_free(v);
	return (double)spent / (double)done;
}

static double time_seen(const struct material *m, double seconds)
{
	struct tr_verifier *v = new_verifier(m);
	int64_t start, done = 0;

	for (unsigned i = 0; i < DOCUMENTS; i++)
		verify(v, m, &m->plain[i]);
	start = cc_clock_ns();
	while ((double)(cc_clock_ns() - start) < seconds * 1e9)
		for (unsigned i = 0; i < DOCUMENTS; i++, done++)
			verify(v, m, &m->plain[i]);
	start = cc_clock_ns() - start;
	tr_verifier_free(v);
	return (double)start / (double)done;
}

/* Certificates and chains of their own for each: nothing at all was seen before. */
static double time_strange(const struct material *m, double seconds)
{
	int64_t spent = 0, done = 0;

	while ((double)spent < seconds * 1e9) {
		struct tr_verifier *v = new_verifier(m);
		int64_t start = cc_clock_ns();

		verify(v, m, &m->plain[done++ % DOCUMENTS]);
		spent += cc_clock_ns() - start;
		tr_verifier_free(v);
	}
	return (double)spent / (double)done;
}

struct worker {
	pthread_t thread;
	const struct material *m;
	double seconds, rate;
};

static void *work(void *arg)
{
	struct worker *w = arg;

	w->rate = 1e9 / time_new(w->m, w->m->plain, DOCUMENTS, w->seconds);
	return NULL;
}

static double rate_of_two(const struct material *m, double seconds)
{
	struct worker w[2] = {{.m = m, .seconds = seconds}, {.m = m, .seconds = seconds}};

	for (unsigned i = 0; i < 2; i++)
		if (pthread_create(&w[i].thread, NULL, work, &w[i]) != 0)
			bench_die("no thread");
	for (unsigned i = 0; i < 2; i++)
		pthread_join(w[i].thread, NULL);
	return w[0].rate + w[1].rate;
}

/* ---- libxmlsec1 ---- */

static xmlSecKeysMngrPtr open_xmlsec(const struct material *m)
{
	xmlSecKeysMngrPtr keys;
	struct cc_buf pem = {0};

	if (xmlSecInit() < 0 || xmlSecCryptoAppInit(NULL) < 0 || xmlSecCryptoInit() < 0)
		bench_die("libxmlsec1 does not start");
	keys = xmlSecKeysMngrCreate();
	bench_must(tr_gids_write(&m->root.chain, &pem), "tr_gids_write");
	if (!keys || xmlSecCryptoAppDefaultKeysMngrInit(keys) < 0 ||
	    xmlSecCryptoAppKeysMngrCertLoadMemory(keys, pem.data, (xmlSecSize)pem.len,
						  xmlSecKeyDataFormatPem,
						  xmlSecKeyDataTypeTrusted) < 0)
		bench_die("libxmlsec1 takes no root");
	cc_buf_deinit(&pem);
	return keys;
}

static void verify_xmlsec(xmlSecKeysMngrPtr keys, const struct cc_buf *doc)
{
	xmlDocPtr xml =
		xmlReadMemory((const char *)doc->data, (int)doc->len, NULL, NULL, XML_PARSE_NONET);
	xmlSecDSigCtxPtr ctx = xmlSecDSigCtxCreate(keys);
	xmlNodePtr node = NULL;

	if (xml)
		node = xmlSecFindNode(xmlDocGetRootElement(xml), xmlSecNodeSignature, xmlSecDSigNs);
	if (!ctx || !node || xmlSecDSigCtxVerify(ctx, node) < 0 ||
	    ctx->status != xmlSecDSigStatusSucceeded)
		bench_die("libxmlsec1 refuses a good credential");
	xmlSecDSigCtxDestroy(ctx);
	xmlFreeDoc(xml);
}

static double time_xmlsec(const struct material *m, xmlSecKeysMngrPtr keys, double seconds)
{
	int64_t start = cc_clock_ns(), done = 0;

	while ((double)(cc_clock_ns() - start) < seconds * 1e9)
		verify_xmlsec(keys, &m->plain[done++ % DOCUMENTS]);
	return (double)(cc_clock_ns() - start) / (double)done;
}

/* ---- issuing ---- */

static double time_issue(const struct material *m, double seconds)
{
	int64_t start = cc_clock_ns(), done = 0;

	while ((double)(cc_clock_ns() - start) < seconds * 1e9) {
		struct cc_buf out = {0};

		make_cred(m, m->now + LIFE / 2 + done++, &out);
		cc_buf_deinit(&out);
	}
	return (double)(cc_clock_ns() - start) / (double)done;
}

static double time_sign(const struct material *m, double seconds)
{
	int64_t start = cc_clock_ns(), done = 0;
	uint8_t value[512], octets[1024] = {0};

	while ((double)(cc_clock_ns() - start) < seconds * 1e9) {
		cc_cleanup(xs_md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		size_t len = sizeof(value);

		octets[0] = (uint8_t)done++;
		if (!ctx || EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, m->site.key) != 1 ||
		    EVP_DigestSign(ctx, value, &len, octets, sizeof(octets)) != 1)
			bench_die("no signature");
	}
	return (double)(cc_clock_ns() - start) / (double)done;
}

/* ---- hostile documents ---- */

#define A10 "aaaaaaaaaa"
#define A100 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10
#define A1000 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100
#define A10000 A1000 A1000 A1000 A1000 A1000 A1000 A1000 A1000 A1000 A1000

static const struct hostile {
	const char *head, *repeat, *tail;
} hostile[] = {
	{"<signed-credential><credential>", "<a>", ""},
	{"<signed-credential><credential>", "<a/>", "</credential></signed-credential>"},
	{"<signed-credential", " a='b'", "/>"},
	{"<signed-credential", " xmlns:a='b'", "/>"},
	{"<signed-credential><credential xml:id='ref0'><type>", "&amp;",
	 "</type></credential></signed-credential>"},
	{"<signed-credential><credential "
	 "xml:id='ref0'><type>privilege</type><serial>8</serial><owner_gid>",
	 "-----BEGIN CERTIFICATE-----\n", "</owner_gid></credential></signed-credential>"},
	{"<signed-credential><credential "
	 "xml:id='ref0'><type>privilege</type><serial>8</serial><owner_gid>",
	 "AAAA", "</owner_gid></credential></signed-credential>"},
	{"<!DOCTYPE a [", "<!ENTITY a 'b'>", "]><a/>"},
	{"<", "a", "/>"},
	{"<a b='", "c", "'/>"},
	/* names and values as long as may be, as many as there is room for */
	{"<signed-credential>", "<" A1000 "/>", "</signed-credential>"},
	{"<signed-credential>", "<e " A1000 "='v'/>", "</signed-credential>"},
	{"<signed-credential>", "<e b='" A10000 A10000 A10000 A10000 A10000 A10000 "'/>",
	 "</signed-credential>"},
};

/* A good one in which an extension was blown up: the signature must be looked at to refuse it. */
static void blow_up(const struct cc_buf *good, struct cc_buf *out)
{
	static const char end[] = "</privileges>";
	const char *at = memmem(good->data, good->len, end, sizeof(end) - 1);
	size_t head = (size_t)(at - (const char *)good->data) + sizeof(end) - 1;

	cc_buf_put(out, good->data, head);
	cc_buf_puts(out, "<extensions>");
	while (out->len + (good->len - head) + 64 < HOSTILE_OCTETS)
		cc_buf_puts(out, "<e f=\"g\">some text, over and over, of no use to anybody</e>");
	cc_buf_puts(out, "</extensions>");
	cc_buf_put(out, good->data + head, good->len - head);
}

static double refuse(const struct material *m, struct tr_verifier *v, const struct cc_buf *doc)
{
	struct tr_grant *grant = NULL;
	int64_t start = cc_clock_cpu_ns();

	if (tr_cred_verify(v, (const char *)doc->data, doc->len, m->now, &grant, NULL) <= 0)
		bench_die("a hostile document was not refused");
	return (double)(cc_clock_cpu_ns() - start) / 1e6;
}

static double worst_hostile(const struct material *m)
{
	struct tr_verifier *v = new_verifier(m);
	double worst = 0;

	for (size_t i = 0; i <= CC_ARRAY_SIZE(hostile); i++) {
		const struct hostile *h = &hostile[i];
		struct cc_buf doc = {0};
		double ms;

		if (i == CC_ARRAY_SIZE(hostile)) {
			blow_up(&m->plain[0], &doc);
		} else {
			cc_buf_puts(&doc, h->head);
			while (doc.len + strlen(h->repeat) + strlen(h->tail) < HOSTILE_OCTETS)
				cc_buf_puts(&doc, h->repeat);
			cc_buf_puts(&doc, h->tail);
		}
		ms = refuse(m, v, &doc);
		worst = ms > worst ? ms : worst;
		cc_buf_deinit(&doc);
	}
	tr_verifier_free(v);
	return worst;
}

int main(int argc, char **argv)
{
	static struct material m;
	xmlSecKeysMngrPtr keys;
	double seconds, fresh;

	if (argc != 2) {
		fprintf(stderr, "usage: bench-trust SECONDS\n");
		return 2;
	}
	seconds = bench_number("SECONDS", argv[1], 0.001);
	make_material(&m);
	keys = open_xmlsec(&m);
	fresh = time_new(&m, m.plain, DOCUMENTS, seconds);
	printf("{\"xmlsec_us\": %.2f, \"new_us\": %.2f, ", time_xmlsec(&m, keys, seconds) / 1e3,
	       fresh / 1e3);
	printf("\"seen_us\": %.2f, \"strange_us\": %.2f, ", time_seen(&m, seconds) / 1e3,
	       time_strange(&m, seconds) / 1e3);
	printf("\"twice_us\": %.2f, ",
	       time_new(&m, m.twice, CC_ARRAY_SIZE(m.twice), seconds) / 1e3);
	printf("\"issue_us\": %.2f, \"sign_us\": %.2f, ", time_issue(&m, seconds) / 1e3,
	       time_sign(&m, seconds) / 1e3);
	printf("\"one_thread\": %.0f, \"two_threads\": %.0f, ", 1e9 / fresh,
	       rate_of_two(&m, seconds));
	printf("\"hostile_ms\": %.2f}\n", worst_hostile(&m));
	return 0;
}
