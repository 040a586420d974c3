#include "chaincache/files/password.h"

#include <openssl/mem.h>

#include "chaincache/base/file.h"
#include "chaincache/files/text_form.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

void password_wipe(struct buffer *password)
{
	if (password->data != NULL)
		OPENSSL_cleanse(password->data, password->len);
	buffer_cleanup(password);
}

/* Takes the first line of a text in UTF-8 or any other encoding. */
static struct error take_line(struct bytes text, struct buffer *out)
{
	size_t mark = strlen(BYTE_ORDER_MARK);
	size_t len = 0;

	if (text.len >= mark && memcmp(text.data, BYTE_ORDER_MARK, mark) == 0)
		text = bytes_of(text.data + mark, text.len - mark);
	while (len < text.len && text.data[len] != '\r' && text.data[len] != '\n' && text.data[len] != '\0')
		len++;
	return buffer_append(out, bytes_of(text.data, len));
}

struct error password_read(const char *path, struct buffer *out)
{
	struct buffer content, text;

	buffer_init(out, PASSWORD_MAX_FILE_BYTES * TEXT_FORM_UTF8_PER_UTF16);
	buffer_init(&content, PASSWORD_MAX_FILE_BYTES);
	buffer_init(&text, PASSWORD_MAX_FILE_BYTES * TEXT_FORM_UTF8_PER_UTF16);
	struct error error = file_read_all(path, PASSWORD_MAX_FILE_BYTES, &content);
	if (!failed(error) && text_form_is_utf16(buffer_bytes(&content))) {
		error = text_form_utf16_to_utf8(buffer_bytes(&content), &text);
		if (!failed(error))
			error = take_line(buffer_bytes(&text), out);
	} else if (!failed(error)) {
		error = take_line(buffer_bytes(&content), out);
	}
	password_wipe(&content);
	password_wipe(&text);
	return error;
}

/* Each byte becomes the character of its number. */
static char *from_latin1(const char *text)
{
	size_t len = strlen(text);
	char *out = OPENSSL_malloc(2 * len + 1);
	size_t at = 0;

	for (size_t i = 0; out != NULL && i < len; i++) {
		uint8_t c = (uint8_t)text[i];
		if (c >= 0x80)
			out[at++] = (char)(0xc0 | c >> 6);
		out[at++] = (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c);
	}
	if (out != NULL)
		out[at] = '\0';
	return out;
}

static bool is_ascii(const char *text)
{
	while (*text != '\0' && (uint8_t)*text < 0x80)
		text++;
	return *text == '\0';
}

static size_t len_without_blanks(const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	return len;
}

static bool add(struct password_forms *forms, char *take_text)
{
	if (take_text == NULL)
		return false;
	forms->items[forms->count++] = take_text;
	return true;
}

struct error password_forms_make(const char *password, struct password_forms *out)
{
	*out = (struct password_forms){.count = password == NULL};
	if (password == NULL)
		return error_none();

	size_t len = len_without_blanks(password);
	bool made = add(out, OPENSSL_strndup(password, strlen(password)));
	if (made && password[len] != '\0')
		made = add(out, OPENSSL_strndup(password, len));
	size_t num_typed = out->count;
	for (size_t i = 0; made && i < num_typed && !is_ascii(password); i++)
		made = add(out, from_latin1(out->items[i]));
	if (made)
		return error_none();
	password_forms_cleanup(out);
	return error_of(ERROR_MEMORY, 0, "copy a password");
}

void password_forms_cleanup(struct password_forms *forms)
{
	for (size_t i = 0; i < forms->count; i++)
		OPENSSL_free(forms->items[i]);
	*forms = (struct password_forms){0};
}
