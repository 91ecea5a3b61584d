/* SPDX-License-Identifier: ISC */
#include "lib/daemon/conf.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/cc/sock.h"

#define SIGNERS 64 /* servers whose certificates a daemon remembers */

static const char *const ciphers[] = {"aes-256-gcm", "aes-128-cbc", "aes-256-cbc", NULL};
static const char *const compats[] = {"", "hots-cc", NULL};

/* Every one may change at a reload, because log and link are opened anew by it. */
#define ROW(key, kind, member, default_, text, ...)                                                \
	{                                                                                          \
		.name = key, .type = kind, .offset = offsetof(struct dm_bound, conf.member),       \
		.def = default_, .reload = true, .help = text, __VA_ARGS__                         \
	}
#define RANGE(low, high) .min = low, .max = high

const struct cf_opt dm_options[] = {
	ROW("job_name", CF_STR, job_name, "",
	    "name in logs; default: the server's and the section's"),
	ROW("logfile", CF_FILE, logfile, "", "log file; empty: stderr"),
	ROW("log_size", CF_SIZE, log_size, "10M", "rotate the log above this size"),
	ROW("log_count", CF_INT, log_count, "3", "rotated logs kept", RANGE(0, 99)),
	ROW("stats-period", CF_MSEC, stats_period, "30", "seconds between statistics in the log",
	    RANGE(1000, 86400000)),
	ROW("cc-socket", CF_LIST, cc_socket, "ipc:///run/ccfed/cc.sock, tcp://127.0.0.1:22632",
	    "where the server listens; default: as [ccserver]; ipc is preferred"),
	ROW("cc-realm", CF_STR, realm, "", "realm of the server; default: as [ccserver]"),
	ROW("cms-keystore", CF_FILE, cms_keystore, "",
	    "folder with NAME.crt and private/NAME.key; this and all cms-*: default as [ccserver]"),
	ROW("cms-verify-ca", CF_LIST, cms_verify_ca, "",
	    "CAs whose signers may answer; empty: no check"),
	ROW("cms-crl", CF_LIST, cms_crl, "",
	    "CRLs, one for each CA; empty: revocation is not checked"),
	ROW("cms-sign", CF_LIST, cms_sign, "",
	    "keys to sign with: the first that is valid is used"),
	ROW("cms-encrypt", CF_LIST, cms_encrypt, "", "certificates to encrypt to"),
	ROW("cms-decrypt", CF_LIST, cms_decrypt, "",
	    "keys to decrypt with; everything must be encrypted"),
	ROW("cms-cipher", CF_CHOICE, cms_cipher, "aes-256-gcm",
	    "content cipher when encrypting; old peers read only CBC", .choices = ciphers),
	ROW("cms-compat", CF_CHOICE, cms_compat, "",
	    "hots-cc: accept what its programs send, on their prefixes", .choices = compats),
	ROW("cms-time-window", CF_INT, window, "-1",
	    "seconds an answer may be old; 0: any; -1: 300 with cms-verify-ca, else any",
	    RANGE(-1, 86400)),
	ROW("cms-time-ahead", CF_INT, window_ahead, "2", "seconds an answer may be ahead",
	    RANGE(0, 86400)),
	ROW("zmq_hwm", CF_INT, zmq_hwm, "100", "messages that wait for a slow server",
	    RANGE(1, 1000000)),
	ROW("zmq_linger", CF_INT, zmq_linger, "500", "ms to go on sending at the end",
	    RANGE(0, 60000)),
	{0},
};

int dm_conf_url(const struct dm_conf *conf, char url[DM_URL_MAX], struct cc_note *why)
{
	static const char *const any[] = {"tcp://*:", "tcp://0.0.0.0:", "tcp://[::]:", NULL};
	const char *from = conf->cc_socket.count ? conf->cc_socket.items[0] : "";

	for (size_t i = conf->cc_socket.count; i-- > 0;) {
		if (strncmp(conf->cc_socket.items[i], "ipc://", 6) == 0)
			from = conf->cc_socket.items[i];
	}
	if (strlen(from) >= DM_URL_MAX - strlen("127.0.0.1"))
		return cc_note_set(why, CC_EINVAL, "cc-socket: an endpoint is too long");
	snprintf(url, DM_URL_MAX, "%s", from);
	for (size_t i = 0; any[i]; i++) {
		if (strncmp(from, any[i], strlen(any[i])) == 0)
			snprintf(url, DM_URL_MAX, "tcp://127.0.0.1:%s", from + strlen(any[i]));
	}
	return cc_sock_check(url, why);
}

void dm_conf_keystore(const struct dm_conf *conf, struct cc_keystore_conf *out)
{
	*out = (struct cc_keystore_conf){
		.dir = conf->cms_keystore,
		.verify = &conf->cms_verify_ca,
		.crl = &conf->cms_crl,
		.sign = &conf->cms_sign,
		.encrypt = &conf->cms_encrypt,
		.decrypt = &conf->cms_decrypt,
		/* programs of hots-cc read only CBC */
		.cipher = conf->cms_compat && conf->cms_cipher == CC_CIPHER_AES256_GCM
				  ? CC_CIPHER_AES128_CBC
				  : (enum cc_cipher)conf->cms_cipher,
	};
}

void dm_conf_gate(const struct dm_conf *conf, struct cc_gate_conf *out)
{
	int64_t window = conf->window;

	if (window < 0)
		window = conf->cms_verify_ca.count ? 300 : 0;
	*out = (struct cc_gate_conf){
		.window_back_ms = window * 1000,
		.window_ahead_ms = conf->window_ahead * 1000,
		.compat = conf->cms_compat != 0,
		.signer_cache = SIGNERS,
		.realm = conf->realm,
	};
}

static void print_line(void *arg, const char *text)
{
	(void)arg;
	puts(text);
}

void dm_conf_sample(const struct dm_daemon *d)
{
	printf("# cc-%s: %s\n[d:%s]\n", d->name, d->help, d->name);
	if (d->options)
		cf_opt_print(d->options, print_line, NULL);
	cf_opt_print(dm_options, print_line, NULL);
	if (!d->parts)
		return;
	printf("\n# %s\n[%s]\n", d->parts->help, d->parts->sample);
	cf_opt_print(d->parts->options, print_line, NULL);
}
