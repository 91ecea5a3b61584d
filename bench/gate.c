/* SPDX-License-Identifier: ISC */
/*
 * What policy, time window, replay and realm add to the check of a signed message: the same messages through a gate
 * without them and one with them, in turn, on one thread.
 *
 *   bench-gate KEYSTORE NAME MESSAGES IDS LINES
 *
 * IDS messages of other signers are remembered before it begins, LINES lines are in [policy]. Prints
 * {"cpu_us": CPU a message added, "plain_us": without them, "bytes_per_id": memory}.
 */
#include <stdio.h>
#include <string.h>

#include "bench/bench.h"
#include "lib/base/clock.h"
#include "lib/cc/envelope.h"

#define SIGNERS 100 /* that the remembered ids belong to */
#define CHUNK 500   /* messages between two looks at the clock */

static struct cc_policy *make_policy(unsigned lines)
{
	struct cc_buf text = {0};
	struct cc_policy *policy = NULL;
	struct cf_ini *ini = NULL;
	struct cc_note why = {0};

	cc_buf_printf(&text, "[policy]\necho = cn:nobody, cn:client, urn:publicid:IDN+a+user+*\n");
	for (unsigned i = 1; i < lines; i++)
		cc_buf_printf(&text, "echo.request.n%u = any\n", i);
	if (text.err ||
	    cf_ini_parse("bench", (char *)text.data, text.len, NULL, NULL, 0, &ini, &why) != 0 ||
	    cc_policy_new(&policy, ini, &why) != 0)
		bench_die("%s", why.text);
	cf_ini_free(ini);
	cc_buf_deinit(&text);
	return policy;
}

static struct cc_replay *make_replay(uint64_t ids)
{
	int64_t now = (int64_t)(cc_clock_wall() * 1000);
	struct cc_replay_conf conf = {.back_ms = 300000,
				      .ahead_ms = 2000,
				      .max_ids = 10000000,
				      .max_signer_ids = 10000000};
	static struct cc_signer signers[SIGNERS];
	struct cc_replay *replay;

	/* as if it had run for longer than the window */
	bench_must(cc_replay_new(&replay, &conf, now - 400000), "cc_replay_new");
	for (unsigned i = 0; i < SIGNERS; i++)
		snprintf(signers[i].name, sizeof(signers[i].name), "signer-%u", i);
	for (uint64_t i = 0; i < ids; i++) {
		uint8_t id[16];

		bench_must(cc_random(id, sizeof(id)), "cc_random");
		if (cc_replay_add(replay, &signers[i % SIGNERS], id, (uint32_t)i,
				  now - (int64_t)(i % 290000), now) != CC_REPLAY_NEW)
			bench_die("an id is not new");
	}
	return replay;
}

static struct cc_msg **make_messages(struct cc_gate *gate, unsigned count)
{
	struct cc_msg **list = calloc(count, sizeof(struct cc_msg *));

	if (!list)
		bench_die("no memory");
	for (unsigned i = 0; i < count; i++) {
		char id[CC_ID_HEX + 1];

		list[i] = cc_msg_new_room(8);
		bench_must(list[i] ? cc_request_id(id) : -CC_ENOMEM, "a message");
		bench_request(gate, list[i], "echo.request", id);
		list[i]->serial = i;
		list[i]->received = cc_clock_ms();
	}
	return list;
}

static int64_t check_all(struct cc_gate *gate, struct cc_msg **list, unsigned count)
{
	int64_t start = cc_clock_cpu_ns();

	for (unsigned i = 0; i < count; i++) {
		struct cc_gate_result r;

		if (cc_gate_check(gate, list[i], NULL, cc_clock_wall(), cc_clock_ms(), &r) !=
		    CC_GATE_PASS)
			bench_die("message %u: %s", i, r.why);
		cc_gate_result_deinit(&r);
	}
	return cc_clock_cpu_ns() - start;
}

int main(int argc, char **argv)
{
	int64_t plain_ns = 0, full_ns = 0;
	struct cc_gate_conf extra = {0};
	struct cc_replay_stats stats;
	struct cc_gate *plain, *full;
	struct cc_msg **messages;
	unsigned count;

	if (argc != 6) {
		fprintf(stderr, "usage: bench-gate KEYSTORE NAME MESSAGES IDS LINES\n");
		return 2;
	}
	count = (unsigned)bench_number("MESSAGES", argv[3], CHUNK) / CHUNK * CHUNK;
	extra.policy = make_policy((unsigned)bench_number("LINES", argv[5], 1));
	extra.replay = make_replay((uint64_t)bench_number("IDS", argv[4], 0));
	plain = bench_gate(argv[1], argv[2]);
	full = bench_gate_with(argv[1], argv[2], &extra);
	cc_replay_get_stats(extra.replay, &stats);
	messages = make_messages(full, count);
	check_all(plain, messages, 1); /* both know the signer */
	check_all(full, messages + count - 1, 1);
	for (unsigned i = 0; i + CHUNK < count; i += CHUNK) {
		plain_ns += check_all(plain, messages + i, CHUNK);
		full_ns += check_all(full, messages + i, CHUNK);
	}
	count -= CHUNK;
	printf("{\"cpu_us\": %.3f, \"plain_us\": %.3f, \"bytes_per_id\": %.1f}\n",
	       (double)(full_ns - plain_ns) / 1000 / count, (double)plain_ns / 1000 / count,
	       stats.ids ? (double)stats.bytes / (double)stats.ids : 0);
	return 0;
}
