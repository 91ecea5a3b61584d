/* SPDX-License-Identifier: ISC */
/*
 * trust-mutants COUNT SEED FOLDER: changes twenty valid credentials in COUNT ways and has each
 * judged. Mutants that are accepted must grant what the original grants; they are also written to
 * FOLDER (accepted-N.xml, beside base-B.xml; `index` says which B is behind which N), so that
 * another program can read them. Prints one line of JSON with what became of them.
 *
 * Most changes are of the tree: an element, an attribute or a text is deleted, doubled, moved,
 * exchanged or changed, and the tree is written out again. The others change single octets.
 */
#include <inttypes.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/trust/cred.h"

#define LIFE (365 * 86400)
#define BASES 20
#define NODES_MAX 4096
#define OTHER_ERRORS CC_RULE_COUNT /* in the table of outcomes */

struct principal {
	struct tr_gids chain;
	EVP_PKEY *key;
};

struct base {
	struct cc_buf text;
	struct tr_grant *grant;
};

static struct base bases[BASES];
static unsigned n_bases;
static int64_t now;
static uint64_t random_state;

_Noreturn static void die(const char *what, const char *why)
{
	fprintf(stderr, "trust-mutants: %s: %s\n", what, why);
	exit(1);
}

/* xorshift64*: the same mutants for the same seed, everywhere */
static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * 0x2545f4914f6cdd1dULL) >> 32) % n;
}

/* ---- the valid ones ---- */

static void make_gid(struct principal *p, enum tr_key_kind kind, const char *urn,
		     const struct principal *issuer)
{
	struct tr_gid_request rq = {.urn = urn, .not_before = now - 3600, .not_after = now + LIFE};
	struct cc_note why = {0};

	if (tr_key_new(kind, &p->key) != 0)
		die(urn, "no key");
	rq.key = p->key;
	if (tr_gid_make(&rq, issuer ? issuer->chain.items[0] : NULL, issuer ? issuer->key : p->key,
			&p->chain.items[0], &why) != 0)
		die(urn, why.text);
	p->chain.count = 1;
	for (size_t i = 0; issuer && i < issuer->chain.count; i++)
		p->chain.items[p->chain.count++] = tr_gid_ref(issuer->chain.items[i]);
}

static void drop(struct principal *p)
{
	tr_gids_deinit(&p->chain);
	EVP_PKEY_free(p->key);
}

static struct base *add(const struct principal *signer, const struct principal *owner,
			const struct principal *target, const char *names, bool can_delegate)
{
	struct tr_privilege privileges[8];
	struct tr_cred_request rq = {.owner = &owner->chain,
				     .target = &target->chain,
				     .privileges = privileges,
				     .expires = now + LIFE / 2};
	struct base *b = &bases[n_bases++];
	struct cc_note why = {0};
	char list[128], *next, *name;

	snprintf(list, sizeof(list), "%s", names);
	for (name = strtok_r(list, ",", &next); name; name = strtok_r(NULL, ",", &next)) {
		struct tr_privilege *p = &privileges[rq.n_privileges++];

		snprintf(p->name, sizeof(p->name), "%s", name);
		p->can_delegate = can_delegate;
	}
	if (tr_cred_make(&rq, &signer->chain, signer->key, &b->text, &why) != 0)
		die("tr_cred_make", why.text);
	return b;
}

static struct base *add_delegated(const struct base *parent, const struct principal *from,
				  const struct principal *to, const struct tr_privilege *less)
{
	const struct tr_cred_request rq = {
		.owner = &to->chain, .privileges = less, .n_privileges = less ? 1 : 0};
	struct base *b = &bases[n_bases++];
	struct cc_note why = {0};

	if (tr_cred_delegate((const char *)parent->text.data, parent->text.len, &rq, from->key,
			     &b->text, &why) != 0)
		die("tr_cred_delegate", why.text);
	return b;
}

/* Ten, with keys of one kind. */
static void make_bases(enum tr_key_kind kind, struct tr_roots_builder *roots)
{
	static const struct tr_privilege info = {"info", true};
	static const char all[] = "refresh,embed,bind,control,info";
	struct principal root = {0}, site = {0}, alice = {0}, bob = {0}, carol = {0}, slice = {0};
	char space[64], urn[128];
	struct cc_buf pem = {0};
	const struct base *b;

	snprintf(space, sizeof(space), "mutants%d", (int)kind);
#define NAME(p, form, ...)                                                                         \
	(snprintf(urn, sizeof(urn), "urn:publicid:IDN+%s" form, space),                            \
	 make_gid(&p, kind, urn, __VA_ARGS__))
	NAME(root, "+authority+sa", NULL);
	NAME(site, ":site+authority+sa", &root);
	NAME(alice, ":site+user+alice", &site);
	NAME(bob, ":site+user+bob", &site);
	NAME(carol, ":site+user+carol", &site);
	NAME(slice, ":site+slice+one", &site);
#undef NAME
	if (tr_gids_write(&root.chain, &pem) != 0 ||
	    tr_roots_add(roots, (char *)pem.data, pem.len, NULL, 0, NULL) != 0)
		die("roots", "not taken");
	cc_buf_deinit(&pem);
	add(&site, &alice, &alice, "refresh,resolve,info", true);
	add(&root, &alice, &site, "authority,sa", true);
	add(&site, &alice, &slice, "*", true);
	add(&site, &alice, &slice, all, false);
	add(&site, &alice, &slice, "info", true);
	b = add(&site, &alice, &slice, all, true);
	add_delegated(b, &alice, &bob, &info);
	b = add_delegated(b, &alice, &bob, NULL);
	b = add_delegated(b, &bob, &carol, NULL);
	add_delegated(b, &carol, &alice, NULL);
	drop(&root), drop(&site), drop(&alice), drop(&bob), drop(&carol), drop(&slice);
}

static struct tr_verifier *open_verifier(void)
{
	cc_cleanup(tr_roots_builder_freep) struct tr_roots_builder *b = NULL;
	cc_cleanup(tr_roots_unrefp) struct tr_roots *roots = NULL;
	struct tr_verifier *v = NULL;
	struct cc_note why = {0};

	if (tr_roots_builder_new(&b) != 0)
		die("roots", "no memory");
	make_bases(TR_KEY_P256, b);
	make_bases(TR_KEY_RSA2048, b);
	if (tr_roots_seal(b, 1, false, &roots, &why) != 0)
		die("roots", why.text);
	if (tr_verifier_new(&v, 1000) != 0)
		die("verifier", "no memory");
	tr_verifier_use(v, roots);
	for (unsigned i = 0; i < n_bases; i++)
		if (tr_cred_verify(v, (char *)bases[i].text.data, bases[i].text.len, now,
				   &bases[i].grant, &why) != 0)
			die("a valid credential is refused", why.text);
	return v;
}

/* ---- changing them ---- */

static xmlNode *nodes[NODES_MAX];
static unsigned n_nodes;

/* Elements and texts, in document order, without recursion. */
static void list_nodes(xmlDoc *doc)
{
	xmlNode *n = xmlDocGetRootElement(doc);

	n_nodes = 0;
	while (n && n_nodes < NODES_MAX) {
		nodes[n_nodes++] = n;
		if (n->type == XML_ELEMENT_NODE && n->children) {
			n = n->children;
			continue;
		}
		while (n && !n->next)
			n = n->parent && n->parent->type == XML_ELEMENT_NODE ? n->parent : NULL;
		n = n ? n->next : NULL;
	}
}

static xmlNode *any_node(void)
{
	return nodes[random_below(n_nodes)];
}

static xmlNode *any_element(void)
{
	xmlNode *n;

	do
		n = any_node();
	while (n->type != XML_ELEMENT_NODE);
	return n;
}

static bool inside(const xmlNode *n, const xmlNode *outer)
{
	for (; n; n = n->parent)
		if (n == outer)
			return true;
	return false;
}

/* One octet of a text, into something that XML can hold. */
static void change_text(xmlNode *n)
{
	static const char with[] = "aZ09+/= \n-:T<&\"";
	cc_cleanup(cc_freep) char *text =
		strdup((const char *)(n->content ? n->content : BAD_CAST ""));
	size_t len = text ? strlen(text) : 0;

	if (!len)
		return;
	switch (random_below(3)) {
	case 0: /* change */
		text[random_below((uint32_t)len)] = with[random_below(sizeof(with) - 1)];
		break;
	case 1: /* delete */
		memmove(text, text + 1, len);
		break;
	default: /* the end is lost */
		text[random_below((uint32_t)len)] = '\0';
	}
	xmlNodeSetContent(n, NULL);
	xmlNodeAddContent(n, BAD_CAST text);
}

static void change_attribute(xmlNode *n)
{
	xmlAttr *a = n->properties;

	if (!a) {
		xmlNewProp(n, BAD_CAST "id", BAD_CAST "ref0");
		return;
	}
	switch (random_below(4)) {
	case 0:
		xmlRemoveProp(a);
		return;
	case 1: /* moved */
		xmlNewProp(any_element(), a->name, a->children ? a->children->content : NULL);
		xmlRemoveProp(a);
		return;
	case 2: /* doubled, elsewhere */
		xmlNewNsProp(any_element(), a->ns, a->name,
			     a->children ? a->children->content : NULL);
		return;
	default:
		if (a->children)
			change_text(a->children);
	}
}

/* Where a node goes: before, behind or into another. */
static void put(xmlNode *n, xmlNode *where)
{
	if (where->type == XML_ELEMENT_NODE && random_below(2))
		xmlAddChild(where, n);
	else if (where->parent && where->parent->type == XML_ELEMENT_NODE)
		xmlAddNextSibling(where, n);
	else
		xmlFreeNode(n);
}

static void exchange(xmlNode *a, xmlNode *b)
{
	xmlNode *copy;

	if (a == b || inside(a, b) || inside(b, a))
		return;
	copy = xmlCopyNode(a, 1);
	if (!copy)
		return;
	xmlReplaceNode(b, copy);
	xmlFreeNode(b);
}

static void change_tree(xmlDoc *doc)
{
	xmlNode *n, *other, *root = xmlDocGetRootElement(doc);

	list_nodes(doc);
	n = any_node();
	/* what keeps the shape gets as far as the signature */
	for (unsigned i = 0; i < 2 && n->type != XML_TEXT_NODE; i++)
		n = any_node();
	if (n->type == XML_TEXT_NODE && random_below(4)) {
		change_text(n);
		return;
	}
	if (n->type == XML_ELEMENT_NODE && random_below(5) == 0) {
		change_attribute(n);
		return;
	}
	if (n == root)
		return;
	switch (random_below(5)) {
	case 0:
		xmlUnlinkNode(n);
		xmlFreeNode(n);
		break;
	case 1: /* doubled, here or elsewhere */
		other = random_below(2) ? n : any_element();
		put(xmlCopyNode(n, 1), other);
		break;
	case 2: /* moved */
		other = any_element();
		if (!inside(other, n)) {
			xmlUnlinkNode(n);
			put(n, other);
		}
		break;
	case 3:
		if (n->type == XML_ELEMENT_NODE)
			xmlNodeSetName(n, any_element()->name);
		break;
	default: /* one in the place of another; never the root */
		other = any_node();
		if (other != root)
			exchange(n, other);
	}
}

static void change_octets(const struct cc_buf *from, struct cc_buf *to)
{
	uint32_t at = random_below((uint32_t)from->len);
	uint8_t octet = (uint8_t)random_below(256);

	cc_buf_put(to, from->data, at);
	switch (random_below(3)) {
	case 0:
		cc_buf_put(to, &octet, 1); /* insert */
		cc_buf_put(to, from->data + at, from->len - at);
		break;
	case 1:
		cc_buf_put(to, from->data + at + 1, from->len - at - 1);
		break;
	default:
		cc_buf_put(to, &octet, 1);
		cc_buf_put(to, from->data + at + 1, from->len - at - 1);
	}
}

static void mutate(const struct base *b, struct cc_buf *out)
{
	xmlDoc *doc;
	xmlChar *text = NULL;
	int len = 0;

	if (random_below(6) == 0) {
		change_octets(&b->text, out);
		return;
	}
	doc = xmlReadMemory((const char *)b->text.data, (int)b->text.len, NULL, NULL,
			    XML_PARSE_NONET);
	if (!doc)
		die("libxml2", "does not read a valid credential");
	for (uint32_t i = 0, n = 1 + (random_below(8) == 0); i < n; i++)
		change_tree(doc);
	xmlDocDumpMemoryEnc(doc, &text, &len, "utf-8");
	if (text)
		cc_buf_put(out, text, (size_t)len);
	xmlFree(text);
	xmlFreeDoc(doc);
}

/* ---- judging ---- */

static bool same_grant(const struct tr_grant *a, const struct tr_grant *b)
{
	bool same = memcmp(a->owner->hash, b->owner->hash, TR_HASH) == 0 && a->target &&
		    b->target && memcmp(a->target->hash, b->target->hash, TR_HASH) == 0 &&
		    a->ops == b->ops && a->expires == b->expires &&
		    a->delegations == b->delegations && a->n_privileges == b->n_privileges;

	for (unsigned i = 0; same && i < a->n_privileges; i++)
		same = strcmp(a->privileges[i].name, b->privileges[i].name) == 0 &&
		       a->privileges[i].can_delegate == b->privileges[i].can_delegate;
	return same;
}

static bool well_formed(const struct cc_buf *text)
{
	xmlDoc *doc = xmlReadMemory((const char *)text->data, (int)text->len, NULL, NULL,
				    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);

	xmlFreeDoc(doc);
	return doc != NULL;
}

static void keep(const char *folder, const char *kind, uint64_t number, const struct cc_buf *text)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s-%" PRIu64 ".xml", folder, kind, number);
	f = fopen(path, "w");
	if (!f || fwrite(text->data, 1, text->len, f) != text->len || fclose(f) != 0)
		die(path, "cannot be written");
}

static FILE *open_index(const char *folder)
{
	char path[512];
	FILE *f;

	for (unsigned i = 0; i < n_bases; i++)
		keep(folder, "base", i, &bases[i].text);
	snprintf(path, sizeof(path), "%s/index", folder);
	f = fopen(path, "w");
	if (!f)
		die(path, "cannot be written");
	return f;
}

static void print(const uint64_t *outcomes, uint64_t count, uint64_t whole, uint64_t unchanged)
{
	uint64_t reached = outcomes[0] + outcomes[CC_RULE_SIG_DIGEST] + outcomes[CC_RULE_SIG_VALUE];

	printf("{\"mutants\": %" PRIu64 ", \"unchanged\": %" PRIu64 ", \"well_formed\": %" PRIu64
	       ", \"reached\": %" PRIu64 ", \"accepted\": %" PRIu64 ", \"errors\": %" PRIu64,
	       count, unchanged, whole, reached, outcomes[0], outcomes[OTHER_ERRORS]);
	for (int i = 1; i < CC_RULE_COUNT; i++)
		if (outcomes[i])
			printf(", \"%s\": %" PRIu64, cc_rule_name(i), outcomes[i]);
	printf("}\n");
}

int main(int argc, char **argv)
{
	uint64_t outcomes[CC_RULE_COUNT + 1] = {0}, whole = 0, unchanged = 0, count, made = 0;
	struct tr_verifier *v;
	FILE *index;

	if (argc != 4) {
		fprintf(stderr, "usage: trust-mutants COUNT SEED FOLDER\n");
		return 2;
	}
	count = strtoull(argv[1], NULL, 10);
	random_state = strtoull(argv[2], NULL, 10) * 2 + 1;
	now = (int64_t)cc_clock_wall();
	v = open_verifier();
	index = open_index(argv[3]);
	while (made < count) {
		unsigned which = random_below(n_bases);
		const struct base *b = &bases[which];
		cc_cleanup(tr_grant_unrefp) struct tr_grant *grant = NULL;
		cc_cleanup(cc_buf_deinit) struct cc_buf text = {0};
		int r;

		mutate(b, &text);
		if (text.len == b->text.len && memcmp(text.data, b->text.data, text.len) == 0) {
			unchanged++;
			continue;
		}
		r = tr_cred_verify(v, (char *)text.data, text.len, now, &grant, NULL);
		outcomes[r < 0 ? OTHER_ERRORS : r]++;
		whole += well_formed(&text);
		made++;
		if (r)
			continue;
		if (!same_grant(grant, b->grant))
			die("an accepted mutant grants something else", (char *)text.data);
		keep(argv[3], "accepted", outcomes[0], &text);
		fprintf(index, "%" PRIu64 " %u\n", outcomes[0], which);
	}
	if (fclose(index) != 0)
		die("index", "cannot be written");
	print(outcomes, made, whole, unchanged);
	tr_verifier_free(v);
	for (unsigned i = 0; i < n_bases; i++) {
		cc_buf_deinit(&bases[i].text);
		tr_grant_unref(bases[i].grant);
	}
	return 0;
}
