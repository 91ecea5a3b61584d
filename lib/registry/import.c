/* SPDX-License-Identifier: ISC */
/* Imports: some hundred lines to a transaction, which also notes how far it came. */
#include "lib/registry/import.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/store/digest.h"

#define BATCH 500		/* lines of a transaction */
#define BATCH_OCTETS (8u << 20) /* or so many octets */
#define DEADLINE_MS 60000
#define HEAD (64u << 10) /* octets of a file, and its size, by which an import is known again */

/* ---- one item ---- */

static int has_authority(struct st_tx *tx, const char *authority)
{
	static const struct st_sql sql = {
		"SELECT id FROM record WHERE name = $1 AND type = 'authority'"};
	const struct st_value params[] = {st_text(authority)};
	int64_t id;

	return st_number(tx, &sql, params, 1, &id);
}

/* The first one of that address. Type and order are looked at here: with them in the statement SQLite
 * goes through all users. */
static int find_by_email(struct st_tx *tx, const char *email, int64_t *id)
{
	static const struct st_sql sql = {
		"SELECT id, type FROM record WHERE email = $1 AND email <> ''"};
	const struct st_value params[] = {st_text(email)};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	int r = st_query(tx, &sql, params, 1, &rows);
	int64_t found = 0;

	while (!r && (r = st_next(rows)) == 1) {
		int64_t one = st_get_int(rows, 0);

		if (strcmp(st_get_text(rows, 1), "user") == 0 && (!found || one < found))
			found = one;
		r = 0;
	}
	if (r)
		return r;
	*id = found;
	return found ? 0 : -CC_ENOTFOUND;
}

static int find_person(struct st_tx *tx, const char *text, int64_t *id)
{
	struct rg_name name;
	struct rg_record r;
	int err;

	if (strchr(text, '@'))
		return find_by_email(tx, text, id);
	if (rg_name_read(text, "user", &name, NULL) != 0)
		return -CC_ENOTFOUND;
	err = rg_find(tx, name.name, RG_USER, RG_SHALLOW, &r);
	*id = r.id;
	rg_record_deinit(&r);
	return err;
}

static int relate(struct st_tx *tx, int64_t object, enum rg_role role, int64_t subject)
{
	static const struct st_sql sql = {"INSERT INTO relation (object, role, subject) VALUES "
					  "($1, $2, $3) ON CONFLICT DO NOTHING"};
	const struct st_value params[] = {st_int(object), st_text(rg_role_word(role)),
					  st_int(subject)};

	return st_exec(tx, &sql, params, 3, NULL);
}

/* Who is not there is told, and left out. */
static int relate_all(struct st_tx *tx, int64_t object, enum rg_role role, const json_t *persons,
		      struct cc_note *why)
{
	const json_t *one;
	int r, outcome = 0;
	int64_t id;
	size_t i;

	json_array_foreach(persons, i, one)
	{
		r = find_person(tx, json_string_value(one), &id);
		if (!r)
			r = relate(tx, object, role, id);
		if (r == -CC_ENOTFOUND) {
			cc_note_set(why, CC_ENOTFOUND, "there is no person %.180s",
				    json_string_value(one));
			outcome = RG_IMPORT_PERSON;
		} else if (r) {
			return r;
		}
	}
	return outcome;
}

static int relate_site(struct st_tx *tx, const struct rg_item *item, int64_t user)
{
	struct rg_record site;
	int r;

	if (!item->pi && !item->tech)
		return 0;
	r = rg_find(tx, item->site, RG_AUTHORITY, RG_SHALLOW, &site);
	if (!r && item->pi)
		r = relate(tx, site.id, RG_PI, user);
	if (!r && item->tech)
		r = relate(tx, site.id, RG_OPERATOR, user);
	rg_record_deinit(&site);
	return r;
}

static int write_lists(struct st_tx *tx, const struct rg_item *item, int64_t id,
		       struct cc_note *why)
{
	const struct rg_record *rec = &item->record;
	int r = json_array_size(rec->keys) ? rg_set_keys(tx, id, rec->keys) : 0, outcome = 0;

	if (!r && json_array_size(rec->attributes))
		r = rg_set_attributes(tx, id, rec->attributes);
	if (!r)
		r = relate_site(tx, item, id);
	if (!r)
		r = outcome = relate_all(tx, id, RG_RESEARCHER, item->persons, why);
	for (int role = 0; role < RG_ROLES && r >= 0; role++) {
		r = relate_all(tx, id, (enum rg_role)role, rec->related[role], why);
		outcome = r > 0 ? r : outcome;
	}
	return r < 0 ? r : outcome;
}

/* A key that is another's: the record comes without one. */
static int insert(struct st_tx *tx, struct rg_record *rec, bool *without_key)
{
	bool key;
	int r = rg_insert(tx, rec, &key);

	*without_key = r == -CC_EEXIST && key;
	if (!*without_key)
		return r;
	rec->has_key = false;
	free(rec->gid);
	free(rec->public_key);
	rec->gid = strdup("");
	rec->public_key = strdup("");
	if (!rec->gid || !rec->public_key)
		return cc_raise(CC_ENOMEM);
	return rg_insert(tx, rec, &key);
}

int rg_item_write(struct st_tx *tx, struct rg_item *item, int64_t id, struct cc_note *why)
{
	struct rg_record *rec = &item->record;
	bool without_key = false;
	int r = has_authority(tx, item->site);

	if (r == -CC_ENOTFOUND) {
		cc_note_set(why, CC_ENOTFOUND, "there is no authority %.180s for it", item->site);
		return RG_IMPORT_SITE;
	}
	rec->id = id;
	if (!r)
		r = insert(tx, rec, &without_key);
	if (r == -CC_EEXIST) {
		cc_note_set(why, CC_EEXIST, "%.180s is there already: nothing is merged", rec->hrn);
		return RG_IMPORT_NAME;
	}
	if (!r)
		r = write_lists(tx, item, id, why);
	if (!r && without_key) {
		cc_note_set(why, CC_EEXIST, "the key of %.150s has another name: it has none here",
			    rec->hrn);
		return RG_IMPORT_KEY;
	}
	return r;
}

/* ---- a file ---- */

struct line {
	struct rg_item item;
	int64_t number;
	int outcome; /* of reading, then of writing */
	struct cc_note why;
};

struct run {
	struct rg_import *im;
	FILE *file;
	char key[80]; /* of table job */
	char *text;
	size_t room;
	int64_t octets, size;
	struct line *lines;
	unsigned count;
	bool ended;
};

static int name_run(struct run *r, struct cc_note *why)
{
	struct stat st;
	uint8_t hash[ST_SHA];
	char hex[2 * ST_SHA + 1], *head = malloc(HEAD);
	size_t len = head ? fread(head, 1, HEAD, r->file) : 0;
	int err = head ? st_sha(head, len, hash) : cc_raise(CC_ENOMEM);

	free(head);
	if (err)
		return err;
	if (fstat(fileno(r->file), &st) != 0 || fseeko(r->file, 0, SEEK_SET) != 0)
		return cc_note_set(why, CC_ESYS, "%.180s: %s", r->im->path, strerror(errno));
	r->size = st.st_size;
	st_hex(hash, 16, hex);
	snprintf(r->key, sizeof(r->key), "import %.32s %lld", hex, (long long)r->size);
	return 0;
}

/* ---- how far it came ---- */

static int read_state(struct st_tx *tx, void *arg)
{
	static const struct st_sql sql = {"SELECT state FROM job WHERE name = $1"};
	struct run *r = arg;
	const struct st_value params[] = {st_text(r->key)};
	cc_cleanup(st_rows_closep) struct st_rows *rows = NULL;
	long long lines, written, problems;
	int err = st_query(tx, &sql, params, 1, &rows);

	if (!err)
		err = st_next(rows);
	if (err == 1 &&
	    sscanf(st_get_text(rows, 0), "%lld %lld %lld", &lines, &written, &problems) == 3) {
		r->im->lines = lines;
		r->im->written = written;
		r->im->problems = problems;
	}
	return err < 0 ? err : 0;
}

static int write_state(struct st_tx *tx, const struct run *r, int64_t lines, int64_t written,
		       int64_t problems)
{
	static const struct st_sql sql = {
		"INSERT INTO job (name, state, updated) VALUES ($1, $2, $3)"
		" ON CONFLICT (name) DO UPDATE SET state = excluded.state, updated = "
		"excluded.updated"};
	char state[80];
	struct st_value params[] = {st_text(r->key), st_null(), st_int(r->im->now)};

	snprintf(state, sizeof(state), "%lld %lld %lld", (long long)lines, (long long)written,
		 (long long)problems);
	params[1] = st_text(state);
	return st_exec(tx, &sql, params, 3, NULL);
}

/* ---- batches ---- */

/* @return 1 (a line), 0 (the end), negative error. */
static int read_line(struct run *r, struct cc_note *why)
{
	struct rg_import *im = r->im;
	struct line *l = &r->lines[r->count];
	ssize_t len = getline(&r->text, &r->room, r->file);

	if (len < 0)
		return ferror(r->file)
			       ? cc_note_set(why, CC_ESYS, "%.180s: %s", im->path, strerror(errno))
			       : 0;
	r->octets += len;
	memset(l, 0, sizeof(*l));
	l->number = im->lines + r->count + 1;
	if (len > 0 && r->text[len - 1] == '\n')
		len--;
	if (len > (ssize_t)RG_LINE_MAX)
		return cc_note_set(why, CC_ELIMIT, "%.120s: line %lld has more than %u octets",
				   im->path, (long long)l->number, RG_LINE_MAX);
	l->outcome =
		len ? rg_item_read(r->text, (size_t)len, &im->top, im->now, &l->item, &l->why) : 0;
	r->count++;
	return l->outcome < 0 ? l->outcome : 1;
}

static int read_batch(struct run *r, struct cc_note *why)
{
	int64_t from = r->octets;
	int err = 1;

	r->count = 0;
	while (err == 1 && r->count < BATCH && r->octets - from < BATCH_OCTETS)
		err = read_line(r, why);
	r->ended = err == 0;
	return err < 0 ? err : 0;
}

static int write_batch(struct st_tx *tx, void *arg)
{
	struct run *r = arg;
	int64_t id, written = 0, problems = 0;
	int err = st_take_numbers(tx, "record", r->count, &id);

	for (unsigned i = 0; i < r->count && !err; i++) {
		struct line *l = &r->lines[i];

		if (l->item.record.type == RG_ANY || l->outcome == RG_IMPORT_BAD) {
			problems += l->outcome != 0; /* else an empty line */
			continue;
		}
		l->outcome = rg_item_write(tx, &l->item, id + i, &l->why);
		err = l->outcome < 0 ? l->outcome : 0;
		problems += l->outcome > 0;
		written += l->outcome == 0 || l->outcome == RG_IMPORT_KEY ||
			   l->outcome == RG_IMPORT_PERSON;
	}
	if (!err)
		err = write_state(tx, r, r->im->lines + r->count, r->im->written + written,
				  r->im->problems + problems);
	return err;
}

static void tell(struct run *r)
{
	struct rg_import *im = r->im;

	for (unsigned i = 0; i < r->count; i++) {
		struct line *l = &r->lines[i];

		if (l->outcome > 0 && im->problem)
			im->problem(im->arg, l->number, l->outcome, l->why.text);
		rg_item_deinit(&l->item);
	}
	if (im->progress)
		im->progress(im->arg, r->octets, r->size, im->lines);
}

static int run_batches(struct run *r, struct cc_note *why)
{
	int err = 0;

	while (!err && !r->ended) {
		struct st_write write = {
			.deadline = cc_clock_ms() + DEADLINE_MS, .run = write_batch, .arg = r};

		err = read_batch(r, why);
		if (!err && r->count)
			err = st_write(r->im->store, &write, why);
		if (!err) /* what was counted stands in the store */
			err = st_read(r->im->store, cc_clock_ms() + DEADLINE_MS, read_state, r,
				      why);
		tell(r);
	}
	return err;
}

/* Lines that an earlier run has done. */
static int skip_lines(struct run *r)
{
	for (int64_t i = 0; i < r->im->lines; i++) {
		ssize_t len = getline(&r->text, &r->room, r->file);

		if (len < 0)
			return 0;
		r->octets += len;
	}
	return 0;
}

int rg_import_run(struct rg_import *im, struct cc_note *why)
{
	struct run r = {.im = im, .file = fopen(im->path, "re")};
	int err;

	if (!r.file)
		return cc_note_set(why, errno == ENOENT ? CC_ENOTFOUND : CC_ESYS, "%.180s: %s",
				   im->path, strerror(errno));
	r.lines = calloc(BATCH, sizeof(*r.lines));
	err = r.lines ? name_run(&r, why) : cc_raise(CC_ENOMEM);
	if (!err)
		err = st_read(im->store, cc_clock_ms() + DEADLINE_MS, read_state, &r, why);
	if (!err)
		err = skip_lines(&r);
	if (!err)
		err = run_batches(&r, why);
	fclose(r.file);
	free(r.lines);
	free(r.text);
	return err;
}
