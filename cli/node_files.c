/* SPDX-License-Identifier: ISC */
/* What a node gets when it joins: looked at, and written where its ccserver and daemons find it. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/node.h"
#include "lib/base/file.h"
#include "lib/base/util.h"
#include "lib/xml/ossl.h"

#define ROOTS_MAX 1000 /* a testbed trusts a few */

/* ---- looking ---- */

static int bad(struct cc_note *why, const char *what)
{
	return cc_note_set(why, CC_EFORMAT, "what the registry answered is not used: %s", what);
}

/* One certificate of this key: the bus believes it for a name that it gives, not for what it says here. */
static int check_certificate(const char *pem, const EVP_PKEY *key, struct cc_note *why)
{
	cc_cleanup(xs_pkey_freep) EVP_PKEY *own = NULL;

	if (!pem || tr_key_read_public(pem, strlen(pem), &own, NULL))
		return bad(why, "its certificate cannot be read");
	return EVP_PKEY_eq(own, key) == 1 ? 0 : bad(why, "its certificate is of another key");
}

static int check_gid(const char *pem, const EVP_PKEY *key, const char *hrn, struct cc_note *why)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
	char want[TR_NAME_MAX + 1], urn[TR_NAME_MAX + 1];

	if (!pem || tr_gids_read(NULL, pem, strlen(pem), &gids, NULL))
		return bad(why, "its GID cannot be read");
	if (EVP_PKEY_eq(gids.items[0]->key, key) != 1)
		return bad(why, "its GID is of another key");
	snprintf(urn, sizeof(urn), "%s", gids.items[0]->urn);
	if (tr_hrn_to_urn(hrn, "node", want, NULL) || !tr_urn_equal(urn, want))
		return bad(why, "its GID has another name");
	return 0;
}

static int check_roots(const json_t *roots, struct cc_note *why)
{
	const json_t *root;
	size_t i;

	if (json_array_size(roots) == 0 || json_array_size(roots) > ROOTS_MAX)
		return bad(why, "no roots");
	json_array_foreach(roots, i, root)
	{
		cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
		const char *pem = json_string_value(root);

		if (!pem || tr_gids_read(NULL, pem, strlen(pem), &gids, NULL))
			return bad(why, "a root cannot be read");
	}
	return 0;
}

int node_answer_read(const json_t *value, const EVP_PKEY *key, const char *hrn,
		     struct node_answer *out, struct cc_note *why)
{
	cc_cleanup(xs_pkey_freep) EVP_PKEY *ca_key = NULL;
	struct node_answer a = {
		.gid = json_string_value(json_object_get(value, "gid")),
		.certificate = json_string_value(json_object_get(value, "certificate")),
		.ca = json_string_value(json_object_get(value, "ca")),
		.realm = json_string_value(json_object_get(value, "realm")),
		.roots = json_object_get(value, "roots"),
	};
	int r = check_gid(a.gid, key, hrn, why);

	if (!r)
		r = check_certificate(a.certificate, key, why);
	if (!r)
		r = check_roots(a.roots, why);
	if (!r && (!a.ca || tr_key_read_public(a.ca, strlen(a.ca), &ca_key, NULL)))
		r = bad(why, "its CA cannot be read");
	if (!r && a.realm && strpbrk(a.realm, "%\r\n"))
		r = bad(why, "its realm is odd");
	if (!r)
		*out = a;
	return r;
}

/* ---- writing ---- */

static int write_file(const char *dir, const char *name, const char *text, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = cc_file_join(dir, name);

	return path ? cc_file_write(path, text, strlen(text), 0644, true, why)
		    : cc_raise(CC_ENOMEM);
}

/* Names of files: the HRN says which root it is, where it can; the number tells them apart. */
static int write_root(const char *dir, size_t number, const char *pem, struct cc_note *why)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
	char name[64], hrn[TR_NAME_MAX + 1] = "";

	if (tr_gids_read(NULL, pem, strlen(pem), &gids, NULL) == 0)
		snprintf(hrn, sizeof(hrn), "%s", gids.items[0]->hrn);
	for (char *c = hrn; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", *c))
			*c = '_';
	snprintf(name, sizeof(name), "roots/%03zu-%.32s.pem", number, hrn);
	return write_file(dir, name, pem, why);
}

static int write_roots(const char *dir, const json_t *roots, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = cc_file_join(dir, "roots");
	const json_t *root;
	size_t i;
	int r = 0;

	if (!path)
		return cc_raise(CC_ENOMEM);
	mkdir(path, 0755); /* there already: what is written says whether it will do */
	json_array_foreach(roots, i, root)
	{
		if (!r)
			r = write_root(dir, i + 1, json_string_value(root), why);
	}
	return r;
}

static void put_conf(struct cc_buf *b, const struct node_answer *a, const char *dir,
		     const struct node_token *t, const char *cc)
{
	cc_buf_printf(
		b,
		"# A local server of the node %s, as ccfed node init wrote it; conf/local.ini "
		"explains each option.\n"
		"[ccserver]\ncc-role = local\n"
		"cc-socket = tcp://127.0.0.1:22632\n"
		"cms-keystore = %s\ncms-verify-ca = ca\ncms-sign = node\n",
		t->hrn, dir);
	if (a->realm && *a->realm)
		cc_buf_printf(b, "cc-realm = %s\n", a->realm);
	cc_buf_printf(b,
		      "\n[routes]\necho = h:proxy\npub = h:proxy\nticket = h:proxy\nsliver = "
		      "h:proxy\ntask = h:proxy\nlog = h:log\n"
		      "\n[policy]\nlog = any\n\n[servers]\n* = %s\n"
		      "\n[h:proxy]\nhandler = proxy\nremote-cc = %s\nping = yes\n",
		      a->server, cc);
	if (*t->curve)
		cc_buf_puts(b, "remote-curve = remote\n");
	cc_buf_puts(b, "\n[h:log]\nhandler = locallogger\n");
}

static int write_conf(const struct node_answer *a, const char *dir, const struct node_token *t,
		      const char *cc, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(65536);
	cc_cleanup(cc_freep) char *whole = realpath(dir, NULL);

	if (!whole || strchr(whole, '%') || strchr(cc, '%') || strpbrk(a->server, "%\r\n,"))
		return cc_note_set(why, CC_EINVAL, "%s, %s or %s cannot stand in a configuration",
				   dir, cc, a->server);
	put_conf(&b, a, whole, t, cc);
	return b.err ? b.err : write_file(dir, "ccserver.ini", (const char *)b.data, why);
}

/* ---- all of it ---- */

static int write_line(const char *dir, const char *name, const char *text, struct cc_note *why)
{
	char line[256];

	snprintf(line, sizeof(line), "%s\n", text);
	return write_file(dir, name, line, why);
}

int node_answer_write(const struct node_answer *a, const char *dir, const struct node_token *t,
		      const char *cc, const char *epoch, struct cc_note *why)
{
	int r = write_file(dir, "node.gid", a->gid, why);

	if (!r)
		r = write_roots(dir, a->roots, why);
	if (!r)
		r = write_file(dir, "ca.crt", a->ca, why);
	if (!r && *t->curve)
		r = write_line(dir, "remote.curve", t->curve, why);
	if (!r)
		r = write_line(dir, "epoch", epoch, why);
	if (!r)
		r = write_conf(a, dir, t, cc, why);
	/* last: who has it can speak on the bus */
	return r ? r : write_file(dir, "node.crt", a->certificate, why);
}
