/* SPDX-License-Identifier: ISC */
/*
 * What we make is signed as the text that we write, and no parser sees it first. Here libxml2 does:
 * its canonical forms must be those that were signed, and the same document without its Signature,
 * signed as a tree, must get that Signature again to the octet (RSA is without chance).
 */
#include "tests/test.h"

#include <stdlib.h>

#include "lib/base/util.h"
#include "lib/trust/speaksfor.h"
#include "lib/trust/ticket.h"
#include "lib/xml/doc.h"
#include "tests/unit/credkit.h"

#define ROUNDS 300

static struct tp *authority, *user; /* with RSA keys */

static int make_signers(void **state)
{
	struct tp_spec site = {
		.urn = TP_IDN "plc:site+authority+sa", .kind = "RSA-2048", .key = "rsa-1"};
	struct tp_spec person = {
		.urn = TP_IDN "plc:site+user+rsa", .kind = "RSA-2048", .key = "rsa-2"};

	authority = tp_raw(&site, tp_world()->plc);
	user = tp_raw(&person, tp_world()->site);
	srand(4);
	return 0;
}

static int free_signers(void **state)
{
	tp_freep(&authority);
	tp_freep(&user);
	return 0;
}

/* The outermost level, by libxml2's canonical forms. */
static void check_signed(const char *text, const struct tp *signer)
{
	cc_cleanup(tr_cred_freep) struct tr_cred *c = NULL;
	struct cc_note why = {0};
	const struct tr_level *l;

	if (tr_cred_read(NULL, text, strlen(text), &c, &why) != 0)
		fail_msg("%s: %s", why.text, text);
	l = &c->levels[0];
	assert_true(l->has_sig);
	if (xs_sig_verify(&l->sig, l->node, signer->key, false, &why) != 0)
		fail_msg("%s: %s", why.text, text);
}

static void check_same(const char *text, const struct tp *signer)
{
	cc_cleanup(cc_freep) char *written = ck_cut(text, "<Signature ", "</Signature>");
	cc_cleanup(cc_freep) char *bare = ck_replace(text, written, "");
	cc_cleanup(cc_freep) char *signed_again = ck_sign(bare, "ref0", signer);
	cc_cleanup(cc_freep) char *wanted = ck_cut(signed_again, "<Signature ", "</Signature>");

	assert_string_equal(written, wanted);
	check_signed(text, signer);
}

/* What is written otherwise in XML, and some that is not. */
static const char any[] = "<>&\"'\r\n\t /=]a\xc3\xa9";
static const char words[] = "<>&\"'/=]:a*";

static void random_text(char *to, size_t max, const char *letters)
{
	size_t n = 1 + (size_t)rand() % (max - 3), at = 0, len = strlen(letters);

	while (at < n) {
		const char *c = &letters[(size_t)rand() % len];

		if (*c == '\xc3' || *c == '\xa9') {
			memcpy(to + at, "\xc3\xa9", 2);
			at += 2;
		} else {
			to[at++] = *c;
		}
	}
	to[at] = '\0';
}

static void test_credentials(void **state)
{
	const struct tp_world *w = tp_world();
	struct tr_privilege rights[8] = {0};
	char urn[200] = TP_IDN "plc:site+sliver+";

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct tr_cred_request rq = {.owner = &w->alice->chain,
					     .target = round % 3 ? &w->slice->chain : NULL,
					     .target_urn = urn,
					     .privileges = rights,
					     .n_privileges = round % CC_ARRAY_SIZE(rights),
					     .expires = CK_MONTH + round};
		cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);

		random_text(urn + strlen(TP_IDN "plc:site+sliver+"), 60, "abc.-()");
		for (unsigned i = 0; i < rq.n_privileges; i++) {
			random_text(rights[i].name, 40, words);
			rights[i].can_delegate = rand() % 2;
		}
		assert_int_equal(tr_cred_make(&rq, &authority->chain, authority->key, &out, NULL),
				 0);
		check_same((char *)out.data, authority);
	}
}

static void test_tickets(void **state)
{
	const struct tp_world *w = tp_world();
	char values[3][200], keys[2][200], *lines[2] = {keys[0], keys[1]};
	struct tr_attribute attributes[3] = {
		{"a", values[0]}, {"<b>&\"'/>", values[1]}, {"c", values[2]}};
	struct tr_ticket_user users[2] = {{TP_IDN "plc:site+user+alice", lines, 2},
					  {TP_IDN "plc:site+user+bob", NULL, 0}};

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct tr_ticket_request rq = {
			.serial = "T-1",
			.component = TP_IDN "plc:site+node+n1.example.org",
			.epoch = "2027-01-15T00:00:00Z",
			.owner = &w->alice->chain,
			.target = &w->slice->chain,
			.rspec = values[0],
			.rspec_len = strlen(values[0]) * (round % 2),
			.attributes = attributes,
			.n_attributes = round % 4,
			.users = users,
			.n_users = round % 3,
			.redeem_before = TP_NOW,
			.expires = CK_MONTH,
		};
		cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);
		struct cc_note why = {0};

		for (unsigned i = 0; i < 3; i++)
			random_text(values[i], sizeof(values[i]), any);
		if (round % 5 == 0)
			values[1][0] = '\0';
		for (unsigned i = 0; i < 2; i++) {
			strcpy(keys[i], "ssh-rsa AAAA ");
			random_text(keys[i] + strlen(keys[i]), 100, words);
		}
		rq.rspec_len = strlen(values[0]) * (round % 2);
		if (tr_ticket_make(&rq, &authority->chain, authority->key, &out, &why) != 0)
			fail_msg("%s", why.text);
		check_same((char *)out.data, authority);
	}
}

static void test_statements(void **state)
{
	const struct tp_world *w = tp_world();
	struct tr_speaksfor_request rq = {&user->chain, w->tool->gid, CK_MONTH};
	cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);

	assert_int_equal(tr_speaksfor_make(&rq, user->key, &out, NULL), 0);
	check_same((char *)out.data, user);
}

/* What was delegated holds the document of another; each level's signature stays good. */
static void test_delegated(void **state)
{
	static const struct tr_privilege right = {"<&\"'>/", true};
	const struct tp_world *w = tp_world();
	const struct tp *owners[] = {user, w->alice, w->bob};
	struct tr_cred_request rq = {.owner = &user->chain,
				     .target = &w->slice->chain,
				     .privileges = &right,
				     .n_privileges = 1,
				     .expires = CK_MONTH};
	struct cc_buf texts[CC_ARRAY_SIZE(owners)] = {{0}};
	const struct tp *signer = authority;

	assert_int_equal(tr_cred_make(&rq, &signer->chain, signer->key, &texts[0], NULL), 0);
	for (size_t i = 0; i < CC_ARRAY_SIZE(owners); i++) {
		check_signed((char *)texts[i].data, signer);
		signer = owners[i];
		rq = (struct tr_cred_request){.owner = &owners[(i + 1) % 3]->chain};
		if (i + 1 < CC_ARRAY_SIZE(owners))
			assert_int_equal(tr_cred_delegate((char *)texts[i].data, texts[i].len, &rq,
							  signer->key, &texts[i + 1], NULL),
					 0);
	}
	for (size_t i = 0; i < CC_ARRAY_SIZE(owners); i++)
		cc_buf_deinit(&texts[i]);
}

/* What no reader would take for its size is not given out. */
static void test_too_large(void **state)
{
	const struct tp_world *w = tp_world();
	static const struct {
		unsigned users;
		int wanted;
	} rows[] = {{100, 0}, {TR_TICKET_USERS, -CC_ELIMIT}};
	char *keys[TR_TICKET_KEYS];
	static struct tr_ticket_user users[TR_TICKET_USERS];

	for (size_t i = 0; i < TR_TICKET_KEYS; i++)
		keys[i] = (char *)"ssh-rsa AAAA";
	for (size_t i = 0; i < TR_TICKET_USERS; i++)
		users[i] = (struct tr_ticket_user){TP_IDN "plc:site+user+a", keys, TR_TICKET_KEYS};
	for (size_t i = 0; i < CC_ARRAY_SIZE(rows); i++) {
		struct tr_ticket_request rq = {
			.serial = "T-1",
			.component = TP_IDN "plc:site+node+n1.example.org",
			.epoch = "2027-01-15T00:00:00Z",
			.owner = &w->alice->chain,
			.target = &w->slice->chain,
			.users = users,
			.n_users = rows[i].users,
			.redeem_before = TP_NOW,
			.expires = CK_MONTH,
		};
		cc_cleanup(cc_buf_deinit) struct cc_buf out = CC_BUF_INIT(XS_CRED_MAX);

		assert_int_equal(tr_ticket_make(&rq, &authority->chain, authority->key, &out, NULL),
				 rows[i].wanted);
		if (rows[i].wanted == 0)
			check_same((char *)out.data, authority);
		else
			assert_int_equal(out.len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_credentials), cmocka_unit_test(test_tickets),
		cmocka_unit_test(test_statements),  cmocka_unit_test(test_delegated),
		cmocka_unit_test(test_too_large),
	};

	setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	return cmocka_run_group_tests_name(__FILE__, tests, make_signers, free_signers);
}
