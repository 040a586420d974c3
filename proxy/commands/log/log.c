#include "proxy/commands/log/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "chaincache/base/buffer.h"
#include "conf/reader.h"
#include "proxy/cli/exit_status.h"
#include "proxy/cli/options.h"
#include "proxy/cli/output.h"
#include "proxy/commands/log/line_reader.h"
#include "proxy/commands/log/log_filter.h"
#include "proxy/commands/log/log_report.h"
#include "proxy/commands/log/log_summary_view.h"
#include "proxy/commands/log/log_table.h"
#include "proxy/log/json_member.h"

#define DEFAULT_CONFIG "/etc/chainmend/chainmend.ini"
#define MAX_ERRORS_BYTES ((size_t)64 * 1024)
#define MAX_REPORTED_LINES 5 /* lines that are skipped and reported one by one; the rest is counted */

struct log_options {
	const char *config;
	struct log_filter filter;
	struct log_report_options report;
	bool follow;
	bool json;
	bool summary;
};

static const char *take_config(void *into, const char *value)
{
	((struct log_options *)into)->config = value;
	return NULL;
}

static const char *take_site(void *into, const char *value)
{
	return log_filter_set_site(&((struct log_options *)into)->filter, value);
}

static const char *take_code(void *into, const char *value)
{
	return log_filter_set_code(&((struct log_options *)into)->filter, value);
}

static const char *take_severity(void *into, const char *value)
{
	return log_filter_set_severity(&((struct log_options *)into)->filter, value);
}

static const char *take_since(void *into, const char *value)
{
	return log_filter_set_since(&((struct log_options *)into)->filter, value);
}

static const char *take_until(void *into, const char *value)
{
	return log_filter_set_until(&((struct log_options *)into)->filter, value);
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

static const char *take_summary(void *into, const char *value)
{
	(void)value;
	((struct log_options *)into)->summary = true;
	return NULL;
}

static const char *take_report(void *into, const char *value)
{
	((struct log_options *)into)->report.path = value;
	return NULL;
}

static const char *take_cache(void *into, const char *value)
{
	((struct log_options *)into)->report.cache = value;
	return NULL;
}

static const struct option_row rows[] = {
    {"config", 'c', "FILE", "The configuration that names the fix log (default: " DEFAULT_CONFIG ")", take_config},
    {"site", 0, "NAME", "The lines of one site", take_site},
    {"code", 0, "CODE", "The lines of one code: missing_intermediate, say", take_code},
    {"severity", 0, "WORD", "The lines of one severity: error, warning, fixed or info", take_severity},
    {"since", 0, "TIME", "From then on: 2h (two hours ago), 2026-11-20 or 2026-11-20T10:35:41Z", take_since},
    {"until", 0, "TIME", "Until then", take_until},
    {"follow", 'f', NULL, "Go on with the lines that are still to come, until interrupted", take_follow},
    {"summary", 0, NULL, "By site: what is open, what is gone, what clients rejected, what to do next", take_summary},
    {"report", 0, "OUT.html",
     "Write a page for whoever runs the server: what is wrong, and how to repair it (-: standard output)", take_report},
    {"cache", 0, "DIR", "Where --report finds intermediates (default: the configuration's cache)", take_cache},
    {"json", 0, NULL, "One JSON document: of the lines, or of the summary; with --follow, JSON Lines", take_json},
    {NULL, 0, NULL, NULL, NULL},
};
static const struct option_table tables[] = {{NULL, rows}, {NULL, NULL}};

static const struct command_help help = {
    .command = "log",
    .usage = "Usage: chainmend log [FILE] [OPTION]...\n",
    .about = "Reads the fix log: what was found and mended, when, and on which site. FILE may be compressed by gzip,\n"
	     "and is - for standard input; without it, the fix_log of the configuration is read. Repeated lines about\n"
	     "the same finding are one row with a count.",
    .tables = tables,
    .after = NULL,
};

/* The result of reading a log. */
struct log_reading {
	const struct log_options *options;
	const char *path;
	struct line_reader lines;
	struct log_history history;
	struct output output;
	struct log_table table;
	bool live; /* what was there is printed; now comes what is new */
	uint64_t num_passed_over;
	uint64_t num_printed;
};

/* Reports the first ones, each by its number. */
static void pass_over(struct log_reading *reading, const char *why)
{
	if (reading->num_passed_over++ < MAX_REPORTED_LINES)
		complain("%s: line %" PRIu64 " is passed over: %s", reading->path, reading->lines.number, why);
}

static void print_json_line(struct log_reading *reading, const struct log_line *line)
{
	const char *before = reading->num_printed++ > 0 ? ",\n  " : "\n  ";
	bool stream = reading->options->follow;
	printf("%s%.*s%s", stream ? "" : before, (int)line->json.len, (const char *)line->json.data,
	       stream ? "\n" : "");
}

static void take_wanted(struct log_reading *reading, const struct log_line *line)
{
	if (reading->options->json && !reading->options->summary) {
		print_json_line(reading, line);
		return;
	}
	const struct log_finding *finding = log_history_take(&reading->history, line);
	if (reading->live && finding != NULL)
		log_table_print_row(&reading->table, finding, finding->num_lines > 1);
}

static void take_line(struct log_reading *reading)
{
	struct log_line line;

	if (reading->lines.len == 0)
		return;
	switch (log_line_scan(bytes_of(reading->lines.line, reading->lines.len), &line)) {
	case LOG_LINE_FINDING:
		if (log_filter_wants(&reading->options->filter, &line))
			take_wanted(reading, &line);
		else if (log_filter_is_in_time(&reading->options->filter, &line))
			log_history_see(&reading->history, &line);
		break;
	case LOG_LINE_TORN:
		pass_over(reading, "it breaks off in the middle");
		break;
	case LOG_LINE_FOREIGN:
		pass_over(reading, "it is no finding: is this a fix log?");
		break;
	}
}

static void read_lines(struct log_reading *reading, bool at_end)
{
	while (line_reader_next(&reading->lines, at_end))
		take_line(reading);
}

static void follow(struct log_reading *reading)
{
	reading->live = true;
	while (fflush(stdout) == 0 && !failed(reading->lines.error)) {
		line_reader_wait(&reading->lines);
		read_lines(reading, false);
	}
}

/* Why not all of the log is in what is printed; NULL where it is. */
static const char *what_is_missing(const struct log_reading *reading, char out[ERROR_MAX_TEXT])
{
	if (failed(reading->lines.error))
		return error_print(reading->lines.error, out, ERROR_MAX_TEXT);
	return reading->history.num_not_kept > 0 ? "there is no room for all lines" : NULL;
}

static bool print_summary(struct log_reading *reading)
{
	struct log_summary summary;
	char text[ERROR_MAX_TEXT];
	bool good = !failed(log_summary_make(&reading->history, &summary));

	if (good && reading->options->json) {
		json_t *object = log_summary_view_json(&summary);
		good = object != NULL &&
		       set_member(object, "passed_over", json_integer((json_int_t)reading->num_passed_over)) &&
		       set_text_member(object, "error", what_is_missing(reading, text));
		good = json_write(keep_if_complete(object, good), stdout);
	} else if (good) {
		log_summary_view_print(&reading->output, &summary);
	}
	log_summary_cleanup(&summary);
	return good;
}

static bool print_report(struct log_reading *reading)
{
	struct log_summary summary;
	bool good = !failed(log_summary_make(&reading->history, &summary)) &&
		    log_report_write(&summary, &reading->options->report);
	log_summary_cleanup(&summary);
	return good;
}

/* Ends the document of the lines. Where memory runs out it stays open, so that nobody takes it for whole. */
static bool end_lines(const struct log_reading *reading)
{
	char text[ERROR_MAX_TEXT];
	const char *missing = what_is_missing(reading, text);
	json_t *error = missing != NULL ? text_json(missing) : NULL;
	char *quoted = error != NULL ? json_dump_whole(error, JSON_ENCODE_ANY) : NULL;
	bool good = missing == NULL || quoted != NULL;
	if (good)
		printf("%s], \"passed_over\": %" PRIu64 "%s%s}\n", reading->num_printed > 0 ? "\n" : "",
		       reading->num_passed_over, quoted != NULL ? ", \"error\": " : "", quoted != NULL ? quoted : "");
	free(quoted);
	json_decref(error);
	return good;
}

/* Sums up the lines that are there. */
static bool print_all(struct log_reading *reading)
{
	bool lines_alone = reading->options->json && !reading->options->summary;
	if (reading->options->report.path != NULL)
		return print_report(reading);
	if (reading->options->summary)
		return print_summary(reading);
	if (lines_alone && !reading->options->follow)
		return end_lines(reading);
	return lines_alone || log_table_print(&reading->table, &reading->history);
}

static void report_the_rest(const struct log_reading *reading)
{
	char text[ERROR_MAX_TEXT];
	uint64_t untold =
	    reading->num_passed_over > MAX_REPORTED_LINES ? reading->num_passed_over - MAX_REPORTED_LINES : 0;
	if (untold > 0)
		complain("%s: %" PRIu64 " more line%s passed over", reading->path, untold,
			 untold == 1 ? " is" : "s are");
	if (reading->lines.num_too_long > 0)
		complain("%s: %zu line%s too long and passed over", reading->path, reading->lines.num_too_long,
			 reading->lines.num_too_long == 1 ? " is" : "s are");
	if (reading->history.num_not_kept > 0)
		complain("%s: there is no room for %" PRIu64 " lines: ask for a part of it, with --site or --since",
			 reading->path, reading->history.num_not_kept);
	if (failed(reading->lines.error))
		complain("%s: the rest cannot be read, after line %" PRIu64 ": %s", reading->path,
			 reading->lines.number, error_print(reading->lines.error, text, sizeof(text)));
}

static int read_log(const struct log_options *options, const char *path)
{
	char text[ERROR_MAX_TEXT];
	struct log_reading reading = {.options = options, .path = path};
	bool good = false;
	output_init(&reading.output, stdout);
	reading.table.output = &reading.output;
	reading.history.by_event = !options->summary && options->report.path == NULL;
	struct error error = line_reader_open(&reading.lines, path);
	if (failed(error)) {
		complain("%s: %s: name the fix log, or the configuration with -c FILE", path,
			 error_print(error, text, sizeof(text)));
		goto out;
	}
	if (options->json && !options->summary && !options->follow)
		printf("{\"lines\": [");
	read_lines(&reading, !options->follow);
	good = print_all(&reading);
	if (!good && options->report.path == NULL)
		complain("%s: out of memory", path);
	if (options->follow && good)
		follow(&reading);
	if (reading.table.num_rows > 0)
		output_point_to_findings(&reading.output);
	report_the_rest(&reading);
	good = good && !failed(reading.lines.error) && reading.history.num_not_kept == 0;
out:
	log_history_cleanup(&reading.history);
	line_reader_close(&reading.lines);
	return good ? STATUS_OK : STATUS_FAILED;
}

/* Prints the errors of the configuration, which are a line each. */
static void complain_of_unknown_place(const char *errors)
{
	complain("no fix log was named, and its place is not known:");
	while (*errors != '\0') {
		size_t len = strcspn(errors, "\n");
		complain("%.*s", (int)len, errors);
		errors += len + (errors[len] == '\n');
	}
}

/* Reads the log that was named, else that of the configuration, whose cache the report uses. */
static int read_configured_log(struct log_options *options, const char *named)
{
	struct config *config = NULL;
	struct buffer errors;
	const char *path = options->config != NULL ? options->config : DEFAULT_CONFIG;
	int status = STATUS_FAILED;
	buffer_init(&errors, MAX_ERRORS_BYTES);
	bool known = config_read_file(path, &config, &errors);
	if (known && options->report.cache == NULL)
		options->report.cache = config->cache;
	if (named != NULL && (known || options->config == NULL))
		status = read_log(options, named);
	else if (!known)
		complain_of_unknown_place(buffer_text(&errors));
	else if (strcmp(config->fix_log, "stderr") == 0)
		complain("%s: the fix log goes to stderr: try journalctl -u chainmend -o cat | chainmend log -", path);
	else
		status = read_log(options, config->fix_log);
	config_free(config);
	buffer_cleanup(&errors);
	return status;
}

static const char *what_does_not_go_together(const struct log_options *options)
{
	bool report = options->report.path != NULL;
	if (options->follow && (options->summary || report))
		return "--follow goes on without an end, and --summary and --report sum up: one of them";
	if (report && (options->summary || options->json))
		return "--report writes a page: --summary and --json are for another call";
	return options->report.cache != NULL && !report ? "--cache is for --report" : NULL;
}

int command_log(int argc, char **argv)
{
	struct log_options options = {0};
	int first = 0;
	enum options_outcome outcome = options_parse(&help, argc, argv, &options, &first);
	if (outcome == OPTIONS_NO_MEMORY)
		return STATUS_FAILED;
	if (outcome != OPTIONS_TAKEN)
		return outcome == OPTIONS_HELP_PRINTED ? STATUS_OK : STATUS_USAGE;
	if (argc - first > 1)
		return options_wrong(&help, "one FILE at a time");
	const char *wrong = what_does_not_go_together(&options);
	if (wrong != NULL)
		return options_wrong(&help, "%s", wrong);
	bool needs_config = argc == first || options.config != NULL || options.report.path != NULL;
	return needs_config ? read_configured_log(&options, argc > first ? argv[first] : NULL)
			    : read_log(&options, argv[first]);
}
