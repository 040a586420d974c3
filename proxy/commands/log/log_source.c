#include "proxy/commands/log/log_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GZIP_WINDOW_BITS (15 + 16) /* zlib's way to ask for gzip's header */

static bool is_stdin(const struct log_source *source)
{
	return strcmp(source->path, "-") == 0;
}

struct error log_source_open(struct log_source *source, const char *path)
{
	struct stat status;

	*source = (struct log_source){.path = path, .fd = -1};
	int fd = is_stdin(source) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_system("open");
	source->fd = fd;
	if (fstat(fd, &status) != 0 || S_ISDIR(status.st_mode)) {
		log_source_close(source);
		return error_of(ERROR_FORMAT, 0, "it is no file");
	}
	source->device = status.st_dev;
	source->inode = status.st_ino;
	return error_none();
}

void log_source_close(struct log_source *source)
{
	if (source->fd > STDIN_FILENO || (source->fd == STDIN_FILENO && !is_stdin(source)))
		close(source->fd);
	if (source->compressed)
		inflateEnd(&source->inflate);
	free(source->chunk);
	*source = (struct log_source){.path = source->path, .fd = -1};
}

static struct error read_some(const struct log_source *source, void *out, size_t size, size_t *out_len)
{
	ssize_t len = 0;
	do
		len = read(source->fd, out, size);
	while (len < 0 && errno == EINTR);
	*out_len = len > 0 ? (size_t)len : 0;
	return len < 0 ? error_system("read") : error_none();
}

static struct error begin_inflate(struct log_source *source)
{
	source->chunk = malloc(LOG_SOURCE_CHUNK);
	if (source->chunk == NULL || inflateInit2(&source->inflate, GZIP_WINDOW_BITS) != Z_OK)
		return error_of(ERROR_MEMORY, 0, "unpack");
	source->compressed = true;
	memcpy(source->chunk, source->head, source->num_head);
	source->inflate.next_in = source->chunk;
	source->inflate.avail_in = (uInt)source->num_head;
	source->num_head = 0;
	return error_none();
}

/* Looks whether the first two bytes are gzip's. A file that has fewer so far is looked at again. */
static struct error sniff(struct log_source *source)
{
	while (source->num_head < sizeof(source->head)) {
		size_t len = 0;
		struct error error =
		    read_some(source, source->head + source->num_head, sizeof(source->head) - source->num_head, &len);
		if (failed(error) || len == 0)
			return error;
		source->num_head += len;
	}
	source->sniffed = true;
	return source->head[0] == 0x1f && source->head[1] == 0x8b ? begin_inflate(source) : error_none();
}

static struct error refill(struct log_source *source, bool *out_end)
{
	size_t len = 0;

	*out_end = false;
	if (source->inflate.avail_in > 0)
		return error_none();
	struct error error = read_some(source, source->chunk, LOG_SOURCE_CHUNK, &len);
	source->inflate.next_in = source->chunk;
	source->inflate.avail_in = (uInt)len;
	*out_end = len == 0;
	return error;
}

/* One compressed part may follow another, as `cat a.gz b.gz` makes them; what follows and is none is ignored. */
static bool begin_next_member(struct log_source *source)
{
	bool another = source->inflate.avail_in > 0 && source->inflate.next_in[0] == 0x1f &&
		       inflateReset(&source->inflate) == Z_OK;
	source->member_ended = !another;
	if (!another)
		source->inflate.avail_in = 0;
	return another;
}

static struct error read_compressed(struct log_source *source, void *out, size_t size, size_t *out_len)
{
	bool at_end = false;

	source->inflate.next_out = out;
	source->inflate.avail_out = (uInt)size;
	while (source->inflate.avail_out == (uInt)size) {
		struct error error = refill(source, &at_end);
		if (failed(error))
			return error;
		if (at_end)
			return source->member_ended ? error_none()
						    : error_of(ERROR_FORMAT, 0, "the compressed file is cut short");
		if (source->member_ended && !begin_next_member(source))
			continue;
		int status = inflate(&source->inflate, Z_NO_FLUSH);
		if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
			return error_of(ERROR_FORMAT, 0, "the compressed file is broken");
		source->member_ended = status == Z_STREAM_END;
		*out_len = size - source->inflate.avail_out;
	}
	return error_none();
}

struct error log_source_read(struct log_source *source, void *out, size_t size, size_t *out_len)
{
	*out_len = 0;
	if (!source->sniffed) {
		struct error error = sniff(source);
		if (failed(error))
			return error;
	}
	if (source->compressed)
		return read_compressed(source, out, size, out_len);
	if (source->num_head > 0) {
		*out_len = source->num_head;
		memcpy(out, source->head, source->num_head);
		source->num_head = 0;
		source->sniffed = true; /* too short to be compressed: what comes is text */
		return error_none();
	}
	return source->sniffed ? read_some(source, out, size, out_len) : error_none();
}

enum log_source_change log_source_look(const struct log_source *source)
{
	struct stat status;

	if (is_stdin(source) || stat(source->path, &status) != 0)
		return LOG_SOURCE_SAME;
	if (status.st_dev != source->device || status.st_ino != source->inode)
		return LOG_SOURCE_REPLACED;
	return lseek(source->fd, 0, SEEK_CUR) > status.st_size ? LOG_SOURCE_CUT : LOG_SOURCE_SAME;
}

bool log_source_follow(struct log_source *source)
{
	struct log_source fresh;

	if (failed(log_source_open(&fresh, source->path)))
		return false;
	log_source_close(source);
	*source = fresh;
	return true;
}
