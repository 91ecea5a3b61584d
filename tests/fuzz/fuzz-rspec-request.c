/* SPDX-License-Identifier: ISC */
/*
 * A request RSpec from a client. What is read has client_ids, each once, within bounds; its manifest can be
 * written, is read again, and has a sliver for each of our nodes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/rspec/int.h"
#include "lib/rspec/manifest.h"
#include "tests/fuzz/must.h"

#define MANAGER "urn:publicid:IDN+am.it.test+authority+am"
#define WANTS_MAX 200 /* of which all pairs are compared */

static void check_wants(const struct rs_request *r)
{
	MUST(r->n_wants > 0 && r->n_wants <= RS_NODES_MAX);
	for (unsigned i = 0; i < r->n_wants; i++) {
		const struct rs_want *w = &r->wants[i];

		MUST(*w->client_id && strlen(w->client_id) <= RS_ID_MAX);
		MUST(*w->sliver_type && strlen(w->sliver_type) <= RS_ID_MAX);
		MUST(strlen(w->component_id) <= RS_ID_MAX && strlen(w->image) <= RS_ID_MAX);
		MUST(!w->exclusive || w->exclusive_said);
		MUST(rs_want_takes(w, rs_want_hardware(w)) || !*rs_want_hardware(w));
		for (unsigned k = 0; k < i && r->n_wants <= WANTS_MAX; k++)
			MUST(strcmp(w->client_id, r->wants[k].client_id) != 0);
	}
}

static unsigned count_slivers(const char *text, size_t len)
{
	xmlDoc *doc = NULL;
	struct cc_note why = {0};
	const xmlNode *root;
	unsigned n = 0;

	MUST(xs_doc_parse(text, len, &rs_limits, &doc, &why) == 0);
	root = xmlDocGetRootElement(doc);
	MUST(xs_is(root, RS_NS, "rspec") && strcmp(rs_text(root, "type"), "manifest") == 0);
	for (xmlNode *c = NULL; (c = rs_child(root, c, "node"));)
		n += strcmp(rs_text(c, "sliver_id"), "urn:sliver:of:ours") == 0;
	xs_doc_free(doc);
	return n;
}

/* Two of the same request, under one root: the prefixes of the second one are the first one's. */
static void write_manifest(struct rs_request *first, struct rs_request *second)
{
	static const struct rs_login login = {"alice", "n1.it.test", 22};
	static const char *const keys[] = {"ssh-ed25519 AAAA <&> \"x\""};
	static const struct rs_user user = {"urn:x", "alice", keys, 1};
	unsigned wants = first->n_wants;
	struct rs_sliver *s = calloc(wants, sizeof(*s));
	char **ids = calloc(wants, sizeof(*ids));
	struct rs_part parts[] = {{first, s, wants}, {second, s, wants}};
	struct cc_buf out = CC_BUF_INIT(64u << 20);

	MUST(s && ids);
	for (unsigned i = 0; i < wants; i++) {
		ids[i] = strdup(first->wants[i].client_id);
		MUST(ids[i]);
		s[i] = (struct rs_sliver){.client_id = ids[i],
					  .sliver_id = "urn:sliver:of:ours",
					  .component_id = "urn:component",
					  .component_name = "n1",
					  .sliver_type = "vm",
					  .image = i % 2 ? "urn:image" : "",
					  .hardware = "pc",
					  .hostname = "n1.it.test",
					  .country = "BE",
					  .latitude = "51",
					  .longitude = "3",
					  .logins = &login,
					  .n_logins = 1,
					  .users = &user,
					  .n_users = 1};
	}
	MUST(rs_manifest_write(parts, 2, MANAGER, 1800000000, &out) == 0);
	MUST(count_slivers((const char *)out.data, out.len) == 2 * wants);
	cc_buf_deinit(&out);
	for (unsigned i = 0; i < wants; i++)
		free(ids[i]);
	free(ids);
	free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_request *r = NULL, *again = NULL;
	struct rs_fault fault;
	int err = rs_request_read((const char *)data, size, MANAGER, &r, &fault);

	if (err) {
		MUST(!r && err > 0 && (int)fault.kind == err && fault.rule && fault.why.text[0]);
		return 0;
	}
	check_wants(r);
	MUST(rs_request_reread((const char *)data, size, MANAGER, &again, &fault) == 0);
	write_manifest(r, again);
	rs_request_free(again);
	rs_request_free(r);
	return 0;
}
