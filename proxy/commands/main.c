#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <openssl/base.h>

#include "conf/spelling.h"
#include "proxy/commands/commands.h"
#include "proxy/commands/output.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
    {"run", command_run, "serve: the proxy itself"},
    {"check", command_check, "audit what a server sends, or a file of certificates"},
    {"mend", command_mend, "complete the chain in a file of certificates"},
    {"cache", command_cache, "look after the cache of intermediates"},
    {"log", command_log, "read the fix log"},
};

#define NUM_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int print_help(FILE *file)
{
	fprintf(file, "chainmend - a TLS-terminating reverse proxy that repairs certificate chains\n\n"
		      "Usage: chainmend COMMAND [OPTION]...\n\nCommands:\n");
	for (size_t i = 0; i < NUM_COMMANDS; i++)
		fprintf(file, "  %-8s %s\n", commands[i].name, commands[i].help);
	fprintf(file, "\nchainmend COMMAND --help says more; chainmend --version tells the versions.\n"
		      "The manual is chainmend(1); the configuration is chainmend.ini(5).\n");
	return STATUS_OK;
}

static int print_version(void)
{
	printf("chainmend %s (BoringSSL, API version %d)\n", CHAINMEND_VERSION, BORINGSSL_API_VERSION);
	return STATUS_OK;
}

static int tell_unknown(const char *word)
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

/* What was printed must have arrived: a full disk is an error, a reader that went away is not worth a word. */
static int finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	return status == STATUS_OK ? STATUS_FAILED : status;
}

int main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN); /* a peer that is gone is an error of the write, not the end of us */
	if (argc < 2) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	const char *word = argv[1];
	for (size_t i = 0; i < NUM_COMMANDS; i++) {
		if (strcmp(commands[i].name, word) == 0)
			return finish(commands[i].run(argc - 1, argv + 1));
	}
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
		return finish(print_help(stdout));
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0 || strcmp(word, "version") == 0)
		return finish(print_version());
	return tell_unknown(word);
}
