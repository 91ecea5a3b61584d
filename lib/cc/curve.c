/* SPDX-License-Identifier: ISC */
#include "lib/cc/curve.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "lib/base/file.h"
#include "lib/base/util.h"
#include "lib/cc/keyfile.h"
#include "lib/cc/keys.h"

#define FILE_MAX 256 /* octets: a key, its line end, and some to see that it is something else */

static int no_curve(struct cc_note *why)
{
	return cc_note_set(why, CC_ESYS, "libzmq makes no CURVE keys: %s", zmq_strerror(errno));
}

int cc_curve_make(struct cc_curve_pair *out, struct cc_note *why)
{
	char public[CC_CURVE_TEXT + 1], secret[CC_CURVE_TEXT + 1];
	int r = zmq_curve_keypair(public, secret) == 0 ? 0 : no_curve(why);

	if (!r &&
	    (cc_curve_parse(public, out->public) != 0 || cc_curve_parse(secret, out->secret) != 0))
		r = cc_raise(CC_EINTERNAL);
	OPENSSL_cleanse(secret, sizeof(secret));
	return r;
}

int cc_curve_parse(const char *text, uint8_t out[CC_CURVE_KEY])
{
	if (strlen(text) != CC_CURVE_TEXT || !zmq_z85_decode(out, text))
		return -CC_EFORMAT;
	return 0;
}

void cc_curve_print(const uint8_t key[CC_CURVE_KEY], char out[CC_CURVE_TEXT + 1])
{
	zmq_z85_encode(out, key, CC_CURVE_KEY);
}

void cc_curve_pair_wipe(struct cc_curve_pair *pair)
{
	OPENSSL_cleanse(pair, sizeof(*pair));
}

void cc_curve_link_wipe(struct cc_curve_link *link)
{
	OPENSSL_cleanse(link, sizeof(*link));
}

static int check_name(const char *name, struct cc_note *why)
{
	if (cc_keyfile_check_name(name, why) != 0)
		return -CC_EINVAL;
	if (name[0] == '.')
		return cc_note_set(why, CC_EINVAL, "a key's name must not begin with a dot: %s",
				   name);
	return 0;
}

/* One line and nothing else. */
static int read_file(const char *path, uint8_t out[CC_CURVE_KEY], struct cc_note *why)
{
	uint8_t key[CC_CURVE_KEY];
	char *text = NULL;
	size_t len;
	int r = cc_file_read(path, FILE_MAX, &text, &len, why);

	if (r)
		return r;
	if (len == CC_CURVE_TEXT + 1 && text[CC_CURVE_TEXT] == '\n')
		text[--len] = '\0';
	if (len == CC_CURVE_TEXT && cc_curve_parse(text, key) == 0)
		memcpy(out, key, sizeof(key));
	else
		r = cc_note_set(why, CC_EFORMAT,
				"%s is no CURVE key: one line of %d characters is wanted", path,
				CC_CURVE_TEXT);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(text, len);
	free(text);
	return r;
}

int cc_curve_read_public(const char *dir, const char *name, uint8_t out[CC_CURVE_KEY],
			 struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = NULL;
	int r = check_name(name, why);

	if (r)
		return r;
	path = cc_keyfile_curve_path(dir, name);
	return path ? read_file(path, out, why) : cc_raise(CC_ENOMEM);
}

static int public_of(struct cc_curve_pair *pair, struct cc_note *why)
{
	char public[CC_CURVE_TEXT + 1], secret[CC_CURVE_TEXT + 1];
	int r;

	cc_curve_print(pair->secret, secret);
	r = zmq_curve_public(public, secret) == 0 ? 0 : no_curve(why);
	OPENSSL_cleanse(secret, sizeof(secret));
	if (!r && cc_curve_parse(public, pair->public) != 0)
		r = cc_raise(CC_EINTERNAL);
	return r;
}

static int read_secret(const char *dir, const char *name, struct cc_curve_pair *pair,
		       struct cc_note *why)
{
	cc_cleanup(cc_freep) char *path = cc_keyfile_curve_secret_path(dir, name);
	int r;

	if (!path)
		return cc_raise(CC_ENOMEM);
	r = cc_keyfile_check_mode(path, why);
	if (!r)
		r = read_file(path, pair->secret, why);
	return r ? r : public_of(pair, why);
}

/* Others would be given a key that is not ours, and nobody could tell why they cannot connect. */
static int check_public(const char *dir, const char *name, const struct cc_curve_pair *pair,
			struct cc_note *why)
{
	uint8_t public[CC_CURVE_KEY];
	struct cc_note inner = {0};
	int r = cc_curve_read_public(dir, name, public, &inner);

	if (r == -CC_ENOTFOUND)
		return 0;
	if (r)
		return cc_note_set(why, -r, "%s", inner.text);
	if (memcmp(public, pair->public, sizeof(public)) != 0)
		return cc_note_set(why, CC_EINVAL,
				   "%s.curve in %s is not the public key of private/%s.curve", name,
				   dir, name);
	return 0;
}

int cc_curve_read_pair(const char *dir, const char *name, struct cc_curve_pair *out,
		       struct cc_note *why)
{
	cc_cleanup(cc_curve_pair_wipe) struct cc_curve_pair pair = {0};
	int r = check_name(name, why);

	if (!r)
		r = read_secret(dir, name, &pair, why);
	if (!r)
		r = check_public(dir, name, &pair, why);
	if (!r)
		*out = pair;
	return r;
}

static int write_file(const char *path, const uint8_t key[CC_CURVE_KEY], mode_t mode,
		      struct cc_note *why)
{
	char text[CC_CURVE_TEXT + 1];
	int r;

	cc_curve_print(key, text);
	text[CC_CURVE_TEXT] = '\n';
	r = cc_file_write(path, text, sizeof(text), mode, true, why);
	OPENSSL_cleanse(text, sizeof(text));
	return r;
}

/* Neither file may be there: half a pair of another time would be overwritten or mixed. */
static int check_absent(const char *path, struct cc_note *why)
{
	if (access(path, F_OK) == 0)
		return cc_note_set(why, CC_EEXIST, "%s exists: choose another name or force", path);
	return 0;
}

int cc_curve_write_new(const char *dir, const char *name, bool force, uint8_t public[CC_CURVE_KEY],
		       struct cc_note *why)
{
	cc_cleanup(cc_curve_pair_wipe) struct cc_curve_pair pair = {0};
	cc_cleanup(cc_freep) char *open = NULL, *secret = NULL;
	int r = check_name(name, why);

	if (r)
		return r;
	open = cc_keyfile_curve_path(dir, name);
	secret = cc_keyfile_curve_secret_path(dir, name);
	if (!open || !secret)
		return cc_raise(CC_ENOMEM);
	r = cc_keys_make_folders(dir, why);
	if (!r && !force)
		r = check_absent(open, why);
	if (!r && !force)
		r = check_absent(secret, why);
	if (!r)
		r = cc_curve_make(&pair, why);
	if (!r)
		r = write_file(secret, pair.secret, 0600, why);
	if (!r)
		r = write_file(open, pair.public, 0644, why);
	if (!r)
		memcpy(public, pair.public, sizeof(pair.public));
	return r;
}

static int need_folder(const char *dir, const char *name, struct cc_note *why)
{
	if (dir && *dir)
		return 0;
	return cc_note_set(why, CC_EINVAL, "no key store to find CURVE key \"%s\" in", name);
}

static int find_server(const char *dir, const char *server, uint8_t out[CC_CURVE_KEY],
		       struct cc_note *why)
{
	int r;

	if (cc_curve_parse(server, out) == 0)
		return 0;
	r = need_folder(dir, server, why);
	return r ? r : cc_curve_read_public(dir, server, out, why);
}

int cc_curve_link_open(struct cc_curve_link *out, const char *dir, const char *server,
		       const char *own, struct cc_note *why)
{
	cc_cleanup(cc_curve_link_wipe) struct cc_curve_link link = {0};
	int r = find_server(dir, server, link.server, why);

	if (!r && own && *own) {
		r = need_folder(dir, own, why);
		if (!r)
			r = cc_curve_read_pair(dir, own, &link.own, why);
	} else if (!r) {
		r = cc_curve_make(&link.own, why);
	}
	if (!r)
		*out = link;
	return r;
}
