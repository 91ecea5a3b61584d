/* SPDX-License-Identifier: ISC */
/* A user's folder: its config, the first run, whose credential an operation needs. */
#include "tests/unit/folder.h"

#include <limits.h>
#include <sys/stat.h>

#include "cli/user.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/util.h"
#include "lib/xml/ossl.h"

#define HRN "plc.site.alice"

static const struct cli_command command = {.group = "", .name = "resolve"};

static int enter(void **state)
{
	static const char *const names[] = {"CCFED_SERVER", "CCFED_LOCAL_CC", "CCFED_SERVERS",
					    "CCFED_REALM",  "CCFED_KEYSTORE", "CCFED_CURVE_SERVER",
					    "CCFED_HOME"};

	for (size_t i = 0; i < CC_ARRAY_SIZE(names); i++)
		unsetenv(names[i]);
	return folder_enter(state);
}

static struct cli_user user(const char *hrn)
{
	return (struct cli_user){.cmd = &command, .home_option = "home", .hrn = hrn};
}

/* ---- credentials ---- */

static void whose_credential(void **state)
{
	static const struct {
		enum cli_need need;
		const char *type, *hrn, *first, *want;
	} rows[] = {
		{CLI_NEED_SELF, "user", "plc.x.y", NULL, "user plc.site.alice,"},
		{CLI_NEED_REGISTER, "user", "plc.site.bob", NULL,
		 "authority plc.site,authority plc,"},
		{CLI_NEED_REGISTER, "authority", "plc.site", NULL, "authority plc,"},
		{CLI_NEED_REGISTER, "authority", "plc", NULL, "authority plc,"},
		{CLI_NEED_REGISTER, "user", HRN, NULL, "authority plc.site,authority plc,"},
		{CLI_NEED_REGISTER, "slice", "plc.a.b.s", "plc.a",
		 "authority plc.a,authority plc.a.b,authority plc,"},
		{CLI_NEED_REGISTER, "slice", "plc.a.b.s", "plc.x",
		 "authority plc.a.b,authority plc.a,authority plc,"},
		{CLI_NEED_REGISTER, "user", "plc.ab.u", "plc.a", "authority plc.ab,authority plc,"},
		{CLI_NEED_UPDATE, "user", HRN, NULL,
		 "user plc.site.alice,authority plc.site,authority plc,"},
		{CLI_NEED_UPDATE, "user", "PLC.site.ALICE", NULL,
		 "user plc.site.alice,authority PLC.site,authority PLC,"},
		{CLI_NEED_UPDATE, "user", "plc.site.bob", NULL,
		 "authority plc.site,authority plc,"},
		{CLI_NEED_UPDATE, "slice", "plc.site.s1", NULL,
		 "slice plc.site.s1,authority plc.site,authority plc,"},
		{CLI_NEED_UPDATE, "slice", HRN, NULL,
		 "slice plc.site.alice,authority plc.site,authority plc,"},
		{CLI_NEED_UPDATE, "authority", "plc.site", NULL,
		 "authority plc.site,authority plc,"},
		{CLI_NEED_UPDATE, "authority", "plc", NULL, "authority plc,"},
		{CLI_NEED_UPDATE, "node", "plc.site.n1", NULL, "authority plc.site,authority plc,"},
		{CLI_NEED_REMOVE, "user", HRN, NULL,
		 "user plc.site.alice,authority plc.site,authority plc,"},
		{CLI_NEED_REMOVE, "authority", "plc.site", NULL, "authority plc,"},
		{CLI_NEED_REMOVE, "node", "plc.site.n1", "plc",
		 "authority plc,authority plc.site,"},
		{CLI_NEED_REMOVE, "slice", "plc.site.s1", "plc",
		 "slice plc.site.s1,authority plc,authority plc.site,"},
		{CLI_NEED_OBJECT, "slice", "plc.site.s1", "plc", "slice plc.site.s1,"},
		{CLI_NEED_REGISTER, "user", "a\\.b.c.u", NULL,
		 "authority a\\.b.c,authority a\\.b,"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cli_target targets[CLI_USER_CREDS];
		cc_cleanup(cc_buf_deinit) struct cc_buf got = CC_BUF_INIT(8192);
		size_t n = cli_targets(rows[i].need, rows[i].type, rows[i].hrn, HRN, rows[i].first,
				       targets);

		for (size_t t = 0; t < n; t++)
			cc_buf_printf(&got, "%s %s,", targets[t].type, targets[t].hrn);
		print_message("# %s %s\n", rows[i].type, rows[i].hrn);
		assert_string_equal((char *)got.data, rows[i].want);
	}
}

static void never_more_than_there_is_room(void **state)
{
	struct cli_target targets[CLI_USER_CREDS];
	char deep[] = "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z";

	assert_int_equal(cli_targets(CLI_NEED_UPDATE, "slice", deep, HRN, NULL, targets),
			 CLI_USER_CREDS);
}

/* ---- config ---- */

static void options_count_before_environment_and_config(void **state)
{
	struct cli_user u = user(NULL);
	struct cc_note why = {0};

	assert_int_equal(mkdir("home", 0700), 0);
	put_file("home/config", "[ccfed]\nhrn = " HRN "\ncc = tcp://file\nservers = cn:file\n"
				"realm = file\nca = my.crt\nkeystore = store\nauthority = plc\n");
	assert_int_equal(cli_user_settle(&u, &why), 0);
	assert_string_equal(u.hrn, HRN);
	assert_string_equal(u.authority, "plc");
	assert_string_equal(u.bus.url, "tcp://file");
	assert_string_equal(u.bus.ca, "home/my.crt");
	assert_string_equal(u.bus.keystore, "store");
	assert_true(u.deadline > 0);
	cli_user_deinit(&u);

	setenv("CCFED_LOCAL_CC", "tcp://environment", 1);
	setenv("CCFED_REALM", "environment", 1);
	u = user("plc.site.bob");
	u.bus.url = "tcp://option";
	u.bus.ca = "other.crt";
	assert_int_equal(cli_user_settle(&u, &why), 0);
	assert_string_equal(u.hrn, "plc.site.bob");
	assert_string_equal(u.bus.url, "tcp://option");
	assert_string_equal(u.bus.realm, "environment");
	assert_string_equal(u.bus.servers, "cn:file");
	assert_string_equal(u.bus.ca, "other.crt");
	cli_user_deinit(&u);
}

static void what_cannot_be_settled(void **state)
{
	static const struct {
		const char *config, *hrn, *why;
	} rows[] = {
		{"", NULL, "who are you?"},
		{"", "alice", "no HRN of a user"},
		{"", "plc..alice", "no HRN of a user"},
		{"[ccfed]\nhrm = x\n", HRN, "did you mean \"hrn\""},
		{"hrn = x\n", HRN, "home/config:1"},
	};

	assert_int_equal(mkdir("home", 0700), 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cli_user u = user(rows[i].hrn);
		struct cc_note why = {0};

		put_file("home/config", rows[i].config);
		assert_true(cli_user_settle(&u, &why) < 0);
		print_message("# %s\n", why.text);
		assert_non_null(strstr(why.text, rows[i].why));
		cli_user_deinit(&u);
	}
}

/* ---- the key ---- */

static void mode_is(const char *path, mode_t mode)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void the_first_run_makes_a_key_once(void **state)
{
	for (int p256 = 0; p256 < 2; p256++) {
		cc_cleanup(xs_pkey_freep) EVP_PKEY *public = NULL;
		cc_cleanup(cc_freep) char *text = NULL;
		struct cli_user u = user(HRN);
		struct cc_note why = {0};
		size_t len;

		u.home_option = p256 ? "second" : "first";
		u.p256 = p256;
		assert_int_equal(cli_user_settle(&u, &why), 0);
		assert_int_equal(cli_user_load_key(&u, &why), CLI_USER_FIRST);
		assert_int_equal(EVP_PKEY_is_a(u.key, p256 ? "EC" : "RSA"), 1);
		assert_int_equal(EVP_PKEY_get_bits(u.key), p256 ? 256 : 2048);
		assert_false(cli_user_has_gid(&u, (int64_t)cc_clock_wall()));
		assert_int_equal(chdir(u.home), 0);
		mode_is(".", 0700);
		mode_is("user.key", 0600);
		mode_is("config", 0600);
		assert_int_equal(cc_file_read("user.pub", 65536, &text, &len, &why), 0);
		assert_int_equal(tr_key_read_public(text, len, &public, &why), 0);
		assert_int_equal(EVP_PKEY_eq(public, u.key), 1);
		assert_int_equal(chdir(".."), 0);
		cli_user_deinit(&u);

		/* what it wrote is enough to go on, with the same key */
		u = user(NULL);
		u.home_option = p256 ? "second" : "first";
		assert_int_equal(cli_user_settle(&u, &why), 0);
		assert_int_equal(cli_user_load_key(&u, &why), 0);
		assert_int_equal(EVP_PKEY_eq(public, u.key), 1);
		cli_user_deinit(&u);
	}
}

static int load(struct cc_note *why)
{
	struct cli_user u = user(HRN);
	int r = cli_user_settle(&u, why);

	if (!r)
		r = cli_user_load_key(&u, why);
	cli_user_deinit(&u);
	return r;
}

static void keys_that_are_not_used(void **state)
{
	struct cc_note why = {0};

	assert_int_equal(load(&why), CLI_USER_FIRST);
	assert_int_equal(chmod("home/user.key", 0640), 0);
	assert_int_equal(load(&why), -CC_EDENIED);
	assert_non_null(strstr(why.text, "chmod 600"));
	put_file("home/user.key", "nonsense");
	assert_int_equal(chmod("home/user.key", 0600), 0);
	assert_int_equal(load(&why), -CC_EFORMAT);
	assert_non_null(strstr(why.text, "home/user.key"));
}

/* A key put there by hand gets its certificate and its public half. */
static void a_key_of_before(void **state)
{
	struct cc_note why = {0};

	assert_int_equal(load(&why), CLI_USER_FIRST);
	assert_int_equal(unlink("home/user.crt"), 0);
	assert_int_equal(unlink("home/user.pub"), 0);
	assert_int_equal(load(&why), 0);
	assert_int_equal(access("home/user.crt", R_OK), 0);
	assert_int_equal(access("home/user.pub", R_OK), 0);
}

static void write_gid(EVP_PKEY *key, int64_t from, int64_t until)
{
	struct tr_gid_request rq = {.urn = "urn:publicid:IDN+plc:site+user+alice",
				    .key = key,
				    .not_before = from,
				    .not_after = until};
	cc_cleanup(cc_buf_deinit) struct cc_buf pem = CC_BUF_INIT(65536);
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {.count = 1};
	struct cc_note why = {0};

	assert_int_equal(tr_gid_make(&rq, NULL, NULL, &gids.items[0], &why), 0);
	assert_int_equal(tr_gids_write(&gids, &pem), 0);
	put_file("home/user.gid", (char *)pem.data);
}

static void a_gid_is_of_this_key_and_in_force(void **state)
{
	int64_t now = (int64_t)cc_clock_wall();
	cc_cleanup(xs_pkey_freep) EVP_PKEY *other = NULL;
	struct cli_user u = user(HRN);
	struct cc_note why = {0};

	u.p256 = true;
	assert_int_equal(cli_user_settle(&u, &why), 0);
	assert_int_equal(cli_user_load_key(&u, &why), CLI_USER_FIRST);
	assert_int_equal(tr_key_new(TR_KEY_P256, &other), 0);
	write_gid(u.key, now - 10, now + 1000);
	assert_true(cli_user_has_gid(&u, now));
	assert_false(cli_user_has_gid(&u, now + 950));
	assert_false(cli_user_has_gid(&u, now - 11));
	u.hrn = "plc.site.bob";
	assert_false(cli_user_has_gid(&u, now));
	u.hrn = HRN;
	write_gid(other, now - 10, now + 1000);
	assert_false(cli_user_has_gid(&u, now));
	put_file("home/user.gid", "none");
	assert_false(cli_user_has_gid(&u, now));
	cli_user_deinit(&u);
}

/* ---- bus or front door ---- */

static void the_nearest_server_counts(void **state)
{
	static const struct {
		const char *option, *cc_option, *env, *cc_env, *config, *want;
	} rows[] = {
		{NULL, NULL, NULL, NULL, "", NULL},
		{NULL, NULL, NULL, NULL, "server = https://f\n", "https://f"},
		{NULL, NULL, NULL, NULL, "server = https://f\ncc = tcp://f\n", "https://f"},
		{NULL, NULL, NULL, "tcp://e", "server = https://f\n", NULL},
		{NULL, NULL, "https://e", NULL, "cc = tcp://f\n", "https://e"},
		{NULL, NULL, "https://e", "tcp://e", "", "https://e"},
		{NULL, "tcp://o", "https://e", NULL, "server = https://f\n", NULL},
		{"https://o", NULL, "https://e", "tcp://e", "cc = tcp://f\n", "https://o"},
	};

	assert_int_equal(mkdir("home", 0700), 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cli_user u = user(HRN);
		struct cc_note why = {0};
		char text[200];

		snprintf(text, sizeof(text), "[ccfed]\n%s", rows[i].config);
		put_file("home/config", text);
		unsetenv("CCFED_SERVER");
		unsetenv("CCFED_LOCAL_CC");
		if (rows[i].env)
			setenv("CCFED_SERVER", rows[i].env, 1);
		if (rows[i].cc_env)
			setenv("CCFED_LOCAL_CC", rows[i].cc_env, 1);
		u.server.url = rows[i].option;
		u.bus.url = rows[i].cc_option;
		assert_int_equal(cli_user_settle(&u, &why), 0);
		if (!rows[i].want)
			assert_null(u.server.url);
		else
			assert_string_equal(u.server.url, rows[i].want);
		cli_user_deinit(&u);
	}
}

static void whom_to_believe_is_settled(void **state)
{
	struct cli_user u = user(HRN), v = user(HRN), w = user(HRN), x = user(HRN);
	struct cc_note why = {0};

	assert_int_equal(mkdir("home", 0700), 0);
	put_file("home/config", "[ccfed]\nserver = https://f\nserver-ca = door.pem\npin = p\n");
	assert_int_equal(cli_user_settle(&u, &why), 0);
	assert_string_equal(u.server.ca, "home/door.pem");
	assert_string_equal(u.server.pin, "p");
	v.server.ca = "other.pem";
	v.server.pin = "";
	assert_int_equal(cli_user_settle(&v, &why), 0);
	assert_string_equal(v.server.ca, "other.pem");
	assert_null(v.server.pin);
	w.server.insecure = true;
	assert_int_equal(cli_user_settle(&w, &why), 0);
	assert_null(w.server.ca);
	assert_null(w.server.pin);
	x.server.insecure = true;
	x.server.pin = "p";
	assert_int_equal(cli_user_settle(&x, &why), -CC_EINVAL);
	assert_non_null(strstr(why.text, "one or the other"));
	cli_user_deinit(&u);
	cli_user_deinit(&v);
	cli_user_deinit(&w);
	cli_user_deinit(&x);
}

static void the_other_folder_of_a_user(void **state)
{
	static const struct {
		const char *make, *want;
	} rows[] = {{NULL, "/.ccfed"},
		    {"h/.config/ccfed", "/.ccfed"},
		    {"", "/.config/ccfed"},
		    {"h/.ccfed", "/.ccfed"}};
	char home[PATH_MAX];

	assert_int_equal(mkdir("h", 0700) | mkdir("h/.config", 0700), 0);
	snprintf(home, sizeof(home), "%s/h", folder_path);
	setenv("HOME", home, 1);
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct cli_user u = user(HRN);
		struct cc_note why = {0};

		if (rows[i].make && *rows[i].make)
			assert_int_equal(mkdir(rows[i].make, 0700), 0);
		else if (rows[i].make)
			put_file("h/.config/ccfed/config", "[ccfed]\n");
		u.home_option = NULL;
		assert_int_equal(cli_user_settle(&u, &why), 0);
		assert_string_equal(u.home + strlen(home), rows[i].want);
		cli_user_deinit(&u);
	}
}

#define IN_FOLDER(f)                                                                               \
	{                                                                                          \
#f, f, enter, folder_leave, NULL                                                   \
	}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(whose_credential),
	cmocka_unit_test(never_more_than_there_is_room),
	IN_FOLDER(options_count_before_environment_and_config),
	IN_FOLDER(what_cannot_be_settled),
	IN_FOLDER(the_nearest_server_counts),
	IN_FOLDER(whom_to_believe_is_settled),
	IN_FOLDER(the_other_folder_of_a_user),
	IN_FOLDER(the_first_run_makes_a_key_once),
	IN_FOLDER(keys_that_are_not_used),
	IN_FOLDER(a_key_of_before),
	IN_FOLDER(a_gid_is_of_this_key_and_in_force),
};

TEST_MAIN(tests)
