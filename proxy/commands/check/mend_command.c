#include "proxy/commands/check/mend_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "chaincache/base/buffer.h"
#include "proxy/cli/atomic_file.h"
#include "proxy/cli/exit_status.h"
#include "proxy/commands/check/audit_json.h"
#include "proxy/commands/check/chain_input.h"
#include "proxy/commands/check/chain_view.h"
#include "proxy/commands/check/mend_runner.h"
#include "proxy/commands/repair/repair_view.h"

#define MAX_PEM_BYTES ((size_t)4 * 1024 * 1024) /* of a mended chain: MEND_MAX_DEPTH certificates of 64 KiB fit */

struct mend_options {
	struct audit_options audit; /* first: see audit_options.h */
	const char *out; /* NULL: stdout; with a recipe: the directory of its files, NULL: one of its own name */
	const char *key;
	const struct repair_recipe *recipe; /* NULL: PEM is wanted */
	bool exit_code;
};

static const char *take_out(void *into, const char *value)
{
	((struct mend_options *)into)->out = strcmp(value, "-") == 0 ? NULL : value;
	return NULL;
}

static const char *take_key(void *into, const char *value)
{
	((struct mend_options *)into)->key = value;
	return NULL;
}

static const char *take_exit_code(void *into, const char *value)
{
	(void)value;
	((struct mend_options *)into)->exit_code = true;
	return NULL;
}

static const char *take_for(void *into, const char *value)
{
	((struct mend_options *)into)->recipe = repair_recipe_find(value);
	return ((struct mend_options *)into)->recipe != NULL
		   ? NULL
		   : "it is one of iis, exchange, nginx, apache, haproxy, java, f5, netscaler";
}

static const struct option_row mend_rows[] = {
    {"output", 'o', "OUT", "Write the mended chain there, whole or not at all (default: standard output)", take_out},
    {"key", 0, "FILE", "The private key: the leaf is the certificate that belongs to it. It is read, never written",
     take_key},
    {"exit-code", 0, NULL, "Status 1 when the mended chain differs from the file", take_exit_code},
    {"for", 0, "SERVER",
     "Print, in place of PEM, the steps that repair this kind of server for good: iis, exchange, nginx, apache, "
     "haproxy, java, f5 or netscaler; the files for them go to the directory OUT (default: one named after certificate "
     "and server), over no other file",
     take_for},
    {NULL, 0, NULL, NULL, NULL},
};
static const struct option_table tables[] = {
    {NULL, mend_rows}, {"Options of check and mend", audit_option_rows}, {NULL, NULL}};

static const struct command_help help = {
    .command = "mend",
    .usage = "Usage: chainmend mend FILE [-o OUT] [OPTION]...\n"
	     "       chainmend mend FILE --for SERVER [-o DIR] [OPTION]...\n",
    .about = "Completes the chain in a certificate file (PEM, DER, PKCS#7 or PKCS#12, - for standard input): writes\n"
	     "the mended chain as PEM, leaf first and without the root; what it found goes to standard error.",
    .tables = tables,
    .after = "Status: 0 the chain that was written is good; 1 with --exit-code: it differs from the file; 2 something\n"
	     "is left that no chain can repair; 3 nothing could be written, and OUT is as it was; 64 wrong usage.\n",
};

/* One mending: the input, and what is made of it. */
struct mending {
	struct mend_options options;
	struct mend_runner runner;
	const char *path;
	struct certificate_file file;
	EVP_PKEY *key; /* owned; NULL: none was given */
};

static bool read_input(struct mending *mending)
{
	const struct mend_options *options = &mending->options;
	const char *password_file = options->audit.key_password_file;
	if (!chain_input_read(mending->path, password_file, SOURCE_FILE, &mending->file))
		return false;
	if (options->key != NULL) {
		mending->key = chain_input_read_key(options->key, password_file);
		if (mending->key == NULL)
			return false;
	} else if (mending->file.key != NULL) {
		EVP_PKEY_up_ref(mending->file.key);
		mending->key = mending->file.key;
	}
	return chain_input_put_leaf_first(mending->path, &mending->file, mending->key, mending->runner.now,
					  &mending->runner.leaf_place);
}

static int exit_status(const struct mending *mending)
{
	const struct mend_result *result = mending->runner.result;
	if (mend_exit_status(result, false) == STATUS_BROKEN)
		return STATUS_BROKEN;
	return mending->options.exit_code && result->changed ? STATUS_CHANGED : STATUS_OK;
}

static void report_findings(const struct mending *mending)
{
	struct output output;
	output_init(&output, stderr);
	struct chain_view view = {
	    .output = &output,
	    .result = mending->runner.result,
	    .target = mending->path,
	    .connection = "",
	    .now = mending->runner.now,
	};
	chain_view_print_findings(&view);
}

/* The document is made before anything is written. The caller frees *out. */
static struct error make_json(const struct mending *mending, const char *pem, int status, char **out)
{
	struct audit_json_facts facts = {
	    .target = mending->path,
	    .pem = mending->options.out == NULL ? pem : NULL,
	    .time = mending->runner.now,
	    .exit_status = status,
	};
	size_t len;
	FILE *memory = open_memstream(out, &len);
	bool made = memory != NULL && audit_json_print(&facts, mending->runner.result, memory);
	if (memory != NULL)
		made = fclose(memory) == 0 && made;
	return made ? error_none() : error_of(ERROR_MEMORY, 0, "the JSON");
}

static int end_unread(const struct mending *mending, const char *reason)
{
	struct audit_json_facts facts = {
	    .target = mending->path,
	    .time = mending->runner.now,
	    .exit_status = STATUS_UNKNOWN,
	};
	if (mending->options.audit.json)
		audit_json_print_error(&facts, reason, stdout);
	return STATUS_UNKNOWN;
}

/* Prints the steps, after the findings: a person looks at the end. */
static bool print_repair(const struct repair_script *script, const char *folder)
{
	struct repair_files files;
	struct output output;
	char text[ERROR_MAX_TEXT];
	struct error error = repair_files_choose(script, folder, &files);
	if (!failed(error))
		error = repair_files_write(script, &files);
	if (failed(error)) {
		complain("%s: %s: give another directory with -o DIR, or move it away",
			 files.trouble[0] != '\0' ? files.trouble : "files", error_print(error, text, sizeof(text)));
		return false;
	}
	output_init(&output, stdout);
	repair_view_print(&output, script, &files);
	if (ferror(stdout) == 0 && fflush(stdout) == 0)
		return true;
	complain("standard output: it could not be written");
	return false;
}

static int write_repair(const struct mending *mending)
{
	const struct mend_options *options = &mending->options;
	const char *host = options->audit.num_names > 0 ? options->audit.names[0].text : NULL;
	struct repair_plan plan;
	struct repair_script script;
	char text[ERROR_MAX_TEXT];
	repair_plan_make(mending->runner.result, mending->runner.now, &plan);
	struct error error = repair_script_make(&plan, options->recipe, (struct repair_names){.host = host}, &script);
	if (failed(error)) {
		complain("the repair: %s", error_print(error, text, sizeof(text)));
		return STATUS_UNKNOWN;
	}
	report_findings(mending);
	int status = print_repair(&script, options->out) ? exit_status(mending) : STATUS_UNKNOWN;
	repair_script_cleanup(&script);
	return status;
}

static int end_unwritten(const struct mending *mending, struct error error)
{
	const char *out = mending->options.out;
	char text[ERROR_MAX_TEXT];
	complain("%s: %s%s", out != NULL ? out : "mended chain", error_print(error, text, sizeof(text)),
		 error.kind == ERROR_MEMORY ? "" : ": give another place with -o OUT");
	return end_unread(mending, text);
}

static int write_result(const struct mending *mending)
{
	const struct mend_options *options = &mending->options;
	int status = exit_status(mending);
	char *json = NULL;
	struct buffer pem;
	buffer_init(&pem, MAX_PEM_BYTES);
	struct error error = certificate_list_write_pem(&mending->runner.result->mended, &pem);
	if (!failed(error) && options->audit.json)
		error = make_json(mending, buffer_text(&pem), status, &json);
	if (!failed(error) && options->out != NULL)
		error = atomic_file_write(options->out, buffer_bytes(&pem));
	if (failed(error)) {
		status = end_unwritten(mending, error);
		goto out;
	}
	bool written = true;
	if (options->audit.json)
		written = fputs(json, stdout) != EOF;
	else if (options->out == NULL)
		written = fputs(buffer_text(&pem), stdout) != EOF;
	if (!written || fflush(stdout) != 0) {
		complain("standard output: it could not be written: give a file with -o OUT");
		status = STATUS_UNKNOWN;
	}
	if (!options->audit.json)
		report_findings(mending);
out:
	free(json);
	buffer_cleanup(&pem);
	return status;
}

static int run_mend(struct mending *mending)
{
	if (!mend_runner_open(&mending->runner, &mending->options.audit))
		return end_unread(mending, "what it takes to judge a chain could not be read: see standard error");
	if (!read_input(mending))
		return end_unread(mending,
				  "the file cannot be read as certificates, or the key cannot: see standard error");
	if (!mend_runner_run(&mending->runner, &mending->file.certificates, mending->key))
		return end_unread(mending, "the chain could not be judged: see standard error");
	return mending->options.recipe != NULL ? write_repair(mending) : write_result(mending);
}

int command_mend(int argc, char **argv)
{
	struct mending mending = {0};
	int first = 0;
	int status = STATUS_USAGE;
	enum options_outcome outcome = options_parse(&help, argc, argv, &mending.options, &first);
	if (outcome == OPTIONS_HELP_PRINTED) {
		status = STATUS_OK;
	} else if (outcome == OPTIONS_NO_MEMORY) {
		status = STATUS_UNKNOWN;
	} else if (outcome == OPTIONS_TAKEN && argc - first != 1) {
		status = options_wrong(&help, argc == first ? "which file is to be mended?" : "one FILE at a time");
	} else if (outcome == OPTIONS_TAKEN && mending.options.recipe != NULL && mending.options.audit.json) {
		status = options_wrong(&help, "--for prints steps for a person: it does not go with --json");
	} else if (outcome == OPTIONS_TAKEN) {
		mending.path = argv[first];
		status = mend_runner_end(&mending.runner, run_mend(&mending));
	}
	EVP_PKEY_free(mending.key);
	certificate_file_cleanup(&mending.file);
	audit_options_cleanup(&mending.options.audit);
	return status;
}
