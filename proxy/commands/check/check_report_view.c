#include "proxy/commands/check/check_report_view.h"

#include <stdio.h>
#include <string.h>

#include "proxy/cli/exit_status.h"
#include "proxy/commands/check/chain_view.h"

#define MAX_CONNECTION_CHARS 256
#define MAX_HEADING_CHARS 1024
#define MAX_HEADING_NAMES 3
#define MARGIN 2

/* "127.0.0.1:443 · TLSv1.3 · TLS_AES_128_GCM_SHA256" */
static void print_connection(const struct checked_chain *chain, const struct output *output, char *out, size_t out_size)
{
	const struct survey_look *look = chain->look;
	const char *dot = output_glyph(output, GLYPH_DOT);
	out[0] = '\0';
	if (look != NULL)
		snprintf(out, out_size, "%s%s%s%s%s", look->address, dot, look->tls_version, dot, look->cipher);
}

static void draw(const struct check_report *report, const struct checked_chain *chain, const struct output *output,
		 const char *heading)
{
	char connection[MAX_CONNECTION_CHARS];
	print_connection(chain, output, connection, sizeof(connection));
	struct chain_view view = {
	    .output = output,
	    .result = chain->result,
	    .target = heading,
	    .connection = connection,
	    .from_server = chain->look != NULL,
	    .ignore_trust = report->ignore_trust,
	    .now = report->now,
	};
	chain_view_print(&view);
}

/* "a, b, c and 4 more"; all of them when `max` is high enough. */
static size_t print_names(const struct checked_chain *chain, size_t max, char *out, size_t out_size)
{
	size_t len = 0;
	size_t shown = 0;
	out[0] = '\0';
	for (; shown < chain->num_names && shown < max; shown++) {
		const char *name = chain->names[shown].text;
		if (len + strlen(name) + sizeof(", ") >= out_size)
			break;
		len += (size_t)snprintf(out + len, out_size - len, "%s%s", shown > 0 ? ", " : "", name);
	}
	return chain->num_names - shown;
}

static void print_heading(const struct check_report *report, size_t index, char *out, size_t out_size)
{
	char names[MAX_HEADING_CHARS];
	char more[sizeof(" and  more") + 20] = "";
	size_t left = print_names(&report->chains[index], MAX_HEADING_NAMES, names, sizeof(names));
	if (left > 0)
		snprintf(more, sizeof(more), " and %zu more", left);
	snprintf(out, out_size, "Chain %zu of %zu, for %s%s", index + 1, report->num_chains, names, more);
}

/* Which name gets which chain. */
static void print_overview(const struct check_report *report, const struct output *output)
{
	char names[OUTPUT_MAX_TEXT / 2];
	output_printf(output, STYLE_BOLD, "%s", output_clean_line(report->target, names, sizeof(names)));
	output_printf(output, STYLE_PLAIN, "\n\n");
	if (report->num_chains > 1)
		output_printf(
		    output, STYLE_BOLD,
		    "The server sends %zu different chains, by the name that is asked for or by the kind of key\n",
		    report->num_chains);
	else
		output_printf(output, STYLE_BOLD, "The server sends a chain for some of the names\n");
	for (size_t i = 0; i < report->num_chains; i++) {
		const struct certificate *leaf = report->chains[i].result->served.items[0].certificate;
		size_t left = print_names(&report->chains[i], SURVEY_MAX_LOOKS, names, sizeof(names));
		output_printf(output, STYLE_BOLD, "%*s%zu ", MARGIN, "", i + 1);
		output_wrap(output, STYLE_PLAIN, 2 * MARGIN, names);
		if (left > 0)
			output_printf(output, STYLE_DIM, "%*sand %zu more\n", 2 * MARGIN, "", left);
		output_printf(output, STYLE_DIM, "%*s%s, by %s\n", 2 * MARGIN, "",
			      leaf->subject[0] != '\0' ? leaf->subject : "(no subject)",
			      leaf->issuer[0] != '\0' ? leaf->issuer : "(no name)");
	}
	for (size_t i = 0; i < report->survey->num_looks; i++) {
		const struct survey_look *look = &report->survey->looks[i];
		if (look->outcome == CHAIN_PROBE_OK)
			continue;
		char line[HOST_NAME_MAX_CHARS + sizeof(": ") + CHAIN_CAPTURE_MAX_REASON];
		snprintf(line, sizeof(line), "%s: %s", look->name->text, look->reason);
		output_printf(output, STYLE_BAD, "%*s%s ", MARGIN, "", output_glyph(output, GLYPH_NO));
		output_wrap(output, STYLE_PLAIN, 2 * MARGIN, line);
	}
}

static void print_verdict(const struct check_report *report, const struct output *output)
{
	static const struct {
		enum style style;
		const char *words;
	} verdicts[] = {
	    [STATUS_OK] = {STYLE_GOOD, "All chains: nothing is wrong."},
	    [STATUS_REPAIRABLE] = {STYLE_FIXED, "All chains: something is wrong, and mended chains repair all of it."},
	    [STATUS_BROKEN] = {STYLE_BAD, "All chains: something is wrong that no chain can repair."},
	    [STATUS_UNKNOWN] = {STYLE_BAD, "All chains: a name could not be looked at, so that nobody knows."},
	};
	int status = check_report_status(report);
	output_printf(output, STYLE_PLAIN, "\n");
	output_wrap(output, verdicts[status].style, 0, verdicts[status].words);
}

void check_report_view_print(const struct check_report *report)
{
	struct output output;
	output_init(&output, stdout);
	if (!check_report_has_many(report)) {
		draw(report, &report->chains[0], &output, report->target);
		return;
	}
	print_overview(report, &output);
	for (size_t i = 0; i < report->num_chains; i++) {
		char heading[MAX_HEADING_CHARS + 100];
		print_heading(report, i, heading, sizeof(heading));
		output_printf(&output, STYLE_PLAIN, "\n\n");
		draw(report, &report->chains[i], &output, heading);
	}
	print_verdict(report, &output);
}
