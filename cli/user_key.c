/* SPDX-License-Identifier: ISC */
/* The key of a user: made once, never sent, never written over. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "cli/text.h"
#include "cli/user.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/util.h"
#include "lib/xml/ossl.h"

#define KEY_TEXT_MAX (64u << 10)
#define DAY 86400
#define SELF_DAYS 3650 /* nobody believes it but for the key */
#define BACKDATE 300   /* clocks differ */
#define MARGIN 60      /* seconds that a GID must still have */

/* ---- making ---- */

static int write_key(const struct cli_user *u, struct cc_note *why)
{
	struct cc_buf pem = CC_BUF_INIT(KEY_TEXT_MAX);
	int r = tr_key_write(u->key, &pem);

	if (!r)
		r = cli_user_write(u, "user.key", pem.data, pem.len, 0600, why);
	if (pem.data)
		explicit_bzero(pem.data, pem.cap);
	cc_buf_deinit(&pem);
	return r;
}

static int write_public(const struct cli_user *u, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf pem = CC_BUF_INIT(KEY_TEXT_MAX);
	int r = tr_key_write_public(u->key, &pem);

	return r ? r : cli_user_write(u, "user.pub", pem.data, pem.len, 0644, why);
}

/* The certificate that shows only who holds the key; a name is in it because each must have one. */
static int write_self(const struct cli_user *u, struct cc_note *why)
{
	int64_t now = (int64_t)cc_clock_wall();
	char urn[TR_NAME_MAX + 1];
	struct tr_gid_request rq = {.urn = urn,
				    .key = u->key,
				    .not_before = now - BACKDATE,
				    .not_after = now + (int64_t)SELF_DAYS * DAY};
	cc_cleanup(cc_buf_deinit) struct cc_buf pem = CC_BUF_INIT(TR_GID_TEXT_MAX);
	cc_cleanup(tr_gids_deinit) struct tr_gids self = {0};
	int r = tr_hrn_to_urn(u->hrn, u->as, urn, why);

	if (!r)
		r = tr_gid_make(&rq, NULL, NULL, &self.items[0], why);
	if (r > 0)
		return -CC_EINVAL; /* why says which rule */
	if (r < 0)
		return r;
	self.count = 1;
	r = tr_gids_write(&self, &pem);
	return r ? r : cli_user_write(u, "user.crt", pem.data, pem.len, 0644, why);
}

static int make_key(struct cli_user *u, struct cc_note *why)
{
	int r = cli_user_make_home(u, why);

	if (!r)
		r = tr_key_new(u->p256 ? TR_KEY_P256 : TR_KEY_RSA2048, &u->key);
	if (!r)
		r = write_self(u, why);
	if (!r)
		r = write_public(u, why);
	/* last: what is there counts as whole */
	return r ? r : write_key(u, why);
}

/* ---- reading ---- */

/* ssh would refuse such a key, too: it may be known to others. */
static int check_mode(const char *path, struct cc_note *why)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? -CC_ENOTFOUND
				       : cc_note_set(why, CC_ESYS, "%s: %s", path, strerror(errno));
	if (st.st_mode & 077)
		return cc_note_set(
			why, CC_EDENIED,
			"%s may be read or written by others: chmod 600 it, after making "
			"sure that it is still your key",
			path);
	return 0;
}

static int read_key(struct cli_user *u, const char *path, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *text = NULL;
	struct cc_note reason = {0};
	size_t len;
	int r = cc_file_read(path, KEY_TEXT_MAX, &text, &len, why);

	if (r)
		return r;
	r = tr_key_read(text, len, &u->key, &reason);
	explicit_bzero(text, len);
	return r ? cc_note_set(why, -r, "%s: %s", path, reason.text) : 0;
}

static int load_key(struct cli_user *u, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *self = NULL;
	struct stat st;
	int r;

	u->own_key = cli_user_path(u, "user.key");
	self = cli_user_path(u, "user.crt");
	if (!u->own_key || !self)
		return cc_raise(CC_ENOMEM);
	r = check_mode(u->own_key, why);
	if (!r)
		r = read_key(u, u->own_key, why);
	if (r)
		return r;
	/* a key that was put there by hand */
	if (stat(self, &st) < 0)
		r = write_self(u, why);
	return r ? r : write_public(u, why);
}

int cli_user_load_key(struct cli_user *u, struct cc_note *why)
{
	int r = load_key(u, why);

	if (r != -CC_ENOTFOUND)
		return r;
	r = make_key(u, why);
	return r ? r : CLI_USER_FIRST;
}

bool cli_user_has_gid(const struct cli_user *u, int64_t now)
{
	cc_cleanup(cc_freep) char *path = cli_user_path(u, "user.gid"), *text = NULL;
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
	const struct tr_gid *leaf;
	size_t len;

	if (!path || cc_file_read(path, TR_GID_TEXT_MAX, &text, &len, NULL) ||
	    tr_gids_read(NULL, text, len, &gids, NULL))
		return false;
	leaf = gids.items[0];
	return strcasecmp(leaf->hrn, u->hrn) == 0 && leaf->not_before <= now &&
	       leaf->not_after > now + MARGIN && EVP_PKEY_eq(leaf->key, u->key) == 1;
}

/* ---- what to do then ---- */

int cli_user_greet(const struct cli_user *u)
{
	char above[TR_NAME_MAX + 1];

	if (tr_hrn_parent(u->hrn, above))
		*above = '\0';
	fprintf(stderr,
		CLI_WORDS
		": this was the first run; it made in %s\n"
		"  user.key   your private key (%s %d): nobody else ever needs it\n"
		"  user.pub   your public key\n"
		"  user.crt   a certificate that you signed yourself, until you are registered\n"
		"  config     what you said of yourself and of the servers\n"
		"to do: send user.pub to a PI of %s, who registers you with\n"
		"  ccfed register user %s --key user.pub --email ADDRESS\n"
		"Then run this command again: it gets your credential and your GID by itself.\n",
		CLI_WORDS_OF(u->cmd), u->home, EVP_PKEY_get0_type_name(u->key),
		EVP_PKEY_get_bits(u->key), above, u->hrn);
	return CLI_FAILED;
}
