/* SPDX-License-Identifier: ISC */
#include "lib/conf/opt.h"

#include <stdio.h>

#include "lib/base/buf.h"
#include "lib/base/util.h"
#include "tests/unit/fail-alloc.h"

struct conf {
	char *str, *file;
	bool flag;
	int64_t number, any, delay, range;
	uint64_t size;
	struct cf_list list;
	int choice;
};

static const char *const colours[] = {"red", "green", NULL};

static const struct cf_opt main_table[] = {
	{"str", CF_STR, offsetof(struct conf, str), "", .help = "text"},
	{"file", CF_FILE, offsetof(struct conf, file), "", .help = "a file"},
	{"flag", CF_BOOL, offsetof(struct conf, flag), "no", .help = "yes or no"},
	{"number", CF_INT, offsetof(struct conf, number), "3", -5, 10, .help = "-5..10"},
	{"any", CF_INT, offsetof(struct conf, any), "0", .help = "not negative"},
	{"range", CF_MSEC, offsetof(struct conf, range), "1", 500, 2000, .help = "0.5..2"},
	{"remote-cc", CF_OBSOLETE, .help = "use str"},
	{NULL},
};

static const struct cf_opt more_table[] = {
	{"delay", CF_MSEC, offsetof(struct conf, delay), "0.5", .help = "seconds"},
	{"size", CF_SIZE, offsetof(struct conf, size), "10 MiB", .help = "octets"},
	{"list", CF_LIST, offsetof(struct conf, list), "a, b", .help = "names"},
	{"choice", CF_CHOICE, offsetof(struct conf, choice), "green", .choices = colours,
	 .help = "a colour"},
	{NULL},
};

static const struct cf_opt *const tables[] = {main_table, more_table, NULL};

/* Parses "[s]\n" + text and binds [s] to conf. The values outlive the configuration. */
static int bind_text(const char *text, bool lenient, struct conf *conf, cf_warn_fn *warn, void *arg,
		     struct cc_note *why)
{
	static const char *const skip[] = {"handler", NULL};
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	struct cc_buf b = CC_BUF_INIT(0);
	int r;

	*conf = (struct conf){0};
	cc_buf_printf(&b, "[s]\n%s\n", text);
	r = cf_ini_parse("f", (char *)b.data, b.len, NULL, NULL, 0, &ini, why);
	cc_buf_deinit(&b);
	if (r < 0)
		return r;
	return cf_bind(cf_ini_section(ini, "s"), tables, skip, lenient, conf, warn, arg, why);
}

static void test_defaults(void **state)
{
	struct conf conf = {0};

	assert_int_equal(cf_bind(NULL, tables, NULL, false, &conf, NULL, NULL, NULL), 0);
	assert_string_equal(conf.str, "");
	assert_string_equal(conf.file, "");
	assert_false(conf.flag);
	assert_int_equal(conf.number, 3);
	assert_int_equal(conf.delay, 500);
	assert_int_equal(conf.size, 10 << 20);
	assert_int_equal(conf.list.count, 2);
	assert_string_equal(conf.list.items[1], "b");
	assert_int_equal(conf.choice, 1);
	cf_unbind(tables, &conf);
	assert_null(conf.str);
	assert_null(conf.list.items);
	cf_unbind(tables, &conf);
}

static void test_texts(void **state)
{
	struct conf conf;

	setenv("HOME", "/h", 1);
	assert_int_equal(bind_text("handler=x\nstr = a b\nfile = ~/x\nlist = x,, y z ,\n", false,
				   &conf, NULL, NULL, NULL),
			 0);
	assert_string_equal(conf.str, "a b");
	assert_string_equal(conf.file, "/h/x");
	assert_int_equal(conf.list.count, 2);
	assert_string_equal(conf.list.items[0], "x");
	assert_string_equal(conf.list.items[1], "y z");
	cf_unbind(tables, &conf);
	assert_int_equal(bind_text("list =\n", false, &conf, NULL, NULL, NULL), 0);
	assert_int_equal(conf.list.count, 0);
	cf_unbind(tables, &conf);
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		size_t offset;
		int64_t value;
	} rows[] = {
		{"number = -5", offsetof(struct conf, number), -5},
		{"number = 10", offsetof(struct conf, number), 10},
		{"any = 9223372036854775807", offsetof(struct conf, any), INT64_MAX},
		{"delay = 0", offsetof(struct conf, delay), 0},
		{"delay = 2", offsetof(struct conf, delay), 2000},
		{"delay = 1.25", offsetof(struct conf, delay), 1250},
		{"delay = 0.001", offsetof(struct conf, delay), 1},
		{"range = 2.0", offsetof(struct conf, range), 2000},
		{"size = 0", offsetof(struct conf, size), 0},
		{"size = 500", offsetof(struct conf, size), 500},
		{"size = 500B", offsetof(struct conf, size), 500},
		{"size = 64K", offsetof(struct conf, size), 65536},
		{"size = 64 kB", offsetof(struct conf, size), 65536},
		{"size = 2 MiB", offsetof(struct conf, size), 2 << 20},
		{"size = 3g", offsetof(struct conf, size), 3LL << 30},
		{"size = 7E", offsetof(struct conf, size), 7LL << 60},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct conf conf;
		struct cc_note why = {0};
		int64_t value;

		if (bind_text(rows[i].text, false, &conf, NULL, NULL, &why) < 0)
			fail_msg("%s", why.text);
		memcpy(&value, (char *)&conf + rows[i].offset, sizeof(value));
		if (value != rows[i].value)
			fail_msg("%s: %lld", rows[i].text, (long long)value);
		cf_unbind(tables, &conf);
	}
}

static void test_bools(void **state)
{
	static const char *const yes[] = {"1", "yes", "TRUE", "On"};
	static const char *const no[] = {"0", "NO", "false", "off"};
	char text[32];
	struct conf conf;

	for (size_t i = 0; i < CC_ARRAY_SIZE(yes); i++) {
		snprintf(text, sizeof(text), "flag = %s", yes[i]);
		assert_int_equal(bind_text(text, false, &conf, NULL, NULL, NULL), 0);
		assert_true(conf.flag);
		cf_unbind(tables, &conf);
		snprintf(text, sizeof(text), "flag = %s", no[i]);
		assert_int_equal(bind_text(text, false, &conf, NULL, NULL, NULL), 0);
		assert_false(conf.flag);
		cf_unbind(tables, &conf);
	}
}

static void test_rejects(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"flag = maybe", "f:2: flag = \"maybe\": write yes or no"},
		{"flag =", "f:2: flag = \"\": write yes or no"},
		{"number = 11", "f:2: number = \"11\": must be from -5 to 10"},
		{"number = -6", "f:2: number = \"-6\": must be from -5 to 10"},
		{"number = 1x", "f:2: number = \"1x\": write a whole number"},
		{"number =", "f:2: number = \"\": write a whole number"},
		{"number = -", "f:2: number = \"-\": write a whole number"},
		{"any = -1", "f:2: any = \"-1\": must not be negative"},
		{"any = 9223372036854775808", "number too large"},
		{"any = 99999999999999999999", "write a whole number"},
		{"range = 0.4", "must be from 500 to 2000"},
		{"range = 2.001", "must be from 500 to 2000"},
		{"delay = -0.5", "must not be negative"},
		{"delay = .5", "write seconds"},
		{"delay = 1.", "write seconds"},
		{"delay = 1.2345", "write seconds"},
		{"delay = 1e3", "write seconds"},
		{"delay = 18446744073709551.615", "number too large"},
		{"delay = 18446744073709552", "number too large"},
		{"size = K", "write a size"},
		{"size = -1", "write a size"},
		{"size = 1 iB", "write a size"},
		{"size = 1 KiBs", "write a size"},
		{"size = 1 X", "write a size"},
		{"size = 8E", "number too large"},
		{"size = 1Y", "number too large"},
		{"choice = gren", "f:2: choice = \"gren\": did you mean \"green\"?"},
		{"choice = Red", "did you mean \"red\"?"},
		{"choice =", "did you mean \"red\"?"},
		{"file = ~no-such-user-here/", "no home folder for ~"},
		{"nummer = 1", "f:2: unknown option \"nummer\" in [s]; did you mean \"number\"?"},
		{"x = 1\nremote-c = 1", "f:2: unknown option \"x\" in [s]; remove it"},
		{"remote-c = 1", "unknown option \"remote-c\" in [s]; remove it"},
		{"Str = 1\nhandle = 1", "f:3: unknown option \"handle\""},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cc_note why = {0};
		struct conf conf;
		int r = bind_text(rows[i].text, false, &conf, NULL, NULL, &why);

		if (r != -CC_EINVAL || why.code != CC_EINVAL || !strstr(why.text, rows[i].message))
			fail_msg("%s: %d %s", rows[i].text, r, why.text);
		cf_unbind(tables, &conf);
	}
}

static void test_required(void **state)
{
	static const struct cf_opt required[] = {{"need", CF_STR, 0, NULL, .help = "x"}, {NULL}};
	static const struct cf_opt *const only[] = {required, NULL};
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	struct cc_note why = {0};
	struct conf conf = {0};

	assert_int_equal(cf_bind(NULL, only, NULL, false, &conf, NULL, NULL, &why), -CC_EINVAL);
	assert_string_equal(why.text, "Config value not set: need");
	assert_int_equal(cf_ini_parse("f", "[s]", 3, NULL, NULL, 0, &ini, NULL), 0);
	assert_int_equal(cf_bind(cf_ini_at(ini, 0), only, NULL, false, &conf, NULL, NULL, &why),
			 -CC_EINVAL);
	assert_string_equal(why.text, "Config value not set: need (add it to [s] of f)");
}

static void test_bad_default(void **state)
{
	static const struct cf_opt bad[] = {{"n", CF_INT, 0, "x", .help = "x"}, {NULL}};
	static const struct cf_opt *const only[] = {bad, NULL};
	struct cc_note why = {0};
	struct conf conf = {0};

	assert_int_equal(cf_bind(NULL, only, NULL, false, &conf, NULL, NULL, &why), -CC_EINVAL);
	assert_string_equal(why.text, "default of n: \"x\": write a whole number");
}

/* Neither what comes from [DEFAULT], nor what some value names, nor what is injected. */
static void test_never_unknown(void **state)
{
	const char *text = "[DEFAULT]\nd=1\n[s]\nstr=%(v)s\nv=2\n";
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	struct conf conf = {0};

	assert_int_equal(cf_ini_parse("f", text, strlen(text), "s", NULL, 0, &ini, NULL), 0);
	assert_int_equal(cf_bind(cf_ini_at(ini, 0), tables, NULL, false, &conf, NULL, NULL, NULL),
			 0);
	assert_string_equal(conf.str, "2");
	cf_unbind(tables, &conf);
}

static void keep_warning(void *arg, const struct cf_entry *entry, const char *text)
{
	cc_buf_printf(arg, "%d %s %s|", entry->line, entry->key, text);
}

static void test_warnings(void **state)
{
	struct cc_buf b = CC_BUF_INIT(0);
	struct conf conf;

	assert_int_equal(
		bind_text("remote-cc=1\nx=2\nstr=3\n", true, &conf, keep_warning, &b, NULL), 0);
	assert_string_equal((char *)b.data, "3 x unknown option|2 remote-cc use str|");
	assert_string_equal(conf.str, "3");
	cf_unbind(tables, &conf);
	cc_buf_deinit(&b);
	assert_int_equal(bind_text("remote-cc=1\n", false, &conf, NULL, NULL, NULL), 0);
	cf_unbind(tables, &conf);
}

static void test_nearest(void **state)
{
	static const char *const names[] = {"remote-cc", "pidfile", "qmaxsize", NULL};
	static const struct {
		const char *word, *name;
	} rows[] = {
		{"ramote-cc", "remote-cc"},
		{"remotecc", "remote-cc"},
		{"pidfiles", "pidfile"},
		{"pid", NULL},
		{"pidf", NULL},
		{"", NULL},
		{"xyz", NULL},
		{"pifdile", "pidfile"},
		{"maxsize", "qmaxsize"},
	};
	char longer[200];

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		const char *name = cf_nearest(rows[i].word, names);

		if (rows[i].name ? !name || strcmp(name, rows[i].name) != 0 : name != NULL)
			fail_msg("%s: %s", rows[i].word, name ? name : "none");
	}
	memset(longer, 'p', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = 0;
	assert_null(cf_nearest(longer, names));
}

static void keep_line(void *arg, const char *text)
{
	cc_buf_printf(arg, "%s|", text);
}

static void test_print(void **state)
{
	static const struct cf_opt table[] = {
		{"a", CF_STR, 0, NULL, .help = "first"},
		{"b", CF_INT, 0, "3", .help = "second"},
		{"c", CF_OBSOLETE, .help = "gone"},
		{NULL},
	};
	struct cc_buf b = CC_BUF_INIT(0);

	cf_opt_print(table, keep_line, &b);
	assert_string_equal((char *)b.data, "#a =  ; required: first|#b = 3 ; second|");
	cc_buf_deinit(&b);
}

static void test_no_memory(void **state)
{
	const char *text = "[s]\nstr=1\nlist=a,b,c\n";
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	int failures = 0;

	assert_int_equal(cf_ini_parse("f", text, strlen(text), NULL, NULL, 0, &ini, NULL), 0);
	for (;; failures++) {
		struct cc_note why = {0};
		struct conf conf = {0};
		int r;

		alloc_fail_after(failures);
		r = cf_bind(cf_ini_at(ini, 0), tables, NULL, false, &conf, NULL, NULL, &why);
		alloc_left = -1;
		cf_unbind(tables, &conf);
		if (!alloc_failed)
			break;
		assert_int_equal(r, -CC_ENOMEM);
		assert_int_equal(why.code, CC_ENOMEM);
	}
	assert_int_equal(failures, 6);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_defaults),    cmocka_unit_test(test_texts),
	cmocka_unit_test(test_numbers),	    cmocka_unit_test(test_bools),
	cmocka_unit_test(test_rejects),	    cmocka_unit_test(test_required),
	cmocka_unit_test(test_bad_default), cmocka_unit_test(test_never_unknown),
	cmocka_unit_test(test_warnings),    cmocka_unit_test(test_nearest),
	cmocka_unit_test(test_print),	    cmocka_unit_test(test_no_memory),
};

TEST_MAIN(tests)
