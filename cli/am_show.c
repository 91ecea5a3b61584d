/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <string.h>

#include "cli/am.h"
#include "cli/text.h"
#include "lib/base/file.h"
#include "lib/base/util.h"

const json_t *am_slivers_of(const json_t *value)
{
	return json_is_array(value) ? value : json_object_get(value, "geni_slivers");
}

int am_show_slivers(const json_t *slivers)
{
	struct cli_table t = {.heads = {"SLIVER", "ALLOCATION", "OPERATION", "EXPIRES", "ERROR"}};
	const json_t *s;
	char buf[32];
	size_t i;

	json_array_foreach(slivers, i, s)
	{
		cli_table_add(&t, "%s", cli_text_of(s, "geni_sliver_urn", buf));
		cli_table_add(&t, "%s", cli_text_of(s, "geni_allocation_status", buf));
		cli_table_add(&t, "%s", cli_text_of(s, "geni_operational_status", buf));
		cli_table_add(&t, "%s", cli_text_of(s, "geni_expires", buf));
		cli_table_add(&t, "%s", cli_text_of(s, "geni_error", buf));
	}
	return cli_table_print(&t) ? CLI_FAILED : CLI_OK;
}

void am_put_document(FILE *to, const char *text, size_t len)
{
	size_t done = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		/* C1 as UTF-8: two octets, the first of which stays */
		bool c1 = i > 0 && (unsigned char)text[i - 1] == 0xc2 && c >= 0x80 && c < 0xa0;

		if ((c >= ' ' && c != 0x7f && !c1) || c == '\n' || c == '\t' || c == '\r')
			continue;
		fwrite(text + done, 1, i - done - c1, to);
		fputc('?', to);
		done = i + 1;
	}
	fwrite(text + done, 1, len - done, to);
	if (len == 0 || text[len - 1] != '\n')
		fputc('\n', to);
}

int am_show_json(const json_t *value)
{
	if (json_is_object(value) || json_is_array(value)) {
		cli_print_json(value);
		return CLI_OK;
	}
	json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	putchar('\n');
	return CLI_OK;
}

int am_save(const struct am_args *a, const char *text)
{
	struct cc_note why = {0};
	int r = a->outfile ? cc_file_write(a->outfile, text, strlen(text), 0644, false, &why) : 0;

	return r ? cli_fail(a->user.cmd, &why, r) : -1;
}
