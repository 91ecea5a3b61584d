/* SPDX-License-Identifier: ISC */
#include "daemons/ambridge/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

#include "daemons/ambridge/conn.h"
#include "lib/base/limits.h"
#include "lib/base/log.h"
#include "lib/base/util.h"

/* Octets of the list of certificates that a client sends: what the bus takes, and their frames. */
#define CERT_LIST_MAX (CC_CERT_MAX + 2048)

static int slot = -1; /* of struct ab_conn in an SSL */

/* ---- a handshake ---- */

static void forget(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	/* else OpenSSL forgets the session, as TLS 1.0 wanted where no close_notify has come */
	SSL_set_shutdown(parent, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	if (ptr)
		ab_conn_free(ptr);
}

struct ab_conn *ab_tls_conn(const SSL *ssl)
{
	return ssl ? SSL_get_ex_data(ssl, slot) : NULL;
}

/* The certificates of a full handshake: all of them, the client's own first. */
static int on_certificates(X509_STORE_CTX *ctx, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct ab_conn *conn = ab_tls_conn(ssl);
	X509 *leaf = X509_STORE_CTX_get0_cert(ctx);
	STACK_OF(X509) *others = sk_X509_dup(X509_STORE_CTX_get0_untrusted(ctx));
	int rule = -CC_EINTERNAL;

	if (others && sk_X509_num(others) > 0 && sk_X509_value(others, 0) == leaf)
		sk_X509_shift(others);
	if (conn)
		rule = ab_conn_certificates(conn, leaf, others);
	sk_X509_free(others);
	X509_STORE_CTX_set_error(ctx, rule ? ab_judge_alert(rule) : X509_V_OK);
	return rule == 0;
}

/* What OpenSSL has noted of the failure that an alert tells. */
static const char *failure(int alert)
{
	unsigned long e = ERR_peek_last_error();
	const char *text = e ? ERR_reason_error_string(e) : NULL;

	return text ? text : SSL_alert_desc_string_long(alert);
}

/* The client has gone away; OpenSSL 3 says so to the other end, which is not there. */
static bool is_end(void)
{
	return ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

static void on_info(const SSL *ssl, int where, int ret)
{
	struct ab_conn *conn = ab_tls_conn(ssl);

	if (!conn)
		return;
	if (where & SSL_CB_HANDSHAKE_DONE)
		ab_conn_handshaken(conn);
	else if (where == SSL_CB_WRITE_ALERT && (ret >> 8) == SSL3_AL_FATAL && !is_end())
		ab_conn_refused(conn, failure(ret));
	else if (where == SSL_CB_READ_ALERT && (ret & 0xff) != SSL_AD_CLOSE_NOTIFY)
		ab_conn_alerted(conn, SSL_alert_desc_string_long(ret));
}

SSL *ab_tls_open(struct ab_tls *t, struct ab_conn *conn)
{
	SSL *ssl = SSL_new(t->ctx);

	if (ssl && SSL_set_ex_data(ssl, slot, conn) != 1) {
		SSL_free(ssl);
		ssl = NULL;
	}
	if (!ssl)
		ERR_clear_error();
	return ssl;
}

void ab_tls_bye(SSL *ssl)
{
	if (SSL_is_init_finished(ssl))
		SSL_shutdown(ssl);
	ERR_clear_error();
}

/* ---- what it stands on ---- */

static int read_failed(const char *what, const char *path, struct cc_note *why)
{
	unsigned long e = ERR_peek_last_error();
	const char *text = e ? ERR_reason_error_string(e) : NULL;

	cc_note_set(why, CC_EFORMAT, "%s = %.160s: %s", what, path, text ? text : "not read");
	ERR_clear_error();
	return -CC_EFORMAT;
}

static int check_file(const char *what, const char *path, bool secret, struct cc_note *why)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return cc_note_set(why, errno == ENOENT ? CC_ENOTFOUND : CC_ESYS, "%s = %.160s: %s",
				   what, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return cc_note_set(why, CC_EINVAL, "%s = %.160s: no file", what, path);
	if (secret && (st.st_mode & (S_IWGRP | S_IWOTH)))
		return cc_note_set(why, CC_EDENIED,
				   "%s = %.160s can be written by others: chmod go-w", what, path);
	if (secret && (st.st_mode & S_IROTH))
		cc_warn("%s = %s can be read by everybody: chmod o-r", what, path);
	return 0;
}

/* A key with a passphrase is refused: OpenSSL would ask the terminal, and everything would wait. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
	return -1;
}

static int load_certificate(SSL_CTX *ctx, const struct ab_tls_conf *conf, struct cc_note *why)
{
	int r = check_file("certificate", conf->certificate, false, why);

	if (!r)
		r = check_file("key", conf->key, true, why);
	if (r)
		return r;
	ERR_clear_error();
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	if (SSL_CTX_use_certificate_chain_file(ctx, conf->certificate) != 1)
		return read_failed("certificate", conf->certificate, why);
	if (SSL_CTX_use_PrivateKey_file(ctx, conf->key, SSL_FILETYPE_PEM) != 1)
		return read_failed("key", conf->key, why);
	if (SSL_CTX_check_private_key(ctx) != 1)
		return read_failed("key", conf->key, why);
	return 0;
}

static void set_sessions(SSL_CTX *ctx, const struct ab_tls_conf *conf)
{
	unsigned char id[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	/* without a context of its own no session of a client with a certificate is resumed at all */
	if (EVP_Digest(conf->name, strlen(conf->name), id, &len, EVP_sha256(), NULL) == 1)
		SSL_CTX_set_session_id_context(ctx, id, len);
	SSL_CTX_set_session_cache_mode(ctx,
				       conf->sessions ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_OFF);
	if (conf->sessions) /* 0 would be: without a bound */
		SSL_CTX_sess_set_cache_size(ctx, (long)conf->sessions);
	SSL_CTX_set_timeout(ctx, AB_SESSION_SECONDS);
	/* with SSL_OP_NO_TICKET a ticket of TLS 1.3 only names a session that is kept here */
	SSL_CTX_set_num_tickets(ctx, conf->sessions ? 1 : 0);
}

static int set_up(SSL_CTX *ctx, const struct ab_tls_conf *conf, struct cc_note *why)
{
	int mode = SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE;

	if (conf->clients == AB_TRUSTED)
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
		return cc_raise(CC_ECRYPTO);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_PRIORITIZE_CHACHA);
	/* an idle connection holds no buffers */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_max_cert_list(ctx, CERT_LIST_MAX);
	SSL_CTX_set_verify(ctx, mode, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, on_certificates, NULL);
	SSL_CTX_set_info_callback(ctx, on_info);
	set_sessions(ctx, conf);
	return load_certificate(ctx, conf, why);
}

int ab_tls_new(struct ab_tls **out, const struct ab_tls_conf *conf, struct cc_note *why)
{
	struct ab_tls *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return cc_raise(CC_ENOMEM);
	if (slot < 0)
		slot = SSL_get_ex_new_index(0, NULL, NULL, NULL, forget);
	t->refs = 1;
	t->clients = conf->clients;
	t->ctx = slot < 0 ? NULL : SSL_CTX_new(TLS_server_method());
	r = t->ctx ? set_up(t->ctx, conf, why) : cc_raise(CC_ENOMEM);
	if (!r)
		r = ab_judge_init(&t->judge, conf->roots, conf->crls, conf->rules, why);
	if (r) {
		ab_tls_unref(t);
		return r;
	}
	*out = t;
	return 0;
}

struct ab_tls *ab_tls_ref(struct ab_tls *t)
{
	t->refs++;
	return t;
}

void ab_tls_unref(struct ab_tls *t)
{
	if (!t || --t->refs > 0)
		return;
	SSL_CTX_free(t->ctx);
	ab_judge_deinit(&t->judge);
	free(t);
}

bool ab_tls_names(const struct ab_tls *t, const char *host, bool *cn)
{
	X509 *cert = SSL_CTX_get0_certificate(t->ctx);
	char text[256] = "";

	X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, text, sizeof(text));
	*cn = strcasecmp(text, host) == 0;
	return X509_check_host(cert, host, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1 ||
	       X509_check_ip_asc(cert, host, 0) == 1;
}

long ab_tls_sessions(const struct ab_tls *t)
{
	return SSL_CTX_sess_number(t->ctx);
}
