/* SPDX-License-Identifier: ISC */
#pragma once
/* What every target has: its entry point, and how it says that something does not hold. */
#include <stddef.h>
#include <stdint.h>

#define MUST(ok)                                                                                   \
	do {                                                                                       \
		if (!(ok))                                                                         \
			__builtin_trap();                                                          \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
