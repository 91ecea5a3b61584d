/* SPDX-License-Identifier: ISC */
#pragma once
/*
 * What a daemon reads of its ccserver's file: section d:NAME, where cc-socket, cc-realm and the
 * cms-* options that it does not set come from [ccserver].
 */
#include "lib/cc/gate.h"
#include "lib/cc/keystore.h"
#include "lib/conf/ini.h"
#include "lib/conf/opt.h"
#include "lib/daemon/daemon.h"

/** Where the configuration comes from; borrowed. */
struct dm_source {
	const char *file;    /* NULL: an empty section, so that everything has its default */
	const char *section; /* "d:NAME" */
	const char *const *overrides; /* "K=V" of --set, n of them */
	size_t n;
};

/** The options that every daemon has. */
struct dm_conf {
	char *job_name, *logfile;
	uint64_t log_size;
	int64_t log_count, stats_period;
	struct cf_list cc_socket, cms_verify_ca, cms_crl, cms_sign, cms_encrypt, cms_decrypt;
	char *realm, *cms_keystore;
	int cms_cipher, cms_compat;
	int64_t window, window_ahead; /* seconds; window -1: see help */
	int64_t zmq_hwm, zmq_linger;
};

/** One reading of the file: the common options and the daemon's own, bound. */
struct dm_bound {
	const struct dm_daemon *daemon;
	struct cf_opt *own; /* the daemon's table, moved to where its state lies here */
	struct cf_ini *ini;
	unsigned char *parts; /* the array of descriptor.parts, n_parts of them; NULL: none */
	size_t n_parts;
	struct dm_conf conf;
	_Alignas(16) unsigned char state[]; /* of state_size */
};

/**
 * @return 0, or a negative error with why: "FILE:LINE: what is wrong". Freed with dm_bound_free.
 */
int dm_bound_read(const struct dm_daemon *d, const struct dm_source *source, struct dm_bound **out,
		  struct cc_note *why);
/** Has the daemon read what its options name. @return 0 or a negative error with why. */
int dm_bound_load(struct dm_bound *b, struct cc_note *why);
void dm_bound_free(struct dm_bound *b);
void dm_bound_freep(struct dm_bound **b);
/**
 * Moves what may change at a reload from fresh to live (and the old values to fresh). Of an option
 * that differs and may not, a line in the log says that it waits for the next start.
 */
void dm_bound_take(struct dm_bound *live, struct dm_bound *fresh);

/** The table of struct dm_conf. */
extern const struct cf_opt dm_options[];

/**
 * The daemon's section with what it inherits: entries are borrowed from both, out->entries is the
 * caller's (free). server may be NULL. @return 0, -CC_ENOMEM.
 */
int dm_section_merge(const struct cf_section *own, const struct cf_section *server,
		     struct cf_section *out);
/**
 * Binds the sections that the daemon's option lists, and tells its state where they are; dm_parts_unbind,
 * also after a failure. @return 0, -CC_EINVAL with why, -CC_ENOMEM.
 */
int dm_parts_bind(struct dm_bound *b, cf_warn_fn *warn, struct cc_note *why);
void dm_parts_unbind(struct dm_bound *b);
/** They change places, with the list that names them. */
void dm_parts_take(struct dm_bound *live, struct dm_bound *fresh);
/** Whether a value was put into the section by cf_ini_read and stands in no file. */
bool dm_entry_injected(const struct cf_section *s, const struct cf_entry *e);

#define DM_URL_MAX 256
/**
 * The endpoint to connect to, of those that the server listens on: the first ipc one, else the
 * first; the wildcard address is this host. @return 0, -CC_EINVAL with why.
 */
int dm_conf_url(const struct dm_conf *conf, char url[DM_URL_MAX], struct cc_note *why);
void dm_conf_keystore(const struct dm_conf *conf, struct cc_keystore_conf *out);
/** Without policy: whoever opens the gate adds it. */
void dm_conf_gate(const struct dm_conf *conf, struct cc_gate_conf *out);
/** Prints a sample section with every option of a daemon (--ini). */
void dm_conf_sample(const struct dm_daemon *d);
