#include "proxy/admin/admin_access.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include <openssl/base64.h>
#include <openssl/mem.h>
#include <openssl/sha.h>

#include "chaincache/base/file.h"

enum { MAX_HOST = 255, MAX_BASIC = ADMIN_TOKEN_MAX_CHARS + 256 };

/* Takes the host without its port and brackets; false where it has no such form. */
static bool cut_host(const char *text, char out[MAX_HOST + 1])
{
	bool bracketed = text[0] == '[';
	const char *start = bracketed ? text + 1 : text;
	size_t len = strcspn(start, bracketed ? "]" : ":");
	const char *rest = start + len;

	if (len == 0 || len > MAX_HOST || (bracketed && *rest++ != ']'))
		return false;
	if (*rest != '\0' && (*rest != ':' || strspn(rest + 1, "0123456789") != strlen(rest + 1)))
		return false;
	memcpy(out, start, len);
	out[len] = '\0';
	return true;
}

static bool is_literal(const char *host)
{
	struct in6_addr address;
	return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

static bool is_ours(const struct admin_access *access, const char *host)
{
	char name[MAX_HOST + 1];

	if (access->any_host || host == NULL)
		return true;
	if (!cut_host(host, name))
		return false;
	return is_literal(name) || strcasecmp(name, "localhost") == 0 ||
	       (access->host[0] != '\0' && strcasecmp(name, access->host) == 0);
}

static bool is_token(const struct admin_access *access, struct bytes token)
{
	uint8_t sha256[SHA256_BYTES];

	SHA256(token.data, token.len, sha256);
	return CRYPTO_memcmp(sha256, access->token_sha256, SHA256_BYTES) == 0;
}

static bool is_basic(const struct admin_access *access, const char *encoded)
{
	uint8_t text[MAX_BASIC];
	size_t len = 0;
	bool good = EVP_DecodeBase64(text, &len, sizeof(text), (const uint8_t *)encoded, strlen(encoded)) == 1;
	const uint8_t *colon = good ? memchr(text, ':', len) : NULL;

	good = colon != NULL && is_token(access, bytes_of(colon + 1, (size_t)(text + len - (colon + 1))));
	OPENSSL_cleanse(text, sizeof(text));
	return good;
}

static const char *after_scheme(const char *authorization, const char *scheme)
{
	size_t len = strlen(scheme);

	if (strncasecmp(authorization, scheme, len) != 0 || authorization[len] != ' ')
		return NULL;
	return authorization + len + strspn(authorization + len, " ");
}

static bool has_token(const struct admin_access *access, const char *authorization)
{
	if (!access->wants_token)
		return true;
	if (authorization == NULL)
		return false;
	const char *bearer = after_scheme(authorization, "Bearer");
	if (bearer != NULL)
		return is_token(access, bytes_of_string(bearer));
	const char *basic = after_scheme(authorization, "Basic");
	return basic != NULL && is_basic(access, basic);
}

enum admin_verdict admin_access_judge(const struct admin_access *access, const char *host, const char *authorization)
{
	if (!is_ours(access, host))
		return ADMIN_WRONG_HOST;
	return has_token(access, authorization) ? ADMIN_ALLOWED : ADMIN_NO_TOKEN;
}

static bool refuse(struct buffer *errors, const char *path, const char *why, const char *advice)
{
	struct error full = buffer_printf(errors, "admin_token_file = %s: %s%s\n", path, why, advice);
	(void)full;
	return false;
}

/* Returns the first line without the blanks after it; NULL, or what is wrong with it. */
static const char *cut_token(struct bytes file, struct bytes *out)
{
	const uint8_t *end = file.len > 0 ? memchr(file.data, '\n', file.len) : NULL;
	size_t len = end != NULL ? (size_t)(end - file.data) : file.len;

	while (len > 0 && (file.data[len - 1] == ' ' || file.data[len - 1] == '\t' || file.data[len - 1] == '\r'))
		len--;
	for (size_t i = 0; i < len; i++) {
		if (file.data[i] <= ' ' || file.data[i] > '~')
			return "its first line has a blank or a character that is not ASCII";
	}
	if (len < ADMIN_TOKEN_MIN_CHARS)
		return "its first line has less than 16 characters";
	if (len > ADMIN_TOKEN_MAX_CHARS)
		return "its first line has more than 512 characters";
	*out = bytes_of(file.data, len);
	return NULL;
}

bool admin_access_read_token(struct admin_access *access, const char *path, struct buffer *errors)
{
	static const char advice[] = ": write a token there, by openssl rand -hex 32, say";
	char text[ERROR_MAX_TEXT];
	struct bytes token = {0};
	struct buffer content;
	bool good = false;

	buffer_init(&content, ADMIN_TOKEN_MAX_FILE_BYTES);
	struct error error = file_read_all(path, ADMIN_TOKEN_MAX_FILE_BYTES, &content);
	if (failed(error)) {
		refuse(errors, path, error_print(error, text, sizeof(text)), file_advice(error));
		goto out;
	}
	const char *wrong = cut_token(buffer_bytes(&content), &token);
	if (wrong != NULL) {
		refuse(errors, path, wrong, advice);
		goto out;
	}
	SHA256(token.data, token.len, access->token_sha256);
	access->wants_token = true;
	good = true;
out:
	OPENSSL_cleanse(content.data, content.len);
	buffer_cleanup(&content);
	return good;
}
