/* SPDX-License-Identifier: ISC */
#include "handlers/jobmgr/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/util.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define GROUPS_MAX 65536 /* the kernel's NGROUPS_MAX */

enum step { STEP_PARENT, STEP_FILES, STEP_SESSION, STEP_USER, STEP_MEMORY, STEP_EXEC };
static const char *const steps[] = {
	[STEP_PARENT] = "the server ended",	[STEP_FILES] = "setting up its descriptors",
	[STEP_SESSION] = "making its session",	[STEP_USER] = "becoming its user",
	[STEP_MEMORY] = "setting memory-limit", [STEP_EXEC] = "running its program",
};

/* What a child that fails writes to its parent. */
struct failure {
	int step, error;
};

/* ---- before the fork ---- */

/* What a daemon's environment may take from ours. */
static const char *const passed[] = {
	"LANG",		"TZ",
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	"ASAN_OPTIONS", /* a build for tests: reports of daemons go where those of the server go */
	"LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS",
#endif
	NULL,
};

static int add_env(struct job_plan *plan, const char *name, const char *value)
{
	size_t n = 0;

	if (!value)
		return 0;
	while (plan->env[n])
		n++;
	if (n == JOB_ENV_MAX || asprintf(&plan->env[n], "%s=%s", name, value) < 0) {
		plan->env[n] = NULL;
		return cc_raise(CC_ENOMEM);
	}
	return 0;
}

static int make_env(struct job_plan *plan, const char *home)
{
	const char *path = getenv("PATH");
	char fd[16];
	int r;

	snprintf(fd, sizeof(fd), "%d", JOB_LIFELINE_FD);
	r = add_env(plan, "PATH", path ? path : DEFAULT_PATH);
	if (!r)
		r = add_env(plan, "HOME", home);
	if (!r)
		r = add_env(plan, "CCFED_LIFELINE", fd);
	for (int i = 0; passed[i] && !r; i++)
		r = add_env(plan, passed[i], getenv(passed[i]));
	return r;
}

/* initgroups() reads files, which a child may not: the list is made here. */
static int find_groups(struct job_plan *plan, const char *user)
{
	int n = 64;

	do {
		gid_t *more = realloc(plan->groups, (size_t)n * sizeof(*more));

		if (!more)
			return cc_raise(CC_ENOMEM);
		plan->groups = more;
		plan->n_groups = n;
		if (getgrouplist(user, plan->gid, plan->groups, &plan->n_groups) >= 0)
			return 0;
		n *= 2;
	} while (n <= GROUPS_MAX);
	return cc_raise(CC_ELIMIT);
}

int job_plan_init(struct job_plan *plan, char *const *argv, const char *user, uint64_t memory,
		  struct cc_note *why)
{
	struct passwd pw, *found = NULL;
	char space[16384];
	int r = 0;

	memset(plan, 0, sizeof(*plan));
	plan->argv = argv;
	plan->memory = memory;
	if (!*user)
		return make_env(plan, getenv("HOME"));
	if (getpwnam_r(user, &pw, space, sizeof(space), &found) != 0 || !found)
		return cc_note_set(why, CC_ENOTFOUND, "no user %.64s", user);
	plan->uid = pw.pw_uid;
	plan->gid = pw.pw_gid;
	plan->drop = geteuid() == 0;
	if (!plan->drop && geteuid() != pw.pw_uid)
		return cc_note_set(why, CC_EINVAL, "only root may become user %.64s", user);
	if (plan->drop)
		r = find_groups(plan, user);
	return r ? r : make_env(plan, pw.pw_dir);
}

void job_plan_deinit(struct job_plan *plan)
{
	for (size_t i = 0; plan->env[i]; i++)
		free(plan->env[i]);
	free(plan->groups);
	memset(plan, 0, sizeof(*plan));
}

/* ---- in the child: calls that are safe after a fork of one thread of many ---- */

struct child {
	const struct job_plan *plan;
	pid_t parent;
	sigset_t none;
	int null, output, lifeline, exec; /* the child's ends */
};

_Noreturn static void give_up(int fd, enum step step)
{
	struct failure f = {step, errno};
	ssize_t r = write(fd, &f, sizeof(f));

	_exit(r == sizeof(f) ? 127 : 126);
}

/* The thread that forked may have ended before the signal was asked for. */
static void die_with_parent(const struct child *c, int report)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != c->parent)
		give_up(report, STEP_PARENT);
}

/* 0 null, 1 and 2 output, 3 lifeline, 4 the report, closed by the exec. @return the report. */
static int arrange_files(const struct child *c)
{
	int null = fcntl(c->null, F_DUPFD_CLOEXEC, 10);
	int output = fcntl(c->output, F_DUPFD_CLOEXEC, 10);
	int lifeline = fcntl(c->lifeline, F_DUPFD_CLOEXEC, 10);
	int report = fcntl(c->exec, F_DUPFD_CLOEXEC, 10);

	if (null < 0 || output < 0 || lifeline < 0 || report < 0)
		give_up(c->exec, STEP_FILES);
	if (dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 ||
	    dup2(lifeline, JOB_LIFELINE_FD) < 0 ||
	    dup3(report, JOB_LIFELINE_FD + 1, O_CLOEXEC) < 0 || chdir("/") != 0 ||
	    close_range(JOB_LIFELINE_FD + 2, ~0u, 0) != 0)
		give_up(report, STEP_FILES);
	return JOB_LIFELINE_FD + 1;
}

static void become_user(const struct job_plan *p, int report)
{
	if (setgroups((size_t)p->n_groups, p->groups) != 0 ||
	    setresgid(p->gid, p->gid, p->gid) != 0 || setresuid(p->uid, p->uid, p->uid) != 0)
		give_up(report, STEP_USER);
}

static void limit_memory(const struct job_plan *p, int report)
{
	struct rlimit limit = {p->memory, p->memory};

	if (setrlimit(RLIMIT_AS, &limit) != 0)
		give_up(report, STEP_MEMORY);
}

static void reset_signals(void)
{
	struct sigaction def = {.sa_handler = SIG_DFL};

	for (int i = 1; i < NSIG; i++)
		sigaction(i, &def,
			  NULL); /* refused for SIGKILL and libc's own: those are default */
}

_Noreturn static void run_child(const struct child *c)
{
	int report;

	die_with_parent(c, c->exec);
	report = arrange_files(c);
	if (setsid() < 0)
		give_up(report, STEP_SESSION);
	reset_signals();
	umask(022);
	if (c->plan->drop) {
		become_user(c->plan, report);
		die_with_parent(c, report);
	}
	if (c->plan->memory)
		limit_memory(c->plan, report);
	sigprocmask(SIG_SETMASK, &c->none, NULL);
	execve(c->plan->argv[0], c->plan->argv, c->plan->env);
	give_up(report, STEP_EXEC);
}

/* ---- the fork ---- */

static int open_files(struct child *c, struct job_process *p)
{
	int ends[2];

	c->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (c->null < 0 || pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	p->output = ends[0];
	c->output = ends[1];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	p->exec_fd = ends[0];
	c->exec = ends[1];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	p->lifeline = ends[0];
	c->lifeline = ends[1];
	return fcntl(p->output, F_SETFL, O_NONBLOCK) || fcntl(p->exec_fd, F_SETFL, O_NONBLOCK) ||
	       fcntl(p->lifeline, F_SETFL, O_NONBLOCK);
}

static void close_child(struct child *c)
{
	cc_closep(&c->null);
	cc_closep(&c->output);
	cc_closep(&c->exec);
	cc_closep(&c->lifeline);
}

static int fail(struct job_process *p, struct cc_note *why, const char *what)
{
	int error = errno;

	cc_closep(&p->output);
	cc_closep(&p->exec_fd);
	cc_closep(&p->lifeline);
	return cc_note_set(why, CC_ESYS, "%s: %s", what, strerror(error));
}

int job_spawn(const struct job_plan *plan, struct job_process *out, struct cc_note *why)
{
	struct job_process p = {.pidfd = -1, .exec_fd = -1, .lifeline = -1, .output = -1};
	struct child c = {plan, getpid(), {{0}}, -1, -1, -1, -1};

	sigemptyset(&c.none);
	if (open_files(&c, &p) != 0) {
		close_child(&c);
		return fail(&p, why, "cannot make pipes");
	}
	p.pid = fork();
	if (p.pid == 0)
		run_child(&c);
	close_child(&c);
	if (p.pid < 0)
		return fail(&p, why, "cannot fork");
	/* nobody but us waits for our children: the pid is still this child's */
	p.pidfd = pidfd_open(p.pid, 0);
	if (p.pidfd < 0) {
		int error = errno;

		kill(p.pid, SIGKILL);
		waitpid(p.pid, NULL, 0);
		errno = error;
		return fail(&p, why, "cannot open a pidfd");
	}
	*out = p;
	return 0;
}

int job_spawn_result(int exec_fd, struct cc_note *why)
{
	struct failure f;
	ssize_t n = read(exec_fd, &f, sizeof(f));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n != sizeof(f) || f.step < 0 || (size_t)f.step >= CC_ARRAY_SIZE(steps))
		return 1;
	return cc_note_set(why, CC_ESYS, "%s: %s", steps[f.step],
			   f.step == STEP_PARENT ? "gone" : strerror(f.error));
}
