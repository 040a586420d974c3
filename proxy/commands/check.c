#include <stdlib.h>
#include <string.h>

#include "conf/values.h"
#include "proxy/commands/audit.h"
#include "proxy/commands/audit_json.h"
#include "proxy/commands/chain_input.h"
#include "proxy/commands/chain_view.h"
#include "proxy/commands/check_target.h"
#include "proxy/commands/commands.h"
#include "proxy/io/chain_probe.h"
#include "proxy/io/resolver.h"

#define MIN_TIMEOUT_S 0.01
#define MAX_TIMEOUT_S 3600.0
#define MAX_CONNECTION_CHARS 256

struct check_options {
	struct audit_options audit; /* first: see audit_options.h */
	const char *chain;
	struct config_address connect; /* host NULL: the target itself */
	uint64_t timeout_ms;
	bool strict;
};

/* A check under way: what was looked at, and what it gave. */
struct check {
	struct check_options options;
	struct audit audit;
	const char *target_text;
	struct check_target target;
	struct certificate_list chain; /* leaf first */
	bool probed;
	enum chain_probe_outcome outcome;
	char reason[CHAIN_CAPTURE_MAX_REASON];
	char address[RESOLVER_MAX_TEXT];
	const char *tls_version;
	const char *cipher;
};

static const char *take_chain(void *into, const char *value)
{
	((struct check_options *)into)->chain = value;
	return NULL;
}

static const char *take_connect(void *into, const char *value)
{
	struct check_options *options = into;
	free(options->connect.host);
	options->connect.host = NULL;
	return value_parse_address(value, &options->connect);
}

static const char *take_timeout(void *into, const char *value)
{
	char *end = NULL;
	double seconds = strtod(value, &end);
	if (end == value || (*end != '\0' && strcmp(end, "s") != 0) || !(seconds >= MIN_TIMEOUT_S) ||
	    seconds > MAX_TIMEOUT_S)
		return "not a number of seconds from 0.01 to 3600";
	((struct check_options *)into)->timeout_ms = (uint64_t)(seconds * 1000);
	return NULL;
}

static const char *take_strict(void *into, const char *value)
{
	(void)value;
	((struct check_options *)into)->strict = true;
	return NULL;
}

static const char *refuse_starttls(void *into, const char *value)
{
	(void)into;
	(void)value;
	return "not built yet in this version: check a port that speaks TLS at once (465, 993, 995, 636, 5223)";
}

static const struct option_row check_rows[] = {
    {"chain", 0, "FILE",
     "Audit a file in place of a server: its first certificate is the leaf, the rest what was sent "
     "(-: standard input)",
     take_chain},
    {"connect", 0, "ADDRESS:PORT", "Connect there, and ask for the target's name", take_connect},
    {"timeout", 0, "SECONDS", "For the look-up, the connection and the handshake together (default: 10)", take_timeout},
    {"strict", 0, NULL, "Status 2 in place of 1 where a trust store does not accept the served chain", take_strict},
    {"starttls", 0, "PROTOCOL", "smtp, imap, pop3, ldap or xmpp: not built yet in this version", refuse_starttls},
    {NULL, 0, NULL, NULL, NULL},
};
static const struct option_table tables[] = {
    {NULL, check_rows}, {"Options of check and mend", audit_option_rows}, {NULL, NULL}};

static const struct command_help help = {
    .command = "check",
    .usage = "Usage: chainmend check HOST[:PORT] [OPTION]...\n"
	     "       chainmend check --chain FILE [OPTION]...\n",
    .about = "Audits the certificate chain that a server sends, or one in a file: what is served, what chainmend\n"
	     "would serve, which names are covered, which trust stores accept it, and what is wrong.",
    .tables = tables,
    .after = "Status: 0 nothing is wrong; 1 the mended chain repairs all that is wrong; 2 something is left that no\n"
	     "chain can repair; 3 it could not be checked; 64 wrong usage.\n",
};

static void on_probed(void *context, const struct chain_probe_result *result)
{
	struct check *check = context;
	check->probed = true;
	check->outcome = result->outcome;
	snprintf(check->reason, sizeof(check->reason), "%s", result->reason);
	snprintf(check->address, sizeof(check->address), "%s", result->address);
	check->tls_version = result->tls_version; /* BoringSSL's static strings */
	check->cipher = result->cipher;
	struct error error = certificate_list_copy(&check->chain, &result->chain);
	if (failed(error)) {
		check->outcome = CHAIN_PROBE_NO_MEMORY;
		snprintf(check->reason, sizeof(check->reason), "out of memory");
	}
}

/* The name that is asked for: the target's, or where that is an address the first name that is none. */
static const char *server_name(const struct check *check)
{
	if (!check->target.name.is_ip)
		return check->target.name.text;
	for (size_t i = 0; i < check->options.audit.num_names; i++) {
		if (!check->options.audit.names[i].is_ip)
			return check->options.audit.names[i].text;
	}
	return NULL;
}

static bool read_server(struct check *check)
{
	const struct config_address *connect = &check->options.connect;
	struct chain_probe_options options = {
	    .host = connect->host != NULL ? connect->host : check->target.host,
	    .port = connect->host != NULL ? connect->port : check->target.port,
	    .sni = server_name(check),
	    .timeout_ms = check->options.timeout_ms,
	    .source = SOURCE_SERVED,
	};
	if (chain_probe_start(&check->audit.loop, &options, check, on_probed) == NULL) {
		snprintf(check->reason, sizeof(check->reason), "out of memory");
		return false;
	}
	while (!check->probed)
		uv_run(&check->audit.loop, UV_RUN_ONCE);
	return check->outcome == CHAIN_PROBE_OK;
}

static bool read_chain(struct check *check)
{
	const struct check_options *options = &check->options;
	struct certificate_file file;
	if (options->chain == NULL)
		return read_server(check);
	if (!chain_input_read(options->chain, options->audit.key_password_file, SOURCE_SERVED, &file)) {
		snprintf(check->reason, sizeof(check->reason), "the file cannot be read as certificates");
		return false;
	}
	check->chain = file.certificates;
	file.certificates = (struct certificate_list){0};
	certificate_file_cleanup(&file);
	return true;
}

static struct audit_json_facts json_facts(const struct check *check, int status)
{
	return (struct audit_json_facts){
	    .target = check->target_text,
	    .address = check->address[0] != '\0' ? check->address : NULL,
	    .tls_version = check->tls_version != NULL && check->tls_version[0] != '\0' ? check->tls_version : NULL,
	    .cipher = check->cipher != NULL && check->cipher[0] != '\0' ? check->cipher : NULL,
	    .time = check->audit.now,
	    .exit_status = status,
	};
}

/* What one can do about it; empty where the reason says it all. */
static const char *next_step(const struct check *check)
{
	static const struct {
		enum chain_probe_outcome outcome;
		const char *words;
	} steps[] = {
	    {CHAIN_PROBE_UNRESOLVED, ": check the name, or give the address with --connect ADDRESS:PORT"},
	    {CHAIN_PROBE_UNREACHABLE, ": check that it runs and that this machine may connect to it"},
	    {CHAIN_PROBE_TIMED_OUT, ": check the port and the firewall, or give it longer with --timeout SECONDS"},
	    {CHAIN_PROBE_PLAIN_TEXT, ": check the port"},
	};
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (check->probed && steps[i].outcome == check->outcome)
			return steps[i].words;
	}
	return "";
}

static int tell_unchecked(const struct check *check)
{
	const struct config_address *connect = &check->options.connect;
	if (check->options.chain == NULL) {
		const char *host = connect->host != NULL ? connect->host : check->target.host;
		unsigned port = connect->host != NULL ? connect->port : check->target.port;
		bool ipv6 = strchr(host, ':') != NULL;
		complain("%s%s%s:%u: %s%s", ipv6 ? "[" : "", host, ipv6 ? "]" : "", port, check->reason,
			 next_step(check));
	}
	if (check->options.audit.json) {
		struct audit_json_facts facts = json_facts(check, STATUS_UNKNOWN);
		audit_json_print_error(&facts, check->reason, stdout);
	}
	return STATUS_UNKNOWN;
}

static int show(const struct check *check)
{
	int status = mend_exit_status(check->audit.result, check->options.strict);
	if (check->options.audit.json) {
		struct audit_json_facts facts = json_facts(check, status);
		if (audit_json_print(&facts, check->audit.result, stdout))
			return status;
		complain("check: the JSON could not be written");
		return STATUS_UNKNOWN;
	}
	struct output output;
	char connection[MAX_CONNECTION_CHARS] = "";
	output_init(&output, stdout);
	if (check->options.chain == NULL)
		snprintf(connection, sizeof(connection), "%s%s%s%s%s", check->address, output_glyph(&output, GLYPH_DOT),
			 check->tls_version, output_glyph(&output, GLYPH_DOT), check->cipher);
	struct chain_view view = {
	    .output = &output,
	    .result = check->audit.result,
	    .target = check->target_text,
	    .connection = connection,
	    .from_server = check->options.chain == NULL,
	    .ignore_trust = check->options.audit.ignore_trust,
	    .now = check->audit.now,
	};
	chain_view_print(&view);
	return status;
}

/* The operands: NULL, or the usage error that they are. */
static const char *take_operands(struct check *check, int count, char **operands)
{
	const struct check_options *options = &check->options;
	if (options->chain != NULL && (count > 0 || options->connect.host != NULL))
		return "--chain takes the place of a server: give one of them";
	if (options->chain != NULL) {
		check->target_text = strcmp(options->chain, "-") == 0 ? "standard input" : options->chain;
		return NULL;
	}
	if (count == 0)
		return "what is to be checked? Give HOST[:PORT] or --chain FILE";
	if (count > 1)
		return "one server at a time: give one HOST[:PORT]";
	check->target_text = operands[0];
	const char *wrong = check_target_parse(operands[0], &check->target);
	if (wrong == NULL && options->audit.num_names == 0)
		wrong = audit_options_add_name(&check->options.audit, check->target.host);
	return wrong;
}

static int run_check(struct check *check)
{
	if (!audit_open(&check->audit, &check->options.audit)) {
		snprintf(check->reason, sizeof(check->reason), "what it needs could not be read");
		return STATUS_UNKNOWN;
	}
	if (!read_chain(check))
		return tell_unchecked(check);
	if (!audit_run(&check->audit, &check->chain, NULL))
		return STATUS_UNKNOWN;
	return show(check);
}

int command_check(int argc, char **argv)
{
	struct check check = {0};
	int first = 0;
	int status = STATUS_USAGE;
	enum options_outcome outcome = options_parse(&help, argc, argv, &check.options, &first);
	if (outcome == OPTIONS_TAKEN) {
		const char *wrong = take_operands(&check, argc - first, argv + first);
		status = wrong != NULL ? options_wrong(&help, "%s", wrong) : audit_end(&check.audit, run_check(&check));
	} else if (outcome == OPTIONS_HELP_PRINTED) {
		status = STATUS_OK;
	}
	certificate_list_cleanup(&check.chain);
	free(check.options.connect.host);
	audit_options_cleanup(&check.options.audit);
	return status;
}
