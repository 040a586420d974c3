#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/base.h>

#include "conf/spelling.h"
#include "proxy/cli/exit_status.h"
#include "proxy/cli/output.h"
#include "proxy/commands/cache/cache.h"
#include "proxy/commands/check/check.h"
#include "proxy/commands/check/mend_command.h"
#include "proxy/commands/log/log.h"
#include "proxy/commands/run/run.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	int lost; /* the status where what was printed did not arrive */
	const char *help;
} commands[] = {
    {"run", command_run, STATUS_FAILED, "serve: the proxy itself"},
    {"check", command_check, STATUS_UNKNOWN, "audit what a server sends, or a file of certificates"},
    {"mend", command_mend, STATUS_UNKNOWN, "complete the chain in a file of certificates"},
    {"cache", command_cache, STATUS_FAILED, "look after the cache of intermediates"},
    {"log", command_log, STATUS_FAILED, "read the fix log"},
};

#define NUM_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int print_help(FILE *file)
{
	fprintf(file, "chainmend - a TLS-terminating reverse proxy that repairs certificate chains\n\n"
		      "Usage: chainmend COMMAND [OPTION]...\n\nCommands:\n");
	for (size_t i = 0; i < NUM_COMMANDS; i++)
		fprintf(file, "  %-8s %s\n", commands[i].name, commands[i].help);
	fprintf(file, "\nchainmend COMMAND --help says more; chainmend --version prints the versions.\n"
		      "The manual is chainmend(1); the configuration is chainmend.ini(5).\n");
	return STATUS_OK;
}

static int print_version(void)
{
	printf("chainmend %s (BoringSSL, API version %d)\n", CHAINMEND_VERSION, BORINGSSL_API_VERSION);
	return STATUS_OK;
}

static int report_unknown(const char *word)
{
	struct spelling spelling = spelling_of(word);
	for (size_t i = 0; i < NUM_COMMANDS; i++)
		spelling_offer(&spelling, commands[i].name);
	const char *best = spelling_best(&spelling);
	if (best != NULL)
		complain("%s: there is no such command: did you mean chainmend %s?", word, best);
	else
		complain("%s: there is no such command: chainmend --help lists them", word);
	return STATUS_USAGE;
}

/* Opens closed descriptors below 3: the first file or socket would get their numbers, and output would go there. Reads
 * and writes of their replacements fail, so that the loss is noticed. */
static bool hold_standard_descriptors(void)
{
	static const int modes[] = {[STDIN_FILENO] = O_WRONLY, [STDOUT_FILENO] = O_RDONLY, [STDERR_FILENO] = O_RDONLY};
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++) {
		if (fcntl(i, F_GETFD) == -1 && errno == EBADF && open("/dev/null", modes[i]) != i)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	if (!hold_standard_descriptors())
		return STATUS_FAILED;
	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN); /* a peer that is gone is an error of the write, not the end of us */
	if (argc < 2) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	const char *word = argv[1];
	for (size_t i = 0; i < NUM_COMMANDS; i++) {
		if (strcmp(commands[i].name, word) == 0)
			return output_settle(commands[i].run(argc - 1, argv + 1), commands[i].lost);
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
		return output_settle(print_help(stdout), STATUS_FAILED);
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0 || strcmp(word, "version") == 0)
		return output_settle(print_version(), STATUS_FAILED);
	return report_unknown(word);
}
