#include "proxy/commands/log/log_table.h"

#include <inttypes.h>
#include <stdlib.h>

#include <jansson.h>

#define INDENT 4
#define CHAIN_INDENT 12
#define TIME_CHARS 19
#define SHORT_TIME_CHARS 11 /* month, day, hour and minute */
#define SEVERITY_COLUMNS 8
#define CODE_COLUMNS 27 /* the longest code */
#define REPEAT_COLUMNS 6
#define MIN_SITE_COLUMNS 8
#define FULL_COLUMNS (TIME_CHARS + SEVERITY_COLUMNS + CODE_COLUMNS + REPEAT_COLUMNS + 6)
#define DAY_CHARS 10
#define DIGEST_CHARS 16
#define TWIN_CHARS 40
#define TWIN_ROWS 32 /* within which the finding of the other side stands */
#define MAX_TEXT 2048

static const char *text_of(const json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));
	return text != NULL ? text : "";
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

/* "2026-11-20 10:35:41", and without year and seconds where room is scarce. */
static const char *print_time(const char *time, bool is_short, char out[TIME_CHARS + 1])
{
	size_t skip = is_short ? strlen("2026-") : 0;
	size_t len = is_short ? SHORT_TIME_CHARS : TIME_CHARS;
	snprintf(out, TIME_CHARS + 1, "%.*s", (int)len, strlen(time) > skip ? time + skip : time);
	char *divider = strchr(out, 'T');
	if (divider != NULL)
		*divider = ' ';
	return out;
}

/* Prints the text in exactly so many columns, cut or padded; a code point counts as a column. */
static void print_cell(const struct output *output, enum style style, const char *text, unsigned columns)
{
	char clean[MAX_TEXT];
	unsigned count = 0;
	const char *at = output_clean(text, clean, sizeof(clean));
	const char *cut = at;
	for (; *at != '\0'; at++) {
		bool starts = ((unsigned char)*at & 0xc0) != 0x80;
		if (starts && count == columns - 1)
			cut = at;
		count += starts;
	}
	if (count <= columns)
		output_printf(output, style, "%s%*s", clean, (int)(columns - count), "");
	else
		output_printf(output, style, "%.*s%s", (int)(cut - clean), clean, output->utf8 ? "\xe2\x80\xa6" : "~");
}

/* Says whether a row takes two lines: code and the longest name of a site do not fit into one. */
static bool is_narrow(const struct log_table *table)
{
	return table->output->width < FULL_COLUMNS + table->site_columns;
}

static unsigned columns_of(struct bytes text)
{
	unsigned columns = 0;
	for (size_t i = 0; i < text.len; i++)
		columns += (text.data[i] & 0xc0) != 0x80;
	return columns;
}

/* A new line (--follow) may be of a site with a longer name than those before. */
static void make_room(struct log_table *table, const char *site)
{
	unsigned columns = columns_of(bytes_of_string(site));
	if (columns > table->site_columns)
		table->site_columns = columns;
}

static void print_head(const struct log_table *table, const struct log_finding *finding, const json_t *line)
{
	const struct output *output = table->output;
	bool resolved = strcmp(text_of(line, "event"), "resolved") == 0;
	bool narrow = is_narrow(table);
	const char *severity = text_of(line, "severity");
	char time[TIME_CHARS + 1];

	output_printf(output, STYLE_DIM, "%s  ", print_time(finding->last_time, narrow, time));
	print_cell(output, resolved ? STYLE_GOOD : style_of(severity), resolved ? "resolved" : severity,
		   SEVERITY_COLUMNS);
	output_printf(output, STYLE_PLAIN, "  ");
	print_cell(output, STYLE_PLAIN, text_of(line, "site"),
		   narrow ? output->width - SHORT_TIME_CHARS - SEVERITY_COLUMNS - 4 : table->site_columns);
	output_printf(output, STYLE_PLAIN, narrow ? "\n%*s" : "  ", INDENT, "");
	output_printf(output, STYLE_BOLD, "%s", text_of(line, "code"));
	if (finding->num_lines > 1)
		output_printf(output, STYLE_DIM, " %s%" PRIu64, output->utf8 ? "\xc3\x97" : "x", finding->num_lines);
	output_printf(output, STYLE_PLAIN, "\n");
}

static void print_paragraph(const struct output *output, enum style style, unsigned indent, const char *text)
{
	output_printf(output, STYLE_PLAIN, "%*s", INDENT, "");
	output_wrap(output, style, indent, text);
}

/* Finds another certificate of the same subject in `chain`: an expired twin, a cross-sign. */
static const json_t *find_twin(const json_t *chain, const json_t *entry)
{
	for (size_t i = 0; i < json_array_size(chain); i++) {
		const json_t *other = json_array_get(chain, i);
		if (strcmp(text_of(other, "subject"), text_of(entry, "subject")) == 0 &&
		    strcmp(text_of(other, "sha256"), text_of(entry, "sha256")) != 0)
			return other;
	}
	return NULL;
}

/* Writes how it differs from its twin in the other chain: the day, else the fingerprint; "" without a twin. */
static const char *print_difference(const json_t *entry, const json_t *other, char out[TWIN_CHARS + 1])
{
	const json_t *twin = find_twin(other, entry);
	out[0] = '\0';
	if (twin == NULL)
		return out;
	const char *day = text_of(entry, "not_after"), *day_of_twin = text_of(twin, "not_after");
	if (strncmp(day, day_of_twin, DAY_CHARS) != 0)
		snprintf(out, TWIN_CHARS + 1, " (valid until %.*s)", DAY_CHARS, day);
	else
		snprintf(out, TWIN_CHARS + 1, " (SHA-256 %.*s)", DIGEST_CHARS, text_of(entry, "sha256"));
	return out;
}

static void print_chain(const struct output *output, const char *label, const json_t *chain, const json_t *other)
{
	char text[OUTPUT_MAX_TEXT];
	char difference[TWIN_CHARS + 1];
	size_t count = json_array_size(chain);
	if (!json_is_array(chain))
		return;
	int len = snprintf(text, sizeof(text), "%s %zu certificate%s", label, count, count == 1 ? "" : "s");
	for (size_t i = 0; i < count && len > 0 && (size_t)len < sizeof(text); i++) {
		const json_t *entry = json_array_get(chain, i);
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s%s%s", i == 0 ? ": " : " <- ",
				text_of(entry, "subject"), print_difference(entry, other, difference));
	}
	print_paragraph(output, STYLE_DIM, CHAIN_INDENT, text);
}

static void print_cost(const struct output *output, const json_t *line)
{
	char text[MAX_TEXT];
	const json_t *stores = json_object_get(line, "stores");
	json_int_t added = json_integer_value(json_object_get(line, "bytes_added"));
	size_t before = 0;
	size_t after = 0;
	if (!json_is_array(stores))
		return;
	for (size_t i = 0; i < json_array_size(stores); i++) {
		const json_t *store = json_array_get(stores, i);
		before += json_is_true(json_object_get(store, "served_trusted"));
		after += json_is_true(json_object_get(store, "mended_trusted"));
	}
	snprintf(text, sizeof(text),
		 "accepted by %zu of %zu trust store%s before, by %zu after; %" JSON_INTEGER_FORMAT " bytes %s%s",
		 before, json_array_size(stores), json_array_size(stores) == 1 ? "" : "s", after,
		 added < 0 ? -added : added, added < 0 ? "saved" : "added",
		 json_is_false(json_object_get(line, "applied")) ? "; reported only, what was given goes out" : "");
	print_paragraph(output, STYLE_DIM, INDENT, text);
}

/* A row of the table. */
struct row {
	const struct log_finding *finding; /* NULL: another row has it too */
	bool both_sides; /* the backend has the same finding, whose own row was removed */
};

static void print_row(struct log_table *table, const struct row *row, bool repeated)
{
	const struct log_finding *finding = row->finding;
	json_t *line = json_loadb(finding->last.text, finding->last.len, 0, NULL);
	if (!json_is_object(line)) {
		json_decref(line);
		return;
	}
	table->num_rows++;
	make_room(table, text_of(line, "site"));
	print_head(table, finding, line);
	if (!repeated) {
		char message[OUTPUT_MAX_TEXT];
		log_line_message(text_of(line, "subject_of"), text_of(line, "message"), message, sizeof(message));
		print_paragraph(table->output, STYLE_PLAIN, INDENT, message);
		const json_t *before = json_object_get(line, "before");
		const json_t *after = json_object_get(line, "after");
		print_chain(table->output, "before:", before, after);
		print_chain(table->output, "after:", after, before);
		print_cost(table->output, line);
		if (row->both_sides)
			print_paragraph(table->output, STYLE_DIM, INDENT, "on the backend: the same");
	}
	json_decref(line);
}

void log_table_print_row(struct log_table *table, const struct log_finding *finding, bool repeated)
{
	const struct row row = {.finding = finding};
	print_row(table, &row, repeated);
}

static int compare_times(const void *a, const void *b)
{
	const struct row *left = a;
	const struct row *right = b;
	int order = strcmp(left->finding->last_time, right->finding->last_time);
	if (order == 0) /* they stand in one array, in the order of the log */
		order = left->finding < right->finding ? -1 : left->finding > right->finding;
	return order;
}

/* Makes the column of the sites as wide as the longest name. Where that leaves no room for the rest, a row takes two
 * lines, and 80 columns have room for any name. */
static void choose_columns(struct log_table *table, const struct log_history *history)
{
	unsigned longest = MIN_SITE_COLUMNS;
	struct log_line line;
	for (size_t i = 0; i < history->num_findings; i++) {
		const struct log_kept_line *kept = &history->findings[i].last;
		(void)log_line_scan(bytes_of(kept->text, kept->len), &line);
		unsigned columns = columns_of(line.members[LOG_SITE]);
		longest = columns > longest ? columns : longest;
	}
	table->site_columns = longest;
}

static void print_titles(const struct log_table *table)
{
	if (!is_narrow(table))
		output_printf(table->output, STYLE_DIM, "%-*s  %-*s  %-*s  CODE\n", TIME_CHARS, "TIME (UTC)",
			      SEVERITY_COLUMNS, "SEVERITY", (int)table->site_columns, "SITE");
}

/* Says whether both are one fault: with `certificate = backend`, both sides of the proxy have the same chain. */
static bool is_twin_of_backend(const struct log_finding *finding, const struct log_finding *of_backend)
{
	static const enum log_member equal[] = {LOG_SITE, LOG_CODE, LOG_EVENT, LOG_NAME, LOG_CERTIFICATE, LOG_STORES};
	struct log_line line;
	struct log_line other;

	if (of_backend == NULL || finding->last.text == NULL || of_backend->last.text == NULL)
		return false;
	(void)log_line_scan(bytes_of(finding->last.text, finding->last.len), &line);
	(void)log_line_scan(bytes_of(of_backend->last.text, of_backend->last.len), &other);
	if (!log_line_is(&line, LOG_SUBJECT_OF, "certificate") || !log_line_is(&other, LOG_SUBJECT_OF, "backend"))
		return false;
	for (size_t i = 0; i < sizeof(equal) / sizeof(equal[0]); i++)
		if (!bytes_equal(line.members[equal[i]], other.members[equal[i]]))
			return false;
	return true;
}

/* Removes the backend's row where a row of the certificate near it says the same. */
static void fold_twins(struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = i > TWIN_ROWS ? i - TWIN_ROWS : 0; k < count && k <= i + TWIN_ROWS; k++) {
			if (rows[k].finding == NULL || !is_twin_of_backend(rows[k].finding, rows[i].finding))
				continue;
			rows[i].finding = NULL;
			rows[k].both_sides = true;
			break;
		}
	}
}

bool log_table_print(struct log_table *table, const struct log_history *history)
{
	struct row *rows = calloc(history->num_findings + 1, sizeof(*rows));
	if (rows == NULL)
		return false;
	for (size_t i = 0; i < history->num_findings; i++)
		rows[i].finding = &history->findings[i];
	qsort(rows, history->num_findings, sizeof(*rows), compare_times);
	choose_columns(table, history);
	fold_twins(rows, history->num_findings);
	if (history->num_findings > 0)
		print_titles(table);
	for (size_t i = 0; i < history->num_findings; i++) {
		if (rows[i].finding != NULL && rows[i].finding->last.text != NULL)
			print_row(table, &rows[i], false);
	}
	free(rows);
	return true;
}
