/* SPDX-License-Identifier: ISC */
#include "tests/unit/gatekit.h"

#include <openssl/pem.h>

#include "lib/cc/keys.h"
#include "tests/unit/folder.h"
#include "tests/unit/pki.h"

struct cc_gate *gates[READERS];

struct cc_gate *open_gate(const char *verify, const char *sign, const char *encrypt,
			  const char *decrypt, struct cc_gate_conf conf)
{
	struct cf_list roots = {0}, keys = {0}, recipients = {0}, own = {0};
	struct cc_keystore_conf ks_conf = {.dir = folder_path,
					   .verify = &roots,
					   .sign = &keys,
					   .encrypt = &recipients,
					   .decrypt = &own};
	cc_cleanup(cc_keystore_unrefp) struct cc_keystore *ks = NULL;
	struct cc_gate *g = NULL;
	struct cc_note why = {0};

	assert_int_equal(cf_list_parse(verify, &roots), 0);
	assert_int_equal(cf_list_parse(sign, &keys), 0);
	assert_int_equal(cf_list_parse(encrypt, &recipients), 0);
	assert_int_equal(cf_list_parse(decrypt, &own), 0);
	if (cc_keystore_load(&ks_conf, &ks, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(cc_gate_new(&g, ks, &conf), 0);
	cf_list_deinit(&roots);
	cf_list_deinit(&keys);
	cf_list_deinit(&recipients);
	cf_list_deinit(&own);
	return g;
}

static const char rules[] = "[policy]\n"
			    "reg = cn:alice\n"
			    "am = any\n"
			    "node = urn:publicid:IDN+*+node+*\n"
			    "own = gid, cn:alice\n"
			    "own.not = cn:mallory\n"
			    "nobody = none\n"
			    "echo = cn:ambridge-1\n"
			    "door = any\n"
			    "admin = cn:alice\n"
			    "[servers]\n"
			    "* = cn:server, cn:alice\n"
			    "node = urn:publicid:IDN+*+node+*\n"
			    "[assert-caller]\n"
			    "front = cn:ambridge-1, prefix door, prefix am, namespace ccfed.test, "
			    "deny door.remove\n";

static struct cc_policy *read_policy(const char *text)
{
	cc_cleanup(cf_ini_freep) struct cf_ini *ini = NULL;
	struct cc_policy *p = NULL;
	struct cc_note why = {0};

	if (cf_ini_parse("rules", text, strlen(text), NULL, NULL, 0, &ini, &why) != 0 ||
	    cc_policy_new(&p, ini, &why) != 0)
		fail_msg("%s", why.text);
	return p;
}

static void make_keys(void)
{
	static const char *const issued[][4] = {{"alice", "ca"},
						{"server", "ca"},
						{"mallory", "rogue"},
						{"node", "ca", NODE_URN},
						{"door", "ca", NULL, "ambridge-1"}};
	struct cc_keys_request rq = {.dir = folder_path, .kind = CC_KEY_P256, .days = 1};

	rq.name = "ca";
	assert_int_equal(cc_keys_init_ca(&rq, NULL), 0);
	rq.name = "rogue";
	assert_int_equal(cc_keys_init_ca(&rq, NULL), 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(issued); i++) {
		rq.name = issued[i][0];
		rq.urn = issued[i][2];
		rq.cn = issued[i][3];
		assert_int_equal(cc_keys_issue(&rq, issued[i][1], NULL), 0);
	}
}

/* Gates of a server with a realm, and of one with a policy. */
static void open_ruled(void)
{
	cc_cleanup(cc_policy_unrefp) struct cc_policy *policy = read_policy(rules),
						      *nothing = read_policy("[x]\n");
	struct cc_gate_conf here = {.realm = "here", .window_back_ms = 300000};
	struct cc_gate_conf ruled = {.policy = policy};

	gates[HERE] = open_gate("ca", "alice", "", "", here);
	gates[HERE_PLAIN] = open_gate("", "", "", "", here);
	here.compat = true;
	gates[HERE_COMPAT] = open_gate("ca", "alice", "", "", here);
	gates[RULED] = open_gate("ca", "alice", "", "", ruled);
	gates[RULED_PLAIN] = open_gate("", "", "", "", ruled);
	ruled.compat = true;
	gates[RULED_COMPAT] = open_gate("ca", "alice", "", "", ruled);
	ruled.policy = nothing;
	gates[FREE_COMPAT] = open_gate("ca", "alice", "", "", ruled);
}

int open_gates(void **state)
{
	struct cc_gate_conf conf = {0}, compat = {.compat = true};
	struct cc_gate_conf window = {.window_back_ms = 300000, .window_ahead_ms = 2000};

	if (folder_enter(state) != 0)
		return -1;
	make_keys();
	gates[PLAIN] = open_gate("", "", "", "", conf);
	gates[VERIFY] = open_gate("ca", "alice", "", "", conf);
	gates[COMPAT] = open_gate("ca", "alice", "", "", compat);
	gates[WINDOW] = open_gate("ca", "alice", "", "", window);
	gates[PLAIN_WINDOW] = open_gate("", "", "", "", window);
	gates[DECRYPT] = open_gate("ca", "", "", "server", conf);
	gates[MALLORY] = open_gate("rogue", "mallory", "", "", conf);
	gates[SEAL] = open_gate("ca", "alice", "server", "", conf);
	gates[OLD_SEAL] = open_gate("ca", "alice", "", "", compat);
	gates[NODE_SEAL] = open_gate("ca", "node", "", "", conf);
	gates[DOOR_SEAL] = open_gate("ca", "door", "", "", conf);
	open_ruled();
	return 0;
}

int close_gates(void **state)
{
	for (unsigned i = 0; i < READERS; i++)
		cc_gate_freep(&gates[i]);
	return folder_leave(state);
}

/* ---- messages ---- */

static void sign(enum reader who, const char *text, bool attached, struct cc_buf *out)
{
	assert_int_equal(cc_cms_sign(cc_gate_cms(gates[who]), pki_text(text), attached, out), 0);
}

static struct cc_buf sign_sha1(const char *text)
{
	BIO *cert = BIO_new_file("alice.crt", "r"), *key = BIO_new_file("private/alice.key", "r");
	struct pki alice = {.key = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL),
			    .cert = PEM_read_bio_X509(cert, NULL, NULL, NULL)};
	struct cc_buf sig = pki_der(pki_sign(&alice, text, "SHA1", CMS_DETACHED | CMS_BINARY));

	EVP_PKEY_free(alice.key);
	X509_free(alice.cert);
	BIO_free(cert);
	BIO_free(key);
	return sig;
}

static void envelop(const char *text, bool garbage, struct cc_buf *out)
{
	struct cc_buf inner = CC_BUF_INIT(0);

	if (garbage)
		cc_buf_puts(&inner, text);
	else
		sign(SEAL, text, true, &inner);
	assert_int_equal(cc_cms_encrypt(cc_gate_cms(gates[SEAL]), pki_bytes(&inner), out), 0);
	cc_buf_deinit(&inner);
}

static struct cc_buf make_sig(enum sealing how, const char *text)
{
	struct cc_buf sig = CC_BUF_INIT(0);

	switch (how) {
	case GARBAGE:
		cc_buf_puts(&sig, "garbage");
		break;
	case ALICE:
		sign(VERIFY, text, false, &sig);
		break;
	case BY_MALLORY:
		sign(MALLORY, text, false, &sig);
		break;
	case BY_NODE:
		sign(NODE_SEAL, text, false, &sig);
		break;
	case BY_DOOR:
		sign(DOOR_SEAL, text, false, &sig);
		break;
	case BY_SHA1:
		return sign_sha1(text);
	case ALTERED:
		sign(VERIFY, "{\"req\": \"another\"}", false, &sig);
		break;
	case TO_SERVER:
	case TO_SERVER_GARBAGE:
		envelop(text, how == TO_SERVER_GARBAGE, &sig);
		break;
	default:
		break;
	}
	return sig;
}

struct cc_msg *message(enum sealing how, const char *type, const char *body, const char *blob)
{
	struct cc_msg *m = cc_msg_new();
	struct cc_buf sig = make_sig(how, body);
	bool encrypted = how == TO_SERVER || how == TO_SERVER_GARBAGE;

	assert_int_equal(cc_msg_add(m, "", 0), 0);
	assert_int_equal(cc_msg_add(m, type, strlen(type)), 0);
	body = encrypted ? "ENC1" : body;
	assert_int_equal(cc_msg_add(m, body, strlen(body)), 0);
	if (how != NO_SIG)
		assert_int_equal(cc_msg_add(m, sig.data, sig.len), 0);
	if (blob)
		assert_int_equal(cc_msg_add(m, blob, strlen(blob)), 0);
	m->received = NOW_MS;
	cc_buf_deinit(&sig);
	return m;
}

void check_row(const struct row *row)
{
	const char *body = row->body ? row->body : "{\"req\": \"reg.x\", " ID "}";
	cc_cleanup(cc_msg_freep) struct cc_msg *m =
		message(row->how, row->type ? row->type : "reg.x", body, row->blob);
	struct cc_gate_call call = {.re = row->re};
	struct cc_gate_result r;
	enum cc_verdict v;

	if (row->asked)
		call.asked = pki_text(row->asked);
	print_message("# %s\n", row->reason);
	v = cc_gate_check(gates[row->reader], m, row->re ? &call : NULL, NOW, NOW_MS + row->age,
			  &r);
	if (v != row->verdict || r.fault != row->fault)
		fail_msg("verdict %d fault %d (%s), not %d %d", v, r.fault, r.why, row->verdict,
			 row->fault);
	assert_int_equal(r.verdict, v);
	assert_true((v == CC_GATE_PASS) == (r.why[0] == 0));
	cc_gate_result_deinit(&r);
}
