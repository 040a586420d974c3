#include "proxy/shared/ticket_key_file.h"

#include <stdio.h>
#include <string.h>

#include <openssl/base64.h>
#include <openssl/digest.h>
#include <openssl/hkdf.h>
#include <openssl/mem.h>

#include "chaincache/base/file.h"

enum { SHORT_KEY_BYTES = 48, LONG_KEY_BYTES = 80, LONG_KEY_CHARS = 108 };

static const char derivation[] = "chainmend session ticket";

/* Refuses the same byte all over: a file of zeros is no key. */
static bool is_random(struct bytes key)
{
	for (size_t i = 1; i < key.len; i++)
		if (key.data[i] != key.data[0])
			return true;
	return false;
}

static bool is_known(const struct ticket_key_list *list, const uint8_t *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (memcmp(list->secrets[i].name, name, TICKET_NAME_BYTES) == 0)
			return true;
	return false;
}

static struct error add_key(struct ticket_key_list *list, struct bytes key)
{
	if (list->count == TICKET_KEYS_MAX)
		return error_of(ERROR_LIMIT, 0, "more than 16 keys: take out the oldest");
	if (!is_random(key))
		return error_of(ERROR_FORMAT, 0, "a key whose bytes are all the same: make one by openssl rand 80");
	if (is_known(list, key.data))
		return error_of(ERROR_FORMAT, 0, "two keys begin with the same 16 bytes, their name: take one out");
	struct ticket_secret *secret = &list->secrets[list->count];
	memcpy(secret->name, key.data, TICKET_NAME_BYTES);
	if (!HKDF(secret->secret, TICKET_SECRET_BYTES, EVP_sha256(), key.data, key.len, NULL, 0,
		  (const uint8_t *)derivation, sizeof(derivation) - 1))
		return error_crypto("derive a ticket key");
	list->count++;
	return error_none();
}

static bool is_text(struct bytes content)
{
	for (size_t i = 0; i < content.len; i++) {
		uint8_t c = content.data[i];

		if ((c < ' ' || c > '~') && c != '\t' && c != '\r' && c != '\n')
			return false;
	}
	return true;
}

static struct error read_binary(struct bytes content, struct ticket_key_list *out)
{
	size_t size = content.len == SHORT_KEY_BYTES ? SHORT_KEY_BYTES : LONG_KEY_BYTES;
	struct error error = error_none();

	if (content.len % size != 0)
		return error_of(ERROR_FORMAT, 0,
				"no ticket keys: a binary file has one of 48 bytes or any number of 80, a text a "
				"line of base64 each");
	for (size_t at = 0; at < content.len && !failed(error); at += size)
		error = add_key(out, bytes_of(content.data + at, size));
	return error;
}

static struct error read_line(struct bytes line, struct ticket_key_list *out)
{
	uint8_t key[LONG_KEY_CHARS / 4 * 3];
	size_t len = 0;
	struct error error;

	if (line.len > LONG_KEY_CHARS || !EVP_DecodeBase64(key, &len, sizeof(key), line.data, line.len))
		error = error_of(ERROR_FORMAT, 0, "not a key in base64: make one by openssl rand -base64 48");
	else if (len != SHORT_KEY_BYTES && len != LONG_KEY_BYTES)
		error = error_of(ERROR_FORMAT, 0, "a key has 48 or 80 bytes: make one by openssl rand -base64 48");
	else
		error = add_key(out, bytes_of(key, len));
	OPENSSL_cleanse(key, sizeof(key));
	return error;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct bytes trim(struct bytes line)
{
	while (line.len > 0 && is_blank(line.data[line.len - 1]))
		line.len--;
	while (line.len > 0 && is_blank(line.data[0]))
		line = bytes_of(line.data + 1, line.len - 1);
	return line;
}

static struct error read_text(struct bytes content, struct ticket_key_list *out, unsigned *out_line)
{
	struct error error = error_none();
	unsigned number = 0;

	while (content.len > 0 && !failed(error)) {
		const uint8_t *end = memchr(content.data, '\n', content.len);
		size_t len = end != NULL ? (size_t)(end - content.data) : content.len;
		struct bytes line = trim(bytes_of(content.data, len));

		number++;
		content = bytes_of(content.data + len, content.len - len);
		if (content.len > 0)
			content = bytes_of(content.data + 1, content.len - 1);
		if (line.len > 0 && line.data[0] != '#')
			error = read_line(line, out);
	}
	if (failed(error))
		*out_line = number;
	return error;
}

struct error ticket_key_file_parse(struct bytes content, struct ticket_key_list *out, unsigned *out_line)
{
	struct error error;

	*out_line = 0;
	*out = (struct ticket_key_list){.count = 0};
	if (is_text(content))
		error = read_text(content, out, out_line);
	else
		error = read_binary(content, out);
	if (!failed(error) && out->count == 0)
		error = error_of(ERROR_FORMAT, 0, "there is no key in it: make one by openssl rand 80");
	if (failed(error))
		OPENSSL_cleanse(out, sizeof(*out));
	return error;
}

static bool refuse(struct buffer *errors, const char *path, unsigned line, struct error error)
{
	char text[ERROR_MAX_TEXT], where[16] = "";
	struct error full;

	if (line > 0)
		snprintf(where, sizeof(where), ":%u", line);
	full = buffer_printf(errors, "ticket_keys: %s%s: %s%s\n", path, where, error_print(error, text, sizeof(text)),
			     file_advice(error));
	(void)full;
	return false;
}

bool ticket_key_file_read(const char *path, struct ticket_keys **out, struct buffer *errors)
{
	struct ticket_key_list list = {.count = 0};
	struct buffer content;
	unsigned line = 0;

	buffer_init(&content, TICKET_KEY_FILE_MAX_BYTES);
	/* All at once: a buffer that grows leaves copies behind. */
	struct error error = buffer_reserve(&content, TICKET_KEY_FILE_MAX_BYTES);
	if (!failed(error))
		error = file_read_all(path, TICKET_KEY_FILE_MAX_BYTES, &content);
	if (!failed(error))
		error = ticket_key_file_parse(buffer_bytes(&content), &list, &line);
	if (!failed(error))
		error = ticket_keys_new(list.secrets, list.count, out);
	OPENSSL_cleanse(&list, sizeof(list));
	if (content.data != NULL)
		OPENSSL_cleanse(content.data, content.len);
	buffer_cleanup(&content);
	return !failed(error) || refuse(errors, path, line, error);
}
