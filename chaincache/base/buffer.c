#include "chaincache/base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

void buffer_init(struct buffer *buffer, size_t max_bytes)
{
	*buffer = (struct buffer){.max = max_bytes};
}

void buffer_cleanup(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){.max = buffer->max};
}

static struct error make_room(struct buffer *buffer, size_t more)
{
	if (more > buffer->max - buffer->len)
		return error_of(ERROR_LIMIT, 0, "more bytes than the buffer's maximum");
	if (more <= buffer->capacity - buffer->len && buffer->data != NULL)
		return error_none();

	size_t capacity = buffer->capacity > 0 ? buffer->capacity : FIRST_CAPACITY;
	while (capacity < buffer->len + more)
		capacity *= 2;
	if (capacity > buffer->max)
		capacity = buffer->max;

	uint8_t *data = realloc(buffer->data, capacity + 1);
	if (data == NULL)
		return error_of(ERROR_MEMORY, 0, "grow a buffer");
	buffer->data = data;
	buffer->capacity = capacity;
	buffer->data[buffer->len] = '\0';
	return error_none();
}

struct error buffer_reserve(struct buffer *buffer, size_t more)
{
	return make_room(buffer, more);
}

struct error buffer_append(struct buffer *buffer, struct bytes bytes)
{
	struct error error = make_room(buffer, bytes.len);
	if (failed(error))
		return error;
	if (bytes.len > 0)
		memcpy(buffer->data + buffer->len, bytes.data, bytes.len);
	buffer->len += bytes.len;
	buffer->data[buffer->len] = '\0';
	return error_none();
}

struct error buffer_printf(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int needed = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (needed < 0)
		return error_of(ERROR_FORMAT, 0, "format a text");

	struct error error = make_room(buffer, (size_t)needed);
	if (failed(error))
		return error;

	va_start(arguments, format);
	vsnprintf((char *)buffer->data + buffer->len, (size_t)needed + 1, format, arguments);
	va_end(arguments);
	buffer->len += (size_t)needed;
	return error_none();
}

void buffer_truncate(struct buffer *buffer, size_t len)
{
	if (len >= buffer->len)
		return;
	memset(buffer->data + len, 0, buffer->len - len);
	buffer->len = len;
}

const char *buffer_text(const struct buffer *buffer)
{
	return buffer->data != NULL ? (const char *)buffer->data : "";
}
