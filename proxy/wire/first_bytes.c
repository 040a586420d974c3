#include "proxy/wire/first_bytes.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include <openssl/ssl.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { MAX_HTTP_METHOD = 32, MAX_IMAP_TAG = 16 };

const char *first_bytes_words(enum first_bytes first)
{
	static const char *const words[] = {
#define X(id, words) words,
	    FIRST_BYTES(X)
#undef X
	};

	return words[first];
}

/* RFC 8446 5.1; 3 is the major version of SSL 3.0 and of every TLS. */
static bool is_tls(struct bytes bytes)
{
	return bytes.len >= 2 && bytes.data[0] >= SSL3_RT_CHANGE_CIPHER_SPEC &&
	       bytes.data[0] <= SSL3_RT_APPLICATION_DATA && bytes.data[1] == SSL3_VERSION_MAJOR;
}

/* The length in two bytes with the highest bit set, then CLIENT-HELLO (1). */
static bool is_ssl2(struct bytes bytes)
{
	return bytes.len >= 3 && (bytes.data[0] & 0x80) != 0 && bytes.data[2] == 1;
}

/* A method, one space, and a target: RFC 9112 3. Methods of others than RFC 9110 (RPC_IN_DATA, M-SEARCH) are plain HTTP
 * too. */
static bool is_http(struct bytes bytes)
{
	size_t len = 0;

	while (len < bytes.len && len < MAX_HTTP_METHOD &&
	       (isupper(bytes.data[len]) || bytes.data[len] == '_' || bytes.data[len] == '-'))
		len++;
	if (len == 0 || len + 1 >= bytes.len || bytes.data[len] != ' ')
		return false;
	uint8_t target = bytes.data[len + 1];
	return target == '/' || target == '*' || (len == 7 && memcmp(bytes.data, "CONNECT", len) == 0) ||
	       (bytes.len - len > 4 && strncasecmp((const char *)bytes.data + len + 1, "http", 4) == 0);
}

/* A tag, and one of the commands that a client begins with: RFC 9051 6.1, 6.2. */
static bool is_imap(struct bytes bytes)
{
	static const char *const commands[] = {"CAPABILITY", "LOGIN ", "STARTTLS", "ID ", "AUTHENTICATE ", "NOOP"};
	size_t len = 0;

	while (len < bytes.len && len < MAX_IMAP_TAG && isalnum(bytes.data[len]))
		len++;
	if (len == 0 || len >= bytes.len || bytes.data[len] != ' ')
		return false;
	struct bytes rest = bytes_of(bytes.data + len + 1, bytes.len - len - 1);
	for (size_t i = 0; i < COUNT(commands); i++) {
		size_t command_len = strlen(commands[i]);
		if (rest.len >= command_len && strncasecmp((const char *)rest.data, commands[i], command_len) == 0)
			return true;
	}
	return false;
}

/* A SEQUENCE with a messageID and a bindRequest or an extendedReq (RFC 4511 4.1.1): short lengths, as a first message
 * has. */
static bool is_ldap(struct bytes bytes)
{
	return bytes.len >= 6 && bytes.data[0] == 0x30 && bytes.data[1] < 0x80 && bytes.data[2] == 0x02 &&
	       bytes.data[3] == 0x01 && (bytes.data[5] == 0x60 || bytes.data[5] == 0x77);
}

static bool begins(struct bytes bytes, const char *start, size_t len)
{
	return bytes.len >= len && strncasecmp((const char *)bytes.data, start, len) == 0;
}

enum first_bytes first_bytes_of(struct bytes bytes)
{
	static const struct {
		const char *start;
		size_t len;
		enum first_bytes is;
	} starts[] = {
	    {"SSH-", 4, FIRST_BYTES_SSH},    {"EHLO", 4, FIRST_BYTES_SMTP},        {"HELO", 4, FIRST_BYTES_SMTP},
	    {"LHLO", 4, FIRST_BYTES_SMTP},   {"MAIL FROM:", 10, FIRST_BYTES_SMTP}, {"USER ", 5, FIRST_BYTES_POP3},
	    {"CAPA\r", 5, FIRST_BYTES_POP3}, {"STLS", 4, FIRST_BYTES_POP3},        {"PROXY ", 6, FIRST_BYTES_PROXY},
	};
	static const uint8_t proxy_v2[] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
	static const uint8_t postgres[] = {0x00, 0x00, 0x00, 0x08, 0x04, 0xd2, 0x16, 0x2f};
	static const uint8_t rdp[] = {0x03, 0x00, 0x00}; /* a TPKT header, RFC 1006 6 */
	static const struct {
		const uint8_t *start;
		size_t len;
		enum first_bytes is;
	} binary[] = {
	    {proxy_v2, sizeof(proxy_v2), FIRST_BYTES_PROXY},
	    {postgres, sizeof(postgres), FIRST_BYTES_POSTGRES},
	    {rdp, sizeof(rdp), FIRST_BYTES_RDP},
	};
	static const struct {
		bool (*is)(struct bytes bytes);
		enum first_bytes first;
	} forms[] = {
	    {is_tls, FIRST_BYTES_TLS},   {is_ldap, FIRST_BYTES_LDAP}, {is_ssl2, FIRST_BYTES_SSL2},
	    {is_http, FIRST_BYTES_HTTP}, {is_imap, FIRST_BYTES_IMAP},
	};

	for (size_t i = 0; i < COUNT(starts); i++)
		if (begins(bytes, starts[i].start, starts[i].len))
			return starts[i].is;
	for (size_t i = 0; i < COUNT(binary); i++)
		if (bytes.len >= binary[i].len && memcmp(bytes.data, binary[i].start, binary[i].len) == 0)
			return binary[i].is;
	for (size_t i = 0; i < COUNT(forms); i++)
		if (forms[i].is(bytes))
			return forms[i].first;
	return FIRST_BYTES_OTHER;
}
