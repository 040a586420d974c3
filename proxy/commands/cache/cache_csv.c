#include "proxy/commands/cache/cache_csv.h"

#include <limits.h>
#include <stdio.h>
#include <strings.h>

#include "chaincache/base/csv.h"
#include "chaincache/files/certificate_file.h"
#include "chaincache/files/pem_reader.h"
#include "proxy/cli/output.h"

#define MAX_COLUMN_CHARS 64 /* of the longest column name */

/* The names of the column in the CCADB and in tables made from it. */
static const char *const column_names[] = {"PEM Info", "X.509 Certificate (PEM)", "Certificate (PEM)",
					   "Certificate PEM", "PEM"};

struct csv_import {
	struct cache_writer *writer;
	const char *path;
	char source[PATH_MAX + 16];
	struct csv csv;
	size_t column;
	size_t num_fields; /* of the header */
	size_t num_rows;
	size_t num_taken;
	size_t num_bad;
};

static bool is_trimmed(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\'' || c == '"';
}

/* Without blanks and quotes at both ends: CCADB puts its PEM between apostrophes. */
static struct bytes trim(struct bytes text)
{
	while (text.len > 0 && is_trimmed((char)text.data[0]))
		text = bytes_of(text.data + 1, text.len - 1);
	while (text.len > 0 && is_trimmed((char)text.data[text.len - 1]))
		text.len--;
	return text;
}

static bool is_column(struct bytes field)
{
	char name[MAX_COLUMN_CHARS + 1];
	struct bytes text = trim(field);
	if (text.len > MAX_COLUMN_CHARS)
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)text.len, (const char *)text.data);
	for (size_t i = 0; i < sizeof(column_names) / sizeof(column_names[0]); i++) {
		if (strcasecmp(name, column_names[i]) == 0)
			return true;
	}
	return false;
}

/* Reads the header; false where it names no column of PEM. */
static bool find_column(struct csv *csv, size_t *out)
{
	if (csv_next(csv) != CSV_ROW)
		return false;
	for (*out = 0; *out < csv->num_fields; (*out)++) {
		if (is_column(csv_field(csv, *out)))
			return true;
	}
	return false;
}

/* Below a remark that reads like a header, a PEM block begins at the start of a line; in a table it stands in quotes. */
static bool is_pem_line(const struct csv *csv)
{
	struct bytes field = csv_field(csv, 0);
	return csv->num_fields == 1 && field.len >= 5 && memcmp(field.data, "-----", 5) == 0;
}

bool cache_csv_is_one(struct bytes text)
{
	struct csv csv;
	size_t column;
	csv_init(&csv, text);
	bool found = find_column(&csv, &column) && (csv_next(&csv) != CSV_ROW || !is_pem_line(&csv));
	csv_cleanup(&csv);
	return found;
}

static void report_bad_row(struct csv_import *import, struct error why)
{
	char text[ERROR_MAX_TEXT];
	import->num_bad++;
	import->writer->num_unreadable++;
	if (import->num_bad > CACHE_CSV_MAX_REPORTED)
		return;
	cache_writer_clear_progress(import->writer);
	complain("cache: %s: line %zu: %s: the row is passed over", import->path, import->csv.line,
		 error_print(why, text, sizeof(text)));
}

static struct error read_certificate(struct bytes pem, const struct certificate **out)
{
	struct pem_reader reader;
	struct error error = error_of(ERROR_FORMAT, 0, "the PEM column holds no certificate");
	pem_reader_init(&reader, pem);
	enum pem_status status = pem_reader_next(&reader);
	if (status == PEM_BROKEN)
		error = reader.error;
	else if (status == PEM_BLOCK && strcmp(reader.block.label, "CERTIFICATE") == 0)
		error = certificate_parse(reader.block.der, out);
	pem_reader_cleanup(&reader);
	return error;
}

static struct error read_row(const struct csv_import *import, const struct certificate **out)
{
	if (import->csv.num_fields != import->num_fields)
		return error_of(ERROR_FORMAT, 0, "the row has not as many fields as the header");
	struct bytes pem = trim(csv_field(&import->csv, import->column));
	if (pem.len == 0)
		return error_of(ERROR_FORMAT, 0, "the PEM column is empty");
	return read_certificate(pem, out);
}

/* False, with a message, when the cache cannot be written or memory is short. */
static bool take_row(struct csv_import *import)
{
	const struct certificate *certificate = NULL;
	struct certificate_list list = {0};
	bool taken = true;
	struct error error = read_row(import, &certificate);
	if (!failed(error))
		error = certificate_list_append(&list, certificate, SOURCE_FILE);
	if (!failed(error)) {
		taken = cache_writer_put(import->writer, &list, import->source);
		import->num_taken++;
	} else if (error.kind == ERROR_MEMORY) {
		complain("cache: %s: line %zu: out of memory", import->path, import->csv.line);
		taken = false;
	} else {
		report_bad_row(import, error);
	}
	certificate_list_cleanup(&list);
	certificate_unref(certificate);
	return taken;
}

static bool take_rows(struct csv_import *import)
{
	for (;;) {
		enum csv_status status = csv_next(&import->csv);
		if (status == CSV_END)
			return true;
		if (import->num_rows++ == CERTIFICATE_FILE_MAX_BUNDLE_CERTIFICATES) {
			complain("cache: %s: line %zu: more than %d rows: the rest is not read: import it in parts",
				 import->path, import->csv.line, CERTIFICATE_FILE_MAX_BUNDLE_CERTIFICATES);
			return false;
		}
		if (status == CSV_BAD_ROW && import->csv.error.kind != ERROR_MEMORY)
			report_bad_row(import, import->csv.error);
		else if (!take_row(import))
			return false;
	}
}

bool cache_csv_import(struct cache_writer *writer, const char *path, struct bytes text)
{
	struct csv_import import = {.writer = writer, .path = path};
	snprintf(import.source, sizeof(import.source), "import %s", path);
	csv_init(&import.csv, text);
	bool all = find_column(&import.csv, &import.column);
	import.num_fields = import.csv.num_fields;
	all = all && take_rows(&import);
	cache_writer_clear_progress(writer);
	if (import.num_bad > CACHE_CSV_MAX_REPORTED)
		complain("cache: %s: %zu rows were passed over in all", path, import.num_bad);
	if (all && import.num_taken == 0) {
		complain("cache: %s: no row of the table holds a certificate", path);
		all = false;
	}
	writer->num_files += import.num_taken > 0;
	csv_cleanup(&import.csv);
	return all;
}
