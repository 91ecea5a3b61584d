/* SPDX-License-Identifier: ISC */
/* Reading a daemon's configuration. */
#include <stdio.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/util.h"
#include "lib/daemon/conf.h"

/*
 * What a daemon has from [ccserver] unless it says otherwise; what only the server knows stays
 * there.
 */
static bool inherited(const char *key)
{
	if (strcmp(key, "cc-socket") != 0 && strcmp(key, "cc-realm") != 0 &&
	    strncmp(key, "cms-", 4) != 0)
		return false;
	for (const struct cf_opt *o = dm_options; o->name; o++) {
		if (strcmp(o->name, key) == 0)
			return true;
	}
	return false;
}

/* What others read in a daemon's section: jobmgr, and programs of hots-cc. */
static const char *const skipped[] = {
	"daemon",
	"module",
	"script",
	"command",
	"user",
	"memory-limit",
	"watchdog-formula-a",
	"watchdog-formula-b",
	"watchdog-formula-cap",
	"watchdog-reset",
	"stop-grace",
	"heartbeat-timeout",
	"start-timeout",
	"max-log-rate",
	"pidfile",
	"use_skylog",
	"service_name",
	"host_name",
	"config_dir",
	"config_file",
	NULL,
};

/* It stands on the line of the section's own head, where no option can. */
bool dm_entry_injected(const struct cf_section *s, const struct cf_entry *e)
{
	return e->file == s->file && e->line == s->line;
}

/* Whether the daemon's section says this itself. */
static const struct cf_entry *said(const struct cf_section *own, const char *key)
{
	const struct cf_entry *e = cf_section_find(own, key);

	return e && !e->from_default && !dm_entry_injected(own, e) ? e : NULL;
}

int dm_section_merge(const struct cf_section *own, const struct cf_section *server,
		     struct cf_section *out)
{
	size_t room = own->count + (server ? server->count : 0);

	*out = *own;
	out->count = 0;
	out->entries = calloc(room + 1, sizeof(*out->entries));
	if (!out->entries)
		return cc_raise(CC_ENOMEM);
	for (size_t i = 0; i < own->count; i++) {
		const struct cf_entry *e = &own->entries[i];

		/*
		 * a name for the server's logs, from [DEFAULT] or the file's name, is not the
		 * daemon's
		 */
		if (strcmp(e->key, "job_name") == 0 && !said(own, e->key))
			continue;
		if (server && inherited(e->key) && !said(own, e->key) &&
		    cf_section_find(server, e->key))
			continue;
		out->entries[out->count++] = *e;
	}
	for (size_t i = 0; server && i < server->count; i++) {
		if (inherited(server->entries[i].key) && !said(own, server->entries[i].key))
			out->entries[out->count++] = server->entries[i];
	}
	return 0;
}

/*
 * The daemon's table with offsets from the start of struct dm_bound, so that one cf_bind knows all
 * options.
 */
static struct cf_opt *move_table(const struct cf_opt *table)
{
	struct cf_opt *moved;
	size_t n = 0;

	while (table && table[n].name)
		n++;
	moved = calloc(n + 1, sizeof(*moved));
	for (size_t i = 0; moved && i < n; i++) {
		moved[i] = table[i];
		moved[i].offset += offsetof(struct dm_bound, state);
	}
	return moved;
}

static void warn_option(void *arg, const struct cf_entry *entry, const char *text)
{
	(void)arg;
	cc_warn("%s:%d: %s: %s", entry->file, entry->line, entry->key, text);
}

/* SERVER.SECTION, as hots-cc names its jobs. */
static int name_job(struct dm_bound *b, const struct cf_section *own,
		    const struct cf_section *server)
{
	const char *of = server ? cf_section_get(server, "job_name") : NULL;

	if (*b->conf.job_name)
		return 0;
	if (!of)
		of = cf_section_get(own, "job_name");
	free(b->conf.job_name);
	if (asprintf(&b->conf.job_name, "%s.%s", of ? of : "ccserver", own->name) < 0) {
		b->conf.job_name = NULL;
		return cc_raise(CC_ENOMEM);
	}
	return 0;
}

static int bind_all(struct dm_bound *b, const char *section, struct cc_note *why)
{
	const struct cf_opt *const tables[] = {dm_options, b->own, NULL};
	const struct cf_section *own = cf_ini_section(b->ini, section);
	const struct cf_section *server = cf_ini_section(b->ini, "ccserver");
	struct cf_section merged;
	int r = dm_section_merge(own, server, &merged);

	if (r)
		return r;
	r = cf_bind(&merged, tables, skipped, cf_ini_legacy(b->ini), b, warn_option, NULL, why);
	free(merged.entries);
	if (!r)
		r = name_job(b, own, server);
	if (!r && b->daemon->parts)
		r = dm_parts_bind(b, warn_option, why);
	if (!r && b->conf.cms_encrypt.count && !b->conf.cms_sign.count)
		r = cc_note_set(why, CC_EINVAL,
				"cms-encrypt without cms-sign: messages are signed first");
	if (!r && b->conf.cms_decrypt.count && !b->conf.cms_verify_ca.count)
		r = cc_note_set(why, CC_EINVAL,
				"cms-decrypt without cms-verify-ca: what is decrypted must be "
				"signed by somebody");
	return r;
}

static int read_source(const struct dm_source *s, struct cf_ini **ini, struct cc_note *why)
{
	char text[128];
	int n;

	if (s->file)
		return cf_ini_read(s->file, s->section, s->overrides, s->n, ini, why);
	n = snprintf(text, sizeof(text), "[%s]\n", s->section);
	if (n < 0 || (size_t)n >= sizeof(text))
		return cc_note_set(why, CC_EINVAL, "the section's name is too long");
	return cf_ini_parse("(no file)", text, (size_t)n, s->section, s->overrides, s->n, ini, why);
}

int dm_bound_read(const struct dm_daemon *d, const struct dm_source *source, struct dm_bound **out,
		  struct cc_note *why)
{
	cc_cleanup(dm_bound_freep) struct dm_bound *b = calloc(1, sizeof(*b) + d->state_size);
	int r;

	if (!b)
		return cc_raise(CC_ENOMEM);
	b->daemon = d;
	b->own = move_table(d->options);
	if (!b->own)
		return cc_raise(CC_ENOMEM);
	r = read_source(source, &b->ini, why);
	if (!r)
		r = bind_all(b, source->section, why);
	if (!r && d->check)
		r = d->check(b->state, why);
	if (r)
		return r;
	*out = cc_steal(&b);
	return 0;
}

int dm_bound_load(struct dm_bound *b, struct cc_note *why)
{
	return b->daemon->load ? b->daemon->load(b->state, b->ini, why) : 0;
}

void dm_bound_free(struct dm_bound *b)
{
	if (!b)
		return;
	if (b->daemon && b->daemon->unload)
		b->daemon->unload(b->state);
	if (b->daemon && b->daemon->parts)
		dm_parts_unbind(b);
	if (b->own) {
		const struct cf_opt *const tables[] = {dm_options, b->own, NULL};

		cf_unbind(tables, b);
	}
	free(b->own);
	cf_ini_free(b->ini);
	free(b);
}

void dm_bound_freep(struct dm_bound **b)
{
	dm_bound_free(*b);
	*b = NULL;
}
