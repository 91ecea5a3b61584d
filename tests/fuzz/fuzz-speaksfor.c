/* SPDX-License-Identifier: ISC */
/*
 * Speaks-for statements (tests/fuzz/template.h). The first line is of three letters: who signs, whose
 * tool uses it, whom it shall speak for. What nobody signed is refused; of what is accepted the
 * elements are looked up once more, by name, wherever they stand.
 */
#include <openssl/err.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "lib/base/util.h"
#include "lib/trust/speaksfor.h"
#include "lib/xml/doc.h"
#include "tests/fuzz/template.h"
#include "tests/unit/credkit.h"
#include "tests/fuzz/must.h"

#define TEXT 256

static struct tr_verifier *verifier;

/* ---- the statement, slowly ---- */

struct found {
	char keys[2][TEXT], role[TEXT];
	unsigned n_keys, n_roles, n_tails, n_heads;
};

static void copy_trimmed(const xmlNode *node, char out[TEXT])
{
	cc_cleanup(cc_freep) char *text = NULL;
	const char *begin;
	size_t len;

	MUST(xs_text(node, TEXT - 1, &text, NULL) == 0);
	begin = text + strspn(text, " \t\r\n");
	len = strlen(begin);
	while (len > 0 && strchr(" \t\r\n", begin[len - 1]))
		len--;
	memcpy(out, begin, len);
	out[len] = '\0';
}

static void find(const xmlNode *node, struct found *f)
{
	for (; node; node = node->next) {
		const char *name = (const char *)node->name;

		if (node->type != XML_ELEMENT_NODE)
			continue;
		f->n_tails += strcmp(name, "tail") == 0;
		f->n_heads += strcmp(name, "head") == 0;
		if (strcmp(name, "keyid") == 0 && f->n_keys++ < 2)
			copy_trimmed(node, f->keys[f->n_keys - 1]);
		if (strcmp(name, "role") == 0 && f->n_roles++ < 1)
			copy_trimmed(node, f->role);
		find(node->children, f);
	}
}

static void check_accepted(const char *text, const struct tr_gid *user, const struct tp *tool,
			   const char *spoken_for, int64_t until)
{
	cc_cleanup(xs_doc_freep) xmlDoc *doc = NULL;
	const char *role = "speaks_for_";
	struct found f = {0};

	MUST(xs_doc_parse(text, strlen(text), &xs_signed_limits, &doc, NULL) == 0);
	find(xmlDocGetRootElement(doc), &f);
	MUST(f.n_keys == 2 && f.n_roles == 1 && f.n_tails == 1 && f.n_heads == 1);
	MUST(strcasecmp(f.keys[0], user->key_id) == 0);
	MUST(strcasecmp(f.keys[1], tool->gid->key_id) == 0);
	MUST(strncmp(f.role, role, strlen(role)) == 0);
	MUST(strcasecmp(f.role + strlen(role), user->key_id) == 0);
	MUST(strcasecmp(user->urn, spoken_for) == 0 && strstr(user->urn, "+user+"));
	MUST(until >= TP_NOW && fz_count(text, "Signature") == 1);
}

static void judge(const char *text, const struct fz_template *t, bool is_signed)
{
	const struct tp *tool = fz_person(t->signers[1]), *user = fz_person(t->signers[2]);
	cc_cleanup(tr_gid_unrefp) struct tr_gid *got = NULL;
	struct cc_note why = {0};
	int64_t until = 0;
	int r;

	if (!tool || !user)
		return;
	r = tr_speaksfor_verify(verifier, text, strlen(text), TP_NOW, &tool->chain, user->gid->urn,
				&got, &until, &why);
	MUST(r >= 0 && (r == 0) == (got != NULL));
	MUST(r == 0 || (*why.text && why.code == CC_EDENIED));
	MUST(r != 0 || is_signed);
	MUST(ERR_peek_error() == 0);
	if (got)
		check_accepted(text, got, tool, user->gid->urn, until);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cc_cleanup(cc_freep) char *text = NULL;
	struct fz_template t;

	if (!verifier)
		verifier = ck_verifier(TR_ROOT_OURS);
	if (!fz_expand(data, size, &t))
		return 0;
	judge(t.text, &t, false);
	text = fz_sign(&t);
	if (text)
		judge(text, &t, true);
	free(t.text);
	return 0;
}
