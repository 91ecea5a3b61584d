/* SPDX-License-Identifier: ISC */
/* Credentials: signatures that are not what they seem (spec sfa 11). */
#include "tests/unit/credcheck.h"

/* ---- the signature ---- */

static void test_sha1(void **state)
{
	const struct tp_world *w = tp_world();
	struct tp_spec spec = {
		.urn = TP_IDN "plc:site+authority+sa", .kind = "RSA-2048", .key = "rsa"};
	cc_cleanup(tp_freep) struct tp *rsa = tp_raw(&spec, w->plc);
	cc_cleanup(tr_verifier_freep) struct tr_verifier *strict = ck_verifier(TR_ROOT_NO_SHA1);
	struct ck_level bare = {.unsigned_ = true};
	cc_cleanup(cc_freep) char *draft = ck_make(&bare, 1);
	cc_cleanup(cc_freep) char *sha1 = ck_sign_sha1(draft, "ref0", rsa);

	accepted(strdup(sha1), "under a foreign root");
	refused_at(ours, strdup(sha1), TP_NOW, CC_RULE_SIG_SHA1, "under our own");
	refused_at(strict, strdup(sha1), TP_NOW, CC_RULE_SIG_SHA1, "under one that forbids it");
	tr_grant_unref(accepted_at(strict, make((struct ck_level){.signer = rsa}), TP_NOW,
				   "SHA-256 by RSA"));
}

static void test_unsigned(void **state)
{
	refused(make((struct ck_level){.unsigned_ = true}), CC_RULE_SIG_MISSING, "unsigned");
	refused(changed(make((struct ck_level){.unsigned_ = true}), "<signatures></signatures>",
			""),
		CC_RULE_SIG_MISSING, "not even <signatures>");
}

static void test_tampered(void **state)
{
	char *text = make((struct ck_level){0}),
	     *other = make((struct ck_level){.rights = "info:0"});
	cc_cleanup(cc_freep) char *value = ck_cut(text, "<SignatureValue>", "</SignatureValue>");
	cc_cleanup(cc_freep) char *another = ck_cut(other, "<SignatureValue>", "</SignatureValue>");

	refused(changed(strdup(text), "<name>info", "<name>sa"), CC_RULE_SIG_DIGEST, "a right");
	refused(changed(strdup(text), "<serial>8", "<serial>9"), CC_RULE_SIG_DIGEST, "the serial");
	refused(changed(strdup(text), "<uuid/>", "<uuid/> "), CC_RULE_SIG_DIGEST, "white space");
	refused(changed(strdup(text), "<expires>2027", "<expires>2030"), CC_RULE_SIG_DIGEST,
		"the end");
	refused(changed(strdup(text), value, another), CC_RULE_SIG_VALUE, "another's signature");
	accepted(changed(strdup(text), "=\"c.xsd\"", "=\"d.xsd\""), "what is not signed");
	free(text);
	free(other);
}

/* ---- forgeries (spec sfa 11) ---- */

#define KEY_VALUE                                                                                  \
	"<KeyValue><RSAKeyValue><Modulus>ywOI</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>"    \
	"</KeyValue>"

/* Signed by eve for herself, with the authority's certificates in it. */
static void test_other_key(void **state)
{
	const struct tp_world *w = tp_world();
	char *text = make((struct ck_level){.owner = w->eve, .signer = w->eve});
	cc_cleanup(cc_freep) char *genuine = make((struct ck_level){0});
	cc_cleanup(cc_freep) char *own = ck_cut(text, "<X509Data>", "</X509Data>");
	cc_cleanup(cc_freep) char *authority = ck_cut(genuine, "<X509Data>", "</X509Data>");
	cc_cleanup(cc_freep) char *forged = ck_replace(text, own, authority);

	refused(text, CC_RULE_CRED_ISSUER, "her own word");
	refused(strdup(forged), CC_RULE_SIG_VALUE, "the authority's certificates");
	refused(changed(strdup(forged), "<X509Data>", KEY_VALUE "<X509Data>"), CC_RULE_SIG_VALUE,
		"a KeyValue before them");
	refused(changed(strdup(forged), "</X509Data>", "</X509Data>" KEY_VALUE), CC_RULE_SIG_VALUE,
		"a KeyValue behind them");
	refused(changed(strdup(forged), "<KeyInfo>", "<KeyInfo><KeyName>eve</KeyName>"),
		CC_RULE_SIG_VALUE, "a KeyName before them");
	accepted(changed(strdup(genuine), "<X509Data>", KEY_VALUE "<X509Data>"),
		 "which is not looked at in a genuine one, either");
	refused(changed(strdup(genuine), authority, KEY_VALUE), CC_RULE_SIG_KEY,
		"nothing but a KeyValue");
}

/* Eve's own credential, unsigned, with something in it and something in place of <signatures>. */
static char *forge(const char *id, char *rest, char *signatures)
{
	char *text = make((struct ck_level){
		.id = id, .owner = tp_world()->eve, .rest = rest, .unsigned_ = true});

	text = changed(text, "<signatures></signatures>", signatures);
	free(rest);
	free(signatures);
	return text;
}

#define SIGNED "<signatures>@</signatures>"

/* The genuine credential is moved to where a careless reader does not look, another put in its place. */
static void test_wrapped(void **state)
{
	cc_cleanup(cc_freep) char *genuine = make((struct ck_level){0});
	cc_cleanup(cc_freep) char *cred = ck_cut(genuine, "<credential", "</credential>");
	cc_cleanup(cc_freep) char *sig = ck_cut(genuine, "<Signature ", "</Signature>");
	cc_cleanup(cc_freep) char *renamed = ck_replace(sig, "Sig_ref0", "Sig_ref1");
	cc_cleanup(cc_freep) char *nameless = ck_replace(sig, " xml:id=\"Sig_ref0\"", "");
	cc_cleanup(cc_freep) char *object =
		ck_replace(sig, "</Signature>", "<Object>@</Object></Signature>");
	const char *const sigs[] = {sig, renamed, nameless};

	for (size_t i = 0; i < CC_ARRAY_SIZE(sigs); i++) {
		refused(forge("ref1", joined("<extensions>@</extensions>", cred, ""),
			      joined(SIGNED, sigs[i], "")),
			CC_RULE_XML_ELEMENT, "in <extensions>");
		refused(forge("ref1", joined("<extensions><x><y/>@</x></extensions>", cred, ""),
			      joined(SIGNED, sigs[i], "")),
			CC_RULE_XML_ELEMENT, "deeper in <extensions>");
		refused(forge("ref1", strdup(""), joined("@" SIGNED, cred, sigs[i])),
			CC_RULE_XML_ELEMENT, "behind the forged one");
		refused(forge("ref1", strdup(""), joined(SIGNED "@", sigs[i], cred)),
			CC_RULE_XML_ELEMENT, "behind the signatures");
		refused(forge("ref1", strdup(""), joined(SIGNED, sigs[i], "")), CC_RULE_SIG_FORM,
			"nowhere: its signature alone");
	}
	refused(forge("ref1", strdup(""), joined(SIGNED, object, cred)), CC_RULE_SIG_FORM,
		"in an <Object> of the signature");
	refused(forge("ref0", joined("<extensions>@</extensions>", cred, ""),
		      joined(SIGNED, sig, "")),
		CC_RULE_XML_ID, "under the same id");
	refused(forge("ref0", strdup(""), joined(SIGNED, sig, "")), CC_RULE_SIG_DIGEST, "replaced");
}

/* What stands behind a root in a chain was judged by nobody: it is no issuer of that root. */
static void test_behind_root(void **state)
{
	const struct tp_world *w = tp_world();
	cc_cleanup(cc_freep) char *root = tp_pem(w->plc);
	cc_cleanup(cc_freep) char *alice = tp_pem(w->alice);
	cc_cleanup(cc_freep) char *site = tp_pem(w->site);
	cc_cleanup(cc_freep) char *both = joined("@@", root, alice);
	cc_cleanup(cc_freep) char *below = joined("@@", root, site);

	refused(make((struct ck_level){.target = w->plc, .target_gid = both, .signer = w->alice}),
		CC_RULE_CRED_ISSUER, "a user");
	refused(make((struct ck_level){.target = w->plc, .target_gid = below, .signer = w->site}),
		CC_RULE_CRED_ISSUER, "an authority below");
}

static void test_signatures(void **state)
{
	cc_cleanup(cc_freep) char *text = make((struct ck_level){0});
	cc_cleanup(cc_freep) char *sig = ck_cut(text, "<Signature ", "</Signature>");
	cc_cleanup(cc_freep) char *second = ck_replace(sig, "Sig_ref0", "Sig_");
	cc_cleanup(cc_freep) char *twice = joined("@@", sig, second);
	cc_cleanup(cc_freep) char *other = ck_replace(sig, "Sig_ref0", "Sig_ref9");
	cc_cleanup(cc_freep) char *of_none = ck_replace(sig, "URI=\"#ref0\"", "URI=\"#ref7\"");

	refused(changed(strdup(text), sig, twice), CC_RULE_SIG_FORM, "two");
	refused(changed(strdup(text), sig, other), CC_RULE_SIG_FORM, "called as another's");
	refused(changed(strdup(text), sig, of_none), CC_RULE_SIG_FORM, "of no level");
}

/*
 * KeyInfo is not signed: a peer may certify our authority's public key in his own name, and put that
 * certificate in place of ours. Then his root, and what it allows, would stand for our word.
 */
static void test_peer_cert(void **state)
{
	const struct tp_world *w = tp_world();
	struct tp_spec ours_spec = {.urn = TP_IDN "plc:site+authority+sa",
				    .key = "certified twice"};
	struct tp_spec theirs_spec = {.urn = TP_IDN "other:x+authority+sa", .key = ours_spec.key};
	struct tp_spec slice_spec = {.urn = TP_IDN "plc:site+slice+s", .key = "its slice"};
	cc_cleanup(tp_freep) struct tp *site = tp_raw(&ours_spec, w->plc);
	cc_cleanup(tp_freep) struct tp *peer = tp_raw(&theirs_spec, w->other);
	cc_cleanup(tp_freep) struct tp *slice = tp_raw(&slice_spec, site);
	char *text = make((struct ck_level){.target = slice, .signer = site});
	cc_cleanup(cc_freep) char *signed_by_peer =
		make((struct ck_level){.target = slice, .signer = peer});
	cc_cleanup(cc_freep) char *genuine = ck_cut(text, "<X509Data>", "</X509Data>");
	cc_cleanup(cc_freep) char *theirs = ck_cut(signed_by_peer, "<X509Data>", "</X509Data>");

	accepted(strdup(text), "as it was made");
	refused(changed(text, genuine, theirs), CC_RULE_CRED_ISSUER, "in the peer's name");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_sha1),	  cmocka_unit_test(test_unsigned),
	cmocka_unit_test(test_tampered),  cmocka_unit_test(test_other_key),
	cmocka_unit_test(test_wrapped),	  cmocka_unit_test(test_behind_root),
	cmocka_unit_test(test_peer_cert), cmocka_unit_test(test_signatures),
};
CRED_MAIN(tests)
