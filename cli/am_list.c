/* SPDX-License-Identifier: ISC */
/* ccfed am getversion, listresources: what there is. */
#include <stdio.h>
#include <string.h>

#include "cli/am.h"
#include "cli/text.h"
#include "lib/base/util.h"

static void put_list(const char *head, const json_t *list, const char *a, const char *b)
{
	const json_t *o;
	char buf[2][32];
	size_t i;

	printf("%s", head);
	json_array_foreach(list, i, o)
	{
		fputs(i ? ", " : "", stdout);
		cli_put(stdout, cli_text_of(o, a, buf[0]));
		fputs(" ", stdout);
		cli_put(stdout, cli_text_of(o, b, buf[1]));
	}
	putchar('\n');
}

static int show_version(const json_t *value)
{
	json_t *url, *urls = json_object_get(value, "geni_api_versions");
	const char *version;
	char buf[32];

	fputs("urn:          ", stdout);
	cli_put(stdout, cli_text_of(value, "urn", buf));
	fputs("\ncode:         ", stdout);
	cli_put(stdout, cli_text_of(value, "geni_am_code", buf));
	putchar('\n');
	json_object_foreach(urls, version, url)
	{
		fputs("API ", stdout);
		cli_put(stdout, version);
		fputs(":        ", stdout);
		cli_put(stdout, json_is_string(url) ? json_string_value(url) : "-");
		putchar('\n');
	}
	put_list("requests:     ", json_object_get(value, "geni_request_rspec_versions"), "type",
		 "version");
	put_list("ads:          ", json_object_get(value, "geni_ad_rspec_versions"), "type",
		 "version");
	put_list("credentials:  ", json_object_get(value, "geni_credential_types"), "geni_type",
		 "geni_version");
	return CLI_OK;
}

int cli_am_getversion(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {AM_URL, CLI_USER_OPTIONS, {0}};
	struct am_args a = {.user.cmd = cmd};
	json_t *value = NULL;
	int r = am_parse(&a, options, argc, argv);

	if (r < 0 && argc != optind)
		r = cli_usage(cmd, "no argument is wanted");
	if (r < 0)
		r = am_begin(&a);
	if (r < 0)
		r = am_ask(&a, "am.get_version", AM_NEED_NONE, json_object(), &value);
	if (r < 0)
		r = a.user.json ? am_show_json(value) : show_version(value);
	json_decref(value);
	am_deinit(&a);
	return r;
}

static int show_advertisement(const struct am_args *a, const json_t *value)
{
	const char *text = json_string_value(value);
	struct cc_note why = {0};
	int r;

	if (!text) {
		cc_note_set(&why, CC_EFORMAT, "what the server sent is no advertisement");
		return cli_fail(a->user.cmd, &why, -CC_EFORMAT);
	}
	r = am_save(a, text);
	if (r >= 0)
		return r;
	if (a->user.json)
		return am_show_json(value);
	if (!a->outfile)
		am_put_document(stdout, text, json_string_length(value));
	return CLI_OK;
}

int cli_am_listresources(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {{"available", no_argument, NULL, AM_OPT_AVAILABLE},
						AM_COMPRESSED,
						AM_OUTFILE,
						AM_CREDENTIAL,
						AM_URL,
						CLI_USER_OPTIONS,
						{0}};
	struct am_args a = {.user.cmd = cmd};
	json_t *value = NULL;
	int r = am_parse(&a, options, argc, argv);

	if (r < 0 && argc != optind)
		r = cli_usage(cmd, "no argument is wanted");
	if (r < 0)
		r = am_begin(&a);
	if (r < 0)
		r = am_ask(&a, "am.list_resources", AM_NEED_SELF,
			   json_pack("{s:o}", "options", am_options(&a, true)), &value);
	if (r < 0)
		r = am_take_plain(&a, &value);
	if (r < 0)
		r = show_advertisement(&a, value);
	json_decref(value);
	am_deinit(&a);
	return r;
}
