/* SPDX-License-Identifier: ISC */
#include "ccserver/options.h"

#include <stdio.h>
#include <string.h>

#include "ccserver/admin.h"
#include "handlers/table.h"
#include "lib/base/log.h"

static const char *const roles[] = {"insecure", "local", "remote", NULL};
static const char *const ciphers[] = {"aes-256-gcm", "aes-128-cbc", "aes-256-cbc", NULL};
static const char *const compats[] = {"", "hots-cc", NULL};

#define AT(member) offsetof(struct srv_conf, member)
#define STR(key, member, default_, text)                                                           \
	{                                                                                          \
		.name = key, .type = CF_STR, .offset = AT(member), .def = default_, .help = text   \
	}
#define PATH(key, member, default_, text)                                                          \
	{                                                                                          \
		.name = key, .type = CF_FILE, .offset = AT(member), .def = default_, .help = text  \
	}
#define LIST(key, member, default_, text)                                                          \
	{                                                                                          \
		.name = key, .type = CF_LIST, .offset = AT(member), .def = default_, .help = text  \
	}
#define INT(key, member, default_, low, high, text)                                                \
	{                                                                                          \
		.name = key, .type = CF_INT, .offset = AT(member), .def = default_, .min = low,    \
		.max = high, .help = text                                                          \
	}
#define SECONDS(key, member, default_, low, high, text)                                            \
	{                                                                                          \
		.name = key, .type = CF_MSEC, .offset = AT(member), .def = default_, .min = low,   \
		.max = high, .help = text                                                          \
	}
#define OBSOLETE(key, text)                                                                        \
	{                                                                                          \
		.name = key, .type = CF_OBSOLETE, .help = text                                     \
	}

const struct cf_opt srv_options[] = {
	STR("job_name", job_name, "ccserver", "name of this server in logs; default: the file's"),
	LIST("cc-socket", cc_socket, "",
	     "endpoints to listen on; role local: ipc:///run/ccfed/cc.sock, tcp://127.0.0.1:22632"),
	{.name = "cc-role",
	 .type = CF_CHOICE,
	 .offset = AT(role),
	 .def = "insecure",
	 .choices = roles,
	 .help = "local, remote, or insecure: which handlers may be used"},
	{.name = "cc-open",
	 .type = CF_BOOL,
	 .offset = AT(cc_open),
	 .def = "no",
	 .help = "yes: listen beyond this host without transport protection"},
	STR("cc-curve", cc_curve, "",
	    "CURVE key of this server: beyond this host only programs with CURVE may connect"),
	{.name = "cc-curve-clients",
	 .type = CF_LIST,
	 .offset = AT(cc_curve_clients),
	 .def = "",
	 .help = "CURVE keys of the programs that may; empty: whoever knows this server's"},
	{.name = "cc-allow",
	 .type = CF_LIST,
	 .offset = AT(cc_allow),
	 .def = "",
	 .help = "addresses and networks that may connect beside loopback; empty: all"},
	INT("cc-stats", cc_stats, "1", 0, 2, "0 none, 1 totals, 2 per message type too"),
	SECONDS("stats-period", stats_period, "30", 100, 86400000,
		"seconds between statistics in log and infofile"),
	PATH("infofile", infofile, "", "status file, rewritten each stats-period"),
	INT("infofile-level", infofile_level, "2", 0, 3,
	    "0 none, 1 header, 2 totals, 3 averages over 60, 300 and 900 s"),
	PATH("logfile", logfile, "", "log file; empty: stderr"),
	{.name = "log_size",
	 .type = CF_SIZE,
	 .offset = AT(log_size),
	 .def = "10M",
	 .help = "rotate the log above this size"},
	INT("log_count", log_count, "3", 0, 99, "rotated logs kept"),
	PATH("pidfile", pidfile, "", "pid file, locked while running"),
	PATH("cms-keystore", cms_keystore, "", "folder with NAME.crt and private/NAME.key"),
	LIST("cms-verify-ca", cms_verify_ca, "", "CAs whose signers may speak; empty: no check"),
	LIST("cms-crl", cms_crl, "", "CRLs, one for each CA; empty: revocation is not checked"),
	LIST("cms-sign", cms_sign, "", "keys to sign with: the first that is valid is used"),
	LIST("cms-encrypt", cms_encrypt, "", "certificates to encrypt to"),
	LIST("cms-decrypt", cms_decrypt, "", "keys to decrypt with; everything must be encrypted"),
	{.name = "cms-cipher",
	 .type = CF_CHOICE,
	 .offset = AT(cms_cipher),
	 .def = "aes-256-gcm",
	 .choices = ciphers,
	 .help = "content cipher when encrypting; old peers read only CBC"},
	{.name = "cms-compat",
	 .type = CF_CHOICE,
	 .offset = AT(cms_compat),
	 .def = "",
	 .choices = compats,
	 .help = "hots-cc: accept what its programs send, on their prefixes"},
	INT("cms-time-window", window, "-1", -1, 86400,
	    "seconds a message may be old; 0: any; -1: 300 with cms-verify-ca, else any"),
	INT("cms-time-ahead", window_ahead, "2", 0, 86400, "seconds a message may be ahead"),
	STR("cc-realm", realm, "",
	    "name of this federation's servers, which messages to them must bear"),
	INT("replay-ids", replay_ids, "4000000", 1000, 100000000,
	    "messages remembered within the time window, so that none is taken twice"),
	INT("replay-signer-ids", replay_signer_ids, "1000000", 100, 100000000,
	    "of them, those of one signer"),
	INT("strangers-share", strangers_share, "50", 1, 100,
	    "per cent of the workers' time for signers not met before, shared by the peers that "
	    "ask"),
	INT("signer-cache", signer_cache, "1024", 1, 65536, "signers each worker remembers"),
	INT("workers", workers, "0", 0, 64, "worker threads; 0: one per CPU, at most 8"),
	INT("worker-queue", worker_queue, "1024", 16, 65536, "messages waiting for one worker"),
	{.name = "queue-bytes",
	 .type = CF_SIZE,
	 .offset = AT(queue_bytes),
	 .def = "64M",
	 .min = 1 << 20,
	 .max = 1ll << 40,
	 .help = "octets waiting for workers, and as many for peers"},
	{.name = "peer-queue-bytes",
	 .type = CF_SIZE,
	 .offset = AT(peer_queue_bytes),
	 .def = "4M",
	 .min = 4096,
	 .max = 1ll << 40,
	 .help = "octets waiting for one peer that does not read, beyond zmq_hwm"},
	INT("hop-error-rate", hop_error_rate, "5000", 0, 1000000, "hop errors per second and peer"),
	SECONDS("shutdown-grace", shutdown_grace, "5", 0, 600000,
		"seconds handlers have to finish at a stop"),
	INT("zmq_nthreads", zmq_nthreads, "1", 1, 16, "libzmq's I/O threads"),
	CC_SOCK_OPTS(struct srv_conf, sock, "1000"),
	OBSOLETE("loop_delay", "the server does not poll"),
	OBSOLETE("exception_sleep", "the server does not restart its loop"),
	OBSOLETE("exception_quiet", "the server does not restart its loop"),
	OBSOLETE("exception_grace", "the server does not restart its loop"),
	OBSOLETE("exception_reset", "the server does not restart its loop"),
	OBSOLETE("use_skylog", "logs go to logfile or stderr"),
	OBSOLETE("logfmt_console", "the log format is fixed"),
	OBSOLETE("logfmt_file", "the log format is fixed"),
	OBSOLETE("logfmt_console_verbose", "the log format is fixed"),
	OBSOLETE("logfmt_file_verbose", "the log format is fixed"),
	OBSOLETE("logdatefmt_console", "the log format is fixed"),
	OBSOLETE("logdatefmt_file", "the log format is fixed"),
	OBSOLETE("logdatefmt_console_verbose", "the log format is fixed"),
	OBSOLETE("logdatefmt_file_verbose", "the log format is fixed"),
	OBSOLETE("heartbeat", "it never was implemented"),
	{0},
};

static const struct cf_opt *const tables[] = {srv_options, NULL};
static const char *const injected[] = {"service_name", "host_name", "config_dir", "config_file",
				       NULL};

void srv_conf_warn(void *arg, const struct cf_entry *entry, const char *text)
{
	(void)arg;
	cc_warn("%s:%d: %s: %s", entry->file, entry->line, entry->key, text);
}

static int add_default_sockets(struct srv_conf *conf, struct cc_note *why)
{
	if (conf->cc_socket.count)
		return 0;
	if (conf->role != SRV_ROLE_LOCAL)
		return cc_note_set(why, CC_EINVAL, "Config value not set: cc-socket");
	cf_list_deinit(&conf->cc_socket);
	return cf_list_parse("ipc:///run/ccfed/cc.sock, tcp://127.0.0.1:22632", &conf->cc_socket);
}

static int check_curve(const struct srv_conf *conf, struct cc_note *why)
{
	if (conf->cc_curve_clients.count && !*conf->cc_curve)
		return cc_note_set(why, CC_EINVAL,
				   "cc-curve-clients without cc-curve: nobody would be asked for a "
				   "key; add to [ccserver]: cc-curve = NAME");
	if (*conf->cc_curve && !*conf->cms_keystore)
		return cc_note_set(why, CC_EINVAL,
				   "cc-curve without cms-keystore: the key is read from there");
	return 0;
}

/* Each check prints the line that is missing. */
static int check_sockets(struct srv_conf *conf, struct cc_note *why)
{
	bool guarded = *conf->cc_curve || conf->cc_allow.count;

	for (size_t i = 0; i < conf->cc_socket.count; i++) {
		const char *url = conf->cc_socket.items[i];
		int r = cc_sock_check(url, why);

		if (r)
			return r;
		if (!cc_sock_is_local(url) && !guarded && !conf->cc_open)
			return cc_note_set(
				why, CC_EINVAL,
				"%s is open to strangers: they can fill this server's "
				"memory. Keep it on loopback, or add to [ccserver] one of: "
				"cc-curve = NAME; cc-allow = ADDRESS, NETWORK/BITS; "
				"cc-open = yes",
				url);
	}
	return 0;
}

static int check(struct srv_conf *conf, const struct cf_ini *ini, struct cc_note *why)
{
	int r;

	if (cf_ini_legacy(ini) && conf->cms_verify_ca.count && !conf->cms_compat)
		return cc_note_set(
			why, CC_EINVAL,
			"this file is in the spelling of hots-cc and has cms-verify-ca: to "
			"talk to its programs add to [ccserver]: cms-compat = hots-cc");
	if (conf->cms_encrypt.count && !conf->cms_sign.count)
		return cc_note_set(why, CC_EINVAL,
				   "cms-encrypt without cms-sign: messages are signed first");
	if (conf->cms_decrypt.count && !conf->cms_verify_ca.count)
		return cc_note_set(why, CC_EINVAL,
				   "cms-decrypt without cms-verify-ca: what is decrypted must be "
				   "signed by somebody");
	r = check_curve(conf, why);
	return r ? r : check_sockets(conf, why);
}

int srv_conf_read(const char *path, const char *const *overrides, size_t n, struct cf_ini **ini,
		  struct srv_conf *conf, struct cc_note *why)
{
	const struct cf_section *main;
	int r = cf_ini_read(path, "ccserver", overrides, n, ini, why);

	if (r)
		return r;
	main = cf_ini_section(*ini, "ccserver");
	if (!main)
		return cc_note_set(why, CC_EINVAL, "%s: no section [ccserver]", path);
	r = cf_bind(main, tables, injected, cf_ini_legacy(*ini), conf, srv_conf_warn, NULL, why);
	if (!r)
		r = add_default_sockets(conf, why);
	return r ? r : check(conf, *ini, why);
}

void srv_conf_deinit(struct srv_conf *conf)
{
	cf_unbind(tables, conf);
}

void srv_conf_keystore(const struct srv_conf *conf, struct cc_keystore_conf *out)
{
	*out = (struct cc_keystore_conf){
		.dir = conf->cms_keystore,
		.verify = &conf->cms_verify_ca,
		.crl = &conf->cms_crl,
		.sign = &conf->cms_sign,
		.encrypt = &conf->cms_encrypt,
		.decrypt = &conf->cms_decrypt,
		.cipher = conf->cms_compat && conf->cms_cipher == CC_CIPHER_AES256_GCM
				  ? CC_CIPHER_AES128_CBC
				  : /* the form its programs read */
				  (enum cc_cipher)conf->cms_cipher,
	};
}

static int64_t window_ms(const struct srv_conf *conf)
{
	if (conf->window < 0)
		return conf->cms_verify_ca.count ? 300000 : 0;
	return conf->window * 1000;
}

int srv_conf_check_policy(const struct srv_conf *conf, const struct cc_policy *policy,
			  struct cc_note *why)
{
	if (!conf->cms_verify_ca.count || cc_policy_has_policy(policy) || conf->cms_compat)
		return 0;
	return cc_note_set(why, CC_EINVAL,
			   "cms-verify-ca without [policy]: nobody may say anything to this "
			   "server. Say who may send what, for example: [policy] echo = any");
}

bool srv_conf_replay(const struct srv_conf *conf, struct cc_replay_conf *out)
{
	*out = (struct cc_replay_conf){
		.back_ms = window_ms(conf),
		.ahead_ms = conf->window_ahead * 1000,
		.max_ids = (uint64_t)conf->replay_ids,
		.max_signer_ids = (uint64_t)conf->replay_signer_ids,
	};
	return conf->cms_verify_ca.count && out->back_ms > 0;
}

void srv_conf_gate(const struct srv_conf *conf, struct cc_gate_conf *out)
{
	*out = (struct cc_gate_conf){
		.window_back_ms = window_ms(conf),
		.window_ahead_ms = conf->window_ahead * 1000,
		.compat = conf->cms_compat != 0,
		.signer_cache = (unsigned)conf->signer_cache,
		.realm = conf->realm,
	};
}

static void print_line(void *arg, const char *text)
{
	(void)arg;
	puts(text);
}

static void print_handler(const struct cc_handler *h)
{
	printf("\n# %s: %s\n[h:%s]\nhandler = %s\n", h->name, h->help, h->name, h->name);
	if (h->options)
		cf_opt_print(h->options, print_line, NULL);
}

void srv_conf_sample(void)
{
	puts("[ccserver]");
	cf_opt_print(srv_options, print_line, NULL);
	puts("\n# message type prefix = handler sections\n[routes]\n#echo = h:echo");
	puts("\n# message type prefix = who may send it (docs/policy.md)\n[policy]\n#echo = any");
	for (const struct cc_handler *const *h = handler_table; *h; h++)
		print_handler(*h);
	print_handler(&admin_handler);
}
