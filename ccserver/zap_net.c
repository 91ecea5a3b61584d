/* SPDX-License-Identifier: ISC */
#include "ccserver/zap_net.h"

#include <arpa/inet.h>
#include <string.h>

#define TEXT_MAX 64 /* more than any address, with /BITS */
#define MAPPED_BITS 96

static const uint8_t mapped[MAPPED_BITS / 8] = {[10] = 0xff, [11] = 0xff};

/* *dress: bits that an IPv4 address in IPv6 dress was shortened by. */
static int parse(const char *text, struct srv_addr *out, unsigned *dress)
{
	struct srv_addr a = {.bits = 32};

	*dress = 0;
	if (strchr(text, ':')) {
		a.bits = 128;
		if (inet_pton(AF_INET6, text, a.octets) != 1)
			return -CC_EFORMAT;
		if (memcmp(a.octets, mapped, sizeof(mapped)) == 0) {
			memmove(a.octets, a.octets + sizeof(mapped), 4);
			memset(a.octets + 4, 0, 12);
			a.bits = 32;
			*dress = MAPPED_BITS;
		}
	} else if (inet_pton(AF_INET, text, a.octets) != 1) {
		return -CC_EFORMAT;
	}
	*out = a;
	return 0;
}

int srv_addr_parse(const char *text, struct srv_addr *out)
{
	size_t len = strcspn(text, "%");
	char plain[TEXT_MAX];
	unsigned dress;

	if (len >= sizeof(plain))
		return -CC_EFORMAT;
	memcpy(plain, text, len);
	plain[len] = '\0';
	return parse(plain, out, &dress);
}

bool srv_addr_is_loopback(const struct srv_addr *a)
{
	static const uint8_t one[16] = {[15] = 1};

	return a->bits == 32 ? a->octets[0] == 127 : memcmp(a->octets, one, sizeof(one)) == 0;
}

/* Plain decimal, 0 to 128. */
static int parse_bits(const char *text, unsigned *out)
{
	unsigned n = 0;
	size_t len = strlen(text);

	if (len < 1 || len > 3 || strspn(text, "0123456789") != len || (len > 1 && *text == '0'))
		return -CC_EFORMAT;
	for (; *text; text++)
		n = n * 10 + (unsigned)(*text - '0');
	*out = n;
	return 0;
}

static bool bit(const struct srv_addr *a, unsigned i)
{
	return a->octets[i / 8] & (0x80 >> (i % 8));
}

static int parse_net(const char *text, struct srv_net *out)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	char plain[TEXT_MAX];
	unsigned dress, bits;

	if (len >= sizeof(plain))
		return -CC_EFORMAT;
	memcpy(plain, text, len);
	plain[len] = '\0';
	if (parse(plain, &out->addr, &dress) != 0)
		return -CC_EFORMAT;
	bits = out->addr.bits + dress;
	if (slash && parse_bits(slash + 1, &bits) != 0)
		return -CC_EFORMAT;
	if (bits < dress || bits - dress > out->addr.bits)
		return -CC_EFORMAT;
	out->bits = bits - dress;
	return 0;
}

int srv_net_parse(const char *text, struct srv_net *out, struct cc_note *why)
{
	struct srv_net net;

	if (parse_net(text, &net) != 0)
		return cc_note_set(why, CC_EINVAL,
				   "\"%s\" is no address or network; write 192.0.2.7, "
				   "192.0.2.0/24 or 2001:db8::/32",
				   text);
	/* a slip of the pen could mean one host or all of its network */
	for (unsigned i = net.bits; i < net.addr.bits; i++)
		if (bit(&net.addr, i))
			return cc_note_set(
				why, CC_EINVAL,
				"\"%s\" has bits set beyond its prefix: is the host meant, "
				"or its network?",
				text);
	*out = net;
	return 0;
}

bool srv_net_has(const struct srv_net *net, const struct srv_addr *a)
{
	if (net->addr.bits != a->bits)
		return false;
	for (unsigned i = 0; i < net->bits; i++)
		if (bit(&net->addr, i) != bit(a, i))
			return false;
	return true;
}
