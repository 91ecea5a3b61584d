/* SPDX-License-Identifier: ISC */
/*
 * How documents of XML-RPC are changed: octets alone hardly ever leave XML that is well-formed. Texts
 * and values are exchanged for others; half of the time octets are, as libFuzzer does it.
 */
#include "tests/fuzz/xmlrpc.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

static const char *const texts[] = {
	"",
	" ",
	"0",
	"1",
	"-1",
	"2147483647",
	"2147483648",
	"9223372036854775807",
	"1.5",
	".",
	"1e400",
	"&lt;",
	"&#13;",
	"<![CDATA[<]]>",
	"<!-- - -->",
	"\xc3\xa4",
	"YWI=",
	"YWI",
	"$base64",
	"$$",
	"a",
	"faultCode",
	"faultString",
	"20240229T23:59:60",
	"2024-02-29T00:00:00.5-01:00",
};
static const char *const values[] = {
	"<int>1</int>",
	"<i4>-1</i4>",
	"<i8>4294967296</i8>",
	"<boolean>1</boolean>",
	"<nil/>",
	"<double>-2.5</double>",
	"<string>&amp;</string>",
	"<base64>YWI=</base64>",
	"<string/>",
	"<dateTime.iso8601>20261126T19:35:21</dateTime.iso8601>",
	"<array><data/></array>",
	"<struct/>",
	"<array><data><value/><value>a</value></data></array>",
	"<struct><member><name>a</name><value/></member></struct>",
	"<value/>",
	"<param><value/></param>",
	"<member><name>b</name><value/></member>",
};

/* Puts a text in the place of len octets at at. @return the new size; the old one when it is too large. */
static size_t splice(uint8_t *data, size_t size, size_t max, size_t at, size_t len,
		     const char *text)
{
	size_t n = strlen(text);

	if (size - len + n > max)
		return size;
	memmove(data + at + n, data + at + len, size - at - len);
	memcpy(data + at, text, n);
	return size - len + n;
}

/* Where an octet is, from a place on; size: nowhere. */
static size_t find(const uint8_t *data, size_t size, size_t from, int octet)
{
	const uint8_t *p = from < size ? memchr(data + from, octet, size - from) : NULL;

	return p ? (size_t)(p - data) : size;
}

/* Between a tag and the next: a text of the table, or a long run of letters. */
static size_t change_text(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	size_t at = find(data, size, seed % size, '>') + 1, end = find(data, size, at, '<');
	unsigned which = seed / 7919 % (CC_ARRAY_SIZE(texts) + 4);
	char run[XR_METHOD_MAX + 3];

	if (at >= size || end >= size)
		return size;
	if (which < CC_ARRAY_SIZE(texts))
		return splice(data, size, max, at, end - at, texts[which]);
	memset(run, 'm', sizeof(run));
	run[XR_METHOD_MAX - 1 + seed % 3] = 0;
	return splice(data, size, max, at, end - at, run);
}

/* An element without elements becomes another value, or another stands beside it. */
static size_t change_value(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	const char *value = values[seed / 7919 % CC_ARRAY_SIZE(values)];
	size_t at = find(data, size, seed % size, '<'), end = find(data, size, at + 1, '<');
	size_t close = find(data, size, end, '>');

	if (close >= size)
		return size;
	if (data[at + 1] == '/' || data[end + 1] != '/' || seed / 977 % 4 == 0)
		return splice(data, size, max, end, 0, value);
	return splice(data, size, max, at, close + 1 - at, value);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	if (size == 0 || seed % 4 < 2)
		return LLVMFuzzerMutate(data, size, max);
	if (seed % 4 == 2)
		return change_text(data, size, max, seed / 4);
	return change_value(data, size, max, seed / 4);
}
