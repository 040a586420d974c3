#include "proxy/commands/check/check.h"

#include <stdlib.h>
#include <string.h>

#include "conf/values.h"
#include "proxy/cli/exit_status.h"
#include "proxy/cli/output.h"
#include "proxy/commands/check/audit_json.h"
#include "proxy/commands/check/chain_input.h"
#include "proxy/commands/check/check_report.h"
#include "proxy/commands/check/check_report_view.h"
#include "proxy/commands/check/check_target.h"
#include "proxy/commands/check/mend_runner.h"

#define MIN_TIMEOUT_S 0.01
#define MAX_TIMEOUT_S 3600.0

struct check_options {
	struct audit_options audit; /* first: see audit_options.h */
	const char *chain;
	struct config_address connect; /* host NULL: the target itself */
	enum starttls_protocol starttls;
	uint64_t timeout_ms;
	bool strict;
};

/* A check under way: its input and its result. */
struct check {
	struct check_options options;
	struct mend_runner runner;
	struct check_target target;
	struct survey survey; /* of a server */
	struct certificate_list chain; /* of a file; leaf first */
	const char *reason; /* why nothing could be looked at; NULL: the survey's looks say it */
	struct check_report report;
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

static const char *take_starttls(void *into, const char *value)
{
	return starttls_find(value, &((struct check_options *)into)->starttls) ? NULL
									       : "not smtp, imap, pop3, ldap or xmpp";
}

static const struct option_row check_rows[] = {
    {"chain", 0, "FILE",
     "Audit a file in place of a server: the first certificate that is no CA is the leaf, the rest what was sent "
     "(-: standard input)",
     take_chain},
    {"connect", 0, "ADDRESS:PORT", "Connect there, and ask for the target's name, or for each --name", take_connect},
    {"timeout", 0, "SECONDS", "For the look-up, the connection and the handshake together (default: 10)", take_timeout},
    {"strict", 0, NULL, "Status 2 in place of 1 where a trust store does not accept the served chain", take_strict},
    {"starttls", 0, "PROTOCOL",
     "Go over from plain text to TLS as smtp, imap, pop3, ldap or xmpp do (default ports: 25, 143, 110, 389, 5222)",
     take_starttls},
    {NULL, 0, NULL, NULL, NULL},
};
static const struct option_table tables[] = {
    {NULL, check_rows}, {"Options of check and mend", audit_option_rows}, {NULL, NULL}};

static const struct command_help help = {
    .command = "check",
    .usage = "Usage: chainmend check HOST[:PORT] [OPTION]...\n"
	     "       chainmend check --chain FILE [OPTION]...\n",
    .about =
	"Audits the certificate chain that a server sends, or one in a file: what is served, what chainmend\n"
	"would serve, which names are covered, which trust stores accept it, and what is wrong. A server is asked\n"
	"for each --name by SNI, and each chain that it sends is audited.",
    .tables = tables,
    .after = "Status: 0 nothing is wrong; 1 the mended chain repairs all that is wrong; 2 something is left that no\n"
	     "chain can repair; 3 it could not be checked; 64 wrong usage.\n",
};

static struct chain_probe_options probe_options(const struct check *check)
{
	const struct config_address *connect = &check->options.connect;
	return (struct chain_probe_options){
	    .host = connect->host != NULL ? connect->host : check->target.host,
	    .port = connect->host != NULL ? connect->port : check->target.port,
	    .starttls = check->options.starttls,
	    .timeout_ms = check->options.timeout_ms,
	    .source = SOURCE_SERVED,
	};
}

/* Returns the advice that follows the reason; empty where the reason needs none. */
static const char *next_step(const struct check *check, enum chain_probe_outcome outcome)
{
	static const struct {
		enum chain_probe_outcome outcome;
		const char *words;
		const char *starttls_words; /* NULL: the same */
	} steps[] = {
	    {CHAIN_PROBE_UNRESOLVED, ": check the name, or give the address with --connect ADDRESS:PORT", NULL},
	    {CHAIN_PROBE_UNREACHABLE, ": check that it runs and that this machine may connect to it", NULL},
	    {CHAIN_PROBE_TIMED_OUT, ": check the port and the firewall, or give it longer with --timeout SECONDS",
	     ": check the port (where TLS begins at once, leave --starttls out) and the firewall, or give it longer "
	     "with --timeout SECONDS"},
	    {CHAIN_PROBE_CLOSED,
	     ": check that the port is one of TLS; old servers that have nothing but SSL 3.0, RC4 or DHE may do so too",
	     ": check the port; where TLS begins at once, leave --starttls out"},
	    {CHAIN_PROBE_PLAIN_TEXT,
	     ": check the port; where plain text leads to TLS, give --starttls smtp, imap, pop3, ldap or xmpp",
	     ": check the port"},
	    {CHAIN_PROBE_NOT_TLS, ": check the port: another service listens there", ": check the port"},
	    {CHAIN_PROBE_NO_STARTTLS, "", ": check the port and the protocol"},
	    {CHAIN_PROBE_NOTHING_IN_COMMON,
	     ": SSL 3.0, RC4 and DHE alone are spoken neither here nor by today's clients; chainmend check --chain "
	     "FILE "
	     "audits the server's certificate file",
	     NULL},
	};
	bool starttls = check->options.starttls != STARTTLS_NONE;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i].outcome == outcome)
			return starttls && steps[i].starttls_words != NULL ? steps[i].starttls_words : steps[i].words;
	}
	return "";
}

static bool all_alike(const struct survey *survey)
{
	for (size_t i = 1; i < survey->num_looks; i++) {
		if (strcmp(survey->looks[i].reason, survey->looks[0].reason) != 0)
			return false;
	}
	return true;
}

/* Prints each failed look with its name; once, without a name, where the reason is the same for all. */
static void report_failed_looks(const struct check *check)
{
	const struct survey *survey = &check->survey;
	struct chain_probe_options server = probe_options(check);
	bool ipv6 = strchr(server.host, ':') != NULL;
	bool alike = all_alike(survey);
	for (size_t i = 0; i < survey->num_looks; i++) {
		const struct survey_look *look = &survey->looks[i];
		if (look->outcome == CHAIN_PROBE_OK || (alike && i > 0))
			continue;
		complain("%s%s%s:%u: %s%s%s%s", ipv6 ? "[" : "", server.host, ipv6 ? "]" : "", server.port,
			 alike ? "" : look->name->text, alike ? "" : ": ", look->reason,
			 next_step(check, look->outcome));
	}
}

static int report_unchecked(const struct check *check)
{
	const struct survey_look *look = check->reason == NULL ? &check->survey.looks[0] : NULL;
	struct audit_json_facts facts = audit_json_facts_of(check->report.target, look);
	facts.time = check->runner.now;
	facts.exit_status = STATUS_UNKNOWN;
	if (check->options.audit.json)
		audit_json_print_error(&facts, look != NULL ? look->reason : check->reason, stdout);
	return STATUS_UNKNOWN;
}

/* Of two certificates, RSA and ECDSA, the one that was not seen may be the one at fault. */
static void add_unseen(struct mend *mend, const struct survey_chain *origin)
{
	const struct survey_look *unseen = survey_unseen(origin);
	const struct certificate *leaf = origin->certificates.items[0].certificate;
	bool is_rsa = leaf->key_type == KEY_TYPE_RSA;

	if (unseen == NULL)
		return;
	struct finding *finding = finding_list_add(
	    mend_findings(mend), FINDING_NOT_LOOKED_AT,
	    "Whether the server has a certificate with an %s key beside this one with an %s key is not known: a second "
	    "handshake, for that certificate alone, failed (%s).%s",
	    is_rsa ? "ECDSA" : "RSA", is_rsa ? "RSA" : "ECDSA", unseen->reason,
	    unseen->outcome == CHAIN_PROBE_CLOSED ? " Some servers that have no such certificate answer so." : "");
	finding_set_certificate(finding, leaf);
}

/* Adds a chain of the report. `origin` is what the server sent; NULL: the chain is from a file. */
static bool add_chain(struct check *check, const struct certificate_list *served, const struct survey_chain *origin,
		      struct checked_chain chain)
{
	struct mend_runner *runner = &check->runner;
	const struct audit_options *options = &check->options.audit;
	bool is_sent = origin != NULL;
	struct mend_runner_sent sent = {
	    .chain = served,
	    .names = is_sent ? chain.names : options->names,
	    .num_names = is_sent ? chain.num_names : options->num_names,
	    .staple_asked = is_sent && origin->knows_staple,
	    .staple = is_sent ? buffer_bytes(&origin->staple) : bytes_of(NULL, 0),
	};
	if (!mend_runner_run_sent(runner, &sent))
		return false;
	chain.result = runner->result;
	chain.mend = mend_runner_take(runner);
	if (is_sent)
		add_unseen(chain.mend, origin);
	chain.status = mend_exit_status(chain.result, check->options.strict);
	check->report.chains[check->report.num_chains++] = chain;
	return true;
}

static bool alloc_chains(struct check *check, size_t count)
{
	check->report.chains = calloc(count, sizeof(*check->report.chains));
	if (check->report.chains == NULL)
		complain("check: out of memory");
	return check->report.chains != NULL;
}

static int report_unmended(struct check *check)
{
	check->reason = "the chain could not be judged: out of memory";
	return report_unchecked(check);
}

static int show(struct check *check)
{
	if (!check->options.audit.json) {
		check_report_view_print(&check->report);
	} else if (!audit_json_print_report(&check->report, stdout)) {
		complain("check: the JSON could not be written: out of memory, or a full disk");
		return ferror(stdout) == 0 ? report_unmended(check) : STATUS_UNKNOWN;
	}
	return check_report_status(&check->report);
}

static int check_server(struct check *check)
{
	struct survey *survey = &check->survey;
	struct chain_probe_options server = probe_options(check);
	if (!survey_run(survey, check->runner.loop, &server) || !alloc_chains(check, 2 * survey->num_looks)) {
		complain("check: out of memory");
		return report_unmended(check);
	}
	report_failed_looks(check);
	if (survey->num_chains == 0)
		return report_unchecked(check);
	for (size_t i = 0; i < survey->num_chains; i++) {
		const struct survey_chain *sent = &survey->chains[i];
		struct checked_chain chain = {.names = sent->names, .num_names = sent->num_names, .look = sent->look};
		if (!add_chain(check, &sent->certificates, sent, chain))
			return report_unmended(check);
	}
	return show(check);
}

static int check_file(struct check *check)
{
	const struct check_options *options = &check->options;
	struct certificate_file file;
	if (!chain_input_read(options->chain, options->audit.key_password_file, SOURCE_SERVED, &file)) {
		check->reason = "the file cannot be read as certificates: see standard error";
		return report_unchecked(check);
	}
	bool found =
	    chain_input_put_leaf_first(options->chain, &file, file.key, check->runner.now, &check->runner.leaf_place);
	check->chain = file.certificates;
	file.certificates = (struct certificate_list){0};
	certificate_file_cleanup(&file);
	if (!found) {
		check->reason = "the file holds no certificate for a server: see standard error";
		return report_unchecked(check);
	}
	if (!alloc_chains(check, 1) || !add_chain(check, &check->chain, NULL, (struct checked_chain){0}))
		return report_unmended(check);
	return show(check);
}

/* Takes the server as it was typed, and plans the look for each name. */
static const char *take_server(struct check *check, const char *text)
{
	struct check_options *options = &check->options;
	const char *wrong = check_target_parse(text, &check->target);
	check->report.target = text;
	if (wrong == NULL && !check->target.has_port)
		check->target.port = starttls_default_port(options->starttls);
	if (wrong == NULL && options->audit.num_names == 0)
		wrong = audit_options_add_name(&options->audit, check->target.host);
	if (wrong != NULL)
		return wrong;
	check->report.survey = &check->survey;
	return survey_init(&check->survey, options->audit.names, options->audit.num_names, &wrong) ? NULL : wrong;
}

/* Takes the operands. Returns NULL, or the usage error. */
static const char *take_operands(struct check *check, int count, char **operands)
{
	const struct check_options *options = &check->options;
	if (options->chain != NULL && (count > 0 || options->connect.host != NULL))
		return "--chain takes the place of a server: give one of them";
	if (options->chain != NULL && options->starttls != STARTTLS_NONE)
		return "--starttls is for a server, and --chain takes its place: give one of them";
	if (options->chain != NULL) {
		check->report.target = strcmp(options->chain, "-") == 0 ? "standard input" : options->chain;
		return NULL;
	}
	if (count == 0)
		return "what is to be checked? Give HOST[:PORT] or --chain FILE";
	if (count > 1)
		return "one server at a time: give one HOST[:PORT]";
	return take_server(check, operands[0]);
}

static int run_check(struct check *check)
{
	if (!mend_runner_open(&check->runner, &check->options.audit)) {
		check->reason = "what it takes to judge a chain could not be read: see standard error";
		return report_unchecked(check);
	}
	check->report.ignore_trust = check->options.audit.ignore_trust;
	check->report.now = check->runner.now;
	int status = check->options.chain != NULL ? check_file(check) : check_server(check);
	check_report_cleanup(&check->report);
	return status;
}

/* Memory runs out before anything is looked at. */
static int end_unable(struct check *check, const char *why)
{
	options_unable(&help, why);
	check->reason = why;
	return report_unchecked(check);
}

int command_check(int argc, char **argv)
{
	struct check check = {0};
	int first = 0;
	int status = STATUS_USAGE;
	enum options_outcome outcome = options_parse(&help, argc, argv, &check.options, &first);
	if (outcome == OPTIONS_TAKEN) {
		const char *wrong = take_operands(&check, argc - first, argv + first);
		if (wrong == value_no_memory)
			status = end_unable(&check, wrong);
		else
			status = wrong != NULL ? options_wrong(&help, "%s", wrong)
					       : mend_runner_end(&check.runner, run_check(&check));
	} else if (outcome == OPTIONS_NO_MEMORY) {
		status = STATUS_UNKNOWN;
	} else if (outcome == OPTIONS_HELP_PRINTED) {
		status = STATUS_OK;
	}
	survey_cleanup(&check.survey);
	certificate_list_cleanup(&check.chain);
	free(check.options.connect.host);
	audit_options_cleanup(&check.options.audit);
	return status;
}
