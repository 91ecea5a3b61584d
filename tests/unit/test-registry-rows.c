/* SPDX-License-Identifier: ISC */
/* Records in the store: finding, listing, relations, versions, keys. */
#include "lib/registry/rows.h"

#include <stdio.h>

#include "tests/unit/storekit.h"

/* What a test does in one transaction. */
static void in_tx(struct kit *k, st_run_fn *run, void *arg)
{
	struct st_write w = {.deadline = kit_in(20), .run = run, .arg = arg};
	int r = st_write(k->s, &w, &k->why);

	if (r)
		fail_msg("%d %s", r, k->why.text);
}

#define OK(call)                                                                                   \
	do {                                                                                       \
		int ok_r = (call);                                                                 \
		if (ok_r) {                                                                        \
			print_message("# line %d: %d\n", __LINE__, ok_r);                          \
			return -CC_EINTERNAL;                                                      \
		}                                                                                  \
	} while (0)
#define IS(call, wanted) OK((call) == (wanted) ? 0 : 1)

static int add(struct st_tx *tx, int64_t id, const char *hrn, const char *type, uint8_t key,
	       bool *taken)
{
	struct rg_record r = {.id = id, .pointer = -1, .has_key = key != 0};
	struct rg_name n;
	bool other;

	if (rg_name_read(hrn, type, &n, NULL) != 0)
		return -CC_EINVAL;
	r.type = n.type;
	strcpy(r.name, n.name);
	strcpy(r.authority, n.authority);
	strcpy(r.hrn, n.hrn);
	strcpy(r.urn, n.urn);
	memset(r.key_hash, key, sizeof(r.key_hash));
	return rg_insert(tx, &r, taken ? taken : &other);
}

static int find(struct st_tx *tx, const char *name, enum rg_type type)
{
	struct rg_record r;
	int err = rg_find(tx, name, type, RG_WHOLE, &r);

	rg_record_deinit(&r);
	return err;
}

/* ---- finding ---- */

static int count_one(void *arg, const struct rg_record *r)
{
	++*(unsigned *)arg;
	return 0;
}

static int found(struct st_tx *tx, const char *text, const char *type)
{
	struct rg_name n;
	unsigned count = 0;

	if (rg_name_read(text, type, &n, NULL) != 0)
		return -CC_EINVAL;
	return rg_find_all(tx, &n, count_one, &count) ? -CC_EINTERNAL : (int)count;
}

static int run_find(struct st_tx *tx, void *arg)
{
	OK(add(tx, 1, "plc", "authority", 0, NULL));
	OK(add(tx, 2, "plc.x", "user", 0, NULL));
	OK(add(tx, 3, "plc.x", "slice", 0, NULL));
	OK(add(tx, 4, "plc.x", "authority", 0, NULL));
	OK(add(tx, 5, "plc.X", "node", 0, NULL));
	OK(add(tx, 6, "plc.N\\.Y", "node", 0, NULL));
	IS(find(tx, "plc.x", RG_USER), 0);
	IS(find(tx, "plc.X", RG_USER), -CC_ENOTFOUND);
	IS(find(tx, "plc.x", RG_NODE), -CC_ENOTFOUND);
	IS(find(tx, "plc.X", RG_NODE), 0);
	IS(find(tx, "plc.x' OR '1'='1", RG_USER), -CC_ENOTFOUND);
	IS(find(tx, "%", RG_USER), -CC_ENOTFOUND);
	IS(found(tx, "PLC.X", "user"), 1);
	IS(found(tx, "plc.x", NULL), 3);
	IS(found(tx, "plc.X", NULL), 4); /* so written it is the node, too */
	IS(found(tx, "Plc.X", "node"), 1);
	IS(found(tx, "plc.x", "node"), 0);
	IS(found(tx, "plc.N\\.Y", NULL), 1);
	IS(found(tx, "plc.n\\.y", NULL), 0);
	IS(found(tx, "plc.N.Y", NULL), 0);
	IS(found(tx, "plc.z", NULL), 0);
	return 0;
}

static void test_find(void **state)
{
	struct kit *k = kit_of(state);

	kit_open(k);
	in_tx(k, run_find, NULL);
}

/* ---- listing ---- */

struct page {
	char text[1024], last[TR_NAME_MAX + 16];
	int stop_at, count;
};

static int put_name(void *arg, const struct rg_record *r)
{
	struct page *p = arg;

	snprintf(p->text + strlen(p->text), sizeof(p->text) - strlen(p->text), "%s:%c ", r->name,
		 rg_type_word(r->type)[0]);
	snprintf(p->last, sizeof(p->last), "%s %s", r->name, rg_type_word(r->type));
	return ++p->count == p->stop_at ? 7 : 0;
}

static int list(struct st_tx *tx, const char *authority, bool recursive, unsigned limit,
		const char *wanted)
{
	char all[2048] = "";
	struct page p = {.last = ""};
	bool more = true;

	while (more) {
		char after[sizeof(p.last)];
		struct rg_page page = {authority, recursive, after, limit};

		strcpy(after, p.last);
		p.text[0] = 0;
		p.count = 0;
		OK(rg_list(tx, &page, put_name, &p, &more));
		IS(p.count <= (int)limit && (!more || p.count == (int)limit), true);
		strcat(all, p.text);
	}
	if (strcmp(all, wanted) != 0) {
		print_message("# %s\n# not %s\n", all, wanted);
		return -CC_EINTERNAL;
	}
	return 0;
}

static int run_list(struct st_tx *tx, void *arg)
{
	static const struct {
		const char *hrn, *type;
	} all[] = {{"plc", "authority"},	  {"plc.site", "authority"},
		   {"plc.site", "user"},	  {"plc.sitex", "authority"},
		   {"plc.site-a", "authority"},	  {"plc.site\\.x", "authority"},
		   {"plc.site.b", "user"},	  {"plc.site.b", "slice"},
		   {"plc.site.lab", "authority"}, {"plc.site.lab.n", "node"},
		   {"plc.site.B", "node"},	  {"plc.sitex.e", "user"},
		   {"plc.site\\.x.f", "user"},	  {"plc.site-a.g", "user"}};
	static const char below[] = "plc.site:a plc.site:u plc.site.B:n plc.site.b:s plc.site.b:u "
				    "plc.site.lab:a plc.site.lab.n:n ";
	static const char direct[] = "plc.site.B:n plc.site.b:s plc.site.b:u plc.site.lab:a ";
	struct rg_page page = {"plc.site", true, "", RG_PAGE_MAX};
	struct page p = {.stop_at = 2};
	char after[TR_NAME_MAX + 3];
	bool more;

	for (size_t i = 0; i < CC_ARRAY_SIZE(all); i++)
		OK(add(tx, (int64_t)i + 1, all[i].hrn, all[i].type, 0, NULL));
	for (unsigned limit = 1; limit <= 8; limit++) {
		OK(list(tx, "plc.site", true, limit, below));
		OK(list(tx, "plc.site", false, limit, direct));
	}
	OK(list(tx, "plc.site\\.x", true, 3, "plc.site\\.x:a plc.site\\.x.f:u "));
	OK(list(tx, "plc.site.lab.n", true, 3, "plc.site.lab.n:n "));
	OK(list(tx, "plc.none", true, 3, ""));
	OK(list(tx, "pl", true, 3, ""));
	IS(rg_list(tx, &page, put_name, &p, &more), 7); /* who has enough ends it */
	IS(p.count, 2);
	IS(rg_has_children(tx, "plc.site"), 1);
	IS(rg_has_children(tx, "plc.site.lab"), 1);
	IS(rg_has_children(tx, "plc.sit"), 0);
	memset(after, 'x', sizeof(after));
	after[TR_NAME_MAX + 1] = 0;
	page.after = after;
	IS(rg_list(tx, &page, put_name, &p, &more), -CC_EFORMAT);
	return 0;
}

static void test_list(void **state)
{
	struct kit *k = kit_of(state);

	kit_open(k);
	in_tx(k, run_list, NULL);
}

/* ---- relations ---- */

static int relate(struct st_tx *tx, int64_t id, enum rg_role role, const char *user)
{
	json_t *users = json_pack("[s, s]", user, user);
	int r = rg_set_related(tx, id, role, users, NULL);

	json_decref(users);
	return r;
}

static int run_related(struct st_tx *tx, void *arg)
{
	OK(add(tx, 1, "plc", "authority", 0, NULL));
	OK(add(tx, 2, "plc.site", "authority", 0, NULL));
	OK(add(tx, 3, "plc.site.lab", "authority", 0, NULL));
	OK(add(tx, 4, "plc.sitex", "authority", 0, NULL));
	OK(add(tx, 5, "plc.site", "slice", 0, NULL)); /* the same name, no authority */
	OK(add(tx, 6, "plc.site.alice", "user", 0, NULL));
	OK(add(tx, 7, "plc.site.bob", "user", 0, NULL));
	OK(relate(tx, 2, RG_PI, "PLC.Site.Alice"));
	OK(relate(tx, 5, RG_RESEARCHER, "urn:publicid:IDN+plc:site+user+bob"));
	IS(relate(tx, 2, RG_PI, "plc.site.nobody"), -CC_ENOTFOUND);
	OK(relate(tx, 2, RG_PI, "plc.site.alice"));
	IS(rg_is_related(tx, 2, RG_PI, 6), 1);
	IS(rg_is_related(tx, 2, RG_PI, 7), 0);
	IS(rg_is_related(tx, 2, RG_OPERATOR, 6), 0);
	IS(rg_is_related(tx, 5, RG_RESEARCHER, 7), 1);
	IS(rg_is_related_above(tx, "plc.site", RG_PI, 6), 1);
	IS(rg_is_related_above(tx, "plc.site.lab", RG_PI, 6), 1);
	IS(rg_is_related_above(tx, "plc.site.lab.none", RG_PI, 6), 1);
	IS(rg_is_related_above(tx, "plc.sitex", RG_PI, 6), 0);
	IS(rg_is_related_above(tx, "plc.site\\.lab", RG_PI, 6), 0);
	IS(rg_is_related_above(tx, "plc", RG_PI, 6), 0);
	IS(rg_is_related_above(tx, "", RG_PI, 6), 0);
	IS(rg_is_related_above(tx, "plc.site", RG_PI, 7), 0);
	IS(rg_is_related_above(tx, "plc.site", RG_RESEARCHER, 7), 0);
	OK(rg_set_related(tx, 2, RG_PI, NULL, NULL));
	IS(rg_is_related(tx, 2, RG_PI, 6), 0);
	return 0;
}

static void test_related(void **state)
{
	struct kit *k = kit_of(state);

	kit_open(k);
	in_tx(k, run_related, NULL);
	assert_int_equal(kit_number(k, "SELECT count(*) FROM relation"), 1);
}

/* ---- names, keys, versions ---- */

static int run_unique(struct st_tx *tx, void *arg)
{
	struct rg_record first, second, by_key;
	uint8_t hash[RG_KEY_HASH];
	bool key;

	OK(add(tx, 1, "plc.a", "user", 1, NULL));
	OK(add(tx, 2, "plc.a", "slice", 2, NULL));
	OK(add(tx, 3, "plc.b", "user", 0, NULL));
	OK(add(tx, 4, "plc.c", "user", 0, NULL)); /* no key is nobody's */
	IS(add(tx, 5, "plc.A", "user", 5, &key), -CC_EEXIST);
	IS(key, false);
	IS(add(tx, 6, "plc.d", "user", 1, &key), -CC_EEXIST);
	IS(key, true);
	memset(hash, 1, sizeof(hash));
	OK(rg_find_key(tx, hash, &by_key));
	IS(by_key.id, 1);
	rg_record_deinit(&by_key);
	memset(hash, 9, sizeof(hash));
	IS(rg_find_key(tx, hash, &by_key), -CC_ENOTFOUND);
	OK(rg_find(tx, "plc.b", RG_USER, RG_SHALLOW, &first));
	OK(rg_find(tx, "plc.b", RG_USER, RG_SHALLOW, &second));
	first.has_key = true;
	memset(first.key_hash, 1, RG_KEY_HASH);
	IS(rg_update(tx, &first), -CC_EEXIST); /* a's key */
	memset(first.key_hash, 3, RG_KEY_HASH);
	OK(rg_update(tx, &first));
	IS(rg_update(tx, &first), -CC_ENOTFOUND); /* it is another version now */
	IS(rg_update(tx, &second), -CC_ENOTFOUND);
	rg_record_deinit(&second);
	OK(rg_find(tx, "plc.b", RG_USER, RG_SHALLOW, &second));
	IS(second.version, first.version + 1);
	OK(rg_update(tx, &second)); /* its own key again */
	OK(rg_remove(tx, 3));
	IS(rg_remove(tx, 3), -CC_ENOTFOUND);
	second.version++;
	IS(rg_update(tx, &second), -CC_ENOTFOUND);
	rg_record_deinit(&first);
	rg_record_deinit(&second);
	return 0;
}

static void test_unique(void **state)
{
	struct kit *k = kit_of(state);

	kit_open(k);
	in_tx(k, run_unique, NULL);
}

/* ---- removal ---- */

static int run_hang(struct st_tx *tx, void *arg)
{
	json_t *keys = json_pack("[s, s]", "ssh-rsa a", "ssh-rsa a");
	json_t *attributes = json_pack("[{s:s, s:s}]", "name", "a", "value", "b';--");
	struct rg_record r;

	OK(add(tx, 1, "plc", "authority", 0, NULL));
	OK(add(tx, 2, "plc.alice", "user", 0, NULL));
	OK(add(tx, 3, "plc.sl", "slice", 0, NULL));
	OK(rg_set_keys(tx, 2, keys));
	OK(rg_set_attributes(tx, 3, attributes));
	OK(relate(tx, 1, RG_PI, "plc.alice"));
	OK(relate(tx, 3, RG_RESEARCHER, "plc.alice"));
	OK(rg_find(tx, "plc.alice", RG_USER, RG_WHOLE, &r));
	IS(json_equal(r.keys, keys), 1);
	IS(json_array_size(r.slices), 1);
	IS(json_array_size(r.pi_authorities), 1);
	rg_record_deinit(&r);
	OK(rg_find(tx, "plc.sl", RG_SLICE, RG_WHOLE, &r));
	IS(json_equal(r.attributes, attributes), 1);
	rg_record_deinit(&r);
	json_decref(keys);
	json_decref(attributes);
	return 0;
}

static int run_remove(struct st_tx *tx, void *arg)
{
	return rg_remove(tx, *(int64_t *)arg);
}

static void test_cascade(void **state)
{
	struct kit *k = kit_of(state);
	int64_t alice = 2, slice = 3;

	kit_open(k);
	in_tx(k, run_hang, NULL);
	assert_int_equal(kit_number(k, "SELECT count(*) FROM relation"), 2);
	in_tx(k, run_remove, &alice);
	assert_int_equal(kit_number(k, "SELECT count(*) FROM relation"), 0);
	assert_int_equal(kit_number(k, "SELECT count(*) FROM ssh_key"), 0);
	assert_int_equal(kit_number(k, "SELECT count(*) FROM attribute"), 1);
	in_tx(k, run_remove, &slice);
	assert_int_equal(kit_number(k, "SELECT count(*) FROM attribute"), 0);
	assert_int_equal(kit_number(k, "SELECT count(*) FROM record"), 1);
}

static const struct CMUnitTest tests[] = {
	STORE_TEST(test_find),	 STORE_TEST(test_list),	   STORE_TEST(test_related),
	STORE_TEST(test_unique), STORE_TEST(test_cascade),
};

TEST_MAIN(tests)
