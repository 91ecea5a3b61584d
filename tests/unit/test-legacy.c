/* SPDX-License-Identifier: ISC */
/*
 * Certificate credentials and tickets of 2008: what is accepted, and for every rule a document that
 * it alone refuses.
 */
#include <stdio.h>

#include "lib/base/util.h"
#include "lib/trust/legacy_int.h"
#include "tests/unit/fail-alloc.h"
#include "tests/unit/legacykit.h"
#include "tests/unit/trustpki.h"

/* ---- the principals of 2008 ---- */

static struct tp *gid(const char *hrn, const struct tp *issuer)
{
	char params[512];
	struct tp_spec spec = {.params = params, .cn = hrn, .key = hrn, .ca = TP_CA_ABSENT};

	snprintf(params, sizeof(params),
		 "http://" PARAMS(MEMBER("uuid", "<string>1234567890</string>")
					  MEMBER("hrn", "<string>%s</string>")),
		 hrn);
	return tp_raw(&spec, issuer);
}

static struct {
	const char *hrn, *issuer;
	struct tp *tp;
} people[] = {
	{"planetlab", NULL, NULL},
	{"planetlab.us", "planetlab", NULL},
	{"planetlab.us.pl", "planetlab.us", NULL},
	{"planetlab.us.plx", "planetlab.us", NULL},
	{"planetlab.us.pl.alice", "planetlab.us.pl", NULL},
	{"planetlab.us.pl.bob", "planetlab.us.pl", NULL},
	{"planetlab.us.pl.s1", "planetlab.us.pl", NULL},
	{"planetlab.us.plx.s2", "planetlab.us.plx", NULL},
};

#define TOP "planetlab"
#define US "planetlab.us"
#define PL "planetlab.us.pl"
#define PLX "planetlab.us.plx"
#define ALICE "planetlab.us.pl.alice"
#define BOB "planetlab.us.pl.bob"
#define S1 "planetlab.us.pl.s1"
#define S2 "planetlab.us.plx.s2"

static const struct tp *who(const char *hrn)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(people); i++) {
		if (strcmp(people[i].hrn, hrn) != 0)
			continue;
		if (!people[i].tp)
			people[i].tp = gid(hrn, people[i].issuer ? who(people[i].issuer) : NULL);
		return people[i].tp;
	}
	fail_msg("nobody is called %s", hrn);
	return NULL;
}

/* ---- documents of 2008 ---- */

struct doc {
	const char *caller, *object; /* NULL: nil */
	const char *privileges;	     /* NULL: a ticket, with these attributes and tags */
	const char *attributes, *rspec;
	const char *delegate;		    /* "1" */
	const char *life;		    /* a value; NULL: nil */
	const char *issuer;		    /* CN */
	const char *key;		    /* of its certificate; NULL: the object's */
	const char *more;		    /* another member */
	struct tp_spec cert;		    /* what else its certificate is */
	const struct tp *stranger, *parent; /* object; issuer and what stands behind */
};

static const struct tp *object_of(const struct doc *d)
{
	if (d->stranger)
		return d->stranger;
	return d->object ? who(d->object) : NULL;
}

static void put_data(struct cc_buf *b, const struct doc *d)
{
	cc_buf_puts(b, "http://<params>\n<param>\n<value><struct>");
	put_gid(b, "gidCaller", d->caller ? who(d->caller) : NULL);
	put_gid(b, "gidObject", object_of(d));
	if (d->privileges) {
		cc_buf_printf(b, MEMBER("lifeTime", "%s"), d->life ? d->life : "<nil/>");
		cc_buf_printf(b, MEMBER("privileges", "%s"), d->privileges);
	} else {
		cc_buf_printf(b, MEMBER("attributes", "<struct>%s</struct>"), d->attributes);
		cc_buf_printf(b, MEMBER("rspec", "<struct>%s</struct>"), d->rspec);
	}
	cc_buf_printf(b, MEMBER("delegate", "<boolean>%s</boolean>"), d->delegate);
	if (d->more)
		cc_buf_puts(b, d->more);
	cc_buf_puts(b, "</struct></value>\n</param>\n</params>");
}

static struct tp *make(const struct doc *d, const struct tp *parent)
{
	struct cc_buf b = CC_BUF_INIT(0);
	struct tp_spec spec = d->cert;
	struct tp *made;

	put_data(&b, d);
	assert_int_equal(b.err, 0);
	/* in front of a second name, when there is one */
	*(spec.urn2 ? &spec.urn : &spec.params) = (const char *)b.data;
	spec.cn = spec.cn ? spec.cn : d->object;
	spec.key = d->key ? d->key : d->object;
	spec.issuer_name = d->issuer;
	spec.ca = TP_CA_ABSENT;
	made = tp_raw(&spec, parent);
	cc_buf_deinit(&b);
	return made;
}

#define DOCS 5

/* Leaf first; the last is signed by the root's key. */
static struct tp *make_chain(const struct doc *docs, size_t count)
{
	struct tp *made = NULL;

	while (count-- > 0) {
		struct tp *parent = made;

		made = make(&docs[count], docs[count].parent ? docs[count].parent : parent);
		tp_free(parent);
	}
	return made;
}

static const struct doc delegated[DOCS] = {
	{BOB, S1, "<string>info</string>", .delegate = "0", .issuer = ALICE},
	{ALICE, S1, "<string>embed,bind,control,info</string>", .delegate = "1", .issuer = PL,
	 .key = ALICE},
	{PL, PL, "<string>authority</string>", .delegate = "1", .issuer = US},
	{US, US, "<string>authority</string>", .delegate = "1", .issuer = TOP},
	{TOP, TOP, "<string>authority</string>", .delegate = "1", .issuer = TOP},
};
static const struct doc ticket[DOCS - 1] = {
	{ALICE, S1, NULL, MEMBER("name", "<string>pl_s1</string>"),
	 MEMBER("disk_max", "<string>5000000</string>"), "0", .issuer = PL},
	{PL, PL, NULL, "", "", "1", .issuer = US},
	{US, US, "<string>authority</string>", .delegate = "1", .issuer = TOP},
	{TOP, TOP, "<string>authority</string>", .delegate = "1", .issuer = TOP},
};

static void expect(const struct doc *docs, size_t count, bool legacy, int rule, const char *what)
{
	struct tr_verifier *v = verifier(who(TOP), NULL, legacy);
	struct tp *made = make_chain(docs, count);
	char *text = tp_pem_chain(made);
	struct tr_grant *g = NULL;
	struct cc_note why = {0};
	int r = read_and_verify(v, text, TP_NOW, &g, &why);

	print_message("# %s: %s: %s\n", what, r > 0 ? cc_rule_name(r) : "", why.text);
	assert_int_equal(r, rule);
	assert_int_equal(g != NULL, rule == 0);
	assert_int_equal(why.text[0] != '\0', rule != 0);
	tr_grant_unref(g);
	free(text);
	tp_free(made);
	tr_verifier_free(v);
}

static void test_delegated(void **state)
{
	struct tr_verifier *v = verifier(who(TOP), NULL, true);
	struct tp *made = make_chain(delegated, DOCS);
	char *text = tp_pem_chain(made);
	struct tr_grant *g = NULL;

	assert_int_equal(read_and_verify(v, text, TP_NOW, &g, NULL), 0);
	assert_int_equal(g->type, TR_CRED_PRIVILEGE);
	assert_int_equal(g->table, TR_TABLE_2008);
	assert_string_equal(g->owner->hrn, BOB);
	assert_string_equal(g->target->hrn, S1);
	assert_string_equal(g->issuer->hrn, PL);
	assert_string_equal(g->target_urn, "");
	assert_string_equal(g->target_type, "");
	assert_int_equal(g->n_privileges, 1);
	assert_string_equal(g->privileges[0].name, "info");
	assert_false(g->privileges[0].can_delegate);
	assert_true(g->ops == tr_privilege_ops(TR_TABLE_2008, "info"));
	assert_int_equal(g->delegations, 1);
	assert_int_equal(g->from, TP_NOW - TP_DAY);
	assert_int_equal(g->until, TP_NOW + YEAR);
	assert_int_equal(g->expires, TP_NOW + YEAR);
	assert_ptr_equal(g->root, tr_roots_get(tr_verifier_roots(v), 0));
	assert_memory_equal(g->hash, made->gid->hash, TR_HASH);
	assert_int_equal(tr_grant_held_by(g, who(BOB)->gid, NULL), 0);
	assert_int_equal(tr_grant_on(g, TP_IDN "planetlab:us:pl+slice+s1", NULL),
			 CC_RULE_CALLER_TARGET);
	tr_verifier_free(v); /* the grant keeps its roots */
	assert_string_equal(g->root->space, TOP);
	tr_grant_unref(g);
	free(text);
	tp_free(made);
}

/* Each from where it stands up to the root. */
static void test_every_level(void **state)
{
	static const unsigned delegations[DOCS] = {1, 0, 0, 0, 0};
	static const char *const issuers[DOCS] = {PL, PL, US, TOP, TOP};

	for (size_t i = 0; i < DOCS; i++) {
		struct tr_verifier *v = verifier(who(TOP), NULL, true);
		struct tp *made = make_chain(delegated + i, DOCS - i);
		char *text = tp_pem_chain(made);
		struct tr_grant *g = NULL;

		assert_int_equal(read_and_verify(v, text, TP_NOW, &g, NULL), 0);
		assert_string_equal(g->issuer->hrn, issuers[i]);
		assert_int_equal(g->delegations, delegations[i]);
		assert_int_equal(g->privileges[0].can_delegate, i > 0);
		assert_int_equal(g->ops == TR_OPS_ALL, i > 1);
		tr_grant_unref(g);
		free(text);
		tp_free(made);
		tr_verifier_free(v);
	}
}

/* One or two levels other than they should be. */
struct change {
	const char *what;
	int rule;
	size_t level;
	struct doc doc;
	size_t level2; /* 0: none */
	struct doc doc2;
};

#define SLICE_RIGHTS "<string>embed,bind,control,info</string>"
#define LIFE_SOON "<string>2027-01-16T08:00:00Z</string>"
#define LIFE_LATE "<string>2027-01-17T08:00:00Z</string>"
#define LEAF(...)                                                                                  \
	{                                                                                          \
		BOB, S1, "<string>info</string>", .delegate = "0", .issuer = ALICE, __VA_ARGS__    \
	}
#define OWNED(...)                                                                                 \
	{                                                                                          \
		ALICE, S1, SLICE_RIGHTS, .delegate = "1", .issuer = PL, .key = ALICE, __VA_ARGS__  \
	}

static const struct change changes[] = {
	{"as it should be", 0, 0, LEAF(.life = "<nil/>")},
	{"no rights", 0, 0, {BOB, S1, "<nil/>", .delegate = "0", .issuer = ALICE}},
	{"no delegate bit",
	 CC_RULE_DELEGATE_ALLOWED,
	 1,
	 {ALICE, S1, SLICE_RIGHTS, .delegate = "0", .issuer = PL, .key = ALICE}},
	{"more rights",
	 CC_RULE_DELEGATE_RIGHTS,
	 0,
	 {BOB, S1, "<string>info,refresh</string>", .delegate = "0", .issuer = ALICE}},
	{"the right to everything",
	 CC_RULE_DELEGATE_RIGHTS,
	 0,
	 {BOB, S1, "<string>authority</string>", .delegate = "0", .issuer = ALICE}},
	{"a right that is in no table",
	 CC_RULE_DELEGATE_RIGHTS,
	 0,
	 {BOB, S1, "<string>operator</string>", .delegate = "0", .issuer = ALICE}},
	{"a right of the parent's name",
	 0,
	 0,
	 {BOB, S1, "<string>INFO,bind</string>", .delegate = "0", .issuer = ALICE}},
	{"another object",
	 CC_RULE_DELEGATE_TARGET,
	 0,
	 {BOB, ALICE, "<string>info</string>", .delegate = "0", .issuer = ALICE}},
	{"the slice's key in the parent",
	 CC_RULE_DELEGATE_SIGNER,
	 1,
	 {ALICE, S1, SLICE_RIGHTS, .delegate = "1", .issuer = PL}},
	{"issued in the name of the site",
	 CC_RULE_CHAIN_ISSUER,
	 0,
	 {BOB, S1, "<string>info</string>", .delegate = "0", .issuer = PL}},
	{"a stranger's signature", CC_RULE_CHAIN_SIGNATURE, 0,
	 LEAF(.cert = {.not_issuers_key = true})},
	{"a stranger's signature above",
	 CC_RULE_CHAIN_SIGNATURE,
	 3,
	 {US, US, "<string>authority</string>", .delegate = "1", .issuer = TOP,
	  .cert = {.not_issuers_key = true}}},
	{"expired", CC_RULE_CERT_EXPIRED, 0, LEAF(.cert = {.until = TP_NOW - 1})},
	{"the last second", 0, 0, LEAF(.cert = {.until = TP_NOW})},
	{"a parent that expired", CC_RULE_CERT_EXPIRED, 1, OWNED(.cert = {.until = TP_NOW - 1})},
	{"not yet valid", CC_RULE_CERT_NOT_YET, 0, LEAF(.cert = {.from = TP_NOW + 1})},
	{"a life time that is over", CC_RULE_CRED_EXPIRED, 0,
	 LEAF(.life = "<string>2001-01-01</string>")},
	{"the last second of a life time", 0, 0,
	 LEAF(.life = "<string>2027-01-15T08:00:00Z</string>")},
	{"a second later", CC_RULE_CRED_EXPIRED, 0,
	 LEAF(.life = "<string>2027-01-15T07:59:59Z</string>")},
	{"a life time in seconds", CC_RULE_CRED_EXPIRED, 0, LEAF(.life = "<int>1799999999</int>")},
	{"a life time of nothing", CC_RULE_CRED_EXPIRED, 0, LEAF(.life = "<int>0</int>")},
	{"a life time before 1970", CC_RULE_CRED_EXPIRED, 0,
	 LEAF(.life = "<double>-1000000000000.5</double>")},
	{"a life time that is no date", CC_RULE_XML_ELEMENT, 0,
	 LEAF(.life = "<string>soon</string>")},
	{"a life time that is endless", CC_RULE_XML_ELEMENT, 0,
	 LEAF(.life = "<double>1e300</double>")},
	{"a parent whose life is over", CC_RULE_CRED_EXPIRED, 1,
	 OWNED(.life = "<string>2001-01-01</string>")},
	{"the parent's life", 0, 0, LEAF(.life = LIFE_SOON), 1, OWNED(.life = LIFE_SOON)},
	{"longer than the parent's life", CC_RULE_DELEGATE_EXPIRY, 0, LEAF(.life = LIFE_LATE), 1,
	 OWNED(.life = LIFE_SOON)},
	{"no life time below one", CC_RULE_DELEGATE_EXPIRY, 1, OWNED(.life = LIFE_SOON)},
	{"no owner",
	 CC_RULE_CRED_OWNER,
	 0,
	 {NULL, S1, "<string>info</string>", .delegate = "0", .issuer = ALICE}},
	{"a parent without owner",
	 CC_RULE_CRED_OWNER,
	 2,
	 {NULL, PL, "<string>authority</string>", .delegate = "1", .issuer = US}},
	{"no object",
	 CC_RULE_CRED_TARGET,
	 0,
	 {BOB, NULL, "<string>info</string>", .delegate = "0", .issuer = ALICE, .key = S1}},
	{"a certificate in another name", CC_RULE_CRED_TARGET, 0, LEAF(.cert = {.cn = ALICE})},
	{"a URN beside the data", CC_RULE_CERT_NAME, 0,
	 LEAF(.cert = {.urn2 = TP_IDN "planetlab:us:pl+user+bob"})},
	{"an authority that is not above",
	 CC_RULE_DELEGATE_TARGET,
	 1,
	 {ALICE, S1, SLICE_RIGHTS, .delegate = "1", .issuer = PLX, .key = ALICE},
	 2,
	 {PLX, PLX, "<string>authority</string>", .delegate = "1", .issuer = US}},
	{"an authority without rights",
	 CC_RULE_DELEGATE_TARGET,
	 2,
	 {PL, PL, SLICE_RIGHTS, .delegate = "1", .issuer = US}},
	{"a user with rights on the authority",
	 CC_RULE_DELEGATE_TARGET,
	 1,
	 {ALICE, S1, SLICE_RIGHTS, .delegate = "1", .issuer = BOB, .key = ALICE},
	 2,
	 {BOB, PL, "<string>authority</string>", .delegate = "1", .issuer = US, .key = BOB}},
	{"a credential below a ticket",
	 CC_RULE_CRED_TYPE,
	 2,
	 {PL, PL, NULL, "", "", "1", .issuer = US}},
	{"a member that is unknown", CC_RULE_CRED_TYPE, 0, LEAF(.more = MEMBER("only_on", "x"))},
	{"a ticket's member", CC_RULE_CRED_TYPE, 0, LEAF(.more = MEMBER("attributes", "x"))},
	{"SHA-1, version 1 and RSA of 1024 bits", 0, 0,
	 LEAF(.cert = {.md = "SHA1", .kind = "RSA-1024", .version = 1})},
	{"RSA of 768 bits", CC_RULE_CERT_KEY, 0, LEAF(.cert = {.kind = "RSA-768"})},
	{"a curve that is not allowed", CC_RULE_CERT_KEY, 0, LEAF(.cert = {.kind = "secp256k1"})},
	{"a digest that nobody used", CC_RULE_CERT_DIGEST, 0, LEAF(.cert = {.md = "SHA224"})},
	{"an extension that is unknown", CC_RULE_CERT_VERSION, 0,
	 LEAF(.cert = {.critical = "1.2.3.4"})},
};

static void test_changes(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(changes); i++) {
		const struct change *c = &changes[i];
		struct doc docs[DOCS];

		memcpy(docs, delegated, sizeof(docs));
		docs[c->level] = c->doc;
		if (c->level2)
			docs[c->level2] = c->doc2;
		expect(docs, DOCS, true, c->rule, c->what);
	}
}

static const struct change ticket_changes[] = {
	{"as it should be", 0, 1, {PL, PL, NULL, "", "", "1", .issuer = US}},
	{"a parent that is a credential",
	 0,
	 1,
	 {PL, PL, "<string>authority</string>", .delegate = "1", .issuer = US}},
	{"an authority without delegate bit",
	 CC_RULE_DELEGATE_ALLOWED,
	 1,
	 {PL, PL, NULL, "", "", "0", .issuer = US}},
	{"an authority's ticket with tags",
	 CC_RULE_DELEGATE_ALLOWED,
	 1,
	 {PL, PL, NULL, "", MEMBER("a", "b"), "1", .issuer = US}},
	{"an authority's ticket with attributes",
	 CC_RULE_DELEGATE_ALLOWED,
	 1,
	 {PL, PL, NULL, MEMBER("a", "b"), "", "1", .issuer = US}},
	{"from who has rights on the slice",
	 CC_RULE_DELEGATE_ALLOWED,
	 0,
	 {BOB, S1, NULL, "", "", "0", .issuer = ALICE},
	 1,
	 {ALICE, S1, "<string>embed</string>", .delegate = "1", .issuer = US, .key = ALICE}},
	{"delegated",
	 CC_RULE_DELEGATE_ALLOWED,
	 0,
	 {BOB, S1, NULL, "", "", "0", .issuer = ALICE},
	 1,
	 {ALICE, S1, NULL, "", "", "1", .issuer = US, .key = ALICE}},
	{"for another site's slice",
	 CC_RULE_DELEGATE_TARGET,
	 0,
	 {ALICE, S2, NULL, "", "", "0", .issuer = PL}},
	{"no owner", CC_RULE_CRED_OWNER, 0, {NULL, S1, NULL, "", "", "0", .issuer = PL}},
	{"a stranger's signature",
	 CC_RULE_CHAIN_SIGNATURE,
	 0,
	 {ALICE, S1, NULL, "", "", "0", .issuer = PL, .cert = {.not_issuers_key = true}}},
	{"privileges in it",
	 CC_RULE_CRED_TYPE,
	 0,
	 {ALICE, S1, NULL, "", "", "0", .issuer = PL, .more = MEMBER("lifeTime", "<nil/>")}},
};

static void test_ticket_changes(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(ticket_changes); i++) {
		const struct change *c = &ticket_changes[i];
		struct doc docs[DOCS - 1];

		memcpy(docs, ticket, sizeof(docs));
		docs[c->level] = c->doc;
		if (c->level2)
			docs[c->level2] = c->doc2;
		expect(docs, DOCS - 1, true, c->rule, c->what);
	}
}

/* What --allow-legacy allows is refused without it. */
static void test_not_allowed(void **state)
{
	static const struct change rows[] = {
		{"without a URN", CC_RULE_CERT_NAME, 0, LEAF(.life = "<nil/>")},
		{"X.509 version 1", CC_RULE_CERT_VERSION, 0, LEAF(.cert = {.version = 1})},
		{"RSA of 1024 bits", CC_RULE_CERT_KEY, 0, LEAF(.cert = {.kind = "RSA-1024"})},
		{"SHA-1", CC_RULE_CERT_DIGEST, 0, LEAF(.cert = {.md = "SHA1"})},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct doc docs[DOCS];

		memcpy(docs, delegated, sizeof(docs));
		docs[0] = rows[i].doc;
		expect(docs, DOCS, false, rows[i].rule, rows[i].what);
	}
}

static void test_no_root(void **state)
{
	expect(delegated, DOCS - 1, true, CC_RULE_CHAIN_ROOT, "without the root's own");
	expect(delegated, 1, true, CC_RULE_CHAIN_ROOT, "the leaf alone");
}

static void test_no_roots(void **state)
{
	struct tr_verifier *v = NULL;
	struct tp *made = make_chain(delegated, DOCS);
	char *text = tp_pem_chain(made);
	struct tr_grant *g = NULL;

	assert_int_equal(tr_verifier_new(&v, 10), 0);
	assert_int_equal(read_and_verify(v, text, TP_NOW, &g, NULL), CC_RULE_CHAIN_ROOT);
	assert_null(g);
	free(text);
	tp_free(made);
	tr_verifier_free(v);
}

/* Two roots of one name: what one signs is no word on what the other named. */
static void test_other_root(void **state)
{
	struct tp_spec spec = {
		.params = "http://" PARAMS(MEMBER("uuid", "<string>1</string>")
						   MEMBER("hrn", "<string>" TOP "</string>")),
		.cn = TOP,
		.key = "the other root",
		.ca = TP_CA_ABSENT};
	struct tp *other = tp_raw(&spec, NULL), *stranger = gid(US, other);
	struct doc doc = {ALICE, US, "<string>info</string>", .delegate = "0", .issuer = TOP};
	struct tr_verifier *v = verifier(who(TOP), other, true);

	for (int i = 0; i < 2; i++) {
		struct tp *made = make(&doc, who(TOP));
		char *text = tp_pem(made); /* the root's word alone */
		struct tr_grant *g = NULL;
		struct cc_note why = {0};

		assert_int_equal(read_and_verify(v, text, TP_NOW, &g, &why),
				 i == 0 ? 0 : CC_RULE_CHAIN_ROOT);
		assert_int_equal(strstr(why.text, "another root") != NULL, i == 1);
		tr_grant_unref(g);
		free(text);
		tp_free(made);
		doc.stranger = stranger;
	}
	tr_verifier_free(v);
	tp_free(stranger);
	tp_free(other);
}

/* A credential below the GID of who signed it was never a form of these. */
static void test_gid_above(void **state)
{
	struct doc doc = delegated[1];

	doc.parent = who(PL);
	expect(&doc, 1, true, CC_RULE_CRED_TYPE, "a credential below a GID");
}

/* ---- no memory ---- */

/* Everything but what OpenSSL and libxml2 allocate for themselves. */
static void test_no_memory(void **state)
{
	struct tp *made = make_chain(delegated, DOCS);
	char *text = tp_pem_chain(made);
	long n = 0;
	int r;

	json_set_alloc_funcs(__wrap_malloc, free);
	do {
		struct tr_verifier *v = verifier(who(TOP), NULL, true);
		struct tr_grant *g = NULL;

		alloc_fail_after(n);
		r = read_and_verify(v, text, TP_NOW, &g, NULL);
		alloc_left = -1;
		assert_int_equal(r, alloc_failed ? -CC_ENOMEM : 0);
		assert_int_equal(g != NULL, r == 0);
		tr_grant_unref(g);
		tr_verifier_free(v);
		n++;
	} while (r != 0);
	print_message("# %ld allocations\n", n);
	assert_true(n > 500);
	json_set_alloc_funcs(malloc, free);
	free(text);
	tp_free(made);
}

static int forget(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(people); i++)
		tp_freep(&people[i].tp);
	return 0;
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_delegated),   cmocka_unit_test(test_every_level),
	cmocka_unit_test(test_changes),	    cmocka_unit_test(test_ticket_changes),
	cmocka_unit_test(test_not_allowed), cmocka_unit_test(test_no_root),
	cmocka_unit_test(test_no_roots),    cmocka_unit_test(test_other_root),
	cmocka_unit_test(test_gid_above),   cmocka_unit_test_teardown(test_no_memory, forget),
};

TEST_MAIN(tests)
