/* SPDX-License-Identifier: ISC */
/*
 * Good documents that are used by the wrong one, or for the wrong thing: RIGHTS_*, CALLER_*,
 * SPEAKS_*, TICKET_*, SLIVER_*.
 */
#include "tests/unit/trust-attacks.h"

#include <stdio.h>

#include "lib/trust/ticket.h"
#include "lib/xml/doc.h"

#define SLICE TP_IDN "plc:site+slice+sl1"
#define NODE TP_IDN "plc:site+node+n1.example.org"
#define SLIVER TP_IDN "plc:site+sliver+n1-7"

static char *good(void)
{
	struct ck_level level = {0};

	return ck_make(&level, 1);
}

static char *info_only(void)
{
	struct ck_level level = {.rights = "info:1"};

	return ck_make(&level, 1);
}

/* A right that is for slices, on a user. */
static char *embed_on_user(void)
{
	struct ck_level level = {.target = tp_world()->alice, .rights = "embed:1"};

	return ck_make(&level, 1);
}

/* ---- speaks-for ---- */

#define SPOKEN(name)                                                                               \
	"--speaks-for " name ".xml --tool tool.pem --user " TP_IDN "plc:site+user+alice"

struct words {
	const char *user, *tool; /* key ids; NULL: alice's, tool's */
	const char *more;	 /* behind the first tail */
	const char *expires;
	const struct tp *signer; /* NULL: alice */
};

static void principal(struct cc_buf *b, const char *key)
{
	cc_buf_printf(b, "<ABACprincipal><keyid>%s</keyid></ABACprincipal>", key);
}

/* Writes the statement; the credential that it is used with is good, and alice's. */
static char *spoken(const char *file, struct words says)
{
	const struct tp_world *w = tp_world();
	const char *user = says.user ? says.user : w->alice->gid->key_id;
	cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(4096);
	struct ck_level level = {.type = "abac",
				 .owner_gid = "",
				 .target_gid = "",
				 .owner_urn = "",
				 .target_urn = "",
				 .expires = says.expires,
				 .signer = says.signer ? says.signer : w->alice};

	cc_buf_puts(&b, "<abac><rt0><version>1.1</version><head>");
	principal(&b, user);
	cc_buf_printf(&b, "<role>speaks_for_%s</role></head><tail>", user);
	principal(&b, says.tool ? says.tool : w->tool->gid->key_id);
	cc_buf_printf(&b, "</tail>%s</rt0></abac>", says.more ? says.more : "");
	level.content = (const char *)b.data;
	attack_file(file, ck_make(&level, 1));
	return good();
}

static char *speaks(void)
{
	return spoken("speaks.xml", (struct words){0});
}

static char *two_tails(void)
{
	return spoken("two-tails.xml",
		      (struct words){.more = "<tail><ABACprincipal><keyid>00</keyid>"
					     "</ABACprincipal></tail>"});
}

/* bob says that the tool may speak for alice. */
static char *by_another(void)
{
	const struct tp_world *w = tp_world();

	return spoken("by-another.xml",
		      (struct words){.user = w->alice->gid->key_id, .signer = w->bob});
}

/* alice signs who may speak for bob. */
static char *for_another(void)
{
	return spoken("for-another.xml", (struct words){.user = tp_world()->bob->gid->key_id});
}

static char *another_tool(void)
{
	return spoken("another-tool.xml", (struct words){.tool = tp_world()->bob->gid->key_id});
}

static char *spoken_before(void)
{
	return spoken("before.xml", (struct words){.expires = "2027-01-15T07:59:59Z"});
}

/* ---- tickets ---- */

static char *ticket_by(const struct tp *signer, int64_t redeem_before)
{
	const struct tp_world *w = tp_world();
	struct tr_ticket_request rq = {.serial = "1",
				       .component = NODE,
				       .epoch = "e1",
				       .owner = &w->alice->chain,
				       .target = &w->slice->chain,
				       .rspec = "<rspec/>",
				       .rspec_len = 8,
				       .redeem_before = redeem_before,
				       .expires = CK_MONTH};
	struct cc_buf text = CC_BUF_INIT(XS_CRED_MAX);

	if (tr_ticket_make(&rq, &signer->chain, signer->key, &text, NULL) != 0)
		abort();
	return cc_buf_take(&text);
}

static char *ticket(void)
{
	return ticket_by(tp_world()->site, TP_NOW + 60);
}

/* A peer promises what is ours. */
static char *peers_ticket(void)
{
	return ticket_by(tp_world()->other, TP_NOW + 60);
}

static char *late_ticket(void)
{
	return ticket_by(tp_world()->site, TP_NOW - 1);
}

/* ---- slivers ---- */

#define ON_SLIVER "--component node.pem --sliver " SLIVER

static char *sliver_by(const struct tp *signer)
{
	struct ck_level level = {
		.target_gid = "", .target_urn = SLIVER, .rights = "*:0", .signer = signer};

	return ck_make(&level, 1);
}

static char *sliver(void)
{
	return sliver_by(tp_world()->node);
}

/* The slice's own authority is not the component. */
static char *sliver_by_site(void)
{
	return sliver_by(tp_world()->site);
}

const struct attack attacks_use[] = {
	{0, "used", "cred", good, "--caller alice.pem --op createsliver --target " SLICE},
	{0, "spoken-for", "cred", speaks, SPOKEN("speaks")},
	{0, "ticket", "ticket", ticket, "--caller alice.pem --epoch e1 --component " NODE},
	{0, "sliver", "cred", sliver, ON_SLIVER},
	{CC_RULE_RIGHTS_TYPE, "embed-on-user", "cred", embed_on_user, "--op createsliver",
	 "accepted"},
	{CC_RULE_RIGHTS_OPERATION, "info-only", "cred", info_only, "--op createsliver", "accepted"},
	{CC_RULE_CALLER_KEY, "bob", "cred", good, "--caller bob.pem", "accepted"},
	{CC_RULE_CALLER_TARGET, "another-slice", "cred", good,
	 "--target " TP_IDN "plc:site+slice+sl2", "accepted"},
	{CC_RULE_SPEAKS_FORM, "two-tails", "cred", two_tails, SPOKEN("two-tails"), "accepted"},
	{CC_RULE_SPEAKS_USER, "by-another", "cred", by_another, SPOKEN("by-another"), "caller-key"},
	{CC_RULE_SPEAKS_USER, "for-another", "cred", for_another, SPOKEN("for-another"),
	 "accepted"},
	{CC_RULE_SPEAKS_TOOL, "another-tool", "cred", another_tool, SPOKEN("another-tool"),
	 "accepted"},
	{CC_RULE_SPEAKS_EXPIRED, "before", "cred", spoken_before, SPOKEN("before"), "accepted"},
	{CC_RULE_TICKET_ISSUER, "peer", "ticket", peers_ticket, "--epoch e1 --component " NODE,
	 "accepted"},
	{CC_RULE_TICKET_COMPONENT, "another-node", "ticket", ticket,
	 "--component " TP_IDN "plc:site+node+n2.example.org", "accepted"},
	{CC_RULE_TICKET_EPOCH, "another-epoch", "ticket", ticket, "--epoch e2", "accepted"},
	{CC_RULE_TICKET_REDEEM, "late", "ticket", late_ticket, NULL, "accepted"},
	{CC_RULE_SLIVER_SIGNER, "authority", "cred", sliver_by_site, ON_SLIVER, "accepted"},
	{CC_RULE_SLIVER_TARGET, "another", "cred", sliver,
	 "--component node.pem --sliver " TP_IDN "plc:site+sliver+n1-8", "accepted"},
	{0},
};
