/* SPDX-License-Identifier: ISC */
/* ccfed gid make: an authority names a principal and its key. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/trust_make.h"
#include "lib/base/file.h"
#include "lib/xml/ossl.h"

#define KEY_TEXT_MAX (16u << 10)

const char trust_gid_make_details[] =
	"  --authority HRN   who signs\n" TRUST_DIR_HELP
	"  --urn URN         name of the user, slice, node, tool or authority\n"
	"  --public-key FILE its key in PEM, or a certificate with it, or\n"
	"  --csr FILE        a certificate request, which shows that who asks has the key, or\n"
	"  --ssh-key FILE    the line of an ssh key (RSA or ECDSA), or\n"
	"  --new-key FILE    a new private key, written there (never over another file)\n"
	"  --p256            a new key of P-256 instead of RSA-2048\n"
	"  --email ADDRESS   put into the certificate\n"
	"  --uuid UUID       of an earlier GID (default: a new one)\n"
	"  --days N          validity (default 365), cut to that of the authority\n" TRUST_OUT_HELP
	"Writes the chain as PEM, the new certificate first.\n";

static const struct option options[] = {
	{"authority", required_argument, NULL, TRUST_OPT_AUTHORITY},
	{"dir", required_argument, NULL, TRUST_OPT_DIR},
	{"urn", required_argument, NULL, TRUST_OPT_URN},
	{"public-key", required_argument, NULL, TRUST_OPT_PUBLIC_KEY},
	{"csr", required_argument, NULL, TRUST_OPT_CSR},
	{"ssh-key", required_argument, NULL, TRUST_OPT_SSH_KEY},
	{"new-key", required_argument, NULL, TRUST_OPT_NEW_KEY},
	{"p256", no_argument, NULL, TRUST_OPT_P256},
	{"email", required_argument, NULL, TRUST_OPT_EMAIL},
	{"uuid", required_argument, NULL, TRUST_OPT_UUID},
	{"days", required_argument, NULL, TRUST_OPT_DAYS},
	{"out", required_argument, NULL, TRUST_OPT_OUT},
	{"help", no_argument, NULL, TRUST_OPT_HELP},
	{0},
};

/* ---- keys ---- */

/* The one file that a key is to be read from; NULL: a new key. */
static const char *key_path(const struct trust_make *m)
{
	return m->public_key ? m->public_key : m->csr ? m->csr : m->ssh_key;
}

/* csr: only a request, which shows that who asks has the key, will do. */
static int read_public(const char *path, bool csr, EVP_PKEY **out, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *text = NULL;
	struct cc_note reason = {0};
	size_t len;
	int r = cc_file_read(path, TR_KEY_TEXT_MAX, &text, &len, why);

	if (r)
		return r;
	if (csr && !strstr(text, "CERTIFICATE REQUEST-----"))
		return cc_note_set(why, CC_EFORMAT, "%s is no certificate request", path);
	r = tr_key_read_public(text, len, out, &reason);
	return r == -CC_EFORMAT ? cc_note_set(why, CC_EFORMAT, "%s: %s", path, reason.text) : r;
}

/* A file of its own: a key that is there already is never written over. */
static int write_new(const char *path, const struct cc_buf *text, struct cc_note *why)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r;

	if (fd < 0 && errno == EEXIST)
		return cc_note_set(why, CC_EEXIST,
				   "%s is there already, and a key is never written over: give "
				   "another name to --new-key",
				   path);
	if (fd < 0)
		return cc_note_set(why, CC_ESYS, "cannot create %s: %s", path, strerror(errno));
	r = cc_file_write_all(fd, text->data, text->len);
	if (r == 0)
		r = fsync(fd);
	if (close(fd) < 0 || r < 0) {
		r = cc_note_set(why, CC_ESYS, "cannot write %s: %s", path, strerror(errno));
		unlink(path);
	}
	return r;
}

static int write_key(const char *path, const EVP_PKEY *key, struct cc_note *why)
{
	struct cc_buf pem = CC_BUF_INIT(KEY_TEXT_MAX);
	int r = tr_key_write(key, &pem);

	if (!r)
		r = write_new(path, &pem, why);
	if (pem.data)
		explicit_bzero(pem.data, pem.cap);
	cc_buf_deinit(&pem);
	return r;
}

/* ---- the command ---- */

static int check(const struct cli_command *cmd, const struct trust_make *m)
{
	int keys = !!m->public_key + !!m->csr + !!m->ssh_key + !!m->new_key;

	if (!m->authority || !m->urn)
		return cli_usage(cmd, "--authority and --urn are wanted");
	if (keys != 1)
		return cli_usage(cmd, "one of --public-key, --csr, --ssh-key and --new-key is "
				      "wanted");
	if (m->p256 && !m->new_key)
		return cli_usage(cmd, "--p256 is for --new-key");
	if (m->new_key && m->out && strcmp(m->new_key, m->out) == 0)
		return cli_usage(cmd, "--new-key and --out want files of their own");
	return -1;
}

static int get_key(const struct trust_make *m, EVP_PKEY **out, struct cc_note *why)
{
	if (!m->new_key)
		return read_public(key_path(m), m->csr != NULL, out, why);
	return tr_key_new(m->p256 ? TR_KEY_P256 : TR_KEY_RSA2048, out);
}

/* Everything is made before anything is written, and the key is on disk before its GID is out. */
static int store(const struct trust_make *m, const struct tr_gids *chain, const EVP_PKEY *key,
		 struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf pem = CC_BUF_INIT(TR_GID_TEXT_MAX);
	int r = tr_gids_write(chain, &pem);

	if (!r && m->new_key)
		r = write_key(m->new_key, key, why);
	if (r)
		return r;
	r = trust_make_write(m, &pem, why);
	if (r && m->new_key)
		unlink(m->new_key); /* a key without a GID is of no use to anybody */
	return r;
}

static int make(const struct trust_make *m, struct cc_note *why)
{
	cc_cleanup(tr_signer_freep) struct tr_signer *signer = NULL;
	cc_cleanup(xs_pkey_freep) EVP_PKEY *key = NULL;
	cc_cleanup(tr_gids_deinit) struct tr_gids chain = {.count = 0};
	struct tr_gid_request rq = {.urn = m->urn,
				    .uuid = m->uuid,
				    .email = m->email,
				    .not_before = m->now - TRUST_BACKDATE,
				    .not_after = m->now + (int64_t)m->days * TRUST_DAY};
	int r = trust_make_signer(m, &signer, why);

	if (!r)
		r = get_key(m, &key, why);
	rq.key = key;
	if (!r)
		r = tr_signer_make_gid(signer, &rq, m->now, &chain, why);
	return r ? r : store(m, &chain, key, why);
}

int trust_gid_make(const struct cli_command *cmd, int argc, char **argv)
{
	struct trust_make m = {0};
	struct cc_note why = {0};
	int r = trust_make_parse_only(cmd, &m, options, argc, argv);

	if (r < 0)
		r = check(cmd, &m);
	if (r >= 0)
		return r;
	m.days = m.days ? m.days : TRUST_GID_DAYS;
	r = make(&m, &why);
	return r ? trust_make_refused(cmd, &why, r) : CLI_OK;
}
