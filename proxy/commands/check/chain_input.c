#include "proxy/commands/check/chain_input.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/mem.h>

#include "chaincache/base/buffer.h"
#include "chaincache/files/chain_order.h"
#include "chaincache/files/leaf_choice.h"
#include "chaincache/files/password.h"
#include "proxy/cli/output.h"

#define READ_BYTES 16384

static struct error read_chunks(uint8_t bytes[READ_BYTES], struct buffer *out)
{
	for (;;) {
		ssize_t count = read(STDIN_FILENO, bytes, READ_BYTES);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_system("read");
		if (count == 0)
			return error_none();
		struct error error = buffer_append(out, bytes_of(bytes, (size_t)count));
		if (failed(error))
			return error;
	}
}

/* As file_read_all: nothing of a key stays on the stack. */
static struct error read_stdin(struct buffer *out)
{
	uint8_t bytes[READ_BYTES];
	struct error error = read_chunks(bytes, out);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return error;
}

static void wipe(struct buffer *buffer)
{
	OPENSSL_cleanse(buffer->data, buffer->len);
	buffer_cleanup(buffer);
}

/* False, with a message, on errors. */
static bool read_password(const char *path, struct buffer *out)
{
	char text[ERROR_MAX_TEXT];
	buffer_init(out, PASSWORD_MAX_FILE_BYTES);
	struct error error = path != NULL ? password_read(path, out) : error_none();
	if (!failed(error))
		return true;
	complain("%s: %s: --key-password-file takes a file whose first line is the password", path,
		 error_print(error, text, sizeof(text)));
	password_wipe(out);
	return false;
}

static struct error read_file(const char *path, const struct certificate_file_options *options,
			      struct certificate_file *out)
{
	struct buffer content;
	if (strcmp(path, "-") != 0)
		return certificate_file_read(path, options, out);
	buffer_init(&content, CERTIFICATE_FILE_MAX_BYTES);
	struct error error = read_stdin(&content);
	if (!failed(error))
		error = certificate_file_parse(buffer_bytes(&content), options, out);
	wipe(&content);
	return error;
}

static bool read_input(const char *path, const char *password_file, enum certificate_source source,
		       struct certificate_file *out)
{
	struct buffer password;
	char text[ERROR_MAX_TEXT];
	*out = (struct certificate_file){0};
	if (!read_password(password_file, &password))
		return false;
	struct certificate_file_options options = {
	    .password = password_file != NULL ? buffer_text(&password) : NULL,
	    .source = source,
	};
	struct error error = read_file(path, &options, out);
	password_wipe(&password);
	if (!failed(error))
		return true;
	const char *advice = error.kind != ERROR_MISMATCH ? file_advice(error)
			     : password_file == NULL      ? ": give the password with --key-password-file"
							  : ": look whether --key-password-file names the right file";
	char fault[CERTIFICATE_FILE_MAX_FAULT];
	complain("%s: %s%s%s", path, certificate_file_fault(out, fault), error_print(error, text, sizeof(text)),
		 advice);
	return false;
}

bool chain_input_read(const char *path, const char *password_file, enum certificate_source source,
		      struct certificate_file *out)
{
	if (!read_input(path, password_file, source, out))
		return false;
	if (out->certificates.count > 0)
		return true;
	complain("%s: the file holds no certificate: name a file with one, in PEM, DER, PKCS#7 or PKCS#12", path);
	certificate_file_cleanup(out);
	return false;
}

EVP_PKEY *chain_input_read_key(const char *path, const char *password_file)
{
	struct certificate_file file;
	if (!read_input(path, password_file, SOURCE_FILE, &file))
		return NULL;
	EVP_PKEY *key = file.key;
	if (key != NULL)
		EVP_PKEY_up_ref(key);
	else
		complain("%s: the file holds no private key: name the file of the certificate's key", path);
	certificate_file_cleanup(&file);
	return key;
}

bool chain_input_put_leaf_first(const char *path, struct certificate_file *file, const EVP_PKEY *key, int64_t now,
				size_t *out_place)
{
	struct certificate_list *certificates = &file->certificates;
	struct error error = leaf_choice_find(certificates, key, now, out_place);
	if (error.kind == ERROR_MISMATCH) {
		key = NULL;
		error = leaf_choice_find(certificates, key, now, out_place);
	}
	if (!failed(error))
		error = leaf_choice_put_first(certificates, key, now);
	if (failed(error)) {
		char text[ERROR_MAX_TEXT];
		complain("%s: %s", path, error_print(error, text, sizeof(text)));
		return false;
	}
	if (file->is_set) {
		chain_order_sort(certificates);
		*out_place = 0;
	}
	return true;
}
