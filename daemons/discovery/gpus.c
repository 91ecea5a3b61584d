/* SPDX-License-Identifier: ISC */
/*
 * Graphics processors: PCI devices of class display, 3D controllers without a monitor among them.
 */
#include <stdio.h>
#include <string.h>

#include "daemons/discovery/inventory.h"
#include "lib/base/util.h"

#define CLASS_DISPLAY 0x03 /* the first octet of the class */

static const char *vendor_name(int64_t id)
{
	static const struct {
		int64_t id;
		const char *name;
	} vendors[] = {
		{0x1002, "AMD"},    {0x10de, "NVIDIA"}, {0x1234, "QEMU"},    {0x15ad, "VMware"},
		{0x1a03, "ASPEED"}, {0x1af4, "virtio"}, {0x1b36, "Red Hat"}, {0x8086, "Intel"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(vendors); i++) {
		if (vendors[i].id == id)
			return vendors[i].name;
	}
	return "";
}

static void set_id(json_t *gpu, const char *key, int64_t id)
{
	char text[16];

	snprintf(text, sizeof(text), "0x%04x", (unsigned)id & 0xffff);
	inv_set_text(gpu, key, text);
}

static bool add_gpu(void *list, const char *root, const char *name)
{
	int64_t class, vendor, device;
	char text[INV_TEXT];
	json_t *gpu;

	if (!inv_number(root, &class, "sys/bus/pci/devices/%s/class", name) || class < 0 ||
	    class >> 16 != CLASS_DISPLAY)
		return true;
	gpu = json_object();
	inv_set_clean(gpu, "name", name);
	snprintf(text, sizeof(text), "0x%06x", (unsigned)class);
	inv_set_text(gpu, "class", text);
	if (inv_number(root, &vendor, "sys/bus/pci/devices/%s/vendor", name)) {
		set_id(gpu, "vendor", vendor);
		inv_set_text(gpu, "vendor_name", vendor_name(vendor));
	}
	if (inv_number(root, &device, "sys/bus/pci/devices/%s/device", name))
		set_id(gpu, "device", device);
	if (inv_link(root, text, "sys/bus/pci/devices/%s/driver", name))
		inv_set_text(gpu, "driver", text);
	return inv_append(list, gpu);
}

json_t *inv_gpus(const char *root)
{
	json_t *list = json_array();

	inv_each(root, "sys/bus/pci/devices", add_gpu, list);
	return list;
}
