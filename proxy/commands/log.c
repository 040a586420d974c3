#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "chaincache/buffer.h"
#include "chaincache/finding.h"
#include "conf/reader.h"
#include "conf/values.h"
#include "proxy/commands/commands.h"
#include "proxy/commands/line_reader.h"
#include "proxy/commands/options.h"
#include "proxy/commands/output.h"
#include "proxy/glue/time_text.h"

#define DEFAULT_CONFIG "/etc/chainmend/chainmend.ini"
#define MAX_ERRORS_BYTES ((size_t)64 * 1024)
#define INDENT 6

struct log_options {
	const char *config;
	const char *site;
	const char *code;
	const char *severity;
	bool has_since, has_until;
	int64_t since, until; /* seconds since 1970 */
	bool follow;
	bool json;
};

static const char *take_config(void *into, const char *value)
{
	((struct log_options *)into)->config = value;
	return NULL;
}

static const char *take_site(void *into, const char *value)
{
	((struct log_options *)into)->site = value;
	return NULL;
}

/* A misspelt code would give an empty log, which reads like good news. */
static const char *take_code(void *into, const char *value)
{
	((struct log_options *)into)->code = value;
	for (int code = 0; code < FINDING_CODE_COUNT; code++) {
		if (strcmp(finding_code_name((enum finding_code)code), value) == 0)
			return NULL;
	}
	return "there is no such code: the lines of the log show theirs";
}

static const char *take_severity(void *into, const char *value)
{
	static const char *const words[] = {"error", "warning", "fixed", "info"};
	((struct log_options *)into)->severity = value;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], value) == 0)
			return NULL;
	}
	return "it is none of error, warning, fixed, info";
}

/* A moment, or a time before now. */
static const char *parse_moment(const char *value, int64_t *out)
{
	uint64_t ago_ms = 0;
	int64_t now = time_text_now_ms() / 1000;
	if (!failed(time_text_parse(value, out)))
		return NULL;
	if (value_parse_time(value, &ago_ms) != NULL || ago_ms / 1000 > (uint64_t)now)
		return "not a time: write 2h (for two hours ago), 2026-11-20 or 2026-11-20T10:35:41Z";
	*out = now - (int64_t)(ago_ms / 1000);
	return NULL;
}

static const char *take_since(void *into, const char *value)
{
	struct log_options *options = into;
	options->has_since = true;
	return parse_moment(value, &options->since);
}

static const char *take_until(void *into, const char *value)
{
	struct log_options *options = into;
	options->has_until = true;
	return parse_moment(value, &options->until);
}

static const char *take_follow(void *into, const char *value)
{
	(void)value;
	((struct log_options *)into)->follow = true;
	return NULL;
}

static const char *take_json(void *into, const char *value)
{
	(void)value;
	((struct log_options *)into)->json = true;
	return NULL;
}

static const char *refuse(void *into, const char *value)
{
	(void)into;
	(void)value;
	return "not built yet in this version: --json gives the lines to a program of your own";
}

static const struct option_row rows[] = {
    {"config", 'c', "FILE", "The configuration that names the fix log (default: " DEFAULT_CONFIG ")", take_config},
    {"site", 0, "NAME", "The lines of one site", take_site},
    {"code", 0, "CODE", "The lines of one code: missing_intermediate, say", take_code},
    {"severity", 0, "WORD", "The lines of one severity: error, warning, fixed or info", take_severity},
    {"since", 0, "TIME", "From then on: 2h (two hours ago), 2026-11-20 or 2026-11-20T10:35:41Z", take_since},
    {"until", 0, "TIME", "Until then", take_until},
    {"follow", 'f', NULL, "Go on with the lines that are still to come, until interrupted", take_follow},
    {"json", 0, NULL, "The lines as they stand in the log (JSON Lines)", take_json},
    {"summary", 0, NULL, "Not built yet in this version", refuse},
    {"report", 0, "OUT", "Not built yet in this version", refuse},
    {NULL, 0, NULL, NULL, NULL},
};
static const struct option_table tables[] = {{NULL, rows}, {NULL, NULL}};

static const struct command_help help = {
    .command = "log",
    .usage = "Usage: chainmend log [FILE] [OPTION]...\n",
    .about = "Reads the fix log: what was found and mended, when, and on which site. FILE is - for standard input;\n"
	     "without it, the fix_log of the configuration is read.",
    .tables = tables,
    .after = NULL,
};

static const char *text_of(const json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));
	return text != NULL ? text : "";
}

static bool matches(const char *wanted, const char *given)
{
	return wanted == NULL || strcmp(wanted, given) == 0;
}

static bool is_wanted(const struct log_options *options, const json_t *line)
{
	int64_t time = 0;
	bool has_time = !failed(time_text_parse(text_of(line, "time"), &time));
	if ((options->has_since && (!has_time || time < options->since)) ||
	    (options->has_until && (!has_time || time > options->until)))
		return false;
	return matches(options->site, text_of(line, "site")) && matches(options->code, text_of(line, "code")) &&
	       matches(options->severity, text_of(line, "severity"));
}

static enum style style_of(const char *severity)
{
	static const struct {
		const char *severity;
		enum style style;
	} severities[] = {{"error", STYLE_BAD}, {"warning", STYLE_WARNING}, {"fixed", STYLE_FIXED}};
	for (size_t i = 0; i < sizeof(severities) / sizeof(severities[0]); i++) {
		if (strcmp(severities[i].severity, severity) == 0)
			return severities[i].style;
	}
	return STYLE_DIM;
}

static void print_chain(const struct output *output, const char *label, const json_t *chain)
{
	if (!json_is_array(chain))
		return;
	output_printf(output, STYLE_DIM, "%*s%s %zu certificate%s", INDENT, "", label, json_array_size(chain),
		      json_array_size(chain) == 1 ? "" : "s");
	for (size_t i = 0; i < json_array_size(chain); i++)
		output_printf(output, STYLE_DIM, "%s%s", i == 0 ? ": " : " <- ",
			      text_of(json_array_get(chain, i), "subject"));
	output_printf(output, STYLE_PLAIN, "\n");
}

static void print_line(const struct output *output, const json_t *line)
{
	const char *severity = text_of(line, "severity");
	bool resolved = strcmp(text_of(line, "event"), "resolved") == 0;
	output_printf(output, STYLE_DIM, "%s  ", text_of(line, "time"));
	output_printf(output, resolved ? STYLE_GOOD : style_of(severity), "%-8s", resolved ? "resolved" : severity);
	output_printf(output, STYLE_BOLD, "  %s", text_of(line, "code"));
	output_printf(output, STYLE_PLAIN, "  %s (%s)\n%*s", text_of(line, "site"), text_of(line, "subject_of"), INDENT,
		      "");
	output_wrap(output, STYLE_PLAIN, INDENT, text_of(line, "message"));
	print_chain(output, "before:", json_object_get(line, "before"));
	print_chain(output, "after: ", json_object_get(line, "after"));
}

/* What one reading of a log came to. */
struct log_reading {
	const struct log_options *options;
	struct output output;
	struct line_reader lines;
	uint64_t num_wrong; /* lines that are no JSON object */
	uint64_t num_drawn;
};

static void take_line(struct log_reading *reading)
{
	json_error_t why;
	json_t *line = json_loadb(reading->lines.line, reading->lines.len, JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(line)) {
		reading->num_wrong += reading->lines.len > 0;
		json_decref(line);
		return;
	}
	if (is_wanted(reading->options, line)) {
		if (reading->options->json)
			fprintf(stdout, "%s\n", reading->lines.line);
		else
			print_line(&reading->output, line);
		reading->num_drawn += !reading->options->json;
	}
	json_decref(line);
}

static void tell_passed_over(const struct log_reading *reading)
{
	uint64_t count = reading->num_wrong + reading->lines.num_too_long;
	if (count > 0)
		complain("%s: %" PRIu64 " line%s no JSON object and passed over: is this a fix log?",
			 reading->lines.path, count, count == 1 ? " is" : "s are");
}

static int read_log(const struct log_options *options, const char *path)
{
	char text[ERROR_MAX_TEXT];
	struct log_reading reading = {.options = options};
	output_init(&reading.output, stdout);
	struct error error = line_reader_open(&reading.lines, path);
	if (failed(error)) {
		complain("%s: %s: name the fix log, or the configuration with -c FILE", path,
			 error_print(error, text, sizeof(text)));
		return STATUS_FAILED;
	}
	while (line_reader_next(&reading.lines, !options->follow))
		take_line(&reading);
	while (options->follow && fflush(stdout) == 0) {
		line_reader_wait(&reading.lines);
		while (line_reader_next(&reading.lines, false))
			take_line(&reading);
	}
	if (reading.num_drawn > 0)
		output_point_to_findings(&reading.output);
	tell_passed_over(&reading);
	line_reader_close(&reading.lines);
	return STATUS_OK;
}

/* Without a FILE: where the configuration says that the log is. */
static int read_configured_log(const struct log_options *options)
{
	struct config *config = NULL;
	struct buffer errors;
	const char *path = options->config != NULL ? options->config : DEFAULT_CONFIG;
	int status = STATUS_FAILED;
	buffer_init(&errors, MAX_ERRORS_BYTES);
	if (!config_read_file(path, &config, &errors))
		complain("no fix log was named, and its place is not known: %s", buffer_text(&errors));
	else if (strcmp(config->fix_log, "stderr") == 0)
		complain("%s: the fix log goes to stderr: try journalctl -u chainmend -o cat | chainmend log -", path);
	else
		status = read_log(options, config->fix_log);
	config_free(config);
	buffer_cleanup(&errors);
	return status;
}

int command_log(int argc, char **argv)
{
	struct log_options options = {0};
	int first = 0;
	enum options_outcome outcome = options_parse(&help, argc, argv, &options, &first);
	if (outcome != OPTIONS_TAKEN)
		return outcome == OPTIONS_HELP_PRINTED ? STATUS_OK : STATUS_USAGE;
	if (argc - first > 1)
		return options_wrong(&help, "one FILE at a time");
	return argc > first ? read_log(&options, argv[first]) : read_configured_log(&options);
}
