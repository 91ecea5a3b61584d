/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "ccserver/zap.h"
#include "ccserver/zap_int.h"
#include "lib/base/util.h"

void srv_zap_rules_free(struct srv_zap_rules *r)
{
	if (!r)
		return;
	cc_curve_pair_wipe(&r->own);
	free(r->nets);
	free(r->keys);
	free(r);
}

void srv_zap_rules_freep(struct srv_zap_rules **r)
{
	srv_zap_rules_free(*r);
	*r = NULL;
}

static int load_nets(struct srv_zap_rules *r, const struct cf_list *items, struct cc_note *why)
{
	if (items->count > SRV_ZAP_NETS_MAX)
		return cc_note_set(why, CC_ELIMIT, "cc-allow: more than %d items",
				   SRV_ZAP_NETS_MAX);
	r->nets = calloc(items->count + 1, sizeof(*r->nets));
	if (!r->nets)
		return cc_raise(CC_ENOMEM);
	for (; r->n_nets < items->count; r->n_nets++) {
		struct cc_note inner = {0};

		if (srv_net_parse(items->items[r->n_nets], &r->nets[r->n_nets], &inner) != 0)
			return cc_note_set(why, CC_EINVAL, "cc-allow: %s", inner.text);
	}
	return 0;
}

static int load_keys(struct srv_zap_rules *r, const struct srv_conf *conf, struct cc_note *why)
{
	const struct cf_list *names = &conf->cc_curve_clients;

	if (names->count > SRV_ZAP_KEYS_MAX)
		return cc_note_set(why, CC_ELIMIT, "cc-curve-clients: more than %d items",
				   SRV_ZAP_KEYS_MAX);
	r->keys = calloc(names->count + 1, sizeof(*r->keys));
	if (!r->keys)
		return cc_raise(CC_ENOMEM);
	for (; r->n_keys < names->count; r->n_keys++) {
		int e = cc_curve_read_public(conf->cms_keystore, names->items[r->n_keys],
					     r->keys[r->n_keys], why);

		if (e)
			return e;
	}
	return 0;
}

int srv_zap_rules_load(const struct srv_conf *conf, struct srv_zap_rules **out, struct cc_note *why)
{
	cc_cleanup(srv_zap_rules_freep) struct srv_zap_rules *r = calloc(1, sizeof(*r));
	int e;

	if (!r)
		return cc_raise(CC_ENOMEM);
	r->curve = *conf->cc_curve != '\0';
	e = load_nets(r, &conf->cc_allow, why);
	if (!e)
		e = load_keys(r, conf, why);
	if (!e && r->curve)
		e = cc_curve_read_pair(conf->cms_keystore, conf->cc_curve, &r->own, why);
	if (e)
		return e;
	*out = cc_steal(&r);
	return 0;
}

bool srv_zap_rules_guard(const struct srv_zap_rules *r)
{
	return r->curve || r->n_nets;
}

static bool has_address(const struct srv_zap_rules *r, const char *text)
{
	struct srv_addr a;

	if (srv_addr_parse(text, &a) != 0)
		return false;
	for (size_t i = 0; i < r->n_nets; i++)
		if (srv_net_has(&r->nets[i], &a))
			return true;
	return srv_addr_is_loopback(&a);
}

static bool has_key(const struct srv_zap_rules *r, const uint8_t *key)
{
	for (size_t i = 0; i < r->n_keys; i++)
		if (memcmp(r->keys[i], key, CC_CURVE_KEY) == 0)
			return true;
	return false;
}

int srv_zap_rules_check(const struct srv_zap_rules *r, const char *address, const uint8_t *key)
{
	if (r->curve != (key != NULL))
		return SRV_ZAP_MECHANISM;
	if (r->n_nets && !has_address(r, address))
		return SRV_ZAP_ADDRESS;
	if (r->n_keys && !has_key(r, key))
		return SRV_ZAP_KEY;
	return 0;
}
