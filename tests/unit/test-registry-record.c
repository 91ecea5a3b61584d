/* SPDX-License-Identifier: ISC */
/* What a client says of a record, and what a record tells. */
#include "lib/registry/record.h"

#include <stdio.h>

#include "lib/base/util.h"
#include "tests/test.h"
#include "tests/unit/fail-alloc.h"

#define USER "'hrn':'plc.site.alice','type':'user'"
#define SLICE "'hrn':'plc.site.sl1','type':'slice'"
#define AUTHORITY "'hrn':'plc.site','type':'authority'"
#define NODE "'hrn':'plc.site.n1','type':'node'"

/* JSON with ' for ". */
static json_t *json_of(const char *text)
{
	char *copy = strdup(text);
	json_error_t at;
	json_t *o;

	assert_non_null(copy);
	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	o = json_loads(copy, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &at);
	if (!o)
		fail_msg("%s: %s", copy, at.text);
	free(copy);
	return o;
}

static int try(json_t *o, struct cc_note *why)
{
	struct rg_change c;
	int r = rg_change_read(o, &c, why);

	rg_change_deinit(&c);
	return r;
}

struct row {
	const char *text;
	int result;
	const char *why;
};

static const struct row rows[] = {
	{"{" USER "}", 0, NULL},
	{"{'urn':'urn:publicid:IDN+plc:site+user+alice'}", 0, NULL},
	{"{'hrn':'urn:publicid:IDN+plc:site+user+alice'}", 0, NULL},
	/* what we tell comes back */
	{"{" USER ",'record_id':3,'classtype':1,'authority':[],'peer_authority':null,'reg-urn':'x',"
	 "'uuid':{},'date_created':1,'last_updated':'y','reg-pi-authorities':3,'reg-slices':[1],"
	 "'expires':'never'}",
	 0, NULL},
	{"{" USER ",'email':null,'reg-keys':null,'name':null,'pointer':null}", 0, NULL},
	{"{" USER ",'email':'','keys':[],'name':'','bio':'a\\nb\\tc'}", 0, NULL},
	{"{" SLICE ",'researcher':['plc.site.alice','urn:publicid:IDN+plc:site+user+bob']}", 0,
	 NULL},
	{"{" SLICE ",'expires':0}", 0, NULL},
	{"{" SLICE ",'expires':253402300799}", 0, NULL},
	{"{" SLICE ",'expires':'2030-01-01T00:00:00Z'}", 0, NULL},
	{"{" SLICE ",'attributes':[{'name':'a','value':''}]}", 0, NULL},
	{"{" NODE ",'dns':'n1.x.org','operator':['plc.site.alice'],'email':'a@b'}", 0, NULL},
	{"{" AUTHORITY ",'pi':[],'operator':[],'geni_info':{'x':[1]},'pl_info':{}}", 0, NULL},
	{"{" USER ",'pointer':-1}", 0, NULL},
	{"{" USER ",'pointer':2147483647}", 0, NULL},

	{"[]", RG_FIELD_BAD, "record"},
	{"'x'", RG_FIELD_BAD, "record"},
	{"{}", RG_FIELD_BAD, "hrn"},
	{"{'hrn':3,'type':'user'}", RG_FIELD_BAD, "hrn"},
	{"{'hrn':'plc.x','type':1}", RG_FIELD_BAD, "type"},
	{"{'hrn':'plc.x'}", RG_FIELD_BAD, "it is missing"},
	{"{'hrn':'plc..x','type':'user'}", RG_NAME_BAD, "no HRN"},
	{"{'hrn':'plc.x','type':'vm'}", RG_NAME_TYPE, "Unknown SFA Type: vm"},
	{"{'hrn':'urn:publicid:IDN+plc+user+x','type':'node'}", RG_NAME_TYPE, "is no node"},
	{"{" USER ",'Email':'x'}", RG_FIELD_BAD, "no such field"},
	{"{" USER ",'id':1}", RG_FIELD_BAD, "no such field"},
	{"{" USER ",'version':1}", RG_FIELD_BAD, "no such field"},
	{"{" USER ",'researcher':[]}", RG_FIELD_BAD, "no such field"},
	{"{" USER ",'hostname':'x'}", RG_FIELD_BAD, "no such field"},
	{"{" SLICE ",'email':'a@b'}", RG_FIELD_BAD, "no such field"},
	{"{" SLICE ",'keys':[]}", RG_FIELD_BAD, "no such field"},
	{"{" NODE ",'attributes':[]}", RG_FIELD_BAD, "no such field"},
	{"{" NODE ",'pi':[]}", RG_FIELD_BAD, "no such field"},
	{"{" AUTHORITY ",'bio':'x'}", RG_FIELD_BAD, "no such field"},
	{"{" AUTHORITY ",'pi':[],'reg-pis':[]}", RG_FIELD_BAD, "said twice"},
	{"{" USER ",'keys':[],'reg-keys':[]}", RG_FIELD_BAD, "said twice"},
	{"{" USER ",'email':'a\\nb'}", RG_FIELD_BAD, "one line"},
	{"{" USER ",'email':'a\\rb'}", RG_FIELD_BAD, "control"},
	{"{" USER ",'email':[]}", RG_FIELD_BAD, "string"},
	{"{" USER ",'name':'a\\u0007'}", RG_FIELD_BAD, "control"},
	{"{" USER ",'keys':'ssh-rsa x'}", RG_FIELD_BAD, "list"},
	{"{" USER ",'keys':['']}", RG_FIELD_BAD, "one line"},
	{"{" USER ",'keys':['a\\nb']}", RG_FIELD_BAD, "one line"},
	{"{" USER ",'pointer':-2}", RG_FIELD_BAD, "int"},
	{"{" USER ",'pointer':2147483648}", RG_FIELD_BAD, "int"},
	{"{" USER ",'pointer':'1'}", RG_FIELD_BAD, "int"},
	{"{" USER ",'geni_info':[]}", RG_FIELD_BAD, "struct"},
	{"{" SLICE ",'researcher':['a b']}", RG_FIELD_BAD, "names of users"},
	{"{" SLICE ",'researcher':['urn:publicid:IDN+plc+node+x']}", RG_FIELD_BAD,
	 "names of users"},
	{"{" SLICE ",'researcher':[1]}", RG_FIELD_BAD, ""},
	{"{" SLICE ",'expires':-1}", RG_FIELD_BAD, "date"},
	{"{" SLICE ",'expires':253402300800}", RG_FIELD_BAD, "date"},
	{"{" SLICE ",'expires':'1969-12-31T23:59:59Z'}", RG_FIELD_BAD, "date"},
	{"{" SLICE ",'expires':'tomorrow'}", RG_FIELD_BAD, "date"},
	{"{" SLICE ",'expires':1.5}", RG_FIELD_BAD, "date"},
	{"{" SLICE ",'attributes':[{'name':'a'}]}", RG_FIELD_BAD, "{name, value}"},
	{"{" SLICE ",'attributes':[{'name':'a','value':'','x':1}]}", RG_FIELD_BAD, "{name, value}"},
	{"{" SLICE ",'attributes':[{'name':'','value':''}]}", RG_FIELD_BAD, "one line"},
	{"{" SLICE ",'attributes':[{'name':'\\u00e9','value':''}]}", RG_FIELD_BAD, "ASCII"},
	{"{" SLICE ",'attributes':[{'name':'a','value':1}]}", RG_FIELD_BAD, "string"},
	{"{" SLICE ",'attributes':[[]]}", RG_FIELD_BAD, "{name, value}"},
};

static void test_rows(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		json_t *o = json_of(rows[i].text);
		struct cc_note why = {0};
		int r = try(o, &why);

		if (r != rows[i].result || (r && (!*why.text || !strstr(why.text, rows[i].why))))
			fail_msg("%s: %d %s", rows[i].text, r, why.text);
		json_decref(o);
	}
}

/* ---- limits ---- */

static json_t *text_of(size_t len)
{
	char *text = malloc(len + 1);
	json_t *o;

	assert_non_null(text);
	memset(text, 'x', len);
	text[len] = 0;
	o = json_string(text);
	free(text);
	return o;
}

static json_t *list_of(size_t count, json_t *one)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		assert_int_equal(json_array_append(list, one), 0);
	json_decref(one);
	return list;
}

static json_t *attribute(size_t name, size_t value)
{
	return list_of(1, json_pack("{s:o, s:o}", "name", text_of(name), "value", text_of(value)));
}

/* With a field at a bound, and one beyond it. */
static void at_and_beyond(const char *record, const char *key, json_t *at, json_t *beyond)
{
	json_t *o = json_of(record);
	struct cc_note why = {0};

	assert_int_equal(json_object_set_new(o, key, at), 0);
	if (try(o, &why) != 0)
		fail_msg("%s: %s", key, why.text);
	assert_int_equal(json_object_set_new(o, key, beyond), 0);
	assert_int_equal(try(o, &why), RG_FIELD_BAD);
	assert_non_null(strstr(why.text, key));
	json_decref(o);
}

static void test_limits(void **state)
{
	static const char *const texts[] = {"name",	 "description", "url",	 "first_name",
					    "last_name", "title",	"phone", "bio"};
	json_t *user = json_string("plc.site.alice");

	for (size_t i = 0; i < CC_ARRAY_SIZE(texts); i++)
		at_and_beyond("{" USER "}", texts[i], text_of(RG_TEXT_MAX),
			      text_of(RG_TEXT_MAX + 1));
	at_and_beyond("{" NODE "}", "hostname", text_of(RG_TEXT_MAX), text_of(RG_TEXT_MAX + 1));
	at_and_beyond("{" NODE "}", "email", text_of(255), text_of(256));
	at_and_beyond("{" USER "}", "reg-keys", list_of(1, text_of(RG_KEY_LINE_MAX)),
		      list_of(1, text_of(RG_KEY_LINE_MAX + 1)));
	at_and_beyond("{" USER "}", "keys", list_of(RG_KEYS_MAX, text_of(1)),
		      list_of(RG_KEYS_MAX + 1, text_of(1)));
	at_and_beyond("{" SLICE "}", "reg-researchers", list_of(RG_RELATED_MAX, json_incref(user)),
		      list_of(RG_RELATED_MAX + 1, user));
	at_and_beyond("{" SLICE "}", "attributes", attribute(255, RG_ATTRIBUTE_MAX),
		      attribute(256, 1));
	at_and_beyond("{" SLICE "}", "attributes", attribute(1, 0),
		      attribute(1, RG_ATTRIBUTE_MAX + 1));
	at_and_beyond(
		"{" SLICE "}", "attributes",
		list_of(RG_ATTRIBUTES_MAX, json_pack("{s:s, s:s}", "name", "a", "value", "b")),
		list_of(RG_ATTRIBUTES_MAX + 1, json_pack("{s:s, s:s}", "name", "a", "value", "b")));
	at_and_beyond("{" USER "}", "key", text_of(64 << 10), text_of((64 << 10) + 1));
	at_and_beyond("{" USER "}", "gid", text_of(256 << 10), text_of((256 << 10) + 1));
}

/* ---- what is kept ---- */

static void test_kept(void **state)
{
	json_t *o = json_of("{" NODE ",'dns':'n1.x.org','operator':['plc.site.a'],'email':'e@x',"
			    "'pointer':7,'expires':9,'key':'k','gid':'g','uuid':'u'}");
	struct rg_change c;

	assert_int_equal(rg_change_read(o, &c, NULL), 0);
	assert_string_equal(json_string_value(json_object_get(c.info, "hostname")), "n1.x.org");
	assert_int_equal(json_object_size(c.info), 1);
	assert_ptr_equal(c.related[RG_OPERATOR], json_object_get(o, "operator"));
	assert_string_equal(c.email, "e@x");
	assert_string_equal(c.key, "k");
	assert_string_equal(c.gid, "g");
	assert_true(c.has_pointer && c.pointer == 7 && !c.has_expires);
	rg_change_deinit(&c);
	json_decref(o);
}

static void test_merge(void **state)
{
	struct rg_record r = {.info = json_of("{'name':'a','url':'u'}")};
	struct rg_change c = {.info = NULL};
	struct cc_note why = {0};
	json_t *wanted = json_of("{'name':'b','url':'u','bio':'c'}");
	const size_t around = sizeof("{\"a\":\"\"}") - 1;

	assert_int_equal(rg_record_merge(&r, &c, &why), 0);
	c.info = json_of("{'name':'b','bio':'c'}");
	assert_int_equal(rg_record_merge(&r, &c, &why), 0);
	assert_true(json_equal(r.info, wanted));
	json_decref(wanted);
	rg_record_deinit(&r);
	rg_change_deinit(&c);
	for (size_t more = 0; more < 2; more++) {
		c.info = json_pack("{s:o}", "a", text_of(RG_INFO_MAX - around + more));
		assert_int_equal(rg_record_merge(&r, &c, &why), more ? RG_FIELD_BAD : 0);
		rg_record_deinit(&r);
		rg_change_deinit(&c);
	}
	assert_non_null(strstr(why.text, "octets together"));
}

/* ---- what is told ---- */

static void test_told(void **state)
{
	static const struct {
		enum rg_type type;
		const char *with, *without; /* keys */
	} types[] = {
		{RG_USER, "email reg-keys reg-pi-authorities reg-slices", "attributes reg-pis"},
		{RG_SLICE, "reg-researchers attributes", "email reg-keys reg-operators"},
		{RG_AUTHORITY, "email reg-pis reg-operators name", "attributes reg-researchers"},
		{RG_NODE, "email reg-operators hostname", "reg-pis reg-keys"}};

	for (size_t i = 0; i < CC_ARRAY_SIZE(types); i++) {
		struct rg_record r = {.type = types[i].type, .id = 5, .pointer = -1};
		char with[128], without[128], *key, *save = NULL;
		json_t *o, *details;

		r.info = json_of("{'hostname':'h','geni_info':{'x':1},'pl_info':{'y':2}}");
		r.keys = json_array();
		r.attributes = json_array();
		r.pi_authorities = json_array();
		r.slices = json_array();
		for (int role = 0; role < RG_ROLES; role++)
			r.related[role] = json_array();
		o = rg_record_json(&r, false);
		details = rg_record_json(&r, true);
		strcpy(with, types[i].with);
		strcpy(without, types[i].without);
		for (key = strtok_r(with, " ", &save); key; key = strtok_r(NULL, " ", &save))
			assert_non_null(json_object_get(o, key));
		for (key = strtok_r(without, " ", &save); key; key = strtok_r(NULL, " ", &save))
			assert_null(json_object_get(o, key));
		/* of keys nobody is told, and of the stored views only who asks */
		assert_null(json_object_get(o, "public_key"));
		assert_null(json_object_get(o, "key_hash"));
		assert_null(json_object_get(o, "version"));
		assert_null(json_object_get(o, "geni_info"));
		assert_null(json_object_get(o, "pl_info"));
		assert_null(json_object_get(o, "expires"));
		assert_int_equal(json_integer_value(
					 json_object_get(json_object_get(details, "pl_info"), "y")),
				 2);
		assert_int_equal(json_integer_value(json_object_get(
					 json_object_get(details, "geni_info"), "x")),
				 1);
		/* the stored one is another than the told one */
		assert_int_equal(json_object_size(json_object_get(r.info, "geni_info")), 1);
		json_decref(o);
		json_decref(details);
		rg_record_deinit(&r);
	}
}

/* ---- no memory ---- */

static void *tight_malloc(size_t n)
{
	return __wrap_malloc(n);
}

static void test_memory(void **state)
{
	json_t *o = json_of("{" USER ",'name':'a','bio':'b','geni_info':{},'keys':['k'],"
			    "'reg-slices':[]}");
	struct cc_note why = {0};
	long n, failed = 0;

	json_set_alloc_funcs(tight_malloc, free);
	for (n = 0;; n++) {
		int r;

		alloc_fail_after(n);
		r = try(o, &why);
		alloc_left = -1;
		if (!alloc_failed)
			break;
		assert_int_equal(r, -CC_ENOMEM);
		failed++;
	}
	json_set_alloc_funcs(malloc, free);
	assert_true(failed >= 3);
	json_decref(o);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_rows),  cmocka_unit_test(test_limits), cmocka_unit_test(test_kept),
	cmocka_unit_test(test_merge), cmocka_unit_test(test_told),   cmocka_unit_test(test_memory),
};

TEST_MAIN(tests)
