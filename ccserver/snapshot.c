/* SPDX-License-Identifier: ISC */
#include "ccserver/snapshot.h"

#include <string.h>

#include "lib/base/util.h"

static void snapshot_free(struct srv_snapshot *s)
{
	srv_zap_rules_free(s->zap);
	cc_policy_unref(s->policy);
	cc_keystore_unref(s->ks);
	srv_conf_deinit(&s->conf);
	cf_ini_free(s->ini);
	free(s);
}

struct srv_snapshot *srv_snapshot_ref(struct srv_snapshot *s)
{
	__atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
	return s;
}

void srv_snapshot_unref(struct srv_snapshot *s)
{
	if (s && __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL) == 0)
		snapshot_free(s);
}

void srv_snapshot_unrefp(struct srv_snapshot **s)
{
	srv_snapshot_unref(*s);
	*s = NULL;
}

int srv_snapshot_load(const char *path, const char *const *overrides, size_t n,
		      struct srv_snapshot **out, struct cc_note *why)
{
	cc_cleanup(srv_snapshot_unrefp) struct srv_snapshot *s = calloc(1, sizeof(*s));
	struct cc_keystore_conf ks;
	int r;

	if (!s)
		return cc_raise(CC_ENOMEM);
	s->refs = 1;
	r = srv_conf_read(path, overrides, n, &s->ini, &s->conf, why);
	if (r)
		return r;
	r = cc_policy_new(&s->policy, s->ini, why);
	if (!r)
		r = srv_conf_check_policy(&s->conf, s->policy, why);
	if (r)
		return r;
	srv_conf_keystore(&s->conf, &ks);
	r = cc_keystore_load(&ks, &s->ks, why);
	if (!r)
		r = srv_zap_rules_load(&s->conf, &s->zap, why);
	if (r)
		return r;
	*out = cc_steal(&s);
	return 0;
}

static const struct cf_section *main_of(const struct srv_snapshot *s)
{
	return cf_ini_section(s->ini, "ccserver");
}

static const char *text_of(const struct srv_snapshot *s, const char *option)
{
	const char *text = cf_section_get(main_of(s), option);

	return text ? text : "";
}

static int cannot_change(const struct srv_snapshot *from, const struct srv_snapshot *to,
			 const char *option, struct cc_note *why)
{
	const struct cf_entry *e = cf_section_find(main_of(to), option);

	return cc_note_set(why, CC_EINVAL,
			   "%s:%d: %s was \"%s\" when this server started and is \"%s\" now: that "
			   "needs a restart",
			   e ? e->file : main_of(to)->file, e ? e->line : main_of(to)->line, option,
			   text_of(from, option), text_of(to, option));
}

/* What sockets, threads and tables were made by when the server started. All else can change. */
static const char *const fixed[] = {
	"job_name",
	"cc-socket",
	"cc-role",
	"cc-open",
	"cc-curve",
	"cc-stats",
	"pidfile",
	"workers",
	"worker-queue",
	"zmq_nthreads",
	"zmq_hwm",
	"zmq_linger",
	"zmq_rcvbuf",
	"zmq_sndbuf",
	"zmq_tcp_keepalive",
	"zmq_tcp_keepalive_idle",
	"zmq_tcp_keepalive_intvl",
	"zmq_tcp_keepalive_cnt",
};

int srv_snapshot_check_change(const struct srv_snapshot *from, const struct srv_snapshot *to,
			      struct cc_note *why)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(fixed); i++)
		if (strcmp(text_of(from, fixed[i]), text_of(to, fixed[i])) != 0)
			return cannot_change(from, to, fixed[i], why);
	if (srv_zap_rules_guard(from->zap) != srv_zap_rules_guard(to->zap))
		return cc_note_set(
			why, CC_EINVAL,
			"cc-allow: the first address and the last one want a restart, for "
			"libzmq has to ask about each connection or about none");
	return 0;
}

int srv_snapshot_gate(const struct srv_snapshot *s, struct cc_replay *replay,
		      struct cc_strangers *strangers, struct cc_gate **out)
{
	struct cc_replay_conf bounds;
	struct cc_gate_conf conf;

	srv_conf_gate(&s->conf, &conf);
	conf.policy = cc_keystore_verifies(s->ks) ? s->policy : NULL;
	/* a table that an earlier configuration wanted judges by that one's window */
	conf.replay = srv_conf_replay(&s->conf, &bounds) ? replay : NULL;
	return cc_gate_new(out, s->ks, &conf);
}
