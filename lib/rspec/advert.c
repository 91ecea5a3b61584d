/* SPDX-License-Identifier: ISC */
#include "lib/rspec/advert.h"

#include <string.h>
#include <zlib.h>

#include "lib/base/util.h"
#include "lib/rspec/int.h"
#include "lib/xml/write.h"

#define NS_OPSTATE "http://www.geni.net/resources/rspec/ext/opstate/1"
#define NS_EMULAB "http://www.protogeni.net/resources/rspec/ext/emulab/1"
#define NS_HWINFO "https://doc.fed4fire.eu/rspec/ext/hwinfo/1"

static void put(struct cc_buf *out, const char *text)
{
	cc_buf_puts(out, text);
}

/* name="value", with a space before it. */
static void put_attribute(struct cc_buf *out, const char *name, const char *value)
{
	cc_buf_put(out, " ", 1);
	put(out, name);
	put(out, "=\"");
	xs_put_attribute(out, value, strlen(value));
	cc_buf_put(out, "\"", 1);
}

static void put_flag(struct cc_buf *out, const char *name, bool value)
{
	put_attribute(out, name, value ? "true" : "false");
}

/* ---- states ---- */

/* As the aggregate's table of states has them (docs/aggregate.md). */
static const char states[] =
	"<state name=\"geni_pending_allocation\"><wait type=\"geni_success\" "
	"next=\"geni_notready\"/><wait type=\"geni_failure\" next=\"geni_failed\"/>"
	"<description>The node makes the sliver.</description></state>"
	"<state name=\"geni_notready\"><action name=\"geni_start\" next=\"geni_configuring\">"
	"<description>Starts the sliver.</description></action>"
	"<description>The sliver is made, and does not run.</description></state>"
	"<state name=\"geni_configuring\"><wait type=\"geni_success\" next=\"geni_ready\"/>"
	"<wait type=\"geni_failure\" next=\"geni_failed\"/>"
	"<description>The sliver starts.</description></state>"
	"<state name=\"geni_ready\"><action name=\"geni_restart\" next=\"geni_configuring\">"
	"<description>Stops the sliver and starts it again.</description></action>"
	"<action name=\"geni_stop\" next=\"geni_stopping\"><description>Stops the sliver."
	"</description></action><description>The sliver runs.</description></state>"
	"<state name=\"geni_stopping\"><wait type=\"geni_success\" next=\"geni_notready\"/>"
	"<wait type=\"geni_failure\" next=\"geni_failed\"/>"
	"<description>The sliver ends.</description></state>"
	"<state name=\"geni_failed\"><description>The node could not do what it was told; "
	"geni_error says why.</description></state>";

int rs_ad_begin(const char *manager, const char *const *types, int64_t now, const char *note,
		struct cc_buf *out)
{
	put(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rspec xmlns=\"" RS_NS
		 "\" xmlns:xsi=\"" RS_NS_XSI "\" xmlns:emulab=\"" NS_EMULAB
		 "\" xsi:schemaLocation=\"" RS_NS " " RS_NS "/ad.xsd " NS_OPSTATE " " NS_OPSTATE
		 "/ad.xsd\" type=\"advertisement\" generated=\"");
	xs_put_time(out, now);
	put(out, "\">\n<rspec_opstate xmlns=\"" NS_OPSTATE "\"");
	put_attribute(out, "aggregate_manager_id", manager);
	put(out, " start=\"geni_notready\">");
	for (; *types; types++) {
		put(out, "<sliver_type");
		put_attribute(out, "name", *types);
		put(out, "/>");
	}
	put(out, states);
	put(out, "</rspec_opstate>\n");
	if (*note) {
		put(out, "<hardware_type_info xmlns=\"" NS_HWINFO
			 "\"><overview media-type=\"text/plain\">");
		xs_put_text(out, note, strlen(note));
		put(out, "</overview></hardware_type_info>\n");
	}
	return out->err;
}

/* ---- nodes ---- */

static void put_type(struct cc_buf *out, const struct rs_ad_type *type)
{
	put(out, "<sliver_type");
	put_attribute(out, "name", type->name);
	put(out, ">");
	for (const char *const *image = type->images; image && *image; image++) {
		put(out, "<disk_image");
		put_attribute(out, "name", *image);
		put(out, "/>");
	}
	put(out, "</sliver_type>");
}

static void put_location(struct cc_buf *out, const struct rs_ad_node *node)
{
	put(out, "<location");
	put_attribute(out, "country", node->country);
	if (*node->latitude)
		put_attribute(out, "latitude", node->latitude);
	if (*node->longitude)
		put_attribute(out, "longitude", node->longitude);
	put(out, "/>");
}

int rs_ad_node(const char *manager, const struct rs_ad_node *node, struct cc_buf *out)
{
	put(out, "<node");
	put_attribute(out, "component_id", node->component_id);
	put_attribute(out, "component_manager_id", manager);
	if (*node->component_name)
		put_attribute(out, "component_name", node->component_name);
	put_flag(out, "exclusive", node->exclusive);
	put(out, ">");
	for (const char *const *name = node->hardware; name && *name; name++) {
		put(out, "<hardware_type");
		put_attribute(out, "name", *name);
		cc_buf_printf(out, "><emulab:node_type type_slots=\"%u\"/></hardware_type>",
			      node->slots);
	}
	for (unsigned i = 0; i < node->n_types; i++)
		put_type(out, &node->types[i]);
	put(out, "<available");
	put_flag(out, "now", node->available);
	put(out, "/>");
	if (*node->country)
		put_location(out, node);
	put(out, "</node>\n");
	return out->err;
}

int rs_ad_end(struct cc_buf *out)
{
	return cc_buf_puts(out, "</rspec>\n");
}

/* ---- compressed ---- */

int rs_compress(const void *text, size_t len, int level, struct cc_buf *out)
{
	uLongf size = compressBound((uLong)len);
	cc_cleanup(cc_freep) uint8_t *packed = malloc(size);

	if (!packed || compress2(packed, &size, text, (uLong)len, level) != Z_OK)
		return cc_raise(CC_ENOMEM);
	return xs_put_base64(out, packed, size, 0);
}
