/* SPDX-License-Identifier: ISC */
/* The two documents that jFed's developers want (spec jfed 3). */
#include <string.h>

#include "cli/jfed.h"
#include "lib/base/buf.h"
#include "lib/base/util.h"
#include "lib/xml/write.h"
#include "version.h"

static const char *name_of(const struct jfed_testbed *t)
{
	return t->name ? t->name : t->authority;
}

static json_t *flags_of(const struct jfed_testbed *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->n_flags && list; i++)
		if (json_array_append_new(list, json_string(t->flags[i])) != 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

static json_t *server_of(const struct jfed_testbed *t)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:[{s:s, s:s, s:s, s:s, s:s}], s:s, s:s}",
			 "name", name_of(t), "certificateChain", t->certificates, "urnTld",
			 t->authority, "baseUrl", t->base, "flags", flags_of(t), "services", "api",
			 "Geni.AM", "apiVersion", "3", "url", t->url, "urn", t->urn, "@type",
			 "Service", "defaultComponentManagerUrn", t->urn, "@type", "Server");
}

json_t *jfed_json(const struct jfed_testbed *t)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:b, s:[o], s:s}", "id", t->id, "longName",
			      name_of(t), "defaultComponentManagerUrn", t->urn, "allowLinks",
			      t->links, "servers", server_of(t), "@type", "Testbed");
	json_t *gdpr;

	if (!o || !t->terms)
		return o;
	/* "grpdUrl" is how jFed spells it */
	gdpr = json_pack("{s:s, s:i, s:s, s:s, s:s}", "grpdUrl", t->terms, "acceptPeriodInDays",
			 365, "acceptSubject", "USER", "version", "1", "@type", "GDPRInfo");
	if (json_object_set_new(o, "gdprInfo", gdpr) != 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* ---- the questionnaire ---- */

/* What only an operator knows, in the order of the list. */
static const char *const questions[] = {"icon",
					"organisation",
					"country",
					"latitude",
					"longitude",
					"supports_disk_images",
					"requires_disk_images",
					"supports_component_id",
					"requires_component_id",
					"supports_hardware_types",
					"requires_hardware_types",
					"supports_stitched_links",
					"testbed_info_url",
					"testbed_documentation_url",
					"web_ui_url",
					"primary_contact",
					"technical_contact",
					"gdpr_contact",
					"admin_urns",
					"terms_accepted_per",
					"terms_valid_days"};

bool jfed_has_question(const char *key)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(questions); i++)
		if (strcmp(questions[i], key) == 0)
			return true;
	return false;
}

/* One node of the kind that every aggregate has a word for. */
static json_t *example(const struct jfed_testbed *t)
{
	cc_cleanup(cc_buf_deinit) struct cc_buf b = CC_BUF_INIT(4096);

	cc_buf_puts(&b, "<rspec xmlns=\"http://www.geni.net/resources/rspec/3\" type=\"request\" "
			"xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
			"xsi:schemaLocation=\"http://www.geni.net/resources/rspec/3 "
			"http://www.geni.net/resources/rspec/3/request.xsd\">"
			"<node client_id=\"node0\" component_manager_id=\"");
	xs_put_attribute(&b, t->urn, strlen(t->urn));
	cc_buf_puts(&b, "\" exclusive=\"false\"><sliver_type name=\"default-vm\"/></node></rspec>");
	return b.err ? NULL : json_stringn((char *)b.data, b.len);
}

static int put_questions(json_t *o, const json_t *answers)
{
	for (size_t i = 0; i < CC_ARRAY_SIZE(questions); i++) {
		const json_t *said = json_object_get(answers, questions[i]);

		if (said ? json_object_set(o, questions[i], (json_t *)said)
			 : json_object_set_new(o, questions[i], json_null()))
			return -1;
	}
	return 0;
}

json_t *jfed_questionnaire(const struct jfed_testbed *t, const json_t *answers)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:s?, s:b}", "am_url", t->url,
			      "am_urn", t->urn, "display_name", name_of(t), "example_request_rspec",
			      example(t), "server_certificate", t->certificates, "am_software",
			      "ccfed " CCFED_VERSION, "terms_and_conditions_url", t->terms,
			      "supports_links", t->links);

	if (o && put_questions(o, answers) != 0) {
		json_decref(o);
		return NULL;
	}
	return o;
}
