#include "proxy/wire/tls_groups.h"

#include <string.h>
#include <strings.h>

#include <openssl/ssl.h>

struct known_group {
	uint16_t id;
	unsigned strength; /* of symmetric keys, in bits; on top of that, whether quantum computers are withstood */
	const char *names[3]; /* the TLS registry's or NIST's first; the rest may be NULL */
};

#define POST_QUANTUM 1000U

/* The one place that knows what only a newer BoringSSL has. */
static const struct known_group known[] = {
#ifdef SSL_GROUP_X25519_MLKEM768
    {SSL_GROUP_X25519_MLKEM768, POST_QUANTUM + 192, {"X25519MLKEM768"}},
#endif
    {SSL_GROUP_X25519, 128, {"X25519"}},
    {SSL_GROUP_SECP256R1, 128, {"P-256", "secp256r1", "prime256v1"}},
    {SSL_GROUP_SECP384R1, 192, {"P-384", "secp384r1"}},
    {SSL_GROUP_SECP521R1, 256, {"P-521", "secp521r1"}},
#ifdef SSL_GROUP_MLKEM1024
    {SSL_GROUP_MLKEM1024, POST_QUANTUM + 256, {"MLKEM1024"}},
#endif
};

#ifdef SSL_GROUP_X25519_MLKEM768
static const char own_list[] = "X25519MLKEM768:X25519:P-256:P-384";
#else
static const char own_list[] = "X25519:P-256:P-384";
#endif

enum { NUM_KNOWN = sizeof(known) / sizeof(known[0]), MAX_NAMES = sizeof(known[0].names) / sizeof(known[0].names[0]) };

static bool has_name(const struct known_group *group, const char *name, size_t len)
{
	for (size_t i = 0; i < MAX_NAMES && group->names[i] != NULL; i++)
		if (strlen(group->names[i]) == len && strncasecmp(group->names[i], name, len) == 0)
			return true;
	return false;
}

static uint16_t find_group(const char *name, size_t len)
{
	for (size_t i = 0; i < NUM_KNOWN; i++)
		if (has_name(&known[i], name, len))
			return known[i].id;
	return 0;
}

static bool contains(const struct tls_groups *groups, uint16_t id)
{
	for (size_t i = 0; i < groups->count; i++)
		if (groups->ids[i] == id)
			return true;
	return false;
}

/* Reads the names up to the first that is wrong; returns that one, NULL where all are right. */
static const char *read_names(const char *text, struct tls_groups *out)
{
	for (const char *at = text;; at++) {
		size_t len = strcspn(at, ":");
		uint16_t id = find_group(at, len);

		if (id == 0 || contains(out, id))
			return at;
		out->ids[out->count++] = id; /* each once: there is room for all that are known */
		at += len;
		if (*at == '\0')
			return NULL;
	}
}

struct error tls_groups_read(const char *text, struct tls_groups *out)
{
	*out = (struct tls_groups){.is_ours = text == NULL};
	if (read_names(text != NULL ? text : own_list, out) == NULL)
		return error_none();
	return error_of(ERROR_FORMAT, 0, "`groups` names one twice, or one that this build does not have");
}

struct error tls_groups_check(const char *text, struct buffer *out)
{
	struct tls_groups read = {0};
	const char *wrong = read_names(text, &read);

	if (wrong == NULL)
		return error_none();
	size_t len = strcspn(wrong, ":");
	if (find_group(wrong, len) != 0)
		return buffer_printf(out, "`groups` names one twice, `%.*s`: take it out once", (int)len, wrong);
	struct error error =
	    buffer_printf(out, "`groups` names one that this build does not have: `%.*s`; there are", (int)len, wrong);
	for (size_t i = 0; i < NUM_KNOWN && !failed(error); i++)
		error = buffer_printf(out, "%s %s", i > 0 ? "," : "", known[i].names[0]);
	return failed(error) ? error : buffer_printf(out, ", with colons between them");
}

_Static_assert(NUM_KNOWN <= TLS_GROUPS_MAX, "room for each group that is known");

bool tls_groups_equal(const struct tls_groups *a, const struct tls_groups *b)
{
	return a->count == b->count && memcmp(a->ids, b->ids, a->count * sizeof(a->ids[0])) == 0;
}

unsigned tls_groups_strength(uint16_t group)
{
	for (size_t i = 0; i < NUM_KNOWN; i++)
		if (known[i].id == group)
			return known[i].strength;
	return 0;
}
