#include "proxy/commands/log/log_summary_view.h"

#include <inttypes.h>

#include "proxy/log/json_member.h"

#define NUMBER_INDENT 5
#define MAX_LINE 512
#define MINUTE_CHARS 16
#define SHARE_CHARS 48
#define WHICH_CHARS 40

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text != NULL ? text : "";
}

static json_int_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* "2026-11-20 10:35". */
static const char *print_minute(const char *time, char out[MINUTE_CHARS + 1])
{
	snprintf(out, MINUTE_CHARS + 1, "%.*s", MINUTE_CHARS, time);
	char *divider = strchr(out, 'T');
	if (divider != NULL)
		*divider = ' ';
	return out;
}

static enum style style_of(enum finding_severity severity)
{
	static const enum style styles[] = {[SEVERITY_ERROR] = STYLE_BAD,
					    [SEVERITY_WARNING] = STYLE_WARNING,
					    [SEVERITY_FIXED] = STYLE_FIXED,
					    [SEVERITY_INFO] = STYLE_DIM};
	return styles[severity];
}

static json_t *site_name(const struct log_site *site)
{
	json_t *line = log_summary_item_json(&site->items[0]);
	json_t *name = json_incref(json_object_get(line, "site"));
	json_decref(line);
	return name;
}

static void print_counts(const struct output *output, const struct log_site *site)
{
	static const struct {
		enum finding_severity severity;
		const char *words;
	} rows[] = {{SEVERITY_ERROR, "that no chain can repair"},
		    {SEVERITY_FIXED, "mended by chainmend, until the server is repaired"},
		    {SEVERITY_WARNING, "to look at"},
		    {SEVERITY_INFO, "harmless"}};
	if (site->num_open == 0)
		output_printf(output, STYLE_GOOD, "  nothing is open\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t count = site->open_by_severity[rows[i].severity];
		if (count == 0)
			continue;
		output_printf(output, style_of(rows[i].severity), "  %3zu %-8s", count,
			      finding_severity_name(rows[i].severity));
		output_printf(output, STYLE_DIM, "  %s\n", rows[i].words);
	}
	if (site->num_resolved > 0)
		output_printf(output, STYLE_GOOD, "  %3zu resolved  gone, seen by chainmend\n", site->num_resolved);
	if (site->num_not_seen_again > 0)
		output_printf(output, STYLE_GOOD, "  %3zu gone      not seen again since a restart\n",
			      site->num_not_seen_again);
}

/* "12 of 40", of the handshakes that showed a chain to a client. */
static const char *print_share(const json_t *record, char out[SHARE_CHARS + 1])
{
	snprintf(out, SHARE_CHARS + 1, "%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT,
		 number_of(record, "rejected"), number_of(record, "handshakes"));
	return out;
}

/* Leaves out a former chain that no client saw, as that of the first moment after a start. */
static void print_rejection(const json_t *rejection, char line[MAX_LINE])
{
	char since[MINUTE_CHARS + 1];
	char now[SHARE_CHARS + 1];
	char before[SHARE_CHARS + 1];
	const json_t *present = json_object_get(rejection, "present");
	const json_t *former = json_object_get(rejection, "former");

	print_share(present, now);
	print_share(former, before);
	if (number_of(former, "handshakes") == 0)
		snprintf(line, MAX_LINE, "Clients rejected %s handshakes since %s.", now,
			 print_minute(text_of(present, "since"), since));
	else if (strcmp(text_of(rejection, "verdict"), "rolled_back") == 0)
		snprintf(
		    line, MAX_LINE,
		    "Clients rejected %s handshakes with the chain that went out from %s and was withdrawn, and %s "
		    "with the one before it, which goes out again.",
		    before, print_minute(text_of(former, "since"), since), now);
	else
		snprintf(line, MAX_LINE,
			 "Clients rejected %s handshakes before the chain was changed (%s), and %s since.", before,
			 print_minute(text_of(present, "since"), since), now);
}

static void print_rejections(const struct output *output, const struct log_site *site)
{
	char line[MAX_LINE];
	char text[MAX_LINE + WHICH_CHARS];
	bool out_of_memory;
	json_t *object = log_summary_rejections(site, &out_of_memory);
	const json_t *list = json_object_get(object, "rejections");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *rejection = json_array_get(list, i);
		int len = 0;
		/* A site with RSA and ECDSA side by side has two; their numbers are the log's. */
		if (json_array_size(list) > 1)
			len = snprintf(text, WHICH_CHARS, "Certificate %" JSON_INTEGER_FORMAT ": ",
				       number_of(rejection, "certificate"));
		print_rejection(rejection, line);
		snprintf(text + len, MAX_LINE, "%s", line);
		output_printf(output, STYLE_PLAIN, "  ");
		output_wrap(output, STYLE_PLAIN, 2, text);
	}
	json_decref(object);
}

static void print_item(const struct output *output, const struct log_item *item, size_t number, bool with_advice)
{
	char since[MINUTE_CHARS + 1];
	char message[OUTPUT_MAX_TEXT];
	json_t *line = log_summary_item_json(item);
	output_printf(output, STYLE_PLAIN, "%3zu. ", number);
	output_printf(output, style_of(item->severity), "%s  ", finding_severity_name(item->severity));
	output_printf(output, STYLE_BOLD, "%s", text_of(line, "code"));
	output_printf(output, STYLE_DIM, "  since %s\n%*s", print_minute(item->finding->first_time, since),
		      NUMBER_INDENT, "");
	log_summary_item_message(item, line, message, sizeof(message));
	output_wrap(output, STYLE_PLAIN, NUMBER_INDENT, message);
	if (with_advice && text_of(line, "advice")[0] != '\0') {
		output_printf(output, STYLE_PLAIN, "%*s%s", NUMBER_INDENT, "", output_glyph(output, GLYPH_ARROW));
		output_wrap(output, STYLE_DIM, NUMBER_INDENT + 3, text_of(line, "advice"));
	}
	json_decref(line);
}

/* Prints an advice that several findings in a row share once, after the last of them. */
static void print_next(const struct output *output, const struct log_site *site)
{
	size_t num_to_do = site->num_open - site->open_by_severity[SEVERITY_INFO];
	size_t num_shown = num_to_do < LOG_SUMMARY_SHOWN ? num_to_do : LOG_SUMMARY_SHOWN;
	if (num_shown > 0)
		output_printf(output, STYLE_BOLD, "  What to do next:\n");
	for (size_t i = 0; i < num_shown; i++) {
		bool last = i + 1 == num_shown || !bytes_equal(site->items[i].line.members[LOG_ADVICE],
							       site->items[i + 1].line.members[LOG_ADVICE]);
		print_item(output, &site->items[i], i + 1, last);
	}
	if (num_to_do > num_shown)
		output_printf(output, STYLE_DIM, "     and %zu more: --json has all of them\n", num_to_do - num_shown);
}

void log_summary_view_print(const struct output *output, const struct log_summary *summary)
{
	char first[MINUTE_CHARS + 1];
	char last[MINUTE_CHARS + 1];
	for (size_t i = 0; i < summary->num_sites; i++) {
		json_t *name = site_name(&summary->sites[i]);
		output_printf(output, STYLE_BOLD, "%s\n", json_string_value(name));
		json_decref(name);
		print_counts(output, &summary->sites[i]);
		print_rejections(output, &summary->sites[i]);
		print_next(output, &summary->sites[i]);
		output_printf(output, STYLE_PLAIN, "\n");
	}
	if (summary->history->num_lines == 0)
		output_printf(output, STYLE_PLAIN, "There is no finding in this log, or none that was asked for.\n");
	else
		output_printf(output, STYLE_DIM, "%" PRIu64 " line%s, from %s to %s (UTC)\n",
			      summary->history->num_lines, summary->history->num_lines == 1 ? "" : "s",
			      print_minute(summary->history->first_time, first),
			      print_minute(summary->history->last_time, last));
}

static json_t *open_json(const struct log_site *site)
{
	json_t *object = json_object();
	bool complete = object != NULL;
	for (int i = 0; i < LOG_NUM_SEVERITIES && complete; i++)
		complete = set_member(object, finding_severity_name((enum finding_severity)i),
				      json_integer((json_int_t)site->open_by_severity[i]));
	return keep_if_complete(object, complete);
}

/* Returns the finding's last line without the chains, which are in the log. */
static json_t *next_json(const struct log_item *item)
{
	static const char *const members[] = {"id",      "code",   "severity", "subject_of",  "part",
					      "message", "advice", "name",     "certificate", "url"};
	json_t *line = log_summary_item_json(item);
	json_t *object = json_object();
	bool complete = line != NULL && object != NULL &&
			set_text_member(object, "first_time", item->finding->first_time) &&
			set_text_member(object, "last_time", item->finding->last_time) &&
			set_member(object, "lines", json_integer((json_int_t)item->finding->num_lines));
	if (item->on_both_sides)
		complete = complete && set_member(object, "on_both_sides", json_true());
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]) && complete; i++) {
		json_t *value = json_object_get(line, members[i]);
		complete = value == NULL || json_object_set(object, members[i], value) == 0;
	}
	json_decref(line);
	return keep_if_complete(object, complete);
}

static json_t *nexts_json(const struct log_site *site)
{
	json_t *array = json_array();
	bool complete = array != NULL;
	for (size_t i = 0; i < site->num_open && complete; i++)
		complete = json_array_append_new(array, next_json(&site->items[i])) == 0;
	return keep_if_complete(array, complete);
}

static json_t *rejections_json(const struct log_site *site)
{
	bool out_of_memory;
	json_t *line = log_summary_rejections(site, &out_of_memory);
	json_t *list = json_object_get(line, "rejections");
	json_t *kept = json_is_array(list) ? json_incref(list) : json_array();
	json_decref(line);
	return keep_if_complete(kept, !out_of_memory);
}

static json_t *site_json(const struct log_site *site)
{
	json_t *object = json_object();
	bool complete = object != NULL && set_member(object, "site", site_name(site)) &&
			set_member(object, "open", open_json(site)) &&
			set_member(object, "resolved", json_integer((json_int_t)site->num_resolved)) &&
			set_member(object, "not_seen_again", json_integer((json_int_t)site->num_not_seen_again)) &&
			set_member(object, "rejections", rejections_json(site)) &&
			set_member(object, "next", nexts_json(site));
	return keep_if_complete(object, complete);
}

json_t *log_summary_view_json(const struct log_summary *summary)
{
	json_t *object = json_object();
	json_t *sites = json_array();
	const struct log_history *history = summary->history;
	bool complete = object != NULL && sites != NULL;
	for (size_t i = 0; i < summary->num_sites && complete; i++)
		complete = json_array_append_new(sites, site_json(&summary->sites[i])) == 0;
	complete = complete && set_member(object, "lines", json_integer((json_int_t)history->num_lines)) &&
		   set_text_member(object, "first_time", history->num_lines > 0 ? history->first_time : NULL) &&
		   set_text_member(object, "last_time", history->num_lines > 0 ? history->last_time : NULL) &&
		   set_member(object, "sites", json_incref(sites));
	json_decref(sites);
	return keep_if_complete(object, complete);
}
