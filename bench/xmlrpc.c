/* SPDX-License-Identifier: ISC */
/*
 * Decoding XML-RPC into JSON, against a bare pass of libxml2's reader over the same octets.
 *
 *   bench-xmlrpc SECONDS
 *
 * SECONDS: of each measurement. The document is a call of Allocate, some 20 KB, of which 9 KB are a
 * credential as an escaped string. The two sides take turns. Prints one line of JSON: CPU of one pass.
 */
#include <libxml/xmlreader.h>
#include <stdio.h>
#include <string.h>

#include "bench/bench.h"
#include "lib/base/clock.h"
#include "lib/xmlrpc/xmlrpc.h"

#define TURN 50 /* passes before the other side's */

/* Digits as PEM has them, in lines. */
static void put_digits(struct cc_buf *b, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static uint32_t state = 1;

	for (size_t i = 1; i <= len; i++) {
		state = state * 1664525 + 1013904223;
		cc_buf_put(b, &digits[state >> 26], 1);
		if (i % 64 == 0)
			cc_buf_puts(b, "\n");
	}
}

static void put_certificates(struct cc_buf *b, const char *element)
{
	cc_buf_printf(b, "<%s>", element);
	for (unsigned i = 0; i < 2; i++) {
		cc_buf_puts(b, "-----BEGIN CERTIFICATE-----\n");
		put_digits(b, 1216);
		cc_buf_puts(b, "-----END CERTIFICATE-----\n");
	}
	cc_buf_printf(b, "</%s>", element);
}

/* The shape and size of a credential of an authority on a slice. */
static void put_credential(struct cc_buf *b)
{
	static const char *const rights[] = {"refresh", "embed", "bind", "control", "info"};

	cc_buf_puts(b, "<?xml version=\"1.0\"?>\n<signed-credential><credential xml:id=\"ref0\">"
		       "<type>privilege</type><serial>8</serial>");
	put_certificates(b, "owner_gid");
	cc_buf_puts(b, "<owner_urn>urn:publicid:IDN+bench:site+user+alice</owner_urn>");
	put_certificates(b, "target_gid");
	cc_buf_puts(b, "<target_urn>urn:publicid:IDN+bench:site+slice+one</target_urn><uuid/>"
		       "<expires>2031-01-01T00:00:00Z</expires><privileges>");
	for (size_t i = 0; i < CC_ARRAY_SIZE(rights); i++)
		cc_buf_printf(b,
			      "<privilege><name>%s</name><can_delegate>true</can_delegate>"
			      "</privilege>\n",
			      rights[i]);
	cc_buf_puts(b,
		    "</privileges></credential><signatures><Signature xml:id=\"Sig_ref0\" "
		    "xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignedInfo/><SignatureValue>");
	put_digits(b, 344);
	cc_buf_puts(b, "</SignatureValue>");
	put_certificates(b, "X509Certificate");
	cc_buf_puts(b, "</Signature></signatures></signed-credential>\n");
}

static void put_rspec(struct cc_buf *b)
{
	cc_buf_puts(b,
		    "<rspec xmlns=\"http://www.geni.net/resources/rspec/3\" type=\"request\">\n");
	for (unsigned i = 0; i < 46; i++)
		cc_buf_printf(b,
			      "  <node client_id=\"n%u\" exclusive=\"false\" "
			      "component_id=\"urn:publicid:IDN+bench:site+node+n%u\">\n"
			      "    <sliver_type name=\"container\"/>\n"
			      "    <interface client_id=\"n%u:if0\"/>\n  </node>\n",
			      i, i, i);
	cc_buf_puts(b, "</rspec>\n");
}

static void make_call(struct cc_buf *out)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf credential = {0}, rspec = {0};
	json_t *params;

	put_credential(&credential);
	put_rspec(&rspec);
	bench_must(credential.err ? credential.err : rspec.err, "texts");
	params = json_pack("[s, [{s:s, s:s, s:s}], s, {s:b, s:{s:s, s:s}}]",
			   "urn:publicid:IDN+bench:site+slice+one", "geni_type", "geni_sfa",
			   "geni_version", "3", "geni_value", credential.data, rspec.data,
			   "geni_best_effort", 0, "geni_rspec_version", "type", "GENI", "version",
			   "3");
	bench_must(xr_put_call(out, "Allocate", params), "xr_put_call");
	json_decref(params);
}

static void decode(const struct cc_buf *doc)
{
	struct xr_call call = {0};
	struct cc_note why = {0};

	if (xr_call_read((const char *)doc->data, doc->len, &call, &why) != 0)
		bench_die("a good call was refused: %s", why.text);
	if (json_array_size(call.params) != 4)
		bench_die("the call lost a param");
	xr_call_deinit(&call);
}

static void walk(const struct cc_buf *doc)
{
	xmlTextReader *reader = xmlReaderForMemory((const char *)doc->data, (int)doc->len, NULL,
						   NULL, XML_PARSE_NONET);
	int r = 1;

	if (!reader)
		bench_die("no reader");
	while (r == 1)
		r = xmlTextReaderRead(reader);
	if (r != 0)
		bench_die("the reader refuses a good call");
	xmlFreeTextReader(reader);
}

static int64_t time_turn(void (*pass)(const struct cc_buf *doc), const struct cc_buf *doc)
{
	int64_t start = cc_clock_cpu_ns();

	for (unsigned i = 0; i < TURN; i++)
		pass(doc);
	return cc_clock_cpu_ns() - start;
}

int main(int argc, char **argv)
{
	struct cc_buf doc = {0};
	int64_t ours = 0, theirs = 0, turns = 0;
	double seconds;

	if (argc != 2) {
		fprintf(stderr, "usage: bench-xmlrpc SECONDS\n");
		return 2;
	}
	seconds = bench_number("SECONDS", argv[1], 0.001);
	make_call(&doc);
	while ((double)(ours + theirs) < 2e9 * seconds) {
		ours += time_turn(decode, &doc);
		theirs += time_turn(walk, &doc);
		turns += TURN;
	}
	printf("{\"octets\": %zu, \"decode_us\": %.2f, \"reader_us\": %.2f}\n", doc.len,
	       (double)ours / (double)turns / 1e3, (double)theirs / (double)turns / 1e3);
	cc_buf_deinit(&doc);
	return 0;
}
