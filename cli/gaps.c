/* SPDX-License-Identifier: ISC */
#include "cli/gaps.h"

#include <string.h>

static bool get(const struct cli_gaps *g, uint64_t n)
{
	return g->seen[n % CLI_GAPS_WINDOW / 8] >> n % 8 & 1;
}

static void set(struct cli_gaps *g, uint64_t n, bool seen)
{
	uint8_t bit = (uint8_t)(1u << n % 8), *octet = &g->seen[n % CLI_GAPS_WINDOW / 8];

	*octet = (uint8_t)(seen ? *octet | bit : *octet & ~bit);
}

/* All up to n that are not here are lost; n is at most the highest. */
static void decide(struct cli_gaps *g, uint64_t n)
{
	while (g->decided < n)
		g->lost += !get(g, ++g->decided);
}

/* Makes room for numbers up to n: what falls out of the window must be decided before. */
static void advance(struct cli_gaps *g, uint64_t n)
{
	uint64_t out = n > CLI_GAPS_WINDOW ? n - CLI_GAPS_WINDOW : 0;

	decide(g, out < g->highest ? out : g->highest);
	if (out > g->highest) { /* none of those between was here */
		g->lost += out - g->highest;
		g->decided = g->highest = out;
	}
	while (g->highest < n)
		set(g, ++g->highest, false);
}

static void begin(struct cli_gaps *g, uint64_t n)
{
	memset(g, 0, sizeof(*g));
	/* somebody else may have had the numbers before, by the same way */
	if (n > CLI_GAPS_WINDOW)
		g->decided = g->highest = g->looked = n - 1;
}

bool cli_gaps_take(struct cli_gaps *g, uint64_t n)
{
	bool first = g->highest == 0;
	bool again = !first && n <= g->highest && (g->highest - n >= CLI_GAPS_WINDOW || get(g, n));

	if (first || again)
		begin(g, n);
	if (n > g->highest)
		advance(g, n);
	else if (n <= g->decided && g->lost > 0)
		g->lost--; /* late, but here */
	set(g, n, true);
	return !again;
}

uint64_t cli_gaps_look(struct cli_gaps *g)
{
	decide(g, g->looked);
	g->looked = g->highest;
	return g->lost;
}
