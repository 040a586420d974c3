#include "proxy/http/http_field.h"

struct row {
	const char *name; /* in lower case; NULL: the last */
	enum http_field_kind kind;
};

/* By the length of the name. */
static const struct row of_2[] = {{"te", HTTP_FIELD_HOP}, {0}};
static const struct row of_4[] = {
    {"host", HTTP_FIELD_HOST},
    {"date", HTTP_FIELD_END_TO_END},
    {"etag", HTTP_FIELD_END_TO_END},
    {"vary", HTTP_FIELD_END_TO_END},
    {0},
};
static const struct row of_5[] = {{"proxy", HTTP_FIELD_PROXY}, {"range", HTTP_FIELD_END_TO_END}, {0}};
static const struct row of_6[] = {
    {"accept", HTTP_FIELD_ACCEPT},
    {"cookie", HTTP_FIELD_END_TO_END},
    {"expect", HTTP_FIELD_EXPECT},
    {"origin", HTTP_FIELD_END_TO_END},
    {0},
};
static const struct row of_7[] = {{"upgrade", HTTP_FIELD_UPGRADE}, {"trailer", HTTP_FIELD_HOP}, {0}};
static const struct row of_8[] = {
    {"if-match", HTTP_FIELD_END_TO_END},
    {"if-range", HTTP_FIELD_END_TO_END},
    {"location", HTTP_FIELD_END_TO_END},
    {0},
};
static const struct row of_9[] = {{"forwarded", HTTP_FIELD_FORWARDED}, {0}};
static const struct row of_10[] = {
    {"connection", HTTP_FIELD_CONNECTION},
    {"keep-alive", HTTP_FIELD_HOP},
    {"set-cookie", HTTP_FIELD_END_TO_END},
    {0},
};
static const struct row of_12[] = {{"content-type", HTTP_FIELD_END_TO_END}, {0}};
static const struct row of_13[] = {
    {"authorization", HTTP_FIELD_LOGIN},
    {"cache-control", HTTP_FIELD_END_TO_END},
    {"content-range", HTTP_FIELD_END_TO_END},
    {"if-none-match", HTTP_FIELD_END_TO_END},
    {0},
};
static const struct row of_14[] = {{"content-length", HTTP_FIELD_LENGTH}, {"http2-settings", HTTP_FIELD_HOP}, {0}};
static const struct row of_16[] = {
    {"content-encoding", HTTP_FIELD_END_TO_END},
    {"proxy-connection", HTTP_FIELD_HOP},
    {"www-authenticate", HTTP_FIELD_LOGIN},
    {0},
};
static const struct row of_17[] = {
    {"transfer-encoding", HTTP_FIELD_HOP},
    {"if-modified-since", HTTP_FIELD_END_TO_END},
    {0},
};
static const struct row of_18[] = {{"proxy-authenticate", HTTP_FIELD_LOGIN}, {0}};
static const struct row of_19[] = {
    {"proxy-authorization", HTTP_FIELD_LOGIN},
    {"if-unmodified-since", HTTP_FIELD_END_TO_END},
    {0},
};

static const struct row *const by_length[] = {
    [2] = of_2,   [4] = of_4,   [5] = of_5,   [6] = of_6,   [7] = of_7,   [8] = of_8,   [9] = of_9,   [10] = of_10,
    [12] = of_12, [13] = of_13, [14] = of_14, [16] = of_16, [17] = of_17, [18] = of_18, [19] = of_19,
};

/* Names that a backend takes for true, and `_` in them for `-`. */
static const struct {
	const char *name;
	bool is_whole; /* else what begins so */
	enum http_field_kind kind;
} trusted[] = {
    {"x-forwarded-for", true, HTTP_FIELD_X_FORWARDED_FOR},
    {"x-forwarded-proto", true, HTTP_FIELD_X_FORWARDED_PROTO},
    {"x-forwarded-host", true, HTTP_FIELD_X_FORWARDED_HOST},
    {"x-forwarded-port", true, HTTP_FIELD_X_FORWARDED_PORT},
    {"x-forwarded-", false, HTTP_FIELD_X_FORWARDED},
    {"x-ssl-client-", false, HTTP_FIELD_OURS},
    {"client-cert", false, HTTP_FIELD_OURS},
};

enum { SHORTEST_TRUSTED = sizeof("client-cert") - 1 };

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static uint8_t folded(uint8_t c)
{
	return c == '_' ? '-' : lower(c);
}

static bool begins(struct bytes name, const char *with)
{
	for (size_t i = 0; with[i] != '\0'; i++)
		if (i == name.len || folded(name.data[i]) != (uint8_t)with[i])
			return false;
	return true;
}

/* By the first and the third character: x-f, x-s, cli. */
static bool may_be_trusted(uint8_t first, uint8_t third)
{
	return first == 'x' ? third == 'f' || third == 's' : first == 'c' && third == 'i';
}

static enum http_field_kind trusted_kind(struct bytes name)
{
	for (size_t i = 0; i < sizeof(trusted) / sizeof(trusted[0]); i++) {
		if (!begins(name, trusted[i].name) || (trusted[i].is_whole && name.len != strlen(trusted[i].name)))
			continue;
		/* No proxy writes it so, but its client may have, behind the proxy's back. */
		return memchr(name.data, '_', name.len) != NULL ? HTTP_FIELD_OURS : trusted[i].kind;
	}
	return HTTP_FIELD_PLAIN;
}

/* Compares eight characters at a time. Of what a token has, `| 0x20` makes letters lower, and no other one a character of
 * these names. */
static bool is_named(struct bytes name, const char *row)
{
	size_t i = 0;

	for (; i + sizeof(uint64_t) <= name.len; i += sizeof(uint64_t)) {
		uint64_t a, b;
		memcpy(&a, name.data + i, sizeof(a));
		memcpy(&b, row + i, sizeof(b));
		if ((a | UINT64_C(0x2020202020202020)) != b)
			return false;
	}
	for (; i < name.len; i++)
		if ((name.data[i] | 0x20) != row[i])
			return false;
	return true;
}

enum http_field_kind http_field_kind(struct bytes name)
{
	if (name.len < 2)
		return HTTP_FIELD_PLAIN;
	uint8_t first = lower(name.data[0]);
	if (name.len >= SHORTEST_TRUSTED && may_be_trusted(first, lower(name.data[2])))
		return trusted_kind(name);
	const struct row *row = name.len < sizeof(by_length) / sizeof(by_length[0]) ? by_length[name.len] : NULL;
	for (; row != NULL && row->name != NULL; row++)
		if ((uint8_t)row->name[0] == first && is_named(name, row->name))
			return row->kind;
	return HTTP_FIELD_PLAIN;
}

bool http_field_same(struct bytes a, struct bytes b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (folded(a.data[i]) != folded(b.data[i]))
			return false;
	return true;
}
