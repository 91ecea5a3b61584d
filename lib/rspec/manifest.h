/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Manifest RSpecs, GENI 3: the requests that slivers came from, as one document, with what the aggregate
 * says of each sliver (spec jfed sections 7, 8). What is not of ours is left as it was: elements and
 * attributes of other namespaces anywhere, nodes and links of other managers.
 */
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/rspec/request.h"

struct rs_login {
	const char *username, *hostname;
	unsigned port;
};

struct rs_user {
	const char *urn, *login; /* urn may be "" */
	const char *const *keys; /* ssh lines */
	unsigned n_keys;
};

/* What is said of one node of a request. Texts are borrowed; "" where there is nothing to say. */
struct rs_sliver {
	const char *client_id; /* which node */
	const char *sliver_id, *component_id, *component_name, *sliver_type, *image, *hardware;
	const char *hostname;
	const char *country, *latitude, *longitude; /* country "": no location */
	bool exclusive;
	const struct rs_login *logins;
	unsigned n_logins;
	const struct rs_user *users;
	unsigned n_users;
};

struct rs_part {
	struct rs_request *request; /* changed: it becomes part of the manifest */
	const struct rs_sliver *slivers;
	unsigned n_slivers;
};

/**
 * Appends the manifest of n parts, with the root element of the first; of no part: an empty one. A node of
 * ours that no sliver is of is left out. expires: seconds since 1970; 0: not said. @return 0, -CC_ENOMEM,
 * -CC_ELIMIT.
 */
int rs_manifest_write(const struct rs_part *parts, unsigned n, const char *manager, int64_t expires,
		      struct cc_buf *out);
