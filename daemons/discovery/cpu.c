/* SPDX-License-Identifier: ISC */
/* Processors: how many, what kind, what they can do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemons/discovery/inventory.h"
#include "lib/base/util.h"

/* What decides where a sliver can run. */
static const char *const flags[] = {
	"aes",	"asimd", "avx",	   "avx2",   "avx512f", "hypervisor", "lm",  "pclmulqdq", "rdrand",
	"sha1", "sha2",	 "sha_ni", "sse4_2", "sve",	"svm",	      "vmx", "x2apic",
};

struct topology {
	unsigned n;
	struct place {
		int64_t package, core;
	} places[INV_CPUS];
};

static void look_at_cpu(const char *root, struct topology *t, unsigned long cpu)
{
	struct place *p = &t->places[t->n];

	if (t->n < INV_CPUS &&
	    inv_number(root, &p->package,
		       "sys/devices/system/cpu/cpu%lu/topology/physical_package_id", cpu) &&
	    inv_number(root, &p->core, "sys/devices/system/cpu/cpu%lu/topology/core_id", cpu))
		t->n++;
}

/*
 * A list as of sys/devices/system/cpu/online, "0-3,8". @return how many CPUs it names, 0: it is
 * none.
 */
static unsigned count_online(const char *root, const char *list, struct topology *t)
{
	unsigned count = 0;

	while (*list) {
		char *end;
		unsigned long from = strtoul(list, &end, 10), to = from;

		if (end == list)
			return 0;
		if (*end == '-') {
			list = end + 1;
			to = strtoul(list, &end, 10);
			if (end == list)
				return 0;
		}
		if (to < from || to >= INV_CPUS)
			return 0;
		for (; from <= to && count < INV_CPUS; from++, count++)
			look_at_cpu(root, t, from);
		if (*end && *end != ',')
			return 0;
		list = *end ? end + 1 : end;
	}
	return count;
}

static int by_place(const void *a, const void *b)
{
	const struct place *p = a, *q = b;

	if (p->package != q->package)
		return p->package < q->package ? -1 : 1;
	return p->core < q->core ? -1 : p->core > q->core;
}

static void set_topology(json_t *cpu, struct topology *t)
{
	int64_t sockets = 0, cores = 0;

	qsort(t->places, t->n, sizeof(*t->places), by_place);
	for (unsigned i = 0; i < t->n; i++) {
		cores += i == 0 || by_place(&t->places[i - 1], &t->places[i]) != 0;
		sockets += i == 0 || t->places[i - 1].package != t->places[i].package;
	}
	if (!t->n)
		return;
	inv_set(cpu, "sockets", json_integer(sockets));
	inv_set(cpu, "cores", json_integer(cores));
}

static unsigned count_processors(const char *info)
{
	unsigned n = 0;

	for (const char *line = info; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		n += strncmp(line, "processor", 9) == 0 && (line[9] == '\t' || line[9] == ' ');
	}
	return n;
}

static void set_count(json_t *cpu, const char *root, const char *info)
{
	cc_cleanup(cc_freep) struct topology *t = calloc(1, sizeof(*t));
	char list[INV_TEXT];
	unsigned online = 0;

	if (t && inv_line(root, list, "sys/devices/system/cpu/online"))
		online = count_online(root, list, t);
	if (online)
		set_topology(cpu, t);
	else
		online = count_processors(info);
	if (online)
		inv_set(cpu, "online", json_integer(online));
}

/* The first of several keys, as architectures call the same thing differently. */
static void set_first(json_t *cpu, const char *name, const char *info, const char *const *keys)
{
	char text[INV_TEXT];

	for (; *keys; keys++) {
		if (inv_field(info, *keys, ':', text)) {
			inv_set_text(cpu, name, text);
			return;
		}
	}
}

/* Whether a line of words, as long as the kernel likes, has this one. */
static bool has_word(const char *line, const char *word)
{
	const char *end = strchrnul(line, '\n');
	size_t len = strlen(word);

	for (const char *p = line; (p = memmem(p, (size_t)(end - p), word, len)); p += len) {
		bool begins = p == line || p[-1] == ' ' || p[-1] == '\t' || p[-1] == ':';

		if (begins && (p[len] == ' ' || p[len] == '\n' || p[len] == '\0'))
			return true;
	}
	return false;
}

static const char *flags_line(const char *info)
{
	static const char *const keys[] = {"flags", "Features"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(keys); i++) {
		size_t len = strlen(keys[i]);

		for (const char *line = info; line; line = strchr(line, '\n')) {
			line += *line == '\n';
			if (strncmp(line, keys[i], len) == 0 && strchr("\t :", line[len]))
				return line + len;
		}
	}
	return "";
}

bool inv_cpu_flag(const char *info, const char *flag)
{
	return has_word(flags_line(info), flag);
}

static void set_flags(json_t *cpu, const char *info)
{
	json_t *list = json_array();

	for (size_t i = 0; i < CC_ARRAY_SIZE(flags); i++) {
		if (inv_cpu_flag(info, flags[i]))
			inv_append(list, json_string(flags[i]));
	}
	inv_set_some(cpu, "flags", list);
}

json_t *inv_cpu(const char *root)
{
	static const char *const models[] = {"model name", "cpu model", "cpu", "uarch", NULL};
	static const char *const vendors[] = {"vendor_id", "CPU implementer", NULL};
	cc_cleanup(cc_freep) char *info = malloc(INV_FILE);
	json_t *cpu = json_object();
	int64_t khz;

	if (info && cpu) {
		/* the first processor's block is in what is read, however many follow */
		if (inv_read(root, info, INV_FILE, "proc/cpuinfo") < 0)
			*info = '\0';
		set_count(cpu, root, info);
		set_first(cpu, "model", info, models);
		set_first(cpu, "vendor", info, vendors);
		set_flags(cpu, info);
	}
	if (inv_number(root, &khz, "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq") &&
	    khz > 0)
		inv_set(cpu, "mhz_max", json_integer(khz / 1000));
	return cpu;
}
