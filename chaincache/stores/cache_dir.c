#include "chaincache/stores/cache_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chaincache/base/file.h"
#include "chaincache/stores/cache_entry.h"

enum {
	MAX_TEMPORARIES = 100, /* tried for one certificate, each the file of another process that is writing it now */
	NAME_CHARS = SHA256_HEX_CHARS + 4,
	TEMPORARY_CHARS = NAME_CHARS + 24,
};

static const char extension[] = ".pem";
static const char bad_extension[] = ".bad";
static const char temporary_prefix[] = ".writing-";

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static void entry_name(const struct certificate *certificate, char out[NAME_CHARS + 1])
{
	snprintf(out, NAME_CHARS + 1, "%s%s", certificate->sha256_hex, extension);
}

static int open_directory(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

struct error cache_dir_open(const char *path, struct cache_dir *out)
{
	struct error not_made = error_none();

	if (path[0] != '\0' && mkdir(path, 0755) != 0)
		not_made = error_system("make the cache directory");
	struct error error = cache_dir_look(path, out);
	if (failed(error) || !out->absent)
		return error;
	cache_dir_close(out);
	return failed(not_made) ? not_made : error_of(ERROR_SYSTEM, ENOENT, "open the cache directory");
}

struct error cache_dir_look(const char *path, struct cache_dir *out)
{
	*out = (struct cache_dir){0};
	if (path[0] == '\0')
		return error_of(ERROR_USAGE, 0, "the path of the cache directory is empty");
	int fd = open_directory(path);
	out->absent = fd < 0 && errno == ENOENT;
	if (fd < 0 && !out->absent)
		return error_system("open the cache directory");
	if (fd >= 0) {
		out->writable = faccessat(fd, ".", R_OK | W_OK | X_OK, AT_EACCESS) == 0;
		close(fd);
	}
	out->path = strdup(path);
	if (out->path == NULL)
		return error_of(ERROR_MEMORY, 0, "open the cache directory");
	return error_none();
}

void cache_dir_close(struct cache_dir *dir)
{
	free(dir->path);
	*dir = (struct cache_dir){0};
}

static struct error read_whole(int fd, struct buffer *out)
{
	uint8_t chunk[16 * 1024];
	struct stat status;

	if (fstat(fd, &status) != 0)
		return error_system("read a cache entry");
	if (!S_ISREG(status.st_mode))
		return error_of(ERROR_FORMAT, 0, "it is not a plain file");
	for (;;) {
		ssize_t len = read(fd, chunk, sizeof(chunk));
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return error_system("read a cache entry");
		if (len == 0)
			return error_none();
		struct error error = buffer_append(out, bytes_of(chunk, (size_t)len));
		if (failed(error))
			return error.kind == ERROR_LIMIT
				   ? error_of(ERROR_LIMIT, 0, "the file is larger than any cache entry")
				   : error;
	}
}

/* Judges one file: it must hold the CA certificate of its name. */
static struct error judge(const char *name, const struct cache_entry *entry)
{
	char right_name[NAME_CHARS + 1];

	entry_name(entry->certificate, right_name);
	if (strcmp(name, right_name) != 0)
		return error_of(ERROR_MISMATCH, 0, "the file's name is not the SHA-256 of the certificate in it");
	if (!entry->certificate->is_ca)
		return error_of(ERROR_MISMATCH, 0, "the certificate is no CA certificate");
	return error_none();
}

static struct error read_entry(int dir_fd, const char *name, struct cache_entry *out)
{
	struct buffer content;

	*out = (struct cache_entry){0};
	/* O_NONBLOCK: a named pipe must not hold us up. */
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return error_system("open a cache entry");
	buffer_init(&content, CACHE_ENTRY_MAX_BYTES);
	struct error error = read_whole(fd, &content);
	if (!failed(error))
		error = cache_entry_parse(buffer_bytes(&content), out);
	if (!failed(error))
		error = judge(name, out);
	buffer_cleanup(&content);
	close(fd);
	if (failed(error))
		cache_entry_cleanup(out);
	return error;
}

/* Says whether the content is at fault, and not merely out of reach at the moment. */
static bool is_bad_content(struct error error)
{
	return error.kind == ERROR_FORMAT || error.kind == ERROR_MISMATCH || error.kind == ERROR_LIMIT ||
	       error.kind == ERROR_CRYPTO || (error.kind == ERROR_SYSTEM && error.code == ELOOP);
}

/* Renames a bad file. Where the directory cannot be written, it stays, and is reported again the next time. */
static void set_aside(int dir_fd, const char *name)
{
	char bad_name[NAME_MAX + 1];

	if (strlen(name) + strlen(bad_extension) > NAME_MAX)
		return;
	snprintf(bad_name, sizeof(bad_name), "%s%s", name, bad_extension);
	int ignored = renameat(dir_fd, name, dir_fd, bad_name);
	(void)ignored;
}

/* A writer holds a lock on its temporary file until that has its name; one that can be locked was left by a crash. */
static void remove_when_left(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	struct stat opened, named;

	if (fd < 0)
		return;
	/* By now the name may be that of another file, whose writer has not locked it yet. */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &opened) == 0 &&
	    fstatat(dir_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && opened.st_ino == named.st_ino)
		unlinkat(dir_fd, name, 0);
	close(fd);
}

/* Makes and locks a temporary file that nobody else writes. */
static int open_temporary(int dir_fd, const struct certificate *certificate, char name[TEMPORARY_CHARS + 1])
{
	for (int i = 0; i < MAX_TEMPORARIES; i++) {
		snprintf(name, TEMPORARY_CHARS + 1, "%s%s-%d", temporary_prefix, certificate->sha256_hex, i);
		int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd < 0 && errno == EEXIST) {
			remove_when_left(dir_fd, name);
			continue;
		}
		if (fd < 0)
			return -1;
		/* Between making and locking it, another process may have taken it for a left one. */
		struct stat status;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &status) == 0 && status.st_nlink > 0)
			return fd;
		close(fd);
	}
	errno = EBUSY;
	return -1;
}

static bool write_whole(int fd, struct bytes bytes)
{
	while (bytes.len > 0) {
		ssize_t written = write(fd, bytes.data, bytes.len);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return false;
		bytes = bytes_of(bytes.data + written, bytes.len - (size_t)written);
	}
	return true;
}

static struct error write_entry(int dir_fd, const struct certificate *certificate, struct bytes content)
{
	char temporary[TEMPORARY_CHARS + 1];
	char name[NAME_CHARS + 1];
	struct error error = error_none();

	entry_name(certificate, name);
	int fd = open_temporary(dir_fd, certificate, temporary);
	if (fd < 0)
		return error_system("make a file in the cache directory");
	if (!write_whole(fd, content) || fsync(fd) != 0)
		error = error_system("write into the cache directory");
	else if (renameat(dir_fd, temporary, dir_fd, name) != 0)
		error = error_system("rename a file in the cache directory");
	else if (fsync(dir_fd) != 0)
		error = error_system("write the cache directory itself");
	if (failed(error))
		unlinkat(dir_fd, temporary, 0);
	close(fd);
	return error;
}

/* Says whether a good entry is there already; a bad one is set aside to make room. */
static bool has_entry(int dir_fd, const struct certificate *certificate)
{
	char name[NAME_CHARS + 1];
	struct cache_entry entry;

	entry_name(certificate, name);
	struct error error = read_entry(dir_fd, name, &entry);
	cache_entry_cleanup(&entry);
	if (is_bad_content(error))
		set_aside(dir_fd, name);
	return !failed(error);
}

struct error cache_dir_put(struct cache_dir *dir, const struct certificate *certificate, const char *source,
			   int64_t now)
{
	struct buffer content;

	if (!certificate->is_ca)
		return error_of(ERROR_MISMATCH, 0,
				"the certificate is no CA certificate, and the cache keeps no other");
	int dir_fd = open_directory(dir->path);
	if (dir_fd < 0)
		return error_system("open the cache directory");

	struct error error = error_none();
	buffer_init(&content, CACHE_ENTRY_MAX_BYTES);
	if (has_entry(dir_fd, certificate))
		goto out;
	error = cache_entry_print(certificate, source, now, &content);
	if (failed(error))
		goto out;
	error = write_entry(dir_fd, certificate, buffer_bytes(&content));
	/* Another process took our file for one that a crash had left, in the moment of its making: once more. */
	if (error.kind == ERROR_SYSTEM && error.code == ENOENT)
		error = write_entry(dir_fd, certificate, buffer_bytes(&content));
out:
	buffer_cleanup(&content);
	close(dir_fd);
	return error;
}

struct error cache_dir_remove(struct cache_dir *dir, const struct certificate *certificate)
{
	char name[NAME_CHARS + 1];
	struct error error = error_none();

	entry_name(certificate, name);
	int dir_fd = open_directory(dir->path);
	if (dir_fd < 0)
		return error_system("open the cache directory");
	if (unlinkat(dir_fd, name, 0) != 0 && errno != ENOENT)
		error = error_system("remove a file from the cache directory");
	else if (fsync(dir_fd) != 0)
		error = error_system("write the cache directory itself");
	close(dir_fd);
	return error;
}

static struct error visit_file(int dir_fd, const char *name, const struct cache_dir_visitor *visitor)
{
	struct cache_entry entry;
	struct error error = read_entry(dir_fd, name, &entry);

	if (error.kind == ERROR_MEMORY)
		return error;
	if (error.kind == ERROR_SYSTEM && error.code == ENOENT)
		return error_none(); /* another process has just removed it */
	if (failed(error)) {
		if (is_bad_content(error))
			set_aside(dir_fd, name);
		if (visitor->on_bad_file != NULL)
			visitor->on_bad_file(visitor->context, name, error);
		return error_none();
	}
	struct cache_record record = {
	    .certificate = entry.certificate,
	    .file_name = name,
	    .source = entry.source,
	    .fetched = entry.fetched,
	};
	visitor->on_record(visitor->context, &record);
	cache_entry_cleanup(&entry);
	return error_none();
}

static bool is_entry_name(const char *name)
{
	return name[0] != '.' && ends_with(name, extension);
}

struct error cache_dir_visit(struct cache_dir *dir, const struct cache_dir_visitor *visitor)
{
	struct file_names names;
	size_t num_entries = 0;

	if (dir->absent)
		return error_none();
	int dir_fd = open_directory(dir->path);
	if (dir_fd < 0)
		return error_system("open the cache directory");
	struct error error = file_list_folder(dir->path, &names);
	for (size_t i = 0; i < names.count && !failed(error); i++) {
		const char *name = names.items[i];
		if (starts_with(name, temporary_prefix))
			remove_when_left(dir_fd, name);
		if (!is_entry_name(name))
			continue;
		if (num_entries++ < CACHE_DIR_MAX_CERTIFICATES)
			error = visit_file(dir_fd, name, visitor);
		else
			error =
			    error_of(ERROR_LIMIT, 0, "the cache holds more than 100,000 files: the rest is not read");
	}
	file_names_cleanup(&names);
	close(dir_fd);
	return error;
}

struct load {
	struct issuer_store *store;
	const struct cache_dir_visitor *visitor;
	struct error error;
};

static void load_record(void *context, const struct cache_record *record)
{
	struct load *load = context;

	if (!failed(load->error))
		load->error = issuer_store_add(load->store, record->certificate, SOURCE_CACHE);
	if (load->visitor != NULL && load->visitor->on_record != NULL)
		load->visitor->on_record(load->visitor->context, record);
}

static void load_bad_file(void *context, const char *file_name, struct error why)
{
	struct load *load = context;

	if (load->visitor != NULL && load->visitor->on_bad_file != NULL)
		load->visitor->on_bad_file(load->visitor->context, file_name, why);
}

struct error cache_dir_load(struct cache_dir *dir, struct issuer_store *store, const struct cache_dir_visitor *visitor)
{
	struct load load = {store, visitor, error_none()};
	struct cache_dir_visitor own = {&load, load_record, load_bad_file};
	struct error error = cache_dir_visit(dir, &own);

	return failed(load.error) ? load.error : error;
}
