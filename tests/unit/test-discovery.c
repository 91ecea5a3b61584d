/* SPDX-License-Identifier: ISC */
/* The inventory of made trees: good ones, poor ones, and ones that nobody should have made. */
#include "daemons/discovery/discovery.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemons/discovery/inventory.h"
#include "lib/base/util.h"
#include "tests/unit/folder.h"

/* ---- trees ---- */

static void make_folders(const char *path)
{
	char part[256];

	for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(p - path), path);
		mkdir(part, 0700);
	}
}

static void put_octets(const char *path, const void *data, size_t len)
{
	FILE *f;

	make_folders(path);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void put(const char *path, const char *text)
{
	put_octets(path, text, strlen(text));
}

static void put_link(const char *path, const char *target)
{
	make_folders(path);
	assert_int_equal(symlink(target, path), 0);
}

/* The text of one topic, or of all of them, as canonical JSON; until the next call. */
static const char *text_of(json_t *json)
{
	static char *text;

	free(text);
	text = json_dumps(json, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(6));
	json_decref(json);
	assert_non_null(text);
	return text;
}

#define CPUINFO                                                                                    \
	"processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\n"                             \
	"model name\t: Intel(R) Xeon(R)  @ 2.20GHz\ncpu MHz\t\t: 2199.998\n"                       \
	"flags\t\t: fpu vme lm vmxx aes vmx\nbugs\t\t: svm\n\nprocessor\t: 1\nflags\t\t: svm\n"

/* ---- topics, one made tree each ---- */

static void test_cpu(void **state)
{
	static const struct {
		const char *info, *online;
		const char *want, *reason;
	} rows[] = {
		{CPUINFO, "0-1\n",
		 "{\"cores\":1,\"flags\":[\"aes\",\"lm\",\"vmx\"],"
		 "\"model\":\"Intel(R) Xeon(R)  @ 2.20GHz\",\"online\":2,\"sockets\":1,"
		 "\"vendor\":\"GenuineIntel\"}",
		 "two threads of a core; the flags of the first, as whole words"},
		{CPUINFO, "0,2-3\n",
		 "{\"cores\":2,\"flags\":[\"aes\",\"lm\",\"vmx\"],"
		 "\"model\":\"Intel(R) Xeon(R)  @ 2.20GHz\",\"online\":3,\"sockets\":2,"
		 "\"vendor\":\"GenuineIntel\"}",
		 "two sockets, and one that is off"},
		{CPUINFO, NULL,
		 "{\"flags\":[\"aes\",\"lm\",\"vmx\"],\"model\":\"Intel(R) Xeon(R)  @ 2.20GHz\","
		 "\"online\":2,\"vendor\":\"GenuineIntel\"}",
		 "no list: counted"},
		{"processor\t: 0\nFeatures\t: fp asimd sve\nCPU implementer\t: 0x41\n", NULL,
		 "{\"flags\":[\"asimd\",\"sve\"],\"online\":1,\"vendor\":\"0x41\"}", "ARM"},
		{"flags", NULL, "{}", "nothing behind a key"},
		{"flags\t\t:", NULL, "{}", "an empty value"},
		{"", "0-0\n", "{\"cores\":1,\"online\":1,\"sockets\":1}", "an empty file"},
		{NULL, NULL, "{}", "nothing"},
		{"", "-1\n", "{}", "a list that begins with a minus"},
		{"", "3-1\n", "{}", "a range backwards"},
		{"", "0-99999999999999999999\n", "{}", "a range without end"},
		{"", "0-4096\n", "{}", "more than are looked at"},
		{"", "0-\n", "{}", "a range without an end"},
		{"", "1;2\n", "{}", "another separator"},
		{"", "x\n", "{}", "words"},
	};

	for (unsigned i = 0; i < 4; i++) {
		char path[128];

		snprintf(path, sizeof(path), "t/sys/devices/system/cpu/cpu%u/topology/core_id", i);
		put(path, "0\n");
		snprintf(path, sizeof(path),
			 "t/sys/devices/system/cpu/cpu%u/topology/physical_package_id", i);
		put(path, i < 2 ? "0\n" : "1\n");
	}
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		print_message("# %s\n", rows[i].reason);
		unlink("t/proc/cpuinfo");
		unlink("t/sys/devices/system/cpu/online");
		if (rows[i].info)
			put("t/proc/cpuinfo", rows[i].info);
		if (rows[i].online)
			put("t/sys/devices/system/cpu/online", rows[i].online);
		assert_string_equal(text_of(inv_cpu("t")), rows[i].want);
	}
}

static void test_mhz(void **state)
{
	put("t/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "3700000\n");
	assert_string_equal(text_of(inv_cpu("t")), "{\"mhz_max\":3700}");
	put("t/proc/cpuinfo", CPUINFO);
	assert_string_equal(text_of(inv_load("t")), "{\"mhz\":2200.0}");
}

static void test_memory(void **state)
{
	static const struct {
		const char *info, *memory, *load, *reason;
	} rows[] = {
		{"MemTotal:       2048 kB\nMemFree: 1 kB\nMemAvailable:    1024 kB\nSwapTotal: 0 "
		 "kB\n"
		 "SwapFree: 0 kB\n",
		 "{\"swap\":0,\"total\":2097152}", "{\"memory_available\":1048576,\"swap_free\":0}",
		 "a machine"},
		{"MemTotal: 9223372036854775807 kB\n", "{}", "{}",
		 "more octets than a number holds"},
		{"MemTotal: 99999999999999999999 kB\n", "{}", "{}", "no number of ours"},
		{"MemTotal: -5 kB\nMemAvailable: -5 kB\n", "{}", "{}", "a negative one"},
		{"MemTotal: lots\nSwapTotal: 1x\n", "{}", "{}", "words"},
		{"MemTotal", "{}", "{}", "a key at the end of the file"},
		{"XMemTotal: 5 kB\nMemTotalX: 5 kB\n", "{}", "{}", "other keys"},
		{"MemTotal: 1 kB\nMemTotal: 2 kB\n", "{\"total\":1024}", "{}", "twice: the first"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		print_message("# %s\n", rows[i].reason);
		put("t/proc/meminfo", rows[i].info);
		assert_string_equal(text_of(inv_memory("t")), rows[i].memory);
		assert_string_equal(text_of(inv_load("t")), rows[i].load);
	}
}

static void test_load(void **state)
{
	static const struct {
		const char *loadavg, *uptime, *want, *reason;
	} rows[] = {
		{"0.50 1.25 2.00 3/456 789\n", "1000.99 5.0\n",
		 "{\"loadavg\":[0.5,1.25,2.0],\"processes\":456,\"uptime\":1000}", "a machine"},
		{"0.50 1.25\n", "-1\n", "{}", "cut short; before the start"},
		{"a b c d/e\n", "soon\n", "{}", "words"},
		{"nan nan nan 1/2 3\n", "nan\n", "{\"processes\":2}", "no numbers"},
		{"inf inf inf 1/2 3\n", "inf\n", "{\"processes\":2}", "infinite ones"},
		{"1 1 1 1/99999999999 3\n", "999999999999999\n",
		 "{\"loadavg\":[1.0,1.0,1.0],\"processes\":999999999,\"uptime\":999999999999999}",
		 "large ones"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		print_message("# %s\n", rows[i].reason);
		put("t/proc/loadavg", rows[i].loadavg);
		put("t/proc/uptime", rows[i].uptime);
		assert_string_equal(text_of(inv_load("t")), rows[i].want);
	}
}

static void test_disks(void **state)
{
	put("t/sys/devices/sda/size", "2048\n");
	put("t/sys/devices/sda/queue/rotational", "1\n");
	put("t/sys/devices/sda/removable", "0\n");
	put("t/sys/devices/sda/device/model", "  DISK 2000   \n");
	make_folders("t/sys/block/");
	put_link("t/sys/block/sda", "../devices/sda");
	put("t/sys/block/nvme0n1/size", "1\n");
	put("t/sys/block/nvme0n1/queue/rotational", "0\n");
	put("t/sys/block/loop0/size", "8\n");
	put("t/sys/block/ram0/size", "8\n");
	put("t/sys/block/zram0/size", "8\n");
	put("t/sys/block/sr0/size", "0\n");
	put("t/sys/block/neg/size", "-1\n");
	put("t/sys/block/huge/size", "9223372036854775807\n");
	put("t/sys/block/word/size", "big\n");
	put("t/sys/block/nosize/removable", "1\n");
	put("t/sys/block/.hidden/size", "8\n");
	put_link("t/sys/block/dangling", "../devices/none");
	put_link("t/sys/block/round", "round");
	assert_string_equal(
		text_of(inv_disks("t")),
		"[{\"name\":\"nvme0n1\",\"rotational\":false,\"size\":512},"
		"{\"model\":\"DISK 2000\",\"name\":\"sda\",\"removable\":false,\"rotational\":true,"
		"\"size\":1048576}]");
}

static void test_nics(void **state)
{
	put("t/sys/devices/pci0/address", "02:00:00:00:00:01\n");
	put("t/sys/devices/pci0/operstate", "up\n");
	put("t/sys/devices/pci0/speed", "10000\n");
	put("t/sys/devices/card/x", "");
	put_link("t/sys/devices/card/driver", "../../../../bus/pci/drivers/ixgbe");
	put_link("t/sys/devices/pci0/device", "../card");
	make_folders("t/sys/class/net/");
	put_link("t/sys/class/net/eth0", "../../devices/pci0");
	put("t/sys/class/net/lo/address", "00:00:00:00:00:00\n");
	put("t/sys/class/net/br0/address", "02:00:00:00:00:02\n");
	put("t/sys/class/net/br0/operstate", "down\n");
	put("t/sys/class/net/br0/speed", "-1\n");
	put("t/sys/class/net/bonding_masters", "bond0\n");
	assert_string_equal(text_of(inv_nics("t")), "[{\"mac\":\"02:00:00:00:00:02\",\"name\":"
						    "\"br0\",\"state\":\"down\",\"virtual\":true},"
						    "{\"driver\":\"ixgbe\",\"mac\":\"02:00:00:00:"
						    "00:01\",\"mbit\":10000,\"name\":\"eth0\","
						    "\"state\":\"up\",\"virtual\":false}]");
	assert_string_equal(text_of(inv_addresses("t")), "[]");
}

static void test_gpus(void **state)
{
	static const struct {
		const char *slot, *class, *vendor, *device;
	} rows[] = {
		{"0000:01:00.0", "0x030000\n", "0x10de\n", "0x1db6\n"}, /* VGA */
		{"0000:02:00.0", "0x030200\n", "0x1002\n", "0x740f\n"}, /* without a monitor */
		{"0000:03:00.0", "0x020000\n", "0x8086\n", "0x1533\n"}, /* a network card */
		{"0000:04:00.0", "0x038000\n", "0xabcd\n", "x\n"},
		{"0000:05:00.0", "-0x030000\n", "0x10de\n", "0x1\n"},
		{"0000:06:00.0", "0x1000300000\n", "0x10de\n", "0x1\n"},
		{"0000:07:00.0", "", "0x10de\n", "0x1\n"},
	};
	char path[128];

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		snprintf(path, sizeof(path), "t/sys/bus/pci/devices/%s/class", rows[i].slot);
		put(path, rows[i].class);
		snprintf(path, sizeof(path), "t/sys/bus/pci/devices/%s/vendor", rows[i].slot);
		put(path, rows[i].vendor);
		snprintf(path, sizeof(path), "t/sys/bus/pci/devices/%s/device", rows[i].slot);
		put(path, rows[i].device);
	}
	put_link("t/sys/bus/pci/devices/0000:01:00.0/driver", "../../../../bus/pci/drivers/nvidia");
	assert_string_equal(
		text_of(inv_gpus("t")),
		"[{\"class\":\"0x030000\",\"device\":\"0x1db6\",\"driver\":\"nvidia\","
		"\"name\":\"0000:01:00.0\",\"vendor\":\"0x10de\",\"vendor_name\":\"NVIDIA\"},"
		"{\"class\":\"0x030200\",\"device\":\"0x740f\",\"name\":\"0000:02:00.0\","
		"\"vendor\":\"0x1002\",\"vendor_name\":\"AMD\"},"
		"{\"class\":\"0x038000\",\"name\":\"0000:04:00.0\",\"vendor\":\"0xabcd\"}]");
}

static void test_os(void **state)
{
	static const struct {
		const char *text, *want, *reason;
	} rows[] = {
		{"NAME=\"x\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n"
		 "VERSION_ID='12'\n",
		 "{\"id\":\"debian\",\"name\":\"Debian GNU/Linux 12 "
		 "(bookworm)\",\"version\":\"12\"}",
		 "a distribution"},
		{"PRETTY_NAME=\"half\nID=\"\n", "{\"id\":\"\\\"\",\"name\":\"\\\"half\"}",
		 "quotes that do not close"},
		{"PRETTY_NAME=\"\"\nID=''\nVERSION_ID=\n", "{}", "empty values"},
		{"# PRETTY_NAME=no\n", "{}", "a comment"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		print_message("# %s\n", rows[i].reason);
		put("t/etc/os-release", rows[i].text);
		assert_string_equal(text_of(inv_os("t")), rows[i].want);
	}
	unlink("t/etc/os-release");
	put("t/usr/lib/os-release", "ID=other\n");
	assert_string_equal(text_of(inv_os("t")), "{\"id\":\"other\"}");
}

static void test_kernel(void **state)
{
	put("t/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
	put("t/proc/sys/kernel/version", "#1 SMP Debian\nsecond line\n");
	assert_string_equal(text_of(inv_kernel("t")),
			    "{\"release\":\"6.1.0-18-amd64\",\"version\":\"#1 SMP Debian\"}");
}

static void test_virtual(void **state)
{
	static const struct {
		const char *environ;
		size_t len;
		const char *cgroup, *container, *reason;
	} rows[] = {
		{"A=b\0container=lxc\0", 18, "0::/\n", "lxc", "the environment says it"},
		{"xcontainer=no\0", 14, "0::/docker/abc\n", "docker", "the cgroup does"},
		{"", 0, "0::/kubepods.slice/x\n", "kubernetes", "a pod"},
		{"", 0, "0::/lxc.payload.n1\n", "lxc", "an lxc payload"},
		{"", 0, "1:name=x:/machine.slice/machine-a\n", "machine", "nspawn"},
		{"", 0, "0::/dockers-own\n", "docker", "a name that begins so"},
		{"", 0, "0::/mydocker\n", NULL, "a name that ends so"},
		{"", 0, "docker", NULL, "no path at all"},
		{"", 0, "0::/init.scope\n", NULL, "none"},
	};

	put("t/sys/class/dmi/id/sys_vendor", "QEMU\n");
	put("t/proc/cpuinfo", "flags\t\t: fpu hypervisor\n");
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_freep) char *want = NULL;

		print_message("# %s\n", rows[i].reason);
		put_octets("t/proc/1/environ", rows[i].environ, rows[i].len);
		put("t/proc/1/cgroup", rows[i].cgroup);
		assert_true(asprintf(&want,
				     "{%s%s%s\"hypervisor\":true,\"kvm\":false,"
				     "\"vendor\":\"QEMU\"}",
				     rows[i].container ? "\"container\":\"" : "",
				     rows[i].container ? rows[i].container : "",
				     rows[i].container ? "\"," : "") > 0);
		assert_string_equal(text_of(inv_virtual("t")), want);
	}
	put("t/proc/cpuinfo", "flags\t\t: hypervisors\nbugs\t: hypervisor\n");
	put("t/dev/kvm", "");
	assert_non_null(strstr(text_of(inv_virtual("t")), "\"hypervisor\":false,\"kvm\":true"));
	unlink("t/dev/kvm");
	assert_non_null(strstr(text_of(inv_virtual("t")), "\"kvm\":false"));
	put("t/sys/class/misc/kvm/dev", "");
	assert_non_null(strstr(text_of(inv_virtual("t")), "\"kvm\":true"));
}

/* ---- trees that nobody should have made ---- */

static const char *const files[] = {
	"proc/cpuinfo",
	"proc/meminfo",
	"proc/loadavg",
	"proc/uptime",
	"proc/1/environ",
	"proc/1/cgroup",
	"proc/sys/kernel/osrelease",
	"proc/sys/kernel/version",
	"proc/sys/kernel/arch",
	"etc/os-release",
	"sys/class/dmi/id/sys_vendor",
	"sys/class/dmi/id/product_name",
	"sys/devices/system/cpu/online",
	"sys/devices/system/cpu/cpu0/topology/core_id",
	"sys/devices/system/cpu/cpu0/topology/physical_package_id",
	"sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq",
	"sys/block/sda/size",
	"sys/block/sda/removable",
	"sys/block/sda/device/model",
	"sys/block/sda/queue/rotational",
	"sys/class/net/eth0/address",
	"sys/class/net/eth0/operstate",
	"sys/class/net/eth0/speed",
	"sys/class/net/eth0/device/x",
	"sys/bus/pci/devices/0/class",
	"sys/bus/pci/devices/0/vendor",
	"sys/bus/pci/devices/0/device",
};

typedef void make_fn(const char *path);

/* Everything is that; what comes out is JSON, and its hash is the same the next time. */
static void check_tree(make_fn *make)
{
	char hash[INV_HASH], again[INV_HASH];
	json_t *inventory, *load;

	for (size_t i = 0; i < CC_ARRAY_SIZE(files); i++) {
		char path[256];

		snprintf(path, sizeof(path), "t/%s", files[i]);
		make_folders(path);
		make(path);
	}
	inventory = inv_collect("t");
	load = inv_load("t");
	assert_int_equal(inv_hash(inventory, hash), 0);
	assert_non_null(text_of(load));
	assert_non_null(text_of(inventory));
	inventory = inv_collect("t");
	assert_int_equal(inv_hash(inventory, again), 0);
	json_decref(inventory);
	assert_string_equal(hash, again);
	assert_int_equal(strlen(hash), 64);
}

static void make_empty(const char *path)
{
	put(path, "");
}

static void make_folder(const char *path)
{
	assert_int_equal(mkdir(path, 0700), 0);
}

static void make_loop(const char *path)
{
	put_link(path, strrchr(path, '/') + 1);
}

static void make_pipe(const char *path)
{
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void make_unreadable(const char *path)
{
	put(path, "1\n");
	assert_int_equal(chmod(path, 0), 0);
}

static void make_long_line(const char *path)
{
	static char line[200000];

	memset(line, '1', sizeof(line));
	put_octets(path, line, sizeof(line));
}

/* Known keys with values without end, and flags that fill everything. */
static void make_long_values(const char *path)
{
	cc_cleanup(cc_freep) char *text = malloc(200000);
	size_t n = 0;

	while (n < 190000)
		n += (size_t)sprintf(text + n,
				     "flags\t: vmx vmx vmx\nmodel name\t: %0500d\n"
				     "MemTotal: %0500d\nPRETTY_NAME=\"%0500d\n",
				     1, 2, 3);
	put_octets(path, text, n);
}

static uint32_t noise;

/* The same noise at each run. */
static void make_noise(const char *path)
{
	char octets[5000];

	for (size_t i = 0; i < sizeof(octets); i++) {
		noise = noise * 1664525 + 1013904223;
		octets[i] = (char)(noise >> 24);
	}
	put_octets(path, octets, sizeof(octets));
}

/* Noise between the words that are looked for. */
static void make_near(const char *path)
{
	static const char *const words[] = {
		"flags",     "model name",  "MemTotal", ":",  "\t",   " ", "\n",
		"0",	     "-",	    ",",	"99", "\xff", "=", "container",
		"processor", "PRETTY_NAME", "\"",	"",   "0x",   "3",
	};
	char text[8192];
	size_t n = 0;

	while (n < 8000) {
		const char *word;

		noise = noise * 1664525 + 1013904223;
		word = words[(noise >> 16) % CC_ARRAY_SIZE(words)];
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", word);
		if (!*word)
			text[n++] = '\0';
	}
	put_octets(path, text, n);
}

static void test_empty_tree(void **state)
{
	char hash[INV_HASH];
	json_t *inventory;

	assert_string_equal(text_of(inv_collect("t")),
			    "{\"virtual\":{\"hypervisor\":false,\"kvm\":false}}");
	assert_string_equal(text_of(inv_load("t")), "{}");
	inventory = inv_collect("t");
	assert_int_equal(inv_hash(inventory, hash), 0);
	json_decref(inventory);
	/* sha256sum of the text above */
	assert_string_equal(hash,
			    "d9178f4b53efac378a0d84c6bea60ea77e62942a411de02dac8c4827adf7e6d7");
}

static void test_bad_empty(void **state)
{
	check_tree(make_empty);
}

static void test_bad_folders(void **state)
{
	check_tree(make_folder);
}

static void test_bad_loops(void **state)
{
	check_tree(make_loop);
}

static void test_bad_pipes(void **state)
{
	check_tree(make_pipe);
}

static void test_bad_unreadable(void **state)
{
	check_tree(make_unreadable);
}

static void test_bad_long_lines(void **state)
{
	char line[INV_TEXT];

	check_tree(make_long_line);
	assert_true(inv_line("t", line, "proc/sys/kernel/osrelease"));
	assert_int_equal(strlen(line), INV_TEXT - 1);
}

static void test_bad_long_values(void **state)
{
	check_tree(make_long_values);
	assert_non_null(strstr(text_of(inv_cpu("t")), "\"flags\":[\"vmx\"]"));
}

static void test_bad_noise(void **state)
{
	for (noise = 0; noise < 20; noise++) {
		uint32_t seed = noise;

		check_tree(make_noise);
		check_tree(make_near);
		noise = seed;
	}
}

/* ---- bounds ---- */

static unsigned count_of(json_t *list)
{
	unsigned n = (unsigned)json_array_size(list);

	json_decref(list);
	return n;
}

static void test_counts_bounded(void **state)
{
	char path[128];

	for (unsigned i = 0; i < INV_MAX + 40; i++) {
		snprintf(path, sizeof(path), "t/sys/block/d%04u/size", i);
		put(path, "8\n");
		snprintf(path, sizeof(path), "t/sys/class/net/n%04u/address", i);
		put(path, "02:00:00:00:00:01\n");
		snprintf(path, sizeof(path), "t/sys/bus/pci/devices/p%04u/class", i);
		put(path, "0x030000\n");
	}
	assert_int_equal(count_of(inv_disks("t")), INV_MAX);
	assert_int_equal(count_of(inv_nics("t")), INV_MAX);
	assert_int_equal(count_of(inv_gpus("t")), INV_MAX);
	/* always the same ones, so that the hash stays */
	assert_null(strstr(text_of(inv_disks("t")), "d0256"));
}

static bool count_name(void *arg, const char *root, const char *name)
{
	++*(unsigned *)arg;
	return true;
}

static bool stop_at_once(void *arg, const char *root, const char *name)
{
	++*(unsigned *)arg;
	return false;
}

static void test_scan_bounded(void **state)
{
	unsigned seen = 0, stopped = 0;
	char path[64];

	make_folders("t/many/");
	for (unsigned i = 0; i < INV_SCAN_MAX + 10; i++) {
		snprintf(path, sizeof(path), "t/many/%u", i);
		put_link(path, "x");
	}
	inv_each("t", "many", count_name, &seen);
	assert_int_equal(seen, INV_SCAN_MAX);
	inv_each("t", "many", stop_at_once, &stopped);
	assert_int_equal(stopped, 1);
	inv_each("t", "none", count_name, &stopped);
	assert_int_equal(stopped, 1);
}

/* Names and values of a hostile machine are strings all the same. */
static void test_strings_clean(void **state)
{
	put("t/sys/block/a\x01\xff\xc3\xa4/size", "8\n");
	put("t/sys/block/a\x01\xff\xc3\xa4/device/model", "\x1b[31m\xe2\x82 x\x7f\n");
	assert_string_equal(text_of(inv_disks("t")),
			    "[{\"model\":\"?[31m?? x?\",\"name\":\"a??\xc3\xa4\",\"size\":4096}]");
}

static void test_long_root(void **state)
{
	static char root[8192];

	memset(root, 'r', sizeof(root) - 1);
	assert_string_equal(text_of(inv_collect(root)),
			    "{\"virtual\":{\"hypervisor\":false,\"kvm\":false}}");
}

/* ---- the hash ---- */

/* It names the static part and nothing else. */
static void test_hash(void **state)
{
	char before[INV_HASH], same[INV_HASH], other[INV_HASH];
	json_t *inventory;

	put("t/proc/meminfo", "MemTotal: 2048 kB\nMemAvailable: 1 kB\n");
	inventory = inv_collect("t");
	assert_int_equal(inv_hash(inventory, before), 0);
	json_decref(inventory);
	put("t/proc/meminfo", "MemTotal: 2048 kB\nMemAvailable: 2 kB\n");
	put("t/proc/loadavg", "1 1 1 1/1 1\n");
	inventory = inv_collect("t");
	assert_int_equal(inv_hash(inventory, same), 0);
	json_decref(inventory);
	assert_string_equal(before, same);
	put("t/proc/meminfo", "MemTotal: 2049 kB\n");
	inventory = inv_collect("t");
	assert_int_equal(inv_hash(inventory, other), 0);
	json_decref(inventory);
	assert_string_not_equal(before, other);
}

/* The machine of this test has something of what every machine has. */
static void test_this_machine(void **state)
{
	json_t *inventory = inv_collect("");

	assert_true(json_integer_value(
			    json_object_get(json_object_get(inventory, "cpu"), "online")) > 0);
	assert_true(json_integer_value(json_object_get(json_object_get(inventory, "memory"),
						       "total")) > 1 << 20);
	assert_non_null(json_object_get(json_object_get(inventory, "kernel"), "arch"));
	assert_non_null(json_object_get(inventory, "filesystems"));
	json_decref(inventory);
}

#define in_folder(f) cmocka_unit_test_setup_teardown(f, folder_enter, folder_leave)

static const struct CMUnitTest tests[] = {
	in_folder(test_cpu),
	in_folder(test_mhz),
	in_folder(test_memory),
	in_folder(test_load),
	in_folder(test_disks),
	in_folder(test_nics),
	in_folder(test_gpus),
	in_folder(test_os),
	in_folder(test_kernel),
	in_folder(test_virtual),
	in_folder(test_empty_tree),
	in_folder(test_bad_empty),
	in_folder(test_bad_folders),
	in_folder(test_bad_loops),
	in_folder(test_bad_pipes),
	in_folder(test_bad_unreadable),
	in_folder(test_bad_long_lines),
	in_folder(test_bad_long_values),
	in_folder(test_bad_noise),
	in_folder(test_counts_bounded),
	in_folder(test_scan_bounded),
	in_folder(test_strings_clean),
	in_folder(test_long_root),
	in_folder(test_hash),
	cmocka_unit_test(test_this_machine),
};

TEST_MAIN(tests)
