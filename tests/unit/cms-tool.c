/* SPDX-License-Identifier: ISC */
/*
 * Drives lib/cc/cms from a shell, for interoperability tests with other CMS programs:
 *
 *   cms-tool ca|issue --keystore DIR --name NAME [--ca CA] [--kind p256|rsa2048|rsa3072] [--urn URN]
 *   cms-tool crl --keystore DIR --ca CA [--name NAME]   its CRL, with this certificate in it
 *   cms-tool sign|verify|encrypt|decrypt --keystore DIR [option ...] < in > out
 *
 * verify writes the signer's name, or with --attached the content. Exit: 0 done, 1 refused (the fault's name on stderr),
 * 2 not done.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/limits.h"
#include "lib/cc/cms.h"
#include "lib/cc/keys.h"

struct tool {
	const char *dir, *ca, *crl, *name, *sign, *encrypt, *decrypt, *content, *urn;
	const char *kind, *cipher;
	bool attached, sha1, gid, slow;
	struct cc_cms *cms;
	struct cc_buf in, out;
};

static int fail(const char *what)
{
	fprintf(stderr, "%s\n", what);
	return 2;
}

/* The position of a word in a list that ends with NULL; -1: it is not there. */
static int find(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

static int read_stdin(struct cc_buf *in)
{
	uint8_t chunk[65536];
	ssize_t n;

	while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0)
		if (cc_buf_put(in, chunk, (size_t)n) < 0)
			return -1;
	return (int)n;
}

static int finish(struct tool *t, int r)
{
	if (r > 0) {
		fprintf(stderr, "%s\n", cc_cms_fault_name(r));
		return 1;
	}
	if (r < 0)
		return fail(cc_err_text(r));
	fwrite(t->out.data, 1, t->out.len, stdout);
	return 0;
}

static int run_sign(struct tool *t)
{
	struct cc_bytes content = {t->in.data, t->in.len};

	return finish(t, cc_cms_sign(t->cms, content, t->attached, &t->out));
}

static int run_verify(struct tool *t)
{
	unsigned flags = (t->sha1 ? CC_CMS_ALLOW_SHA1 : 0) | (t->gid ? CC_CMS_ALLOW_GID : 0);
	struct cc_bytes sig = {t->in.data, t->in.len}, content = {0};
	cc_cleanup(cc_freep) char *text = NULL;
	const struct cc_signer *signer = NULL;
	int r;

	if (t->attached) {
		r = cc_cms_verify_attached(t->cms, sig, flags, &content, &signer);
		if (r == 0)
			cc_buf_put(&t->out, content.data, content.len);
	} else {
		if (cc_file_read(t->content ? t->content : "", CC_MSG_MAX, &text, &content.len,
				 NULL) < 0)
			return fail("cannot read --content");
		content.data = (uint8_t *)text;
		r = cc_cms_verify(t->cms, sig, content, flags, &signer);
		if (r == 0)
			cc_buf_puts(&t->out, signer->name);
	}
	cc_signer_unref(signer);
	return finish(t, r);
}

static int run_encrypt(struct tool *t)
{
	return finish(t, cc_cms_encrypt(t->cms, (struct cc_bytes){t->in.data, t->in.len}, &t->out));
}

static int run_decrypt(struct tool *t)
{
	return finish(t, cc_cms_decrypt(t->cms, (struct cc_bytes){t->in.data, t->in.len}, &t->out));
}

static int make_key(struct tool *t, bool ca)
{
	static const char *const kinds[] = {"", "p256", "rsa2048", "rsa3072", NULL};
	struct cc_keys_request rq = {.dir = t->dir, .name = t->name, .urn = t->urn, .days = 30};
	struct cc_note why = {0};
	int r;

	rq.kind = find(kinds, t->kind);
	if (!t->name || (int)rq.kind < 1 || (!ca && !t->ca))
		return fail("needs --name, a --kind, and --ca");
	r = ca ? cc_keys_init_ca(&rq, &why) : cc_keys_issue(&rq, t->ca, &why);
	return r < 0 ? fail(why.text) : 0;
}

enum { VERIFY, CRL, SIGN, ENCRYPT, DECRYPT, LISTS };

static int parse_lists(const struct tool *t, struct cf_list *lists)
{
	const char *texts[LISTS] = {t->ca, t->crl, t->sign, t->encrypt, t->decrypt};
	int r = 0;

	for (int i = 0; r == 0 && i < LISTS; i++)
		r = cf_list_parse(texts[i], &lists[i]);
	return r;
}

static int make_crl(struct tool *t)
{
	struct cc_keys_crl_request rq = {.dir = t->dir, .ca = t->ca, .days = 30};
	struct cc_note why = {0};
	int r = cc_keys_revoke(&rq, &t->name, t->name ? 1 : 0, &why);

	return r < 0 ? fail(why.text) : 0;
}

static int with_context(struct tool *t, int (*run)(struct tool *t))
{
	static const char *const ciphers[] = {"aes256-gcm", "aes128-cbc", "aes256-cbc", NULL};
	struct cf_list lists[LISTS] = {0};
	struct cc_keystore_conf conf = {.dir = t->dir,
					.verify = &lists[VERIFY],
					.crl = &lists[CRL],
					.sign = &lists[SIGN],
					.encrypt = &lists[ENCRYPT],
					.decrypt = &lists[DECRYPT]};
	cc_cleanup(cc_keystore_unrefp) struct cc_keystore *ks = NULL;
	struct cc_cms_conf cms = {.no_fast_path = t->slow};
	struct cc_note why = {0};
	int r = 2;

	if (find(ciphers, t->cipher) < 0)
		return fail("unknown --cipher");
	conf.cipher = find(ciphers, t->cipher);
	if (parse_lists(t, lists) < 0)
		r = fail("no memory");
	else if (cc_keystore_load(&conf, &ks, &why) < 0)
		r = fail(why.text);
	else if (cc_cms_new(&t->cms, ks, &cms) < 0)
		r = fail("cannot make a context");
	else
		r = read_stdin(&t->in) < 0 ? fail("cannot read stdin") : run(t);
	for (int i = 0; i < LISTS; i++)
		cf_list_deinit(&lists[i]);
	return r;
}

enum {
	OPT_KEYSTORE = 1,
	OPT_CA,
	OPT_CRL,
	OPT_NAME,
	OPT_SIGN,
	OPT_ENCRYPT,
	OPT_DECRYPT,
	OPT_CONTENT,
	OPT_URN,
	OPT_KIND,
	OPT_CIPHER
};

static int parse(struct tool *t, int argc, char **argv)
{
	int yes = 0, sha1 = 0, gid = 0, slow = 0, c;
	const struct option options[] = {
		{"keystore", 1, NULL, OPT_KEYSTORE},
		{"ca", 1, NULL, OPT_CA},
		{"crl", 1, NULL, OPT_CRL},
		{"name", 1, NULL, OPT_NAME},
		{"sign", 1, NULL, OPT_SIGN},
		{"encrypt", 1, NULL, OPT_ENCRYPT},
		{"decrypt", 1, NULL, OPT_DECRYPT},
		{"content", 1, NULL, OPT_CONTENT},
		{"urn", 1, NULL, OPT_URN},
		{"kind", 1, NULL, OPT_KIND},
		{"cipher", 1, NULL, OPT_CIPHER},
		{"attached", 0, &yes, 1},
		{"sha1", 0, &sha1, 1},
		{"gid", 0, &gid, 1},
		{"slow", 0, &slow, 1},
		{0},
	};
	const char **slots[] = {
		[OPT_KEYSTORE] = &t->dir,    [OPT_CA] = &t->ca,
		[OPT_CRL] = &t->crl,	     [OPT_NAME] = &t->name,
		[OPT_SIGN] = &t->sign,	     [OPT_ENCRYPT] = &t->encrypt,
		[OPT_DECRYPT] = &t->decrypt, [OPT_CONTENT] = &t->content,
		[OPT_URN] = &t->urn,	     [OPT_KIND] = &t->kind,
		[OPT_CIPHER] = &t->cipher,
	};

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return -1;
		if (c > 0)
			*slots[c] = optarg;
	}
	t->attached = yes;
	t->sha1 = sha1;
	t->gid = gid;
	t->slow = slow;
	return optind == argc - 1 && t->dir ? 0 : -1;
}

static int run_command(struct tool *t, const char *command)
{
	static const char *const names[] = {"sign", "verify", "encrypt", "decrypt", NULL};
	static int (*const runs[])(struct tool *) = {run_sign, run_verify, run_encrypt,
						     run_decrypt};
	int at = find(names, command);

	if (at >= 0)
		return with_context(t, runs[at]);
	if (strcmp(command, "ca") == 0 || strcmp(command, "issue") == 0)
		return make_key(t, strcmp(command, "ca") == 0);
	if (strcmp(command, "crl") == 0)
		return make_crl(t);
	return fail("unknown command");
}

int main(int argc, char **argv)
{
	struct tool t = {.ca = "",
			 .crl = "",
			 .sign = "",
			 .encrypt = "",
			 .decrypt = "",
			 .kind = "p256",
			 .cipher = "aes256-gcm"};
	int r;

	if (parse(&t, argc, argv) < 0)
		return fail("usage: cms-tool COMMAND --keystore DIR [option ...]");
	r = run_command(&t, argv[optind]);
	cc_cms_free(t.cms);
	cc_buf_deinit(&t.in);
	cc_buf_deinit(&t.out);
	return r;
}
