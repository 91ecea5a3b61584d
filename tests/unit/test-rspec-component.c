/* SPDX-License-Identifier: ISC */
/* Which component an RSpec names. */
#include "lib/rspec/component.h"

#include <stdio.h>

#include "lib/base/util.h"
#include "tests/test.h"

#define N1 "urn:publicid:IDN+plc:site+node+n1"
#define GENI "<rspec xmlns='http://www.geni.net/resources/rspec/3' type='request'>"

struct row {
	const char *text, *component; /* NULL: refused, with */
	const char *why;
};

static const struct row rows[] = {
	{GENI "<node client_id='a' component_id='" N1 "'/></rspec>", N1, NULL},
	{"<rspec xmlns='http://www.protogeni.net/resources/rspec/2'><node component_id='" N1
	 "'/></rspec>",
	 N1, NULL},
	{"<rspec><node component_id='" N1 "'/></rspec>", N1, NULL},
	{"<?xml version='1.0'?><r:rspec xmlns:r='urn:r'><r:node component_id='a'/></r:rspec>", "a",
	 NULL},
	{"<rspec><node component_id='a'/><link/><node component_id='a'/></rspec>", "a", NULL},
	{"<rspec><node component_id='a'><node component_id='b'/></node></rspec>", "a", NULL},
	{"<rspec><x><node component_id='b'/></x><node component_id='a'/></rspec>", "a", NULL},

	{"<rspec><node component_id='a'/><node component_id='b'/></rspec>", NULL, "a second"},
	{"<rspec><node component_id='a'/><node component_id='A'/></rspec>", NULL, "a second"},
	{"<rspec><node/></rspec>", NULL, "without a component_id"},
	{"<rspec><node component_id=''/></rspec>", NULL, "without a component_id"},
	{"<rspec><node component_id='a'/><node/></rspec>", NULL, "without a component_id"},
	{"<rspec><node x:component_id='a' xmlns:x='urn:x'/></rspec>", NULL, "component_id"},
	{"<rspec><x><node component_id='b'/></x></rspec>", NULL, "no node"},
	{"<node component_id='a'/>", NULL, "no node"},
	{"<rspec/>", NULL, "no node"},
	{"", NULL, ""},
	{"<rspec>", NULL, ""},
	{"<!DOCTYPE r [<!ENTITY e 'a'>]><rspec><node component_id='&e;'/></rspec>", NULL, ""},
};

static void test_rows(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		struct cc_note why = {0};
		char out[RS_COMPONENT_MAX + 1];
		int r = rs_component(row->text, strlen(row->text), out, &why);

		if (r != (row->component ? 0 : -CC_EFORMAT))
			fail_msg("%s: %d %s", row->text, r, why.text);
		if (row->component)
			assert_string_equal(out, row->component);
		else if (!strstr(why.text, row->why) || !*why.text)
			fail_msg("%s: %s", row->text, why.text);
	}
}

static int of_length(size_t len)
{
	char text[RS_COMPONENT_MAX + 100], id[RS_COMPONENT_MAX + 2], out[RS_COMPONENT_MAX + 1];
	struct cc_note why = {0};
	int n;

	memset(id, 'x', len);
	id[len] = 0;
	n = snprintf(text, sizeof(text), "<rspec><node component_id='%s'/></rspec>", id);
	return rs_component(text, (size_t)n, out, &why);
}

static int of_nodes(unsigned count)
{
	static const char node[] = "<node component_id='a'/>";
	size_t room = count * sizeof(node) + 100, len = 0;
	char out[RS_COMPONENT_MAX + 1], *text = malloc(room);
	struct cc_note why = {0};
	int r;

	assert_non_null(text);
	len += (size_t)sprintf(text, "<rspec>");
	for (unsigned i = 0; i < count; i++)
		len += (size_t)sprintf(text + len, "%s", node);
	len += (size_t)sprintf(text + len, "</rspec>");
	r = rs_component(text, len, out, &why);
	free(text);
	return r;
}

static void test_bounds(void **state)
{
	assert_int_equal(of_length(RS_COMPONENT_MAX), 0);
	assert_int_equal(of_length(RS_COMPONENT_MAX + 1), -CC_EFORMAT);
	assert_int_equal(of_nodes(RS_NODES_MAX), 0);
	assert_int_equal(of_nodes(RS_NODES_MAX + 1), -CC_EFORMAT);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_rows),
	cmocka_unit_test(test_bounds),
};

TEST_MAIN(tests)
