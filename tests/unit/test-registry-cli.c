/* SPDX-License-Identifier: ISC */
/* The commands of one word: the records that options make, the layouts of answers; tokens of nodes. */
#include "tests/unit/folder.h"

#include "cli/node.h"
#include "cli/registry.h"
#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/xml/ossl.h"
#include "tests/unit/capture.h"

static const struct cli_command command = {.group = "", .name = "register"};

/* Text of a JSON value, keys sorted. */
static char *text_of(json_t *value)
{
	char *text = json_dumps(value, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY);

	assert_non_null(text);
	json_decref(value);
	return text;
}

/* ---- layouts ---- */

static char *shown(const char *json)
{
	json_t *records = json_loads(json, 0, NULL);

	assert_non_null(records);
	capture_begin();
	reg_show_records(records);
	json_decref(records);
	return capture_end();
}

static void records_are_laid_out(void **state)
{
	static const struct {
		const char *json, *text;
	} rows[] = {
		{"[]", "NO RESULT\n"},
		{"[{\"hrn\": \"plc.s.u\", \"type\": \"user\", \"pointer\": 7, \"gid\": \"none\","
		 " \"geni_info\": {\"email\": \"a@b\"}, \"pl_info\": {\"x\": [1, 2], \"y\": "
		 "true}}]",
		 "RESULT:\n"
		 "RECORD plc.s.u\n"
		 "        hrn: plc.s.u\n"
		 "       type: user\n"
		 "        gid:\n"
		 "    pointer: 7\n"
		 "  geni_info:\n"
		 "        email : a@b\n"
		 "    pl_info:\n"
		 "        x : 1, 2\n"
		 "        y : yes\n"},
		{"[{\"hrn\": \"plc.s\", \"type\": \"authority\","
		 " \"geni_info\": {\"pi\": [\"plc.s.p\"], \"operator\": [\"plc.s.o\"], \"owner\": "
		 "[]}}]",
		 "RESULT:\n"
		 "RECORD plc.s\n        hrn: plc.s\n       type: sa\n        gid:\n    pointer: "
		 "-1\n"
		 "  geni_info:\n        pi : plc.s.p\n    pl_info:\n"
		 "RECORD plc.s\n        hrn: plc.s\n       type: ma\n        gid:\n    pointer: "
		 "-1\n"
		 "  geni_info:\n        operator : plc.s.o\n        owner : none\n    pl_info:\n"},
		{"[{\"hrn\": \"p.\\u001b[31m\", \"type\": \"node\\n\"}, 7]",
		 "RESULT:\n"
		 "RECORD p.\\x1b[31m\n        hrn: p.\\x1b[31m\n       type: node\\x0a\n        "
		 "gid:\n"
		 "    pointer: -1\n  geni_info:\n    pl_info:\n"
		 "RECORD ?\n        gid:\n    pointer: -1\n  geni_info:\n    pl_info:\n"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_freep) char *text = shown(rows[i].json);

		assert_string_equal(text, rows[i].text);
	}
}

static void gids_are_laid_out(void **state)
{
	cc_cleanup(xs_pkey_freep) EVP_PKEY *key = NULL;
	cc_cleanup(cc_buf_deinit) struct cc_buf pem = CC_BUF_INIT(65536);
	cc_cleanup(tr_gids_deinit) struct tr_gids gids = {.count = 1};
	cc_cleanup(cc_freep) char *text = NULL;
	struct tr_gid_request rq = {.urn = "urn:publicid:IDN+plc:s+user+u",
				    .uuid = "1aca0c7e-5a0e-4ff1-8a5a-9d3b5a7d8f60",
				    .not_before = 1000000000,
				    .not_after = 2000000000};
	struct cc_note why = {0};

	assert_int_equal(tr_key_new(TR_KEY_P256, &key), 0);
	rq.key = key;
	assert_int_equal(tr_gid_make(&rq, NULL, NULL, &gids.items[0], &why), 0);
	assert_int_equal(tr_gids_write(&gids, &pem), 0);
	capture_begin();
	assert_int_equal(reg_show_gid((char *)pem.data, &why), 0);
	text = capture_end();
	assert_string_equal(text, "RESULT:\nGID plc.s.u\n          hrn: plc.s.u\n"
				  "         uuid: 35609025255366521861796351042379419488\n");
	assert_int_equal(reg_show_gid("none", &why), -CC_EFORMAT);
	assert_int_equal(reg_show_credential("none", &why), -CC_EFORMAT);
	assert_int_equal(reg_show_ticket("none", &why), -CC_EFORMAT);
}

/* ---- records ---- */

static void options_make_a_record(void **state)
{
	struct reg_args a = {.user.cmd = &command, .type = "slice", .hrn = "plc.s.x"};
	cc_cleanup(cc_freep) char *text = NULL;
	struct cc_note why = {0};
	json_t *record;
	static const struct {
		int opt;
		const char *arg;
	} options[] = {
		{REG_OPT_EMAIL, "a@b"},		 {REG_OPT_HOSTNAME, "h"},
		{REG_OPT_EXPIRES, "1600000000"}, {REG_OPT_RESEARCHER, "plc.s.a"},
		{REG_OPT_RESEARCHER, "plc.s.b"}, {REG_OPT_PI, ""},
		{REG_OPT_OPERATOR, "plc.s.o"},	 {REG_OPT_ATTRIBUTE, "n=v=w"},
		{REG_OPT_FIELD, "pointer=3"},	 {REG_OPT_FIELD, "name=three words"},
		{REG_OPT_FIELD, "url="},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(options); i++)
		assert_int_equal(reg_option(&a, options[i].opt, options[i].arg), -1);
	assert_int_equal(reg_record_make(&a, &record, &why), 0);
	text = text_of(record);
	assert_string_equal(
		text, "{\"attributes\":[{\"name\":\"n\",\"value\":\"v=w\"}],\"email\":\"a@b\","
		      "\"expires\":\"2020-09-13T12:26:40Z\",\"hostname\":\"h\",\"hrn\":\"plc.s.x\","
		      "\"name\":\"three words\",\"pointer\":3,\"reg-operators\":[\"plc.s.o\"],"
		      "\"reg-pis\":[],\"reg-researchers\":[\"plc.s.a\",\"plc.s.b\"],"
		      "\"type\":\"slice\",\"url\":\"\"}");
}

static void nothing_said_is_nothing_sent(void **state)
{
	struct reg_args a = {.user.cmd = &command, .type = "user", .hrn = "plc.s.x"};
	cc_cleanup(cc_freep) char *text = NULL;
	struct cc_note why = {0};
	json_t *record;

	assert_int_equal(reg_record_make(&a, &record, &why), 0);
	text = text_of(record);
	assert_string_equal(text, "{\"hrn\":\"plc.s.x\",\"type\":\"user\"}");
}

#define SSH                                                                                        \
	"ecdsa-sha2-nistp256 "                                                                     \
	"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBGsX0fLhLEJH+"                        \
	"Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tKfA+eFivOM1drMV7Oy7ZAaDe/UfU= k"

static void keys_by_their_kind(void **state)
{
	struct reg_args a = {.user.cmd = &command, .type = "user", .hrn = "plc.s.x"};
	struct reg_args n = {.user.cmd = &command, .type = "node", .hrn = "plc.s.n"};
	cc_cleanup(cc_freep) char *text = NULL;
	cc_cleanup(xs_pkey_freep) EVP_PKEY *key = NULL;
	cc_cleanup(cc_buf_deinit) struct cc_buf pem = CC_BUF_INIT(65536);
	struct cc_note why = {0};
	json_t *record;

	put_file("keys", "# mine\n\n  " SSH "\r\nssh-ed25519 AAAA other\n");
	put_file("ssh", SSH "\n");
	assert_int_equal(tr_key_new(TR_KEY_P256, &key), 0);
	assert_int_equal(tr_key_write_public(key, &pem), 0);
	put_file("pem", (char *)pem.data);
	assert_int_equal(reg_option(&a, REG_OPT_KEY, "keys"), -1);
	assert_int_equal(reg_record_make(&a, &record, &why), 0);
	text = text_of(record);
	assert_string_equal(text, "{\"hrn\":\"plc.s.x\",\"reg-keys\":[\"" SSH "\","
				  "\"ssh-ed25519 AAAA other\"],\"type\":\"user\"}");
	/* ssh for logging in, and another for the GID */
	assert_int_equal(reg_option(&a, REG_OPT_KEY, "pem"), -1);
	assert_int_equal(reg_record_make(&a, &record, &why), 0);
	assert_string_equal(json_string_value(json_object_get(record, "key")), (char *)pem.data);
	assert_int_equal(json_array_size(json_object_get(record, "reg-keys")), 2);
	json_decref(record);
	assert_int_equal(reg_option(&a, REG_OPT_KEY, "pem"), -1);
	assert_int_equal(reg_record_make(&a, &record, &why), -CC_EINVAL);

	assert_int_equal(reg_option(&n, REG_OPT_KEY, "ssh"), -1);
	assert_int_equal(reg_record_make(&n, &record, &why), 0);
	assert_memory_equal(json_string_value(json_object_get(record, "key")), "-----BEGIN PUBLIC",
			    17);
	assert_null(json_object_get(record, "reg-keys"));
	json_decref(record);
	n.keys.items[0] = "absent";
	assert_int_equal(reg_record_make(&n, &record, &why), -CC_ENOTFOUND);
}

static void options_that_are_refused(void **state)
{
	static const struct {
		int opt;
		const char *arg;
	} rows[] = {{REG_OPT_EXPIRES, "soon"},
		    {REG_OPT_ATTRIBUTE, "name"},
		    {REG_OPT_ATTRIBUTE, "=v"},
		    {REG_OPT_FIELD, "name"},
		    {CLI_OPT_USER_DEADLINE, "0"}};
	struct reg_args a = {.user.cmd = &command, .type = "user", .hrn = "\xff"};
	struct cc_note why = {0};
	json_t *record;
	int i;

	for (i = 0; i < (int)CC_ARRAY_SIZE(rows); i++)
		assert_int_equal(reg_option(&a, rows[i].opt, rows[i].arg), CLI_USAGE);
	assert_int_equal(reg_record_make(&a, &record, &why), -CC_EINVAL);
	a.hrn = "plc.s.x";
	a.email = "\xff";
	assert_int_equal(reg_record_make(&a, &record, &why), -CC_EINVAL);
	for (i = 0; i < REG_LIST_MAX; i++)
		assert_int_equal(reg_option(&a, REG_OPT_PI, "p"), -1);
	assert_int_equal(reg_option(&a, REG_OPT_PI, "p"), CLI_USAGE);
}

static void names_are_hrns_or_urns(void **state)
{
	static const struct {
		const char *text, *hrn; /* NULL: none */
	} rows[] = {
		{"plc.s.x", "plc.s.x"},
		{"urn:publicid:IDN+plc:s+slice+x", "plc.s.x"},
		{"urn:publicid:IDN+plc:s+authority+sa", "plc.s"},
		{"URN:x", NULL},
		{"urn:publicid:IDN+plc", NULL},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct reg_args a = {.user.cmd = &command};

		assert_int_equal(reg_name(&a, rows[i].text), rows[i].hrn ? -1 : CLI_USAGE);
		if (rows[i].hrn)
			assert_string_equal(a.hrn, rows[i].hrn);
	}
}

/* ---- tokens ---- */

static void tokens_come_back(void **state)
{
	static const char *const curves[] = {"", "abc>d?e"};
	struct cc_note why = {0};

	for (size_t i = 0; i < CC_ARRAY_SIZE(curves); i++) {
		struct node_token t = {.token = (char *)"t\xc3\xbc~?>",
				       .hrn = (char *)"plc.s.n",
				       .cc = (char *)"tcp://plc:1",
				       .realm = (char *)(i ? "r" : ""),
				       .curve = (char *)curves[i]};
		struct node_token back = {0};
		cc_cleanup(cc_freep) char *line = NULL;

		for (size_t k = 0; k < NODE_SHA256; k++)
			t.sha256[k] = (uint8_t)(k * 7 + 129);
		assert_int_equal(node_token_write(&t, &line, &why), 0);
		assert_int_equal(strspn(line + strlen(NODE_TOKEN_PREFIX),
					"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					"0123456789-_"),
				 strlen(line) - strlen(NODE_TOKEN_PREFIX));
		assert_int_equal(node_token_read(line, &back, &why), 0);
		assert_string_equal(back.token, t.token);
		assert_string_equal(back.hrn, t.hrn);
		assert_string_equal(back.cc, t.cc);
		assert_string_equal(back.realm, t.realm);
		assert_string_equal(back.curve, t.curve);
		assert_memory_equal(back.sha256, t.sha256, NODE_SHA256);
		node_token_deinit(&back);
		for (size_t len = strlen(line); len > 0; len--) {
			line[len - 1] = '\0';
			assert_int_equal(node_token_read(line, &back, &why), -CC_EFORMAT);
		}
	}
}

static void tokens_that_are_none(void **state)
{
	struct node_token t = {.hrn = (char *)"h",
			       .cc = (char *)"c",
			       .realm = (char *)"",
			       .curve = (char *)""},
			  back = {0};
	cc_cleanup(cc_freep) char *line = NULL, *large = calloc(1, NODE_TOKEN_MAX + 1);
	struct cc_note why = {0};

	assert_non_null(large);
	memset(large, 'x', NODE_TOKEN_MAX);
	t.token = large;
	assert_int_equal(node_token_write(&t, &line, &why), -CC_EINVAL);
	t.token = (char *)"\xff";
	assert_int_equal(node_token_write(&t, &line, &why), -CC_EINVAL);
	memcpy(large, NODE_TOKEN_PREFIX, strlen(NODE_TOKEN_PREFIX));
	assert_int_equal(node_token_read(large, &back, &why), -CC_EFORMAT);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(records_are_laid_out),
	cmocka_unit_test(gids_are_laid_out),
	cmocka_unit_test(options_make_a_record),
	cmocka_unit_test(nothing_said_is_nothing_sent),
	cmocka_unit_test_setup_teardown(keys_by_their_kind, folder_enter, folder_leave),
	cmocka_unit_test(options_that_are_refused),
	cmocka_unit_test(names_are_hrns_or_urns),
	cmocka_unit_test(tokens_come_back),
	cmocka_unit_test(tokens_that_are_none),
};

TEST_MAIN(tests)
