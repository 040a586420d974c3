#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/mem.h>

#include "chaincache/base/buffer.h"
#include "chaincache/files/certificate_file.h"
#include "proxy/cli/exit_status.h"
#include "proxy/cli/output.h"
#include "proxy/commands/cache/cache_command.h"
#include "proxy/commands/cache/cache_csv.h"
#include "proxy/commands/cache/cache_writer.h"

#define MAX_FOLDER_DEPTH 16

static const struct certificate_file_options bundle_options = {
    .source = SOURCE_FILE,
    .max_certificates = CERTIFICATE_FILE_MAX_BUNDLE_CERTIFICATES,
    .max_bytes = CERTIFICATE_FILE_MAX_BUNDLE_BYTES,
    .pass_over_unreadable = true,
    .skip_keys = true,
};

static bool has_csv_name(const char *path)
{
	size_t len = strlen(path);
	return len > 4 && strcasecmp(path + len - 4, ".csv") == 0;
}

/* A file inside a folder may be anything; one that was named must hold a certificate. */
static bool report_file(const char *path, struct error error, bool was_named)
{
	char text[ERROR_MAX_TEXT];
	if (!was_named && error.kind == ERROR_FORMAT)
		return true;
	if (has_csv_name(path) && error.kind == ERROR_FORMAT)
		complain(
		    "cache: %s: the table has no column of PEM (\"PEM Info\", say, or \"X.509 Certificate (PEM)\"): "
		    "take the export that has one",
		    path);
	else
		complain("cache: %s: %s%s", path, error_print(error, text, sizeof(text)), file_advice(error));
	return false;
}

static bool import_certificates(struct cache_writer *writer, const char *path, struct bytes content, bool was_named)
{
	struct certificate_file file;
	char source[PATH_MAX + 16];
	struct error error = certificate_file_parse(content, &bundle_options, &file);
	if (!failed(error) && file.certificates.count == 0) {
		error = error_of(ERROR_FORMAT, 0, "the file holds no certificate");
		writer->num_unreadable += file.num_unreadable;
		certificate_file_cleanup(&file);
	}
	if (failed(error))
		return report_file(path, error, was_named);
	writer->num_files++;
	writer->num_unreadable += file.num_unreadable;
	snprintf(source, sizeof(source), "import %s", path);
	bool taken = cache_writer_put(writer, &file.certificates, source);
	certificate_file_cleanup(&file);
	return taken;
}

static bool import_file(struct cache_writer *writer, const char *path, bool was_named)
{
	struct buffer content;
	bool taken;
	buffer_init(&content, CERTIFICATE_FILE_MAX_BUNDLE_BYTES);
	struct error error = file_read_all(path, CERTIFICATE_FILE_MAX_BUNDLE_BYTES, &content);
	if (failed(error))
		taken = report_file(path, error, was_named);
	else if (cache_csv_is_one(buffer_bytes(&content)))
		taken = cache_csv_import(writer, path, buffer_bytes(&content));
	else
		taken = import_certificates(writer, path, buffer_bytes(&content), was_named);
	OPENSSL_cleanse(content.data, content.len); /* there may be a key in it */
	buffer_cleanup(&content);
	return taken;
}

static bool import_folder(struct cache_writer *writer, const char *folder, unsigned depth);

static bool import_entry(struct cache_writer *writer, const char *folder, const char *name, unsigned depth)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (len < 0 || (size_t)len >= sizeof(path)) {
		complain("cache: %s/%s: the path is too long", folder, name);
		return false;
	}
	if (name[0] == '.')
		return true;
	return file_is_folder(path) ? import_folder(writer, path, depth + 1) : import_file(writer, path, false);
}

/* Its depth is limited: symbolic links may make a circle of folders. */
static bool import_folder(struct cache_writer *writer, const char *folder, unsigned depth)
{
	struct file_names names;
	char text[ERROR_MAX_TEXT];
	bool all = true;
	struct error error = error_none();
	if (depth > MAX_FOLDER_DEPTH)
		error = error_of(ERROR_LIMIT, 0, "directories are more than 16 deep: the rest is not read");
	if (!failed(error))
		error = file_list_folder(folder, &names);
	if (failed(error)) {
		complain("cache: %s: %s", folder, error_print(error, text, sizeof(text)));
		return false;
	}
	for (size_t i = 0; i < names.count && !writer->broken; i++)
		all = import_entry(writer, folder, names.items[i], depth) && all;
	file_names_cleanup(&names);
	return all;
}

static bool import_folder_named(struct cache_writer *writer, const char *path)
{
	size_t before = writer->num_files;
	bool all = import_folder(writer, path, 0);
	if (all && writer->num_files == before) {
		complain("cache: %s: no file in the directory holds a certificate", path);
		return false;
	}
	return all;
}

int cache_import(struct cache_dir *dir, const struct cache_options *options, char **operands, int num_operands)
{
	struct cache_writer writer;
	bool all = true;
	(void)options;
	if (!cache_writer_open(&writer, dir)) {
		cache_writer_close(&writer);
		return STATUS_FAILED;
	}
	for (int i = 0; i < num_operands && !writer.broken; i++) {
		bool whole = file_is_folder(operands[i]) ? import_folder_named(&writer, operands[i])
							 : import_file(&writer, operands[i], true);
		all = whole && all;
	}
	cache_writer_print(&writer);
	cache_writer_close(&writer);
	return all ? STATUS_OK : STATUS_FAILED;
}
