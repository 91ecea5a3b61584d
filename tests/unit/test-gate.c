/* SPDX-License-Identifier: ISC */
/* What the gate says of a message: each step and their order, times, old peers, replay, counters. */
#include "lib/cc/gate.h"

#include <stdio.h>

#include "lib/cc/caller.h"
#include "lib/cc/envelope.h"
#include "tests/unit/gatekit.h"
#include "tests/unit/pki.h"

/* Failures of our own, which the gate must not take for a verified message. */
static bool parse_fails, hash_fails;
int __real_cc_json_parse(const void *text, size_t len, json_t **out);
int __wrap_cc_json_parse(const void *text, size_t len, json_t **out);
int __real_cc_blob_hash(struct cc_bytes blob, bool sha1, char out[CC_BLOB_HASH_SIZE]);
int __wrap_cc_blob_hash(struct cc_bytes blob, bool sha1, char out[CC_BLOB_HASH_SIZE]);

int __wrap_cc_json_parse(const void *text, size_t len, json_t **out)
{
	return parse_fails ? -CC_ENOMEM : __real_cc_json_parse(text, len, out);
}

int __wrap_cc_blob_hash(struct cc_bytes blob, bool sha1, char out[CC_BLOB_HASH_SIZE])
{
	return hash_fails ? -CC_ECRYPTO : __real_cc_blob_hash(blob, sha1, out);
}

static const struct row verdicts[] = {
	{PLAIN, UNSIGNED, .reason = "plain"},
	{PLAIN, NO_SIG, .reason = "plain without a signature frame"},
	{PLAIN, GARBAGE, .reason = "a reader without roots looks at no signature"},
	{PLAIN, UNSIGNED, .body = REG("\"x\": 1"), .reason = "plain needs no id"},
	{VERIFY, ALICE, .reason = "signed"},
	{DECRYPT, TO_SERVER, .reason = "signed and encrypted"},
	{PLAIN, UNSIGNED, .type = "reg.", .verdict = CC_GATE_SHAPE, .fault = CC_MSG_BAD_TYPE,
	 .reason = "a type that is none"},
	{PLAIN, UNSIGNED, .body = "ENC1", .verdict = CC_GATE_ENCRYPTED,
	 .reason = "encrypted for a plain reader"},
	{VERIFY, TO_SERVER, .verdict = CC_GATE_ENCRYPTED,
	 .reason = "encrypted for a reader without key"},
	{DECRYPT, ALICE, .verdict = CC_GATE_CLEAR, .reason = "in clear for a reader that decrypts"},
	{DECRYPT, UNSIGNED, .body = "ENC2", .verdict = CC_GATE_CLEAR, .reason = "not quite ENC1"},
	{DECRYPT, GARBAGE, .body = "ENC1", .verdict = CC_GATE_CMS, .fault = CC_CMS_GARBAGE,
	 .reason = "no envelope"},
	{DECRYPT, TO_SERVER_GARBAGE, .verdict = CC_GATE_CMS, .fault = CC_CMS_GARBAGE,
	 .reason = "an envelope of garbage"},
	{VERIFY, UNSIGNED, .verdict = CC_GATE_UNSIGNED, .reason = "an empty signature"},
	{VERIFY, NO_SIG, .verdict = CC_GATE_UNSIGNED, .reason = "no signature frame"},
	{VERIFY, GARBAGE, .verdict = CC_GATE_CMS, .fault = CC_CMS_GARBAGE,
	 .reason = "a garbage signature"},
	{VERIFY, BY_MALLORY, .verdict = CC_GATE_CMS, .fault = CC_CMS_CHAIN,
	 .reason = "a signer of another CA"},
	{VERIFY, ALTERED, .verdict = CC_GATE_CMS, .fault = CC_CMS_DIGEST, .reason = "another body"},
	{VERIFY, BY_SHA1, .verdict = CC_GATE_CMS, .fault = CC_CMS_DIGEST_ALG, .reason = "SHA-1"},
	{PLAIN, UNSIGNED, .body = "nojson", .verdict = CC_GATE_JSON, .fault = CC_JSON_SYNTAX,
	 .reason = "no JSON"},
	{PLAIN, UNSIGNED, .body = "{\"a\": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
	 .verdict = CC_GATE_JSON, .fault = CC_JSON_TOO_DEEP, .reason = "too deep"},
	{PLAIN, UNSIGNED, .body = REG("\"req\": \"reg.x\""), .verdict = CC_GATE_JSON,
	 .fault = CC_JSON_DUPLICATE, .reason = "req twice"},
	{PLAIN, UNSIGNED, .body = "[1]", .verdict = CC_GATE_JSON, .fault = CC_JSON_NOT_OBJECT,
	 .reason = "a list"},
	{VERIFY, ALICE, .body = "[1]", .verdict = CC_GATE_JSON, .fault = CC_JSON_NOT_OBJECT,
	 .reason = "a signed list"},
	{PLAIN, UNSIGNED, .body = OF("reg.y", ID), .verdict = CC_GATE_HIJACKED,
	 .reason = "req of another type"},
	{PLAIN, UNSIGNED, .body = OF("reg.x.y", ID), .verdict = CC_GATE_HIJACKED,
	 .reason = "req goes on"},
	{PLAIN, UNSIGNED, .body = OF("reg", ID), .verdict = CC_GATE_HIJACKED,
	 .reason = "req is cut"},
	{PLAIN, UNSIGNED, .body = OF("Reg.x", ID), .verdict = CC_GATE_HIJACKED,
	 .reason = "req in another case"},
	{VERIFY, ALICE, .type = "reg.y", .verdict = CC_GATE_HIJACKED,
	 .reason = "a signed body under another type"},
	{PLAIN, UNSIGNED, .body = "{}", .verdict = CC_GATE_FIELD, .reason = "no req"},
	{PLAIN, UNSIGNED, .body = "{\"req\": 5}", .verdict = CC_GATE_FIELD,
	 .reason = "req is no string"},
	{PLAIN_WINDOW, UNSIGNED, .verdict = CC_GATE_FIELD,
	 .reason = "no time where a window is set"},
	{PLAIN_WINDOW, UNSIGNED, .body = REG("\"time\": \"1700000000\""), .verdict = CC_GATE_FIELD,
	 .reason = "time is no number"},
	{WINDOW, ALICE, .body = REG("\"time\": 1600000000, " ID), .verdict = CC_GATE_STALE,
	 .reason = "years old"},
	{PLAIN, UNSIGNED, .body = REG("\"time\": 1"),
	 .reason = "years old, but there is no window"},
	{VERIFY, ALICE, .blob = "abc", .body = REG("\"blob_hash\": \"" ABC_SHA256 "\", " ID),
	 .reason = "a blob with its hash"},
	{VERIFY, ALICE, .blob = "abd", .body = REG("\"blob_hash\": \"" ABC_SHA256 "\", " ID),
	 .verdict = CC_GATE_BLOB_HASH, .reason = "another blob"},
	{VERIFY, ALICE, .blob = "", .body = REG("\"blob_hash\": \"" ABC_SHA256 "\", " ID),
	 .verdict = CC_GATE_BLOB_HASH, .reason = "an empty blob"},
	{VERIFY, ALICE, .blob = "abc", .body = REG("\"blob_hash\": \"SHA-256:\", " ID),
	 .verdict = CC_GATE_BLOB_HASH, .reason = "a hash without digits"},
	{VERIFY, ALICE, .blob = "abc", .body = REG("\"blob_hash\": \"MD5:0\", " ID),
	 .verdict = CC_GATE_BLOB_ALG, .reason = "MD5"},
	{VERIFY, ALICE, .blob = "abc", .body = REG("\"blob_hash\": \"" ABC_SHA1 "\", " ID),
	 .verdict = CC_GATE_BLOB_ALG, .reason = "SHA-1 of a blob"},
	{VERIFY, ALICE, .blob = "abc", .verdict = CC_GATE_BLOB_UNHASHED, .reason = "no blob_hash"},
	{VERIFY, ALICE, .blob = "abc", .body = REG("\"blob_hash\": \"\", " ID),
	 .verdict = CC_GATE_BLOB_UNHASHED, .reason = "an empty blob_hash"},
	{VERIFY, ALICE, .blob = "abc", .body = REG("\"blob_hash\": 5, " ID),
	 .verdict = CC_GATE_FIELD, .reason = "a blob_hash that is no string"},
	{VERIFY, ALICE, .body = REG("\"blob_hash\": \"" ABC_SHA256 "\", " ID),
	 .verdict = CC_GATE_BLOB_MISSING, .reason = "a hash without blob"},
	{PLAIN, UNSIGNED, .body = REG("\"blob_hash\": \"" ABC_SHA1 "\""),
	 .verdict = CC_GATE_BLOB_MISSING, .reason = "a hash without blob, plain"},
	{PLAIN, UNSIGNED, .blob = "abc", .reason = "plain and unsigned: no hash is asked for"},
	{PLAIN, GARBAGE, .blob = "abc", .verdict = CC_GATE_BLOB_UNHASHED,
	 .reason = "a plain reader wants the hash where there is a signature"},
	{PLAIN, GARBAGE, .blob = "abc", .body = REG("\"blob_hash\": \"" ABC_SHA1 "\""),
	 .reason = "a plain reader knows SHA-1"},
	{VERIFY, ALICE, .body = REG("\"x\": 1"), .verdict = CC_GATE_NO_ID,
	 .reason = "signed without id"},
	{PLAIN, UNSIGNED, .body = REG("\"id\": 5"), .verdict = CC_GATE_FIELD,
	 .reason = "id is no string"},
	{PLAIN, UNSIGNED, .body = REG("\"id\": \"0123\""), .verdict = CC_GATE_FIELD,
	 .reason = "id is too short"},
	{VERIFY, ALICE, .re = HEX32, .body = REG("\"re\": \"" HEX32 "\""), .reason = "the answer"},
	{VERIFY, ALICE, .re = HEX32, .verdict = CC_GATE_ANSWER, .reason = "an answer without re"},
	{VERIFY, ALICE, .re = HEX32, .body = REG("\"re\": \"f123456789abcdef0123456789abcdef\""),
	 .verdict = CC_GATE_ANSWER, .reason = "an answer to another request"},
	{VERIFY, ALICE, .re = HEX32, .body = REG("\"re\": 5"), .verdict = CC_GATE_ANSWER,
	 .reason = "re is no string"},
	{PLAIN, UNSIGNED, .re = HEX32, .reason = "plain needs no re"},
	{PLAIN, UNSIGNED, .re = HEX32, .body = REG("\"re\": \"\""), .verdict = CC_GATE_ANSWER,
	 .reason = "an empty re, plain"},
	{PLAIN, UNSIGNED, .body = REG("\"deadline\": 10"), .age = 10, .reason = "just in time"},
	{PLAIN, UNSIGNED, .body = REG("\"deadline\": 10"), .age = 11, .verdict = CC_GATE_EXPIRED,
	 .reason = "too late"},
	{VERIFY, ALICE, .body = REG("\"deadline\": 10, " ID), .age = 11, .verdict = CC_GATE_EXPIRED,
	 .reason = "signed, but too late"},
};

static void test_verdicts(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(verdicts); i++)
		check_row(&verdicts[i]);
}

static void test_own_failures(void **state)
{
	static const struct row parse = {VERIFY, ALICE, .verdict = CC_GATE_ERROR,
					 .fault = -CC_ENOMEM, .reason = "no memory for the body"};
	static const struct row hash = {VERIFY,
					ALICE,
					.blob = "abc",
					.body = REG("\"blob_hash\": \"" ABC_SHA256 "\", " ID),
					.verdict = CC_GATE_ERROR,
					.fault = -CC_ECRYPTO,
					.reason = "no digest of the blob"};

	parse_fails = true;
	check_row(&parse);
	parse_fails = false;
	hash_fails = true;
	check_row(&hash);
	hash_fails = false;
}

/* Each row has the faults of all later steps too; the step that comes first decides. */
static void test_order(void **state)
{
	static const struct row rows[] = {
		{VERIFY, UNSIGNED, .type = "reg..x", .body = "[", .blob = "abc",
		 .verdict = CC_GATE_SHAPE, .fault = CC_MSG_BAD_TYPE, .reason = "shape"},
		{DECRYPT, UNSIGNED, .body = "[", .blob = "abc", .verdict = CC_GATE_CLEAR,
		 .reason = "encryption"},
		{WINDOW, UNSIGNED, .body = "[", .blob = "abc", .verdict = CC_GATE_UNSIGNED,
		 .reason = "presence of a signature"},
		{WINDOW, BY_MALLORY, .body = "[", .blob = "abc", .verdict = CC_GATE_CMS,
		 .fault = CC_CMS_CHAIN, .reason = "signature"},
		{WINDOW, ALICE, .body = "[\"req\"", .blob = "abc", .verdict = CC_GATE_JSON,
		 .fault = CC_JSON_SYNTAX, .reason = "JSON"},
		{WINDOW, ALICE, .body = "{\"req\": \"reg.y\", \"time\": 1, \"id\": 5}",
		 .blob = "abc", .verdict = CC_GATE_HIJACKED, .reason = "type"},
		{WINDOW, ALICE, .body = "{\"req\": \"reg.x\", \"time\": 1, \"id\": 5}",
		 .blob = "abc", .verdict = CC_GATE_STALE, .reason = "time"},
		{WINDOW, ALICE,
		 .body = "{\"req\": \"reg.x\", \"time\": 1700000000, \"deadline\": 0}",
		 .blob = "abc", .verdict = CC_GATE_BLOB_UNHASHED, .reason = "blob"},
		{WINDOW, ALICE,
		 .body = "{\"req\": \"reg.x\", \"time\": 1700000000, \"deadline\": 0}",
		 .verdict = CC_GATE_NO_ID, .reason = "id"},
		{WINDOW, ALICE, .body = REG("\"time\": 1700000000, \"deadline\": 0, " ID), .age = 1,
		 .verdict = CC_GATE_FIELD, .reason = "deadline"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		check_row(&rows[i]);
}

static void test_window_edges(void **state)
{
	static const struct {
		double sent;
		enum cc_verdict verdict;
	} rows[] = {
		{NOW, CC_GATE_PASS},
		{NOW - 300, CC_GATE_PASS},
		{NOW - 300.125, CC_GATE_STALE},
		{NOW + 2, CC_GATE_PASS},
		{NOW + 2.125, CC_GATE_STALE},
		{0, CC_GATE_STALE},
		{-1e300, CC_GATE_STALE},
		{1e300, CC_GATE_STALE},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char body[400];
		struct row row = {PLAIN_WINDOW, UNSIGNED, .body = body, .verdict = rows[i].verdict,
				  .reason = body};

		snprintf(body, sizeof(body), REG("\"time\": %.3f"), rows[i].sent);
		check_row(&row);
	}
}

static void test_stale_keeps_the_body(void **state)
{
	cc_cleanup(cc_msg_freep) struct cc_msg *m =
		message(ALICE, "reg.x", REG("\"time\": 1, " ID), NULL);
	struct cc_gate_result r;

	assert_int_equal(cc_gate_check(gates[WINDOW], m, NULL, NOW, NOW_MS, &r), CC_GATE_STALE);
	assert_string_equal(json_string_value(json_object_get(r.json, "id")), HEX32);
	assert_string_equal(r.signer->cn, "alice");
	cc_gate_result_deinit(&r);
}

static void test_deadline_kinds(void **state)
{
	static const struct {
		const char *value;
		enum cc_verdict verdict;
	} rows[] = {
		{"1", CC_GATE_PASS},	   {"600000", CC_GATE_PASS},
		{"600001", CC_GATE_FIELD}, {"0", CC_GATE_FIELD},
		{"-1", CC_GATE_FIELD},	   {"9223372036854775807", CC_GATE_FIELD},
		{"1.5", CC_GATE_FIELD},	   {"\"5\"", CC_GATE_FIELD},
		{"true", CC_GATE_FIELD},   {"null", CC_GATE_FIELD},
		{"[5]", CC_GATE_FIELD},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char body[200];
		struct row row = {PLAIN, UNSIGNED, .body = body, .verdict = rows[i].verdict,
				  .reason = rows[i].value};

		snprintf(body, sizeof(body), REG("\"deadline\": %s"), rows[i].value);
		check_row(&row);
	}
}

/* ---- old peers ---- */

static const struct {
	const char *type;
	bool compat;
} old_types[] = {
	{"echo", true},		{"log.info", true},	     {"job", true},
	{"db.x.y", true},	{"pub.infofile", true},	     {"task.send.u-1", true},
	{"reply.task.x", true}, {"reply.echo", true},	     {"error", true},
	{"reg", false},		{"reg.resolve", false},	     {"am.x", false},
	{"access.x", false},	{"ticket.x", false},	     {"sliver.x", false},
	{"admin.x", false},	{"reply.reg.x", false},	     {"reply", false},
	{"echox", false},	{"publish", false},	     {"Echo", false},
	{"errors", false},	{"reply.reply.echo", false},
};

static void test_compat_type(void **state)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(old_types); i++) {
		print_message("# %s\n", old_types[i].type);
		assert_int_equal(cc_compat_type(pki_text(old_types[i].type)), old_types[i].compat);
	}
	assert_false(cc_compat_type(pki_text("reply.")));
}

/* What an old peer leaves out or does differently passes for its types, with cms-compat, and never else. */
static void test_compat_habits(void **state)
{
	static const struct {
		enum sealing how;
		const char *more, *blob, *re;
		enum cc_verdict verdict; /* where it is not acceptable */
		int fault;
		const char *reason;
	} habits[] = {
		{ALICE, "\"x\": 1", NULL, NULL, CC_GATE_NO_ID, 0, "no id"},
		{BY_SHA1, ID, NULL, NULL, CC_GATE_CMS, CC_CMS_DIGEST_ALG, "SHA-1 signature"},
		{ALICE, "\"blob_hash\": \"" ABC_SHA1 "\", " ID, "abc", NULL, CC_GATE_BLOB_ALG, 0,
		 "SHA-1 of the blob"},
		{ALICE, "\"x\": 1", NULL, HEX32, CC_GATE_ANSWER, 0, "answer without re"},
	};

	for (size_t t = 0; t < CC_ARRAY_SIZE(old_types); t++)
		for (size_t h = 0; h < CC_ARRAY_SIZE(habits); h++) {
			char body[300];
			struct row row = {
				COMPAT,		habits[h].how, old_types[t].type,	  body,
				habits[h].blob, habits[h].re,  .reason = habits[h].reason};

			snprintf(body, sizeof(body), "{\"req\": \"%s\", %s}", old_types[t].type,
				 habits[h].more);
			print_message("# %s\n", old_types[t].type);
			if (!old_types[t].compat) {
				row.verdict = habits[h].verdict;
				row.fault = habits[h].fault;
			}
			check_row(&row);
			row.reader = VERIFY;
			row.verdict = habits[h].verdict;
			row.fault = habits[h].fault;
			check_row(&row);
		}
}

/* Old peers' habits, not forgery: what else is wrong is refused as ever. */
static void test_compat_is_no_trust(void **state)
{
	static const struct row rows[] = {
		{COMPAT, UNSIGNED, "echo.x", OF("echo.x", ID), .verdict = CC_GATE_UNSIGNED,
		 .reason = "unsigned"},
		{COMPAT, BY_MALLORY, "echo.x", OF("echo.x", ID), .verdict = CC_GATE_CMS,
		 .fault = CC_CMS_CHAIN, .reason = "a signer of another CA"},
		{COMPAT, ALICE, "echo.x", OF("echo.x", "\"id\": \"\""), .verdict = CC_GATE_FIELD,
		 .reason = "an empty id"},
		{COMPAT, ALICE, "echo.x", OF("echo.x", "\"re\": \"\""), .re = HEX32,
		 .verdict = CC_GATE_ANSWER, .reason = "an empty re"},
		{COMPAT, ALICE, "echo.x", OF("echo.x", "\"blob_hash\": \"MD5:0\""), .blob = "abc",
		 .verdict = CC_GATE_BLOB_ALG, .reason = "MD5 of the blob"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		check_row(&rows[i]);
}

/* ---- replay ---- */

static struct cc_gate *open_remembering(struct cc_replay **replay, uint64_t max_signer_ids)
{
	struct cc_replay_conf conf = {.back_ms = 300000,
				      .ahead_ms = 2000,
				      .max_ids = 1000,
				      .max_signer_ids = max_signer_ids};
	struct cc_gate_conf gate = {.window_back_ms = 300000, .window_ahead_ms = 2000};

	assert_int_equal(cc_replay_new(replay, &conf, (int64_t)(NOW * 1000) - 10000), 0);
	gate.replay = *replay;
	return open_gate("ca", "alice", "", "", gate);
}

#define ID_OF(n) "0123456789abcdef0123456789abcde" n
#define AT(seconds, n) REG("\"time\": " seconds ", \"id\": \"" ID_OF(n) "\"")

/* Messages one behind the other at one gate, which remembers two of a signer. */
static void test_replay(void **state)
{
	static const struct {
		enum sealing how;
		uint32_t serial;
		const char *body;
		bool observe, answer;
		enum cc_verdict verdict;
		const char *reason;
	} rows[] = {
		{ALICE, 1, AT("1700000000", "0"), true, false, 0, "somebody watches"},
		{ALICE, 1, AT("1700000000", "0"), false, false, 0, "the first time"},
		{ALICE, 1, AT("1700000000", "0"), false, false, 0, "at a second handler"},
		{ALICE, 2, AT("1700000000", "0"), false, false, CC_GATE_REPLAY, "again"},
		{ALICE, 2, AT("1700000000", "0"), true, false, 0, "again, watched"},
		{ALICE, 3, AT("1700000000", "0") " ", false, false, CC_GATE_REPLAY,
		 "the id in another message"},
		{BY_NODE, 4, AT("1700000000", "0"), false, false, 0, "the id of another signer"},
		{ALICE, 5, AT("1700000001", "1"), false, false, 0, "another id"},
		{ALICE, 6, AT("1700000001", "2"), false, false, CC_GATE_FULL, "over the bound"},
		{ALICE, 5, AT("1700000001", "1"), false, false, 0,
		 "a second handler, over the bound"},
		{ALICE, 7, AT("1700000000", "0"), false, false, CC_GATE_REPLAY,
		 "again, over the bound"},
		{BY_NODE, 8, AT("1700000000", "3"), false, false, 0, "another signer goes on"},
		{BY_NODE, 9, AT("1699999991", "4"), false, false, CC_GATE_STALE,
		 "from before the start"},
		{BY_NODE, 10, AT("1699999692", "4"), false, false, CC_GATE_STALE,
		 "outside the window"},
		{ALICE, 11, REG("\"time\": 1, " ANSWER), false, true, 0, "answers are not noted"},
		{ALICE, 12, REG("\"time\": 1, " ANSWER), false, true, 0, "nor this one"},
	};
	struct cc_replay *replay;
	struct cc_gate *g = open_remembering(&replay, 2);

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_msg_freep) struct cc_msg *m =
			message(rows[i].how, "reg.x", rows[i].body, NULL);
		struct cc_gate_call call = {.observe = rows[i].observe,
					    .re = rows[i].answer ? HEX32 : NULL};
		struct cc_gate_result r;

		print_message("# %s\n", rows[i].reason);
		m->serial = rows[i].serial;
		cc_gate_check(g, m, &call, NOW, NOW_MS, &r);
		assert_int_equal(r.verdict, rows[i].verdict);
		cc_gate_result_deinit(&r);
	}
	cc_gate_free(g);
	cc_replay_free(replay);
}

/* Who is told stale learns a clock by which he is taken, also just after the start. */
static void test_time_told(void **state)
{
	static const double ages[] = {0, 0.5, 1.999, 2, 5, 1000}; /* of the server */
	double start = NOW - 10;				  /* as open_remembering has it */

	for (size_t i = 0; i < CC_ARRAY_SIZE(ages); i++) {
		double now = start + ages[i], told;
		struct cc_gate_result r;
		struct cc_replay *replay;
		struct cc_gate *g = open_remembering(&replay, 2);
		struct cc_msg *m;
		char body[200];

		told = cc_gate_time(g, now);
		assert_true(told >= now && told <= now + 2);
		snprintf(body, sizeof(body), REG("\"time\": %.6f, " ID), told);
		m = message(ALICE, "reg.x", body, NULL);
		assert_int_equal(cc_gate_check(g, m, NULL, now, NOW_MS, &r), 0);
		cc_gate_result_deinit(&r);
		cc_msg_free(m);
		cc_gate_free(g);
		cc_replay_free(replay);
	}
	assert_true(cc_gate_time(gates[WINDOW], NOW) == NOW);
}

/* ---- counters ---- */

static int faults_of(enum cc_verdict v)
{
	switch (v) {
	case CC_GATE_SHAPE:
		return CC_MSG_FAULT_COUNT;
	case CC_GATE_CMS:
		return CC_CMS_FAULT_COUNT;
	case CC_GATE_JSON:
		return CC_JSON_NOT_OBJECT + 1;
	case CC_GATE_CALLER:
		return CC_CALLER_UNREADABLE + 1;
	default:
		return 0;
	}
}

static void test_counters_distinct(void **state)
{
	const char *seen[CC_GATE_COUNTERS] = {NULL};
	unsigned n = 0;

	for (int v = 0; v < CC_GATE_VERDICTS; v++) {
		int faults = faults_of(v);

		for (int f = faults ? 1 : 0; f <= (faults ? faults - 1 : 0); f++) {
			unsigned i = cc_gate_counter_index(v, f);

			assert_true(i < CC_GATE_COUNTERS);
			assert_null(seen[i]);
			seen[i] = cc_gate_counter(v, f);
			assert_ptr_equal(seen[i], cc_gate_counter_at(i));
			for (unsigned k = 0; k < CC_GATE_COUNTERS; k++)
				if (k != i && seen[k])
					assert_string_not_equal(seen[k], seen[i]);
			n++;
		}
	}
	for (unsigned i = 0; i < CC_GATE_COUNTERS; i++)
		assert_true((cc_gate_counter_at(i) != NULL) == (seen[i] != NULL));
	assert_null(cc_gate_counter_at(CC_GATE_COUNTERS));
	assert_string_equal(cc_gate_counter(CC_GATE_CMS, CC_CMS_CHAIN), "cms.chain");
	assert_string_equal(cc_gate_counter(CC_GATE_SHAPE, CC_MSG_TOO_BIG), "shape.too-big");
	assert_string_equal(cc_gate_counter(CC_GATE_STALE, 0), "stale");
	assert_true(n > 30);
}

/* What a signer is told: a word for what he can mend, and for the rest that it was wrong. */
static void test_codes(void **state)
{
	static const struct {
		enum cc_verdict verdict;
		enum cc_code code;
	} rows[] = {
		{CC_GATE_STALE, CC_CODE_STALE},	  {CC_GATE_REPLAY, CC_CODE_REPLAY},
		{CC_GATE_FULL, CC_CODE_BUSY},	  {CC_GATE_REALM, CC_CODE_REALM},
		{CC_GATE_POLICY, CC_CODE_DENIED}, {CC_GATE_LOCAL, CC_CODE_DENIED},
		{CC_GATE_CALLER, CC_CODE_CALLER}, {CC_GATE_ERROR, CC_CODE_INTERNAL},
		{CC_GATE_EXPIRED, CC_CODE_COUNT}, /* nobody waits */
	};

	for (int v = CC_GATE_PASS + 1; v < CC_GATE_VERDICTS; v++) {
		enum cc_code code = CC_CODE_BAD_REQUEST;

		for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
			if ((int)rows[i].verdict == v)
				code = rows[i].code;
		assert_int_equal(cc_gate_code(v), code);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_verdicts),
	cmocka_unit_test(test_own_failures),
	cmocka_unit_test(test_order),
	cmocka_unit_test(test_window_edges),
	cmocka_unit_test(test_stale_keeps_the_body),
	cmocka_unit_test(test_deadline_kinds),
	cmocka_unit_test(test_compat_type),
	cmocka_unit_test(test_compat_habits),
	cmocka_unit_test(test_compat_is_no_trust),
	cmocka_unit_test(test_replay),
	cmocka_unit_test(test_time_told),
	cmocka_unit_test(test_counters_distinct),
	cmocka_unit_test(test_codes),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, open_gates, close_gates);
}
