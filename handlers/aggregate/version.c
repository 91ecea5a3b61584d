/* SPDX-License-Identifier: ISC */
/* get_version: who the aggregate is and what it reads (spec geni-am 4, jfed 2). */
#include "handlers/aggregate/aggregate.h"
#include "version.h"

#define RSPEC "http://www.geni.net/resources/rspec/3"

/* All five keys are wanted, also where there is nothing to say. */
static json_t *rspec_version(const char *schema)
{
	return json_pack("[{s:s, s:s, s:s+, s:s, s:[]}]", "type", "GENI", "version", "3", "schema",
			 RSPEC "/", schema, "namespace", RSPEC, "extensions");
}

/*
 * geni_single_allocation is an int: the acceptance suite refuses a boolean. Slivers of a slice are
 * allocated in as many calls as one likes, and each can be dealt with by itself.
 */
json_t *agg_version(const struct aggregate *agg)
{
	return json_pack("{s:i, s:{s:s}, s:o, s:o, s:[{s:s, s:s}, {s:s, s:s}], s:i, s:s, s:[s], "
			 "s:s, s:s}",
			 "geni_api", 3, "geni_api_versions", "3", agg->url,
			 "geni_request_rspec_versions", rspec_version("request.xsd"),
			 "geni_ad_rspec_versions", rspec_version("ad.xsd"), "geni_credential_types",
			 "geni_type", "geni_sfa", "geni_version", "2", "geni_type", "geni_sfa",
			 "geni_version", "3", "geni_single_allocation", 0, "geni_allocate",
			 "geni_many", "geni_am_type", "ccfed", "geni_am_code", CCFED_VERSION, "urn",
			 agg->urn);
}
