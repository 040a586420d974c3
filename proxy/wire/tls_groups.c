#include "proxy/wire/tls_groups.h"

#include <string.h>
#include <strings.h>

#include <openssl/ssl.h>

struct known_group {
	uint16_t id;
	unsigned strength; /* of symmetric keys, in bits; on top of that, whether quantum computers are withstood */
	const char *names[3]; /* the TLS registry's or NIST's first; the rest may be NULL */
};

#define POST_QUANTUM 1000u

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
static const char unknown_text[] =
    "`groups` names one that this build does not have: there are X25519MLKEM768, X25519, "
    "P-256, P-384 and P-521, with colons between them";
#else
static const char own_list[] = "X25519:P-256:P-384";
static const char unknown_text[] =
    "`groups` names one that this build does not have: there are X25519, P-256, P-384 and "
    "P-521, with colons between them";
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

struct error tls_groups_read(const char *text, struct tls_groups *out)
{
	*out = (struct tls_groups){.is_ours = text == NULL};
	for (const char *at = text != NULL ? text : own_list;; at++) {
		size_t len = strcspn(at, ":");
		uint16_t id = find_group(at, len);

		if (id == 0)
			return error_of(ERROR_FORMAT, 0, unknown_text);
		if (contains(out, id))
			return error_of(ERROR_FORMAT, 0, "`groups` names one twice: take it out once");
		out->ids[out->count++] = id; /* each once: there is room for all that are known */
		at += len;
		if (*at == '\0')
			return error_none();
	}
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
