#include "proxy/cli/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf/spelling.h"
#include "conf/values.h"
#include "proxy/cli/exit_status.h"
#include "proxy/cli/output.h"

#define FIRST_LONG 256 /* what getopt_long returns for the first row: above every letter */
#define HELP_COLUMN 28

static const struct option_row help_row = {"help", 'h', NULL, "Show this, and end", NULL};

/* The tables in the form that getopt_long wants. */
struct parser {
	const struct option_row *rows[OPTIONS_MAX_ROWS + 1];
	size_t num_rows;
	struct option longs[OPTIONS_MAX_ROWS + 2]; /* ends with a zero one */
	char letters[2 * OPTIONS_MAX_ROWS + 4];
};

static void add_row(struct parser *parser, const struct option_row *row)
{
	size_t index = parser->num_rows++;
	parser->rows[index] = row;
	parser->longs[index] = (struct option){
	    .name = row->name,
	    .has_arg = row->argument != NULL ? required_argument : no_argument,
	    .val = FIRST_LONG + (int)index,
	};
	size_t len = strlen(parser->letters);
	if (row->letter != 0) {
		parser->letters[len] = row->letter;
		parser->letters[len + 1] = row->argument != NULL ? ':' : '\0';
	}
}

static void fill(struct parser *parser, const struct option_table *tables)
{
	*parser =
	    (struct parser){.letters = ":"}; /* getopt reports a missing value as such, and prints nothing itself */
	add_row(parser, &help_row);
	for (; tables->rows != NULL; tables++) {
		for (const struct option_row *row = tables->rows; row->name != NULL; row++) {
			if (parser->num_rows <= OPTIONS_MAX_ROWS)
				add_row(parser, row);
		}
	}
}

static const struct option_row *row_of(const struct parser *parser, int value)
{
	if (value >= FIRST_LONG)
		return parser->rows[value - FIRST_LONG];
	for (size_t i = 0; i < parser->num_rows; i++) {
		if (parser->rows[i]->letter == value)
			return parser->rows[i];
	}
	return NULL;
}

void options_unable(const struct command_help *help, const char *why)
{
	if (help->program != NULL)
		complain_as(help->program, "%s", why);
	else
		complain("%s: %s", help->command, why);
}

int options_wrong(const struct command_help *help, const char *format, ...)
{
	char text[OUTPUT_MAX_TEXT];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (help->program != NULL)
		complain_as(help->program, "%s (see %s --help)", text, help->program);
	else
		complain("%s: %s (see chainmend %s --help)", help->command, text, help->command);
	return STATUS_USAGE;
}

static void report_unknown(const struct command_help *help, const struct parser *parser, const char *given)
{
	char word[SPELLING_MAX_CHARS + 1];
	if (optopt >= FIRST_LONG) {
		options_wrong(help, "--%s: it takes no value", row_of(parser, optopt)->name);
		return;
	}
	if (optopt != 0) {
		options_wrong(help, "-%c: there is no such option", optopt);
		return;
	}
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(given + 2, "="), given + 2);
	struct spelling spelling = spelling_of(word);
	for (size_t i = 0; i < parser->num_rows; i++)
		spelling_offer(&spelling, parser->rows[i]->name);
	const char *best = spelling_best(&spelling);
	if (best != NULL)
		options_wrong(help, "--%s: there is no such option: did you mean --%s?", word, best);
	else
		options_wrong(help, "--%s: there is no such option", word);
}

static void print_row(const struct output *output, const struct option_row *row)
{
	char left[100];
	char letter[5] = "";
	if (row->letter != 0)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	int len = snprintf(left, sizeof(left), "  %s--%s%s%s", letter, row->name, row->argument != NULL ? " " : "",
			   row->argument != NULL ? row->argument : "");
	if (len >= HELP_COLUMN)
		fprintf(output->file, "%s\n%*s", left, HELP_COLUMN, "");
	else
		fprintf(output->file, "%-*s", HELP_COLUMN, left);
	output_wrap(output, STYLE_PLAIN, HELP_COLUMN, row->help);
}

static void print_help(const struct command_help *help)
{
	struct output output;
	output_init(&output, stdout);
	printf("%s\n%s\n", help->usage, help->about);
	for (const struct option_table *table = help->tables; table->rows != NULL; table++) {
		output_printf(&output, STYLE_BOLD, "\n%s:\n", table->heading != NULL ? table->heading : "Options");
		for (const struct option_row *row = table->rows; row->name != NULL; row++)
			print_row(&output, row);
		if (table == help->tables)
			print_row(&output, &help_row);
	}
	if (help->after != NULL)
		printf("\n%s", help->after);
}

enum options_outcome options_parse(const struct command_help *help, int argc, char **argv, void *into,
				   int *first_operand)
{
	struct parser parser;
	fill(&parser, help->tables);
	optind = 0; /* from the start, with all of GNU's state forgotten */
	opterr = 0;
	for (;;) {
		int value = getopt_long(argc, argv, parser.letters, parser.longs, NULL);
		if (value == -1)
			break;
		if (value == '?') {
			report_unknown(help, &parser, argv[optind - 1]);
			return OPTIONS_WRONG;
		}
		if (value == ':') {
			options_wrong(help, "%s: it needs a value", argv[optind - 1]);
			return OPTIONS_WRONG;
		}
		const struct option_row *row = row_of(&parser, value);
		if (row == &help_row) {
			print_help(help);
			return OPTIONS_HELP_PRINTED;
		}
		const char *wrong = row->take(into, optarg != NULL ? optarg : "");
		if (wrong == value_no_memory) {
			options_unable(help, wrong);
			return OPTIONS_NO_MEMORY;
		}
		if (wrong != NULL) {
			options_wrong(help, "--%s%s%s: %s", row->name, optarg != NULL ? " " : "",
				      optarg != NULL ? optarg : "", wrong);
			return OPTIONS_WRONG;
		}
	}
	*first_operand = optind;
	return OPTIONS_TAKEN;
}
