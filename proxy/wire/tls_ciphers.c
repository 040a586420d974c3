#include "proxy/wire/tls_ciphers.h"

#include <string.h>

#include <openssl/err.h>

#define SEPARATORS ":, ;[]|"
enum { MAX_RULE_CHARS = 100 };

/* Takes the next rule off `*text`; false: there is none. */
static bool next_rule(const char **text, const char **out, size_t *out_len)
{
	*out = *text + strspn(*text, SEPARATORS);
	*out_len = strcspn(*out, SEPARATORS);
	*text = *out + *out_len;
	return *out_len > 0;
}

/* Says whether BoringSSL knows a rule, by itself. A rule that removes or moves suites need not be known. */
static bool is_known(SSL_CTX *ctx, const char *rule, size_t len)
{
	char text[MAX_RULE_CHARS + 1];

	if (strchr("!-+@", rule[0]) != NULL)
		return true;
	if (len > MAX_RULE_CHARS)
		return false;
	memcpy(text, rule, len);
	text[len] = '\0';
	return SSL_CTX_set_strict_cipher_list(ctx, text) == 1;
}

static bool is_tls13(const char *rule, size_t len)
{
	static const char *const names[] = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
					    "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256",
					    "TLS_AES_128_CCM_8_SHA256"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == len && strncmp(names[i], rule, len) == 0)
			return true;
	return false;
}

static struct error print_known(SSL_CTX *ctx, struct buffer *out)
{
	struct error error =
	    buffer_printf(out, "there are ECDHE, AESGCM, CHACHA20, AES128, AES256, AES, kRSA, 3DES, ECDSA, "
			       "aRSA, ALL, which a + joins, and");

	if (!SSL_CTX_set_cipher_list(ctx, "ALL:3DES:!aPSK"))
		return error_crypto("list the ciphers");
	const STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(ctx);
	for (size_t i = 0; i < sk_SSL_CIPHER_num(ciphers) && !failed(error); i++)
		error =
		    buffer_printf(out, "%s %s", i > 0 ? "," : "", SSL_CIPHER_get_name(sk_SSL_CIPHER_value(ciphers, i)));
	return error;
}

static struct error check(SSL_CTX *ctx, const char *text, struct buffer *out)
{
	const char *at = text;
	const char *rule;
	size_t len;

	while (next_rule(&at, &rule, &len)) {
		if (is_known(ctx, rule, len))
			continue;
		if (is_tls13(rule, len))
			return buffer_printf(
			    out, "`ciphers` names `%.*s` of TLS 1.3, whose ciphers are always all there: take it out",
			    (int)len, rule);
		struct error error =
		    buffer_printf(out, "`ciphers` names one that this build does not have: `%.*s`; ", (int)len, rule);
		return failed(error) ? error : print_known(ctx, out);
	}
	if (SSL_CTX_set_cipher_list(ctx, text))
		return error_none();
	return buffer_printf(out, "leaves no cipher, or cannot be read: write names with colons between them");
}

struct error tls_ciphers_check(const char *text, struct buffer *out)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_with_buffers_method());
	if (ctx == NULL)
		return error_of(ERROR_MEMORY, 0, "read the ciphers");
	struct error error = check(ctx, text, out);
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return error;
}

struct error tls_ciphers_set(SSL_CTX *ctx, const char *text)
{
	return SSL_CTX_set_cipher_list(ctx, text) ? error_none() : error_crypto("set the ciphers that `ciphers` names");
}
