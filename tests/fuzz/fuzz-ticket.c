/* SPDX-License-Identifier: ISC */
/*
 * Tickets, and the formats of 2008 and 2011. The first octet is the mode:
 *
 *   0  a text that nobody signed: it is never accepted
 *   1  a <ticket>: it is put into a document and signed; judged, it says what the reader of
 *      <ticket> says, and what was read makes the same ticket again
 *   2  XML-RPC data: what is read can be written and read again; and it is read as the data of a
 *      certificate
 *   3  a chain of 2008: an octet says which, two octets each say what is changed in it; the verdict
 *      is held against a slow reading of the rules
 */
#include <openssl/x509v3.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/trust/cred_int.h"
#include "lib/trust/legacy_int.h"
#include "lib/trust/ticket_int.h"
#include "lib/xml/doc.h"
#include "lib/xml/ossl.h"
#include "lib/xml/write.h"
#include "tests/fuzz/must.h"

#define NOW INT64_C(1800000000) /* 2027-01-15T08:00:00Z */
#define DAY INT64_C(86400)
#define IDN "urn:publicid:IDN+"

int LLVMFuzzerInitialize(int *argc, char ***argv);

struct person {
	const char *name;
	int issuer; /* index; -1: a root */
	EVP_PKEY *key;
	struct tr_gids chain;
	char *pem;
};

/* ---- who there is today ---- */

enum { ROOT, SITE, USER, SLICE };
static struct person today[] = {
	{IDN "plc+authority+sa", -1},
	{IDN "plc:site+authority+sa", ROOT},
	{IDN "plc:site+user+alice", SITE},
	{IDN "plc:site+slice+sl1", SITE},
};

static struct tr_verifier *verifier, *verifier_2008;

static void put_behind(struct person *p, struct tr_gid *leaf, const struct tr_gids *behind)
{
	struct cc_buf pem = CC_BUF_INIT(0);

	MUST(leaf);
	p->chain.items[p->chain.count++] = leaf;
	for (size_t i = 0; behind && i < behind->count; i++)
		p->chain.items[p->chain.count++] = tr_gid_ref(behind->items[i]);
	MUST(tr_gids_write(&p->chain, &pem) == 0);
	p->pem = cc_buf_take(&pem);
	MUST(p->pem);
}

static void make_today(struct person *p)
{
	const struct person *issuer = p->issuer < 0 ? NULL : &today[p->issuer];
	struct tr_gid_request rq = {
		.urn = p->name, .not_before = NOW - DAY, .not_after = NOW + 365 * DAY};
	struct tr_gid *gid = NULL;

	MUST(tr_key_new(TR_KEY_P256, &p->key) == 0);
	rq.key = p->key;
	MUST(tr_gid_make(&rq, issuer ? issuer->chain.items[0] : NULL, issuer ? issuer->key : p->key,
			 &gid, NULL) == 0);
	put_behind(p, gid, issuer ? &issuer->chain : NULL);
}

static struct tr_verifier *trust(const struct person *root, bool legacy)
{
	struct tr_roots_builder *b;
	struct tr_roots *roots;
	struct tr_verifier *v;

	MUST(tr_roots_builder_new(&b) == 0);
	MUST(tr_roots_add(b, root->pem, strlen(root->pem), NULL, 0, NULL) == 0);
	MUST(tr_roots_seal(b, 1, legacy, &roots, NULL) == 0);
	MUST(tr_verifier_new(&v, 256) == 0);
	tr_verifier_use(v, roots);
	tr_roots_unref(roots);
	tr_roots_builder_free(b);
	return v;
}

/* ---- who there was in 2008 ---- */

enum { TOP, US, PL, PLX, ALICE, BOB, S1, S2, PEOPLE, NOBODY = PEOPLE };
static struct person people[PEOPLE + 1] = {
	[TOP] = {"planetlab", -1},
	[US] = {"planetlab.us", TOP},
	[PL] = {"planetlab.us.pl", US},
	[PLX] = {"planetlab.us.plx", US},
	[ALICE] = {"planetlab.us.pl.alice", PL},
	[BOB] = {"planetlab.us.pl.bob", PL},
	[S1] = {"planetlab.us.pl.s1", PL},
	[S2] = {"planetlab.us.plx.s2", PLX},
	[NOBODY] = {"nobody", -1}, /* has a key that nobody knows */
};

static void set_cn(X509_NAME *name, const char *cn)
{
	MUST(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, (const uint8_t *)cn,
					-1, -1, 0));
}

static void add_data(X509 *cert, const struct cc_buf *data)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	MUST(names && name && text && !data->err);
	MUST(ASN1_STRING_set(text, data->data, (int)data->len));
	GENERAL_NAME_set0_value(name, GEN_URI, text);
	MUST(sk_GENERAL_NAME_push(names, name) > 0);
	MUST(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0) == 1);
	GENERAL_NAMES_free(names);
}

/* A certificate of 2008 but for its key, which is faster, and its version. */
static struct tr_gid *make_cert(const char *cn, const char *issuer, EVP_PKEY *key,
				EVP_PKEY *signing, const struct cc_buf *data)
{
	cc_cleanup(xs_x509_freep) X509 *cert = X509_new();
	struct tr_gid *gid = NULL;
	uint8_t *der = NULL;
	int len;

	MUST(cert && X509_set_version(cert, X509_VERSION_3) && X509_set_pubkey(cert, key));
	MUST(ASN1_INTEGER_set(X509_get_serialNumber(cert), 1));
	set_cn(X509_get_subject_name(cert), cn);
	set_cn(X509_get_issuer_name(cert), issuer);
	MUST(ASN1_TIME_set(X509_getm_notBefore(cert), NOW - DAY));
	MUST(ASN1_TIME_set(X509_getm_notAfter(cert), NOW + 365 * DAY));
	add_data(cert, data);
	MUST(X509_sign(cert, signing, EVP_sha256()) > 0);
	len = i2d_X509(cert, &der);
	MUST(len > 0 && tr_gid_read_der(NULL, der, (size_t)len, &gid, NULL) == 0);
	OPENSSL_free(der);
	return gid;
}

#define START "http://<params><param><value><struct>"
#define END "</struct></value></param></params>"

static void make_2008(struct person *p)
{
	const struct person *issuer = p->issuer < 0 ? p : &people[p->issuer];
	cc_cleanup(cc_buf_deinit) struct cc_buf data = CC_BUF_INIT(0);
	struct tr_gid *gid;

	MUST(tr_key_new(TR_KEY_P256, &p->key) == 0);
	cc_buf_printf(&data,
		      START
		      "<member><name>uuid</name><value><string>1</string></value></member>"
		      "<member><name>hrn</name><value><string>%s</string></value></member>" END,
		      p->name);
	gid = make_cert(p->name, issuer->name, p->key, issuer->key, &data);
	put_behind(p, gid, issuer == p ? NULL : &issuer->chain);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(today); i++)
		make_today(&today[i]);
	for (size_t i = 0; i < CC_ARRAY_SIZE(people); i++)
		make_2008(&people[i]);
	verifier = trust(&today[ROOT], false);
	verifier_2008 = trust(&people[TOP], true);
	return 0;
}

/* ---- mode 0: any text ---- */

static void any_text(const char *text, size_t size)
{
	struct tr_ticket *t = NULL;
	struct tr_legacy *l = NULL;
	struct tr_grant *g = NULL;
	struct cc_note why = {0};
	int r;

	if (!tr_legacy_is(text, size)) {
		r = tr_ticket_judge(verifier, text, size, NOW, &t, &why);
		MUST(r > 0 && !t && why.text[0]);
		return;
	}
	r = tr_legacy_read(tr_verifier_certs(verifier_2008), text, size, &l, &why);
	MUST(r >= 0 && (r == 0) == (l != NULL));
	if (r == 0)
		MUST(tr_legacy_verify(verifier_2008, l, NOW, &g, &why) > 0 && !g);
	MUST(why.text[0]);
	tr_legacy_free(l);
}

/* ---- mode 1: the content of a ticket ---- */

static bool is_line(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	}
	return true;
}

static void check_ticket(const struct tr_ticket *t)
{
	struct tr_urn urn;

	MUST(tr_urn_parse_text(t->component, &urn, NULL) == 0 && *t->epoch && is_line(t->epoch));
	MUST(t->rspec && t->rspec_len <= TR_TICKET_RSPEC_MAX);
	MUST(t->n_attributes <= TR_TICKET_ATTRIBUTES && t->n_users <= TR_TICKET_USERS);
	for (unsigned i = 0; i < t->n_attributes; i++)
		MUST(*t->attributes[i].name && is_line(t->attributes[i].name) &&
		     !strchr(t->attributes[i].name, ' ') && t->attributes[i].value);
	for (unsigned i = 0; i < t->n_users; i++) {
		const struct tr_ticket_user *u = &t->users[i];

		MUST(tr_urn_parse_text(u->urn, &urn, NULL) == 0 && u->n_keys <= TR_TICKET_KEYS);
		for (unsigned k = 0; k < u->n_keys; k++)
			MUST(*u->keys[k] && is_line(u->keys[k]));
	}
}

static void same_user(const struct tr_ticket_user *a, const struct tr_ticket_user *b)
{
	MUST(strcmp(a->urn, b->urn) == 0 && a->n_keys == b->n_keys);
	for (unsigned k = 0; k < a->n_keys; k++)
		MUST(strcmp(a->keys[k], b->keys[k]) == 0);
}

static void same_ticket(const struct tr_ticket *a, const struct tr_ticket *b)
{
	MUST(strcmp(a->component, b->component) == 0 && strcmp(a->epoch, b->epoch) == 0);
	MUST(a->redeem_before == b->redeem_before && a->rspec_len == b->rspec_len);
	MUST(memcmp(a->rspec, b->rspec, a->rspec_len) == 0);
	MUST(a->n_attributes == b->n_attributes && a->n_users == b->n_users);
	for (unsigned i = 0; i < a->n_attributes; i++)
		MUST(strcmp(a->attributes[i].name, b->attributes[i].name) == 0 &&
		     strcmp(a->attributes[i].value, b->attributes[i].value) == 0);
	for (unsigned i = 0; i < a->n_users; i++)
		same_user(&a->users[i], &b->users[i]);
}

/* What was read, made anew by the writer. */
static void make_again(const struct tr_ticket *t)
{
	struct tr_ticket_request rq = {.serial = "1",
				       .component = t->component,
				       .epoch = t->epoch,
				       .owner = &today[USER].chain,
				       .target = &today[SLICE].chain,
				       .rspec = t->rspec,
				       .rspec_len = t->rspec_len,
				       .attributes = t->attributes,
				       .n_attributes = t->n_attributes,
				       .users = t->users,
				       .n_users = t->n_users,
				       .redeem_before = t->redeem_before,
				       .expires = NOW + 300 * DAY};
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);
	cc_cleanup(tr_ticket_freep) struct tr_ticket *again = NULL;
	int r;

	if (t->redeem_before > rq.expires)
		return;
	r = tr_ticket_make(&rq, &today[SITE].chain, today[SITE].key, &out, NULL);
	MUST(r == 0 || r == -CC_ELIMIT);
	if (r < 0)
		return;
	r = tr_ticket_verify(verifier, (char *)out.data, out.len, NOW, t->component, t->epoch,
			     &again, NULL);
	MUST(r == 0);
	same_ticket(t, again);
}

/* In a document that is good otherwise. */
static int judge_in_document(const char *text, size_t size, struct tr_ticket **t)
{
	const struct tr_draft head = {.id = "ref0",
				      .type = "ticket",
				      .serial = "1",
				      .owner = &today[USER].chain,
				      .target = &today[SLICE].chain,
				      .expires = NOW + DAY};
	cc_cleanup(cc_buf_deinit) struct cc_buf draft = CC_BUF_INIT(XS_CRED_MAX);
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);
	int r;

	tr_draft_begin(&draft, &head);
	cc_buf_put(&draft, text, size);
	if (cc_buf_puts(&draft, "</credential><signatures/></signed-credential>") < 0)
		return -CC_ELIMIT;
	r = tr_draft_sign(&draft, &today[SITE].chain, today[SITE].key, &out, NULL);
	return r != 0 ? r : tr_ticket_judge(verifier, (char *)out.data, out.len, NOW, t, NULL);
}

/* Whether the site is an authority over it. */
static bool is_of_site(const char *component)
{
	static const char start[] = IDN "plc:site";
	const char *rest = component + strlen(start);

	return strncasecmp(component, start, strlen(start)) == 0 && (*rest == ':' || *rest == '+');
}

/* What the rules say of a ticket in a document that is good otherwise. */
static int rule_of(const struct tr_ticket *t)
{
	if (!is_of_site(t->component))
		return CC_RULE_TICKET_ISSUER;
	return NOW < t->redeem_before ? 0 : CC_RULE_TICKET_REDEEM;
}

static void a_ticket(const char *text, size_t size)
{
	cc_cleanup(tr_ticket_freep) struct tr_ticket *t = calloc(1, sizeof(*t));
	cc_cleanup(tr_ticket_freep) struct tr_ticket *judged = NULL;
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
	xmlNode *root;
	int r, again;

	MUST(t);
	/* nothing in front of the element, which could not stand in a document */
	if (size < 7 || memcmp(text, "<ticket", 7) != 0 ||
	    xs_doc_parse(text, size, &xs_signed_limits, &doc, NULL) != 0)
		return;
	root = xmlDocGetRootElement(doc);
	if (!xs_is(root, NULL, "ticket"))
		return;
	r = tr_ticket_read(root, t, NULL);
	MUST(r >= 0);
	if (r == 0)
		check_ticket(t);
	again = judge_in_document(text, size, &judged);
	/* the document may be too large, or an id in it twice */
	if (again != -CC_ELIMIT && again != CC_RULE_XML_ID && again != CC_RULE_XML_LIMIT &&
	    again != CC_RULE_SIG_FORM)
		MUST(again == (r != 0 ? r : rule_of(t)));
	if (again == 0) {
		same_ticket(t, judged);
		make_again(t);
	}
}

/* ---- mode 2: XML-RPC ---- */

static void write_value(struct cc_buf *b, json_t *v);

static void write_struct(struct cc_buf *b, json_t *object)
{
	const char *name;
	json_t *v;

	cc_buf_puts(b, "<struct>");
	json_object_foreach(object, name, v)
	{
		cc_buf_puts(b, "<member><name>");
		xs_put_text(b, name, strlen(name));
		cc_buf_puts(b, "</name>");
		write_value(b, v);
		cc_buf_puts(b, "</member>");
	}
	cc_buf_puts(b, "</struct>");
}

static void write_typed(struct cc_buf *b, json_t *v)
{
	size_t i;
	json_t *item;

	switch (json_typeof(v)) {
	case JSON_OBJECT:
		write_struct(b, v);
		break;
	case JSON_ARRAY:
		cc_buf_puts(b, "<array><data>");
		json_array_foreach(v, i, item) write_value(b, item);
		cc_buf_puts(b, "</data></array>");
		break;
	case JSON_STRING:
		cc_buf_puts(b, "<string>");
		xs_put_text(b, json_string_value(v), json_string_length(v));
		cc_buf_puts(b, "</string>");
		break;
	case JSON_INTEGER:
		cc_buf_printf(b, "<int>%lld</int>", (long long)json_integer_value(v));
		break;
	case JSON_REAL:
		cc_buf_printf(b, "<double>%.17g</double>", json_real_value(v));
		break;
	case JSON_NULL:
		cc_buf_puts(b, "<nil/>");
		break;
	default:
		cc_buf_printf(b, "<boolean>%d</boolean>", json_is_true(v));
	}
}

static void write_value(struct cc_buf *b, json_t *v)
{
	cc_buf_puts(b, "<value>");
	write_typed(b, v);
	cc_buf_puts(b, "</value>");
}

static void data_of_certificate(const char *text, size_t size)
{
	const struct tr_gid cert = {.params = text, .params_len = size, .cn = "someone"};
	struct tr_legacy *l = NULL;
	struct cc_note why = {0};
	int r = tr_legacy_read_one(NULL, &cert, &l, &why);

	MUST(r >= 0 && (r == 0) == (l != NULL) && (r == 0) == !why.text[0]);
	if (!l)
		return;
	MUST(l->life_time >= 0 && l->n_privileges <= TR_PRIVILEGES_MAX);
	for (unsigned i = 0; i < l->n_privileges; i++)
		MUST(*l->privileges[i].name && is_line(l->privileges[i].name) &&
		     l->privileges[i].can_delegate == l->delegate);
	tr_legacy_free(l);
}

static void xmlrpc(const char *text, size_t size)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(192u << 10);
	cc_cleanup(json_decrefp) json_t *data = NULL;
	cc_cleanup(json_decrefp) json_t *again = NULL;
	int r = tr_params_read(text, size, &data, NULL);

	MUST(r >= 0 && (r == 0) == (data != NULL));
	if (!data)
		return;
	cc_buf_puts(&b, "<params><param><value>");
	write_struct(&b, data);
	if (cc_buf_puts(&b, "</value></param></params>") == 0) {
		MUST(tr_params_read((char *)b.data, b.len, &again, NULL) == 0);
		MUST(json_equal(data, again));
	}
	data_of_certificate(text, size);
}

/* ---- mode 3: chains of 2008 ---- */

/* What a certificate can grant; the last two are tickets. */
static const char *const grants[] = {
	"<nil/>", "info", "embed,bind,control,info", "refresh,info", "authority", "operator",
};
enum { G_NONE, G_INFO, G_SLICE, G_REFRESH, G_ALL, G_OPERATOR, G_EMPTY_TICKET, G_TICKET };

static const struct {
	const char *text;
	int days; /* after now; 0: none */
} lives[] = {{"<nil/>", 0}, {"2027-01-14", -1}, {"2027-01-17T08:00:00Z", 2}, {"2027-01-20", 5}};

/* How one certificate is made; PEOPLE: nil. */
struct choice {
	uint8_t caller, object, grant, delegate, issuer, key;
	uint8_t life, forged;
	uint8_t other_cn; /* 0: the object's name */
};

#define LEVELS 5
#define ROOTS                                                                                      \
	{US, US, G_ALL, true, TOP, US},                                                            \
	{                                                                                          \
		TOP, TOP, G_ALL, true, TOP, TOP                                                    \
	}

static const struct base {
	size_t count;
	struct choice levels[LEVELS];
} bases[] = {
	{5,
	 {{BOB, S1, G_INFO, false, ALICE, S1},
	  {ALICE, S1, G_SLICE, true, PL, ALICE},
	  {PL, PL, G_ALL, true, US, PL},
	  ROOTS}},
	{4, {{ALICE, S1, G_SLICE, false, PL, S1}, {PL, PL, G_ALL, true, US, PL}, ROOTS}},
	{4, {{ALICE, S1, G_TICKET, false, PL, S1}, {PL, PL, G_EMPTY_TICKET, true, US, PL}, ROOTS}},
	{4, {{BOB, S2, G_TICKET, false, ALICE, S2}, {ALICE, S2, G_SLICE, true, US, ALICE}, ROOTS}},
};

static void change(struct base *b, uint8_t where, uint8_t what)
{
	struct choice *c = &b->levels[where % LEVELS];

	switch (where / LEVELS % 10) {
	case 0:
		c->caller = what % 9;
		break;
	case 1:
		c->object = what % 9;
		break;
	case 2:
		c->grant = what % 8;
		break;
	case 3:
		c->delegate = what % 2;
		break;
	case 4:
		c->issuer = what % 8;
		break;
	case 5:
		c->key = what % 8;
		break;
	case 6:
		c->life = what % 4;
		break;
	case 7:
		c->forged = what % 2;
		break;
	case 8:
		c->other_cn = what % 9;
		break;
	default:
		b->count = 1 + what % b->count;
	}
}

static unsigned cn_of(const struct choice *c)
{
	return c->other_cn ? c->other_cn - 1u : c->object;
}

static void put_gid(struct cc_buf *b, const char *name, unsigned who)
{
	cc_buf_printf(b, "<member><name>%s</name><value>", name);
	if (who == PEOPLE)
		cc_buf_puts(b, "<nil/>");
	else
		cc_buf_printf(b, "<string>%s</string>", people[who].pem);
	cc_buf_puts(b, "</value></member>");
}

static void put_member(struct cc_buf *b, const char *name, const char *value)
{
	cc_buf_printf(b, "<member><name>%s</name><value>%s</value></member>", name, value);
}

static struct tr_gid *make_level(const struct choice *c, EVP_PKEY *signing)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(0);

	cc_buf_puts(&b, START);
	put_gid(&b, "gidCaller", c->caller);
	put_gid(&b, "gidObject", c->object);
	if (c->grant < G_EMPTY_TICKET) {
		put_member(&b, "lifeTime", lives[c->life].text);
		put_member(&b, "privileges", grants[c->grant]);
	} else {
		put_member(&b, "rspec", "<struct></struct>");
		cc_buf_puts(&b, "<member><name>attributes</name><value><struct>");
		if (c->grant == G_TICKET)
			put_member(&b, "name", "pl_s1");
		cc_buf_puts(&b, "</struct></value></member>");
	}
	put_member(&b, "delegate", c->delegate ? "<boolean>1</boolean>" : "<boolean>0</boolean>");
	cc_buf_puts(&b, END);
	return make_cert(people[cn_of(c)].name, people[c->issuer].name, people[c->key].key, signing,
			 &b);
}

/* Most mutants change one level: the others are there already. */
static struct tr_gid *get_level(const struct choice *c, const struct choice *parent)
{
	static struct {
		struct choice choice;
		unsigned signer;
		struct tr_gid *made;
	} levels[256], *l;
	unsigned signer = c->forged ? NOBODY : parent ? parent->key : TOP;

	l = &levels[(c->caller * 31u + c->object * 7u + c->grant * 67u + signer * 101u) % 256];
	if (!l->made || memcmp(&l->choice, c, sizeof(*c)) != 0 || l->signer != signer) {
		tr_gid_unref(l->made);
		l->choice = *c;
		l->signer = signer;
		l->made = make_level(c, people[signer].key);
	}
	return tr_gid_ref(l->made);
}

static bool is_over(unsigned above, unsigned below)
{
	while (below != above && people[below].issuer >= 0)
		below = (unsigned)people[below].issuer;
	return below == above;
}

static int64_t end_of(const struct choice *c)
{
	if (c->grant >= G_EMPTY_TICKET || lives[c->life].days == 0)
		return 365;
	return lives[c->life].days;
}

static bool covers(unsigned parent, unsigned child)
{
	switch (child) {
	case G_INFO:
		return parent == G_INFO || parent == G_SLICE || parent == G_REFRESH ||
		       parent == G_ALL;
	case G_SLICE:
	case G_REFRESH:
		return parent == child || parent == G_ALL;
	case G_ALL:
	case G_OPERATOR:
		return parent == child;
	default: /* grants no rights */
		return true;
	}
}

static bool good_level(const struct choice *c)
{
	return c->caller != PEOPLE && c->object != PEOPLE && !c->forged && cn_of(c) == c->object &&
	       end_of(c) >= 0;
}

static bool good_step(const struct choice *c, const struct choice *parent)
{
	bool ticket = c->grant >= G_EMPTY_TICKET, above = parent->grant >= G_EMPTY_TICKET;
	bool authority = parent->caller == parent->object &&
			 (parent->grant == G_ALL || parent->grant == G_EMPTY_TICKET);
	bool issued =
		authority && parent->object != c->object && is_over(parent->object, c->object);

	if (!parent->delegate || parent->key != parent->caller || c->issuer != parent->caller)
		return false;
	if (above && !ticket)
		return false;
	if (ticket && !authority)
		return false;
	if (!issued && parent->object != c->object)
		return false;
	if (!covers(parent->grant, c->grant))
		return false;
	/* a parent without a life time sets none */
	return end_of(parent) == 365 || end_of(c) <= end_of(parent);
}

static bool is_good(const struct choice *c, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!good_level(&c[i]) || (i + 1 < count && !good_step(&c[i], &c[i + 1])))
			return false;
	}
	return c[count - 1].issuer == TOP;
}

static int judge_chain(const struct tr_gids *chain, struct tr_grant **g)
{
	struct tr_certs *certs = tr_verifier_certs(verifier_2008);
	cc_cleanup(tr_legacy_freep) struct tr_legacy *l = NULL;

	MUST(tr_legacy_read_one(certs, chain->items[0], &l, NULL) == 0);
	for (; l->chain.count < chain->count; l->chain.count++)
		l->chain.items[l->chain.count] = tr_gid_ref(chain->items[l->chain.count]);
	return tr_legacy_verify(verifier_2008, l, NOW, g, NULL);
}

static void check_grant(const struct tr_grant *g, const struct choice *c, size_t count)
{
	int64_t until = 365;
	unsigned delegations = 0;

	for (size_t i = 0; i < count; i++)
		until = end_of(&c[i]) < until ? end_of(&c[i]) : until;
	while (delegations + 1 < count && c[delegations + 1].object == c->object)
		delegations++;
	MUST(strcmp(g->owner->hrn, people[c->caller].name) == 0);
	MUST(strcmp(g->target->hrn, people[c->object].name) == 0);
	MUST((g->type == TR_CRED_TICKET) == (c->grant >= G_EMPTY_TICKET));
	MUST((g->ops == TR_OPS_ALL) == (c->grant == G_ALL));
	MUST(g->delegations == delegations && !*g->target_urn);
	MUST(strcmp(g->issuer->hrn, people[c[delegations].issuer].name) == 0);
	MUST(g->from <= NOW && g->until >= NOW && g->until <= NOW + until * DAY);
}

static void chain_2008(const uint8_t *data, size_t size)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids chain = {.count = 0};
	cc_cleanup(tr_grant_unrefp) struct tr_grant *g = NULL;
	struct base b = bases[size > 0 ? data[0] % CC_ARRAY_SIZE(bases) : 0];
	int r;

	for (size_t i = 1; i + 1 < size && i < 16; i += 2)
		change(&b, data[i], data[i + 1]);
	for (; chain.count < b.count; chain.count++)
		chain.items[chain.count] =
			get_level(&b.levels[chain.count],
				  chain.count + 1 < b.count ? &b.levels[chain.count + 1] : NULL);
	r = judge_chain(&chain, &g);
	MUST(r >= 0 && (r == 0) == is_good(b.levels, b.count) && (r == 0) == (g != NULL));
	if (g)
		check_grant(g, b.levels, b.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (size == 0)
		return 0;
	switch (data[0] % 4) {
	case 0:
		any_text(text, size - 1);
		break;
	case 1:
		a_ticket(text, size - 1);
		break;
	case 2:
		xmlrpc(text, size - 1);
		break;
	default:
		chain_2008(data + 1, size - 1);
	}
	return 0;
}
