/* SPDX-License-Identifier: ISC */
#include "lib/handler/handler.h"

#include <string.h>

#include "lib/cc/envelope.h"

int cc_host_reply(struct cc_host *h, const struct cc_in *in, const char *type, json_t *body,
		  struct cc_bytes blob)
{
	if (in->gate->id && json_object_set_new(body, "re", json_string(in->gate->id)) != 0)
		return cc_raise(CC_ENOMEM);
	return h->ops->reply(h, in, type, body, blob);
}

int cc_host_error(struct cc_host *h, const struct cc_in *in, const char *code, const char *msg)
{
	struct cc_bytes type = cc_msg_type(in->msg);
	json_t *body = json_pack("{s:s%, s:s, s:o}", "req_type", type.data, type.len, "code", code,
				 "msg", cc_json_text(msg));
	int r;

	if (!body)
		return cc_raise(CC_ENOMEM);
	r = cc_host_reply(h, in, "error", body, (struct cc_bytes){NULL, 0});
	json_decref(body);
	return r;
}

int cc_host_hop_error(struct cc_host *h, const struct cc_msg *msg, const char *code)
{
	return h->ops->hop_error(h, msg, code);
}

int cc_host_send(struct cc_host *h, struct cc_msg *msg)
{
	return h->ops->send(h, msg);
}

int cc_host_dealer_open(struct cc_host *h, const char *url, const struct cc_sock_conf *conf,
			void *peer, struct cc_dealer **out, struct cc_note *why)
{
	int r = cc_sock_check(url, why);

	return r ? r : h->ops->dealer_open(h, url, conf, peer, out, why);
}

int cc_host_dealer_send(struct cc_host *h, struct cc_dealer *d, struct cc_msg *msg)
{
	return h->ops->dealer_send(h, d, msg);
}

int cc_host_dealer_ping(struct cc_host *h, struct cc_dealer *d, const char *target)
{
	return h->ops->dealer_ping(h, d, target);
}

void cc_host_wake_at(struct cc_host *h, int64_t at)
{
	h->ops->wake_at(h, at);
}

int cc_host_target(struct cc_host *h, const char *section, struct cc_target **out,
		   struct cc_note *why)
{
	return h->ops->target(h, section, out, why);
}

int cc_host_check_section(struct cc_host *h, const char *option, const char *section,
			  struct cc_note *why)
{
	if (cf_ini_section(cc_host_ini(h), section))
		return 0;
	return cc_note_set(why, CC_ENOTFOUND, "%s: no section [%s]", option, section);
}

int cc_host_forward(struct cc_host *h, struct cc_target *target, struct cc_msg *msg)
{
	return h->ops->forward(h, target, msg);
}

const struct cf_ini *cc_host_ini(struct cc_host *h)
{
	return h->ops->ini(h);
}

void cc_host_count(struct cc_host *h, unsigned counter, uint64_t n)
{
	h->ops->count(h, counter, n);
}

/* The original's names: cc.handler.NAME, and one short name that differs. */
static const char *plain_name(const char *name)
{
	if (strncmp(name, "cc.handler.", 11) == 0)
		name += 11;
	return strcmp(name, "dbhandler") == 0 ? "database" : name;
}

const struct cc_handler *cc_handler_find(const struct cc_handler *const *table, const char *name)
{
	name = plain_name(name);
	for (; *table; table++)
		if (strcmp((*table)->name, name) == 0)
			return *table;
	return NULL;
}

bool cc_handler_is_later(const char *name)
{
	static const char *const later[] = {"database", "infowriter", "tailwriter", "taskrouter",
					    NULL};

	name = plain_name(name);
	for (int i = 0; later[i]; i++)
		if (strcmp(later[i], name) == 0)
			return true;
	return false;
}
