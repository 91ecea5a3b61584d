/* SPDX-License-Identifier: ISC */
/* Kernel, distribution, and what the machine itself runs in. */
#include <string.h>
#include <sys/utsname.h>

#include "daemons/discovery/inventory.h"
#include "lib/base/util.h"

#define OS_RELEASE (16u << 10)
#define ENVIRON (32u << 10)

static void set_line(json_t *object, const char *key, const char *root, const char *path)
{
	char text[INV_TEXT];

	if (inv_line(root, text, "%s", path))
		inv_set_text(object, key, text);
}

json_t *inv_kernel(const char *root)
{
	json_t *kernel = json_object();
	struct utsname u;

	set_line(kernel, "release", root, "proc/sys/kernel/osrelease");
	set_line(kernel, "version", root, "proc/sys/kernel/version");
	set_line(kernel, "arch", root, "proc/sys/kernel/arch");
	/* before Linux 6.1 no file says it */
	if (!*root && !json_object_get(kernel, "arch") && uname(&u) == 0)
		inv_set_text(kernel, "arch", u.machine);
	return kernel;
}

/* A value as the shell reads it, as far as distributions go: in quotes, or bare. */
static void set_unquoted(json_t *os, const char *key, const char *text, const char *field)
{
	char value[INV_TEXT];
	size_t len;

	if (!inv_field(text, field, '=', value))
		return;
	len = strlen(value);
	if (len >= 2 && (value[0] == '"' || value[0] == '\'') && value[len - 1] == value[0]) {
		value[len - 1] = '\0';
		memmove(value, value + 1, len - 1);
	}
	inv_set_text(os, key, value);
}

json_t *inv_os(const char *root)
{
	char text[OS_RELEASE];
	json_t *os = json_object();

	if (inv_read(root, text, sizeof(text), "etc/os-release") > 0 ||
	    inv_read(root, text, sizeof(text), "usr/lib/os-release") > 0) {
		set_unquoted(os, "name", text, "PRETTY_NAME");
		set_unquoted(os, "id", text, "ID");
		set_unquoted(os, "version", text, "VERSION_ID");
	}
	return os;
}

/* `container=` of the first process; only root may read its environment. */
static bool environ_container(const char *root, char out[INV_TEXT])
{
	char env[ENVIRON];
	long n = inv_read(root, env, sizeof(env), "proc/1/environ");

	for (long i = 0; i < n; i++) {
		if (env[i] == '\0')
			env[i] = '\n';
	}
	return n > 0 && inv_field(env, "container", '=', out);
}

/*
 * The first process' place in the cgroups of the host, where the container has no namespace of
 * them.
 */
static const char *cgroup_container(const char *root)
{
	static const char *const hints[][2] = {
		{"docker", "docker"},
		{"libpod", "podman"},
		{"kubepods", "kubernetes"},
		{"lxc", "lxc"},
		{"machine.slice/machine-", "machine"},
	};
	char text[4096];

	if (inv_read(root, text, sizeof(text), "proc/1/cgroup") <= 0)
		return "";
	for (size_t i = 0; i < CC_ARRAY_SIZE(hints); i++) {
		const char *at = strstr(text, hints[i][0]);

		if (at && at > text && strchr("/.:", at[-1]))
			return hints[i][1];
	}
	return "";
}

static bool has_hypervisor(const char *root)
{
	cc_cleanup(cc_freep) char *info = malloc(INV_FILE);

	return info && inv_read(root, info, INV_FILE, "proc/cpuinfo") > 0 &&
	       inv_cpu_flag(info, "hypervisor");
}

json_t *inv_virtual(const char *root)
{
	json_t *virtual = json_object();
	char text[INV_TEXT];

	set_line(virtual, "vendor", root, "sys/class/dmi/id/sys_vendor");
	set_line(virtual, "product", root, "sys/class/dmi/id/product_name");
	inv_set(virtual, "hypervisor", json_boolean(has_hypervisor(root)));
	if (environ_container(root, text))
		inv_set_text(virtual, "container", text);
	else
		inv_set_text(virtual, "container", cgroup_container(root));
	/* a service may have a /dev of its own, with nothing in it */
	inv_set(virtual, "kvm",
		json_boolean(inv_exists(root, "dev/kvm") ||
			     inv_exists(root, "sys/class/misc/kvm")));
	return virtual;
}
