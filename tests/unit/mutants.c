/* SPDX-License-Identifier: ISC */
/*
 * mutants [COUNT [SEED]]: changes valid signed messages in COUNT ways and holds the fast path
 * against plain CMS_verify: what the fast path accepts, CMS_verify must accept, with the same
 * content. (What it refuses, our long way must refuse.) Half of the mutants are let in as class
 * gid; some are made of messages of strangers. Either way of ours may take one for class bus only
 * if CMS_verify under our roots accepts it, and for class gid only if it does not, but the
 * signature holds.
 *
 * A message is parsed into a tree of DER values, the tree is changed and written with right
 * lengths; sometimes its attributes are signed again as they are now, because a signer, too, may
 * write nonsense; then single octets of the result, or of the content, are changed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/cc/cms_int.h"
#include "lib/cc/der.h"
#include "tests/unit/pki.h"

#define BODY "{\"req\": \"echo.request\", \"time\": 1795288846.2}"
#define NODES_MAX 4096
#define ARENA_MAX (256u << 10)
#define BASES_MAX 64

static uint64_t random_state;

/* xorshift64*: the same mutants for the same seed, everywhere */
static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * 0x2545f4914f6cdd1dULL) >> 32) % n;
}

/* A DER value: a leaf with a body, or the first of its children. Lists are linked by next; -1 ends. */
struct node {
	uint8_t tag;
	struct cc_bytes body;
	int child, next;
	bool in_certs;
};

static struct node nodes[NODES_MAX];
static int n_nodes;
static uint8_t arena[ARENA_MAX];
static size_t arena_used;

struct base {
	struct cc_buf sig;
	bool detached;
	const struct pki *signer;
	const char *md;
};

static struct base bases[BASES_MAX];
static size_t n_bases;

/* Parses a list of values; -1: not DER, or empty. */
static int parse(struct cc_bytes in, struct cc_bytes certs)
{
	int first = -1, *link = &first;
	struct cc_der d;

	while (in.len > 0) {
		struct node *n = &nodes[n_nodes];

		if (!cc_der_next(&in, &d) || n_nodes == NODES_MAX)
			return -1;
		*n = (struct node){.tag = d.tag, .body = d.body, .child = -1, .next = -1};
		n->in_certs = d.whole.data >= certs.data && d.whole.data < certs.data + certs.len;
		*link = n_nodes++;
		link = &n->next;
		if (d.tag & 0x20)
			n->child = parse(d.body, certs);
	}
	return first;
}

static size_t list_size(int at);

static size_t body_size(const struct node *n)
{
	return n->child >= 0 ? list_size(n->child) : n->body.len;
}

static size_t list_size(int at)
{
	size_t size = 0;

	for (; at >= 0; at = nodes[at].next)
		size += cc_der_size(body_size(&nodes[at]));
	return size;
}

static uint8_t *write_list(int at, uint8_t *p)
{
	for (; at >= 0; at = nodes[at].next) {
		const struct node *n = &nodes[at];

		p = cc_der_put_header(p, n->tag, body_size(n));
		if (n->child >= 0) {
			p = write_list(n->child, p);
		} else {
			memcpy(p, n->body.data, n->body.len);
			p += n->body.len;
		}
	}
	return p;
}

/* The body of a node in memory of its own, so that it can stand inside itself. */
static struct cc_bytes flatten(const struct node *n)
{
	size_t len = body_size(n);
	uint8_t *copy = arena + arena_used;

	if (arena_used + len > ARENA_MAX)
		return (struct cc_bytes){arena, 0};
	if (n->child >= 0)
		write_list(n->child, copy);
	else
		memcpy(copy, n->body.data, n->body.len);
	arena_used += len;
	return (struct cc_bytes){copy, len};
}

static void make_leaf(struct node *n, uint8_t tag, struct cc_bytes body)
{
	n->tag = tag;
	n->body = body;
	n->child = -1;
}

/* The last node of this tag in a list; -1: none. */
static int last_of(int at, uint8_t tag)
{
	int found = -1;

	for (; at >= 0; at = nodes[at].next)
		if (nodes[at].tag == tag)
			found = at;
	return found;
}

/* Signs the attributes as they stand, where there are some. */
static void resign(int root, const struct base *base)
{
	static const uint8_t path[] = {CC_DER_SEQUENCE, CC_DER_CONTEXT_0, CC_DER_SEQUENCE,
				       CC_DER_SET, CC_DER_SEQUENCE};
	uint8_t header[CC_DER_HEADER_MAX], *end;
	int at = root, attrs, signature;
	struct cc_bytes body;
	EVP_MD_CTX *ctx;
	size_t len;

	for (size_t i = 0; i < sizeof(path); i++) {
		at = last_of(at, path[i]);
		at = at >= 0 ? nodes[at].child : -1;
	}
	attrs = last_of(at, CC_DER_CONTEXT_0);
	signature = last_of(at, CC_DER_OCTETS);
	if (attrs < 0 || signature < 0)
		return;
	body = flatten(&nodes[attrs]);
	end = cc_der_put_header(header, CC_DER_SET, body.len);
	len = ARENA_MAX - arena_used;
	ctx = EVP_MD_CTX_new();
	EVP_DigestSignInit(ctx, NULL, EVP_get_digestbyname(base->md), NULL, base->signer->key);
	EVP_DigestSignUpdate(ctx, header, (size_t)(end - header));
	EVP_DigestSignUpdate(ctx, body.data, body.len);
	EVP_DigestSignFinal(ctx, arena + arena_used, &len);
	make_leaf(&nodes[signature], CC_DER_OCTETS, (struct cc_bytes){arena + arena_used, len});
	arena_used += len;
	EVP_MD_CTX_free(ctx);
}

/* Mostly outside the certificates, which are many of the octets and few of the decisions. */
static int random_node(int below)
{
	int at = 0;

	for (int tries = 0; tries < 20; tries++) {
		at = (int)random_below((uint32_t)below);
		if (!nodes[at].in_certs)
			break;
	}
	return at;
}

static void insert_after(int at, struct node new)
{
	if (n_nodes == NODES_MAX)
		return;
	new.next = nodes[at].next;
	nodes[n_nodes] = new;
	nodes[at].next = n_nodes++;
}

static void swap_with_next(struct node *n)
{
	struct node *other = n->next >= 0 ? &nodes[n->next] : n, old = *n;

	n->tag = other->tag;
	n->body = other->body;
	n->child = other->child;
	other->tag = old.tag;
	other->body = old.body;
	other->child = old.child;
}

/* Another name where a name stands: every algorithm, type and attribute that the walk knows. */
static void change_oid(struct node *n)
{
	const struct cc_bytes *oids[] = {&cc_oid_data,	       &cc_oid_signed_data,
					 &cc_oid_content_type, &cc_oid_message_digest,
					 &cc_oid_signing_time, &cc_oid_smime_capabilities,
					 &cc_oid_rsa};
	uint32_t pick = random_below(CC_ARRAY_SIZE(oids) + 3 * CC_DIGEST_COUNT);
	const struct cc_digest *d = &cc_digests[pick % CC_DIGEST_COUNT];
	struct cc_bytes oid = pick < CC_ARRAY_SIZE(oids)		     ? *oids[pick]
			      : pick < CC_ARRAY_SIZE(oids) + CC_DIGEST_COUNT ? d->oid
			      : pick % 2				     ? d->rsa_oid
									     : d->ecdsa_oid;

	make_leaf(n, CC_DER_OID, (struct cc_bytes){oid.data + 2, oid.len - 2});
}

static void mutate_tree(int parsed)
{
	static const uint8_t tags[] = {0x02, 0x04, 0x05, 0x06, 0x0c, 0x17, 0x18,
				       0x24, 0x30, 0x31, 0x80, 0xa0, 0xa1};
	static const uint8_t small[] = {0, 1, 2, 3, 5};
	int at = random_node(parsed);
	struct node *n = &nodes[at], *other = &nodes[random_node(parsed)];

	switch (random_below(9)) {
	case 0: /* twice */
		insert_after(at, *n);
		break;
	case 1: /* away: the next one, or the first one below */
		if (n->child >= 0)
			n->child = nodes[n->child].next;
		else if (n->next >= 0)
			n->next = nodes[n->next].next;
		break;
	case 2:
		swap_with_next(n);
		break;
	case 3: /* replaced by another value of this or the next message */
		make_leaf(n, other->tag, flatten(other));
		break;
	case 4: /* another value behind it */
		insert_after(at,
			     (struct node){.tag = other->tag, .body = flatten(other), .child = -1});
		break;
	case 5:
		n->tag = tags[random_below(sizeof(tags))];
		break;
	case 6: /* a version, or nonsense where no number stands */
		make_leaf(n, CC_DER_INTEGER, (struct cc_bytes){small + random_below(5), 1});
		break;
	case 7: /* parameters */
		insert_after(at,
			     (struct node){.tag = CC_DER_NULL, .body = {arena, 0}, .child = -1});
		break;
	default:
		for (int i = 0; i < 50 && nodes[at].tag != CC_DER_OID; i++)
			at = random_node(parsed);
		change_oid(&nodes[at]);
	}
}

static void mutate_octets(struct cc_buf *b)
{
	/* the tail is the SignerInfo */
	size_t window = random_below(4) ? 420 : b->len, at;
	uint8_t octet = (uint8_t)random_below(256);

	if (b->len == 0)
		return;
	at = b->len - 1 - random_below((uint32_t)(window < b->len ? window : b->len));
	switch (random_below(5)) {
	case 0:
	case 1:
		b->data[at] ^= (uint8_t)(1u << random_below(8));
		break;
	case 2:
		b->data[at] = octet;
		break;
	case 3: /* one more; at the end as likely as anywhere */
		if (cc_buf_put(b, &octet, 1) < 0 || random_below(2))
			break;
		memmove(b->data + at + 1, b->data + at, b->len - 1 - at);
		b->data[at] = octet;
		break;
	default:
		memmove(b->data + at, b->data + at + 1, b->len - 1 - at);
		b->len--;
	}
}

/* A mutant of a message; its tree may take values from a second one. */
static void make_mutant(const struct base *base, const struct base *second, struct cc_buf *sig,
			struct cc_buf *body)
{
	struct cc_cms_frame frame, other = {0};
	uint32_t of_tree = random_below(3), of_octets = random_below(3);
	int root, parsed;

	cc_cms_frame_read(pki_bytes(&base->sig), &frame);
	cc_cms_frame_read(pki_bytes(&second->sig), &other);
	n_nodes = 0;
	arena_used = 0;
	root = parse(pki_bytes(&base->sig), frame.certs);
	parse(pki_bytes(&second->sig), other.certs);
	parsed = n_nodes;
	for (uint32_t i = 0; i < of_tree; i++)
		mutate_tree(parsed);
	if (of_tree > 0 && random_below(2))
		resign(root, base);
	cc_buf_reset(sig);
	if (cc_buf_reserve(sig, list_size(root)))
		sig->len = (size_t)(write_list(root, sig->data) - sig->data);
	for (uint32_t i = 0; i < of_octets; i++)
		mutate_octets(sig);
	cc_buf_reset(body);
	cc_buf_puts(body, BODY);
	if (random_below(6) == 0)
		mutate_octets(body);
}

static struct {
	unsigned not_der, undecided, accepted, refused, unsound, unkind;
	unsigned long_way, strangers; /* accepted by it; of class gid, either way */
} totals;

static void report(const char *what, const struct cc_buf *sig)
{
	printf("%s:", what);
	for (size_t i = 0; i < sig->len; i++)
		printf("%02x", sig->data[i]);
	printf("\n");
}

/* A mutant as it is asked for, again and again. */
struct question {
	struct cc_cms *cms;
	X509_STORE *roots;
	const struct cc_buf *sig;
	struct cc_cms_check check;
};

static void unsound(const struct question *q, const char *what)
{
	totals.unsound++;
	report(what, q->sig);
}

/* What was accepted: class bus under the roots, class gid by its signature, and not under them. */
static void check_accepted(const struct question *q, const struct cc_cms_check *got)
{
	bool ours = pki_oracle(q->roots, got->sig, got->content, got->detached);

	if (got->signer->cls == CC_CLASS_BUS) {
		if (!ours)
			unsound(q, "accepted, but not by CMS_verify");
		return;
	}
	totals.strangers++;
	if (!(got->flags & CC_CMS_ALLOW_GID) || ours ||
	    !pki_oracle(NULL, got->sig, got->content, got->detached))
		unsound(q, "accepted as a stranger's, but is not one");
}

/*
 * frame: what is accepted is remembered, so that later mutants meet mutants. @return whether it was
 * accepted.
 */
static bool take_long_way(const struct question *q, const struct cc_cms_frame *frame,
			  enum cc_signer_class *cls)
{
	struct cc_cms_check check = q->check;

	if (cc_cms_full(q->cms, frame, &check) != 0)
		return false;
	check_accepted(q, &check);
	*cls = check.signer->cls;
	cc_signer_unref(check.signer);
	CMS_ContentInfo_free(cc_steal(&q->cms->unpacked));
	return true;
}

static void check_fast(const struct question *q, const struct cc_cms_check *got)
{
	enum cc_signer_class cls;

	totals.accepted++;
	check_accepted(q, got);
	if (!take_long_way(q, NULL, &cls) || cls != got->signer->cls)
		unsound(q, "accepted, but not the long way, or not as the same class");
	cc_signer_unref(got->signer);
}

static void judge(const struct question *q)
{
	struct cc_cms_check check = q->check;
	enum cc_signer_class cls;
	struct cc_cms_frame frame;
	bool der = cc_cms_frame_read(check.sig, &frame);
	int r = der ? cc_cms_fast(q->cms, &frame, &check) : CC_CMS_UNDECIDED;

	if (r == 0) {
		check_fast(q, &check);
	} else if (r == CC_CMS_UNDECIDED) {
		totals.undecided += der;
		totals.not_der += !der;
		totals.long_way += take_long_way(q, der ? &frame : NULL, &cls);
	} else {
		totals.refused++;
		if (take_long_way(q, NULL, &cls)) {
			totals.unkind++;
			report("refused, but not the long way", q->sig);
		}
	}
}

static void add_bases(const struct pki *signer, const struct pki *sub, const char *md)
{
	static const unsigned forms[] = {0, CMS_NOSMIMECAP, CMS_NOATTR};

	for (size_t i = 0; i < CC_ARRAY_SIZE(forms); i++) {
		for (int detached = 0; detached < 2; detached++) {
			CMS_ContentInfo *ci =
				pki_sign(signer, BODY, md,
					 CMS_BINARY | forms[i] | (detached ? CMS_DETACHED : 0));

			if (sub)
				CMS_add1_cert(ci, sub->cert);
			bases[n_bases++] = (struct base){pki_der(ci), detached, signer, md};
		}
	}
}

/* Every signer is met once, so that its mutants are for the fast path to decide. */
static bool prime(struct cc_cms *cms)
{
	const struct cc_signer *signer;
	struct cc_bytes content;

	for (size_t i = 0; i < n_bases; i++) {
		struct cc_bytes sig = pki_bytes(&bases[i].sig);
		int r = bases[i].detached
				? cc_cms_verify(cms, sig, pki_text(BODY), CC_CMS_ALLOW_GID, &signer)
				: cc_cms_verify_attached(cms, sig, CC_CMS_ALLOW_GID, &content,
							 &signer);

		if (r != 0)
			return false;
		cc_signer_unref(signer);
	}
	return true;
}

static int finish(unsigned long count, unsigned long seed)
{
	unsigned decided = totals.accepted + totals.refused;

	printf("%lu mutants, seed %lu: fast path decided %u (accepted %u, refused %u), left %u, "
	       "not DER %u; "
	       "long way accepted %u; class gid %u; "
	       "accepted against CMS_verify %u, refused against the long way %u\n",
	       count, seed, decided, totals.accepted, totals.refused, totals.undecided,
	       totals.not_der, totals.long_way, totals.strangers, totals.unsound, totals.unkind);
	return decided > 0 && totals.strangers > 0 && totals.unsound == 0 && totals.unkind == 0 ? 0
												: 1;
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 5000;
	unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
	char *dir = pki_folder();
	struct pki *ca = pki_make(&(struct pki_spec){.cn = "ca", .ca = true}, NULL);
	struct pki *sub = pki_make(&(struct pki_spec){.cn = "sub", .ca = true}, ca);
	struct pki *ec = pki_make(&(struct pki_spec){.cn = "ec"}, ca);
	struct pki *rsa = pki_make(&(struct pki_spec){.cn = "rsa", .kind = "RSA-2048"}, ca);
	struct pki *deep = pki_make(&(struct pki_spec){.cn = "deep", .kind = "P-384"}, sub);
	struct pki *rogue = pki_make(&(struct pki_spec){.cn = "ca", .ca = true}, NULL);
	struct pki *gid = pki_make(&(struct pki_spec){.cn = "ec"}, rogue);
	struct pki *self = pki_make(&(struct pki_spec){.cn = "rsa", .kind = "RSA-2048"}, NULL);
	struct cc_buf sig = {0}, body = {0};
	X509_STORE *roots = pki_roots(ca);
	struct cc_cms *cms;
	int r = 1;

	random_state = seed * 2 + 1;
	pki_save(ca, dir, "ca");
	cms = pki_context(dir, &(struct pki_store){.verify = "ca"});
	add_bases(ec, NULL, "SHA256");
	add_bases(rsa, NULL, "SHA256");
	add_bases(rsa, NULL, "SHA512");
	add_bases(deep, sub, "SHA384");
	add_bases(gid, rogue, "SHA256");
	add_bases(gid, ec, "SHA256"); /* with a certificate of ours beside it */
	add_bases(self, NULL, "SHA256");
	if (prime(cms)) {
		for (unsigned long i = 0; i < count; i++) {
			const struct base *base = &bases[random_below((uint32_t)n_bases)];

			make_mutant(base, &bases[random_below((uint32_t)n_bases)], &sig, &body);
			judge(&(struct question){
				cms,
				roots,
				&sig,
				{.sig = pki_bytes(&sig),
				 .content = pki_bytes(&body),
				 .detached = base->detached,
				 .flags = random_below(2) ? CC_CMS_ALLOW_GID : 0}});
		}
		r = finish(count, seed);
	}
	cc_cms_free(cms);
	for (size_t i = 0; i < n_bases; i++)
		cc_buf_deinit(&bases[i].sig);
	cc_buf_deinit(&sig);
	cc_buf_deinit(&body);
	X509_STORE_free(roots);
	pki_free(ca);
	pki_free(sub);
	pki_free(ec);
	pki_free(rsa);
	pki_free(deep);
	pki_free(rogue);
	pki_free(gid);
	pki_free(self);
	pki_folder_remove(dir);
	return r;
}
