/* SPDX-License-Identifier: ISC */
/* What a daemon's configuration is: as job.config tells it, and as a text to see changes by. */
#include <string.h>

#include "handlers/jobmgr/output.h"
#include "handlers/jobmgr/spec.h"
#include "lib/base/buf.h"
#include "lib/conf/ini.h"
#include "lib/cc/envelope.h"

static bool is_cms(const char *key)
{
	return strncmp(key, "cms-", 4) == 0;
}

/* Options of [ccserver] that a daemon takes over. */
static bool is_inherited(const char *key)
{
	return is_cms(key) || strcmp(key, "cc-socket") == 0 || strcmp(key, "cc-realm") == 0;
}

/* ---- job.config (spec cc-bus D0) ---- */

/* The first one stays. A key that is no UTF-8 has no place in JSON. */
static int put_default(json_t *config, const char *key, const char *value)
{
	json_t *name = json_string(key);

	if (!name || json_object_get(config, key)) {
		json_decref(name);
		return 0;
	}
	json_decref(name);
	return json_object_set_new(config, key, cc_json_text(value));
}

/* /run/local.pid -> /run/local.d:x.pid, as the original's usual template %(job_name)s.pid gives. */
static int put_pidfile(json_t *config, const char *server, const char *section)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(0);
	const char *slash = strrchr(server, '/');
	const char *dot = strrchr(slash ? slash : server, '.');
	size_t stem = dot ? (size_t)(dot - server) : strlen(server);

	cc_buf_put(&b, server, stem);
	cc_buf_printf(&b, ".%s%s", section, server + stem);
	return b.err ? -1 : put_default(config, "pidfile", (char *)b.data);
}

static int put_all(json_t *config, const struct job_source *from, const struct cf_section *section)
{
	const struct cf_section *server = cf_ini_section(from->ini, "ccserver");
	const char *pidfile = server ? cf_section_get(server, "pidfile") : NULL;
	cc_cleanup(cc_buf_deinit) struct cc_buf name = CC_BUF_INIT(0);
	int bad = cc_buf_printf(&name, "%s.%s", from->job_name, section->name);

	/* the section's own options stand before those of [DEFAULT] */
	for (size_t i = 0; i < section->count && !bad; i++)
		bad = put_default(config, section->entries[i].key, section->entries[i].value);
	for (size_t i = 0; server && i < server->count && !bad; i++)
		if (is_cms(server->entries[i].key))
			bad = put_default(config, server->entries[i].key, server->entries[i].value);
	if (!bad)
		bad = put_default(config, "use_skylog", "0") ||
		      put_default(config, "service_name", section->name) ||
		      put_default(config, "job_name", (char *)name.data);
	if (!bad && pidfile && *pidfile)
		bad = put_pidfile(config, pidfile, section->name);
	return bad;
}

json_t *job_config_new(const struct job_source *from, const struct cf_section *section)
{
	json_t *config = json_object();

	if (config && put_all(config, from, section) == 0)
		return config;
	json_decref(config);
	return NULL;
}

/* ---- changes ---- */

/* Length before octets: no value can look like two options. */
static void print_entry(struct cc_buf *b, const struct cf_entry *e)
{
	cc_buf_printf(b, "%zu:%s=%zu:%s\n", strlen(e->key), e->key, strlen(e->value), e->value);
}

char *job_config_print(const struct job_source *from, const struct cf_section *section,
		       char *const *argv)
{
	const struct cf_section *server = cf_ini_section(from->ini, "ccserver");
	const struct cf_section *servers = cf_ini_section(from->ini, "servers");
	cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(0);

	for (; *argv; argv++)
		cc_buf_printf(&b, "%zu:%s\n", strlen(*argv), *argv);
	for (size_t i = 0; i < section->count; i++)
		print_entry(&b, &section->entries[i]);
	cc_buf_puts(&b, "[ccserver]\n");
	for (size_t i = 0; server && i < server->count; i++)
		if (is_inherited(server->entries[i].key))
			print_entry(&b, &server->entries[i]);
	cc_buf_puts(&b, "[servers]\n");
	for (size_t i = 0; servers && i < servers->count; i++)
		print_entry(&b, &servers->entries[i]);
	return cc_buf_take(&b);
}
