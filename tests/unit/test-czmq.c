/* SPDX-License-Identifier: ISC */
/* Our client against a server written on czmq: frames as another implementation sees and writes them. */
#include <czmq.h>

#include "lib/base/util.h"
#include "lib/cc/client.h"
#include "tests/test.h"

/* What the server saw of the request; filled by the actor, read after it has ended. */
struct seen {
	size_t frames;
	size_t qid_len, delim_len, sig_len;
	char *type, *body;
};

/* Answers one request by its route, echoing the body under the type of an answer. */
static void answer(zsock_t *router, struct seen *seen)
{
	zmsg_t *request = zmsg_recv(router), *reply = zmsg_new();
	zframe_t *identity, *qid, *delim, *sig;
	json_t *body;
	char *text;

	seen->frames = zmsg_size(request);
	identity = zmsg_pop(request);
	qid = zmsg_pop(request);
	delim = zmsg_pop(request);
	seen->qid_len = zframe_size(qid);
	seen->delim_len = zframe_size(delim);
	seen->type = zmsg_popstr(request);
	seen->body = zmsg_popstr(request);
	sig = zmsg_pop(request);
	seen->sig_len = zframe_size(sig);
	body = json_loads(seen->body, 0, NULL);
	json_object_set(body, "re", json_object_get(body, "id"));
	json_object_set_new(body, "req", json_string("echo.response"));
	zmsg_append(reply, &identity);
	zmsg_append(reply, &qid);
	zmsg_append(reply, &delim);
	zmsg_addstr(reply, "echo.response");
	text = json_dumps(body, 0);
	zmsg_addstr(reply, text);
	free(text);
	zmsg_append(reply, &sig);
	zmsg_send(&reply, router);
	zmsg_destroy(&request);
	json_decref(body);
}

static void serve(zsock_t *pipe, void *arg)
{
	zsock_t *router = zsock_new_router("tcp://127.0.0.1:*");
	char *term;

	zsock_signal(pipe, 0);
	zstr_send(pipe, zsock_endpoint(router));
	answer(router, arg);
	term = zstr_recv(pipe); /* $TERM, when the test is done */
	zstr_free(&term);
	zsock_destroy(&router);
}

static struct cc_client *open_client(const char *url)
{
	cc_cleanup(cc_keystore_unrefp) struct cc_keystore *ks = NULL;
	struct cc_keystore_conf keys = {.dir = ""};
	struct cc_client_conf conf = {.url = url};
	struct cc_client *client = NULL;
	struct cc_note why = {0};

	assert_int_equal(cc_keystore_load(&keys, &ks, &why), 0);
	conf.ks = ks;
	assert_int_equal(cc_client_new(&client, &conf, &why), 0);
	return client;
}

static void test_request(void **state)
{
	struct seen seen = {0};
	zactor_t *server = zactor_new(serve, &seen);
	char *url = zstr_recv(server);
	struct cc_client *client = open_client(url);
	json_t *body = json_pack("{s:s}", "target", url);
	struct cc_answer out = {0};

	assert_int_equal(cc_client_call(client, "echo.request", body, 5000, &out, NULL), 0);
	zactor_destroy(&server);
	assert_int_equal(out.outcome, CC_OUT_ANSWER);
	assert_string_equal(json_string_value(json_object_get(out.json, "target")), url);
	assert_int_equal(seen.frames, 6);
	assert_int_equal(seen.qid_len, CC_QID_LEN);
	assert_int_equal(seen.delim_len, 0);
	assert_string_equal(seen.type, "echo.request");
	assert_int_equal(seen.sig_len, 0);
	json_decref(out.json);
	json_decref(body);
	free(seen.type);
	free(seen.body);
	cc_client_free(client);
	zstr_free(&url);
	zsys_shutdown();
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_request),
};
TEST_MAIN(tests)
