#include "proxy/commands/repair/repair_view.h"

#include "chaincache/certificate/certificate_words.h"

#define LIST_INDENT 5
#define STEP_INDENT 3
#define MAX_LINE (2 * PATH_MAX)

static void heading(const struct output *output, const char *text)
{
	output_printf(output, STYLE_PLAIN, "\n");
	output_wrap(output, STYLE_BOLD, 0, text);
}

static void print_chain(const struct output *output, const struct repair_script *script)
{
	const struct certificate_list *mended = &script->plan->result->mended;
	char date[CERTIFICATE_WORDS_DATE_CHARS];
	char line[MAX_LINE];
	heading(output, "The server has to send, in this order:");
	for (size_t i = 0; i < mended->count; i++) {
		const struct certificate *certificate = mended->items[i].certificate;
		snprintf(line, sizeof(line), "%s, valid until %s%s", certificate_words_subject(certificate).text,
			 certificate_words_date(certificate->not_after, date),
			 repair_plan_adds(script->plan, certificate) ? ", which it does not send today" : "");
		output_printf(output, STYLE_PLAIN, "%3zu  ", i + 1);
		output_wrap(output, STYLE_PLAIN, LIST_INDENT, line);
	}
}

static void print_files(const struct output *output, const struct repair_script *script,
			const struct repair_files *files)
{
	char line[MAX_LINE];
	if (script->num_files == 0)
		return;
	snprintf(line, sizeof(line), "Files for it, in the directory %s:", files->folder);
	heading(output, line);
	for (size_t i = 0; i < script->num_files; i++)
		output_printf(output, STYLE_PLAIN, "  %s%s\n", script->files[i].name,
			      files->was_there[i] ? " (there already, the same)" : " (written)");
}

static void print_lines(const struct output *output, const struct buffer *lines)
{
	const char *line = buffer_text(lines);
	while (*line != '\0') {
		size_t len = strcspn(line, "\n");
		output_printf(output, STYLE_BOLD, "    %.*s", (int)len, line);
		output_printf(output, STYLE_PLAIN, "\n");
		line += len + (line[len] == '\n');
	}
}

static void print_step(const struct output *output, const struct repair_step_text *step, size_t number)
{
	output_printf(output, STYLE_PLAIN, "\n%zu. ", number);
	output_wrap(output, STYLE_PLAIN, STEP_INDENT, buffer_text(&step->text));
	print_lines(output, &step->commands);
	if (step->lines.len == 0)
		return;
	output_printf(output, STYLE_PLAIN, "%*sIn the configuration:\n", STEP_INDENT, "");
	print_lines(output, &step->lines);
}

static void print_steps(const struct output *output, const struct repair_script *script)
{
	heading(output, "Steps, on the server and in the directory with the files:");
	for (size_t i = 0; i < script->num_steps; i++)
		print_step(output, &script->steps[i], i + 1);
}

static bool has_errors(const struct repair_script *script)
{
	return finding_list_worst(&script->plan->result->findings) == SEVERITY_ERROR;
}

static void print_nothing_to_do(const struct output *output, const struct repair_script *script)
{
	char line[MAX_LINE];
	bool changed = script->plan->result->changed;
	output_printf(output, STYLE_PLAIN, "\n");
	if (changed)
		snprintf(line, sizeof(line),
			 "Nothing has to be done: %s puts the chain together itself from the certificates that it has, "
			 "and has all of them. What is out of order, sent twice or too much stands in the file alone.",
			 script->recipe->label);
	else if (has_errors(script))
		snprintf(line, sizeof(line), "The chain itself cannot be made better: %s has nothing to change in it.",
			 script->recipe->label);
	else
		snprintf(line, sizeof(line), "Nothing has to be done: the chain is complete and in order.");
	output_wrap(output, STYLE_PLAIN, 0, line);
}

static void print_errors(const struct output *output, const struct repair_script *script)
{
	const struct finding_list *findings = &script->plan->result->findings;
	if (!has_errors(script))
		return;
	heading(output, "What no chain can repair:");
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		if (finding->severity != SEVERITY_ERROR)
			continue;
		output_printf(output, STYLE_BAD, " - ");
		output_wrap(output, STYLE_PLAIN, STEP_INDENT, finding->message);
		output_printf(output, STYLE_PLAIN, "%*s", STEP_INDENT, "");
		output_wrap(output, STYLE_DIM, STEP_INDENT, finding->advice);
	}
}

void repair_view_print(const struct output *output, const struct repair_script *script,
		       const struct repair_files *files)
{
	char line[MAX_LINE];
	const struct certificate *leaf = script->plan->groups[REPAIR_LEAF].items[0].certificate;
	snprintf(line, sizeof(line), "%s: the repair for %s", script->recipe->label,
		 certificate_words_subject(leaf).text);
	output_wrap(output, STYLE_BOLD, 0, line);
	if (script->needed) {
		print_chain(output, script);
		print_files(output, script, files);
		print_steps(output, script);
	} else {
		print_nothing_to_do(output, script);
	}
	print_errors(output, script);
}
