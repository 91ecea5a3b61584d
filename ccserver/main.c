/* SPDX-License-Identifier: ISC */
/* ccserver: command line, daemonising, life of the process (spec cc-bus G). */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ccserver/server.h"
#include "lib/base/file.h"
#include "version.h"

enum { EXIT_OK = 0, EXIT_RUNTIME = 1, EXIT_USAGE = 2 };
enum { OPT_INI = 1000, OPT_CHECK, OPT_SET };

#define OVERRIDES_MAX 64

struct cli {
	const char *file;
	const char *overrides[OVERRIDES_MAX];
	size_t n_overrides;
	int verbose, quiet, signal;
	bool daemon, check;
};

static const char usage[] =
	"usage: ccserver [-q] [-v] [-d] [--check] [--set K=V]... FILE\n"
	"       ccserver -r | -s | -k FILE     signal the running server: reload, stop, kill\n"
	"       ccserver --ini | -V | -h\n"
	"\n"
	"  -q, --quiet     warnings and errors only\n"
	"  -v, --verbose   debug; twice: trace\n"
	"  -d, --daemon    run in the background; needs pidfile\n"
	"  -r, --reload    SIGHUP to the process of the pidfile\n"
	"  -s, --stop      SIGINT: orderly stop\n"
	"  -k, --kill      SIGTERM: orderly stop\n"
	"      --check     check the configuration and exit\n"
	"      --set K=V   override an option of [ccserver]\n"
	"      --ini       print a sample configuration\n"
	"  -V, --version   print the version\n"
	"  -h, --help      print this\n"
	"\n"
	"Exit: 0 good, 1 failure at run time, 2 usage or configuration error.\n";

static const struct option long_options[] = {
	{"quiet", no_argument, NULL, 'q'},	 {"verbose", no_argument, NULL, 'v'},
	{"daemon", no_argument, NULL, 'd'},	 {"reload", no_argument, NULL, 'r'},
	{"stop", no_argument, NULL, 's'},	 {"kill", no_argument, NULL, 'k'},
	{"check", no_argument, NULL, OPT_CHECK}, {"set", required_argument, NULL, OPT_SET},
	{"ini", no_argument, NULL, OPT_INI},	 {"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},	 {0},
};

static int bad_usage(const char *text)
{
	fprintf(stderr, "ccserver: %s; try ccserver --help\n", text);
	return EXIT_USAGE;
}

/* @return -1 to go on, else the exit code. */
static int take_option(struct cli *c, int o)
{
	switch (o) {
	case 'q':
		c->quiet++;
		return -1;
	case 'v':
		c->verbose++;
		return -1;
	case 'd':
		c->daemon = true;
		return -1;
	case 'r':
		c->signal = SIGHUP;
		return -1;
	case 's':
		c->signal = SIGINT;
		return -1;
	case 'k':
		c->signal = SIGTERM;
		return -1;
	case OPT_CHECK:
		c->check = true;
		return -1;
	case OPT_SET:
		if (c->n_overrides == OVERRIDES_MAX || !strchr(optarg, '='))
			return bad_usage("--set wants K=V, at most 64 times");
		c->overrides[c->n_overrides++] = optarg;
		return -1;
	case OPT_INI:
		srv_conf_sample();
		return EXIT_OK;
	case 'V':
		puts("ccserver " CCFED_VERSION);
		return EXIT_OK;
	case 'h':
		fputs(usage, stdout);
		return EXIT_OK;
	default:
		return EXIT_USAGE;
	}
}

static int parse_cli(struct cli *c, int argc, char **argv)
{
	int o, r = -1;

	while (r < 0 && (o = getopt_long(argc, argv, "qvdrskVh", long_options, NULL)) != -1)
		r = take_option(c, o);
	if (r >= 0)
		return r;
	if (argc - optind != 1)
		return bad_usage("one configuration file is wanted");
	c->file = argv[optind];
	return -1;
}

static int fail(const struct cc_note *why, int r)
{
	fprintf(stderr, "ccserver: %s\n", why->text[0] ? why->text : cc_err_text(r));
	return r == -CC_ESYS || r == -CC_ENOMEM ? EXIT_RUNTIME : EXIT_USAGE;
}

static int signal_server(const struct cli *c)
{
	struct srv_conf conf = {0};
	struct cc_note why = {0};
	struct cf_ini *ini = NULL;
	int code = EXIT_OK;
	pid_t pid;
	int r = srv_conf_read(c->file, c->overrides, c->n_overrides, &ini, &conf, &why);

	if (!r && !*conf.pidfile)
		r = cc_note_set(&why, CC_EINVAL, "no pidfile in %s", c->file);
	if (r) {
		code = fail(&why, r);
	} else if (cc_pidfile_find(conf.pidfile, &pid, &why) != 0) {
		fprintf(stderr, "ccserver: no server is running with pidfile %s\n", conf.pidfile);
		code = EXIT_RUNTIME;
	} else if (kill(pid, c->signal) != 0) {
		fprintf(stderr, "ccserver: cannot signal %d: %s\n", (int)pid, strerror(errno));
		code = EXIT_RUNTIME;
	}
	srv_conf_deinit(&conf);
	cf_ini_free(ini);
	return code;
}

static enum cc_level level_of(const struct cli *c)
{
	int level = CC_LOG_INFO + c->verbose - c->quiet;

	return level < CC_LOG_WARN ? CC_LOG_WARN : level > CC_LOG_TRACE ? CC_LOG_TRACE : level;
}

/*
 * Forks; the parent waits for one octet, the exit code it leaves with, so that `ccserver -d`
 * returns when the server listens, or with its start-up error. @return the pipe's end in the child.
 */
static int daemonise(void)
{
	int ends[2];
	char code = EXIT_RUNTIME;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	pid = fork();
	if (pid < 0)
		return -1;
	if (pid > 0) {
		close(ends[1]);
		if (read(ends[0], &code, 1) != 1)
			code = EXIT_RUNTIME;
		_exit(code);
	}
	close(ends[0]);
	setsid();
	return ends[1];
}

static void detach(int ready)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		close(null);
	}
	if (write(ready, "\0", 1) != 1)
		cc_warn("nobody waited for the start");
	close(ready);
}

static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int serve(struct server *s, const struct cli *c)
{
	int pidfd = -1, ready = -1, r;
	struct cc_note why = {0};

	if (c->daemon && !*s->conf->pidfile)
		return bad_usage("-d needs pidfile in [ccserver]");
	if (c->daemon && (ready = daemonise()) < 0)
		return EXIT_RUNTIME;
	block_signals();
	r = cc_pidfile_open(s->conf->pidfile, &pidfd, &why);
	if (!r)
		r = server_open_log(s, level_of(c), !c->daemon);
	if (!r && pidfd >= 0)
		r = cc_pidfile_write(pidfd);
	if (!r)
		r = server_start(s, &why);
	if (r) {
		cc_error("%s", why.text[0] ? why.text : cc_err_text(r));
		if (c->daemon)
			fail(&why, r);
		cc_pidfile_close(s->conf->pidfile, &pidfd);
		return EXIT_RUNTIME;
	}
	if (ready >= 0)
		detach(ready);
	cc_info("%s started", s->job_name);
	r = server_run(s);
	cc_info("%s stopped", s->job_name);
	cc_pidfile_close(s->conf->pidfile, &pidfd);
	if (r)
		_exit(EXIT_RUNTIME); /* a handler's thread hangs: joining it would hang too */
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	static struct server server; /* large */
	struct cli cli = {0};
	struct cc_note why = {0};
	int code = parse_cli(&cli, argc, argv), r;

	if (code >= 0)
		return code;
	if (cli.signal)
		return signal_server(&cli);
	cc_log_set_level(level_of(&cli));
	r = server_open(&server, cli.file, cli.overrides, cli.n_overrides, &why);
	if (r) {
		code = fail(&why, r);
	} else if (cli.check) {
		printf("%s: good\n", cli.file);
		code = EXIT_OK;
	} else {
		code = serve(&server, &cli);
	}
	server_close(&server);
	return code;
}
