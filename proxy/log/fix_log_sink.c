#include "proxy/log/fix_log_sink.h"

#include <unistd.h>

static bool is_stderr(const char *path)
{
	return strcmp(path, "stderr") == 0;
}

struct error fix_log_sink_init(struct fix_log_sink *sink, const char *path, const char *journal_path)
{
	*sink = (struct fix_log_sink){.journal.fd = -1, .journal_path = is_stderr(path) ? journal_path : NULL};
	return line_file_init(&sink->file, path);
}

void fix_log_sink_cleanup(struct fix_log_sink *sink)
{
	journal_close(&sink->journal);
	line_file_close(&sink->file);
}

/* A missing socket of the journal is no error: the lines then go to stderr, which the journal reads too. */
struct error fix_log_sink_reopen(struct fix_log_sink *sink)
{
	journal_close(&sink->journal);
	if (sink->journal_path != NULL && failed(journal_open(sink->journal_path, &sink->journal)))
		sink->journal.fd = -1;
	return line_file_reopen(&sink->file);
}

static struct bytes json_of(const struct fix_line *line)
{
	return bytes_of(line->text + FIX_LINE_PREFIX_CHARS, line->len - FIX_LINE_PREFIX_CHARS);
}

static struct error send_entry(struct fix_log_sink *sink, const struct fix_line *line)
{
	const char priority[] = {(char)('0' + fix_line_priority(line)), '\0'};
	struct bytes json = json_of(line);
	const struct journal_field fields[] = {
	    {"MESSAGE", bytes_of(json.data, json.len - 1)},
	    {"PRIORITY", bytes_of_string(priority)},
	    {"SYSLOG_IDENTIFIER", bytes_of_string("chainmend")},
	    {"CHAINMEND_EVENT", bytes_of_string(finding_event_name(line->event))},
	    {"CHAINMEND_CODE", bytes_of_string(finding_code_name(line->code))},
	    {"CHAINMEND_SEVERITY", bytes_of_string(finding_severity_name(line->severity))},
	    {"CHAINMEND_SITE", bytes_of_string(line->site)},
	    {"CHAINMEND_ID", bytes_of_string(line->id)},
	};
	return journal_send(&sink->journal, fields, sizeof(fields) / sizeof(fields[0]));
}

struct error fix_log_sink_write(struct fix_log_sink *sink, const struct fix_line *line)
{
	if (sink->journal_path == NULL)
		return line_file_write(&sink->file, json_of(line));
	/* The journal may have been started anew: its socket is then another one. */
	if (sink->journal.fd < 0 && failed(journal_open(sink->journal_path, &sink->journal)))
		sink->journal.fd = -1;
	if (sink->journal.fd >= 0 && !failed(send_entry(sink, line)))
		return error_none();
	journal_close(&sink->journal);
	return line_file_write(&sink->file, bytes_of(line->text, line->len));
}
