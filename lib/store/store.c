/* SPDX-License-Identifier: ISC */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/util.h"
#include "lib/store/digest.h"
#include "lib/store/op.h"
#include "lib/store/readers.h"
#include "lib/store/schema.h"
#include "lib/store/target.h"
#include "lib/store/writer.h"

#define INSTANCE_MAX 128

struct st_store {
	struct st_target target, reads; /* at points into url */
	char *url, *instance;
	char id[33];
	int64_t schema;
	struct st_queue queue;
	struct st_readers readers;
	struct st_writer writer;
	pthread_t thread;
};

/* ---- open ---- */

static int read_id(struct st_tx *tx, void *arg)
{
	struct cc_buf id = CC_BUF_INIT(33);
	struct st_store *s = arg;
	int r = st_meta_get(tx, "id", &id);

	if (!r && id.len == 32)
		memcpy(s->id, id.data, 33);
	else if (!r)
		r = -CC_EFORMAT;
	cc_buf_deinit(&id);
	return r;
}

static int start_parts(struct st_store *s, const struct st_conf *conf)
{
	int r = st_queue_init(&s->queue);

	if (r)
		return r;
	s->reads = s->target;
	s->reads.read_only = true;
	r = st_readers_init(&s->readers, &s->reads, conf->readers);
	if (r) {
		st_queue_deinit(&s->queue);
		return r;
	}
	st_writer_init(&s->writer, &s->target, &s->queue, s->instance);
	return 0;
}

static void stop_parts(struct st_store *s)
{
	st_writer_deinit(&s->writer);
	st_readers_deinit(&s->readers);
	st_queue_deinit(&s->queue);
}

static int start(struct st_store *s, const struct st_conf *conf, struct cc_note *why)
{
	int r = start_parts(s, conf);

	if (r)
		return cc_note_set(why, -r, "cannot start the store");
	r = st_read(s, cc_clock_ms() + s->target.connect_ms, read_id, s, why);
	if (!r && pthread_create(&s->thread, NULL, st_writer_main, &s->writer) != 0)
		r = cc_note_set(why, CC_ESYS, "cannot start a thread");
	if (r)
		stop_parts(s);
	return r;
}

static int name_instance(struct st_store *s, const char *name, struct cc_note *why)
{
	char random[17];
	int r = name ? 0 : st_random_hex(8, random);

	if (name && (!*name || strlen(name) > INSTANCE_MAX))
		return cc_note_set(why, CC_EINVAL, "the instance's name is empty or too long");
	if (!r)
		s->instance = strdup(name ? name : random);
	return r ? r : s->instance ? 0 : cc_note_set(why, CC_ENOMEM, "no memory");
}

static void store_free(struct st_store *s)
{
	free(s->instance);
	free(s->url);
	free(s);
}

static int store_fill(struct st_store *s, const struct st_conf *conf, struct cc_note *why)
{
	int r;

	s->url = conf->url ? strdup(conf->url) : NULL;
	if (!s->url)
		return cc_note_set(why, CC_EINVAL, "the store has no url");
	r = st_target_fill(&s->target, s->url, conf, why);
	if (!r)
		r = name_instance(s, conf->instance, why);
	if (!r)
		r = st_target_prepare(&s->target, conf, &s->schema, why);
	return r ? r : start(s, conf, why);
}

int st_open(struct st_store **out, const struct st_conf *conf, struct cc_note *why)
{
	struct st_store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return cc_note_set(why, CC_ENOMEM, "no memory");
	r = store_fill(s, conf, why);
	if (r) {
		store_free(s);
		return r;
	}
	*out = s;
	return 0;
}

void st_close(struct st_store *s)
{
	if (!s)
		return;
	st_queue_stop(&s->queue);
	pthread_join(s->thread, NULL);
	stop_parts(s);
	store_free(s);
}

void st_closep(struct st_store **s)
{
	st_close(*s);
	*s = NULL;
}

const char *st_id(const struct st_store *s)
{
	return s->id;
}

const char *st_backend(const struct st_store *s)
{
	return s->target.backend->name;
}

/* ---- use ---- */

int st_read(struct st_store *s, int64_t deadline, st_run_fn *run, void *arg, struct cc_note *why)
{
	return st_readers_run(&s->readers, deadline, run, arg, why);
}

static int check_op(const char *signer, const char *op, struct cc_note *why)
{
	if (!op)
		return 0;
	if (!signer)
		return cc_note_set(why, CC_EINVAL, "an operation has no signer");
	if (strlen(op) > ST_OP_MAX || strlen(signer) > ST_SIGNER_MAX)
		return cc_note_set(why, CC_ELIMIT, "the id of an operation is too long");
	return 0;
}

int st_write(struct st_store *s, const struct st_write *w, struct cc_note *why)
{
	int r = check_op(w->signer, w->op, why);

	return r ? r : st_queue_run(&s->queue, w, why);
}

struct op_query {
	const char *signer, *op;
	const uint8_t *request;
	struct cc_buf *result;
};

static int find_op(struct st_tx *tx, void *arg)
{
	const struct op_query *q = arg;

	return st_op_get(tx, q->signer, q->op, q->request, q->result);
}

int st_op_find(struct st_store *s, const char *signer, const char *op, const uint8_t *request,
	       int64_t deadline, struct cc_buf *result, struct cc_note *why)
{
	struct op_query q = {signer, op, request, result};
	int r = op ? check_op(signer, op, why) : -CC_EINVAL;

	return r ? r : st_read(s, deadline, find_op, &q, why);
}

int st_note(struct st_store *s, const char *line, size_t len)
{
	return st_queue_note(&s->queue, line, len);
}

void st_get_stats(struct st_store *s, struct st_stats *out)
{
	uint64_t connects = atomic_load(&s->writer.reconnects);

	*out = (struct st_stats){
		.schema = s->schema,
		.writes = atomic_load(&s->writer.writes),
		.batches = atomic_load(&s->writer.batches),
		.retries = atomic_load(&s->writer.retries) + atomic_load(&s->readers.retries),
		.reconnects = connects ? connects - 1 : 0,
	};
	pthread_mutex_lock(&s->queue.lock);
	out->notes = s->queue.n_notes;
	out->waiting = s->queue.count;
	pthread_mutex_unlock(&s->queue.lock);
}
