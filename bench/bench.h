/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What the programs of bench/ share. Each does one measurement, prints one line of JSON and ends; bench/run starts them.
 * They are no servers: whatever goes wrong ends them with a line on standard error.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/cc/gate.h"

/** Prints "NAME: text" and exits with 1. */
_Noreturn void bench_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** bench_die unless r is 0. */
void bench_must(int r, const char *what);

/** CPU time of all threads of a process so far, ns; pid 0: this one. */
int64_t bench_cpu_ns(pid_t pid);
/** A number of the command line, at least min. */
double bench_number(const char *name, const char *text, double min);

/** A gate that signs as `sign` and verifies under `ca` of a key store; dir NULL: neither. Never NULL; caller frees. */
struct cc_gate *bench_gate(const char *dir, const char *sign);
/** The same with policy, replay table and realm of extra. */
struct cc_gate *bench_gate_with(const char *dir, const char *sign,
				const struct cc_gate_conf *extra);
/** One that signs with a certificate and key of its own, by their files, and verifies under `ca` of a key store. */
struct cc_gate *bench_gate_own(const char *dir, const char *cert, const char *key);
/**
 * Adds the frames after the route of the echo request that all rows use: some 240 octets of JSON. id NULL: an unsigned
 * message, which has none.
 */
void bench_request(struct cc_gate *gate, struct cc_msg *m, const char *type, const char *id);
