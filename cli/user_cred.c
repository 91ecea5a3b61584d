/* SPDX-License-Identifier: ISC */
/* Credentials and the GID of a user: remembered in his folder, fetched when they are not there. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/text.h"
#include "cli/user.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/util.h"
#include "lib/trust/cred.h"

#define MARGIN 60 /* seconds that a credential must still have */
#define CRED_MAX (1u << 20)

/* ---- files ---- */

/* "user" is oneself, whatever one is. */
static bool is_self(const struct cli_user *u, const char *type, const char *hrn)
{
	return (strcmp(type, "user") == 0 || strcmp(type, u->as) == 0) &&
	       strcasecmp(hrn, u->hrn) == 0;
}

/* "slice-plc.site.s1.cred"; an HRN may hold what a file's name may not. */
static char *file_name(const struct cli_user *u, const char *type, const char *hrn)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	cc_cleanup(cc_buf_deinit) struct cc_buf name = CC_BUF_INIT(4096);

	if (is_self(u, type, hrn))
		return strdup("user.cred");
	cc_buf_printf(&name, "%s-", type);
	for (; *hrn; hrn++)
		cc_buf_printf(&name, strchr(plain, *hrn) ? "%c" : "%%%02x", (unsigned char)*hrn);
	cc_buf_puts(&name, ".cred");
	return cc_buf_take(&name);
}

static char *cred_path(const struct cli_user *u, const char *type, const char *hrn)
{
	cc_cleanup(cc_freep) char *name = file_name(u, type, hrn);

	return name ? cli_user_path(u, name) : NULL;
}

/* ---- what one says ---- */

/* It is of our key, on what was asked for, and will not end at once. owner: its GID and those above; may be NULL. */
static bool is_good(const struct cli_user *u, const char *text, const char *hrn,
		    struct tr_gids *owner)
{
	cc_cleanup(tr_cred_freep) struct tr_cred *c = NULL;
	const struct tr_level *l;

	if (tr_cred_read(NULL, text, strlen(text), &c, NULL))
		return false;
	l = &c->levels[0];
	if (l->type != TR_CRED_PRIVILEGE || !l->owner.count || !l->target.count ||
	    strcasecmp(l->target.items[0]->hrn, hrn) != 0 ||
	    EVP_PKEY_eq(l->owner.items[0]->key, u->key) != 1 ||
	    l->expires <= (int64_t)cc_clock_wall() + MARGIN)
		return false;
	for (size_t i = 0; owner && i < l->owner.count; i++)
		owner->items[owner->count++] = tr_gid_ref(l->owner.items[i]);
	return true;
}

/* NULL: there is none that is good. */
static char *read_cred(const struct cli_user *u, const char *type, const char *hrn)
{
	cc_cleanup(cc_freep) char *path = cred_path(u, type, hrn), *text = NULL;
	size_t len;

	if (!path || cc_file_read(path, CRED_MAX, &text, &len, NULL) ||
	    !is_good(u, text, hrn, NULL))
		return NULL;
	return cc_steal(&text);
}

static int write_cred(const struct cli_user *u, const char *type, const char *hrn, const char *text,
		      struct cc_note *why)
{
	cc_cleanup(cc_freep) char *name = file_name(u, type, hrn);

	return name ? cli_user_write(u, name, text, strlen(text), 0600, why) : cc_raise(CC_ENOMEM);
}

static void forget(const struct cli_user *u, const char *type, const char *hrn)
{
	cc_cleanup(cc_freep) char *path = cred_path(u, type, hrn);

	if (path)
		unlink(path);
}

/* ---- oneself ---- */

static int write_gid(struct cli_user *u, const struct tr_gids *gids, struct cc_note *why)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf pem = CC_BUF_INIT(TR_GID_TEXT_MAX);
	int r = tr_gids_write(gids, &pem);

	return r ? r : cli_user_write(u, "user.gid", pem.data, pem.len, 0644, why);
}

/* The credential on oneself has the GID inside, with those above: nobody need be asked for it. */
static int take_self(struct cli_user *u, const struct cli_reply *reply, struct cc_note *why)
{
	const char *text = json_string_value(cli_reply_value(reply));
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
	int r;

	if (!text || !is_good(u, text, u->hrn, &gids))
		return cc_note_set(why, CC_EFORMAT,
				   "what the registry sent is no credential of this key on %s that "
				   "is good now",
				   u->hrn);
	r = write_gid(u, &gids, why);
	return r ? r : write_cred(u, "user", u->hrn, text, why);
}

static int unknown(const struct cli_user *u, const struct cli_reply *reply)
{
	cli_user_refused(u, reply);
	if (cli_reply_is(reply, "RecordNotFound") || cli_reply_is(reply, "MissingAuthority"))
		fprintf(stderr,
			"to do: %s is not registered; send %s/user.pub to a PI of its authority\n",
			u->hrn, u->home);
	if (cli_reply_is(reply, "ConnectionKeyGIDMismatch"))
		fprintf(stderr,
			"to do: %s is registered with another key than %s/user.key: have it "
			"updated, or put that key there\n",
			u->hrn, u->home);
	return CLI_FAILED;
}

/* @return 0 (both files are there), 1: refused (*reply says why), negative error. */
static int get_self(struct cli_user *u, struct cli_reply *reply, struct cc_note *why)
{
	json_t *body = json_pack("{s:s, s:s}", "hrn", u->hrn, "type", u->as);
	int r = cli_user_call(u, "reg.get_self_credential", body, reply, why);

	json_decref(body);
	if (!r && reply->outcome != CC_OUT_ANSWER)
		return 1;
	if (!r)
		r = take_self(u, reply, why);
	if (r)
		return r;
	cli_user_disconnect(u); /* the GID may be another one now */
	return cli_user_connect(u, true, why);
}

/* @return -1: it is there, else the exit code. */
static int fetch_self(struct cli_user *u)
{
	cc_cleanup(cli_reply_deinit) struct cli_reply reply = {0};
	struct cc_note why = {0};
	int r = get_self(u, &reply, &why);

	if (r > 0)
		return unknown(u, &reply);
	return r ? cli_fail(u->cmd, &why, r) : -1;
}

int cli_user_begin(struct cli_user *u)
{
	cc_cleanup(cc_freep) char *self = NULL;
	struct cc_note why = {0};
	bool gid;
	int r = cli_user_settle(u, &why);

	if (!r)
		r = cli_user_load_key(u, &why);
	if (r == CLI_USER_FIRST)
		return cli_user_greet(u);
	gid = !r && cli_user_has_gid(u, (int64_t)cc_clock_wall());
	self = gid ? read_cred(u, "user", u->hrn) : NULL;
	if (!r)
		r = cli_user_connect(u, gid, &why);
	if (r)
		return cli_fail(u->cmd, &why, r);
	return self ? -1 : fetch_self(u);
}

/* ---- others ---- */

/* A credential, or the GID, that was remembered, and is no longer what it was. */
static bool outlived(const struct cli_reply *reply)
{
	return cli_reply_is(reply, "CredentialRefused") ||
	       cli_reply_is(reply, "ConnectionKeyGIDMismatch") ||
	       cli_reply_is(reply, "CredentialNotVerifiable") || cli_reply_is(reply, "Forbidden");
}

static int call_get(struct cli_user *u, const char *type, const char *hrn, struct cli_reply *reply,
		    struct cc_note *why)
{
	cc_cleanup(cc_freep) char *self = read_cred(u, "user", u->hrn);
	json_t *body = json_pack("{s:s, s:s, s:[s]}", "hrn", hrn, "type", type, "credentials",
				 self ? self : "");
	int r = cli_user_call(u, "reg.get_credential", body, reply, why);

	json_decref(body);
	return r ? r : reply->outcome != CC_OUT_ANSWER;
}

/* @return as get_self; *out: the credential. */
static int fetch(struct cli_user *u, const char *type, const char *hrn, char **out,
		 struct cli_reply *reply, struct cc_note *why)
{
	const char *text;
	int r;

	if (is_self(u, type, hrn)) {
		/* there is a way that needs no credential */
		r = get_self(u, reply, why);
		*out = r ? NULL : read_cred(u, type, hrn);
		return r || *out ? r : cc_raise(CC_ENOMEM);
	}
	r = call_get(u, type, hrn, reply, why);
	if (r == 1 && outlived(reply)) {
		cli_reply_deinit(reply);
		r = get_self(u, reply, why);
		if (r)
			return r;
		cli_reply_deinit(reply);
		r = call_get(u, type, hrn, reply, why);
	}
	if (r)
		return r;
	text = json_string_value(cli_reply_value(reply));
	if (!text || !is_good(u, text, hrn, NULL))
		return cc_note_set(why, CC_EFORMAT,
				   "what the registry sent is no credential of this key on %s that "
				   "is good now",
				   hrn);
	r = write_cred(u, type, hrn, text, why);
	*out = r ? NULL : strdup(text);
	return r || *out ? r : cc_raise(CC_ENOMEM);
}

int cli_user_fetch(struct cli_user *u, const char *type, const char *hrn, char **out)
{
	cc_cleanup(cli_reply_deinit) struct cli_reply reply = {0};
	struct cc_note why = {0};
	int r = fetch(u, type, hrn, out, &reply, &why);

	if (r > 0)
		return cli_user_refused(u, &reply);
	return r ? cli_fail(u->cmd, &why, r) : -1;
}

int cli_user_credential(struct cli_user *u, const char *type, const char *hrn, char **out,
			bool *fresh)
{
	*out = read_cred(u, type, hrn);
	*fresh = !*out;
	return *out ? -1 : cli_user_fetch(u, type, hrn, out);
}

/* Whether the next object may do where this one did not. */
static bool no_relation(const struct cli_reply *reply)
{
	return cli_reply_is(reply, "PermissionError") || cli_reply_is(reply, "RecordNotFound") ||
	       cli_reply_is(reply, "MissingAuthority") || cli_reply_is(reply, "InsufficientRights");
}

static int ask_with(struct cli_user *u, const char *op, json_t *body, const char *cred,
		    struct cli_reply *out, struct cc_note *why)
{
	int r;

	if (json_object_set_new(body, "credentials", json_pack("[s]", cred)) < 0)
		return cc_raise(CC_ENOMEM);
	json_object_del(body, "op"); /* another credential makes another operation */
	r = cli_user_call(u, op, body, out, why);
	return r ? r : out->outcome != CC_OUT_ANSWER;
}

/* With what is remembered, and where that is refused with a new one. @return as get_self. */
static int try_target(struct cli_user *u, const char *op, json_t *body, const struct cli_target *t,
		      struct cli_reply *out, struct cc_note *why)
{
	cc_cleanup(cc_freep) char *cred = read_cred(u, t->type, t->hrn), *fresh = NULL;
	int r;

	if (cred) {
		r = ask_with(u, op, body, cred, out, why);
		if (r != 1 || !outlived(out))
			return r;
		forget(u, t->type, t->hrn);
		cli_reply_deinit(out);
	}
	r = fetch(u, t->type, t->hrn, &fresh, out, why);
	if (r)
		return r;
	cli_reply_deinit(out);
	return ask_with(u, op, body, fresh, out, why);
}

static void swap(struct cli_reply *a, struct cli_reply *b)
{
	struct cli_reply c = *a;

	*a = *b;
	*b = c;
}

int cli_user_ask(struct cli_user *u, const char *op, json_t *body, const struct cli_target *targets,
		 size_t count, struct cli_reply *out)
{
	cc_cleanup(cli_reply_deinit) struct cli_reply first = {0};
	struct cc_note why = {0};
	int r = body && count ? 1 : cc_raise(CC_ENOMEM);

	for (size_t i = 0; r == 1 && i < count; i++) {
		cli_reply_deinit(out);
		r = try_target(u, op, body, &targets[i], out, &why);
		if (r == 1 && !no_relation(out))
			return cli_user_refused(u, out);
		if (r == 1 && i == 0)
			swap(&first, out); /* the nearest says best what is missing */
	}
	if (r == 1) {
		swap(&first, out);
		return cli_user_refused(u, out);
	}
	return r ? cli_fail(u->cmd, &why, r) : -1;
}
