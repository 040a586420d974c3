/* Whatever the table: the walk ends and goes forward, within its maxima; a row that is written anew reads the same. */
#include <stdlib.h>

#include "chaincache/base/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void append(struct buffer *out, const void *data, size_t len)
{
	if (failed(buffer_append(out, bytes_of(data, len))))
		abort();
}

/* Every field in quotes, as RFC 4180 has it. */
static void write_row(const struct csv *csv, struct buffer *out)
{
	for (size_t i = 0; i < csv->num_fields; i++) {
		struct bytes field = csv_field(csv, i);
		append(out, i > 0 ? ",\"" : "\"", i > 0 ? 2 : 1);
		for (size_t at = 0; at < field.len; at++) {
			append(out, field.data + at, 1);
			if (field.data[at] == '"')
				append(out, "\"", 1);
		}
		append(out, "\"", 1);
	}
	append(out, "\r\n", 2);
}

static void check_same(const struct csv *csv)
{
	struct buffer text;
	struct csv again;

	buffer_init(&text, 4 * CSV_MAX_ROW_BYTES);
	write_row(csv, &text);
	csv_init(&again, buffer_bytes(&text));
	if (csv_next(&again) != CSV_ROW || again.num_fields != csv->num_fields)
		abort();
	for (size_t i = 0; i < csv->num_fields; i++)
		if (!bytes_equal(csv_field(csv, i), csv_field(&again, i)))
			abort();
	if (csv_next(&again) != CSV_END)
		abort();
	csv_cleanup(&again);
	buffer_cleanup(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct csv csv;
	enum csv_status status;
	size_t line = 0;
	size_t rest = size + 1;

	csv_init(&csv, bytes_of(data, size));
	while ((status = csv_next(&csv)) != CSV_END) {
		if (csv.line <= line || csv.rest.len >= rest || csv.num_fields > CSV_MAX_FIELDS)
			abort();
		line = csv.line;
		rest = csv.rest.len;
		if (status == CSV_ROW)
			check_same(&csv);
		else if (!failed(csv.error))
			abort();
	}
	csv_cleanup(&csv);
	return 0;
}
