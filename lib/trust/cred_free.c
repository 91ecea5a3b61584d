/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "lib/trust/cred_int.h"
#include "lib/xml/doc.h"

void tr_cred_free(struct tr_cred *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++)
		tr_level_deinit(&c->levels[i]);
	xs_doc_free(c->doc);
	free(c);
}

void tr_cred_freep(struct tr_cred **c)
{
	tr_cred_free(*c);
	*c = NULL;
}
