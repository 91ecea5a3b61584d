/* SPDX-License-Identifier: ISC */
/* ccfed config check: asks the ccserver program, which alone knows its options. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "lib/base/file.h"

/* The ccserver of the same build or installation, else the one in PATH. */
static void exec_ccserver(char *const argv[])
{
	static const char *const beside[] = {"../ccserver/ccserver", "../sbin/ccserver", NULL};
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		*slash = '\0';
		for (int i = 0; beside[i]; i++) {
			cc_cleanup(cc_freep) char *path = cc_file_join(self, beside[i]);

			if (path)
				execv(path, argv);
		}
	}
	execvp("ccserver", argv);
}

static int cli_check(const struct cli_command *cmd, int argc, char **argv)
{
	static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
	char *args[4] = {(char *)"ccserver", (char *)"--check", NULL, NULL};
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (o != 'h')
			return CLI_USAGE;
		cli_help(cmd);
		return CLI_OK;
	}
	if (argc - optind != 1)
		return cli_usage(cmd, "one configuration file is wanted");
	args[2] = argv[optind];
	exec_ccserver(args);
	fprintf(stderr, "ccfed config check: cannot run ccserver: %s\n", strerror(errno));
	return CLI_FAILED;
}

const struct cli_command cli_config[] = {
	{"config", "check", "FILE", "checks a configuration file, as ccserver --check", NULL,
	 cli_check},
	{0},
};
