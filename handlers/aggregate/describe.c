/* SPDX-License-Identifier: ISC */
/* What is read: list_resources, describe, status. */
#include "handlers/aggregate/ad.h"
#include "handlers/aggregate/manifest.h"
#include "handlers/aggregate/work.h"
#include "lib/base/util.h"

int agg_list_resources(struct agg_call *c)
{
	bool available, packed;
	struct agg_text *text = NULL;
	int r;

	if (agg_option(c, "geni_slice_urn"))
		return agg_refuse(
			c, AGG_BADARGS,
			"geni_slice_urn: version 3 of the API describes slices by Describe");
	if ((r = agg_option_rspec(c)) || (r = agg_option_flag(c, "geni_available", &available)) ||
	    (r = agg_option_flag(c, "geni_compressed", &packed)) || (r = agg_allow(c)) ||
	    (r = agg_ad_get(c, available, &text)))
		return r;
	c->text = text;
	c->shared = (const char *)(packed ? text->packed.data : text->plain.data);
	c->shared_len = packed ? text->packed.len : text->plain.len;
	c->blob_key = "value";
	return 0;
}

/* {geni_urn, geni_slivers}. */
static int answer(struct agg_work *w)
{
	struct agg_call *c = w->call;
	json_t *list = agg_work_json(&w->found, false);

	json_decref(c->value);
	c->value = list ? json_pack("{s:s, s:o}", "geni_urn",
				    w->found.n ? w->found.items[0].slice_urn : c->slice_urn,
				    "geni_slivers", list)
			: NULL;
	return c->value ? 0 : cc_raise(CC_ENOMEM);
}

int agg_status(struct agg_call *c)
{
	struct agg_work w = {.call = c};
	int r = agg_work_begin(&w);

	if (!r)
		r = agg_work_read(&w);
	if (!r)
		r = answer(&w);
	agg_work_deinit(&w);
	return r;
}

int agg_describe(struct agg_call *c)
{
	struct agg_work w = {.call = c};
	int r = agg_option_rspec(c);

	if (!r)
		r = agg_work_begin(&w);
	if (!r)
		r = agg_work_read(&w);
	if (!r)
		r = answer(&w);
	if (!r)
		r = agg_manifest(c, &w.found, false);
	agg_work_deinit(&w);
	return r;
}
