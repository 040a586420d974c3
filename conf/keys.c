#include "conf/keys.h"

#include <openssl/ssl.h>

#include "conf/config.h"
#include "conf/spelling.h"

#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

#define GLOBAL(field) .scope = SCOPE_CHAINMEND, .offset = offsetof(struct config, field)
#define SITE(field) .scope = SCOPE_SITE, .offset = offsetof(struct config_site, field)
#define GLOBAL_NOT_BUILT .scope = SCOPE_CHAINMEND, .not_built = true
#define SITE_NOT_BUILT .scope = SCOPE_SITE, .not_built = true

static const struct config_choice log_levels[] = {
    {"error", LOG_LEVEL_ERROR},
    {"warning", LOG_LEVEL_WARNING},
    {"info", LOG_LEVEL_INFO},
    {"debug", LOG_LEVEL_DEBUG},
    {NULL, 0},
};
static const struct config_choice backend_verify[] = {
    {"mend", BACKEND_VERIFY_MEND},
    {"strict", BACKEND_VERIFY_STRICT},
    {"off", BACKEND_VERIFY_OFF},
    {NULL, 0},
};
static const struct config_choice modes[] = {{"mend", MODE_MEND}, {"report", MODE_REPORT}, {NULL, 0}};
static const struct config_choice unknown_names[] = {
    {"serve", UNKNOWN_NAMES_SERVE},
    {"reject", UNKNOWN_NAMES_REJECT},
    {NULL, 0},
};
static const struct config_choice protocols[] = {{"tcp", PROTOCOL_TCP}, {"http", PROTOCOL_HTTP}, {NULL, 0}};
static const struct config_choice forwarded[] = {
    {"x-forwarded", FORWARDED_X},
    {"rfc7239", FORWARDED_RFC7239},
    {"both", FORWARDED_BOTH},
    {"off", FORWARDED_OFF},
    {NULL, 0},
};
static const struct config_choice backend_reuse[] = {
    {"private", BACKEND_REUSE_PRIVATE},
    {"shared", BACKEND_REUSE_SHARED},
    {NULL, 0},
};
static const struct config_choice tls_versions[] = {
    {"1.0", TLS1_VERSION}, {"1.1", TLS1_1_VERSION}, {"1.2", TLS1_2_VERSION}, {"1.3", TLS1_3_VERSION}, {NULL, 0},
};

static const struct config_key keys[NUM_CONFIG_KEYS] = {
#define KEY(id, ...) [id] = {__VA_ARGS__},
#include "conf/keys.def"
#undef KEY
};

const struct config_key *config_key(enum config_key_id id)
{
	return &keys[id];
}

enum config_key_id config_key_find(enum config_scope scope, const char *name)
{
	for (unsigned i = 0; i < NUM_CONFIG_KEYS; i++) {
		if (keys[i].scope == scope && strcmp(keys[i].name, name) == 0)
			return (enum config_key_id)i;
	}
	return NUM_CONFIG_KEYS;
}

const char *config_key_nearest(enum config_scope scope, const char *name)
{
	struct spelling spelling = spelling_of(name);
	for (unsigned i = 0; i < NUM_CONFIG_KEYS; i++) {
		if (keys[i].scope == scope)
			spelling_offer(&spelling, keys[i].name);
	}
	return spelling_best(&spelling);
}
