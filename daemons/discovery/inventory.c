/* SPDX-License-Identifier: ISC */
/* All topics as one object, and its hash. */
#include "daemons/discovery/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/util.h"
#include "lib/cc/envelope.h"

static const struct {
	const char *key;
	json_t *(*collect)(const char *root);
} topics[] = {
	{"cpu", inv_cpu},     {"memory", inv_memory},
	{"disks", inv_disks}, {"filesystems", inv_filesystems},
	{"nics", inv_nics},   {"addresses", inv_addresses},
	{"gpus", inv_gpus},   {"kernel", inv_kernel},
	{"os", inv_os},	      {"virtual", inv_virtual},
};

json_t *inv_collect(const char *root)
{
	json_t *inventory = json_object();

	for (size_t i = 0; inventory && i < CC_ARRAY_SIZE(topics); i++)
		inv_set_some(inventory, topics[i].key, topics[i].collect(root));
	return inventory;
}

int inv_hash(const json_t *inventory, char hash[INV_HASH])
{
	cc_cleanup(cc_freep) char *text =
		json_dumps(inventory, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENSURE_ASCII);
	char named[CC_BLOB_HASH_SIZE];
	int r;

	if (!text)
		return cc_raise(CC_ENOMEM);
	r = cc_blob_hash((struct cc_bytes){(const uint8_t *)text, strlen(text)}, false, named);
	if (r)
		return r;
	snprintf(hash, INV_HASH, "%s", strchr(named, ':') + 1);
	return 0;
}
