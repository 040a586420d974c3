/* run - the proxy: by a configuration file, or by flags for one site. */
#include "proxy/commands/run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/keys.h"
#include "conf/reader.h"
#include "proxy/cli/exit_status.h"
#include "proxy/cli/options.h"
#include "proxy/cli/output.h"
#include "proxy/commands/run/run_view.h"
#include "proxy/control/server.h"
#include "proxy/log/program_log.h"

#define DEFAULT_CONFIG_FILE "/etc/chainmend/chainmend.ini"

enum { MAX_PAIRS = 1000, MAX_FLAG = 40, MAX_FORM = 80, MAX_HELP = 1000 };

struct run_options {
	const char *file; /* NULL: the default, or the flags */
	bool check_config;
	struct run_view_options view; /* of check_config */
	const char *pairs[2 * MAX_PAIRS + 1]; /* "key", "value" ..., as config_read_pairs reads them */
	size_t num_pairs;
};

static const char *take_file(void *into, const char *value)
{
	struct run_options *options = into;
	options->file = value;
	return NULL;
}

static const char *take_check_config(void *into, const char *value)
{
	struct run_options *options = into;
	(void)value;
	options->check_config = true;
	return NULL;
}

static const char *take_strict(void *into, const char *value)
{
	struct run_options *options = into;
	(void)value;
	options->view.strict = true;
	return NULL;
}

static const char *take_offline(void *into, const char *value)
{
	struct run_options *options = into;
	(void)value;
	options->view.offline = true;
	return NULL;
}

static const char *take_pair(struct run_options *options, enum config_key_id id, const char *value)
{
	if (options->num_pairs == MAX_PAIRS)
		return "too many flags: write a configuration file";
	options->pairs[2 * options->num_pairs] = config_key(id)->name;
	options->pairs[2 * options->num_pairs + 1] = value;
	options->num_pairs++;
	return NULL;
}

/* Each key as the flag --key-name VALUE; which ones are offered, the table of keys says. */
#define KEY(id, ...)                                                                                                   \
	static const char *take_##id(void *into, const char *value)                                                    \
	{                                                                                                              \
		return take_pair(into, id, value);                                                                     \
	}
#include "conf/keys.def"
#undef KEY

static const char *(*const take_key[NUM_CONFIG_KEYS])(void *into, const char *value) = {
#define KEY(id, ...) [id] = take_##id,
#include "conf/keys.def"
#undef KEY
};

static const struct option_row general_rows[] = {
    {"config", 'c', "FILE", "The configuration file; without one and without flags: " DEFAULT_CONFIG_FILE ".",
     take_file},
    {"check-config", 0, NULL,
     "Read everything, say what would be served and what is wrong with files, names, certificates, directories and "
     "backends, and exit: 1 for what run would refuse, else 0.",
     take_check_config},
    {"strict", 0, NULL,
     "With --check-config: exit with 1 where anything is reported as an error: a file, a certificate, a directory, a "
     "backend.",
     take_strict},
    {"offline", 0, NULL, "With --check-config: ask no backend, nor a name server.", take_offline},
    {0},
};

/* The rows of the keys, made from the table of the configuration; one more for --hostname, and one that ends them. */
struct run_rows {
	char flags[NUM_CONFIG_KEYS][MAX_FLAG];
	char forms[NUM_CONFIG_KEYS][MAX_FORM];
	char helps[NUM_CONFIG_KEYS][MAX_HELP];
	struct option_row rows[NUM_CONFIG_KEYS + 2];
	size_t count;
};

static const char *flag_of(const char *key, char flag[MAX_FLAG])
{
	size_t len = strnlen(key, MAX_FLAG - 1);
	for (size_t i = 0; i < len; i++)
		flag[i] = (char)(key[i] == '_' ? '-' : key[i]);
	flag[len] = '\0';
	return flag;
}

/* Writes what `print` says of the key to `out`, as much as has room. */
static const char *text_of(const struct config_key *key,
			   struct error (*print)(const struct config_key *key, struct buffer *out), char *out,
			   size_t out_size)
{
	struct buffer text;

	buffer_init(&text, out_size - 1);
	struct error error = print(key, &text);
	snprintf(out, out_size, "%s", failed(error) ? "" : buffer_text(&text));
	buffer_cleanup(&text);
	return out;
}

static void add_keys(struct run_rows *rows, enum config_scope scope)
{
	for (enum config_key_id id = 0; id < NUM_CONFIG_KEYS; id++) {
		const struct config_key *key = config_key(id);
		if (!key->flag || key->scope != scope)
			continue;
		rows->rows[rows->count++] = (struct option_row){
		    .name = flag_of(key->name, rows->flags[id]),
		    .argument = text_of(key, config_key_print_form, rows->forms[id], MAX_FORM),
		    .help = text_of(key, config_key_print_help, rows->helps[id], MAX_HELP),
		    .take = take_key[id],
		};
	}
}

/* The keys of a site come first: flags are mostly used for those. */
static void make_rows(struct run_rows *rows)
{
	*rows = (struct run_rows){0};
	add_keys(rows, SCOPE_SITE);
	add_keys(rows, SCOPE_CHAINMEND);
	rows->rows[rows->count++] = (struct option_row){
	    .name = "hostname", .argument = "NAME", .help = "The same as --hostnames.", .take = take_KEY_HOSTNAMES};
}

/* Reads the configuration as it was asked for: at the start, and for each reload. */
static bool read_config(void *context, struct config **out, struct buffer *errors)
{
	const struct run_options *options = context;

	if (options->num_pairs > 0)
		return config_read_pairs(options->pairs, out, errors);
	return config_read_file(options->file != NULL ? options->file : DEFAULT_CONFIG_FILE, out, errors);
}

static int run(struct run_options *options)
{
	struct config *config = NULL;
	struct program_log log;
	struct buffer errors;

	program_log_init(&log, STDERR_FILENO, LOG_LEVEL_ERROR);
	buffer_init(&errors, SERVER_MAX_ERROR_BYTES);
	bool good = read_config(options, &config, &errors);
	program_log_lines(&log, LOG_LEVEL_ERROR, buffer_text(&errors));
	buffer_cleanup(&errors);
	if (!good)
		return options->num_pairs > 0 ? STATUS_USAGE : STATUS_FAILED;
	struct server_options server_options = {.take_config = config, .context = options, .read_config = read_config};
	bool held = false;
	int status = options->check_config ? run_view_check(config, &options->view, stdout, &held)
					   : server_run(&server_options, &held);
	if (held)
		output_end(status, STATUS_FAILED);
	return status;
}

int command_run(int argc, char **argv)
{
	struct run_options options = {0};
	struct run_rows rows;
	int first_operand = 0;

	make_rows(&rows);
	const struct option_table tables[] = {
	    {NULL, general_rows},
	    {"One site by flags (each is the key of the configuration file with that name)", rows.rows},
	    {0},
	};
	const struct command_help help = {
	    .command = "run",
	    .usage = "chainmend run [-c FILE] [--check-config [--strict]]\n"
		     "chainmend run --listen ADDRESS:PORT --backend URL --certificate FILE [--key FILE] [--hostname "
		     "NAME]...\n",
	    .about =
		"Stands in front of a server, ends TLS for it, and sends a complete certificate chain in its place.\n"
		"SIGHUP reloads, SIGUSR1 reopens the logs, SIGTERM lets connections end and stops.",
	    .tables = tables,
	};
	switch (options_parse(&help, argc, argv, &options, &first_operand)) {
	case OPTIONS_HELP_PRINTED:
		return STATUS_OK;
	case OPTIONS_WRONG:
		return STATUS_USAGE;
	case OPTIONS_NO_MEMORY:
		return STATUS_FAILED;
	case OPTIONS_TAKEN:
		break;
	}
	if (first_operand < argc)
		return options_wrong(&help, "what is %s? A configuration file is given with -c", argv[first_operand]);
	if (options.file != NULL && options.num_pairs > 0)
		return options_wrong(&help, "a configuration file and --%s do not go together: write it into the file",
				     options.pairs[0]);
	if (options.view.strict && !options.check_config)
		return options_wrong(&help, "--strict goes with --check-config");
	if (options.view.offline && !options.check_config)
		return options_wrong(&help,
				     "--offline goes with --check-config: `fetch = off` lets the proxy fetch nothing");
	return run(&options);
}
