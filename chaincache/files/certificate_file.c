#include "chaincache/files/certificate_file.h"

#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/mem.h>

#include "chaincache/base/buffer.h"
#include "chaincache/files/certificate_collector.h"
#include "chaincache/files/der_content.h"
#include "chaincache/files/der_kind.h"
#include "chaincache/files/foreign_file.h"
#include "chaincache/files/java_keystore.h"
#include "chaincache/files/password.h"
#include "chaincache/files/pem_content.h"
#include "chaincache/files/text_form.h"
#include "chaincache/files/windows_store.h"

/* Base64 may hold DER, a container, or the text of PEM (a Kubernetes secret); within it nothing is base64 once more. */
enum wrapping { IN_FILE, IN_BASE64 };

static struct error parse_content(struct certificate_collector *collector, struct bytes content, enum wrapping wrapping,
				  struct certificate_file *out);

/* Says why nothing can be read. */
static struct error explain(struct bytes content)
{
	const char *words = foreign_file_words(content);
	size_t len = der_outer_length(content);

	if (words != NULL)
		return error_of(ERROR_FORMAT, 0, words);
	if (len == 0 || der_kind_judge(content) == DER_KIND_UNKNOWN)
		return error_of(ERROR_FORMAT, 0, "the file holds no certificate and no key, being neither PEM nor DER");
	return error_of(ERROR_FORMAT, 0, "the file is cut short, as its DER says that it is longer");
}

static struct error parse_base64(struct certificate_collector *collector, struct bytes text,
				 struct certificate_file *out)
{
	struct buffer decoded;

	buffer_init(&decoded, text.len);
	struct error error = text_form_decode_base64(text, &decoded);
	if (!failed(error))
		error = parse_content(collector, buffer_bytes(&decoded), IN_BASE64, out);
	OPENSSL_cleanse(decoded.data, decoded.len);
	buffer_cleanup(&decoded);
	return error;
}

/* Reads PEM, or base64 without the lines around it. */
static struct error parse_text(struct certificate_collector *collector, struct bytes text, enum wrapping wrapping,
			       struct certificate_file *out)
{
	struct pem_fault fault;
	bool found;
	struct error error = pem_content_read(collector, text, &found, &fault);

	out->fault_block = fault.block;
	out->fault_line = fault.line;
	out->format = FILE_FORMAT_PEM;
	if (found || failed(error))
		return error;
	if (wrapping == IN_FILE && text_form_is_base64(text))
		return parse_base64(collector, text, out);
	return explain(text);
}

static struct error parse_utf16(struct certificate_collector *collector, struct bytes content, enum wrapping wrapping,
				struct certificate_file *out)
{
	struct buffer text;

	buffer_init(&text, content.len);
	struct error error = text_form_decode_utf16(content, &text);
	if (!failed(error))
		error = parse_text(collector, buffer_bytes(&text), wrapping, out);
	OPENSSL_cleanse(text.data, text.len);
	buffer_cleanup(&text);
	return error;
}

/* Text never has the first two bytes of DER with the right length after them; "0..." in a text has a wrong one. */
static bool is_der(struct bytes content)
{
	size_t len = der_whole_length(content);

	if (der_kind_judge(content) == DER_KIND_UNKNOWN)
		return len == content.len;
	return len <= content.len || der_outer_length(content) == SIZE_MAX;
}

static enum certificate_file_format format_of(enum der_kind kind)
{
	if (der_kind_is_key(kind))
		return FILE_FORMAT_KEY;
	return kind == DER_KIND_PKCS7    ? FILE_FORMAT_PKCS7
	       : kind == DER_KIND_PKCS12 ? FILE_FORMAT_PKCS12
					 : FILE_FORMAT_DER;
}

static struct error parse_content(struct certificate_collector *collector, struct bytes content, enum wrapping wrapping,
				  struct certificate_file *out)
{
	if (is_der(content)) {
		out->format = format_of(der_kind_judge(content));
		return der_content_read(collector, content);
	}
	if (java_keystore_is_one(content))
		return java_keystore_read(collector, content);
	if (windows_store_is_one(content))
		return windows_store_read(collector, content);
	if (text_form_is_utf16(content))
		return parse_utf16(collector, content, wrapping, out);
	return parse_text(collector, content, wrapping, out);
}

static struct error judge_result(const struct certificate_collector *collector)
{
	if (collector->certificates.count > 0 || collector->key != NULL)
		return error_none();
	if (collector->num_unreadable > 0)
		return error_of(ERROR_FORMAT, 0, "no certificate in the file parses");
	return error_of(ERROR_FORMAT, 0,
			collector->instead != NULL ? collector->instead : "the file holds no certificate and no key");
}

/* Reads with one of the forms of the password. */
static struct error parse_with(struct bytes content, const struct certificate_file_options *options,
			       const char *password, struct password_turns *turns, struct certificate_file *out)
{
	size_t max_bytes = options->max_bytes > 0 ? options->max_bytes : CERTIFICATE_FILE_MAX_BYTES;
	bool is_fetched = options->source == SOURCE_FETCHED;
	size_t max_certificates = options->max_certificates > 0 ? options->max_certificates
				  : is_fetched                  ? CERTIFICATE_FILE_MAX_CERTIFICATES
								: CERTIFICATE_FILE_MAX_READ;
	struct certificate_collector collector = {
	    .password = password,
	    .turns = turns,
	    .source = options->source,
	    .max_certificates = max_certificates,
	    .too_many = max_certificates == CERTIFICATE_FILE_MAX_CERTIFICATES
			    ? "the file holds more than 100 certificates"
			    : "the file holds more certificates than are read",
	    .pass_over_unreadable = options->pass_over_unreadable,
	    .pass_over_rest = options->max_certificates == 0,
	    .skip_keys = options->skip_keys || is_fetched,
	};

	*out = (struct certificate_file){0};
	struct error error = content.len == 0 ? error_of(ERROR_FORMAT, 0, "the file is empty")
			     : content.len > max_bytes
				 ? error_of(ERROR_LIMIT, 0, "the file is larger than what is read")
				 : parse_content(&collector, content, IN_FILE, out);
	if (!failed(error))
		error = judge_result(&collector);
	if (failed(error)) {
		certificate_collector_cleanup(&collector);
		*out = (struct certificate_file){.fault_block = out->fault_block, .fault_line = out->fault_line};
		return error;
	}
	out->certificates = collector.certificates;
	out->key = collector.key;
	out->is_set = collector.num_in_sets > 0 && collector.num_in_sets == collector.certificates.count;
	out->num_unreadable = collector.num_unreadable;
	out->num_passed_over = collector.num_passed_over;
	return error_none();
}

struct error certificate_file_parse(struct bytes content, const struct certificate_file_options *options,
				    struct certificate_file *out)
{
	struct password_turns turns;
	struct password_forms forms;

	password_turns_init(&turns);
	*out = (struct certificate_file){0};
	struct error error = password_forms_make(options->password, &forms);
	if (failed(error))
		return error;
	for (size_t i = 0; i < forms.count; i++) {
		error = parse_with(content, options, forms.items[i], &turns, out);
		if (error.kind != ERROR_MISMATCH)
			break;
	}
	password_forms_cleanup(&forms);
	return error;
}

const char *certificate_file_fault(const struct certificate_file *file, char out[CERTIFICATE_FILE_MAX_FAULT])
{
	out[0] = '\0';
	if (file->fault_block > 0)
		snprintf(out, CERTIFICATE_FILE_MAX_FAULT, "PEM block %u (line %u): ", file->fault_block,
			 file->fault_line);
	return out;
}

struct error certificate_file_read(const char *path, const struct certificate_file_options *options,
				   struct certificate_file *out)
{
	size_t max_bytes = options->max_bytes > 0 ? options->max_bytes : CERTIFICATE_FILE_MAX_BYTES;
	struct buffer content;

	*out = (struct certificate_file){0};
	buffer_init(&content, max_bytes);
	struct error error = file_read_all(path, max_bytes, &content);
	if (!failed(error))
		error = certificate_file_parse(buffer_bytes(&content), options, out);
	OPENSSL_cleanse(content.data, content.len); /* there may be a key in it */
	buffer_cleanup(&content);
	return error;
}

void certificate_file_cleanup(struct certificate_file *file)
{
	certificate_list_cleanup(&file->certificates);
	EVP_PKEY_free(file->key);
	*file = (struct certificate_file){0};
}
