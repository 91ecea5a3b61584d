/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * Numbered messages that may come in another order than they were numbered in: which of them were
 * lost. Several threads of a server send copies to a watcher, so a gap may still be filled; what is
 * not there at the second look after its successors is lost.
 */
#include <stdbool.h>
#include <stdint.h>

#define CLI_GAPS_WINDOW 4096 /* numbers that are remembered; a power of two */

struct cli_gaps {
	uint64_t highest, looked; /* taken; at the last look */
	uint64_t decided;	  /* up to here it is known what was lost */
	uint64_t lost;
	uint8_t seen[CLI_GAPS_WINDOW / 8];
};

/**
 * Takes a number, from 1. @return whether the numbering goes on; false: this number was taken
 * before, so the sender began anew, and so does the counting, lost included.
 */
bool cli_gaps_take(struct cli_gaps *g, uint64_t n);
/** To be called about once a second. @return all that was lost since the numbering began. */
uint64_t cli_gaps_look(struct cli_gaps *g);
