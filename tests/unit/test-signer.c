/* SPDX-License-Identifier: ISC */
/* What an authority's key is used for, and what it refuses to be used for. */
#include "tests/test.h"

#include "lib/base/util.h"
#include "lib/trust/signer.h"
#include "lib/xml/doc.h"
#include "tests/unit/fail-alloc.h"
#include "tests/unit/trustpki.h"

#define SITE TP_IDN "plc:site+"
#define NOW TP_NOW
#define DAY TP_DAY

/* A refusal: its number, and what its text must say. */
static void check_refusal(int r, const struct cc_note *why, int wanted, const char *text)
{
	if (r != wanted)
		print_message("# got %d (%s), wanted %d: %s\n", r, cc_rule_name(r), wanted,
			      why->text);
	assert_int_equal(r, wanted);
	if (text && !strstr(why->text, text))
		print_message("# \"%s\" does not say \"%s\"\n", why->text, text);
	assert_true(!text || strstr(why->text, text));
}

static struct tr_signer *signer_of(const struct tp *p)
{
	cc_cleanup(cc_freep) char *gid = tp_pem_chain(p), *key = tp_pem_key(p);
	struct cc_note why = {0};
	struct tr_signer *s = NULL;

	check_refusal(tr_signer_new(gid, strlen(gid), key, strlen(key), &s, &why), &why, 0, NULL);
	return s;
}

/* ---- opening ---- */

static void opens_what_belongs_together(void **state)
{
	const struct tp_world *w = tp_world();
	const struct {
		const char *what;
		struct tp *gid;
		const struct tp *key;
		int wanted;
		const char *text;
	} rows[] = {
		{"an authority", w->site, w->site, 0, NULL},
		{"a root", w->plc, w->plc, 0, NULL},
		{"another's key", w->site, w->lab, -CC_EINVAL, "do not belong together"},
		{"a user", w->alice, w->alice, CC_RULE_CHAIN_AUTHORITY,
		 "user+alice is no authority"},
		{"a node", w->node, w->node, CC_RULE_CHAIN_AUTHORITY, "no authority"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_freep) char *gid = tp_pem_chain(rows[i].gid);
		cc_cleanup(cc_freep) char *key = tp_pem_key(rows[i].key);
		cc_cleanup(tr_signer_freep) struct tr_signer *s = NULL;
		struct cc_note why = {0};
		int r = tr_signer_new(gid, strlen(gid), key, strlen(key), &s, &why);

		print_message("# %s\n", rows[i].what);
		check_refusal(r, &why, rows[i].wanted, rows[i].text);
		assert_int_equal(s != NULL, r == 0);
		if (s)
			assert_int_equal(tr_signer_chain(s)->count, rows[i].gid->chain.count);
	}
}

static void opens_no_bad_certificate(void **state)
{
	const struct tp_spec urn = {.urn = TP_IDN "plc:bad+authority+sa"};
	const struct {
		const char *what;
		struct tp_spec spec;
		int wanted;
		const char *text;
	} rows[] = {
		{"no CA", {.urn = urn.urn, .ca = TP_CA_FALSE}, CC_RULE_CHAIN_CA, "no CA"},
		{"no constraints", {.urn = urn.urn, .ca = TP_CA_ABSENT}, CC_RULE_CHAIN_CA, "no CA"},
		{"a weak key", {.urn = urn.urn, .kind = "RSA-1024"}, CC_RULE_CERT_KEY, "too weak"},
		{"no name", {.cn = "plc.bad", .ca = TP_CA_TRUE}, CC_RULE_CERT_NAME, "not one URN"},
		{"two names",
		 {.urn = urn.urn, .urn2 = TP_IDN "plc+authority+sa"},
		 CC_RULE_CERT_NAME,
		 "not one URN"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(tp_freep) struct tp *p = tp_raw(&rows[i].spec, tp_world()->plc);
		cc_cleanup(cc_freep) char *gid = tp_pem_chain(p), *key = tp_pem_key(p);
		struct tr_signer *s = NULL;
		struct cc_note why = {0};

		print_message("# %s\n", rows[i].what);
		check_refusal(tr_signer_new(gid, strlen(gid), key, strlen(key), &s, &why), &why,
			      rows[i].wanted, rows[i].text);
		assert_null(s);
	}
}

/* What is not a key is not quoted: it may be half of one. */
static void says_nothing_of_a_key(void **state)
{
	static const char key[] = "-----BEGIN PRIVATE KEY-----\nU0VDUkVUU0VDUkVU\n"
				  "-----END PRIVATE KEY-----\n";
	cc_cleanup(cc_freep) char *gid = tp_pem_chain(tp_world()->site);
	struct tr_signer *s = NULL;
	struct cc_note why = {0};

	check_refusal(tr_signer_new(gid, strlen(gid), key, strlen(key), &s, &why), &why,
		      -CC_EFORMAT, "private key");
	assert_null(strstr(why.text, "U0VD"));
	check_refusal(tr_signer_new("no PEM", 6, key, strlen(key), &s, &why), &why,
		      CC_RULE_CERT_FORM, NULL);
	assert_null(s);
}

/* ---- GIDs ---- */

static struct tr_gid_request gid_request(const char *urn)
{
	return (struct tr_gid_request){.urn = urn,
				       .key = tp_key("P-256", "a new one"),
				       .not_before = NOW - 300,
				       .not_after = NOW + 100 * DAY};
}

static int judge_chain(const struct tp *root, const struct tr_gids *chain, struct cc_note *why)
{
	cc_cleanup(tr_verifier_freep) struct tr_verifier *v = NULL;
	cc_cleanup(tr_roots_unrefp) struct tr_roots *roots = NULL;
	cc_cleanup(tr_roots_builder_freep) struct tr_roots_builder *b = NULL;
	cc_cleanup(cc_freep) char *pem = tp_pem(root);
	struct tr_chain verdict;

	assert_int_equal(tr_roots_builder_new(&b), 0);
	assert_int_equal(tr_roots_add(b, pem, strlen(pem), NULL, 0, why), 0);
	assert_int_equal(tr_roots_seal(b, 1, false, &roots, why), 0);
	assert_int_equal(tr_verifier_new(&v, 16), 0);
	tr_verifier_use(v, roots);
	return tr_chain_verify(v, chain, NOW, &verdict, why);
}

static void names_what_is_below(void **state)
{
	static const struct {
		const char *urn;
		bool ca;
	} rows[] = {
		{SITE "user+carol", false},
		{SITE "slice+sl-9", false},
		{SITE "node+n9.example.org", false},
		{SITE "tool+portal", false},
		{TP_IDN "plc:site:deep+authority+sa", true},
		{TP_IDN "plc:site:deep+user+dora", false},
		{TP_IDN "PLC:Site+user+case", false},
		{SITE "authority+am", false},
	};
	cc_cleanup(tr_signer_freep) struct tr_signer *s = signer_of(tp_world()->site);

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(tr_gids_deinit) struct tr_gids chain = {.count = 0};
		struct tr_gid_request rq = gid_request(rows[i].urn);
		struct cc_note why = {0};

		print_message("# %s\n", rows[i].urn);
		check_refusal(tr_signer_make_gid(s, &rq, NOW, &chain, &why), &why, 0, NULL);
		assert_int_equal(chain.count, 3);
		assert_string_equal(chain.items[0]->urn, rows[i].urn);
		assert_int_equal(chain.items[0]->ca, rows[i].ca);
		assert_int_equal(EVP_PKEY_eq(chain.items[0]->key, rq.key), 1);
		assert_int_equal(chain.items[0]->not_after, rq.not_after);
		check_refusal(judge_chain(tp_world()->plc, &chain, &why), &why, 0, NULL);
	}
}

static void names_nobody_else(void **state)
{
	static const struct {
		const char *what, *urn;
		int wanted;
		const char *text;
	} rows[] = {
		{"another authority's user", TP_IDN "plc:other+user+bob", CC_RULE_CHAIN_NAMESPACE,
		 "not below plc.site"},
		{"one whose name begins the same", TP_IDN "plc:sitex+user+bob",
		 CC_RULE_CHAIN_NAMESPACE, "not below plc.site"},
		{"its parent's user", TP_IDN "plc+user+bob", CC_RULE_CHAIN_NAMESPACE, "not below"},
		{"its parent", TP_IDN "plc+authority+sa", CC_RULE_CHAIN_NAMESPACE, "not below"},
		{"itself", TP_IDN "plc:site+authority+sa", CC_RULE_CHAIN_NAMESPACE, "not below"},
		{"itself, in capitals", TP_IDN "PLC:SITE+authority+SA", CC_RULE_CHAIN_NAMESPACE,
		 "not below"},
		{"another testbed", TP_IDN "emulab.net+user+bob", CC_RULE_CHAIN_NAMESPACE,
		 "not below"},
		{"no URN", "plc.site.bob", -CC_EINVAL, "no publicid URN"},
		{"a user's name that is too long",
		 SITE "user+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		 -CC_EINVAL, "cannot be the name of a user"},
		{"a slice's name with a colon", SITE "slice+a:b", -CC_EINVAL,
		 "cannot be the name of a slice"},
		{"a sliver", SITE "sliver+s1", -CC_EINVAL, "a sliver has no GID"},
		{"a type that nobody has", SITE "king+bob", -CC_EINVAL, "not given here"},
		{"a label that cannot be a folder", TP_IDN "plc:site:-x+authority+sa", -CC_EINVAL,
		 "cannot be the name of a authority"},
		{"a second label that cannot", TP_IDN "plc:site:ok:.x+user+bob", -CC_EINVAL,
		 "cannot be the name of a authority"},
	};
	cc_cleanup(tr_signer_freep) struct tr_signer *s = signer_of(tp_world()->site);

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(tr_gids_deinit) struct tr_gids chain = {.count = 0};
		struct tr_gid_request rq = gid_request(rows[i].urn);
		struct cc_note why = {0};

		print_message("# %s\n", rows[i].what);
		check_refusal(tr_signer_make_gid(s, &rq, NOW, &chain, &why), &why, rows[i].wanted,
			      rows[i].text);
		assert_int_equal(chain.count, 0);
	}
}

/* As importers of registries made them. */
static void longer_names_of_users_and_slices(void **state)
{
	static const char *const urns[] = {SITE "user+O_Neill_Ann_Marie", SITE "slice+a.b"};
	cc_cleanup(tr_signer_freep) struct tr_signer *s = signer_of(tp_world()->site);

	for (size_t i = 0; i < CC_ARRAY_SIZE(urns); i++) {
		cc_cleanup(tr_gids_deinit) struct tr_gids chain = {.count = 0};
		struct tr_gid_request rq = gid_request(urns[i]);

		assert_int_equal(tr_signer_make_gid(s, &rq, NOW, &chain, NULL), 0);
		assert_string_equal(tr_gids_leaf(&chain)->urn, urns[i]);
	}
}

static void a_life_has_bounds(void **state)
{
	static const struct {
		const char *what;
		int64_t from, until, now;
		int wanted;
		const char *text;
	} rows[] = {
		{"usual", -300, 100 * DAY, 0, 0, NULL},
		{"from tomorrow on", DAY, 100 * DAY, 0, 0, NULL},
		{"a day back", -DAY, DAY, 0, 0, NULL},
		{"too far back", -DAY - 1, DAY, 0, -CC_EINVAL, "a time that is past"},
		{"over already", -300, 0, 0, -CC_EINVAL, "for some time"},
		{"the end before the beginning", 2 * DAY, DAY, 0, -CC_EINVAL, "for some time"},
		{"too long", -300, TR_GID_DAYS_MAX * DAY + 1, 0, -CC_EINVAL, "3650 days at most"},
		{"the longest", -300, TR_GID_DAYS_MAX * DAY, 0, 0, NULL},
		{"after the authority's end", 366 * DAY, 400 * DAY, 366 * DAY, CC_RULE_CERT_EXPIRED,
		 "expired at 2028-01-15T08:00:00Z"},
		{"before its beginning", -2 * DAY, DAY, -2 * DAY, CC_RULE_CERT_NOT_YET,
		 "is good from 2027-01-14T08:00:00Z on"},
	};
	cc_cleanup(tr_signer_freep) struct tr_signer *s = signer_of(tp_world()->site);
	int64_t end = tp_world()->site->gid->not_after;

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(tr_gids_deinit) struct tr_gids chain = {.count = 0};
		struct tr_gid_request rq = gid_request(SITE "user+carol");
		struct cc_note why = {0};
		int64_t until = NOW + rows[i].until;

		rq.not_before = NOW + rows[i].from;
		rq.not_after = until;
		print_message("# %s\n", rows[i].what);
		check_refusal(tr_signer_make_gid(s, &rq, NOW + rows[i].now, &chain, &why), &why,
			      rows[i].wanted, rows[i].text);
		if (rows[i].wanted == 0)
			assert_int_equal(chain.items[0]->not_after, until < end ? until : end);
	}
}

/* The end of the root cuts, too, though the authority's own certificate would last. */
static void cut_to_the_whole_chain(void **state)
{
	const struct tp_spec root_spec = {.urn = TP_IDN "short+authority+sa",
					  .until = NOW + 10 * DAY};
	const struct tp_spec sub_spec = {.urn = TP_IDN "short:sub+authority+sa"};
	cc_cleanup(tp_freep) struct tp *root = tp_raw(&root_spec, NULL);
	cc_cleanup(tp_freep) struct tp *sub = tp_raw(&sub_spec, root);
	cc_cleanup(tr_signer_freep) struct tr_signer *s = signer_of(sub);
	cc_cleanup(tr_gids_deinit) struct tr_gids chain = {.count = 0};
	struct tr_gid_request rq = gid_request(TP_IDN "short:sub+user+carol");
	struct cc_note why = {0};

	assert_true(sub->gid->not_after > root->gid->not_after);
	check_refusal(tr_signer_make_gid(s, &rq, NOW, &chain, &why), &why, 0, NULL);
	assert_int_equal(chain.items[0]->not_after, root->gid->not_after);
}

/* Eight certificates are a chain's most: the authority at its end names nobody. */
static void a_chain_has_an_end(void **state)
{
	char urn[TR_NAME_MAX] = TP_IDN "plc";
	struct tp *chain[TR_CHAIN_MAX] = {NULL};
	cc_cleanup(tr_signer_freep) struct tr_signer *last = NULL, *above = NULL;
	struct tr_gids made = {.count = 0};
	struct cc_note why = {0};
	struct tr_gid_request rq;

	for (size_t i = 0; i < TR_CHAIN_MAX; i++) {
		char whole[TR_NAME_MAX + 32];

		if (i > 0)
			strcat(urn, ":d");
		snprintf(whole, sizeof(whole), "%s+authority+sa", urn);
		chain[i] = tp_make(whole, i > 0 ? chain[i - 1] : NULL);
	}
	strcat(urn, "+user+bob");
	rq = gid_request(urn);
	last = signer_of(chain[TR_CHAIN_MAX - 1]);
	above = signer_of(chain[TR_CHAIN_MAX - 2]);
	check_refusal(tr_signer_make_gid(last, &rq, NOW, &made, &why), &why, CC_RULE_CHAIN_DEPTH,
		      "the 9th of its chain");
	check_refusal(tr_signer_make_gid(above, &rq, NOW, &made, &why), &why, 0, NULL);
	assert_int_equal(made.count, TR_CHAIN_MAX);
	tr_gids_deinit(&made);
	for (size_t i = TR_CHAIN_MAX; i > 0; i--)
		tp_free(chain[i - 1]);
}

static void keys_and_words_of_a_gid(void **state)
{
	cc_cleanup(tr_signer_freep) struct tr_signer *s = signer_of(tp_world()->site);
	static const struct {
		const char *kind, *email, *uuid;
		int wanted;
		const char *text;
	} rows[] = {
		{"RSA-2048", "carol@example.org", "35613211-6585-6121-1333-524440201278", 0, NULL},
		{"RSA-1024", NULL, NULL, CC_RULE_CERT_KEY, "RSA of 2048"},
		{"ED25519", NULL, NULL, CC_RULE_CERT_KEY, "P-256"},
		{"P-256", "carol", NULL, -CC_EINVAL, "e-mail"},
		{"P-256", NULL, "no uuid", -CC_EINVAL, "UUID"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(tr_gids_deinit) struct tr_gids chain = {.count = 0};
		struct tr_gid_request rq = gid_request(SITE "user+carol");
		struct cc_note why = {0};

		rq.key = tp_key(rows[i].kind, "carol");
		rq.email = rows[i].email;
		rq.uuid = rows[i].uuid;
		check_refusal(tr_signer_make_gid(s, &rq, NOW, &chain, &why), &why, rows[i].wanted,
			      rows[i].text);
		if (rows[i].wanted)
			continue;
		assert_string_equal(chain.items[0]->email, rows[i].email);
		assert_string_equal(chain.items[0]->uuid, rows[i].uuid);
	}
}

/* ---- credentials ---- */

static int make_cred(const struct tp *signer, const struct tp *owner, const struct tp *target,
		     const char *right, int64_t expires, int64_t now, struct cc_buf *out,
		     struct cc_note *why)
{
	cc_cleanup(tr_signer_freep) struct tr_signer *s = signer_of(signer);
	struct tr_privilege p = {.can_delegate = true};
	struct tr_cred_request rq = {.owner = &owner->chain,
				     .target = &target->chain,
				     .privileges = &p,
				     .n_privileges = 1,
				     .expires = expires};

	strcpy(p.name, right);
	return tr_signer_make_cred(s, &rq, now, out, why);
}

static void gives_rights_on_what_is_its_own(void **state)
{
	const struct tp_world *w = tp_world();
	const struct {
		const char *what;
		const struct tp *signer, *owner, *target;
		const char *right;
		int wanted;
		const char *text;
	} rows[] = {
		{"a slice to a user", w->site, w->alice, w->slice, "embed", 0, NULL},
		{"a slice to a tool", w->site, w->tool, w->slice, "INFO", 0, NULL},
		{"a slice to a foreign user", w->site, w->mallory, w->slice, "sa", 0, NULL},
		{"a slice from above", w->plc, w->alice, w->slice, "control", 0, NULL},
		{"itself to a user", w->site, w->alice, w->site, "authority", 0, NULL},
		{"a user to himself", w->site, w->alice, w->alice, "refresh", 0, NULL},
		{"a node to itself", w->site, w->node, w->node, "operator", 0, NULL},
		{"a node to an authority", w->site, w->plc, w->node, "operator", 0, NULL},
		{"another's slice", w->sitex, w->eve, w->slice, "embed", CC_RULE_CRED_ISSUER,
		 "slice+sl1 is not below plc.sitex"},
		{"its parent", w->site, w->alice, w->plc, "authority", CC_RULE_CRED_ISSUER,
		 "not below plc.site"},
		{"a foreign user", w->site, w->alice, w->mallory, "resolve", CC_RULE_CRED_ISSUER,
		 "not below plc.site"},
		{"to a slice", w->site, w->slice, w->slice, "embed", -CC_EINVAL,
		 "slice+sl1 cannot own rights"},
		{"a slice to a node", w->site, w->node, w->slice, "embed", -CC_EINVAL,
		 "cannot own rights"},
		{"everything on a slice", w->site, w->alice, w->slice, "authority",
		 CC_RULE_RIGHTS_TYPE,
		 "authority is more than anybody may have on what is of type slice"},
		{"management of a slice", w->site, w->alice, w->slice, "ma", CC_RULE_RIGHTS_TYPE,
		 "ma is more"},
		{"a slice's rights on a user", w->site, w->alice, w->alice, "sa",
		 CC_RULE_RIGHTS_TYPE, "sa is more than anybody may have on what is of type user"},
		{"a slice's rights on a node", w->site, w->alice, w->node, "embed",
		 CC_RULE_RIGHTS_TYPE, "embed is more"},
		{"what nobody knows", w->site, w->alice, w->slice, "fly", CC_RULE_RIGHTS_TYPE,
		 "fly is no right"},
		{"an asterisk", w->site, w->alice, w->slice, "*", CC_RULE_RIGHTS_TYPE,
		 "* is no right"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);
		struct cc_note why = {0};
		int r = make_cred(rows[i].signer, rows[i].owner, rows[i].target, rows[i].right,
				  NOW + DAY, NOW, &out, &why);

		print_message("# %s\n", rows[i].what);
		check_refusal(r, &why, rows[i].wanted, rows[i].text);
		assert_int_equal(out.len > 0, r == 0);
	}
}

/* What came out is what was asked for, and a verifier takes it. */
static void what_it_gives_is_good(void **state)
{
	const struct tp_world *w = tp_world();
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);
	cc_cleanup(tr_cred_freep) struct tr_cred *cred = NULL;
	struct cc_note why = {0};

	check_refusal(make_cred(w->site, w->alice, w->slice, "embed", NOW + DAY, NOW, &out, &why),
		      &why, 0, NULL);
	check_refusal(tr_cred_read(NULL, (const char *)out.data, out.len, &cred, &why), &why, 0,
		      NULL);
	assert_int_equal(cred->count, 1);
	assert_int_equal(cred->levels[0].expires, NOW + DAY);
	assert_int_equal(cred->levels[0].n_privileges, 1);
	assert_string_equal(cred->levels[0].privileges[0].name, "embed");
	assert_string_equal(cred->levels[0].owner.items[0]->urn, w->alice->gid->urn);
	assert_string_equal(cred->levels[0].target.items[0]->urn, w->slice->gid->urn);
	assert_string_equal(cred->levels[0].signer.items[0]->urn, w->site->gid->urn);
}

static void rights_have_an_end(void **state)
{
	const struct tp_spec short_spec = {.urn = SITE "user+shorty", .until = NOW + 5 * DAY};
	const struct tp_spec long_spec = {.urn = SITE "user+longy", .until = NOW + 500 * DAY};
	const struct tp_spec past_spec = {
		.urn = SITE "user+past", .from = NOW - 9 * DAY, .until = NOW - DAY};
	const struct tp_spec future_spec = {
		.urn = SITE "user+future", .from = NOW + DAY, .until = NOW + 9 * DAY};
	const struct tp_world *w = tp_world();
	cc_cleanup(tp_freep) struct tp *shorty = tp_raw(&short_spec, w->site);
	cc_cleanup(tp_freep) struct tp *past = tp_raw(&past_spec, w->site);
	cc_cleanup(tp_freep) struct tp *future = tp_raw(&future_spec, w->site);
	cc_cleanup(tp_freep) struct tp *longy = tp_raw(&long_spec, w->site);
	const struct {
		const char *what;
		const struct tp *owner, *target;
		int64_t expires;
		int wanted;
		const char *text;
	} rows[] = {
		{"in a second", w->alice, w->slice, 1, 0, NULL},
		{"now", w->alice, w->slice, 0, CC_RULE_CRED_EXPIRED,
		 "2027-01-15T08:00:00Z, is past"},
		{"with the owner's certificate", shorty, w->slice, 5 * DAY, 0, NULL},
		{"after it", shorty, w->slice, 5 * DAY + 1, CC_RULE_CRED_EXPIRED,
		 "2027-01-20T08:00:00Z at most, when the certificate of " SITE "user+shorty ends"},
		{"after the target's", w->alice, shorty, 6 * DAY, CC_RULE_CRED_EXPIRED,
		 "2027-01-20T08:00:00Z at most"},
		{"after the signer's", longy, longy, 365 * DAY + 1, CC_RULE_CRED_EXPIRED,
		 "2028-01-15T08:00:00Z at most, when the certificate of " TP_IDN},
		{"an owner whose certificate is past", past, w->slice, DAY, CC_RULE_CERT_EXPIRED,
		 "user+past expired at"},
		{"a target whose certificate is not yet", w->alice, future, 2 * DAY,
		 CC_RULE_CERT_NOT_YET, "user+future is good from"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);
		struct cc_note why = {0};
		const char *right = rows[i].target == w->slice ? "embed" : "resolve";
		int r = make_cred(w->site, rows[i].owner, rows[i].target, right,
				  NOW + rows[i].expires, NOW, &out, &why);

		print_message("# %s\n", rows[i].what);
		check_refusal(r, &why, rows[i].wanted, rows[i].text);
	}
}

/* The signer's own certificates count, too, when owner and target come without theirs. */
static void rights_end_with_their_signer(void **state)
{
	const struct tp_spec spec = {.urn = SITE "user+longy", .until = NOW + 500 * DAY};
	const struct tp_world *w = tp_world();
	cc_cleanup(tp_freep) struct tp *longy = tp_raw(&spec, w->site);
	cc_cleanup(tr_signer_freep) struct tr_signer *s = signer_of(w->site);
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);
	struct tr_gids alone = {.items = {longy->gid}, .count = 1}; /* borrowed */
	struct tr_privilege p = {.name = "resolve"};
	struct tr_cred_request rq = {&alone, &alone, NULL, &p, 1, NOW + 365 * DAY + 1};
	struct cc_note why = {0};

	assert_int_equal(tr_signer_latest(s, &alone, &alone, NOW), NOW + 365 * DAY);
	check_refusal(tr_signer_make_cred(s, &rq, NOW, &out, &why), &why, CC_RULE_CRED_EXPIRED,
		      "when the certificate of " TP_IDN "plc");
	rq.expires = NOW + 400 * DAY;
	check_refusal(tr_signer_make_cred(s, &rq, NOW + 366 * DAY, &out, &why), &why,
		      CC_RULE_CERT_EXPIRED, "authority+sa expired at");
}

/* However long the certificates last, rights last a year at most; and so says tr_signer_latest. */
static void rights_last_a_year(void **state)
{
	const struct tp_spec root_spec = {.urn = TP_IDN "old+authority+sa",
					  .until = NOW + 3000 * DAY};
	const struct tp_spec user_spec = {.urn = TP_IDN "old+user+bob", .until = NOW + 3000 * DAY};
	cc_cleanup(tp_freep) struct tp *root = tp_raw(&root_spec, NULL);
	cc_cleanup(tp_freep) struct tp *bob = tp_raw(&user_spec, root);
	cc_cleanup(tr_signer_freep) struct tr_signer *s = signer_of(root);
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);
	int64_t latest = tr_signer_latest(s, &bob->chain, &bob->chain, NOW);
	struct cc_note why = {0};

	assert_int_equal(latest, NOW + TR_CRED_DAYS_MAX * DAY);
	check_refusal(make_cred(root, bob, bob, "resolve", latest + 1, NOW, &out, &why), &why,
		      CC_RULE_CRED_EXPIRED, "2028-01-16T08:00:00Z at most, in 366 days");
	check_refusal(make_cred(root, bob, bob, "resolve", latest, NOW, &out, &why), &why, 0, NULL);
	assert_int_equal(tr_signer_latest(s, &bob->chain, &tp_world()->alice->chain, NOW),
			 tp_world()->alice->gid->not_after);
}

static void a_request_is_whole(void **state)
{
	const struct tp_world *w = tp_world();
	cc_cleanup(tr_signer_freep) struct tr_signer *s = signer_of(w->site);
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);
	struct tr_gids none = {.count = 0};
	struct tr_privilege p[TR_PRIVILEGES_MAX + 1] = {{.name = "embed"}};
	const struct tr_cred_request rows[] = {
		{NULL, &w->slice->chain, NULL, p, 1, NOW + DAY},
		{&none, &w->slice->chain, NULL, p, 1, NOW + DAY},
		{&w->alice->chain, NULL, SITE "sliver+s1", p, 1, NOW + DAY},
		{&w->alice->chain, &none, NULL, p, 1, NOW + DAY},
		{&w->alice->chain, &w->slice->chain, NULL, p, 0, NOW + DAY},
		{&w->alice->chain, &w->slice->chain, NULL, NULL, 1, NOW + DAY},
		{&w->alice->chain, &w->slice->chain, NULL, p, TR_PRIVILEGES_MAX + 1, NOW + DAY},
	};
	static const char *const texts[] = {"GIDs of owner and target", "rights are wanted"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_note why = {0};

		check_refusal(tr_signer_make_cred(s, &rows[i], NOW, &out, &why), &why, -CC_EINVAL,
			      texts[i >= 4]);
	}
	assert_int_equal(out.len, 0);
}

/* One bad right among good ones is enough. */
static void every_right_is_judged(void **state)
{
	const struct tp_world *w = tp_world();
	cc_cleanup(tr_signer_freep) struct tr_signer *s = signer_of(w->site);
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);
	struct tr_privilege p[] = {{.name = "embed"}, {.name = "info"}, {.name = "authority"}};
	struct tr_cred_request rq = {&w->alice->chain, &w->slice->chain, NULL, p, 3, NOW + DAY};
	struct cc_note why = {0};

	check_refusal(tr_signer_make_cred(s, &rq, NOW, &out, &why), &why, CC_RULE_RIGHTS_TYPE,
		      "authority is more");
	rq.n_privileges = 2;
	check_refusal(tr_signer_make_cred(s, &rq, NOW, &out, &why), &why, 0, NULL);
}

/* ---- tickets ---- */

static struct tr_ticket_request ticket_request(void)
{
	const struct tp_world *w = tp_world();

	return (struct tr_ticket_request){.serial = "1",
					  .component = SITE "node+n1.example.org",
					  .epoch = "e",
					  .owner = &w->alice->chain,
					  .target = &w->slice->chain,
					  .rspec = "<rspec/>",
					  .rspec_len = 8,
					  .redeem_before = NOW + 3600,
					  .expires = NOW + DAY};
}

static void promises_to_its_slices(void **state)
{
	const struct tp_world *w = tp_world();
	const struct {
		const char *what;
		const struct tp *signer;
		const struct tp *owner, *target;
		const char *component;
		int64_t redeem, expires;
		int wanted;
		const char *text;
	} rows[] = {
		{"usual", w->site, NULL, NULL, NULL, 0, 0, 0, NULL},
		{"of an aggregate", w->site, NULL, NULL, SITE "authority+am", 0, 0, 0, NULL},
		{"redeemed at the last moment", w->site, NULL, NULL, NULL, DAY, DAY, 0, NULL},
		{"another's node", w->sitex, NULL, NULL, NULL, 0, 0, CC_RULE_TICKET_ISSUER,
		 "not below plc.sitex"},
		{"to a user instead of a slice", w->site, NULL, w->alice, NULL, 0, 0, -CC_EINVAL,
		 "user+alice is no slice"},
		{"owned by a slice", w->site, w->slice, NULL, NULL, 0, 0, -CC_EINVAL,
		 "cannot own rights"},
		{"of a user", w->site, NULL, NULL, SITE "user+alice", 0, 0, -CC_EINVAL,
		 "node or of an authority"},
		{"of no URN", w->site, NULL, NULL, "n1", 0, 0, -CC_EINVAL, "component n1"},
		{"redeemed after its end", w->site, NULL, NULL, NULL, 7200, 3600,
		 CC_RULE_TICKET_REDEEM, "by 2027-01-15T09:00:00Z, not by 2027-01-15T10:00:00Z"},
		{"redeemed after a day", w->site, NULL, NULL, NULL, DAY + 1, 2 * DAY,
		 CC_RULE_TICKET_REDEEM, "by 2027-01-16T08:00:00Z"},
		{"redeemed now", w->site, NULL, NULL, NULL, -1, DAY, CC_RULE_TICKET_REDEEM,
		 "after now"},
		{"over", w->site, NULL, NULL, NULL, 1, -1, CC_RULE_CRED_EXPIRED, "is past"},
		{"too long", w->site, NULL, NULL, NULL, 1, 400 * DAY, CC_RULE_CRED_EXPIRED,
		 "2028-01-15T08:00:00Z at most"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(tr_signer_freep) struct tr_signer *s = signer_of(rows[i].signer);
		cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);
		struct tr_ticket_request rq = ticket_request();
		struct cc_note why = {0};

		if (rows[i].owner)
			rq.owner = &rows[i].owner->chain;
		if (rows[i].target)
			rq.target = &rows[i].target->chain;
		if (rows[i].component)
			rq.component = rows[i].component;
		if (rows[i].redeem)
			rq.redeem_before = NOW + rows[i].redeem;
		if (rows[i].expires)
			rq.expires = NOW + rows[i].expires;
		print_message("# %s\n", rows[i].what);
		check_refusal(tr_signer_make_ticket(s, &rq, NOW, &out, &why), &why, rows[i].wanted,
			      rows[i].text);
		assert_int_equal(out.len > 0, rows[i].wanted == 0);
	}
}

static void a_ticket_has_a_component(void **state)
{
	cc_cleanup(tr_signer_freep) struct tr_signer *s = signer_of(tp_world()->site);
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);
	struct tr_ticket_request rq = ticket_request();
	struct cc_note why = {0};

	rq.component = NULL;
	check_refusal(tr_signer_make_ticket(s, &rq, NOW, &out, &why), &why, -CC_EINVAL,
		      "component");
}

/* ---- memory ---- */

/* Each allocation of ours fails once: an error, nothing half made, nothing lost. */
static void memory_runs_out(void **state)
{
	cc_cleanup(cc_freep) char *gid = tp_pem_chain(tp_world()->site);
	cc_cleanup(cc_freep) char *key = tp_pem_key(tp_world()->site);
	struct tr_gid_request rq = gid_request(SITE "user+carol");
	int r = -CC_ENOMEM, failed = 0;

	for (long n = 0; r != 0; n++) {
		cc_cleanup(tr_gids_deinit) struct tr_gids chain = {.count = 0};
		cc_cleanup(tr_signer_freep) struct tr_signer *s = NULL;

		alloc_fail_after(n);
		r = tr_signer_new(gid, strlen(gid), key, strlen(key), &s, NULL);
		if (!r)
			r = tr_signer_make_gid(s, &rq, NOW, &chain, NULL);
		alloc_fail_after(-1);
		assert_true(r == 0 || r == -CC_ENOMEM);
		assert_int_equal(chain.count > 0, r == 0);
		failed += r != 0;
		assert_true(n < 1000);
	}
	assert_true(failed > 5);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(opens_what_belongs_together),
	cmocka_unit_test(opens_no_bad_certificate),
	cmocka_unit_test(says_nothing_of_a_key),
	cmocka_unit_test(names_what_is_below),
	cmocka_unit_test(names_nobody_else),
	cmocka_unit_test(longer_names_of_users_and_slices),
	cmocka_unit_test(a_life_has_bounds),
	cmocka_unit_test(cut_to_the_whole_chain),
	cmocka_unit_test(a_chain_has_an_end),
	cmocka_unit_test(keys_and_words_of_a_gid),
	cmocka_unit_test(gives_rights_on_what_is_its_own),
	cmocka_unit_test(what_it_gives_is_good),
	cmocka_unit_test(rights_have_an_end),
	cmocka_unit_test(rights_end_with_their_signer),
	cmocka_unit_test(rights_last_a_year),
	cmocka_unit_test(a_request_is_whole),
	cmocka_unit_test(every_right_is_judged),
	cmocka_unit_test(promises_to_its_slices),
	cmocka_unit_test(a_ticket_has_a_component),
	cmocka_unit_test(memory_runs_out),
};

TEST_MAIN(tests)
