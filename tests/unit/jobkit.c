/* SPDX-License-Identifier: ISC */
#include "tests/unit/jobkit.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "handlers/table.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"

void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL); /* poll */
}

static struct cc_fakehost *the_host; /* for the teardown of a test that failed */

struct cc_fakehost *host(const char *fmt, ...)
{
	const struct cc_handler *h = cc_handler_find(handler_table, "jobmgr");
	struct cc_fakehost *f = NULL;
	struct cc_note why = {0};
	char options[4000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(options, sizeof(options), fmt, ap);
	va_end(ap);
	if (cc_fakehost_open(&f, h, options, &why) != 0)
		fail_msg("%s", why.text);
	return the_host = f;
}

static void forget_replies(struct cc_fakehost *f)
{
	for (size_t i = 0; i < f->n_replies; i++) {
		json_decref(f->replies[i].json);
		cc_msg_free(f->replies[i].msg);
	}
	f->n_replies = 0;
}

int tell(struct cc_fakehost *f, enum who who, const char *type, const char *body)
{
	static const struct cc_signer signer = {.name = "client"};
	cc_cleanup(cc_msg_freep) struct cc_msg *m = cc_msg_new();
	struct cc_gate_result gate = {.verdict = CC_GATE_PASS};
	struct cc_in in = {.msg = m, .gate = &gate};
	int r;

	assert_int_equal(cc_msg_add(m, "client", 6), 0);
	assert_int_equal(cc_msg_add(m, "", 0), 0);
	assert_int_equal(cc_msg_add(m, type, strlen(type)), 0);
	assert_int_equal(cc_msg_add(m, body, strlen(body)), 0);
	assert_int_equal(cc_msg_check(m), 0);
	m->received = cc_clock_ms();
	gate.json = json_loads(body, 0, NULL);
	assert_non_null(gate.json);
	gate.id = json_string_value(json_object_get(gate.json, "id"));
	gate.deadline_ms = json_integer_value(json_object_get(gate.json, "deadline"));
	gate.signer = who == SIGNER ? &signer : NULL;
	gate.local = who == OWN_USER;
	forget_replies(f);
	r = f->handler->handle(f->state, &f->base, &in);
	json_decref(gate.json);
	return r;
}

const json_t *answer(struct cc_fakehost *f, const char *type)
{
	assert_int_equal(f->n_replies, 1);
	assert_string_equal(f->replies[0].type, type);
	return f->replies[0].json;
}

const char *text(const json_t *body, const char *key)
{
	const char *s = json_string_value(json_object_get(body, key));

	return s ? s : "(none)";
}

int64_t number(const json_t *body, const char *key)
{
	assert_true(json_is_number(json_object_get(body, key)));
	return (int64_t)json_number_value(json_object_get(body, key));
}

const json_t *entry(struct cc_fakehost *f, const char *name)
{
	const json_t *jobs, *job;
	size_t i;

	assert_int_equal(tell(f, STRANGER, "job.list", "{\"id\": \"" ID "\"}"), 0);
	jobs = json_object_get(answer(f, "reply.job.list"), "jobs");
	assert_true(json_is_array(jobs));
	json_array_foreach(jobs, i, job)
	{
		if (strcmp(text(job, "name"), name) == 0)
			return job;
	}
	return NULL;
}

const json_t *wait_state(struct cc_fakehost *f, const char *name, const char *state, int64_t starts)
{
	int64_t end = cc_clock_ms() + PATIENCE_MS;

	for (;;) {
		const json_t *job = entry(f, name);

		assert_non_null(job);
		if (strcmp(text(job, "state"), state) == 0 && number(job, "starts") >= starts)
			return job;
		if (cc_clock_ms() > end)
			fail_msg("%s is %s after %lld starts, not %s", name, text(job, "state"),
				 (long long)number(job, "starts"), state);
		pause_ms(10); /* poll */
	}
}

void control(struct cc_fakehost *f, const char *verb, const char *name)
{
	char type[64], body[128];

	snprintf(type, sizeof(type), "job.%s", verb);
	snprintf(body, sizeof(body), "{\"id\": \"" ID "\", \"job_name\": \"%s\"}", name);
	assert_int_equal(tell(f, SIGNER, type, body), 0);
	snprintf(type, sizeof(type), "reply.job.%s", verb);
	assert_string_equal(text(answer(f, type), "job_name"), name);
	assert_string_equal(text(answer(f, type), "re"), ID);
}

static bool ended(pid_t pid)
{
	char path[64], line[256] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (!f)
		return true;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	return strstr(line, ") Z ") || strstr(line, ") X ");
}

void wait_ended(pid_t pid)
{
	int64_t end = cc_clock_ms() + PATIENCE_MS;

	while (!ended(pid)) {
		assert_true(cc_clock_ms() < end);
		pause_ms(10); /* poll */
	}
}

char *read_text(const char *path)
{
	FILE *f = fopen(path, "r");
	char *data = calloc(1, 1 << 20);

	assert_non_null(data);
	if (f) {
		data[fread(data, 1, (1 << 20) - 1, f)] = '\0';
		fclose(f);
	}
	return data;
}

char *wait_file(const char *path, const char *with)
{
	int64_t end = cc_clock_ms() + PATIENCE_MS;

	for (;;) {
		char *data = read_text(path);

		if (strstr(data, with))
			return data;
		if (cc_clock_ms() > end)
			fail_msg("no \"%s\" in %s: %s", with, path, data);
		free(data);
		pause_ms(10); /* poll */
	}
}

uint64_t counted(struct cc_fakehost *f, const char *counter)
{
	f->handler->tick(f->state, &f->base, cc_clock_ms());
	return cc_fakehost_count(f, counter);
}

unsigned open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

bool has_child(void)
{
	siginfo_t si;

	return waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == 0;
}

void log_begin(void)
{
	struct cc_log_conf conf = {.job_name = "test", .file = "log", .level = CC_LOG_INFO};

	assert_int_equal(cc_log_open(&conf), 0);
}

void finish(struct cc_fakehost **f, unsigned files)
{
	forget_replies(*f);
	cc_fakehost_freep(f);
	the_host = NULL;
	cc_log_close();
	assert_false(has_child());
	assert_int_equal(open_files(), files);
}

void make_daemon(const char *name, const char *script)
{
	char file[64], whole[2048];

	snprintf(file, sizeof(file), "cc-%s", name);
	snprintf(whole, sizeof(whole), "#!/bin/sh\n%s", script);
	put_file(file, whole);
	assert_int_equal(chmod(file, 0755), 0);
}

void host_drop(void)
{
	cc_fakehost_freep(&the_host);
	cc_log_close();
}
