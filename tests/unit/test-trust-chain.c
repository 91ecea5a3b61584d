/* SPDX-License-Identifier: ISC */
/* Chains and what is remembered of them: every rule, and the attacks of spec sfa 11. */
#include "lib/trust/chain.h"

#include <pthread.h>

#include "tests/unit/fail-alloc.h"
#include "tests/unit/trustjudge.h"

static unsigned checks; /* signatures of certificates checked; of all threads */

int __real_X509_verify(X509 *cert, EVP_PKEY *key);
int __wrap_X509_verify(X509 *cert, EVP_PKEY *key);

int __wrap_X509_verify(X509 *cert, EVP_PKEY *key)
{
	__atomic_add_fetch(&checks, 1, __ATOMIC_RELAXED);
	return __real_X509_verify(cert, key);
}

static int each_setup(void **state)
{
	checks = 0;
	return 0;
}

/* ---- one certificate and one hop ---- */

static void good_chains(void **state)
{
	const struct tp *all[] = {w->plc,  w->site,  w->lab,	w->sitex,  w->alice,
				  w->bob,  w->eve,   w->slice,	w->slice2, w->node,
				  w->tool, w->other, w->mallory};
	struct tr_verifier *v = usual();

	for (size_t i = 0; i < CC_ARRAY_SIZE(all); i++) {
		struct tr_gids bare = part(all[i], 0, all[i]->chain.count - 1);

		judged(v, &all[i]->chain, tr_gid_label(all[i]->gid), 0, NULL);
		if (bare.count > 0)
			judged(v, &bare, "root left out", 0, NULL);
	}
	tr_verifier_free(v);
}

static void what_a_good_chain_says(void **state)
{
	struct tp *short_lived = tp_raw(
		&(struct tp_spec){.urn = TP_IDN "plc:site+user+s", .until = TP_NOW + 9}, w->site);
	struct tr_verifier *v = usual();
	struct tr_chain chain;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(tr_chain_verify(v, &short_lived->chain, TP_NOW, &chain, NULL), 0);
		assert_int_equal(chain.from, TP_NOW - TP_DAY);
		assert_int_equal(chain.until, TP_NOW + 9);
		assert_string_equal(chain.root->space, "plc");
		assert_memory_equal(chain.root->gid->hash, w->plc->gid->hash, TR_HASH);
	}
	tp_free(short_lived);
	tr_verifier_free(v);
}

enum who { PLC, SITE, OTHER, ROGUE, NOBODY };

struct attack {
	const char *name;
	int rule;
	const char *text;
	struct tp_spec leaf;
	enum who issuer;       /* of middle, if there is one */
	struct tp_spec middle; /* issues the leaf; without URN: there is none */
};

#define USER .urn = TP_IDN "plc:site+user+x"
#define AUTH .urn = TP_IDN "plc:site:x+authority+sa"
#define SUB .urn = TP_IDN "plc:site:x+user+y"
#define GOOD(name) name, 0, NULL

static const struct attack good[] = {
	{GOOD("a user"), {USER}, SITE},
	{GOOD("RSA"), {USER, .kind = "RSA-2048"}, SITE},
	{GOOD("P-384"), {USER, .kind = "P-384"}, SITE},
	{GOOD("SHA-384"), {USER, .md = "SHA384"}, SITE},
	{GOOD("case of authorities"), {.urn = TP_IDN "PLC:Site+user+x"}, SITE},
	{GOOD("an authority below"), {SUB}, SITE, {AUTH}},
	{GOOD("its key usage"), {SUB}, SITE, {AUTH, .usage = "keyCertSign,cRLSign"}},
	{GOOD("as many CAs as allowed"), {SUB}, SITE, {AUTH, .path_length = 1}},
};

#define BAD_VERSION(name, text) name, CC_RULE_CERT_VERSION, text
#define BAD_KEY(name, text) name, CC_RULE_CERT_KEY, text
#define BAD_DIGEST(name, text) name, CC_RULE_CERT_DIGEST, text " signed with SHA-2"
#define BAD_NAME(name, text) name, CC_RULE_CERT_NAME, text
#define EXPIRED(name, text) name, CC_RULE_CERT_EXPIRED, text
#define NOT_YET(name, text) name, CC_RULE_CERT_NOT_YET, text
#define ODD "has extensions that are unknown or invalid"

static const struct attack on_certificates[] = {
	{BAD_VERSION("version 1", "x) is of X.509 version 1"), {USER, .version = 1}, SITE},
	{BAD_VERSION("unknown critical", ODD), {USER, .critical = "1.2.3.4"}, SITE},
	{BAD_VERSION("broken", ODD), {USER, .bad_basic = true}, SITE},
	{BAD_KEY("small", "has an RSA key of 1024 bits"), {USER, .kind = "RSA-1024"}, SITE},
	{BAD_KEY("odd curve", "has a key of a kind"), {USER, .kind = "secp256k1"}, SITE},
	{BAD_KEY("Ed25519", "has a key of a kind"), {USER, .kind = "ED25519"}, SITE},
	{BAD_KEY("above", "2 of 4 (" TP_IDN "plc:site:x+"),
	 {SUB},
	 SITE,
	 {AUTH, .kind = "RSA-1024"}},
	{BAD_DIGEST("SHA-1", "1 of 3 (" TP_IDN "plc:site+user+x) is not"),
	 {USER, .md = "SHA1"},
	 SITE},
	{BAD_DIGEST("MD5", "is not"), {SUB, .md = "MD5"}, SITE, {AUTH, .kind = "RSA-2048"}},
	{BAD_DIGEST("SHA-1 above", "is not"), {SUB}, SITE, {AUTH, .md = "SHA1"}},
	{BAD_NAME("two", "has two names"), {USER, .urn2 = TP_IDN "plc:site+user+z"}, SITE},
	{BAD_NAME("none", "certificate 1 of 3 (x) has no publicid URN"), {.cn = "x"}, SITE},
	{BAD_NAME("2008", "(plc.site.x) has no"), {.params = HRN("plc.site.x")}, SITE},
	{EXPIRED("leaf", "expired 2027-01-15T07:59:59Z"), {USER, .until = TP_NOW - 1}, SITE},
	{EXPIRED("above", "certificate 2 of 4"), {SUB}, SITE, {AUTH, .until = TP_NOW - 1}},
	{NOT_YET("leaf", "before 2027-01-15T08:00:01Z"), {USER, .from = TP_NOW + 1}, SITE},
	{NOT_YET("above", "certificate 2 of 4"), {SUB}, SITE, {AUTH, .from = TP_NOW + 1}},
};

#define SIGNATURE(name, text) name, CC_RULE_CHAIN_SIGNATURE, text
#define ISSUER(name, text) name, CC_RULE_CHAIN_ISSUER, text
#define NO_CA(name, text) name, CC_RULE_CHAIN_CA, text
#define NO_AUTHORITY(name, text) name, CC_RULE_CHAIN_AUTHORITY, text
#define NAMESPACE(name, text) name, CC_RULE_CHAIN_NAMESPACE, text
#define NO_ROOT(name, text) name, CC_RULE_CHAIN_ROOT, text
#define OUTSIDE(name, text) name, CC_RULE_ROOT_NAMESPACE, text
#define FORGED .not_issuers_key = true
#define SITE_URN TP_IDN "plc:site+authority+sa"
#define NOT_NEXT "was not signed by the next one (" SITE_URN ")"

static const struct attack on_hops[] = {
	{SIGNATURE("another's", NOT_NEXT), {USER, FORGED}, SITE},
	{SIGNATURE("another's above", "certificate 2 of 4"), {SUB}, SITE, {AUTH, FORGED}},
	{SIGNATURE("peer's, our chain behind", NOT_NEXT), {USER}, OTHER},
	{SIGNATURE("in our name", NOT_NEXT), {USER, .issuer_name = "plc.site"}, OTHER},
	{ISSUER("other", "does not name the next one (" SITE_URN),
	 {USER, .issuer_name = "z"},
	 SITE},
	{NO_CA("a user", "plc:site+user+x) is no CA, and issued certificate 1"),
	 {SUB},
	 SITE,
	 {USER}},
	{NO_CA("authority", "is no CA"), {SUB}, SITE, {AUTH, .ca = TP_CA_FALSE}},
	{NO_CA("not said", "is no CA"), {SUB}, SITE, {AUTH, .ca = TP_CA_ABSENT}},
	{NO_CA("key usage", "is no CA"), {SUB}, SITE, {AUTH, .usage = "digitalSignature"}},
	{NO_AUTHORITY("CA", "2 of 4 (" TP_IDN "plc:site+user+x) is no authority, and issued "
			    "certificate 1"),
	 {SUB},
	 SITE,
	 {USER, .ca = TP_CA_TRUE}},
	{NO_AUTHORITY("type", "is no authority"),
	 {SUB},
	 SITE,
	 {.urn = TP_IDN "plc:site:x+Authority+sa", .ca = TP_CA_TRUE}},
	{NO_AUTHORITY("aggregate", "plc:site:x+authority+am) is no authority"),
	 {SUB},
	 SITE,
	 {.urn = TP_IDN "plc:site:x+authority+am", .ca = TP_CA_TRUE}},
	{NAMESPACE("prefix", "has a name that its issuer (" SITE_URN ") may not give"),
	 {.urn = TP_IDN "plc:sitex+user+eve"},
	 SITE},
	{NAMESPACE("sibling", "may not give"), {.urn = TP_IDN "plc:princeton+user+foo"}, SITE},
	{NAMESPACE("parent's", "may not give"), {.urn = TP_IDN "plc+user+foo"}, SITE},
	{NAMESPACE("own HRN", "may not give"), {.urn = TP_IDN "plc+user+site"}, SITE},
	{NAMESPACE("parent", "may not give"), {.urn = TP_IDN "plc+authority+sa"}, SITE},
	{NAMESPACE("peer's", "may not give"), {.urn = TP_IDN "other+user+x"}, SITE},
	{NO_ROOT("rogue", "2 of 2 (" TP_IDN "plc+authority+sa) ends the chain and is no trusted"),
	 {.urn = TP_IDN "plc+user+x"},
	 ROGUE},
	{NO_ROOT("self-signed", "1 of 1 (" TP_IDN "plc:site+user+x) ends the chain"),
	 {USER},
	 NOBODY},
	{NO_ROOT("namesake", "no trusted root"), {.urn = TP_IDN "plc+authority+sa"}, NOBODY},
	{OUTSIDE("peer's user", "1 of 2 (" TP_IDN "plc+user+x) has a name outside of its root's "
				"namespace, other"),
	 {.urn = TP_IDN "plc+user+x"},
	 OTHER},
	{OUTSIDE("peer's authority", "certificate 2 of 3"), {USER}, OTHER, {.urn = SITE_URN}},
};

static bool is_spliced(const struct attack *a)
{
	return a->rule == CC_RULE_CHAIN_SIGNATURE && a->issuer == OTHER;
}

static void judge_attacks(const struct attack *attacks, size_t count)
{
	struct tp *rogue = tp_raw(&(struct tp_spec){.urn = TP_IDN "plc+authority+sa"}, NULL);
	const struct tp *const issuers[] = {w->plc, w->site, w->other, rogue, NULL};
	struct tr_verifier *v = usual();

	for (size_t i = 0; i < count; i++) {
		const struct attack *a = &attacks[i];
		const struct tp *issuer = issuers[a->issuer];
		struct tp *middle = a->middle.urn ? tp_raw(&a->middle, issuer) : NULL;
		struct tp_spec spec = a->leaf;
		struct tp *leaf;

		spec.pretend = is_spliced(a) ? w->site : NULL;
		leaf = tp_raw(&spec, middle ? middle : issuer);
		judged(v, &leaf->chain, a->name, a->rule, a->text);
		tp_free(leaf);
		tp_free(middle);
	}
	tp_free(rogue);
	tr_verifier_free(v);
}

static void good_certificates(void **state)
{
	judge_attacks(good, CC_ARRAY_SIZE(good));
}

static void attacks_on_certificates(void **state)
{
	judge_attacks(on_certificates, CC_ARRAY_SIZE(on_certificates));
}

static void attacks_on_hops(void **state)
{
	judge_attacks(on_hops, CC_ARRAY_SIZE(on_hops));
}

static void dates_are_inclusive_and_looked_at_each_time(void **state)
{
	static const struct {
		int64_t now;
		int rule;
	} rows[] = {
		{TP_NOW, 0},
		{TP_NOW - TP_DAY, 0},
		{TP_NOW - TP_DAY - 1, CC_RULE_CERT_NOT_YET},
		{TP_NOW + 365 * TP_DAY, 0},
		{TP_NOW + 365 * TP_DAY + 1, CC_RULE_CERT_EXPIRED},
		{INT64_MIN, CC_RULE_CERT_NOT_YET},
		{INT64_MAX, CC_RULE_CERT_EXPIRED},
		{TP_NOW, 0},
	};
	struct tr_verifier *v = usual();

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		assert_int_equal(judge_at(v, &w->alice->chain, rows[i].now), rows[i].rule);
	assert_int_equal(checks, 2);
	tr_verifier_free(v);
}

static void a_long_name_leaves_room_for_the_reason(void **state)
{
	struct tr_verifier *v = usual();
	char urn[200] = TP_IDN "plc:site+user+";
	struct tp *p;

	memset(urn + strlen(urn), 'x', sizeof(urn) - strlen(urn) - 1);
	p = tp_raw(&(struct tp_spec){.urn = urn, .cn = "x", .until = TP_NOW - 1}, w->site);
	judged(v, &p->chain, "long name", CC_RULE_CERT_EXPIRED,
	       "xxx...) expired 2027-01-15T07:59:59Z");
	tp_free(p);
	tr_verifier_free(v);
}

/* ---- paths ---- */

static void a_chain_ends_at_its_first_root(void **state)
{
	struct tr_verifier *v = usual();
	struct tr_gids gids = w->alice->chain; /* alice, site, plc, and then anything */

	gids.items[gids.count++] = w->mallory->gid;
	judged(v, &gids, "a stranger behind the root", 0, NULL);
	gids.items[gids.count - 1] = w->other->gid;
	judged(v, &gids, "another root behind the root", 0, NULL);
	gids.items[2] = w->other->gid;
	judged(v, &gids, "another root instead", CC_RULE_CHAIN_SIGNATURE, "certificate 2 of 3");
	gids = part(w->alice, 0, 1);
	judged(v, &gids, "the authority left out", CC_RULE_CHAIN_ROOT,
	       "certificate 1 of 1 (urn:publicid:IDN+plc:site+user+alice) ends the chain, and its "
	       "issuer /CN=plc.site is no trusted root");
	gids = (struct tr_gids){.items = {w->alice->gid, w->plc->gid}, .count = 2};
	judged(v, &gids, "the authority cut out", CC_RULE_CHAIN_SIGNATURE, "was not signed by");
	gids = (struct tr_gids){.items = {w->site->gid, w->alice->gid, w->plc->gid}, .count = 3};
	judged(v, &gids, "the wrong way round", CC_RULE_CHAIN_SIGNATURE, "was not signed by");
	gids.count = 0;
	judged(v, &gids, "nothing", CC_RULE_CERT_FORM, "there is no certificate");
	tr_verifier_free(v);
}

static void without_roots_nothing_is_good(void **state)
{
	struct tr_verifier *v = make_verifier(NULL, MEMORY);

	assert_null(tr_verifier_roots(v));
	judged(v, &w->alice->chain, "no set", CC_RULE_CHAIN_ROOT, "is no trusted root");
	tr_verifier_free(v);
	v = make_verifier(make_roots((struct root_row[]){{0}}, NULL), MEMORY);
	judged(v, &w->alice->chain, "an empty set", CC_RULE_CHAIN_ROOT, "is no trusted root");
	judged(v, &w->plc->chain, "a root", CC_RULE_CHAIN_ROOT, "is no trusted root");
	tr_verifier_free(v);
}

/* A forger has a root of the same name; the true one is left out. */
static void a_forged_root_is_not_taken_for_its_namesake(void **state)
{
	struct tp *forged = tp_raw(&(struct tp_spec){.urn = TP_IDN "plc+authority+sa"}, NULL);
	struct tp *leaf = tp_raw(&(struct tp_spec){.urn = TP_IDN "plc+user+x"}, forged);
	struct tr_gids bare = part(leaf, 0, 1);
	struct tr_verifier *v = usual();

	judged(v, &leaf->chain, "with it", CC_RULE_CHAIN_ROOT, "ends the chain and is no trusted");
	judged(v, &bare, "without it", CC_RULE_CHAIN_ROOT, "its issuer /CN=plc is no trusted root");
	tp_free(leaf);
	tp_free(forged);
	tr_verifier_free(v);
}

/* plc's certificate was renewed: same name and key. Chains hold the old one, the new, or none. */
static void a_renewed_root_stands_for_itself(void **state)
{
	struct tp_spec spec = {.urn = TP_IDN "plc+authority+sa", .key = "renewed"};
	struct tp *fresh = tp_raw(&spec, NULL), *old, *moved, *leaf, *rekeyed;
	struct tr_verifier *v =
		make_verifier(make_roots((struct root_row[]){{fresh}, {0}}, NULL), MEMORY);
	struct tr_gids bare;

	spec.until = TP_NOW - 1;
	old = tp_raw(&spec, NULL);
	leaf = tp_raw(&(struct tp_spec){.urn = TP_IDN "plc+user+x"}, old);
	bare = part(leaf, 0, 1);
	judged(v, &leaf->chain, "with the old root, expired", 0, NULL);
	judged(v, &bare, "with none", 0, NULL);
	judged(v, &old->chain, "as the leaf it has to be good itself", CC_RULE_CERT_EXPIRED,
	       "certificate 1 of 1");
	tp_free(leaf);
	moved = tp_raw(&(struct tp_spec){.urn = TP_IDN "other+authority+sa",
					 .cn = "plc",
					 .key = "renewed"},
		       NULL);
	judged(v, &moved->chain, "as the leaf with another name", CC_RULE_ROOT_NAMESPACE,
	       "certificate 1 of 2");
	rekeyed = tp_raw(&(struct tp_spec){.urn = TP_IDN "plc+authority+sa"}, NULL);
	leaf = tp_raw(&(struct tp_spec){.urn = TP_IDN "plc+user+x"}, rekeyed);
	judged(v, &leaf->chain, "same name, other key", CC_RULE_CHAIN_ROOT, "is no trusted root");
	tp_free(leaf);
	tp_free(rekeyed);
	tp_free(moved);
	tp_free(old);
	tp_free(fresh);
	tr_verifier_free(v);
}

/* Who trusts an authority and not the one above it has its new certificate, chains the old one. */
static void a_renewed_authority_stands_for_itself(void **state)
{
	const struct tp_spec spec = {.urn = TP_IDN "plc:site9+authority+sa",
				     .key = "renewed below"};
	struct tp *fresh = tp_raw(&spec, w->plc), *old = tp_raw(&spec, w->plc);
	struct tp *leaf = tp_raw(&(struct tp_spec){.urn = TP_IDN "plc:site9+user+x"}, old);
	struct tr_verifier *v =
		make_verifier(make_roots((struct root_row[]){{fresh}, {0}}, NULL), MEMORY);

	judged(v, &leaf->chain, "with the old one, and what is above it", 0, NULL);
	tp_free(leaf);
	tp_free(old);
	tp_free(fresh);
	tr_verifier_free(v);
}

static void of_two_roots_of_one_name_the_signer_is_taken(void **state)
{
	struct tp *a = tp_raw(&(struct tp_spec){.urn = TP_IDN "a+authority+sa", .cn = "one"}, NULL);
	struct tp *b = tp_raw(&(struct tp_spec){.urn = TP_IDN "b+authority+sa", .cn = "one"}, NULL);
	struct tp *ax = tp_raw(&(struct tp_spec){.urn = TP_IDN "a+user+x"}, a);
	struct tp *bx = tp_raw(&(struct tp_spec){.urn = TP_IDN "b+user+x"}, b);
	struct tr_verifier *v =
		make_verifier(make_roots((struct root_row[]){{a}, {b}, {0}}, NULL), MEMORY);
	struct tr_gids of_a = part(ax, 0, 1), of_b = part(bx, 0, 1);
	struct tr_chain chain;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(tr_chain_verify(v, &of_a, TP_NOW, &chain, &why), 0);
		assert_string_equal(chain.root->space, "a");
		assert_int_equal(tr_chain_verify(v, &of_b, TP_NOW, &chain, &why), 0);
		assert_string_equal(chain.root->space, "b");
	}
	tp_free(a);
	tp_free(b);
	tp_free(ax);
	tp_free(bx);
	tr_verifier_free(v);
}

/* n authorities under w->plc, each the next one's issuer: plc:1, plc:1:2, ... */
static void make_tower(struct tp *tower[], size_t n, int path_length)
{
	char urn[128], authority[64] = "plc";

	for (size_t i = 0; i < n; i++) {
		const struct tp *issuer = i ? tower[i - 1] : w->plc;

		snprintf(authority + strlen(authority), 8, ":%zu", i + 1);
		snprintf(urn, sizeof(urn), TP_IDN "%s+authority+sa", authority);
		tower[i] = tp_raw(&(struct tp_spec){.urn = urn,
						    .pretend = w->plc,
						    .path_length = i == 0 ? path_length : 0},
				  issuer);
	}
}

static void free_tower(struct tp *tower[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		tp_free(tower[i]);
}

/* Its chain without the root. */
static struct tr_gids tower_chain(struct tp *tower[], size_t n)
{
	struct tr_gids gids = {.count = n};

	for (size_t i = 0; i < n; i++)
		gids.items[i] = tower[n - 1 - i]->gid;
	return gids;
}

static void eight_are_enough(void **state)
{
	struct tp *tower[8];
	struct tr_verifier *v = usual();
	struct tr_gids gids;

	make_tower(tower, 8, 0);
	gids = tower_chain(tower, 7);
	judged(v, &gids, "7 and the root", 0, NULL);
	assert_int_equal(checks, 7); /* one for each: not 2, 6, 14, 30, ... */
	gids.items[gids.count++] = w->plc->gid;
	judged(v, &gids, "8 with the root", 0, NULL);
	assert_int_equal(checks, 7);
	gids = tower_chain(tower, 8);
	judged(v, &gids, "8 and the root", CC_RULE_CHAIN_DEPTH,
	       "the chain has 9 certificates with its root, more than 8");
	assert_int_equal(checks, 7);
	free_tower(tower, 8);
	tr_verifier_free(v);
}

static void path_length_is_obeyed(void **state)
{
	struct tp *tower[3];
	struct tr_verifier *v = usual();
	struct tr_gids gids;

	make_tower(tower, 3, 2); /* pathlen 1 */
	gids = tower_chain(tower, 2);
	judged(v, &gids, "one CA below", 0, NULL);
	gids = tower_chain(tower, 3);
	judged(v, &gids, "it issues one that is last", 0, NULL);
	free_tower(tower, 3);
	make_tower(tower, 3, 1); /* pathlen 0 */
	gids = tower_chain(tower, 2);
	judged(v, &gids, "a CA that is last", 0, NULL);
	gids = tower_chain(tower, 3);
	judged(v, &gids, "a CA below", CC_RULE_CHAIN_CA,
	       "certificate 2 of 4 (urn:publicid:IDN+plc:1:2+authority+sa) is one CA more than");
	free_tower(tower, 3);
	tr_verifier_free(v);
}

/* ---- memory ---- */

static unsigned checks_for(struct tr_verifier *v, const struct tp *p, int rule)
{
	unsigned before = checks;

	assert_int_equal(judge(v, p), rule);
	return checks - before;
}

static void each_certificate_is_checked_once(void **state)
{
	struct tp *bad = tp_raw(&(struct tp_spec){USER, .not_issuers_key = true}, w->site);
	struct tr_verifier *v = usual();
	struct tr_gids bare = part(w->alice, 0, 2);

	assert_int_equal(checks_for(v, w->plc, 0), 0);
	assert_int_equal(checks_for(v, w->alice, 0), 2);
	assert_int_equal(checks_for(v, w->alice, 0), 0);
	assert_int_equal(checks_for(v, w->site, 0), 0);
	assert_int_equal(checks_for(v, w->bob, 0), 1);
	assert_int_equal(checks_for(v, w->eve, 0), 2);
	assert_int_equal(checks_for(v, w->mallory, 0), 1);
	for (int i = 0; i < 3; i++) /* what was refused is judged again */
		assert_int_equal(checks_for(v, bad, CC_RULE_CHAIN_SIGNATURE), 1);
	checks = 0;
	assert_int_equal(judge_at(v, &bare, TP_NOW), 0);
	assert_int_equal(checks, 0); /* without the root it is the same chain */
	tr_verifier_free(v);
	tp_free(bad);
}

/* The same certificate behind another issuer is another chain. */
static void a_verdict_holds_for_the_whole_chain(void **state)
{
	struct tr_verifier *v = usual();
	struct tr_gids gids = w->alice->chain;

	assert_int_equal(judge(v, w->alice), 0);
	gids.items[1] = w->sitex->gid;
	judged(v, &gids, "another issuer", CC_RULE_CHAIN_SIGNATURE, "certificate 1 of 3");
	gids.items[1] = w->alice->gid;
	judged(v, &gids, "itself", CC_RULE_CHAIN_SIGNATURE, "certificate 2 of 3");
	tr_verifier_free(v);
}

static void other_roots_other_verdicts(void **state)
{
	struct root_row both[] = {{w->plc}, {w->other}, {0}};
	struct tr_verifier *v = usual();
	struct tr_roots *first = tr_roots_ref((struct tr_roots *)tr_verifier_roots(v));
	struct tr_roots *again = make_roots(both, NULL);
	struct tr_roots *less = make_roots(&both[1], NULL), *same = NULL;
	struct tr_roots_builder *b = NULL;

	assert_int_equal(checks_for(v, w->alice, 0), 2);
	tr_verifier_use(v, first);
	assert_int_equal(checks_for(v, w->alice, 0), 0);
	tr_verifier_use(v, less);
	assert_int_equal(checks_for(v, w->alice, CC_RULE_CHAIN_ROOT), 0);
	tr_verifier_use(v, again);
	assert_int_equal(checks_for(v, w->alice, 0), 2);
	tr_verifier_use(v, NULL);
	assert_int_equal(checks_for(v, w->alice, CC_RULE_CHAIN_ROOT), 0);
	tr_verifier_use(v, again);
	assert_int_equal(checks_for(v, w->alice, 0), 2);

	/* built again under the number of before: the same set, by contract */
	assert_int_equal(tr_roots_builder_new(&b), 0);
	assert_int_equal(add_root(b, &both[0]), 0);
	assert_int_equal(tr_roots_seal(b, 1000000, false, &same, NULL), 0);
	tr_verifier_use(v, same);
	assert_int_equal(checks_for(v, w->alice, 0), 2);
	tr_roots_builder_free(b);
	tr_roots_unref(same);
	assert_int_equal(tr_roots_builder_new(&b), 0);
	assert_int_equal(add_root(b, &both[0]), 0);
	assert_int_equal(tr_roots_seal(b, 1000000, false, &same, NULL), 0);
	tr_verifier_use(v, same);
	assert_int_equal(checks_for(v, w->alice, 0), 0);
	tr_roots_builder_free(b);
	tr_roots_unref(same);
	tr_roots_unref(first);
	tr_roots_unref(again);
	tr_roots_unref(less);
	tr_verifier_free(v);
}

static void little_memory_is_slow_but_right(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 3};
	char *crl = tp_crl(w->site, (const struct tp *[]){w->bob, NULL}, -10, 10 * TP_DAY, NULL);

	for (size_t i = 0; i < CC_ARRAY_SIZE(sizes); i++) {
		struct tr_verifier *v =
			make_verifier(make_roots((struct root_row[]){{w->plc}, {w->other}, {0}},
						 (const char *[]){crl, NULL}),
				      sizes[i]);

		for (int j = 0; j < 3; j++) {
			assert_int_equal(judge(v, w->lab), 0);
			assert_int_equal(judge(v, w->bob), CC_RULE_CERT_REVOKED);
			assert_int_equal(judge(v, w->alice), 0);
			assert_int_equal(judge(v, w->mallory), 0);
		}
		tr_verifier_free(v);
	}
	free(crl);
}

/* Everything from roots to verdict, with the n-th allocation failing. */
static int all_of_it(const char *root, const char *crl)
{
	struct tr_roots_builder *b = NULL;
	struct tr_roots *roots = NULL;
	struct tr_verifier *v = NULL;
	struct tr_chain chain;
	int r = tr_roots_builder_new(&b);

	if (r == 0)
		r = tr_roots_add(b, root, strlen(root), NULL, 0, &why);
	if (r == 0)
		r = tr_roots_add_crls(b, crl, strlen(crl), &why);
	if (r == 0)
		r = tr_roots_seal(b, 1, false, &roots, &why);
	if (r == 0)
		r = tr_verifier_new(&v, MEMORY);
	if (r == 0) {
		tr_verifier_use(v, roots);
		r = tr_chain_verify(v, &w->alice->chain, TP_NOW, &chain, &why);
		if (r == -CC_ENOMEM) /* nothing wrong is remembered */
			assert_int_equal(judge(v, w->alice), 0);
	}
	tr_roots_builder_free(b);
	tr_verifier_free(v);
	tr_roots_unref(roots);
	return r;
}

static void no_memory(void **state)
{
	char *root = tp_pem(w->plc), *crl = tp_crl(w->site, NULL, -10, 10 * TP_DAY, NULL);
	long n = 0;
	int r;

	do {
		alloc_fail_after(n);
		r = all_of_it(root, crl);
		if (alloc_failed)
			assert_int_equal(r, -CC_ENOMEM);
	} while (alloc_failed && n++ < 1000);
	alloc_left = -1;
	assert_int_equal(r, 0);
	assert_in_range(n, 10, 999);
	free(root);
	free(crl);
}

static void *judge_often(void *arg)
{
	struct tr_verifier *v = make_verifier(tr_roots_ref(arg), 3);
	const struct tp *const all[] = {w->alice, w->lab, w->eve, w->node, w->mallory};
	uintptr_t wrong = 0;
	struct tr_chain chain;

	for (int i = 0; i < 200; i++) {
		const struct tp *p = all[i % CC_ARRAY_SIZE(all)];

		wrong += tr_chain_verify(v, &p->chain, TP_NOW, &chain, NULL) != 0;
		wrong += tr_chain_verify(v, &w->bob->chain, TP_NOW, &chain, NULL) !=
			 CC_RULE_CERT_REVOKED;
	}
	tr_verifier_free(v);
	ERR_clear_error();
	return (void *)wrong;
}

static void threads_share_roots_and_certificates(void **state)
{
	char *crl = tp_crl(w->site, (const struct tp *[]){w->bob, NULL}, -10, 10 * TP_DAY, NULL);
	struct tr_roots *roots = make_roots((struct root_row[]){{w->plc}, {w->other}, {0}},
					    (const char *[]){crl, NULL});
	pthread_t threads[3];
	void *wrong;

	for (size_t i = 0; i < CC_ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, judge_often, roots), 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(threads); i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	tr_roots_unref(roots);
	free(crl);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, each_setup, judge_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CASE(good_chains),
		CASE(what_a_good_chain_says),
		CASE(good_certificates),
		CASE(attacks_on_certificates),
		CASE(attacks_on_hops),
		CASE(dates_are_inclusive_and_looked_at_each_time),
		CASE(a_long_name_leaves_room_for_the_reason),
		CASE(a_chain_ends_at_its_first_root),
		CASE(without_roots_nothing_is_good),
		CASE(a_forged_root_is_not_taken_for_its_namesake),
		CASE(a_renewed_root_stands_for_itself),
		CASE(a_renewed_authority_stands_for_itself),
		CASE(of_two_roots_of_one_name_the_signer_is_taken),
		CASE(eight_are_enough),
		CASE(path_length_is_obeyed),
		CASE(each_certificate_is_checked_once),
		CASE(a_verdict_holds_for_the_whole_chain),
		CASE(other_roots_other_verdicts),
		CASE(little_memory_is_slow_but_right),
		CASE(no_memory),
		CASE(threads_share_roots_and_certificates),
	};

	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, judge_setup, NULL);
}
