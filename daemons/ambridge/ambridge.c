/* SPDX-License-Identifier: ISC */
/* cc-ambridge: the front door (docs/bridge.md). Start, reload and end; the rest is beside this file. */
#include "daemons/ambridge/ambridge.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemons/ambridge/http.h"
#include "daemons/ambridge/listener.h"
#include "daemons/ambridge/names.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/util.h"

/* Beside connections: the bus, logs, listeners, files of a reload; refused ones that linger. */
#define OTHER_DESCRIPTORS (128 + AB_LINGER_MAX)

/* ---- what the options name ---- */

static int load_listener(struct ambridge *ab, size_t i, const struct cf_ini *ini,
			 struct cc_note *why)
{
	const struct ab_listener_conf *c = &ab->conf[i];
	const struct ab_tls_conf conf = {
		.name = ab_listener_name(ab->names.items[i]),
		.certificate = c->certificate,
		.key = c->key,
		.roots = c->roots,
		.crls = &c->crls,
		.rules = cf_ini_section(ini, "roots"),
		.clients = (enum ab_clients)c->client_certificates,
		.sessions = (size_t)ab->session_cache,
	};
	struct cc_note inner = {0};
	int r = ab_tls_new(&ab->tls[i], &conf, &inner);

	return r ? cc_note_set(why, -r, "[%.40s]: %.200s", ab->names.items[i],
			       inner.text[0] ? inner.text : cc_err_text(r))
		 : 0;
}

static int bridge_load(void *state, const struct cf_ini *ini, struct cc_note *why)
{
	struct ambridge *ab = state;
	int r = 0;

	ab->tls = calloc(ab->names.count + 1, sizeof(struct ab_tls *));
	if (!ab->tls)
		return cc_raise(CC_ENOMEM);
	ab->n_tls = ab->names.count;
	for (size_t i = 0; i < ab->n_tls && !r; i++)
		r = load_listener(ab, i, ini, why);
	return r;
}

static void bridge_unload(void *state)
{
	struct ambridge *ab = state;

	for (size_t i = 0; ab->tls && i < ab->n_tls; i++)
		ab_tls_unref(ab->tls[i]);
	free(ab->tls);
	ab->tls = NULL;
	ab->n_tls = 0;
}

static void bridge_take(void *live, void *fresh)
{
	struct ambridge *a = live, *b = fresh;
	struct ab_tls **tls = a->tls;
	size_t n = a->n_tls;

	a->tls = b->tls;
	a->n_tls = b->n_tls;
	b->tls = tls;
	b->n_tls = n;
}

/* ---- start ---- */

static void warn_name(void *arg, const char *text)
{
	cc_warn("%s", text);
}

static void warn_names(const struct ambridge *ab)
{
	ab_names_warn(ab->urn, ab->public_host, warn_name, NULL);
	for (size_t i = 0; i < ab->n_tls && *ab->public_host; i++) {
		bool cn, san = ab_tls_names(ab->tls[i], ab->public_host, &cn);

		if (!san || !cn)
			cc_warn("%s: %s is not for public-host = %s: it is not %s",
				ab->names.items[i], ab->conf[i].certificate, ab->public_host,
				san ? "its CN" : "among its subjectAltNames");
	}
}

static void on_libevent(int severity, const char *text)
{
	if (severity >= EVENT_LOG_WARN)
		cc_debug("libevent: %s", text);
}

static void on_breath(evutil_socket_t fd, short what, void *arg)
{
	struct ambridge *ab = arg;

	if (!ab->draining)
		ab_listeners_accept(ab, true);
}

/* Each connection is a descriptor; where they run out, nobody is accepted. */
static int raise_limit(const struct ambridge *ab, struct cc_note *why)
{
	rlim_t wanted = (rlim_t)ab->max_connections + OTHER_DESCRIPTORS;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return cc_raise(CC_ESYS);
	if (limit.rlim_cur >= wanted)
		return 0;
	if (limit.rlim_max < wanted && geteuid() == 0)
		limit.rlim_max = wanted;
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	if (limit.rlim_cur < wanted || setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return cc_note_set(
			why, CC_EINVAL,
			"max-connections = %lld wants %llu descriptors; the limit is %llu",
			(long long)ab->max_connections, (unsigned long long)wanted,
			(unsigned long long)limit.rlim_max);
	return 0;
}

/* After a drop of rights, what a reload will have to read may not be readable any more. */
static void warn_unreadable(const struct ambridge *ab)
{
	for (size_t i = 0; i < ab->names.count; i++) {
		if (access(ab->conf[i].key, R_OK) != 0 ||
		    access(ab->conf[i].certificate, R_OK) != 0)
			cc_warn("%s: a reload will fail: %s cannot read %s or its certificate",
				ab->names.items[i], *ab->user ? ab->user : "this user",
				ab->conf[i].key);
	}
}

static void prepare(struct ambridge *ab, struct dm *dm)
{
	ab->dm = dm;
	ab->access.fd = -1;
	ab_peers_init(&ab->peers);
	ab_metrics_init(&ab->metrics);
	cc_list_init(&ab->handshaking);
	cc_list_init(&ab->idle);
	cc_list_init(&ab->busy);
	cc_list_init(&ab->calls);
	ab_linger_init(&ab->lingering);
	event_set_log_callback(on_libevent);
}

static int bridge_init(void *state, struct dm *dm, struct cc_note *why)
{
	struct ambridge *ab = state;
	int r;

	prepare(ab, dm);
	warn_names(ab);
	r = raise_limit(ab, why);
	if (r)
		return r;
	ab->base = event_base_new();
	ab->breath = ab->base ? evtimer_new(ab->base, on_breath, ab) : NULL;
	if (!ab->breath)
		return cc_raise(CC_ENOMEM);
	r = ab_listeners_apply(ab, why);
	if (!r && *ab->status)
		r = ab_status_open(ab, why);
	if (!r)
		r = ab_user_drop(ab->user, why);
	if (!r)
		r = ab_access_open(&ab->access, ab->access_log, why);
	if (!r)
		warn_unreadable(ab);
	return r;
}

/* ---- while it runs ---- */

static void bridge_down(void *state, struct dm *dm)
{
	struct ambridge *ab = state;

	ab->connected = 0;
	/* what was asked has no answer any more: the way back was the connection */
	ab_calls_abandon(ab);
}

static void bridge_reload(void *state, struct dm *dm)
{
	struct ambridge *ab = state;
	struct cc_note why = {0};

	warn_names(ab);
	if (ab_listeners_apply(ab, &why) != 0)
		cc_error("%s; the rest of the configuration is in force",
			 why.text[0] ? why.text : "a listener failed");
	if (ab_access_open(&ab->access, ab->access_log, &why) != 0)
		cc_error("%s", why.text);
}

static void bridge_fini(void *state)
{
	struct ambridge *ab = state;

	ab_listeners_free(ab);
	ab_status_close(ab);
	if (ab->breath)
		event_free(ab->breath);
	if (ab->base) {
		ab_linger_end(&ab->lingering);
		event_base_free(ab->base);
	}
	ab_peers_deinit(&ab->peers);
	ab_metrics_deinit(&ab->metrics);
	ab_gzip_deinit(&ab->gzip);
	if (ab->dm)
		ab_access_close(&ab->access);
}

const struct dm_daemon ambridge_daemon = {
	.name = "ambridge",
	.help = "the front door: XML-RPC over HTTPS outside, the bus inside",
	.state_size = sizeof(struct ambridge),
	.options = ab_options,
	.parts = &ab_parts,
	.check = ab_check,
	.load = bridge_load,
	.unload = bridge_unload,
	.take = bridge_take,
	.init = bridge_init,
	.run = ab_run,
	.on_down = bridge_down,
	.reload = bridge_reload,
	.stop = ab_drain,
	.fini = bridge_fini,
};
