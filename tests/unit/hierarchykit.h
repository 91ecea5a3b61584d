/* SPDX-License-Identifier: ISC */
#pragma once
/* What the tests of authorities on disk share: a folder with the root plc, and how one is looked at. */
#include "tests/test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/file.h"
#include "lib/base/util.h"
#include "lib/trust/hierarchy.h"
#include "tests/unit/folder.h"
#include "tests/unit/trustpki.h"

#define NOW TP_NOW
#define DAY TP_DAY
#define GID "auth/plc/site/site.gid"
#define KEY "auth/plc/site/site.pkey"
#define DBINFO "auth/plc/site/site.dbinfo"
#define LOCK "auth/plc/site/.lock"
#define KEY_TEMP "auth/plc/site/.site.pkey.tmp"
#define GID_TEMP "auth/plc/site/.site.gid.tmp"

static inline struct tr_authority_request request(const char *hrn)
{
	return (struct tr_authority_request){.hrn = hrn, .kind = TR_KEY_P256, .days = 100};
}

static inline int create(const char *hrn, struct cc_note *why)
{
	struct tr_authority_request rq = request(hrn);

	return tr_hierarchy_create("auth", &rq, NOW, why);
}

static inline void check_result(int r, const struct cc_note *why, int wanted, const char *text)
{
	if (r != wanted || (text && !strstr(why->text, text)))
		print_message("# got %d \"%s\", wanted %d \"%s\"\n", r, why->text, wanted,
			      text ? text : "");
	assert_int_equal(r, wanted);
	assert_true(!text || strstr(why->text, text));
}

static inline void must_create(const char *hrn)
{
	struct cc_note why = {0};

	check_result(create(hrn, &why), &why, 0, NULL);
}

static inline int enter(void **state)
{
	if (folder_enter(state) != 0)
		return -1;
	umask(022);
	must_create("plc");
	return 0;
}

static inline struct tr_signer *open_signer(const char *hrn)
{
	struct tr_signer *s = NULL;
	struct cc_note why = {0};

	check_result(tr_hierarchy_signer("auth", hrn, &s, &why), &why, 0, NULL);
	return s;
}

/* It is there with its key, its name, and a chain that its root vouches for. */
static inline void check_whole(const char *hrn, const char *urn)
{
	cc_cleanup(tr_signer_freep) struct tr_signer *s = open_signer(hrn),
						     *root = open_signer("plc");
	const struct tr_gids *chain = tr_signer_chain(s);
	struct stat st;

	assert_string_equal(chain->items[0]->urn, urn);
	assert_memory_equal(chain->items[chain->count - 1]->key_hash,
			    tr_signer_chain(root)->items[0]->key_hash, TR_HASH);
	for (size_t i = 0; i + 1 < chain->count; i++)
		assert_int_equal(X509_verify(chain->items[i]->cert, chain->items[i + 1]->key), 1);
	if (strcmp(hrn, "plc.site") == 0) {
		assert_int_equal(stat(KEY, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

static inline void check_absent(const char *hrn)
{
	struct tr_signer *s = NULL;
	struct cc_note why = {0};

	check_result(tr_hierarchy_signer("auth", hrn, &s, &why), &why, -CC_ENOTFOUND,
		     "there is no authority");
	assert_null(s);
}

struct seen {
	char text[512];
	int stop_at; /* the how manieth call ends it; 0: none */
	int count;
};

static inline int see(void *arg, const struct tr_authority *a)
{
	struct seen *s = arg;
	size_t n = strlen(s->text);

	snprintf(s->text + n, sizeof(s->text) - n, "%s%s%s%s ", a->hrn, a->has_key ? "" : "-k",
		 a->has_dbinfo ? "+d" : "", a->not_after == NOW + 100 * DAY ? "" : "?");
	assert_int_equal(strncmp(a->urn, TP_IDN, strlen(TP_IDN)), 0);
	return ++s->count == s->stop_at ? 42 : 0;
}

static inline char *read_text(const char *path)
{
	char *text;
	size_t len;

	assert_int_equal(cc_file_read(path, 1 << 20, &text, &len, NULL), 0);
	return text;
}

static inline int open_and_close(const char *hrn, struct cc_note *why)
{
	struct tr_signer *s = NULL;
	int r = tr_hierarchy_signer("auth", hrn, &s, why);

	assert_int_equal(s != NULL, r == 0);
	tr_signer_free(s);
	return r;
}

static inline int renew_site(struct cc_note *why)
{
	return tr_hierarchy_renew("auth", "plc.site", 300, NOW, why);
}

static inline void copy_file(const char *from, const char *to)
{
	cc_cleanup(cc_freep) char *text = read_text(from);

	assert_int_equal(cc_file_write(to, text, strlen(text), 0600, false, NULL), 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter, folder_leave)
