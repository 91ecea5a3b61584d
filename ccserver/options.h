/* SPDX-License-Identifier: ISC */
#pragma once
/* The options of [ccserver] (spec cc-bus B2), bound and checked. */
#include "lib/cc/gate.h"
#include "lib/cc/keystore.h"
#include "lib/cc/sock.h"
#include "lib/conf/ini.h"
#include "lib/conf/opt.h"

enum srv_role { SRV_ROLE_INSECURE, SRV_ROLE_LOCAL, SRV_ROLE_REMOTE };

struct srv_conf {
	struct cf_list cc_socket, cms_verify_ca, cms_crl, cms_sign, cms_encrypt, cms_decrypt;
	int role, cms_cipher, cms_compat;
	bool cc_open;
	int64_t cc_stats, stats_period, infofile_level;
	char *infofile, *logfile, *pidfile, *job_name;
	char *cms_keystore;
	char *cc_curve;
	struct cf_list cc_curve_clients, cc_allow;
	int64_t window, window_ahead; /* seconds; window -1: see help */
	int64_t zmq_nthreads, workers, worker_queue, signer_cache, hop_error_rate, shutdown_grace;
	uint64_t queue_bytes, peer_queue_bytes, log_size;
	int64_t log_count;
	struct cc_sock_conf sock;
	char *realm;
	int64_t replay_ids, replay_signer_ids, strangers_share;
};

extern const struct cf_opt srv_options[];

/**
 * Reads a configuration file and binds [ccserver]. overrides: n times "K=V" of --set. *ini and
 * *conf are the caller's (cf_ini_free, srv_conf_deinit). Logs warnings about what no longer
 * applies.
 * @return 0 or a negative error with why.
 */
int srv_conf_read(const char *path, const char *const *overrides, size_t n, struct cf_ini **ini,
		  struct srv_conf *conf, struct cc_note *why);
void srv_conf_deinit(struct srv_conf *conf);
/** For cf_bind: logs what is odd in a file. */
void srv_conf_warn(void *arg, const struct cf_entry *entry, const char *text);
void srv_conf_keystore(const struct srv_conf *conf, struct cc_keystore_conf *out);
/** Checks that somebody may say something where signatures are verified. @return 0, -CC_EINVAL. */
int srv_conf_check_policy(const struct srv_conf *conf, const struct cc_policy *policy,
			  struct cc_note *why);
/** What the replay table is made with. @return whether there is to be one. */
bool srv_conf_replay(const struct srv_conf *conf, struct cc_replay_conf *out);
void srv_conf_gate(const struct srv_conf *conf, struct cc_gate_conf *out);
/** Prints a sample configuration with every option of the server and its handlers (--ini). */
void srv_conf_sample(void);
