/* SPDX-License-Identifier: ISC */
/* Network interfaces, and the addresses they have. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "daemons/discovery/inventory.h"
#include "lib/base/util.h"

static bool add_nic(void *list, const char *root, const char *name)
{
	char mac[INV_TEXT], text[INV_TEXT];
	int64_t speed;
	json_t *nic;

	/* what has no address is no interface: bonding keeps a file here */
	if (strcmp(name, "lo") == 0 || !inv_line(root, mac, "sys/class/net/%s/address", name))
		return true;
	nic = json_object();
	inv_set_clean(nic, "name", name);
	inv_set_text(nic, "mac", mac);
	if (inv_line(root, text, "sys/class/net/%s/operstate", name))
		inv_set_text(nic, "state", text);
	/* -1: an interface that is down, or that has none */
	if (inv_number(root, &speed, "sys/class/net/%s/speed", name) && speed > 0)
		inv_set(nic, "mbit", json_integer(speed));
	if (inv_link(root, text, "sys/class/net/%s/device/driver", name))
		inv_set_text(nic, "driver", text);
	inv_set(nic, "virtual",
		json_boolean(!inv_link(root, text, "sys/class/net/%s/device", name)));
	return inv_append(list, nic);
}

json_t *inv_nics(const char *root)
{
	json_t *list = json_array();

	inv_each(root, "sys/class/net", add_nic, list);
	return list;
}

static const char *scope4(uint32_t a)
{
	static const struct {
		uint32_t net, mask;
		const char *scope;
	} nets[] = {
		{0xa9fe0000, 0xffff0000, "link"},    {0x0a000000, 0xff000000, "private"},
		{0xac100000, 0xfff00000, "private"}, {0xc0a80000, 0xffff0000, "private"},
		{0x64400000, 0xffc00000, "private"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(nets); i++) {
		if ((a & nets[i].mask) == nets[i].net)
			return nets[i].scope;
	}
	return "global";
}

static const char *scope6(const uint8_t a[16])
{
	if (a[0] == 0xfe && (a[1] & 0xc0) == 0x80)
		return "link";
	return (a[0] & 0xfe) == 0xfc ? "private" : "global";
}

static unsigned prefix_length(const uint8_t *mask, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i < len; i++)
		n += (unsigned)__builtin_popcount(mask[i]);
	return n;
}

static json_t *address(const struct ifaddrs *a)
{
	bool v6 = a->ifa_addr->sa_family == AF_INET6;
	const struct sockaddr_in *in = (const void *)a->ifa_addr;
	const struct sockaddr_in6 *in6 = (const void *)a->ifa_addr;
	const void *bytes = v6 ? (const void *)&in6->sin6_addr : &in->sin_addr;
	const char *scope =
		v6 ? scope6(in6->sin6_addr.s6_addr) : scope4(ntohl(in->sin_addr.s_addr));
	char text[INET6_ADDRSTRLEN];
	json_t *entry = json_object();

	inv_set_clean(entry, "interface", a->ifa_name);
	inv_set(entry, "family", json_string(v6 ? "inet6" : "inet"));
	if (inet_ntop(a->ifa_addr->sa_family, bytes, text, sizeof(text)))
		inv_set(entry, "address", json_string(text));
	if (a->ifa_netmask) {
		const uint8_t *mask = (const uint8_t *)a->ifa_netmask;

		mask += v6 ? offsetof(struct sockaddr_in6, sin6_addr)
			   : offsetof(struct sockaddr_in, sin_addr);
		inv_set(entry, "prefix", json_integer(prefix_length(mask, v6 ? 16 : 4)));
	}
	inv_set(entry, "scope", json_string(scope));
	return entry;
}

static bool is_wanted(const struct ifaddrs *a)
{
	return a->ifa_addr && !(a->ifa_flags & IFF_LOOPBACK) &&
	       (a->ifa_addr->sa_family == AF_INET || a->ifa_addr->sa_family == AF_INET6);
}

/* Only of this machine: the kernel knows them, no file does. In its order, which is stable. */
json_t *inv_addresses(const char *root)
{
	json_t *list = json_array();
	struct ifaddrs *all = NULL;
	bool more = true;

	if (*root || getifaddrs(&all) != 0)
		return list;
	for (const struct ifaddrs *a = all; a && more; a = a->ifa_next) {
		if (is_wanted(a))
			more = inv_append(list, address(a));
	}
	freeifaddrs(all);
	return list;
}
