/* SPDX-License-Identifier: ISC */
/* Who may: the gate's realm, its policy, servers, callers behind a front door, and our own user. */
#include "lib/cc/gate.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/cc/caller.h"
#include "tests/unit/gatekit.h"

/* Whose process is at the other end of the socket; NOBODY: it is no ipc socket. */
#define NOBODY ((uid_t)-1)
static uid_t peer_uid = NOBODY;
bool __wrap_cc_msg_peer_uid(const struct cc_msg *m, uid_t *uid);

bool __wrap_cc_msg_peer_uid(const struct cc_msg *m, uid_t *uid)
{
	*uid = peer_uid;
	return peer_uid != NOBODY;
}

/* ---- realm ---- */

#define TO(realm) "\"to\": " realm ", \"time\": 1700000000, " ID

static void test_realm(void **state)
{
	static const struct row rows[] = {
		{HERE, ALICE, .body = REG(TO("\"here\"")), .reason = "the right realm"},
		{HERE, ALICE, .body = REG(TO("\"there\"")), .verdict = CC_GATE_REALM,
		 .reason = "another"},
		{HERE, ALICE, .body = REG(TO("\"her\"")), .verdict = CC_GATE_REALM,
		 .reason = "cut"},
		{HERE, ALICE, .body = REG(TO("\"heres\"")), .verdict = CC_GATE_REALM,
		 .reason = "longer"},
		{HERE, ALICE, .body = REG(TO("\"\"")), .verdict = CC_GATE_REALM,
		 .reason = "an empty one"},
		{HERE, ALICE, .body = REG(TO("null")), .verdict = CC_GATE_REALM, .reason = "null"},
		{HERE, ALICE, .body = REG(TO("5")), .verdict = CC_GATE_REALM, .reason = "no text"},
		{HERE, ALICE, .body = REG(TO("[\"here\"]")), .verdict = CC_GATE_REALM,
		 .reason = "a list"},
		{HERE, ALICE, .body = REG("\"time\": 1700000000, " ID), .verdict = CC_GATE_REALM,
		 .reason = "no realm named"},
		{HERE, ALICE, .body = REG("\"to\": \"there\", \"time\": 1, \"id\": 5"),
		 .verdict = CC_GATE_REALM, .reason = "it comes before time and id"},
		{VERIFY, ALICE, .body = REG(TO("\"here\"")), .verdict = CC_GATE_REALM,
		 .reason = "a realm where there is none"},
		{VERIFY, ALICE, .body = REG(TO("\"\"")), .verdict = CC_GATE_REALM,
		 .reason = "an empty realm where there is none"},
		{HERE_COMPAT, ALICE, "echo.x", OF("echo.x", "\"time\": 1700000000"),
		 .reason = "old peers know no realms"},
		{HERE_COMPAT, ALICE, "echo.x", OF("echo.x", TO("\"there\"")),
		 .verdict = CC_GATE_REALM, .reason = "but one named is another"},
		{HERE_COMPAT, ALICE, .body = REG("\"time\": 1700000000, " ID),
		 .verdict = CC_GATE_REALM, .reason = "no old peer's type, no realm named"},
		{HERE, ALICE, .re = HEX32, .body = REG("\"re\": \"" HEX32 "\""),
		 .reason = "an answer is bound by re"},
		{HERE, ALICE, .re = HEX32, .body = REG("\"re\": \"" HEX32 "\", \"to\": \"there\""),
		 .reason = "whatever else it names"},
		{HERE_PLAIN, UNSIGNED, .body = REG(TO("\"there\"")),
		 .reason = "nobody signed it for anybody"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		check_row(&rows[i]);
}

/* ---- policy ---- */

static void test_policy(void **state)
{
	static const struct row rows[] = {
		{RULED, ALICE, .reason = "whom the line names"},
		{RULED, BY_NODE, .verdict = CC_GATE_POLICY, .reason = "whom it does not"},
		{RULED, BY_DOOR, .verdict = CC_GATE_POLICY, .reason = "nor this one"},
		{RULED, BY_MALLORY, .verdict = CC_GATE_CMS, .fault = CC_CMS_CHAIN,
		 .reason = "a stranger"},
		{RULED, UNSIGNED, .verdict = CC_GATE_UNSIGNED, .reason = "nobody"},
		{RULED, ALICE, "nobody.x", OF("nobody.x", ID), .verdict = CC_GATE_POLICY,
		 .reason = "none"},
		{RULED, ALICE, "x.y", OF("x.y", ID), .verdict = CC_GATE_POLICY,
		 .reason = "no line"},
		{RULED, ALICE, "regx", OF("regx", ID), .verdict = CC_GATE_POLICY,
		 .reason = "a part of a component is no prefix"},
		{RULED, BY_NODE, "node.x", OF("node.x", ID), .reason = "by its URN"},
		{RULED, ALICE, "node.x", OF("node.x", ID), .verdict = CC_GATE_POLICY,
		 .reason = "without a URN"},
		{RULED, BY_NODE, "am.x", OF("am.x", ID), .reason = "any"},
		{RULED, BY_MALLORY, "am.x", OF("am.x", ID), .verdict = CC_GATE_CMS,
		 .fault = CC_CMS_CHAIN, .reason = "any is nobody's own certificate"},
		{RULED, BY_MALLORY, "own.x", OF("own.x", ID), .reason = "gid"},
		{RULED, ALICE, "own.x", OF("own.x", ID), .reason = "and a name beside it"},
		{RULED, BY_NODE, "own.x", OF("own.x", ID), .verdict = CC_GATE_POLICY,
		 .reason = "gid is nobody of the bus"},
		{RULED, BY_MALLORY, "own.not", OF("own.not", ID), .verdict = CC_GATE_CMS,
		 .fault = CC_CMS_CHAIN, .reason = "a stranger of that name"},
		{RULED, BY_MALLORY, "own.x", OF("own.y", ID), .verdict = CC_GATE_HIJACKED,
		 .reason = "a stranger's body under another type"},
		{RULED, BY_MALLORY, "own.x", OF("own.x", "\"x\": 1"), .verdict = CC_GATE_NO_ID,
		 .reason = "a stranger without id"},
		{RULED, ALICE, .body = REG("\"id\": 5"), .verdict = CC_GATE_FIELD,
		 .reason = "the form comes first"},
		{RULED_PLAIN, UNSIGNED, "nobody.x", OF("nobody.x", ID),
		 .reason = "who verifies nobody asks nobody"},
		{RULED_COMPAT, ALICE, "echo.x", OF("echo.x", "\"x\": 1"), .verdict = CC_GATE_POLICY,
		 .reason = "a policy counts for old peers, too"},
		{RULED_COMPAT, BY_DOOR, "echo.x", OF("echo.x", "\"x\": 1"),
		 .reason = "an old peer that a line names"},
		{RULED_COMPAT, ALICE, "log.x", OF("log.x", "\"x\": 1"), .verdict = CC_GATE_POLICY,
		 .reason = "an old peer without a line"},
		{FREE_COMPAT, ALICE, "log.x", OF("log.x", "\"x\": 1"),
		 .reason = "without [policy] all of the CA, for old peers' types"},
		{FREE_COMPAT, ALICE, .verdict = CC_GATE_POLICY,
		 .reason = "without [policy] nobody for another type"},
		{FREE_COMPAT, BY_MALLORY, "log.x", OF("log.x", ID), .verdict = CC_GATE_CMS,
		 .fault = CC_CMS_CHAIN, .reason = "without [policy] no stranger"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		check_row(&rows[i]);
}

/* Whom the gate says it was. */
static void test_class(void **state)
{
	static const struct {
		enum sealing how;
		enum cc_signer_class cls;
		const char *name;
	} rows[] = {{ALICE, CC_CLASS_BUS, "alice"}, {BY_MALLORY, CC_CLASS_GID, "mallory"}};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows) * 2; i++) { /* then from the cache */
		cc_cleanup(cc_msg_freep) struct cc_msg *m =
			message(rows[i % 2].how, "own.x", OF("own.x", ID), NULL);
		struct cc_gate_result r;

		assert_int_equal(cc_gate_check(gates[RULED], m, NULL, NOW, NOW_MS, &r), 0);
		assert_int_equal(r.signer->cls, rows[i % 2].cls);
		assert_string_equal(r.signer->name, rows[i % 2].name);
		cc_gate_result_deinit(&r);
	}
}

/* The words for the log name the line, or say that there is none. */
static void test_policy_words(void **state)
{
	static const struct {
		const char *type, *body, *words;
	} rows[] = {
		{"nobody.x", OF("nobody.x", ID), "rules:7: [policy] nobody does not name"},
		{"x", OF("x", ID), "no line"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_msg_freep) struct cc_msg *m =
			message(ALICE, rows[i].type, rows[i].body, NULL);
		struct cc_gate_result r;

		assert_int_equal(cc_gate_check(gates[RULED], m, NULL, NOW, NOW_MS, &r),
				 CC_GATE_POLICY);
		assert_non_null(strstr(r.why, rows[i].words));
		cc_gate_result_deinit(&r);
	}
}

static void test_server(void **state)
{
	static const struct row rows[] = {
		{RULED, ALICE, .body = REG(ANSWER), .re = HEX32, .asked = "reg.x",
		 .reason = "a server"},
		{RULED, BY_NODE, .body = REG(ANSWER), .re = HEX32, .asked = "reg.x",
		 .verdict = CC_GATE_SERVER, .reason = "no server"},
		{RULED, BY_NODE, .body = REG(ANSWER), .re = HEX32, .asked = "node.x",
		 .reason = "a server for what was asked"},
		{RULED, ALICE, .body = REG(ANSWER), .re = HEX32, .asked = "node.x",
		 .verdict = CC_GATE_SERVER, .reason = "a server for something else"},
		{RULED, BY_NODE, "node.x", OF("node.x", ANSWER), .re = HEX32, .asked = "reg.x",
		 .verdict = CC_GATE_SERVER, .reason = "the answer's own type says nothing"},
		{RULED, BY_MALLORY, "own.x", OF("own.x", ANSWER), .re = HEX32, .asked = "own.x",
		 .verdict = CC_GATE_CMS, .fault = CC_CMS_CHAIN, .reason = "no stranger answers"},
		{RULED, BY_NODE, .body = REG("\"x\": 1"), .re = HEX32, .asked = "reg.x",
		 .verdict = CC_GATE_ANSWER,
		 .reason = "whose answer it is comes before who answers"},
		{RULED, ALICE, .body = REG(ANSWER ", \"caller\": {}"), .re = HEX32,
		 .asked = "reg.x", .reason = "an answer has no caller"},
		{RULED_COMPAT, BY_NODE, .body = REG("\"x\": 1"), .type = "echo.x", .re = HEX32,
		 .asked = "echo.x", .verdict = CC_GATE_HIJACKED, .reason = "of another type"},
		{RULED_COMPAT, BY_NODE, "echo.x", OF("echo.x", "\"x\": 1"), .re = HEX32,
		 .asked = "echo.x", .verdict = CC_GATE_SERVER,
		 .reason = "[servers] counts for old peers, too"},
		{FREE_COMPAT, BY_NODE, "echo.x", OF("echo.x", "\"x\": 1"), .re = HEX32,
		 .asked = "echo.x",
		 .reason = "without [servers] any of the CA, for old peers' types"},
		{FREE_COMPAT, BY_NODE, .body = REG(ANSWER), .re = HEX32, .asked = "reg.x",
		 .verdict = CC_GATE_SERVER, .reason = "without [servers] nobody for another type"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++)
		check_row(&rows[i]);
}

/* ---- callers ---- */

/* A caller with the certificate of a name; NULL: without. */
static void write_caller(const char *name, char *out, size_t size)
{
	unsigned char *der = NULL, text[4096] = "";
	char path[40];
	X509 *cert;
	BIO *bio;
	int len;

	snprintf(out, size, "{\"certs\": []}");
	if (!name)
		return;
	snprintf(path, sizeof(path), "%s.crt", name);
	bio = BIO_new_file(path, "r");
	cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	len = i2d_X509(cert, &der);
	EVP_EncodeBlock(text, der, len);
	snprintf(out, size, "{\"certs\": [\"%s\"]}", text);
	OPENSSL_free(der);
	X509_free(cert);
	BIO_free(bio);
}

static void test_caller(void **state)
{
	static const struct {
		enum sealing how;
		const char *type;
		const char *caller; /* certificate; "" none in it; NULL: no caller; else a text */
		int fault;
		const char *urn, *reason;
	} rows[] = {
		{BY_DOOR, "door.x", "node", 0, NODE_URN, "of an authority below the line's"},
		{BY_DOOR, "am.get_version", "", 0, "", "nobody, where he may learn who he is"},
		{BY_DOOR, "am.get_version", "alice", 0, "", "without a URN, where he may"},
		{BY_NODE, "door.x", NULL, 0, NULL, "none from who is no front door"},
		{BY_DOOR, "own.x", NULL, -1, NULL, "a front door under another prefix"},
		{BY_NODE, "door.x", "node", CC_CALLER_FORBIDDEN, "", "from who is no front door"},
		{BY_NODE, "door.x", "{}", CC_CALLER_FORBIDDEN, "", "garbage from him"},
		{ALICE, "own.x", "node", CC_CALLER_FORBIDDEN, "", "under no line's prefix"},
		{BY_MALLORY, "own.x", "node", CC_CALLER_FORBIDDEN, "", "from a stranger"},
		{BY_DOOR, "door.x", NULL, CC_CALLER_MISSING, NULL, "none"},
		{BY_DOOR, "am.get_version", NULL, CC_CALLER_MISSING, NULL, "none, even there"},
		{BY_DOOR, "door.x", "", CC_CALLER_NAMESPACE, "", "nobody"},
		{BY_DOOR, "door.x", "alice", CC_CALLER_NAMESPACE, "", "without a URN"},
		{BY_DOOR, "door.remove", "node", CC_CALLER_OPERATION, "", "a denied operation"},
		{BY_DOOR, "door.remove.x", "{}", CC_CALLER_OPERATION, "", "before it is read"},
		{BY_DOOR, "door.x", "{}", CC_CALLER_UNREADABLE, "", "no certs"},
		{BY_DOOR, "door.x", "null", CC_CALLER_UNREADABLE, "", "null"},
		{BY_DOOR, "door.x", "5", CC_CALLER_UNREADABLE, "", "a number"},
		{BY_DOOR, "door.x", "{\"certs\": [\"AAAA\"]}", CC_CALLER_UNREADABLE, "", "garbage"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		cc_cleanup(cc_msg_freep) struct cc_msg *m = NULL;
		char caller[5000] = "", body[6000];
		const char *c = rows[i].caller;
		struct cc_gate_result r;

		if (c && strpbrk(c, "{n5") == c && strcmp(c, "node") != 0)
			snprintf(caller, sizeof(caller), "%s", c);
		else if (c)
			write_caller(*c ? c : NULL, caller, sizeof(caller));
		snprintf(body, sizeof(body), "{\"req\": \"%s\", %s%s%s}", rows[i].type,
			 c ? "\"caller\": " : "", caller, c ? ", " ID : ID);
		m = message(rows[i].how, rows[i].type, body, NULL);
		print_message("# %s\n", rows[i].reason);
		cc_gate_check(gates[RULED], m, NULL, NOW, NOW_MS, &r);
		if (rows[i].fault < 0) {
			assert_int_equal(r.verdict, CC_GATE_POLICY); /* who comes before whom for */
		} else {
			assert_int_equal(r.verdict, rows[i].fault ? CC_GATE_CALLER : CC_GATE_PASS);
			assert_int_equal(r.fault, rows[i].fault);
			assert_true((r.caller != NULL) == (c && !rows[i].fault));
			assert_string_equal(r.caller_urn, rows[i].urn && !rows[i].fault
								  ? rows[i].urn
								  : r.caller_urn);
		}
		assert_int_equal(cc_gate_code(r.verdict), rows[i].fault < 0 ? CC_CODE_DENIED
							  : rows[i].fault   ? CC_CODE_CALLER
									    : cc_gate_code(0));
		cc_gate_result_deinit(&r);
	}
}

/* ---- our own user ---- */

static void test_local(void **state)
{
	static const struct {
		enum reader reader;
		enum sealing how;
		const char *type;
		char peer; /* 'o'urselves, 'r'oot, 's'omebody else, '-': no ipc socket */
		enum cc_verdict verdict;
		bool local;
		const char *reason;
	} rows[] = {
		{RULED, UNSIGNED, "admin.x", 'o', 0, true, "our own user"},
		{RULED, UNSIGNED, "admin.x", 'r', 0, true, "root"},
		{RULED, NO_SIG, "admin", 'o', 0, true, "without a signature frame"},
		{RULED, UNSIGNED, "job.x", 'o', 0, true, "a daemon of ours"},
		{PLAIN, UNSIGNED, "admin.x", 'o', 0, true, "our own user, no CA"},
		{RULED, UNSIGNED, "admin.x", 's', CC_GATE_UNSIGNED, false, "somebody else"},
		{RULED, UNSIGNED, "admin.x", '-', CC_GATE_UNSIGNED, false, "from outside"},
		{RULED, UNSIGNED, "job.x", 's', CC_GATE_UNSIGNED, false, "somebody's daemon"},
		{RULED, UNSIGNED, "reg.x", 'o', CC_GATE_UNSIGNED, false, "another type"},
		{RULED, UNSIGNED, "administer", 'o', CC_GATE_UNSIGNED, false, "no admin type"},
		{RULED, ALICE, "admin.x", 's', 0, false, "signed, by a line"},
		{RULED, BY_NODE, "admin.x", 'o', CC_GATE_POLICY, false,
		 "signed by another: a signature is judged, whoever brings it"},
		{RULED, GARBAGE, "admin.x", 'o', CC_GATE_CMS, false, "a garbage signature"},
		{PLAIN, UNSIGNED, "admin.x", 's', CC_GATE_LOCAL, false, "no CA: somebody else"},
		{PLAIN, UNSIGNED, "admin.x", '-', CC_GATE_LOCAL, false, "no CA: from outside"},
		{PLAIN, GARBAGE, "admin.x", 'o', CC_GATE_LOCAL, false,
		 "no CA: a signature is no right"},
		{PLAIN, ALICE, "admin.x", '-', CC_GATE_LOCAL, false, "no CA: nor is a good one"},
		{PLAIN, UNSIGNED, "job.x", '-', 0, false, "no CA: other types are as ever"},
		{COMPAT, UNSIGNED, "admin.x", '-', CC_GATE_UNSIGNED, false,
		 "cms-compat is no right"},
	};

	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		char body[100];
		cc_cleanup(cc_msg_freep) struct cc_msg *m = NULL;
		struct cc_gate_result r;

		snprintf(body, sizeof(body), "{\"req\": \"%s\", " ID "}", rows[i].type);
		m = message(rows[i].how, rows[i].type, body, NULL);
		peer_uid = rows[i].peer == 'o'	 ? geteuid()
			   : rows[i].peer == 'r' ? 0
			   : rows[i].peer == 's' ? geteuid() + 1
						 : NOBODY;
		print_message("# %s\n", rows[i].reason);
		cc_gate_check(gates[rows[i].reader], m, NULL, NOW, NOW_MS, &r);
		peer_uid = NOBODY;
		assert_int_equal(r.verdict, rows[i].verdict);
		if (rows[i].verdict == 0)
			assert_int_equal(r.local, rows[i].local);
		assert_true(!r.local || !r.signer);
		cc_gate_result_deinit(&r);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_realm),  cmocka_unit_test(test_policy),
	cmocka_unit_test(test_class),  cmocka_unit_test(test_policy_words),
	cmocka_unit_test(test_server), cmocka_unit_test(test_caller),
	cmocka_unit_test(test_local),
};

int main(void)
{
	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, open_gates, close_gates);
}
