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
static const struct config_choice tls_versions[] = {
    {"1.0", TLS1_VERSION}, {"1.1", TLS1_1_VERSION}, {"1.2", TLS1_2_VERSION}, {"1.3", TLS1_3_VERSION}, {NULL, 0},
};

static const struct config_key keys[NUM_CONFIG_KEYS] = {
    [KEY_WORKERS] = {.name = "workers",
		     GLOBAL(workers),
		     .type = VALUE_WORKERS,
		     .min = 1,
		     .max = CONFIG_MAX_WORKERS,
		     .default_text = "auto",
		     .help = "Worker threads. auto: one for each core that this process may use."},
    [KEY_USER] = {.name = "user",
		  GLOBAL(user),
		  .type = VALUE_TEXT,
		  .example = "chainmend",
		  .help =
		      "The user to become once the ports are open and the files are read. Not set: stay who we are."},
    [KEY_GROUP] = {.name = "group",
		   GLOBAL(group),
		   .type = VALUE_TEXT,
		   .example = "chainmend",
		   .help = "The group to become. Not set: the user's own."},
    [KEY_FIX_LOG] = {.name = "fix_log",
		     GLOBAL(fix_log),
		     .type = VALUE_PATH,
		     .default_text = "stderr",
		     .help = "Where each fix and finding is written, as JSON Lines: a path, or stderr. Where stderr is "
			     "systemd's journal, each is an entry with fields."},
    [KEY_ACCESS_LOG] = {.name = "access_log",
			GLOBAL_NOT_BUILT,
			.type = VALUE_TEXT,
			.harmless = "off",
			.help = "Where each connection is written: a path, or off."},
    [KEY_LOG_LEVEL] = {.name = "log_level",
		       GLOBAL(log_level),
		       .type = VALUE_CHOICE,
		       .choices = log_levels,
		       .default_text = "info",
		       .help = "How much is told on stderr."},
    [KEY_CACHE] = {.name = "cache",
		   GLOBAL(cache),
		   .type = VALUE_PATH,
		   .default_text = "/var/cache/chainmend",
		   .help = "The directory that fetched intermediates are kept in."},
    [KEY_ROOTS] = {.name = "roots",
		   GLOBAL(roots),
		   .type = VALUE_ROOTS,
		   .repeatable = true,
		   .default_text = "system",
		   .help =
		       "The trust stores that clients have, one a line: system, a file or directory of certificates,\n"
		       "or NAME=FILE. The chain that most of them accept is served."},
    [KEY_CRL] = {.name = "crl",
		 GLOBAL(crls),
		 .type = VALUE_PATHS,
		 .repeatable = true,
		 .example = "/var/lib/chainmend/crls",
		 .help =
		     "CRLs to look revocation up in, a path a line: a file (PEM or DER, several in a PEM file) or a\n"
		     "directory of such files. A file that changes is taken by itself, in a directory one that comes, goes\n"
		     "or is replaced by renaming. Not set: revocation is not looked at; nothing is ever asked over the network."},
    [KEY_FETCH] = {.name = "fetch",
		   GLOBAL(fetch),
		   .type = VALUE_SWITCH,
		   .default_text = "on",
		   .help = "Whether missing intermediates are fetched from the URLs that certificates name."},
    [KEY_FETCH_ALLOW] =
	{.name = "fetch_allow",
	 GLOBAL(fetch_allow),
	 .type = VALUE_FETCH_RULES,
	 .repeatable = true,
	 .default_text = "public",
	 .help =
	     "Where they may be fetched from, beside public addresses, which may always be asked (private, loopback\n"
	     "and other reserved ones may not): a host name, an address, a CIDR block, or any. Values add up, and\n"
	     "public is always among them."},
    [KEY_FETCH_PROXY] =
	{.name = "fetch_proxy",
	 GLOBAL(fetch_proxy),
	 .type = VALUE_PROXY_URL,
	 .example = "http://proxy.example:3128",
	 .help = "An HTTP proxy to fetch through. Not set: none; the environment's proxy variables are not read."},
    [KEY_ADMIN] = {.name = "admin",
		   GLOBAL(admin),
		   .type = VALUE_ADMIN,
		   .default_text = "off",
		   .help = "The address of the admin page, of /metrics, /healthz, /readyz and /api/status: PORT (127.0.0.1\n"
			   "alone), ADDRESS:PORT, unix:PATH, or off. Beyond loopback and Unix sockets it needs\n"
			   "admin_token_file; what goes there is not encrypted."},
    [KEY_ADMIN_TOKEN_FILE] = {.name = "admin_token_file",
			      GLOBAL(admin_token_file),
			      .type = VALUE_PATH,
			      .example = "/etc/chainmend/admin.token",
			      .help = "A file whose first line is the token that the admin page asks for, of 16 characters at\n"
				      "least: as a bearer token, or as the password of any user. Not set: it asks for none."},
    [KEY_MAX_CONNECTIONS] = {.name = "max_connections",
			     GLOBAL(max_connections),
			     .type = VALUE_COUNT,
			     .min = 1,
			     .max = 10000000,
			     .default_text = "10000",
			     .help = "Client connections at a time, all workers together. More wait to be accepted."},
    [KEY_DRAIN_TIMEOUT] = {.name = "drain_timeout",
			   GLOBAL(drain_timeout_ms),
			   .type = VALUE_TIME,
			   .min = 0,
			   .max = DAY,
			   .default_text = "30s",
			   .help = "How long open connections may go on after SIGTERM before they are cut."},
    [KEY_TICKET_KEYS] =
	{.name = "ticket_keys",
	 GLOBAL(ticket_keys),
	 .type = VALUE_PATH,
	 .example = "/etc/chainmend/ticket.keys",
	 .help =
	     "A file of session ticket keys that several machines share, with sites of the same names: the first key\n"
	     "writes, all are read. 48 or 80 random bytes each, binary (openssl rand 80) or a line of base64 each; "
	     "read\n"
	     "anew when it changes. Not set: made in memory, a new one every 12 hours."},

    [KEY_LISTEN] =
	{.name = "listen",
	 SITE(listens),
	 .type = VALUE_LISTENS,
	 .repeatable = true,
	 .example = "443",
	 .help = "Where clients connect: PORT (every address), ADDRESS:PORT or [IPV6]:PORT; several may stand in a\n"
		 "line. Sites may share one: the name that a client asks for decides. Must be set."},
    [KEY_DEFAULT] =
	{.name = "default",
	 SITE(is_default),
	 .type = VALUE_SWITCH,
	 .default_text = "off",
	 .help = "Whether this site answers clients whose name belongs to no site. Otherwise the first one does."},
    [KEY_HOSTNAMES] =
	{.name = "hostnames",
	 SITE(hostnames),
	 .type = VALUE_HOSTNAMES,
	 .repeatable = true,
	 .example = "mail.example.com, autodiscover.example.com",
	 .help = "The names that clients use: the certificate is checked against them, and they choose the site.\n"
		 "Not set: the certificate's own names."},
    [KEY_CERTIFICATE] =
	{.name = "certificate",
	 SITE(certificates),
	 .type = VALUE_CERTIFICATES,
	 .repeatable = true,
	 .example = "/etc/chainmend/mail.example.com.pem",
	 .help = "The certificate, with whatever chain it has, in PEM, DER or PKCS#7, in any order; one line each\n"
		 "for an RSA and an ECDSA one. The word backend: the one that the tls:// backend serves. Must be set."},
    [KEY_KEY] = {.name = "key",
		 SITE(keys),
		 .type = VALUE_PATHS,
		 .repeatable = true,
		 .example = "/etc/chainmend/mail.example.com.key",
		 .help = "The private key, PEM or DER, encrypted or not. Not set: the certificate file holds it."},
    [KEY_KEY_PASSWORD_FILE] = {.name = "key_password_file",
			       SITE(key_password_file),
			       .type = VALUE_PATH,
			       .example = "/etc/chainmend/mail.example.com.password",
			       .help =
				   "A file whose first line is the password of the key. Not set: the key has none."},
    [KEY_BACKEND] =
	{.name = "backend",
	 SITE(backends),
	 .type = VALUE_BACKENDS,
	 .repeatable = true,
	 .example = "tls://10.0.0.5:443",
	 .help = "The server behind: tcp://HOST:PORT or tls://HOST:PORT. Several: the next one is tried when one\n"
		 "does not answer. Must be set."},
    [KEY_BACKEND_NAME] =
	{.name = "backend_name",
	 SITE(backend_name),
	 .type = VALUE_TEXT,
	 .example = "exchange01.corp.example",
	 .help = "The name that the backend's certificate must cover, and that it is asked for. Not set: the\n"
		 "host of the backend."},
    [KEY_BACKEND_VERIFY] =
	{.name = "backend_verify",
	 SITE(backend_verify),
	 .type = VALUE_CHOICE,
	 .choices = backend_verify,
	 .default_text = "mend",
	 .help = "mend: complete the backend's own chain, then verify it and its name. strict: verify what it\n"
		 "sends. off: look at nothing."},
    [KEY_BACKEND_TLS_MIN] = {.name = "backend_tls_min",
			     SITE(backend_tls_min),
			     .type = VALUE_TLS_VERSION,
			     .choices = tls_versions,
			     .default_text = "1.2",
			     .help = "The lowest TLS version towards the backend."},
    [KEY_BACKEND_CERTIFICATE] = {.name = "backend_certificate",
				 SITE(backend_certificate),
				 .type = VALUE_PATH,
				 .example = "/etc/chainmend/towards-backend.pem",
				 .help = "The certificate to show to a backend that asks for one. Not set: none."},
    [KEY_BACKEND_KEY] = {.name = "backend_key",
			 SITE(backend_key),
			 .type = VALUE_PATH,
			 .example = "/etc/chainmend/towards-backend.key",
			 .help = "Its key. Not set: it stands in the file of backend_certificate."},
    [KEY_BACKEND_PIN] =
	{.name = "backend_pin",
	 SITE(backend_pin),
	 .type = VALUE_PIN,
	 .example = "5b4c3d2e1f00112233445566778899aabbccddeeff00112233445566778899aa",
	 .help = "SHA-256 of the SubjectPublicKeyInfo of a self-signed backend, in hex; chainmend check prints it.\n"
		 "Not set: none."},
    [KEY_PROBE_INTERVAL] = {.name = "probe_interval",
			    SITE(probe_interval_ms),
			    .type = VALUE_TIME,
			    .min = SECOND,
			    .max = 365 * DAY,
			    .default_text = "1h",
			    .help = "How often the chain that a tls:// backend serves is looked at."},
    [KEY_SITE_ROOTS] = {.name = "roots",
			SITE(roots),
			.type = VALUE_ROOTS,
			.repeatable = true,
			.example = "corp=/etc/ssl/corp-root.pem",
			.help = "As in [chainmend], for this site alone, in place of the ones there. Not set: those."},
    [KEY_SITE_CRL] = {.name = "crl",
		      SITE(crls),
		      .type = VALUE_PATHS,
		      .repeatable = true,
		      .example = "/var/lib/chainmend/corp.crl",
		      .help = "As in [chainmend], for this site alone, in place of the ones there. Not set: those."},
    [KEY_MODE] = {.name = "mode",
		  SITE(mode),
		  .type = VALUE_CHOICE,
		  .choices = modes,
		  .default_text = "mend",
		  .help = "mend: serve the mended chain. report: serve what was given, and log what would be changed."},
    [KEY_MAX_CHAIN_BYTES] = {.name = "max_chain_bytes",
			     SITE(max_chain_bytes),
			     .type = VALUE_SIZE,
			     .min = 0,
			     .max = UINT64_C(64) << 20,
			     .default_text = "16k",
			     .help = "A mended chain above this size is told as a warning. 0: never."},
    [KEY_ALPN] = {.name = "alpn",
		  SITE(alpn),
		  .type = VALUE_WORDS,
		  .repeatable = true,
		  .example = "http/1.1",
		  .help = "The protocols to agree on with clients, the best first. Not set: none is offered."},
    [KEY_TLS_MIN] = {.name = "tls_min",
		     SITE(tls_min),
		     .type = VALUE_TLS_VERSION,
		     .choices = tls_versions,
		     .default_text = "1.2",
		     .help = "The lowest TLS version for clients. 1.0 is there for clients that cannot do better."},
    [KEY_TLS_MAX] = {.name = "tls_max",
		     SITE(tls_max),
		     .type = VALUE_TLS_VERSION,
		     .choices = tls_versions,
		     .default_text = "1.3",
		     .help = "The highest TLS version for clients."},
    [KEY_CIPHERS] = {.name = "ciphers",
		     SITE(ciphers),
		     .type = VALUE_TEXT,
		     .example = "ECDHE+AESGCM:ECDHE+CHACHA20",
		     .help = "The ciphers for TLS 1.2 and below, as BoringSSL writes them. Not set: its own list."},
    [KEY_GROUPS] =
	{.name = "groups",
	 SITE(groups),
	 .type = VALUE_TEXT,
	 .example = "X25519:P-256:P-384",
	 .help = "The key exchange groups, the best first. A client that sent a share for one of them is asked for "
		 "another\n"
		 "one only if that is stronger. Not set: the best that this build has, and what was sent is taken."},
    [KEY_CERTIFICATE_COMPRESSION] =
	{.name = "certificate_compression",
	 SITE(certificate_compression),
	 .type = VALUE_SWITCH,
	 .default_text = "on",
	 .help = "Whether clients of TLS 1.3 that ask for it get the chain compressed (RFC 8879), by brotli or zlib."},
    [KEY_UNKNOWN_NAMES] =
	{.name = "unknown_names",
	 SITE(unknown_names),
	 .type = VALUE_CHOICE,
	 .choices = unknown_names,
	 .default_text = "serve",
	 .help = "What becomes of a client that asks for a name which belongs to no site: serve or reject."},
    [KEY_HANDSHAKE_TIMEOUT] = {.name = "handshake_timeout",
			       SITE(handshake_timeout_ms),
			       .type = VALUE_TIME,
			       .min = 100,
			       .max = HOUR,
			       .default_text = "10s",
			       .help = "How long a handshake may take, on either side."},
    [KEY_IDLE_TIMEOUT] = {.name = "idle_timeout",
			  SITE(idle_timeout_ms),
			  .type = VALUE_TIME,
			  .min = SECOND,
			  .max = 30 * DAY,
			  .default_text = "1h",
			  .help = "How long a connection may be silent in both directions."},
    [KEY_CONNECT_TIMEOUT] = {.name = "connect_timeout",
			     SITE(connect_timeout_ms),
			     .type = VALUE_TIME,
			     .min = 100,
			     .max = HOUR,
			     .default_text = "5s",
			     .help = "How long one backend may take to accept a connection."},
    [KEY_PROTOCOL] = {.name = "protocol",
		      SITE_NOT_BUILT,
		      .type = VALUE_TEXT,
		      .harmless = "tcp",
		      .help = "tcp: bytes as they are. http: HTTP/1.1 with forwarding headers."},
    [KEY_HSTS] = {.name = "hsts",
		  SITE_NOT_BUILT,
		  .type = VALUE_TEXT,
		  .harmless = "off",
		  .help = "The Strict-Transport-Security header."},
    [KEY_REDIRECT_LISTEN] = {.name = "redirect_listen",
			     SITE_NOT_BUILT,
			     .type = VALUE_TEXT,
			     .help = "An address whose plain HTTP requests are redirected to https."},
    [KEY_CERTIFICATE_DIRECTORY] = {.name = "certificate_directory",
				   SITE_NOT_BUILT,
				   .type = VALUE_TEXT,
				   .help = "A directory of certificates with their keys."},
    [KEY_CLIENT_CA] = {.name = "client_ca",
		       SITE_NOT_BUILT,
		       .type = VALUE_TEXT,
		       .help = "The certificates that client certificates are verified by."},
    [KEY_CLIENT_VERIFY] = {.name = "client_verify",
			   SITE_NOT_BUILT,
			   .type = VALUE_TEXT,
			   .harmless = "off",
			   .help = "Whether clients are asked for a certificate: off, request or require."},
    [KEY_SEND_PROXY] = {.name = "send_proxy",
			SITE_NOT_BUILT,
			.type = VALUE_TEXT,
			.harmless = "off",
			.help = "The PROXY protocol towards the backend: off, v1 or v2."},
    [KEY_ACCEPT_PROXY] = {.name = "accept_proxy",
			  SITE_NOT_BUILT,
			  .type = VALUE_TEXT,
			  .harmless = "off",
			  .help = "The PROXY protocol from clients: on or off."},
    [KEY_ROLLBACK] = {.name = "rollback",
		      SITE(rollback),
		      .type = VALUE_SWITCH,
		      .default_text = "off",
		      .help = "Whether the former chain comes back, until a reload (SIGHUP) or a restart, when clients of "
			      "many networks reject the new one after a change."},
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

static const char *const forms[] = {
    [VALUE_SWITCH] = "on|off",
    [VALUE_WORKERS] = "auto|NUMBER",
    [VALUE_COUNT] = "NUMBER",
    [VALUE_SIZE] = "SIZE",
    [VALUE_TIME] = "TIME",
    [VALUE_TEXT] = "TEXT",
    [VALUE_PATH] = "PATH",
    [VALUE_PROXY_URL] = "http://HOST:PORT",
    [VALUE_PATHS] = "PATH",
    [VALUE_ROOTS] = "system|PATH|NAME=PATH",
    [VALUE_WORDS] = "WORD...",
    [VALUE_HOSTNAMES] = "NAME...",
    [VALUE_FETCH_RULES] = "public|HOST|BLOCK|any",
    [VALUE_CERTIFICATES] = "FILE|backend",
    [VALUE_LISTENS] = "[ADDRESS:]PORT",
    [VALUE_BACKENDS] = "tcp://HOST:PORT|tls://HOST:PORT",
    [VALUE_PIN] = "SHA256",
    [VALUE_ADMIN] = "[ADDRESS:]PORT|unix:PATH|off",
};

struct error config_key_print_form(const struct config_key *key, struct buffer *out)
{
	if (key->choices == NULL)
		return buffer_printf(out, "%s", forms[key->type]);
	struct error error = error_none();
	for (const struct config_choice *choice = key->choices; !failed(error) && choice->word != NULL; choice++)
		error = buffer_printf(out, "%s%s", choice == key->choices ? "" : "|", choice->word);
	return error;
}
