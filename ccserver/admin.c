/* SPDX-License-Identifier: ISC */
#include "ccserver/admin.h"

#include <string.h>
#include <unistd.h>

#include "ccserver/reload.h"
#include "ccserver/server.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/cc/envelope.h"
#include "version.h"

#define RELOAD_TIMEOUT_MS 30000
#define SIGNERS_SHOWN 1000

static const struct cc_bytes no_blob = {NULL, 0};

static struct server *server_of(struct cc_host *h)
{
	return ((struct srv_host *)h)->instance->server;
}

/* ---- what the routing thread tells ---- */

static void tell_stats(struct server *s, void *arg)
{
	json_t *body = arg, *stats = json_object();
	struct srv_report report;

	srv_report_take(s, &report);
	for (size_t i = 0; i < report.count; i++)
		json_object_set_new(stats, report.figures[i].name,
				    json_real(report.figures[i].value));
	srv_report_deinit(&report);
	json_object_set_new(body, "stats", stats);
	json_object_set_new(body, "job_name", cc_json_text(s->job_name));
	json_object_set_new(body, "version", json_string(CCFED_VERSION));
	json_object_set_new(body, "pid", json_integer(getpid()));
	json_object_set_new(body, "started", json_integer(s->started_wall));
	json_object_set_new(body, "snapshot", json_integer((json_int_t)s->snap->number));
	json_object_set_new(body, "quiesced", json_boolean(s->quiesced));
}

static void tell_routes(struct server *s, void *arg)
{
	const struct cf_section *sec = cf_ini_section(s->snap->ini, "routes");
	json_t *routes = json_object();

	for (size_t i = 0; sec && i < sec->count; i++)
		json_object_set_new(routes, sec->entries[i].key,
				    cc_json_text(sec->entries[i].value));
	json_object_set_new(arg, "routes", routes);
}

static json_t *counters_of(struct server *s, const struct srv_instance *inst)
{
	const char *const *names = inst->handler ? inst->handler->counters : NULL;
	json_t *out = json_object();

	for (unsigned c = 0; names && names[c]; c++)
		json_object_set_new(out, names[c],
				    json_integer((json_int_t)srv_instance_count(s, inst, c)));
	return out;
}

static void tell_handlers(struct server *s, void *arg)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < s->n_instances; i++) {
		const struct srv_instance *inst = s->instances[i];

		if (inst)
			json_array_append_new(
				list, json_pack("{s:o, s:s, s:b, s:i, s:o}", "section",
						cc_json_text(inst->section), "handler",
						inst->handler ? inst->handler->name : "(later)",
						"ending", inst->retired, "messages",
						(int)inst->uses, "counters", counters_of(s, inst)));
	}
	json_object_set_new(arg, "handlers", list);
}

static void tell_queues(struct server *s, void *arg)
{
	json_t *threads = json_array();

	for (unsigned i = 0; i < s->n_threads; i++)
		json_array_append_new(threads,
				      json_pack("{s:o, s:I}", "name",
						cc_json_text(s->threads[i]->name), "waiting",
						(json_int_t)srv_ring_load(&s->threads[i]->in)));
	json_object_set_new(arg, "threads", threads);
	json_object_set_new(arg, "messages", json_integer((json_int_t)s->work_count));
	json_object_set_new(arg, "bytes", json_integer((json_int_t)s->work_bytes));
	json_object_set_new(arg, "max_bytes", json_integer((json_int_t)s->conf->queue_bytes));
	json_object_set_new(arg, "peer_bytes", json_integer((json_int_t)s->outbox.bytes));
}

static void quiesce(struct server *s, void *arg)
{
	const bool *on = arg;

	if (s->quiesced != *on)
		cc_info("admin.quiesce: %s", *on ? "no new requests" : "requests again");
	s->quiesced = *on;
}

/* ---- messages ---- */

static int reply(struct cc_host *h, const struct cc_in *in, json_t *body)
{
	char type[CC_TYPE_MAX + 8] = "reply.";
	struct cc_bytes is = cc_msg_type(in->msg);
	int r;

	memcpy(type + 6, is.data, is.len);
	type[6 + is.len] = '\0';
	r = body ? cc_host_reply(h, in, type, body, no_blob) : cc_raise(CC_ENOMEM);
	json_decref(body);
	return r;
}

static int refuse(struct cc_host *h, const struct cc_in *in, enum cc_code code, const char *text)
{
	return cc_host_error(h, in, cc_code_word(code), text ? text : cc_code_text(code));
}

static int ask_and_reply(struct cc_host *h, const struct cc_in *in, srv_ask_fn *fn)
{
	json_t *body = json_object();

	if (!body)
		return cc_raise(CC_ENOMEM);
	if (srv_ask(server_of(h), fn, body) == 0)
		return reply(h, in, body);
	json_decref(body);
	return CC_DROPPED; /* the server has stopped */
}

static int do_stats(struct cc_host *h, const struct cc_in *in)
{
	return ask_and_reply(h, in, tell_stats);
}

static int do_routes(struct cc_host *h, const struct cc_in *in)
{
	return ask_and_reply(h, in, tell_routes);
}

static int do_handlers(struct cc_host *h, const struct cc_in *in)
{
	return ask_and_reply(h, in, tell_handlers);
}

static int do_queues(struct cc_host *h, const struct cc_in *in)
{
	return ask_and_reply(h, in, tell_queues);
}

static int do_signers(struct cc_host *h, const struct cc_in *in)
{
	struct cc_replay *replay = server_of(h)->replay;
	struct cc_replay_signer *list = calloc(SIGNERS_SHOWN, sizeof(*list));
	json_t *body, *rows = json_array();
	struct cc_replay_stats st = {0};
	size_t n;

	if (!list || !rows) {
		free(list);
		json_decref(rows);
		return cc_raise(CC_ENOMEM);
	}
	n = replay ? cc_replay_list(replay, list, SIGNERS_SHOWN) : 0;
	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows, json_pack("{s:s, s:s, s:I, s:f}", "name", list[i].name,
						      "class",
						      list[i].cls == CC_CLASS_GID ? "gid" : "bus",
						      "messages", (json_int_t)list[i].ids, "last",
						      (double)list[i].last_ms / 1000));
	free(list);
	if (replay)
		cc_replay_get_stats(replay, &st);
	body = json_pack("{s:o, s:I, s:I, s:I}", "signers", rows, "known", (json_int_t)st.signers,
			 "ids", (json_int_t)st.ids, "bytes", (json_int_t)st.bytes);
	return reply(h, in, body);
}

static int do_watch(struct cc_host *h, const struct cc_in *in)
{
	const char *prefix = json_string_value(json_object_get(in->gate->json, "prefix"));
	int r;

	if (!prefix || strcmp(prefix, "*") == 0)
		prefix = "";
	if (CC_SEEDED_BUG(strlen(prefix) > 7)) {
		char shown[8];

		strcpy(shown, prefix); /* without a look at its size */
		cc_debug("%s", shown);
	}
	if (*prefix && !cc_type_valid(prefix, strlen(prefix)))
		return refuse(h, in, CC_CODE_BAD_REQUEST,
			      "prefix: whole components of a message type, or *");
	r = srv_watch_add(&server_of(h)->watch, in, prefix, cc_clock_ms());
	if (r == -CC_ELIMIT)
		return refuse(h, in, CC_CODE_BUSY, "too many watch already");
	if (r)
		return r;
	cc_info("admin.watch: %s watches %s",
		in->gate->signer ? in->gate->signer->name : "the server's own user",
		*prefix ? prefix : "*");
	return reply(h, in,
		     json_pack("{s:s, s:i}", "watching", *prefix ? prefix : "*", "lease",
			       SRV_WATCH_LEASE_MS / 1000));
}

static int do_reload(struct cc_host *h, const struct cc_in *in)
{
	struct srv_thread *t = ((struct srv_host *)h)->thread;
	struct cc_note why = {0};
	uint64_t number;
	int r = srv_reload_wait(server_of(h), t, RELOAD_TIMEOUT_MS, &number, &why);

	if (r)
		return refuse(h, in, r == -CC_ETIMEOUT ? CC_CODE_TIMEOUT : CC_CODE_CONFIG,
			      why.text[0] ? why.text : cc_err_text(r));
	return reply(h, in, json_pack("{s:I}", "snapshot", (json_int_t)number));
}

static int do_quiesce(struct cc_host *h, const struct cc_in *in)
{
	const json_t *wanted = json_object_get(in->gate->json, "on");
	bool on = !wanted || json_is_true(wanted);

	if (wanted && !json_is_boolean(wanted))
		return refuse(h, in, CC_CODE_BAD_REQUEST, "on: true or false");
	if (srv_ask(server_of(h), quiesce, &on) != 0)
		return CC_DROPPED;
	return reply(h, in, json_pack("{s:b}", "quiesced", on));
}

static const struct {
	const char *type;
	int (*run)(struct cc_host *h, const struct cc_in *in);
} messages[] = {
	{"admin.stats", do_stats},   {"admin.routes", do_routes},   {"admin.handlers", do_handlers},
	{"admin.queues", do_queues}, {"admin.signers", do_signers}, {"admin.watch", do_watch},
	{"admin.reload", do_reload}, {"admin.quiesce", do_quiesce},
};

static int admin_handle(void *state, struct cc_host *host, struct cc_in *in)
{
	struct cc_qid qid;

	if (!cc_msg_qid(in->msg, &qid))
		return CC_DROPPED; /* nobody waits for the answer, which is all there is */
	for (size_t i = 0; i < CC_ARRAY_SIZE(messages); i++)
		if (cc_msg_type_is(in->msg, messages[i].type))
			return messages[i].run(host, in);
	return refuse(host, in, CC_CODE_UNSUPPORTED, NULL);
}

const struct cc_handler admin_handler = {
	.name = "admin",
	.help = "answers an operator: statistics, routes, queues, signers, watch, reload, quiesce",
	.roles = CC_ROLE_LOCAL | CC_ROLE_REMOTE,
	.run = CC_RUN_ONE,
	.answers = true,
	.handle = admin_handle,
};
