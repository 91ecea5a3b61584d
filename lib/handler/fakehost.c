/* SPDX-License-Identifier: ISC */
#include "lib/handler/fakehost.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/cc/envelope.h"
#include "lib/conf/ini.h"

int64_t cc_fake_now = 1000000;

int64_t __wrap_cc_clock_ms(void)
{
	return cc_fake_now;
}

static void must(bool ok)
{
	if (!ok)
		abort();
}

static struct cc_fakehost *fake(struct cc_host *h)
{
	return (struct cc_fakehost *)h;
}

static struct cc_msg *copy_of(const struct cc_msg *m)
{
	struct cc_msg *copy = cc_msg_dup(m);

	must(copy != NULL);
	return copy;
}

/* Takes the frames of m, as a socket does. */
static void record_sent(struct cc_fake_sent *sent, struct cc_msg *m)
{
	if (sent->count < CC_FAKE_MAX) {
		struct cc_msg *taken = cc_msg_new();

		must(taken != NULL);
		cc_msg_move(taken, m);
		sent->msgs[sent->count] = taken;
	}
	sent->count++;
	cc_msg_reset(m);
}

/* ---- the host's operations ---- */

static int op_reply(struct cc_host *h, const struct cc_in *in, const char *type, json_t *body,
		    struct cc_bytes blob)
{
	struct cc_fakehost *f = fake(h);
	struct cc_fake_reply *r = &f->replies[f->n_replies];

	must(f->handler->run != CC_RUN_ROUTER); /* the routing thread does not sign */
	must(f->n_replies++ < CC_FAKE_MAX && strlen(type) <= CC_TYPE_MAX);
	strcpy(r->type, type);
	r->json = json_deep_copy(body);
	r->msg = copy_of(in->msg);
	if (blob.data) {
		uint8_t *data = malloc(blob.len + 1);

		must(data != NULL);
		memcpy(data, blob.data, blob.len);
		r->blob = (struct cc_bytes){data, blob.len};
	}
	return 0;
}

static int op_hop_error(struct cc_host *h, const struct cc_msg *msg, const char *code)
{
	struct cc_fakehost *f = fake(h);
	struct cc_qid qid;

	must(f->handler->run == CC_RUN_ROUTER);
	if (!cc_msg_qid(msg, &qid) || cc_msg_type_is(msg, "error"))
		return CC_DROPPED;
	if (f->n_hops < CC_FAKE_MAX) {
		struct cc_fake_hop *hop = &f->hops[f->n_hops];

		snprintf(hop->code, sizeof(hop->code), "%s", code);
		hop->msg = copy_of(msg);
	}
	f->n_hops++;
	return 0;
}

static int op_send(struct cc_host *h, struct cc_msg *msg)
{
	struct cc_fakehost *f = fake(h);

	must(f->handler->run == CC_RUN_ROUTER);
	if (f->send_result == 0)
		record_sent(&f->sent, msg);
	return f->send_result;
}

static int op_dealer_open(struct cc_host *h, const char *url, const struct cc_sock_conf *conf,
			  void *peer, struct cc_dealer **out, struct cc_note *why)
{
	struct cc_fakehost *f = fake(h);
	struct cc_dealer *d = calloc(1, sizeof(*d));

	must(d && f->n_dealers < CC_FAKE_DEALERS);
	d->url = strdup(url);
	d->conf = *conf;
	d->peer = peer;
	f->dealers[f->n_dealers++] = *out = d;
	return 0;
}

static int op_dealer_send(struct cc_host *h, struct cc_dealer *d, struct cc_msg *msg)
{
	if (d->send_result == 0)
		record_sent(&d->sent, msg);
	return d->send_result;
}

static int op_dealer_ping(struct cc_host *h, struct cc_dealer *d, const char *target)
{
	if (d->send_result == 0) {
		d->pings++;
		snprintf(d->target, sizeof(d->target), "%s", target);
	}
	return d->send_result;
}

static void op_wake_at(struct cc_host *h, int64_t at)
{
	if (at < fake(h)->wake)
		fake(h)->wake = at;
}

static void op_count(struct cc_host *h, unsigned counter, uint64_t n)
{
	must(counter < CC_ARRAY_SIZE(fake(h)->counters));
	fake(h)->counters[counter] += n;
}

static int op_target(struct cc_host *h, const char *section, struct cc_target **out,
		     struct cc_note *why)
{
	struct cc_fakehost *f = fake(h);
	struct cc_target *t;

	if (!cf_ini_section(f->ini, section))
		return cc_note_set(why, CC_ENOTFOUND, "no section [%s]", section);
	t = calloc(1, sizeof(*t));
	must(t && f->n_targets < CC_FAKE_DEALERS && strlen(section) < sizeof(t->section));
	strcpy(t->section, section);
	f->targets[f->n_targets++] = *out = t;
	return 0;
}

static int op_forward(struct cc_host *h, struct cc_target *target, struct cc_msg *msg)
{
	must(fake(h)->handler->run == CC_RUN_ROUTER);
	if (target->forward_result == 0)
		record_sent(&target->sent, msg);
	return target->forward_result;
}

static const struct cf_ini *op_ini(struct cc_host *h)
{
	return fake(h)->ini;
}

static const struct cc_host_ops ops = {
	.reply = op_reply,
	.hop_error = op_hop_error,
	.send = op_send,
	.dealer_open = op_dealer_open,
	.dealer_send = op_dealer_send,
	.dealer_ping = op_dealer_ping,
	.wake_at = op_wake_at,
	.count = op_count,
	.target = op_target,
	.forward = op_forward,
	.ini = op_ini,
};

/* ---- a life ---- */

static int bind_options(struct cc_fakehost *f, const char *options, struct cc_note *why)
{
	const struct cf_opt *const tables[] = {f->handler->options, NULL};
	char text[4096];
	int len = snprintf(text, sizeof(text), "[h]\n%s\n", options);
	int r;

	must(len > 0 && len < (int)sizeof(text));
	r = cf_ini_parse("test.ini", text, (size_t)len, NULL, NULL, 0, &f->ini, why);
	if (r || !f->handler->options)
		return r;
	return cf_bind(cf_ini_section(f->ini, "h"), tables, NULL, false, f->state, NULL, NULL, why);
}

int cc_fakehost_open(struct cc_fakehost **out, const struct cc_handler *handler,
		     const char *options, struct cc_note *why)
{
	struct cc_fakehost *f = *out = calloc(1, sizeof(*f));
	int r;

	must(f != NULL);
	f->base = (struct cc_host){.ops = &ops, .section = "h", .job_name = "test"};
	f->handler = handler;
	f->wake = INT64_MAX;
	f->state = calloc(1, handler->state_size ? handler->state_size : 1);
	must(f->state != NULL);
	r = bind_options(f, options, why);
	if (!r && handler->check)
		r = handler->check(f->state, &f->base, why);
	if (!r && handler->init)
		r = handler->init(f->state, &f->base, why);
	return r;
}

static void free_sent(struct cc_fake_sent *sent)
{
	for (size_t i = 0; i < sent->count && i < CC_FAKE_MAX; i++)
		cc_msg_free(sent->msgs[i]);
}

static void free_records(struct cc_fakehost *f)
{
	free_sent(&f->sent);
	for (size_t i = 0; i < f->n_replies; i++) {
		json_decref(f->replies[i].json);
		cc_msg_free(f->replies[i].msg);
		free((void *)f->replies[i].blob.data);
	}
	for (size_t i = 0; i < f->n_hops && i < CC_FAKE_MAX; i++)
		cc_msg_free(f->hops[i].msg);
	for (size_t i = 0; i < f->n_dealers; i++) {
		free_sent(&f->dealers[i]->sent);
		free(f->dealers[i]->url);
		free(f->dealers[i]);
	}
	for (size_t i = 0; i < f->n_targets; i++) {
		free_sent(&f->targets[i]->sent);
		free(f->targets[i]);
	}
	cf_ini_free(f->ini);
}

void cc_fakehost_free(struct cc_fakehost *f)
{
	const struct cf_opt *const tables[] = {f ? f->handler->options : NULL, NULL};

	if (!f)
		return;
	if (f->handler->fini)
		f->handler->fini(f->state);
	cf_unbind(tables, f->state);
	free(f->state);
	free_records(f);
	free(f);
}

void cc_fakehost_freep(struct cc_fakehost **f)
{
	cc_fakehost_free(*f);
	*f = NULL;
}

int cc_fakehost_handle(struct cc_fakehost *f, struct cc_msg *m)
{
	struct cc_gate_result gate = {.verdict = CC_GATE_PASS};
	struct cc_in in = {.msg = m};
	struct cc_bytes body;
	int r;

	must(cc_msg_check(m) == 0);
	if (f->handler->run != CC_RUN_ROUTER) {
		body = cc_msg_body(m);
		must(cc_json_parse(body.data, body.len, &gate.json) == 0);
		gate.id = json_string_value(json_object_get(gate.json, "id"));
		in.gate = &gate;
	}
	r = f->handler->handle(f->state, &f->base, &in);
	cc_gate_result_deinit(&gate);
	return r;
}

unsigned cc_fakehost_tick(struct cc_fakehost *f, int64_t now)
{
	unsigned n = 0;

	cc_fake_now = now;
	for (; f->wake <= now && n < 100; n++) {
		f->wake = INT64_MAX;
		f->handler->tick(f->state, &f->base, now);
	}
	return n;
}

void cc_fakehost_dealer_in(struct cc_fakehost *f, size_t i, struct cc_msg *m)
{
	f->handler->dealer_in(f->state, &f->base, f->dealers[i]->peer, m);
	cc_msg_reset(m);
}

void cc_fakehost_dealer_up(struct cc_fakehost *f, size_t i, bool up)
{
	f->handler->dealer_up(f->state, &f->base, f->dealers[i]->peer, up);
}

void cc_fakehost_drain(struct cc_fakehost *f)
{
	f->handler->drain(f->state, &f->base);
}

uint64_t cc_fakehost_count(const struct cc_fakehost *f, const char *counter)
{
	for (unsigned i = 0; f->handler->counters[i]; i++)
		if (strcmp(f->handler->counters[i], counter) == 0)
			return f->counters[i];
	abort();
}
