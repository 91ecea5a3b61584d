/* SPDX-License-Identifier: ISC */
/* The answer of verify: what a good document grants; by which rule another is refused. */
#include <stdio.h>
#include <string.h>

#include "cli/text.h"
#include "cli/trust_judge.h"

#include "lib/base/util.h"

#define OPS_TEXT 4096 /* more than all operations' names together */

static void add_grant(struct cli_facts *f, const struct tr_grant *g)
{
	char ops[OPS_TEXT];

	tr_ops_text(g->ops, ops, sizeof(ops));
	trust_fact_privileges(f, g->privileges, g->n_privileges);
	cli_fact_words(f, "operations", ops);
}

static void add_ticket(struct cli_facts *f, const struct tr_ticket *t)
{
	cli_fact_text(f, "serial", t->serial);
	cli_fact_text(f, "component", t->component);
	cli_fact_text(f, "epoch", t->epoch);
	cli_fact_time(f, "redeem_before", t->redeem_before);
	cli_fact(f, "rspec_octets", json_integer((json_int_t)t->rspec_len));
	cli_fact(f, "attributes", json_integer(t->n_attributes));
	cli_fact(f, "users", json_integer(t->n_users));
}

static void add_document(struct cli_facts *f, enum trust_kind kind, const struct tr_grant *g,
			 const struct tr_ticket *t)
{
	cli_fact_text(f, "owner", trust_name_of(g->owner));
	cli_fact_text(f, "target", g->target ? trust_name_of(g->target) : g->target_urn);
	if (t)
		add_ticket(f, t);
	else if (kind == TRUST_CRED)
		add_grant(f, g);
	cli_fact_time(f, "expires", g->expires);
	cli_fact(f, "delegations", json_integer(g->delegations));
	cli_fact_text(f, "issuer", trust_name_of(g->issuer));
	if (g->root)
		cli_fact_text(f, "root", trust_name_of(g->root->gid));
}

static void add_gid(struct cli_facts *f, const struct trust_verdict *v)
{
	const struct tr_gid *g = v->gids.items[0];

	cli_fact_text(f, "name", trust_name_of(g));
	cli_fact_text(f, "hrn", g->hrn);
	cli_fact_text(f, "type", g->type);
	cli_fact_text(f, "uuid", g->uuid);
	cli_fact_text(f, "email", g->email);
	cli_fact(f, "authority", json_boolean(tr_type_is_authority(g->name.type)));
	cli_fact_text(f, "root", trust_name_of(v->chain.root ? v->chain.root->gid : NULL));
}

static int verdict_facts(const struct trust_question *q, const struct trust_verdict *v,
			 struct cli_facts *f)
{
	int r = cli_facts_init(f);

	if (r)
		return r;
	cli_fact(f, "valid", json_true());
	cli_fact_text(f, "kind", trust_kind_name(q->kind));
	if (v->grant)
		add_document(f, q->kind, v->grant, v->ticket);
	else
		add_gid(f, v);
	if (v->user) {
		cli_fact_text(f, "spoken_for", trust_name_of(v->user));
		cli_fact_text(f, "tool", trust_name_of(q->tool->items[0]));
	}
	cli_fact_time(f, "from", v->from);
	cli_fact_time(f, "until", v->until);
	return f->failed ? cc_raise(CC_ENOMEM) : 0;
}

/* ---- for people ---- */

static void print_privileges(const json_t *list)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		fputs(i ? ", " : "", stdout);
		cli_put_value(stdout, json_object_get(one, "name"));
		if (json_is_true(json_object_get(one, "can_delegate")))
			fputs(" (may be delegated)", stdout);
	}
	fputs(i ? "" : "none", stdout);
}

static void print_valid(const struct cli_facts *f)
{
	const json_t *name = json_object_get(f->o, "name"), *value;
	const char *key;

	printf("valid: %s of ", json_string_value(json_object_get(f->o, "kind")));
	cli_put_value(stdout, name ? name : json_object_get(f->o, "owner"));
	if (!name) {
		fputs(" on ", stdout);
		cli_put_value(stdout, json_object_get(f->o, "target"));
	}
	putchar('\n');
	json_object_foreach(f->o, key, value)
	{
		if (strcmp(key, "valid") == 0 || strcmp(key, "kind") == 0)
			continue;
		printf("%s:%*s", key, (int)(15 - strlen(key)), "");
		if (strcmp(key, "privileges") == 0)
			print_privileges(value);
		else
			cli_put_value(stdout, value);
		putchar('\n');
	}
}

int trust_answer_valid(const struct cli_command *cmd, const struct trust_question *q, bool json,
		       const struct trust_verdict *verdict)
{
	cc_cleanup(cli_facts_deinit) struct cli_facts f = {0};
	struct cc_note why = {0};
	int r = verdict_facts(q, verdict, &f);

	if (r)
		return cli_fail(cmd, &why, r);
	if (json)
		cli_print_json(f.o);
	else
		print_valid(&f);
	return CLI_OK;
}

/* A negative r is a failure of ours: it decides nothing, so nothing is granted. */
int trust_answer_refused(const struct cli_command *cmd, const struct trust_question *q, bool json,
			 int r, const struct cc_note *why)
{
	const char *rule = r > 0 ? cc_rule_name(r) : "undecided";
	const char *advice =
		r > 0 ? cc_rule_advice(r) : "try again; if it stays, tell the operator";
	const char *reason = why->text[0] ? why->text : cc_err_text(r);
	cc_cleanup(cli_facts_deinit) struct cli_facts f = {0};

	if (!json) {
		printf("refused: %s: ", rule);
		cli_put(stdout, reason);
		printf("\nto do: %s\n", advice);
		return CLI_FAILED;
	}
	if (cli_facts_init(&f) < 0)
		return cli_fail(cmd, why, -CC_ENOMEM);
	cli_fact(&f, "valid", json_false());
	cli_fact_text(&f, "kind", trust_kind_name(q->kind));
	cli_fact_text(&f, "rule", rule);
	cli_fact_text(&f, "reason", reason);
	cli_fact_text(&f, "advice", advice);
	if (f.failed)
		return cli_fail(cmd, why, -CC_ENOMEM);
	cli_print_json(f.o);
	return CLI_FAILED;
}
