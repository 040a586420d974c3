#include "chaincache/base/csv.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

void csv_init(struct csv *csv, struct bytes text)
{
	size_t mark = sizeof(BYTE_ORDER_MARK) - 1;

	*csv = (struct csv){.rest = text, .next_line = 1};
	buffer_init(&csv->content, CSV_MAX_ROW_BYTES);
	if (text.len >= mark && memcmp(text.data, BYTE_ORDER_MARK, mark) == 0)
		csv->rest = bytes_of(text.data + mark, text.len - mark);
}

void csv_cleanup(struct csv *csv)
{
	buffer_cleanup(&csv->content);
	*csv = (struct csv){0};
}

struct bytes csv_field(const struct csv *csv, size_t index)
{
	if (index >= csv->num_fields || csv->content.len == 0)
		return bytes_of("", 0);
	size_t start = index > 0 ? csv->ends[index - 1] : 0;
	return bytes_of(csv->content.data + start, csv->ends[index] - start);
}

static bool at(const struct csv *csv, char c)
{
	return csv->rest.len > 0 && csv->rest.data[0] == (uint8_t)c;
}

static void skip(struct csv *csv, size_t len)
{
	csv->rest = bytes_of(csv->rest.data + len, csv->rest.len - len);
}

/* Skips one end of a line; false when there is none. */
static bool skip_line_end(struct csv *csv)
{
	bool carriage_return = at(csv, '\r');

	if (carriage_return)
		skip(csv, 1);
	if (at(csv, '\n'))
		skip(csv, 1);
	else if (!carriage_return)
		return false;
	csv->next_line++;
	return true;
}

static struct error keep(struct csv *csv, size_t len)
{
	struct error error = buffer_append(&csv->content, bytes_of(csv->rest.data, len));

	if (error.kind == ERROR_LIMIT)
		error = error_of(ERROR_LIMIT, 0, "the row is larger than 1 MiB: a quote is perhaps not closed");
	if (!failed(error))
		skip(csv, len);
	return error;
}

/* Returns the length of the text before `stop` or the end of a line. */
static size_t run_before(struct bytes text, uint8_t stop)
{
	size_t len = 0;

	while (len < text.len && text.data[len] != stop && text.data[len] != '\r' && text.data[len] != '\n')
		len++;
	return len;
}

/* A line's end inside of quotes counts as a line and stays as it is. */
static struct error keep_quoted_line_end(struct csv *csv)
{
	bool pair = csv->rest.len > 1 && at(csv, '\r') && csv->rest.data[1] == '\n';

	csv->next_line++;
	return keep(csv, pair ? 2 : 1);
}

/* Reads the rest of a quoted field, up to and including its closing quote. */
static struct error read_quoted(struct csv *csv)
{
	struct error error = error_none();

	while (csv->rest.len > 0 && !failed(error)) {
		error = keep(csv, run_before(csv->rest, '"'));
		if (failed(error) || csv->rest.len == 0)
			break;
		if (!at(csv, '"')) {
			error = keep_quoted_line_end(csv);
			continue;
		}
		skip(csv, 1);
		if (!at(csv, '"'))
			return error_none();
		error = keep(csv, 1);
	}
	return failed(error) ? error : error_of(ERROR_FORMAT, 0, "a quote is opened and never closed");
}

static struct error read_field(struct csv *csv)
{
	struct error error = error_none();

	if (csv->num_fields == CSV_MAX_FIELDS)
		return error_of(ERROR_LIMIT, 0, "the row has more than 1000 fields");
	if (at(csv, '"')) {
		skip(csv, 1);
		error = read_quoted(csv);
	}
	if (!failed(error))
		error = keep(csv, run_before(csv->rest, ','));
	if (!failed(error))
		csv->ends[csv->num_fields++] = csv->content.len;
	return error;
}

static struct error read_row(struct csv *csv)
{
	for (;;) {
		struct error error = read_field(csv);
		if (failed(error))
			return error;
		if (at(csv, ',')) {
			skip(csv, 1);
			continue;
		}
		skip_line_end(csv);
		return error_none();
	}
}

static void skip_line(struct csv *csv)
{
	skip(csv, run_before(csv->rest, '\n'));
	skip_line_end(csv);
}

enum csv_status csv_next(struct csv *csv)
{
	while (skip_line_end(csv))
		;
	csv->content.len = 0;
	csv->num_fields = 0;
	csv->line = csv->next_line;
	if (csv->rest.len == 0)
		return CSV_END;

	struct bytes start = csv->rest;
	csv->error = read_row(csv);
	if (!failed(csv->error))
		return CSV_ROW;
	csv->num_fields = 0;
	if (csv->num_resumes < CSV_MAX_RESUMES) {
		csv->num_resumes++;
		csv->rest = start;
		csv->next_line = csv->line;
	}
	skip_line(csv);
	return CSV_BAD_ROW;
}
