/* SPDX-License-Identifier: ISC */
/* Block devices that keep something: no loop devices, no memory, no empty drives. */
#include <string.h>

#include "daemons/discovery/inventory.h"
#include "lib/base/util.h"

#define SECTOR 512 /* the unit of `size`, whatever the device's own sectors are */

static bool is_disk(const char *name)
{
	static const char *const others[] = {"loop", "ram", "zram"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(others); i++) {
		if (strncmp(name, others[i], strlen(others[i])) == 0)
			return false;
	}
	return true;
}

static void set_flag(json_t *disk, const char *key, const char *root, const char *name,
		     const char *file)
{
	int64_t n;

	if (inv_number(root, &n, "sys/block/%s/%s", name, file))
		inv_set(disk, key, json_boolean(n != 0));
}

static bool add_disk(void *list, const char *root, const char *name)
{
	char text[INV_TEXT];
	int64_t sectors;
	json_t *disk;

	if (!is_disk(name) || !inv_number(root, &sectors, "sys/block/%s/size", name) ||
	    sectors <= 0 || sectors > INT64_MAX / SECTOR)
		return true;
	disk = json_object();
	inv_set_clean(disk, "name", name);
	inv_set(disk, "size", json_integer(sectors * SECTOR));
	set_flag(disk, "rotational", root, name, "queue/rotational");
	set_flag(disk, "removable", root, name, "removable");
	if (inv_line(root, text, "sys/block/%s/device/model", name))
		inv_set_text(disk, "model", text);
	return inv_append(list, disk);
}

json_t *inv_disks(const char *root)
{
	json_t *list = json_array();

	inv_each(root, "sys/block", add_disk, list);
	return list;
}
