/* SPDX-License-Identifier: ISC */
#include "lib/conf/ini.h"

#include <sys/stat.h>

#include "lib/base/buf.h"
#include "lib/base/limits.h"
#include "lib/base/util.h"
#include "tests/unit/fail-alloc.h"
#include "tests/unit/folder.h"

static int parse(const char *text, struct cf_ini **ini, struct cc_note *why)
{
	return cf_ini_parse("t.ini", text, strlen(text), NULL, NULL, 0, ini, why);
}

/* "section.key=value|" of every entry. */
static char *dump(const struct cf_ini *ini)
{
	struct cc_buf b = CC_BUF_INIT(0);

	for (size_t i = 0; i < cf_ini_count(ini); i++) {
		const struct cf_section *s = cf_ini_at(ini, i);

		for (size_t k = 0; k < s->count; k++)
			cc_buf_printf(&b, "%s.%s=%s|", s->name, s->entries[k].key,
				      s->entries[k].value);
	}
	return cc_buf_take(&b);
}

static void test_accepts(void **state)
{
	static const struct {
		const char *reason, *text, *entries;
	} rows[] = {
		{"nothing", "", ""},
		{"empty section", "[a]\n", ""},
		{"both delimiters", "[a]\nx = 1\ny: 2\nz=3", "a.x=1|a.y=2|a.z=3|"},
		{"the first delimiter counts", "[a]\nx = h:echo\ny:a=b\n", "a.x=h:echo|a.y=a=b|"},
		{"keys are lower-cased", "[A]\nCC-Socket = T\n", "A.cc-socket=T|"},
		{"space inside a key", "[a]\nx y = 1\n", "a.x y=1|"},
		{"star", "[routes]\n* = h:x\n", "routes.*=h:x|"},
		{"carriage return", "[a]\r\nx = 1\r\n", "a.x=1|"},
		{"empty value", "[a]\nx =\ny = \"\"\n", "a.x=|a.y=|"},
		{"line comments", "# c\n; c\nrem c\nREM\n[a]\n#x = 1\nx = 2\n", "a.x=2|"},
		{"remote is no rem", "[a]\nremote = 1\n", "a.remote=1|"},
		{"inline comment", "[a]\nx = 1 ; c\ny = 2;c\nz = # 3\n", "a.x=1|a.y=2;c|a.z=# 3|"},
		{"nothing but a comment", "[a]\nx = ; c\n", "a.x=|"},
		{"only the first semicolon", "[a]\nx = a;b ; c\n", "a.x=a;b ; c|"},
		{"continuation", "[a]\nx = 1\n  2 ; c\n\t3\n", "a.x=1\n2 ; c\n3|"},
		{"over a blank line and a comment", "[a]\nx = 1\n\n# c\n 2\n", "a.x=1\n2|"},
		{"repeated key, first place", "[a]\nx=1\ny=2\nX=3\n", "a.x=3|a.y=2|"},
		{"repeated section", "[a]\nx=1\n[b]\n[a]\ny=2\n", "a.x=1|a.y=2|"},
		{"text after the bracket", "[a] ; c\nx=1\n", "a.x=1|"},
		{"name is not trimmed", "[ a ]\nx=1\n", " a .x=1|"},
		{"defaults behind", "[DEFAULT]\nd=1\nx=0\n[a]\nx=2\n[b]\n",
		 "a.x=2|a.d=1|b.d=1|b.x=0|"},
		{"default is no DEFAULT", "[default]\nd=1\n[a]\n", "default.d=1|"},
		{"percent", "[a]\nx = 50%%\n", "a.x=50%|"},
		{"own before default", "[DEFAULT]\nn=d\n[a]\nn=o\nx=%(N)s!\n", "a.n=o|a.x=o!|"},
		{"default sees own", "[DEFAULT]\nx=<%(n)s>\n[a]\nn=1\n", "a.n=1|a.x=<1>|"},
		{"nested", "[a]\nx=%(y)s%(z)s\ny=1%(z)s\nz=%%\n", "a.x=1%%|a.y=1%|a.z=%|"},
		{"escaped is not read again", "[a]\nx=%%(y)s\n", "a.x=%(y)s|"},
		{"built in, everywhere", "[a]\nx=%(job_name)s %(service_name)s %(config_file)s\n",
		 "a.x=t a t.ini|"},
		{"octets that are no text", "[a]\nx = \xff\x01\n", "a.x=\xff\x01|"},
		{"include with a delimiter", "[a]\ninclude = x\n", "a.include=x|"},
		{"no newline at the end", "[a]\nx=1\n y", "a.x=1\ny|"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
		cc_cleanup(cc_freep) char *entries = NULL;
		struct cc_note why = {0};

		if (parse(rows[i].text, &ini, &why) < 0)
			fail_msg("%s: %s", rows[i].reason, why.text);
		entries = dump(ini);
		if (strcmp(entries, rows[i].entries) != 0)
			fail_msg("%s: %s", rows[i].reason, entries);
	}
}

static void test_rejects(void **state)
{
	static const struct {
		const char *reason, *text;
		int code;
		const char *message; /* its start */
	} rows[] = {
		{"option before a section", "x = 1\n", CC_EFORMAT, "t.ini:1: no section yet"},
		{"byte order mark", "\xef\xbb\xbf[a]\n", CC_EFORMAT, "t.ini:1: no section yet"},
		{"no delimiter", "[a]\n\nx\n", CC_EFORMAT, "t.ini:3: neither option nor section"},
		{"empty section name", "[]\n", CC_EFORMAT, "t.ini:1: a section needs a name"},
		{"bracket left open", "[a\nx = ]\n", CC_EFORMAT, "t.ini:1: a section needs a name"},
		{"empty key", "[a]\n= 1\n", CC_EFORMAT, "t.ini:2: nothing before the \"=\""},
		{"nothing to continue", " x = 1\n", CC_EFORMAT, "t.ini:1: white space starts"},
		{"nothing after a section", "[a]\nx=1\n[b]\n 2\n", CC_EFORMAT, "t.ini:4: white"},
		{"include in memory", "[a]\ninclude x\n", CC_EFORMAT, "t.ini:2: include works"},
		{"unknown name", "[a]\ny=1\nx = %(no)s\n", CC_EFORMAT,
		 "t.ini:3: \"x\" names %(no)s, which neither [a] nor [DEFAULT] has"},
		{"place of the default", "[DEFAULT]\nx=%(no)s\n[a]\n", CC_EFORMAT, "t.ini:2: "},
		{"lone percent", "[a]\nx = 5%\n", CC_EFORMAT, "t.ini:2: lone \"%\""},
		{"percent and a letter", "[a]\nx = %s\n", CC_EFORMAT, "t.ini:2: lone \"%\""},
		{"open reference", "[a]\nx = %(y\n", CC_EFORMAT, "t.ini:2: \"%(\" without"},
		{"wrong conversion", "[a]\ny=1\nx = %(y)d\n", CC_EFORMAT,
		 "t.ini:3: \"%(\" without"},
		{"empty reference", "[a]\nx = %()s\n", CC_EFORMAT, "t.ini:2: \"%(\" without"},
		{"names itself", "[a]\nx = %(x)s\n", CC_ELIMIT, "t.ini:2: %(...)s nested too deep"},
		{"loop", "[a]\nx = %(y)s\ny=%(x)s\n", CC_ELIMIT, "t.ini:2: %(...)s nested"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cf_ini *ini = NULL;
		struct cc_note why = {0};
		int r = parse(rows[i].text, &ini, &why);

		assert_null(ini);
		if (r != -rows[i].code || why.code != rows[i].code ||
		    strncmp(why.text, rows[i].message, strlen(rows[i].message)) != 0)
			fail_msg("%s: %d %s", rows[i].reason, r, why.text);
		assert_int_equal(parse(rows[i].text, &ini, NULL), r);
	}
}

static void test_nul(void **state)
{
	struct cf_ini *ini = NULL;
	struct cc_note why;

	assert_int_equal(cf_ini_parse("n", "[a]\nx=\0\n", 8, NULL, NULL, 0, &ini, &why),
			 -CC_EFORMAT);
	assert_string_equal(why.text, "n:2: NUL octet: this is no text file");
}

static void put_piece(struct cc_buf *b, const char *piece, size_t i)
{
	size_t plain = strcspn(piece, "@");

	cc_buf_put(b, piece, plain);
	if (piece[plain])
		cc_buf_printf(b, "%zu%s", i, piece + plain + 1);
}

/* Text that repeats one piece n times behind a head; @ in the piece is its number. */
static char *repeat(const char *head, const char *piece, size_t n, const char *tail)
{
	struct cc_buf b = CC_BUF_INIT(64u << 20);

	cc_buf_puts(&b, head);
	for (size_t i = 0; i < n; i++)
		put_piece(&b, piece, i);
	cc_buf_puts(&b, tail);
	return cc_buf_take(&b);
}

static void test_limits(void **state)
{
	static const struct {
		const char *reason, *head, *piece;
		size_t n; /* pieces that are allowed */
		const char *tail, *message;
	} rows[] = {
		{"line", "[a]\nx=", "y", CC_INI_LINE_MAX - 2, "\n", "line longer"},
		{"options", "[a]\n", "k@=\n", CC_INI_ENTRIES, "", "more than 50000 options: split"},
		{"sections", "", "[@]\n", CC_INI_ENTRIES, "", "more than 50000 sections"},
		{"defaults in sections", "[DEFAULT]\nx=1\n[b]\n[a]\n", "k@=\n", CC_INI_ENTRIES - 2,
		 "", "more than 50000 options, those of [DEFAULT]"},
		{"value over lines", "[a]\nx=", "\n 1234567", CC_INI_VALUE_MAX / 8, "\n",
		 "is longer than 65536"},
		{"interpolated value",
		 "[a]\nv=12345678\nx=%(y)s%(y)s%(y)s%(y)s%(y)s%(y)s%(y)s%(y)s\ny=", "%(v)s",
		 CC_INI_VALUE_MAX / 64, "\n", "value grows too long"},
		{"file", "", "#\n", CC_INI_FILE_MAX / 2, "", "more than 1048576 octets"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		for (size_t more = 0; more < 2; more++) {
			cc_cleanup(cc_freep) char *text =
				repeat(rows[i].head, rows[i].piece, rows[i].n + more, rows[i].tail);
			cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
			struct cc_note why = {0};
			int r = parse(text, &ini, &why);

			if (r != (more ? -CC_ELIMIT : 0) ||
			    (more && !strstr(why.text, rows[i].message)))
				fail_msg("%s + %zu: %d %s", rows[i].reason, more, r, why.text);
		}
	}
}

static void test_depth(void **state)
{
	/* ten values one in another, the innermost without any reference */
	const char *text = "[s]\na=%(b)s\nb=%(c)s\nc=%(d)s\nd=%(e)s\ne=%(f)s\nf=%(g)s\n"
			   "g=%(h)s\nh=%(i)s\ni=%(j)s\nj=%(k)s\nk=end\n";
	const char *deeper = "[s]\n0=%(a)s\na=%(b)s\nb=%(c)s\nc=%(d)s\nd=%(e)s\ne=%(f)s\nf=%(g)s\n"
			     "g=%(h)s\nh=%(i)s\ni=%(j)s\nj=%(k)s\nk=end\n";
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	struct cf_ini *none = NULL;

	assert_int_equal(parse(text, &ini, NULL), 0);
	assert_string_equal(cf_section_get(cf_ini_section(ini, "s"), "a"), "end");
	assert_int_equal(parse(deeper, &none, NULL), -CC_ELIMIT);
}

/* References to nothing grow no value but would take 1000^8 steps. */
static void test_bomb(void **state)
{
	struct cc_buf b = CC_BUF_INIT(0);
	struct cf_ini *ini = NULL;
	struct cc_note why = {0};

	cc_buf_puts(&b, "[a]\nv8=\n");
	for (int i = 0; i < 8; i++) {
		cc_buf_printf(&b, "v%d=", i);
		for (int k = 0; k < 1000; k++)
			cc_buf_printf(&b, "%%(v%d)s", i + 1);
		cc_buf_puts(&b, "\n");
	}
	assert_int_equal(b.err, 0);
	assert_int_equal(parse((char *)b.data, &ini, &why), -CC_ELIMIT);
	assert_non_null(strstr(why.text, "configuration grows too large"));
	cc_buf_deinit(&b);
}

static void test_places(void **state)
{
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	const struct cf_section *s;

	assert_int_equal(
		parse("[DEFAULT]\nd=1\n\n[a]\nx=%(y)s\ny=2\nx=%(y)s\n  more\n", &ini, NULL), 0);
	assert_string_equal(cf_ini_path(ini), "t.ini");
	assert_int_equal(cf_ini_count(ini), 1);
	assert_null(cf_ini_at(ini, 1));
	assert_null(cf_ini_section(ini, "DEFAULT"));
	s = cf_ini_section(ini, "a");
	assert_int_equal(s->line, 4);
	assert_string_equal(s->file, "t.ini");
	assert_int_equal(cf_section_find(s, "x")->line, 7);
	assert_false(cf_section_find(s, "x")->variable);
	assert_true(cf_section_find(s, "y")->variable);
	assert_false(cf_section_find(s, "y")->from_default);
	assert_true(cf_section_find(s, "d")->from_default);
	assert_null(cf_section_find(s, "z"));
	assert_null(cf_section_get(s, "z"));
}

static void test_main_section(void **state)
{
	static const char *const overrides[] = {"X = over=%(y)s", "new=%(config_dir)s"};
	const char *text = "[m]\nx=1\ny=2\njob_name=mine\n[o]\nx=3\n";
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	const struct cf_section *s;
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	assert_int_equal(cf_ini_parse("/etc/100%/b.c.ini", text, strlen(text), "m", overrides, 2,
				      &ini, NULL),
			 0);
	s = cf_ini_section(ini, "m");
	assert_string_equal(cf_section_get(s, "x"), "over=2");
	assert_string_equal(cf_section_find(s, "new")->file, "--set");
	assert_int_equal(cf_section_find(s, "new")->line, 2);
	assert_string_equal(cf_section_get(s, "new"), "/etc/100%");
	assert_string_equal(cf_section_get(s, "job_name"), "mine");
	assert_string_equal(cf_section_get(s, "service_name"), "m");
	assert_string_equal(cf_section_get(s, "host_name"), host);
	assert_string_equal(cf_section_get(s, "config_dir"), "/etc/100%");
	assert_string_equal(cf_section_get(s, "config_file"), "/etc/100%/b.c.ini");
	assert_true(cf_section_find(s, "config_file")->variable);
	assert_true(cf_section_find(s, "job_name")->variable);
	s = cf_ini_section(ini, "o");
	assert_int_equal(s->count, 1);
	assert_string_equal(cf_section_get(s, "x"), "3");
}

static void test_config_dir(void **state)
{
	static const struct {
		const char *name, *dir, *job;
	} rows[] = {
		{"/x.ini", "/", "x"},
		{"x", ".", "x"},
		{"a/.x", "a", ".x"},
		{"a.b/x", "a.b", "x"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;

		assert_int_equal(cf_ini_parse(rows[i].name, "[m]", 3, "m", NULL, 0, &ini, NULL), 0);
		assert_string_equal(cf_section_get(cf_ini_at(ini, 0), "config_dir"), rows[i].dir);
		assert_string_equal(cf_section_get(cf_ini_at(ini, 0), "job_name"), rows[i].job);
	}
}

static void test_main_rejects(void **state)
{
	static char longer[CC_INI_LINE_MAX + 2];
	static const struct {
		const char *main, *override;
		int code;
		const char *message;
	} rows[] = {
		{"none", "x=1", CC_ENOTFOUND, "t.ini: no section [none]: add it"},
		{"DEFAULT", "x=1", CC_ENOTFOUND, "t.ini: no section [DEFAULT]: add it"},
		{"a", "x", CC_EFORMAT, "--set:1: write key=value"},
		{"a", " =x", CC_EFORMAT, "--set:1: no key"},
		{"a", "x=%(no)s", CC_EFORMAT, "--set:1: \"x\" names %(no)s"},
		{"a", longer, CC_ELIMIT, "--set:1: longer than"},
	};

	memset(longer, '=', sizeof(longer) - 1);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cf_ini *ini = NULL;
		struct cc_note why = {0};

		assert_int_equal(cf_ini_parse("t.ini", "[a]\n", 4, rows[i].main, &rows[i].override,
					      1, &ini, &why),
				 -rows[i].code);
		assert_non_null(strstr(why.text, rows[i].message));
	}
}

static void test_legacy(void **state)
{
	static const struct {
		const char *text;
		bool legacy;
	} rows[] = {
		{"[a]\nhandler = echo\n", false},
		{"[x]\n[a]\nhandler = cc.handler.echo\n", true},
		{"[a]\nmodule = cc.daemon.x\n", true},
		{"[a]\nmodule = x.cc.daemon.x\n", false},
		{"[a]\nplugin = echo\n", true},
		{"[a]\nplugins = p:a\n", false},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;

		assert_int_equal(parse(rows[i].text, &ini, NULL), 0);
		assert_int_equal(cf_ini_legacy(ini), rows[i].legacy);
	}
}

static int read_main(struct cf_ini **ini, struct cc_note *why)
{
	return cf_ini_read("main.ini", NULL, NULL, 0, ini, why);
}

/* In place: it starts in the section of the include line, which then goes on. */
static void test_include(void **state)
{
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	cc_cleanup(cc_freep) char *entries = NULL;
	const struct cf_entry *e;

	assert_int_equal(mkdir("conf.d", 0700), 0);
	put_file("main.ini", "[a]\nx=1\ninclude conf.d/one.ini ; c\ny=4\ninclude none.d/*.ini\n"
			     "include conf.d/[23].ini\n");
	put_file("conf.d/one.ini", "in=2\n[b]\nz=3\ninclude 2.ini\n");
	put_file("conf.d/2.ini", "two=2\n");
	put_file("conf.d/3.ini", "[c]\nthree=%(job_name)s\n");
	put_file("conf.d/.3.ini", "[hidden]\n");
	assert_int_equal(read_main(&ini, NULL), 0);
	entries = dump(ini);
	assert_string_equal(entries, "a.x=1|a.in=2|a.y=4|a.two=2|b.z=3|b.two=2|c.three=main|");
	e = cf_section_find(cf_ini_section(ini, "b"), "z");
	assert_string_equal(e->file, "conf.d/one.ini");
	assert_int_equal(e->line, 3);
}

static void test_include_home(void **state)
{
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;

	setenv("HOME", folder_path, 1);
	put_file("other.ini", "[b]\nx=1\n");
	put_file("main.ini", "include ~/other.ini\n");
	assert_int_equal(cf_ini_read("~/main.ini", "b", NULL, 0, &ini, NULL), 0);
	assert_string_equal(cf_section_get(cf_ini_section(ini, "b"), "config_dir"), folder_path);
}

static void test_include_rejects(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *message;
	} rows[] = {
		{"[a]\ninclude none.ini\n", CC_ENOTFOUND, "main.ini:2: cannot open none.ini"},
		{"include\n", CC_EFORMAT, "main.ini:1: include what?"},
		{"include ; c\n", CC_EFORMAT, "main.ini:1: include what?"},
		{"include main.ini\n", CC_ELIMIT, "main.ini:1: include nested deeper than 8"},
		{"include .\n", CC_ESYS, "main.ini:1: . is not a regular file"},
		{"[a]\nx=1\ninclude bad.ini\n", CC_EFORMAT, "bad.ini:1: white space starts"},
		{"include other.ini\ny = 2\n", CC_EFORMAT, "main.ini:2: no section yet"},
		{"[a]\nx=1\ninclude empty.ini\n 2\n", CC_EFORMAT, "main.ini:4: white space"},
		{"include big.ini\n", CC_ELIMIT, "main.ini:1: big.ini has more than"},
	};
	cc_cleanup(cc_freep) char *big = repeat("", "#", CC_INI_FILE_MAX + 1, "");
	struct cf_ini *ini = NULL;
	struct cc_note why;

	put_file("empty.ini", "");
	put_file("bad.ini", " 2\n");
	put_file("other.ini", "[a]\nx=1\n");
	put_file("big.ini", big);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		int r;

		put_file("main.ini", rows[i].text);
		r = read_main(&ini, &why);
		if (r != -rows[i].code || !strstr(why.text, rows[i].message))
			fail_msg("%s: %d %s", rows[i].text, r, why.text);
	}
	assert_int_equal(cf_ini_read("gone.ini", NULL, NULL, 0, &ini, &why), -CC_ENOTFOUND);
	assert_non_null(strstr(why.text, "cannot open gone.ini"));
}

static void test_include_files(void **state)
{
	cc_cleanup(cc_freep) char *most = repeat("", "include empty.ini\n", CC_INI_FILES - 1, "");
	cc_cleanup(cc_freep) char *more = repeat("", "include empty.ini\n", CC_INI_FILES, "");
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	struct cf_ini *none = NULL;
	struct cc_note why;

	put_file("empty.ini", "");
	put_file("main.ini", most);
	assert_int_equal(read_main(&ini, NULL), 0);
	put_file("main.ini", more);
	assert_int_equal(read_main(&none, &why), -CC_ELIMIT);
	assert_non_null(strstr(why.text, "more than 64 files"));
}

static void test_include_depth(void **state)
{
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	struct cf_ini *none = NULL;

	for (int i = 0; i <= CC_INI_DEPTH; i++) {
		char name[16], text[32];

		snprintf(name, sizeof(name), "%d.ini", i);
		snprintf(text, sizeof(text), "include %d.ini\n", i + 1);
		put_file(name, i < CC_INI_DEPTH ? text : "[a]\n");
	}
	put_file("main.ini", "include 0.ini\n");
	assert_int_equal(cf_ini_read("0.ini", "a", NULL, 0, &ini, NULL), 0);
	assert_int_equal(read_main(&none, NULL), -CC_ELIMIT);
}

/* Every allocation in turn: an error, no crash, no leak (under ASan), nothing handed out. */
static void test_no_memory(void **state)
{
	static const char *const overrides[] = {"o=%(x)s"};
	long n;

	put_file("main.ini", "[DEFAULT]\nd=%(x)s\n[a]\nx=1\n 2\ninclude *.in\ny=%(x)s%%\n");
	put_file("b.in", "z=3\n[b]\nx=2\ninclude ~/c.in2\n");
	put_file("c.in2", "w=4\n");
	setenv("HOME", folder_path, 1);
	for (n = 0;; n++) {
		cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
		struct cc_note why = {0};
		int r;

		alloc_fail_after(n);
		r = cf_ini_read("main.ini", "a", overrides, 1, &ini, &why);
		alloc_left = -1;
		if (!alloc_failed) {
			assert_int_equal(r, 0);
			break;
		}
		if (r == 0) /* a map that could not grow is slower, no more */
			continue;
		assert_int_equal(r, -CC_ENOMEM);
		assert_int_equal(why.code, CC_ENOMEM);
		assert_null(ini);
	}
	assert_true(n > 40);
}

#define in_folder(f) cmocka_unit_test_setup_teardown(f, folder_enter, folder_leave)

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_accepts),	   cmocka_unit_test(test_rejects),
	cmocka_unit_test(test_nul),	   cmocka_unit_test(test_limits),
	cmocka_unit_test(test_depth),	   cmocka_unit_test(test_bomb),
	cmocka_unit_test(test_places),	   cmocka_unit_test(test_main_section),
	cmocka_unit_test(test_config_dir), cmocka_unit_test(test_main_rejects),
	cmocka_unit_test(test_legacy),	   in_folder(test_include),
	in_folder(test_include_home),	   in_folder(test_include_rejects),
	in_folder(test_include_files),	   in_folder(test_include_depth),
	in_folder(test_no_memory),
};

TEST_MAIN(tests)
