/* SPDX-License-Identifier: ISC */
/* What jobmgr reads of daemons' sections, how it bounds their output, when it starts them again. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "handlers/jobmgr/job.h"
#include "handlers/table.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/conf/ini.h"
#include "lib/handler/fakehost.h"
#include "tests/unit/folder.h"

/* ---- output ---- */

/* The lines of the log from its start, without time and origin; the caller frees. */
static char *log_end(void)
{
	char *data = NULL;
	size_t len;

	cc_log_close();
	assert_int_equal(cc_file_read("log", 1 << 20, &data, &len, NULL), 0);
	return data;
}

static void log_begin(void)
{
	struct cc_log_conf conf = {.job_name = "test", .file = "log", .level = CC_LOG_INFO};

	unlink("log");
	assert_int_equal(cc_log_open(&conf), 0);
}

static unsigned count_lines(const char *text, const char *with)
{
	unsigned n = 0;

	for (; (text = strstr(text, with)); text++)
		n++;
	return n;
}

static void feed(struct job_output *o, const char *text, int64_t now)
{
	job_output_feed(o, text, strlen(text), now);
}

static void assert_lines(const struct job_output *o, unsigned n, const char *const *wanted)
{
	json_t *lines = job_output_lines(o, n);
	size_t i = 0;

	assert_non_null(lines);
	for (; wanted[i]; i++)
		assert_string_equal(json_string_value(json_array_get(lines, i)), wanted[i]);
	assert_int_equal(json_array_size(lines), i);
	json_decref(lines);
}

static void test_output_lines(void **state)
{
	struct job_output o;
	char *log;

	log_begin();
	assert_int_equal(job_output_init(&o, 100), 0);
	feed(&o, "one\ntw", 1000);
	assert_lines(&o, 200, (const char *const[]){"one", NULL});
	feed(&o, "o\r\n\n\r\n", 1000); /* empty lines say nothing */
	job_output_feed(&o, "a\0b\x1b\xff\n", 6, 1000);
	feed(&o, "the end", 1000);
	assert_lines(&o, 200, (const char *const[]){"one", "two", "a?b\x1b\\xff", NULL});
	job_output_end(&o, 1000);
	assert_lines(&o, 2, (const char *const[]){"a?b\x1b\\xff", "the end", NULL});
	assert_lines(&o, 0, (const char *const[]){NULL});
	job_output_deinit(&o);
	log = log_end();
	assert_non_null(strstr(log, ": one\n"));
	assert_non_null(strstr(log, ": two\n"));
	assert_non_null(strstr(log, ": a?b\\x1b\\xff\n"));
	assert_non_null(strstr(log, ": the end\n"));
	assert_int_equal(count_lines(log, "\n"), 4);
	free(log);
}

static void test_output_long_line(void **state)
{
	char text[5000], whole[JOB_LINE_MAX + 1], cut[JOB_LINE_MAX + sizeof(JOB_CUT_MARK)];
	struct job_output o;

	memset(text, 'x', sizeof(text));
	memset(whole, 'x', JOB_LINE_MAX);
	whole[JOB_LINE_MAX] = '\0';
	snprintf(cut, sizeof(cut), "%s%s", whole, JOB_CUT_MARK);
	log_begin();
	assert_int_equal(job_output_init(&o, 100), 0);
	job_output_feed(&o, text, sizeof(text), 0);
	job_output_feed(&o, text, sizeof(text), 0);
	feed(&o, "\nnext\n", 0);
	job_output_feed(&o, text, JOB_LINE_MAX, 0); /* just as long as a line may be */
	feed(&o, "\n", 0);
	assert_lines(&o, 200, (const char *const[]){cut, "next", whole, NULL});
	job_output_deinit(&o);
	free(log_end());
}

/* So many lines a second are logged; the others are counted, told, and kept all the same. */
static void test_output_rate(void **state)
{
	struct job_output o;
	char *log;

	log_begin();
	assert_int_equal(job_output_init(&o, 3), 0);
	assert_int_equal(job_output_next(&o), INT64_MAX);
	for (unsigned i = 0; i < 10; i++)
		feed(&o, "flood\n", 5000 + i);
	assert_int_equal(job_output_next(&o), 6000);
	job_output_tick(&o, 5999);
	assert_int_equal(job_output_next(&o), 6000); /* it was too early */
	job_output_tick(&o, 6000);
	assert_int_equal(job_output_next(&o), INT64_MAX);
	feed(&o, "later\n", 6001);
	assert_lines(&o, 3, (const char *const[]){"flood", "flood", "later", NULL});
	for (unsigned i = 0; i < 6; i++)
		feed(&o, "again\n", 6002);
	job_output_end(&o, 6003); /* what was held back is not forgotten at the end */
	job_output_deinit(&o);
	log = log_end();
	assert_int_equal(count_lines(log, ": flood\n"), 3);
	assert_int_equal(count_lines(log, ": 7 lines held back\n"), 1);
	assert_int_equal(count_lines(log, ": later\n"), 1);
	assert_int_equal(count_lines(log, ": again\n"), 2);
	assert_int_equal(count_lines(log, ": 4 lines held back\n"), 1);
	free(log);
}

static void test_output_rate_none(void **state)
{
	struct job_output o;
	char *log;

	log_begin();
	assert_int_equal(job_output_init(&o, 0), 0);
	feed(&o, "quiet\n", 5000);
	job_output_end(&o, 5000);
	assert_lines(&o, 1, (const char *const[]){"quiet", NULL});
	job_output_deinit(&o);
	log = log_end();
	assert_null(strstr(log, "quiet"));
	assert_non_null(strstr(log, ": 1 lines held back\n"));
	free(log);
}

/* The last lines are kept, bounded in number and in octets, whatever their lengths. */
static void test_output_ring(void **state)
{
	struct job_output o;
	char line[1100];
	json_t *lines;
	size_t n;

	log_begin();
	assert_int_equal(job_output_init(&o, 0), 0);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "line %u\n", i);
		feed(&o, line, 0);
	}
	lines = job_output_lines(&o, 1000);
	assert_int_equal(json_array_size(lines), JOB_RING_LINES);
	assert_string_equal(json_string_value(json_array_get(lines, 0)), "line 800");
	assert_string_equal(json_string_value(json_array_get(lines, 199)), "line 999");
	json_decref(lines);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "%0*u\n", 1 + (int)(i * 7919 % 1024), i);
		feed(&o, line, 0);
	}
	lines = job_output_lines(&o, 1000);
	n = json_array_size(lines);
	assert_in_range(n, JOB_RING_BYTES / 1024, JOB_RING_LINES);
	for (unsigned i = 0; i < n; i++) {
		unsigned number = 1000 - (unsigned)n + i;

		snprintf(line, sizeof(line), "%0*u", 1 + (int)(number * 7919 % 1024), number);
		assert_string_equal(json_string_value(json_array_get(lines, i)), line);
	}
	json_decref(lines);
	job_output_deinit(&o);
	free(log_end());
}

/* ---- back-off ---- */

static void test_backoff(void **state)
{
	static const struct {
		int64_t a, b, cap;
		unsigned tries;
		int64_t wait;
		const char *reason;
	} rows[] = {
		{0, 5000, 300000, 1, 0, "the first end costs nothing"},
		{0, 5000, 300000, 2, 5000, "the second"},
		{0, 5000, 300000, 4, 15000, "it grows by b"},
		{0, 5000, 300000, 1000, 300000, "up to the cap"},
		{0, 5000, 0, 1001, 5000000, "or without bound"},
		{7000, 5000, 300000, 1, 7000, "a comes first"},
		{7000, 5000, 300000, 3, 17000, "a + 2 b"},
		{7000, 5000, 6000, 1, 6000, "the cap holds for a, too"},
		{7000, 5000, 6000, 0, 6000, "an end without a start"},
		{0, 0, 300000, 1, 0, "nothing at all"},
		{0, 0, 300000, 2, 100, "but not for ever"},
		{0, 604800000, 0, 0xffffffff, 604800000ll * 0xfffffffe, "the largest there is"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct job_options o = {.watchdog_a = rows[i].a,
					.watchdog_b = rows[i].b,
					.watchdog_cap = rows[i].cap};

		print_message("# %s\n", rows[i].reason);
		assert_true(job_backoff(&o, rows[i].tries) == rows[i].wait);
	}
}

/* ---- sections ---- */

static int parse(const char *text, struct cf_ini **ini, struct job_specs *specs,
		 struct cc_note *why)
{
	struct cf_list daemons, dirs;
	struct job_source from = {
		.section = "h", .job_name = "local", .daemons = &daemons, .daemon_dir = &dirs};
	const struct cf_section *h;
	int r;

	r = cf_ini_parse("test.ini", text, strlen(text), NULL, NULL, 0, ini, why);
	if (r)
		fail_msg("%s", why->text);
	h = cf_ini_section(*ini, "h");
	from.ini = *ini;
	assert_int_equal(cf_list_parse(cf_section_get(h, "daemons"), &daemons), 0);
	assert_int_equal(
		cf_list_parse(cf_section_get(h, "dir") ? cf_section_get(h, "dir") : "", &dirs), 0);
	r = job_specs_read(specs, &from, why);
	cf_list_deinit(&daemons);
	cf_list_deinit(&dirs);
	return r;
}

static void test_spec_rejects(void **state)
{
	static const struct {
		const char *text, *why;
		int code;
	} rows[] = {
		{"[h]\ndaemons = d:x\n", "no section [d:x], which daemons of [h] has",
		 CC_ENOTFOUND},
		{"[h]\ndaemons = x, y, x\n[x]\ncommand = /bin/sh\n[y]\ncommand = /bin/sh\n",
		 "daemons of [h] has x twice", CC_EINVAL},
		{"[h]\ndaemons = x\n[x]\nuser =\n",
		 "test.ini:3: [x]: needs one of daemon = NAME, module, command, script", CC_EINVAL},
		{"[h]\ndaemons = x\n[x]\ncommand = /bin/sh\ndaemon = x\n", "[x]: needs one of",
		 CC_EINVAL},
		{"[h]\ndaemons = x\n[x]\nscript = /bin/sh\nmodule = discovery\n",
		 "[x]: needs one of", CC_EINVAL},
		{"[h]\ndaemons = x\n[x]\nmodule = mine\n",
		 "[x]: unknown module \"mine\"; a program of your own is named by command = ",
		 CC_EINVAL},
		{"[h]\ndaemons = x\n[x]\ndaemon = ../x\n",
		 "daemon \"../x\": a name has 1 to 32 of a-z, 0-9 and -", CC_EINVAL},
		{"[h]\ndaemons = x\n[x]\ndaemon = X\n", "a name has 1 to 32 of a-z", CC_EINVAL},
		{"[h]\ndaemons = x\n[x]\ndaemon = a23456789012345678901234567890123\n",
		 "a name has 1 to 32 of a-z", CC_EINVAL},
		{"[h]\ndaemons = x\ndir = /nowhere, /tmp\n[x]\ndaemon = absent-x\n",
		 "[x]: no program for daemon absent-x; tried /nowhere/cc-absent-x, "
		 "/tmp/cc-absent-x",
		 CC_ENOTFOUND},
		{"[h]\ndaemons = x\n[x]\ncommand = sh -c true\n", "\"sh\" is no absolute path",
		 CC_EINVAL},
		{"[h]\ndaemons = x\n[x]\ncommand = /bin/absent-x\n",
		 "/bin/absent-x: No such file or directory", CC_ENOTFOUND},
		{"[h]\ndaemons = x\n[x]\ncommand = /etc/passwd\n", "/etc/passwd is not executable",
		 CC_EINVAL},
		{"[h]\ndaemons = x\n[x]\ncommand = /bin/\n", "/bin/ is not a regular file",
		 CC_EINVAL},
		{"[h]\ndaemons = x\n[x]\nscript = run\n", "\"run\" is no absolute path", CC_EINVAL},
		{"[h]\ndaemons = x\n[x]\ncommand = /bin/sh 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 "
		 "18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33\n",
		 "command has more than 32 words", CC_ELIMIT},
		{"[h]\ndaemons = x\n[x]\ncommand = /bin/sh\nmemory-limt = 5M\n",
		 "test.ini:5: unknown option \"memory-limt\" in [x]; did you mean "
		 "\"memory-limit\"?",
		 CC_EINVAL},
		{"[h]\ndaemons = x\n[x]\ndaemon = x\nmemory-limit = much\n",
		 "test.ini:5: memory-limit = \"much\"", CC_EINVAL},
		{"[h]\ndaemons = x\n[x]\ndaemon = x\nmax-log-rate = 10001\n",
		 "test.ini:5: max-log-rate = \"10001\"", CC_EINVAL},
		{"[h]\ndaemons = x\n[x]\ndaemon = x\nstop-grace = -1\n",
		 "test.ini:5: stop-grace = \"-1\"", CC_EINVAL},
		{"[h]\ndaemons = x\n[x]\ncommand = /bin/sh\nuser = nobody-of-this-name\n",
		 "[x]: no user nobody-of-this-name", CC_ENOTFOUND},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct job_specs specs;
		struct cc_note why = {0};
		struct cf_ini *ini = NULL;

		print_message("# %s\n", rows[i].why);
		assert_int_equal(parse(rows[i].text, &ini, &specs, &why), -rows[i].code);
		if (!strstr(why.text, rows[i].why))
			fail_msg("%s", why.text);
		job_specs_deinit(&specs);
		cf_ini_free(ini);
	}
}

static void test_spec_too_many(void **state)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(0);
	struct cc_note why = {0};
	struct job_specs specs;
	struct cf_ini *ini = NULL;

	cc_buf_puts(&b, "[h]\ndaemons = 0");
	for (int i = 1; i <= JOB_MAX; i++)
		cc_buf_printf(&b, ", %d", i);
	for (int i = 0; i <= JOB_MAX; i++)
		cc_buf_printf(&b, "\n[%d]\ncommand = /bin/sh", i);
	cc_buf_puts(&b, "\n");
	assert_int_equal(parse((char *)b.data, &ini, &specs, &why), -CC_ELIMIT);
	assert_string_equal(why.text, "[h] has more than 64 daemons");
	assert_int_equal(specs.count, JOB_MAX);
	job_specs_deinit(&specs);
	cf_ini_free(ini);
}

static void assert_words(const struct job_spec *s, const char *const *words)
{
	size_t i = 0;

	for (; words[i]; i++)
		assert_string_equal(s->argv[i], words[i]);
	assert_null(s->argv[i]);
}

static void make_program(const char *name)
{
	put_file(name, "#!/bin/sh\n");
	assert_int_equal(chmod(name, 0755), 0);
}

/* What stands in a section, and which program it starts with which words. */
static void test_spec_words(void **state)
{
	char text[1024], ini_path[128], x[128], discovery[128];
	struct job_specs specs;
	struct cc_note why = {0};
	struct cf_ini *ini = NULL;

	make_program("cc-x");
	make_program("cc-discovery");
	snprintf(ini_path, sizeof(ini_path), "%s/test.ini", folder_path);
	snprintf(x, sizeof(x), "%s/cc-x", folder_path);
	snprintf(discovery, sizeof(discovery), "%s/cc-discovery", folder_path);
	snprintf(text, sizeof(text),
		 "[h]\ndaemons = d:x, later, d:m, short, c, s\ndir = /nowhere, %s\n"
		 "[d:x]\ndaemon = x\nmine = 5\n[later]\nmodule = cc.daemon.infosender\n"
		 "[d:m]\nmodule = cc.daemon.discovery\n[short]\nmodule = discovery\n"
		 "[c]\ncommand = /bin/sh  -c \n\t'a b'\n[s]\nscript = %s\n",
		 folder_path, x);
	if (parse(text, &ini, &specs, &why) != 0)
		fail_msg("%s", why.text);
	cf_ini_free(ini); /* the specs live on */
	assert_int_equal(specs.count, 5);
	assert_words(specs.items[0], (const char *const[]){x, ini_path, "d:x", NULL});
	assert_words(specs.items[1], (const char *const[]){discovery, ini_path, "d:m", NULL});
	assert_words(specs.items[2], (const char *const[]){discovery, ini_path, "short", NULL});
	assert_words(specs.items[3], (const char *const[]){"/bin/sh", "-c", "'a", "b'", NULL});
	assert_words(specs.items[4], (const char *const[]){x, ini_path, "s", NULL});
	assert_true(specs.items[0]->ours && specs.items[1]->ours && specs.items[2]->ours);
	assert_false(specs.items[3]->ours || specs.items[4]->ours);
	assert_int_equal(specs.items[0]->options.watchdog_b, 5000);
	assert_int_equal(specs.items[0]->options.watchdog_cap, 300000);
	job_specs_deinit(&specs);
}

/* What makes a restart at a reload, and what does not. */
static void test_spec_changes(void **state)
{
	static const char base[] = "[ccserver]\ncc-socket = ipc://a\ncms-sign = k\nlogfile = l\n"
				   "[servers]\nca = reg\n[other]\na = 1\n"
				   "[h]\ndaemons = x\n[x]\ncommand = /bin/sh\nuser =\n";
	static const struct {
		const char *text;
		bool changed;
		const char *reason;
	} rows[] = {
		{"[other]\na = 2\n", false, "another section"},
		{"[ccserver]\nlogfile = m\n", false, "the server's log"},
		{"[ccserver]\ncms-sign = m\n", true, "the key it signs with"},
		{"[ccserver]\ncms-verify-ca = ca\n", true, "a new line that it inherits"},
		{"[ccserver]\ncc-socket = ipc://b\n", true, "where it connects"},
		{"[ccserver]\ncc-realm = r\n", true, "the realm"},
		{"[servers]\nca = reg, am\n", true, "who may answer"},
		{"[x]\nmax-log-rate = 1\n", true, "its own option"},
		{"[x]\ncommand = /bin/sh -c true\n", true, "its words"},
		{"[x]\nstop-grace = 9\n", true, "jobmgr's option"},
		{"[DEFAULT]\nb = 1\n", true, "an option of all sections"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct job_specs before, after;
		struct cf_ini *ini[2] = {NULL};
		struct cc_note why = {0};
		char text[512];

		print_message("# %s\n", rows[i].reason);
		snprintf(text, sizeof(text), "%s%s", base, rows[i].text);
		assert_int_equal(parse(base, &ini[0], &before, &why), 0);
		assert_int_equal(parse(text, &ini[1], &after, &why), 0);
		assert_true((strcmp(before.items[0]->print, after.items[0]->print) != 0) ==
			    rows[i].changed);
		job_specs_deinit(&before);
		job_specs_deinit(&after);
		cf_ini_free(ini[0]);
		cf_ini_free(ini[1]);
	}
}

/* job.config as hots-cc 0.7 answered it. */
static void test_spec_config(void **state)
{
	static const char text[] =
		"[DEFAULT]\nall = %(own)s\nown = 0\n[ccserver]\n"
		"pidfile = /run/cc.d/local.pid\ncms-sign = key\n"
		"cms-keystore = /k\nlogfile = /l\n"
		"[h]\ndaemons = d:x, y\n[d:x]\ncommand = /bin/sh\nuser =\nown = 1\n"
		"[y]\nscript = /bin/sh\npidfile = mine\ncms-sign = other\n"
		"job_name = j\nuse_skylog = 1\nodd = \xff\n";
	struct job_specs specs;
	struct cc_note why = {0};
	struct cf_ini *ini = NULL;
	json_t *x, *y;

	assert_int_equal(parse("[DEFAULT]\n[h]\ndaemons =\n", &ini, &specs, &why), 0);
	cf_ini_free(ini);
	/* options of [DEFAULT] are nobody's mistake */
	if (parse(text, &ini, &specs, &why) != 0)
		fail_msg("%s", why.text);
	cf_ini_free(ini);
	x = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "all", "1", "own", "1",
		      "command", "/bin/sh", "user", "", "cms-sign", "key", "cms-keystore", "/k",
		      "use_skylog", "0", "service_name", "d:x", "job_name", "local.d:x", "pidfile",
		      "/run/cc.d/local.d:x.pid");
	y = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "all", "0", "own", "0",
		      "script", "/bin/sh", "pidfile", "mine", "cms-sign", "other", "cms-keystore",
		      "/k", "use_skylog", "1", "service_name", "y", "job_name", "j", "odd",
		      "\\xff");
	assert_int_equal(json_equal(specs.items[0]->config, x), 1);
	assert_int_equal(json_equal(specs.items[1]->config, y), 1);
	json_decref(x);
	json_decref(y);
	job_specs_deinit(&specs);
}

/* ---- documents ---- */

/* The lines of a daemon's section are nobody's table of `ccserver --ini`. */
static void test_options_documented(void **state)
{
	static const char *const files[] = {TEST_DATA "/../../docs/man/ccserver.ini.5",
					    TEST_DATA "/../../docs/handlers/jobmgr.md",
					    TEST_DATA "/../../conf/local.ini"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(files); i++) {
		char *text = NULL, *out;
		size_t len;

		assert_int_equal(cc_file_read(files[i], 1 << 20, &text, &len, NULL), 0);
		out = text;
		for (char *in = text; *in; in++) /* roff writes a minus as \- */
			if (*in != '\\')
				*out++ = *in;
		*out = '\0';
		for (const struct cf_opt *o = job_options; o->name; o++)
			if (!strstr(text, o->name))
				fail_msg("%s does not name %s", files[i], o->name);
		free(text);
	}
}

/* ---- what the handler's check says ---- */

static void test_check(void **state)
{
	const struct cc_handler *h = cc_handler_find(handler_table, "cc.handler.jobmgr");
	struct cc_fakehost *f = NULL;
	struct cc_note why = {0};
	char *log;

	assert_non_null(h);
	assert_false(cc_handler_is_later("jobmgr"));
	assert_int_equal(cc_fakehost_open(&f, h, "daemons = d:x", &why), -CC_ENOTFOUND);
	assert_string_equal(why.text, "no section [d:x], which daemons of [h] has");
	cc_fakehost_free(f);
	log_begin();
	assert_int_equal(cc_fakehost_open(&f, h,
					  "daemons = d:x\npidfiledir = /run\n[d:x]\n"
					  "module = cc.daemon.logtail\n",
					  &why),
			 0);
	cc_fakehost_free(f);
	log = log_end();
	assert_int_equal(count_lines(log, "test.ini:5: module = cc.daemon.logtail is not in this "
					  "version; not started\n"),
			 1);
	assert_int_equal(count_lines(log, "\n"), 1);
	free(log);
}

#define in_folder(f) cmocka_unit_test_setup_teardown(f, folder_enter, folder_leave)

static const struct CMUnitTest tests[] = {
	in_folder(test_output_lines),
	in_folder(test_output_long_line),
	in_folder(test_output_rate),
	in_folder(test_output_rate_none),
	in_folder(test_output_ring),
	cmocka_unit_test(test_backoff),
	cmocka_unit_test(test_spec_rejects),
	cmocka_unit_test(test_spec_too_many),
	in_folder(test_spec_words),
	cmocka_unit_test(test_spec_changes),
	cmocka_unit_test(test_spec_config),
	cmocka_unit_test(test_options_documented),
	in_folder(test_check),
};

TEST_MAIN(tests)
