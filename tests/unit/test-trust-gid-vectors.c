/* SPDX-License-Identifier: ISC */
/* The recorded GIDs, read as those who made them meant them. */
#include <jansson.h>
#include <stdio.h>

#include "lib/base/file.h"
#include "tests/unit/gidkit.h"

#define VECTORS TEST_DATA "/../../../shared/vectors/"
#define FILE_MAX (1u << 20)

static char *load(const char *path, size_t *len)
{
	struct cc_note why = {0};
	char *text = NULL;

	if (cc_file_read(path, FILE_MAX, &text, len, &why) != 0)
		fail_msg("%s", why.text);
	return text;
}

static void read_vector(const char *folder, const char *file, struct tr_gids *gids)
{
	struct cc_note why = {0};
	char path[512], *text;
	size_t len;

	snprintf(path, sizeof(path), VECTORS "%s/%s", folder, file);
	text = load(path, &len);
	if (read_text(text, len, gids, &why) != 0)
		fail_msg("%s: %s", file, why.text);
	free(text);
}

static json_t *load_index(const char *folder)
{
	char path[512];
	json_t *index;

	snprintf(path, sizeof(path), VECTORS "%s/index.json", folder);
	index = json_load_file(path, 0, NULL);
	if (!index)
		skip();
	return index;
}

/* The GIDs; the other files of 2019 are XML. */
static void reads_vectors_of_2019(void **state)
{
	json_t *index = load_index("sfa/sfa2019"), *entry;
	size_t i, n = 0;

	json_array_foreach(json_object_get(index, "vectors"), i, entry)
	{
		cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
		const char *file = json_string_value(json_object_get(entry, "file"));

		if (strcmp(json_string_value(json_object_get(entry, "kind")), "gid") != 0)
			continue;
		read_vector("sfa/sfa2019", file, &gids);
		n++;
		assert_string_equal(gids.items[0]->hrn,
				    json_string_value(json_object_get(entry, "hrn")));
		assert_string_equal(gids.items[0]->urn,
				    json_string_value(json_object_get(entry, "urn")));
		assert_int_equal(gids.items[0]->version, 3);
		assert_int_equal(gids.items[0]->digest, TR_DIGEST_SHA2);
		assert_true(gids.items[0]->key_good);
		assert_false(gids.items[0]->odd);
	}
	assert_int_equal(n, 16);
	json_decref(index);
}

/* Every file is certificates: GIDs have names, credentials and tickets only their text. */
static void reads_vectors_of_2008(void **state)
{
	json_t *index = load_index("sfa/geni2008"), *entry;
	size_t i, n = 0;

	json_array_foreach(json_object_get(index, "vectors"), i, entry)
	{
		cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
		const char *hrn = json_string_value(json_object_get(entry, "hrn"));
		const char *uuid = json_string_value(json_object_get(entry, "uuid"));
		bool gid = strcmp(json_string_value(json_object_get(entry, "kind")), "GID") == 0;
		const struct tr_gid *g;

		read_vector("sfa/geni2008", json_string_value(json_object_get(entry, "file")),
			    &gids);
		n++;
		g = gids.items[0];
		assert_non_null(g->params);
		assert_string_equal(g->urn, "");
		assert_string_equal(g->hrn, gid ? hrn : "");
		assert_string_equal(g->uuid, gid ? uuid : "");
		assert_int_equal(g->version, 1);
		assert_int_equal(g->digest, TR_DIGEST_MD5);
		assert_int_equal(g->rsa_bits, 1024);
		assert_false(g->key_good || g->has_basic || g->ca || g->odd || g->names_twice);
	}
	assert_int_equal(n, 26);
	json_decref(index);
}

#define GCF TP_IDN "geni:gpo:gcf"
static const struct {
	const char *file, *urn, *hrn, *uuid, *email;
	size_t count;
} gcf[] = {
	{"alice", GCF "+user+alice", "geni.gpo.gcf.alice", "d7ea3a84-ccb2-410a-bb36-5615b0795f69",
	 "alice@example.net", 2},
	{"am", GCF ":am1+authority+am", "geni.gpo.gcf.am1", "0637de18-588c-41e4-a062-c7e675591854",
	 "", 2},
	{"bob", GCF "+user+bob", "geni.gpo.gcf.bob", "e0eda282-08ee-404b-b41a-b710acfda427",
	 "bob@example.net", 2},
	{"carol", GCF "+user+carol", "geni.gpo.gcf.carol", "e8486aa8-4ca8-4e80-95fa-2fcd0b2a698d",
	 "carol@example.net", 2},
	{"ch", GCF "+authority+sa", "geni.gpo.gcf", "71b7a889-210f-4088-b6c4-5dc691c6d7be", "", 1},
	{"dave", GCF ":proj1+user+dave", "geni.gpo.gcf.proj1.dave",
	 "22222222-2222-4222-8222-222222222222", "dave@example.net", 3},
	{"eve-outofns", GCF "+user+eve", "geni.gpo.gcf.eve", "55555555-5555-4555-8555-555555555555",
	 "e@example.net", 3},
	{"mallory", GCF "+user+alice", "geni.gpo.gcf.alice", "44444444-4444-4444-8444-444444444444",
	 "m@example.net", 2},
	{"portal", GCF "+tool+portal-gpo", "geni.gpo.gcf.portal-gpo",
	 "0f5c2eac-8561-4971-9b33-9a8da30572ce", "portal@example.net", 2},
	{"proj1", GCF ":proj1+authority+sa", "geni.gpo.gcf.proj1",
	 "11111111-1111-4111-8111-111111111111", "", 2},
	{"rogue", TP_IDN "rogue:net+authority+sa", "rogue.net",
	 "33333333-3333-4333-8333-333333333333", "", 1},
	{"slice-goldslice", GCF "+slice+goldslice", "geni.gpo.gcf.goldslice", "", "", 2},
	{"zed-nonca", GCF "+user+zed", "geni.gpo.gcf.zed", "66666666-6666-4666-8666-666666666666",
	 "z@example.net", 3},
};

static void reads_vectors_of_gcf(void **state)
{
	json_decref(load_index("sfa/sfa2019")); /* skips where there are no vectors */
	for (size_t i = 0; i < CC_ARRAY_SIZE(gcf); i++) {
		cc_cleanup(tr_gids_deinit) struct tr_gids gids = {0};
		char file[64];

		snprintf(file, sizeof(file), "%s-cert.pem", gcf[i].file);
		print_message("# %s\n", file);
		read_vector("geni-am/certs", file, &gids);
		assert_int_equal(gids.count, gcf[i].count);
		assert_string_equal(gids.items[0]->urn, gcf[i].urn);
		assert_string_equal(gids.items[0]->hrn, gcf[i].hrn);
		assert_string_equal(gids.items[0]->uuid, gcf[i].uuid);
		assert_string_equal(gids.items[0]->email, gcf[i].email);
		assert_true(gids.items[0]->key_good);
		assert_false(gids.items[0]->odd);
	}
}

/* The keyid of a speaks-for statement, and the subjectKeyIdentifier of the tool. */
static void names_keys_as_speaks_for_does(void **state)
{
	cc_cleanup(tr_gids_deinit) struct tr_gids carol = {0}, portal = {0};
	char *text, want[64];
	size_t len;

	json_decref(load_index("sfa/sfa2019"));
	read_vector("geni-am/certs", "carol-cert.pem", &carol);
	read_vector("geni-am/certs", "portal-cert.pem", &portal);
	assert_string_equal(portal.items[0]->key_id, "dd78c96f5b28fdcd4b3731ef188bbf310a08165a");
	text = load(VECTORS "geni-am/creds/carol-speaksfor-portal.xml", &len);
	snprintf(want, sizeof(want), "<keyid>%s</keyid>", carol.items[0]->key_id);
	assert_non_null(strstr(text, want));
	snprintf(want, sizeof(want), "<keyid>%s</keyid>", portal.items[0]->key_id);
	assert_non_null(strstr(text, want));
	free(text);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(reads_vectors_of_2019),
	cmocka_unit_test(reads_vectors_of_2008),
	cmocka_unit_test(reads_vectors_of_gcf),
	cmocka_unit_test(names_keys_as_speaks_for_does),
};

TEST_MAIN(tests)
