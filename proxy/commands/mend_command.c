#include <string.h>

#include <openssl/evp.h>

#include "chaincache/buffer.h"
#include "proxy/commands/atomic_file.h"
#include "proxy/commands/audit.h"
#include "proxy/commands/audit_json.h"
#include "proxy/commands/chain_input.h"
#include "proxy/commands/chain_view.h"
#include "proxy/commands/commands.h"

#define MAX_PEM_BYTES ((size_t)4 * 1024 * 1024) /* of a mended chain: MEND_MAX_DEPTH certificates of 64 KiB fit */

struct mend_options {
	struct audit_options audit; /* first: see audit_options.h */
	const char *out; /* NULL: stdout */
	const char *key;
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

static const char *refuse_for(void *into, const char *value)
{
	(void)into;
	(void)value;
	return "not built yet in this version: take the mended chain, which mend writes without it";
}

static const struct option_row mend_rows[] = {
    {"output", 'o', "OUT", "Write the mended chain there, whole or not at all (default: standard output)", take_out},
    {"key", 0, "FILE", "The private key: the leaf is the certificate that belongs to it. It is read, never written",
     take_key},
    {"exit-code", 0, NULL, "Status 1 when the mended chain differs from the file", take_exit_code},
    {"for", 0, "SERVER", "The repair for one kind of server: not built yet in this version", refuse_for},
    {NULL, 0, NULL, NULL, NULL},
};
static const struct option_table tables[] = {
    {NULL, mend_rows}, {"Options of check and mend", audit_option_rows}, {NULL, NULL}};

static const struct command_help help = {
    .command = "mend",
    .usage = "Usage: chainmend mend FILE [-o OUT] [OPTION]...\n",
    .about = "Completes the chain in a certificate file (PEM, DER, PKCS#7 or PKCS#12, - for standard input): writes\n"
	     "the mended chain as PEM, leaf first and without the root; what it found goes to standard error.",
    .tables = tables,
    .after = "Status: 0 the chain that was written is good; 1 with --exit-code: it differs from the file; 2 something\n"
	     "is left that no chain can repair; 3 nothing could be written, and OUT is as it was; 64 wrong usage.\n",
};

/* One mending: the input, and what is made of it. */
struct mending {
	struct mend_options options;
	struct audit audit;
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
	/* A key that belongs to no certificate is a finding (key_mismatch); the leaf is then found without it. */
	struct certificate_list *certificates = &mending->file.certificates;
	const EVP_PKEY *key = mending->key;
	struct error error = certificate_file_find_leaf(certificates, key, &mending->audit.leaf_place);
	if (error.kind == ERROR_MISMATCH) {
		key = NULL;
		error = certificate_file_find_leaf(certificates, key, &mending->audit.leaf_place);
	}
	if (!failed(error))
		error = certificate_file_put_leaf_first(certificates, key);
	if (!failed(error))
		return true;
	char text[ERROR_MAX_TEXT];
	complain("%s: %s", mending->path, error_print(error, text, sizeof(text)));
	return false;
}

static int exit_status(const struct mending *mending)
{
	const struct mend_result *result = mending->audit.result;
	if (mend_exit_status(result, false) == STATUS_BROKEN)
		return STATUS_BROKEN;
	return mending->options.exit_code && result->changed ? STATUS_CHANGED : STATUS_OK;
}

static void tell_findings(const struct mending *mending)
{
	struct output output;
	output_init(&output, stderr);
	struct chain_view view = {
	    .output = &output,
	    .result = mending->audit.result,
	    .target = mending->path,
	    .connection = "",
	    .now = mending->audit.now,
	};
	chain_view_print_findings(&view);
}

static bool write_json(const struct mending *mending, const char *pem, int status)
{
	struct audit_json_facts facts = {
	    .target = mending->path,
	    .pem = mending->options.out == NULL ? pem : NULL,
	    .time = mending->audit.now,
	    .exit_status = status,
	};
	return audit_json_print(&facts, mending->audit.result, stdout);
}

static int write_result(const struct mending *mending)
{
	const struct mend_options *options = &mending->options;
	int status = exit_status(mending);
	char text[ERROR_MAX_TEXT];
	struct buffer pem;
	buffer_init(&pem, MAX_PEM_BYTES);
	struct error error = certificate_list_write_pem(&mending->audit.result->mended, &pem);
	if (!failed(error) && options->out != NULL)
		error = atomic_file_write(options->out, buffer_bytes(&pem));
	if (failed(error)) {
		complain("%s: %s: give another place with -o OUT", options->out != NULL ? options->out : "mended chain",
			 error_print(error, text, sizeof(text)));
		status = STATUS_UNKNOWN;
		goto out;
	}
	bool written = true;
	if (options->audit.json)
		written = write_json(mending, buffer_text(&pem), status);
	else if (options->out == NULL)
		written = fputs(buffer_text(&pem), stdout) != EOF;
	if (!written || fflush(stdout) != 0) {
		complain("standard output: it could not be written: give a file with -o OUT");
		status = STATUS_UNKNOWN;
	}
	if (!options->audit.json)
		tell_findings(mending);
out:
	buffer_cleanup(&pem);
	return status;
}

static int run_mend(struct mending *mending)
{
	if (!audit_open(&mending->audit, &mending->options.audit) || !read_input(mending))
		return STATUS_UNKNOWN;
	if (!audit_run(&mending->audit, &mending->file.certificates, mending->key))
		return STATUS_UNKNOWN;
	return write_result(mending);
}

int command_mend(int argc, char **argv)
{
	struct mending mending = {0};
	int first = 0;
	int status = STATUS_USAGE;
	enum options_outcome outcome = options_parse(&help, argc, argv, &mending.options, &first);
	if (outcome == OPTIONS_HELP_PRINTED) {
		status = STATUS_OK;
	} else if (outcome == OPTIONS_TAKEN && argc - first != 1) {
		status = options_wrong(&help, argc == first ? "which file is to be mended?" : "one FILE at a time");
	} else if (outcome == OPTIONS_TAKEN) {
		mending.path = argv[first];
		status = audit_end(&mending.audit, run_mend(&mending));
	}
	EVP_PKEY_free(mending.key);
	certificate_file_cleanup(&mending.file);
	audit_options_cleanup(&mending.options.audit);
	return status;
}
