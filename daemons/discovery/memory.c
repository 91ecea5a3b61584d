/* SPDX-License-Identifier: ISC */
/* Memory and file systems. */
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "daemons/discovery/inventory.h"
#include "lib/base/util.h"

#define MEMINFO (16u << 10)
#define CPUINFO (4u << 10) /* its first processor */
#define KIB_MAX (INT64_MAX / 1024)

static const char *const paths[] = {"/", "/var"};

static void set_kib(json_t *object, const char *key, const char *info, const char *field)
{
	int64_t kib;

	if (inv_field_number(info, field, ':', &kib) && kib >= 0 && kib <= KIB_MAX)
		inv_set(object, key, json_integer(kib * 1024));
}

json_t *inv_memory(const char *root)
{
	char info[MEMINFO];
	json_t *memory = json_object();

	if (inv_read(root, info, sizeof(info), "proc/meminfo") > 0) {
		set_kib(memory, "total", info, "MemTotal");
		set_kib(memory, "swap", info, "SwapTotal");
	}
	return memory;
}

static void set_free_memory(json_t *load, const char *root)
{
	char info[MEMINFO];

	if (inv_read(root, info, sizeof(info), "proc/meminfo") <= 0)
		return;
	set_kib(load, "memory_available", info, "MemAvailable");
	set_kib(load, "swap_free", info, "SwapFree");
}

/* A product that does not fit is no size. */
static void set_octets(json_t *object, const char *key, uint64_t blocks, uint64_t size)
{
	uint64_t octets;

	if (!__builtin_mul_overflow(blocks, size, &octets) && octets <= INT64_MAX)
		inv_set(object, key, json_integer((json_int_t)octets));
}

/* Only of this machine: a made tree has no file systems. */
static json_t *filesystems(const char *root, bool sizes)
{
	json_t *list = json_array();
	dev_t seen = 0;

	for (size_t i = 0; !*root && i < CC_ARRAY_SIZE(paths); i++) {
		struct statvfs fs;
		struct stat st;
		json_t *entry;

		if (stat(paths[i], &st) != 0 || (i > 0 && st.st_dev == seen) ||
		    statvfs(paths[i], &fs) != 0)
			continue;
		seen = st.st_dev;
		entry = json_object();
		inv_set_text(entry, "path", paths[i]);
		if (sizes)
			set_octets(entry, "size", fs.f_blocks, fs.f_frsize);
		else
			set_octets(entry, "free", fs.f_bavail, fs.f_frsize);
		inv_append(list, entry);
	}
	return list;
}

json_t *inv_filesystems(const char *root)
{
	return filesystems(root, true);
}

static void set_loadavg(json_t *load, const char *root)
{
	char text[INV_TEXT];
	double one, five, fifteen;
	unsigned running, all;

	if (!inv_line(root, text, "proc/loadavg") ||
	    sscanf(text, "%10lf %10lf %10lf %9u/%9u", &one, &five, &fifteen, &running, &all) != 5)
		return;
	inv_set(load, "loadavg", json_pack("[f, f, f]", one, five, fifteen));
	inv_set(load, "processes", json_integer(all));
}

/* Of the first processor, now. */
static void set_mhz(json_t *load, const char *root)
{
	char info[CPUINFO], text[INV_TEXT];
	double mhz;

	if (inv_read(root, info, sizeof(info), "proc/cpuinfo") > 0 &&
	    inv_field(info, "cpu MHz", ':', text) && sscanf(text, "%10lf", &mhz) == 1 && mhz > 0)
		inv_set(load, "mhz", json_real(mhz));
}

json_t *inv_load(const char *root)
{
	json_t *load = json_object();
	char text[INV_TEXT];
	double uptime;

	set_loadavg(load, root);
	if (inv_line(root, text, "proc/uptime") && sscanf(text, "%15lf", &uptime) == 1 &&
	    uptime >= 0 && uptime < 1e15)
		inv_set(load, "uptime", json_integer((json_int_t)uptime));
	set_mhz(load, root);
	set_free_memory(load, root);
	inv_set_some(load, "filesystems", filesystems(root, false));
	return load;
}
