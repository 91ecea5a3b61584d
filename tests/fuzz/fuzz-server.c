/* SPDX-License-Identifier: ISC */
/*
 * A whole server in this process. The first octet of the input says what it gets: `a` and `j` an
 * admin or job message, NAME, line end, JSON object; `w` the prefix of an admin.watch; `r` further
 * lines of its configuration, which it reloads. Whatever that was, it answers an echo request
 * afterwards.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ccserver/server.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/cc/client.h"
#include "tests/fuzz/must.h"

#define PATIENCE_MS 30000 /* a sanitizer on a busy machine */
#define ANSWER_MS 10000	  /* that a fuzzed request may take */
#define INPUT_MAX 4096

int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct server server;
static struct cc_client *client;
static char folder[64], ini[96];

/* A daemon that does nothing, so that job messages find one. */
static void write_ini(const char *more, size_t len)
{
	struct cc_buf text = {0};
	struct cc_note why = {0};

	cc_buf_printf(&text,
		      "[ccserver]\ncc-role = local\ncc-socket = ipc://%s/cc.sock\nworkers = 1\n"
		      "stats-period = 3600\nshutdown-grace = 1\n"
		      "[routes]\necho = h:echo\nadmin = h:admin\njob = h:jobs\nlog = h:drop\n"
		      "[h:echo]\nhandler = echo\n[h:admin]\nhandler = admin\n"
		      "[h:drop]\nhandler = disposer\n"
		      "[h:jobs]\nhandler = jobmgr\ndaemons = d:one\n"
		      "[d:one]\ncommand = /bin/sleep 1000000\n",
		      folder);
	cc_buf_put(&text, more, len);
	MUST(!text.err);
	MUST(cc_file_write(ini, text.data, text.len, 0600, false, &why) == 0);
	cc_buf_deinit(&text);
}

static void *serve(void *arg)
{
	server_run(&server);
	return NULL;
}

/* Sends; whether an answer came. */
static bool ask(const char *type, json_t *body, int64_t deadline_ms)
{
	struct cc_answer a = {0};
	int r = cc_client_call(client, type, body, deadline_ms, &a, NULL);

	json_decref(a.json);
	return r == 0 && (a.outcome == CC_OUT_ANSWER || a.outcome == CC_OUT_ERROR);
}

static void must_live(void)
{
	json_t *body = json_pack("{s:s}", "target", "x");

	MUST(ask("echo.request", body, PATIENCE_MS));
	json_decref(body);
}

static void remove_folder(void)
{
	char path[128];

	unlink(ini);
	snprintf(path, sizeof(path), "%s/cc.sock", folder);
	unlink(path);
	rmdir(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct cc_keystore_conf none = {.dir = ""};
	cc_cleanup(cc_keystore_unrefp) struct cc_keystore *ks = NULL;
	struct cc_client_conf conf = {0};
	struct cc_note why = {0};
	static char url[128];
	pthread_t thread;
	sigset_t set;

	strcpy(folder, "/tmp/ccfed-fuzz-XXXXXX");
	MUST(mkdtemp(folder));
	atexit(remove_folder);
	snprintf(ini, sizeof(ini), "%s/local.ini", folder);
	snprintf(url, sizeof(url), "ipc://%s/cc.sock", folder);
	write_ini("", 0);
	cc_log_set_level(0);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP); /* for the server's signalfd */
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	MUST(server_open(&server, ini, NULL, 0, &why) == 0);
	MUST(server_start(&server, &why) == 0);
	MUST(pthread_create(&thread, NULL, serve, NULL) == 0);
	MUST(cc_keystore_load(&none, &ks, &why) == 0);
	conf.url = url;
	conf.ks = ks;
	MUST(cc_client_new(&client, &conf, &why) == 0);
	must_live();
	return 0;
}

/* NAME, line end, JSON object. */
static void send_message(const char *prefix, const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);
	char type[CC_TYPE_MAX + 1];
	json_t *body;
	int n;

	if (!end || end - text > 64)
		return;
	n = snprintf(type, sizeof(type), "%s.%.*s", prefix, (int)(end - text), text);
	if (!cc_type_valid(type, (size_t)n) || strcmp(type, "admin.reload") == 0 ||
	    strcmp(type, "admin.quiesce") == 0 || strcmp(type, "job.restart") == 0)
		return; /* tried by the other form; would stop what is tried; slow */
	body = json_loadb(end + 1, len - (size_t)(end + 1 - text), JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(body))
		ask(type, body, ANSWER_MS);
	json_decref(body);
}

static void send_watch(const char *prefix, size_t len)
{
	json_t *body = json_pack("{s:s%}", "prefix", prefix, len);

	if (body) /* not UTF-8 otherwise */
		ask("admin.watch", body, ANSWER_MS);
	json_decref(body);
}

/* No path gets into the file: what is fuzzed is read, not written or run. */
static bool harmless(const char *text, size_t len)
{
	return !memchr(text, '/', len) && !memchr(text, '~', len) && !memchr(text, '%', len) &&
	       !memchr(text, '\0', len) && !memmem(text, len, "file", 4) &&
	       !memmem(text, len, "FILE", 4) && !memmem(text, len, "command", 7);
}

static void reload(const char *text, size_t len)
{
	json_t *body;

	if (!harmless(text, len))
		return;
	write_ini(text, len);
	body = json_object();
	MUST(ask("admin.reload", body, PATIENCE_MS));
	json_decref(body);
	write_ini("", 0);
	body = json_object();
	MUST(ask("admin.reload", body, PATIENCE_MS));
	json_decref(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data + 1;

	if (size < 2 || size > INPUT_MAX)
		return 0;
	switch (data[0]) {
	case 'a':
		send_message("admin", text, size - 1);
		break;
	case 'j':
		send_message("job", text, size - 1);
		break;
	case 'w':
		send_watch(text, size - 1);
		break;
	case 'r':
		reload(text, size - 1);
		break;
	default:
		return 0;
	}
	must_live();
	return 0;
}
