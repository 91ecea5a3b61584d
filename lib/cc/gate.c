/* SPDX-License-Identifier: ISC */
#include "lib/cc/gate.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/cc/caller.h"
#include "lib/cc/envelope.h"
#include "lib/cc/gate_int.h"

int cc_gate_new(struct cc_gate **out, const struct cc_keystore *ks, const struct cc_gate_conf *conf)
{
	struct cc_gate *g = calloc(1, sizeof(*g));
	struct cc_cms_conf cms = {.cache_max = conf->signer_cache, .strangers = conf->strangers};
	int r;

	if (!g)
		return cc_raise(CC_ENOMEM);
	g->conf = *conf;
	g->conf.policy = conf->policy ? cc_policy_ref(conf->policy) : NULL;
	g->ks = cc_keystore_ref(ks);
	g->realm = strdup(conf->realm ? conf->realm : "");
	r = g->realm ? 0 : cc_raise(CC_ENOMEM);
	if (!r)
		r = cc_cms_new(&g->cms, ks, &cms);
	if (r) {
		cc_gate_free(g);
		return cc_trace(r);
	}
	*out = g;
	return 0;
}

void cc_gate_free(struct cc_gate *g)
{
	if (!g)
		return;
	cc_cms_free(g->cms);
	cc_keystore_unref(g->ks);
	cc_policy_unref(g->conf.policy);
	free(g->realm);
	cc_buf_deinit(&g->plain);
	cc_buf_deinit(&g->text);
	cc_buf_deinit(&g->sig);
	free(g);
}

void cc_gate_freep(struct cc_gate **g)
{
	cc_gate_free(*g);
	*g = NULL;
}

struct cc_cms *cc_gate_cms(struct cc_gate *g)
{
	return g->cms;
}

void cc_gate_result_deinit(struct cc_gate_result *r)
{
	if (r->json)
		json_decref(r->json);
	if (r->signer)
		cc_signer_unref(r->signer);
	memset(r, 0, sizeof(*r));
}

bool cc_compat_type(struct cc_bytes type)
{
	static const char *const prefixes[] = {"echo", "log", "job", "db", "pub", "task", "error"};
	const char *t = (const char *)type.data;
	size_t len = type.len;

	if (len > 6 && memcmp(t, "reply.", 6) == 0) {
		t += 6;
		len -= 6;
	}
	for (size_t i = 0; i < CC_ARRAY_SIZE(prefixes); i++)
		if (cc_type_under((struct cc_bytes){(const uint8_t *)t, len}, prefixes[i]))
			return true;
	return false;
}

enum cc_verdict cc_gate_refuse(struct cc_gate_result *out, enum cc_verdict verdict, int fault,
			       const char *why)
{
	out->verdict = verdict;
	out->fault = fault;
	snprintf(out->why, sizeof(out->why), "%s", why);
	return verdict;
}

/* Turns a verifier's return into a verdict: anything but 0 is a refusal. */
static enum cc_verdict cms_verdict(struct cc_gate_result *out, int r)
{
	if (r == 0)
		return CC_GATE_PASS;
	if (r < 0)
		return cc_gate_refuse(out, CC_GATE_ERROR, r, cc_err_text(r));
	snprintf(out->why, sizeof(out->why), "signature: %s", cc_cms_fault_name(r));
	out->fault = r;
	return out->verdict = CC_GATE_CMS;
}

/* A certificate outside our CAs counts only where a line of the policy says gid; no server has one. */
static unsigned cms_flags(const struct cc_gate *g, struct cc_bytes type, bool answer, bool compat)
{
	bool gid = !answer && g->conf.policy && cc_policy_takes_gid(g->conf.policy, type);

	return (compat ? CC_CMS_ALLOW_SHA1 : 0) | (gid ? CC_CMS_ALLOW_GID : 0);
}

/* Signature and signer (A7 steps 1 to 4). *json is what was signed. */
static enum cc_verdict check_crypto(struct cc_gate *g, struct cc_msg *m, unsigned flags,
				    struct cc_bytes *json, struct cc_gate_result *out)
{
	struct cc_bytes body = cc_msg_body(m), sig = cc_msg_sig(m), plain;
	bool enc = body.len == 4 && memcmp(body.data, CC_GATE_ENCRYPTED_BODY, 4) == 0;
	enum cc_verdict v;

	cc_cms_set_peer(g->cms, cc_msg_frame(m, 0));
	if (cc_keystore_decrypts(g->ks)) {
		if (!enc)
			return cc_gate_refuse(out, CC_GATE_CLEAR, 0, "expect encrypted message");
		cc_buf_reset(&g->plain);
		v = cms_verdict(out, cc_cms_decrypt(g->cms, sig, &g->plain));
		if (v)
			return v;
		plain = (struct cc_bytes){g->plain.data, g->plain.len};
		return cms_verdict(
			out, cc_cms_verify_attached(g->cms, plain, flags, json, &out->signer));
	}
	if (enc)
		return cc_gate_refuse(out, CC_GATE_ENCRYPTED, 0,
				      "encrypted message, but no cms-decrypt key");
	*json = body;
	if (!cc_keystore_verifies(g->ks))
		return CC_GATE_PASS;
	if (sig.len == 0)
		return cc_gate_refuse(out, CC_GATE_UNSIGNED, 0, "expect signed message");
	return cms_verdict(out, cc_cms_verify(g->cms, sig, body, flags, &out->signer));
}

static enum cc_verdict check_realm(struct cc_gate *g, bool need, struct cc_gate_result *out)
{
	const json_t *to = json_object_get(out->json, "to");
	const char *is = json_string_value(to);

	if (!to)
		return need && *g->realm
			       ? cc_gate_refuse(out, CC_GATE_REALM, 0, "`to` names no realm")
			       : CC_GATE_PASS;
	if (!is || !*g->realm || strcmp(is, g->realm) != 0)
		return cc_gate_refuse(out, CC_GATE_REALM, 0, "`to` is another realm than cc-realm");
	return CC_GATE_PASS;
}

static int hex_digit(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

static void read_id(const char *hex, uint8_t id[16])
{
	for (unsigned i = 0; i < 16; i++)
		id[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
}

static enum cc_verdict check_replay(struct cc_gate *g, const struct cc_msg *m, double now_wall,
				    struct cc_gate_result *out)
{
	uint8_t id[16];
	int r;

	if (!g->conf.replay || !out->id)
		return CC_GATE_PASS; /* old peers' messages have the time window only */
	read_id(out->id, id);
	r = cc_replay_add(g->conf.replay, out->signer, id, m->serial, (int64_t)(out->sent * 1000),
			  (int64_t)(now_wall * 1000));
	switch (r) {
	case CC_REPLAY_NEW:
		return CC_GATE_PASS;
	case CC_REPLAY_SEEN:
		return cc_gate_refuse(out, CC_GATE_REPLAY, 0, "this message was already taken");
	case CC_REPLAY_FULL:
		return cc_gate_refuse(out, CC_GATE_FULL, 0,
				      "too many messages of this signer within the time window");
	case CC_REPLAY_OLD:
		return cc_gate_refuse(out, CC_GATE_STALE, 0,
				      "sent before what this server remembers");
	default:
		return cc_gate_refuse(out, CC_GATE_ERROR, r, cc_err_text(r));
	}
}

static void describe_line(struct cc_gate_result *out, const struct cc_policy_line *line)
{
	if (line)
		snprintf(out->why, sizeof(out->why), "%s:%d: [%s] %s does not name the signer",
			 line->file, line->line, line->section, line->key);
	else
		snprintf(out->why, sizeof(out->why), "no line for this type");
}

bool cc_gate_allows(const struct cc_gate_conf *conf, bool answer, struct cc_bytes type,
		    const struct cc_signer *signer, const struct cc_policy_line **line)
{
	const struct cc_policy *p = conf->policy;
	bool has = p && (answer ? cc_policy_has_servers(p) : cc_policy_has_policy(p));

	*line = NULL;
	if (!p || (!has && conf->compat && cc_compat_type(type) && signer->cls == CC_CLASS_BUS))
		return true;
	return answer ? cc_policy_may_answer(p, type, signer, line)
		      : cc_policy_allows(p, type, signer, line);
}

static enum cc_verdict check_line(struct cc_gate *g, bool answer, struct cc_bytes type,
				  struct cc_gate_result *out)
{
	const struct cc_policy_line *line;

	if (cc_gate_allows(&g->conf, answer, type, out->signer, &line))
		return CC_GATE_PASS;
	describe_line(out, line);
	return out->verdict = answer ? CC_GATE_SERVER : CC_GATE_POLICY;
}

static enum cc_verdict check_caller(struct cc_gate *g, struct cc_bytes type,
				    struct cc_gate_result *out)
{
	const json_t *caller = json_object_get(out->json, "caller");
	const struct cc_policy_line *line = NULL;
	const char *urn = NULL;
	int r = 0;

	if (!g->conf.policy)
		return CC_GATE_PASS;
	/* first who it is: a certificate costs more to read than a line */
	r = (int)cc_policy_caller(g->conf.policy, type, out->signer, caller != NULL, NULL, &line);
	if (caller && r != CC_CALLER_FORBIDDEN && r != CC_CALLER_OPERATION) {
		r = cc_caller_read(caller, out->caller_urn);
		if (r < 0)
			return cc_gate_refuse(out, CC_GATE_ERROR, r, cc_err_text(r));
		urn = out->caller_urn[0] ? out->caller_urn : NULL;
		if (!r)
			r = (int)cc_policy_caller(g->conf.policy, type, out->signer, true, urn,
						  &line);
	}
	if (r) {
		snprintf(out->why, sizeof(out->why), "caller: %s%s%s",
			 cc_gate_counter(CC_GATE_CALLER, r) + strlen("caller."),
			 line ? ", by line " : "", line ? line->key : "");
		out->fault = r;
		return out->verdict = CC_GATE_CALLER;
	}
	out->caller = caller;
	return CC_GATE_PASS;
}

/* What a verified signer may not do: all of it needs the signature to hold. */
static enum cc_verdict check_right(struct cc_gate *g, const struct cc_msg *m,
				   const struct cc_gate_call *call, double now_wall,
				   struct cc_gate_result *out)
{
	struct cc_bytes type = cc_msg_type(m);
	enum cc_verdict v = CC_GATE_PASS;

	if (call && call->re)
		return check_line(g, true, call->asked, out);
	if (!call || !call->observe)
		v = check_replay(g, m, now_wall, out);
	if (!v)
		v = check_line(g, false, type, out);
	return v ? v : check_caller(g, type, out);
}

/*
 * Our own user on this host, through an ipc socket, needs no key to administer the server. A proxy
 * passes no unsigned admin message on (handlers/proxy), so the peer is the sender itself.
 */
static bool is_own_user(const struct cc_msg *m)
{
	uid_t uid;

	return cc_msg_sig(m).len == 0 && cc_msg_peer_uid(m, &uid) && (uid == geteuid() || uid == 0);
}

static enum cc_verdict check_fields(struct cc_gate *g, struct cc_msg *m,
				    const struct cc_gate_call *call, bool compat, double now_wall,
				    int64_t now_ms, struct cc_gate_result *out)
{
	bool answer = call && call->re;
	/* an answer that names our request is fresh by that, whatever our clock says */
	bool timed = !answer || !json_object_get(out->json, "re");
	enum cc_verdict v = CC_GATE_PASS;

	if (!answer && out->signer)
		v = check_realm(g, !compat, out);
	if (!v && timed)
		v = cc_gate_check_time(&g->conf, now_wall, out);
	if (!v)
		v = cc_gate_check_blob(g, m, compat, out);
	if (v)
		return v;
	return answer ? cc_gate_check_answer(call->re, !compat, out)
		      : cc_gate_check_request(m, !compat, now_ms, out);
}

static enum cc_verdict judge(struct cc_gate *g, struct cc_msg *m, const struct cc_gate_call *call,
			     double now_wall, int64_t now_ms, struct cc_gate_result *out)
{
	struct cc_bytes type = cc_msg_type(m), text = cc_msg_body(m);
	bool admin = cc_type_under(type, "admin"), verifies = cc_keystore_verifies(g->ks), compat;
	enum cc_verdict v = CC_GATE_PASS;

	out->local = (admin || cc_type_under(type, "job")) && is_own_user(m);
	if (admin && !out->local && !verifies)
		return cc_gate_refuse(out, CC_GATE_LOCAL, 0,
				      "admin messages come signed, or by the server's own user "
				      "through its ipc socket");
	compat = !verifies || (g->conf.compat && cc_compat_type(type));
	if (!out->local)
		v = check_crypto(g, m, cms_flags(g, type, call && call->re, compat), &text, out);
	if (!v)
		v = cc_gate_check_json(m, text, out);
	if (!v)
		v = check_fields(g, m, call, compat || out->local, now_wall, now_ms, out);
	if (!v && out->signer)
		v = check_right(g, m, call, now_wall, out);
	return v;
}

enum cc_verdict cc_gate_check(struct cc_gate *g, struct cc_msg *m, const struct cc_gate_call *call,
			      double now_wall, int64_t now_ms, struct cc_gate_result *out)
{
	int fault = cc_msg_check(m);

	memset(out, 0, sizeof(*out));
	if (fault) {
		snprintf(out->why, sizeof(out->why), "shape: %s", cc_msg_fault_name(fault));
		out->fault = fault;
		return out->verdict = CC_GATE_SHAPE;
	}
	out->verdict = judge(g, m, call, now_wall, now_ms, out);
	cc_gate_trim(&g->plain);
	return out->verdict;
}

double cc_gate_time(struct cc_gate *g, double now_wall)
{
	double earliest;

	if (!g->conf.replay)
		return now_wall;
	earliest = (double)cc_replay_earliest(g->conf.replay, (int64_t)(now_wall * 1000)) / 1000;
	return earliest > now_wall ? earliest : now_wall;
}
