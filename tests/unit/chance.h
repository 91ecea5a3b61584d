/* SPDX-License-Identifier: ISC */
#pragma once
/* Names by chance, the same ones in every run. */
#include <stdint.h>
#include <string.h>

static inline uint32_t chance(uint32_t below)
{
	static uint64_t seed = 0x2545f4914f6cdd1d;

	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

/* 1 to 12 octets, those that mean something more often than the others. */
static inline size_t put_chance(char *out, const char *often, const char *never)
{
	size_t len = 1 + chance(12), n = 0;

	while (n < len) {
		bool special = chance(3) == 0 && *often;
		char c = special ? often[chance((uint32_t)strlen(often))]
				 : (char)(0x21 + chance(0x7f - 0x21));

		if (special || !strchr(never, c))
			out[n++] = c;
	}
	out[n] = 0;
	return n;
}
