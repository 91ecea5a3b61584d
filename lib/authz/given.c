/* SPDX-License-Identifier: ISC */
#include "lib/authz/given.h"

#include <strings.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

int az_given_check(const json_t *credentials, struct az_report *report)
{
	if (credentials && !json_is_null(credentials) && !json_is_string(credentials) &&
	    !json_is_array(credentials))
		return az_refuse(report, AZ_SHAPE, 0,
				 "Invalid credentials value: expected string or array");
	if (json_array_size(credentials) > AZ_CREDENTIALS_MAX)
		return az_refuse(report, AZ_SHAPE, 0,
				 "Invalid credentials value: more than " TEXT(AZ_CREDENTIALS_MAX));
	return 0;
}

size_t az_given_count(const json_t *credentials)
{
	return json_is_string(credentials) ? 1 : json_array_size(credentials);
}

const json_t *az_given_at(const json_t *credentials, size_t i)
{
	return json_is_string(credentials) ? credentials : json_array_get(credentials, i);
}

static struct cc_bytes bytes_of(const json_t *text)
{
	return (struct cc_bytes){(const uint8_t *)json_string_value(text),
				 json_string_length(text)};
}

int az_given_text(const json_t *item, const char *type, struct cc_bytes *out,
		  struct az_report *report)
{
	const json_t *of = json_object_get(item, "geni_type");
	const json_t *value = json_object_get(item, "geni_value");

	if (json_is_string(item)) {
		*out = bytes_of(item);
		return strcasecmp(type, "geni_sfa") == 0 ? 0 : AZ_GIVEN_OTHER;
	}
	if (!json_is_object(item))
		return az_refuse(report, AZ_SHAPE, 0, "Invalid credentials value: expected string");
	if (!json_is_string(of))
		return az_refuse(report, AZ_SHAPE, 0,
				 "Invalid credentials value: geni_type is no string");
	if (strcasecmp(json_string_value(of), type) != 0)
		return AZ_GIVEN_OTHER;
	if (!json_is_string(value))
		return az_refuse(report, AZ_SHAPE, 0,
				 "Invalid credentials value: geni_value is no string");
	*out = bytes_of(value);
	return 0;
}
