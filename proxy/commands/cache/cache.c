#include "proxy/commands/cache/cache.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/spelling.h"
#include "proxy/cli/exit_status.h"
#include "proxy/cli/options.h"
#include "proxy/cli/output.h"
#include "proxy/commands/cache/cache_command.h"
#include "proxy/commands/check/user_cache.h"

#define ANY_NUMBER (-1)

static const char *take_cache(void *into, const char *value)
{
	((struct cache_options *)into)->cache = value;
	return value[0] != '\0' ? NULL : "it is empty";
}

static const char *take_json(void *into, const char *value)
{
	(void)value;
	((struct cache_options *)into)->json = true;
	return NULL;
}

static const char *take_output(void *into, const char *value)
{
	((struct cache_options *)into)->output = strcmp(value, "-") == 0 ? NULL : value;
	return NULL;
}

#define CACHE_ROW                                                                                                      \
	{                                                                                                              \
		"cache", 0, "DIR",                                                                                     \
		    "The cache (default: /var/cache/chainmend where it can be written, else ~/.cache/chainmend)",      \
		    take_cache                                                                                         \
	}
#define END_ROW                                                                                                        \
	{                                                                                                              \
		NULL, 0, NULL, NULL, NULL                                                                              \
	}

static const struct option_row plain_rows[] = {CACHE_ROW, END_ROW};
static const struct option_row view_rows[] = {
    CACHE_ROW,
    {"json", 0, NULL, "One JSON document on stdout, and nothing else there", take_json},
    END_ROW,
};
static const struct option_row export_rows[] = {
    CACHE_ROW,
    {"output", 'o', "FILE", "Where the bundle goes (default: stdout)", take_output},
    END_ROW,
};
static const struct option_row fetch_rows[] = {
    CACHE_ROW,
    {"fetch-allow", 0, "WHAT",
     "Where it may be fetched from, beside public addresses: a host, an address, a CIDR block, or any; repeatable "
     "(default: public)",
     fetch_options_take_allow},
    {"fetch-proxy", 0, "URL", "An HTTP proxy to fetch through (default: the variable http_proxy)",
     fetch_options_take_proxy},
    END_ROW,
};

static const struct option_table plain_tables[] = {{NULL, plain_rows}, {NULL, NULL}};
static const struct option_table view_tables[] = {{NULL, view_rows}, {NULL, NULL}};
static const struct option_table export_tables[] = {{NULL, export_rows}, {NULL, NULL}};
static const struct option_table fetch_tables[] = {{NULL, fetch_rows}, {NULL, NULL}};

struct action {
	const char *name;
	const char *operands; /* what they are called, "" when it takes none */
	int num_operands; /* ANY_NUMBER: one or more */
	const char *summary;
	struct command_help help;
	bool writes; /* the directory is made where it is not there; every other one makes nothing */
	int (*run)(struct cache_dir *dir, const struct cache_options *options, char **operands, int num_operands);
};

static const struct action actions[] = {
    {"list",
     "",
     0,
     "what is in the cache",
     {"cache list", "Usage: chainmend cache list [OPTION]...\n",
      "Lists the cached certificates: subject, issuer, expiry, source, size and SHA-256.", view_tables, NULL, NULL},
     false,
     cache_list},
    {"show",
     "FINGERPRINT|SUBJECT",
     1,
     "one certificate, with its PEM",
     {"cache show", "Usage: chainmend cache show FINGERPRINT|SUBJECT [OPTION]...\n",
      "Shows the certificates whose SHA-256 begins with FINGERPRINT (8 digits or more), or whose subject has "
      "SUBJECT\n"
      "in it.",
      view_tables, NULL, NULL},
     false,
     cache_show},
    {"import",
     "PATH...",
     ANY_NUMBER,
     "add the CA certificates of files and directories",
     {"cache import", "Usage: chainmend cache import PATH... [OPTION]...\n",
      "Adds the CA certificates of files in PEM, DER, PKCS#7 or PKCS#12 without a password, of Java keystores and\n"
      "Windows' .sst, of CCADB's CSV exports with a PEM column, and of directories of such files.",
      plain_tables, NULL, NULL},
     true,
     cache_import},
    {"export",
     "",
     0,
     "write all of it as one PEM bundle",
     {"cache export", "Usage: chainmend cache export [OPTION]...\n",
      "Writes every cached certificate as one PEM bundle, in the order of their SHA-256.", export_tables, NULL, NULL},
     false,
     cache_export},
    {"fetch",
     "URL",
     1,
     "fetch a CA certificate and add it",
     {"cache fetch", "Usage: chainmend cache fetch URL [OPTION]...\n",
      "Fetches the CA certificates (DER, PEM or PKCS#7) behind an http URL and adds them.", fetch_tables, NULL, NULL},
     true,
     cache_fetch},
    {"verify",
     "",
     0,
     "read everything again",
     {"cache verify", "Usage: chainmend cache verify [OPTION]...\n",
      "Reads every file again. One that is not what its name says is set aside and reported; the exit status is then "
      "1.",
      plain_tables, NULL, NULL},
     false,
     cache_verify},
    {"prune",
     "",
     0,
     "drop what has expired",
     {"cache prune", "Usage: chainmend cache prune [OPTION]...\n", "Removes the certificates that have expired.",
      plain_tables, NULL, NULL},
     false,
     cache_prune},
};

#define NUM_ACTIONS (sizeof(actions) / sizeof(actions[0]))

/* Returns the directory without --cache: the machine's where this user can write, as for check and mend, else the
 * user's. */
static const char *default_path(char *out, size_t out_size)
{
	if (access(CACHE_DIR_DEFAULT_PATH, R_OK | W_OK | X_OK) == 0)
		return CACHE_DIR_DEFAULT_PATH;
	return user_cache_path(out, out_size);
}

static int run_in_cache(const struct action *action, const struct cache_options *options, char **operands,
			int num_operands)
{
	char buffer[USER_CACHE_MAX_PATH];
	char text[ERROR_MAX_TEXT];
	struct cache_dir dir;
	const char *path = options->cache != NULL ? options->cache : default_path(buffer, sizeof(buffer));
	if (path == NULL) {
		complain("cache: no directory is known: name one with --cache");
		return STATUS_FAILED;
	}
	if (action->writes && options->cache == NULL)
		user_cache_make_parents(path);
	struct error error = action->writes ? cache_dir_open(path, &dir) : cache_dir_look(path, &dir);
	if (!failed(error) && dir.absent && options->cache != NULL) {
		cache_dir_close(&dir);
		error = error_of(ERROR_SYSTEM, ENOENT, "open the cache directory");
	}
	if (failed(error)) {
		complain("cache %s: %s: name another directory with --cache", path,
			 error_print(error, text, sizeof(text)));
		return STATUS_FAILED;
	}
	int status = action->run(&dir, options, operands, num_operands);
	cache_dir_close(&dir);
	return status;
}

static int run_action(const struct action *action, int argc, char **argv)
{
	struct cache_options options = {0};
	int first = 0;
	int status = STATUS_USAGE;
	switch (options_parse(&action->help, argc, argv, &options, &first)) {
	case OPTIONS_HELP_PRINTED:
		status = STATUS_OK;
		break;
	case OPTIONS_WRONG:
		break;
	case OPTIONS_NO_MEMORY:
		status = STATUS_FAILED;
		break;
	case OPTIONS_TAKEN:
		if (argc - first == action->num_operands || (action->num_operands == ANY_NUMBER && argc > first))
			status = run_in_cache(action, &options, argv + first, argc - first);
		else if (action->num_operands == 0)
			status = options_wrong(&action->help, "%s: it takes no operand", argv[first]);
		else
			status = options_wrong(&action->help, "it takes %s", action->operands);
	}
	fetch_options_cleanup(&options.fetch);
	return status;
}

static void print_help(FILE *file)
{
	fprintf(file, "Usage: chainmend cache COMMAND [OPTION]...\n\n"
		      "Looks after the cache of intermediates: a directory of <sha256>.pem, one certificate a file.\n"
		      "Nothing in it is trusted because it is there.\n\nCommands:\n");
	for (size_t i = 0; i < NUM_ACTIONS; i++)
		fprintf(file, "  %-6s %-20s %s\n", actions[i].name, actions[i].operands, actions[i].summary);
	fprintf(file, "\nchainmend cache COMMAND --help says more.\n");
}

static int report_unknown(const char *word)
{
	struct spelling spelling = spelling_of(word);
	for (size_t i = 0; i < NUM_ACTIONS; i++)
		spelling_offer(&spelling, actions[i].name);
	const char *best = spelling_best(&spelling);
	if (best != NULL)
		complain("cache %s: there is no such command: did you mean chainmend cache %s?", word, best);
	else
		complain("cache %s: there is no such command: chainmend cache --help lists them", word);
	return STATUS_USAGE;
}

int command_cache(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return STATUS_USAGE;
	}
	for (size_t i = 0; i < NUM_ACTIONS; i++) {
		if (strcmp(actions[i].name, argv[1]) == 0)
			return run_action(&actions[i], argc - 1, argv + 1);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help(stdout);
		return STATUS_OK;
	}
	return report_unknown(argv[1]);
}
