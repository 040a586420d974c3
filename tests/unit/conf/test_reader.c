#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/ssl.h>

#include "conf/config_errors.h"
#include "conf/reader.h"

#define MAX_BYTES ((size_t)1024 * 1024)
#define SITE "[site mail]\nlisten = 443\ncertificate = /c.pem\nbackend = tls://b:443\n"

/* A text, what is read from it, and what is said about it. */
struct reading {
	struct config *config;
	struct buffer errors;
};

static struct reading read_bytes(const char *text, size_t len)
{
	struct reading reading = {0};
	buffer_init(&reading.errors, MAX_BYTES);
	bool good = config_read_text(text, len, "test.ini", &reading.config, &reading.errors);
	assert_int_equal(good, reading.config != NULL);
	assert_int_equal(good, reading.errors.len == 0);
	return reading;
}

static struct reading read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static void cleanup(struct reading *reading)
{
	config_free(reading->config);
	buffer_cleanup(&reading->errors);
}

static void expect_error(const char *text, const char *said)
{
	struct reading reading = read_text(text);
	if (strstr(buffer_text(&reading.errors), said) == NULL)
		fail_msg("%s\nsays: %s\nand not: %s", text, buffer_text(&reading.errors), said);
	cleanup(&reading);
}

static void expect_good(const char *text)
{
	struct reading reading = read_text(text);
	if (reading.config == NULL)
		fail_msg("%s\nsays: %s", text, buffer_text(&reading.errors));
	cleanup(&reading);
}

static void test_what_is_not_said_has_its_default(void **state)
{
	struct reading reading = read_text(SITE);
	const struct config *config = reading.config;
	(void)state;
	assert_non_null(config);
	assert_string_equal(config->path, "test.ini");
	assert_int_equal(config->workers, 0);
	assert_null(config->user);
	assert_string_equal(config->fix_log, "stderr");
	assert_int_equal(config->log_level, LOG_LEVEL_INFO);
	assert_string_equal(config->cache, "/var/cache/chainmend");
	assert_int_equal(config->roots.count, 1);
	assert_string_equal(config->roots.items[0], "system");
	assert_true(config->fetch);
	assert_string_equal(config->fetch_allow.items[0], "public");
	assert_null(config->fetch_proxy);
	assert_int_equal(config->max_connections, 10000);
	assert_int_equal(config->drain_timeout_ms, 30000);
	const struct config_site *site = &config->sites[0];
	assert_string_equal(site->name, "mail");
	assert_int_equal(site->line, 1);
	assert_int_equal(site->backend_verify, BACKEND_VERIFY_MEND);
	assert_int_equal(site->backend_tls_min, TLS1_2_VERSION);
	assert_int_equal(site->tls_min, TLS1_2_VERSION);
	assert_int_equal(site->tls_max, TLS1_3_VERSION);
	assert_int_equal(site->probe_interval_ms, 3600000);
	assert_int_equal(site->max_chain_bytes, 16384);
	assert_int_equal(site->roots.count, 0);
	assert_int_equal(site->hostnames.count, 0);
	assert_false(site->is_default);
	assert_false(site->has_backend_pin);
	cleanup(&reading);
}

static void test_every_kind_of_value_is_read(void **state)
{
	struct reading reading =
	    read_text("[chainmend]\n"
		      "workers = 4\nuser = chainmend\ngroup = ssl\nfix_log = /var/log/f\n"
		      "log_level = debug\ncache = /c\nroots = system\nroots = corp=/r.pem\nfetch = off\n"
		      "fetch_allow = public, 10.0.0.0/8\nfetch_allow = ca.corp.example\n"
		      "fetch_proxy = http://p:3128\nmax_connections = 5\ndrain_timeout = 500ms\n"
		      "[site mail]\n"
		      "listen = 443, 127.0.0.1:8443\nlisten = [::1]:9443\ndefault = on\n"
		      "hostnames = a.example b.example,*.c.example\n"
		      "certificate = backend\nkey = /k1\nkey = /k 2\nkey_password_file = /p\n"
		      "backend = tls://b1:1\nbackend = tls://[::1]:2\nbackend_name = n\n"
		      "backend_verify = strict\nbackend_tls_min = 1.0\nbackend_certificate = /bc\n"
		      "backend_key = /bk\nbackend_pin = "
		      "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
		      "probe_interval = 5m\nroots = /other.pem\nmode = report\nmax_chain_bytes = 0\n"
		      "alpn = h2, http/1.1\ntls_min = 1.0\ntls_max = 1.2\nciphers = ALL:!RC4\n"
		      "groups = X25519\nunknown_names = reject\nhandshake_timeout = 1s\n"
		      "idle_timeout = 1d\nconnect_timeout = 100ms\n");
	(void)state;
	if (reading.config == NULL)
		fail_msg("%s", buffer_text(&reading.errors));
	const struct config *config = reading.config;
	assert_int_equal(config->workers, 4);
	assert_string_equal(config->group, "ssl");
	assert_int_equal(config->log_level, LOG_LEVEL_DEBUG);
	assert_string_equal(config->roots.items[1], "corp=/r.pem");
	assert_false(config->fetch);
	assert_int_equal(config->fetch_allow.count, 3);
	assert_string_equal(config->fetch_allow.items[2], "ca.corp.example");
	assert_int_equal(config->drain_timeout_ms, 500);
	const struct config_site *site = &config->sites[0];
	assert_int_equal(site->num_listens, 3);
	assert_string_equal(site->listens[0].host, "");
	assert_string_equal(site->listens[2].host, "::1");
	assert_int_equal(site->listens[2].port, 9443);
	assert_true(site->is_default);
	assert_int_equal(site->hostnames.count, 3);
	assert_true(site->certificate_is_backend);
	assert_int_equal(site->certificates.count, 0);
	assert_string_equal(site->keys.items[1], "/k 2");
	assert_int_equal(site->num_backends, 2);
	assert_string_equal(site->backends[1].address.host, "::1");
	assert_int_equal(site->backend_verify, BACKEND_VERIFY_STRICT);
	assert_int_equal(site->backend_tls_min, TLS1_VERSION);
	assert_true(site->has_backend_pin);
	assert_int_equal(site->backend_pin[1], 0x11);
	assert_int_equal(site->backend_pin[31], 0xff);
	assert_int_equal(site->mode, MODE_REPORT);
	assert_int_equal(site->max_chain_bytes, 0);
	assert_string_equal(site->alpn.items[0], "h2");
	assert_int_equal(site->tls_max, TLS1_2_VERSION);
	assert_int_equal(site->unknown_names, UNKNOWN_NAMES_REJECT);
	assert_int_equal(site->idle_timeout_ms, 86400000);
	cleanup(&reading);
}

static void test_all_errors_are_told_with_their_lines(void **state)
{
	struct reading reading =
	    read_text("[chainmend]\nworkerz = 2\nlog_level = loud\n\n" SITE "tls_min = 1.4\nnonsense\n");
	const char *said = buffer_text(&reading.errors);
	(void)state;
	assert_non_null(strstr(said, "test.ini:2: workerz: there is no such key: did you mean workers?"));
	assert_non_null(strstr(said, "test.ini:3: log_level = loud: is none of error, warning, info, debug"));
	assert_non_null(strstr(said, "test.ini:9: tls_min = 1.4: is none of 1.0, 1.1, 1.2, 1.3"));
	assert_non_null(strstr(said, "test.ini:10: the line is not of the form KEY = VALUE"));
	assert_true(strstr(said, "test.ini:2:") < strstr(said, "test.ini:3:"));
	assert_true(strstr(said, "test.ini:9:") < strstr(said, "test.ini:10:"));
	cleanup(&reading);
}

static void test_what_inih_would_read_wrongly_is_refused(void **state)
{
	char text[2000];
	char line[300];
	(void)state;
	/* The longest line that it reads, and one character more. */
	memset(line, 'a', sizeof(line));
	line[199 - strlen("fix_log = ")] = '\0';
	snprintf(text, sizeof(text), "[chainmend]\nfix_log = %s\n" SITE, line);
	struct reading reading = read_text(text);
	assert_non_null(reading.config);
	assert_string_equal(reading.config->fix_log, line);
	cleanup(&reading);
	snprintf(text, sizeof(text), "[chainmend]\nfix_log = %sa\n" SITE, line);
	expect_error(text, "test.ini:2: fix_log = a");
	expect_error(text, "the line has 200 characters, and 199 are the most: make it shorter");
	memset(line, 'a', sizeof(line));
	line[199] = '\0';
	snprintf(text, sizeof(text), SITE "hostnames = %s\n", line);
	expect_error(text, "199 are the most: repeat the key: write `hostnames =` in several lines");
	expect_error("[site mail]\nlisten = 443\ncertificate = /c.pem\nbackend = http://10.0.0.5:8080\n",
		     "backend = http://10.0.0.5:8080: is not a backend: write tcp:// in place of http://");
	expect_error("[site mail]\nlisten = 443\ncertificate = /c.pem\nbackend = https://10.0.0.5:8443/owa\n",
		     "write tls:// in place of https://");

	expect_error("[site aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n", "the name of the section is too long");
	expect_error("[site mail]\n", "test.ini:1: [site mail]: listen: missing");
	expect_error("[site mail\n", "the bracket is not closed");
	expect_error("[site mail] listen = 443\n", "something stands behind the section's bracket");
	/* An indented line is a key of its own, and not more of the key above. */
	expect_error("  [chainmend]\n\tworkers = 2\n\tworkerz = 2\n" SITE, "test.ini:3: workerz");
	expect_good("  [chainmend]\n\tworkers = 2\n\tuser = u\n" SITE);
	/* Neither is a long comment anything. */
	memset(line, ';', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	snprintf(text, sizeof(text), "%s\n" SITE, line);
	expect_good(text);
}

static void test_sections(void **state)
{
	(void)state;
	expect_good("[chainmend] ; with a word behind it\n; a comment\n# another\n\n" SITE);
	expect_good(
	    "[ chainmend ]\r\nuser = u\r\n[site  mail]\r\nlisten = 443\r\ncertificate = /c\r\nbackend = tcp://b:1\r\n");
	expect_good("\xef\xbb\xbf" SITE);
	expect_error("", "there is no site");
	expect_error("[chainmend]\n", "there is no site");
	expect_error("workers = 2\n" SITE, "test.ini:1: workers = 2: stands before the first section");
	expect_error("[chainmedn]\n" SITE, "did you mean [chainmend]?");
	expect_error("[sites mail]\n", "did you mean [site NAME]?");
	expect_error("[site]\n", "give the site a name");
	expect_error("[other]\nx = 1\n" SITE, "there is no such section");
	expect_error("[chainmend]\n[chainmend]\n" SITE,
		     "test.ini:2: [chainmend]: stands twice (the first is in line 1)");
	expect_error(SITE SITE, "the name of this section is taken");
	expect_error("[chainmend]\nlisten = 443\n" SITE, "listen: this key belongs into a [site NAME] section");
	expect_error(SITE "workers = 2\n", "workers: this key belongs into the [chainmend] section");
}

static void test_values(void **state)
{
	(void)state;
	expect_good(SITE "tls_min = 1.3 ; a comment\n");
	expect_error(SITE "tls_min = 1.3 # no comment\n", "has a # in it");
	expect_error(SITE "tls_min =\n", "test.ini:5: tls_min = : has no value");
	expect_error(SITE "hostnames = ,\n", "has no value");
	expect_error(SITE "key = \"/a b\"\n", "stands in quotes");
	expect_error(SITE "mode = mend\nmode = mend\n",
		     "mode: given twice, and it takes one value (the first is in line 5)");
	expect_error(SITE "hostnames = a.example, -- \n", "hostnames = a.example, --: -- is neither");
	expect_error("[chainmend]\nworkers = 0\n" SITE, "the smallest is 1");
	expect_error("[chainmend]\nworkers = 257\n" SITE, "the largest is 256");
	expect_error("[chainmend]\ndrain_timeout = 2d\n" SITE, "the largest is 86400s");
	expect_error(SITE "connect_timeout = 99ms\n", "the smallest is 100ms");
	expect_error(SITE "idle_timeout = 60\n", "is not a time");
	expect_error("[chainmend]\nlisten 443\n" SITE, "the line is not of the form KEY = VALUE");
}

static void test_what_is_not_built_is_refused_in_these_words(void **state)
{
	static const char *const refused[] = {
	    "protocol = pass",
	    "hsts = on",
	    "fix_redirects = on",
	    "secure_cookies = on",
	    "acme_challenge = /d",
	    "redirect_listen = 80",
	    "certificate_directory = /d",
	    "client_ca = /ca",
	    "client_verify = require",
	    "send_proxy = v2",
	    "accept_proxy = on",
	};
	static const char *const harmless[] = {"protocol = tcp",      "client_verify = off", "send_proxy = off",
					       "accept_proxy = off",  "fix_redirects = off", "secure_cookies = off",
					       "acme_challenge = off"};
	char text[500];
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		snprintf(text, sizeof(text), SITE "%s\n", refused[i]);
		expect_error(text, "not built yet");
		expect_error(text, refused[i]);
	}
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
		snprintf(text, sizeof(text), SITE "%s\n", harmless[i]);
		expect_good(text);
	}
	expect_error("[chainmend]\naccess_log = /var/log/a\n" SITE, "not built yet");
	expect_error("[chainmend]\naccess_log_format = json\n" SITE, "not built yet");
	expect_good("[chainmend]\nadmin = off\naccess_log = off\n" SITE);
}

static void test_the_admin_page_beyond_this_machine_needs_a_token(void **state)
{
	static const char *const local[] = {"9000",       ":9000",          "127.0.0.1:9000",   "127.9.9.9:9000",
					    "[::1]:9000", "localhost:9000", "unix:/run/a.sock", "off"};
	static const char *const beyond[] = {"*:9000", "0.0.0.0:9000", "[::]:9000", "192.0.2.1:9000",
					     "admin.example:9000"};
	char text[500];
	(void)state;
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		snprintf(text, sizeof(text), "[chainmend]\nadmin = %s\n" SITE, local[i]);
		expect_good(text);
	}
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		snprintf(text, sizeof(text), "[chainmend]\nadmin = %s\n" SITE, beyond[i]);
		expect_error(text, "needs admin_token_file");
		snprintf(text, sizeof(text), "[chainmend]\nadmin = %s\nadmin_token_file = /t\n" SITE, beyond[i]);
		expect_good(text);
	}
	expect_good("[chainmend]\nadmin_token_file = /t\n" SITE);
	expect_error("[chainmend]\nadmin = unix:a.sock\n" SITE, "from the root on");
	expect_error("[chainmend]\nadmin = 127.0.0.1\n" SITE, "admin");
	expect_error("[chainmend]\nadmin = 9000\nadmin = 9001\n" SITE, "admin");
}

static void test_rules_across_keys(void **state)
{
	static const char tcp[] = "[site mail]\nlisten = 443\ncertificate = /c.pem\nbackend = tcp://b:443\n";
	char text[500];
	(void)state;
	expect_error("[site m]\nlisten = 443\n", "certificate: missing");
	expect_error("[site m]\nlisten = 443\n", "backend: missing");
	expect_error(SITE "backend = tcp://b:1\n", "tcp:// and tls:// backends stand together");
	snprintf(text, sizeof(text), "%sbackend_verify = mend\n", tcp);
	expect_error(text, "backend_verify: does nothing with a tcp:// backend");
	snprintf(text, sizeof(text), "%scertificate = backend\nkey = /k\n", tcp);
	expect_error(text, "the word backend needs a tls:// backend");
	expect_error(text, "the word backend and a file stand together");
	expect_error("[site m]\nlisten = 443\ncertificate = backend\nbackend = tls://b:1\n", "key: missing");
	expect_error(SITE "tls_max = 1.0\n", "tls_min is above tls_max");
	expect_error(SITE "backend_key = /k\n", "has no backend_certificate");
	expect_error(SITE "backend_verify = off\nbackend_pin = "
			  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n",
		     "does nothing with backend_verify = off");
	expect_error(SITE "listen = *:443\n", "an address stands twice");
}

#define HTTP SITE "protocol = http\n"

static void test_the_keys_of_http(void **state)
{
	struct reading reading = read_text("[chainmend]\ntrusted_proxies = 192.0.2.1, 10.0.0.0/8 unix\n" HTTP
					   "forwarded = both\nbackend_host = owa.corp.example:8080\n"
					   "set_header = X-Site:  mail, \"a\"\nset_header = X-Other: 2\n"
					   "remove_header = X-Real-IP, Accept-Encoding\nbackend_reuse = shared\n"
					   "max_head_bytes = 64k\nmax_body_bytes = 4g\nhead_timeout = 1s\n"
					   "body_timeout = 2s\nresponse_timeout = 3s\nkeepalive_timeout = 4s\n"
					   "upgrade = off\n");
	(void)state;
	if (reading.config == NULL)
		fail_msg("%s", buffer_text(&reading.errors));
	const struct config_site *site = &reading.config->sites[0];
	assert_int_equal(reading.config->trusted_proxies.count, 3);
	assert_string_equal(reading.config->trusted_proxies.items[1], "10.0.0.0/8");
	assert_int_equal(site->protocol, PROTOCOL_HTTP);
	assert_int_equal(site->forwarded, FORWARDED_BOTH);
	assert_string_equal(site->backend_host, "owa.corp.example:8080");
	assert_int_equal(site->set_headers.count, 2);
	assert_string_equal(site->set_headers.items[0], "X-Site:  mail, \"a\"");
	assert_string_equal(site->remove_headers.items[1], "Accept-Encoding");
	assert_int_equal(site->backend_reuse, BACKEND_REUSE_SHARED);
	assert_int_equal(site->max_head_bytes, 65536);
	assert_int_equal(site->max_body_bytes, UINT64_C(4) << 30);
	assert_int_equal(site->head_timeout_ms, 1000);
	assert_int_equal(site->body_timeout_ms, 2000);
	assert_int_equal(site->response_timeout_ms, 3000);
	assert_int_equal(site->keepalive_timeout_ms, 4000);
	assert_false(site->upgrade);
	assert_int_equal(site->alpn.count, 1);
	assert_string_equal(site->alpn.items[0], "http/1.1");
	cleanup(&reading);
}

static void test_the_defaults_of_http(void **state)
{
	struct reading reading = read_text(HTTP "alpn = http/1.1, http/1.0\n");
	(void)state;
	assert_non_null(reading.config);
	const struct config_site *site = &reading.config->sites[0];
	assert_int_equal(site->forwarded, FORWARDED_X);
	assert_null(site->backend_host);
	assert_int_equal(site->backend_reuse, BACKEND_REUSE_PRIVATE);
	assert_int_equal(site->max_head_bytes, 32768);
	assert_int_equal(site->max_body_bytes, 0);
	assert_int_equal(site->head_timeout_ms, 15000);
	assert_int_equal(site->body_timeout_ms, 60000);
	assert_int_equal(site->response_timeout_ms, 0);
	assert_int_equal(site->keepalive_timeout_ms, 65000);
	assert_true(site->upgrade);
	assert_int_equal(site->alpn.count, 2);
	cleanup(&reading);

	reading = read_text(SITE);
	assert_int_equal(reading.config->sites[0].protocol, PROTOCOL_TCP);
	assert_int_equal(reading.config->sites[0].alpn.count, 0);
	cleanup(&reading);
}

static void test_the_rules_of_http(void **state)
{
	static const char *const of_http[] = {
	    "forwarded = off",        "backend_host = a",      "set_header = A: b",      "remove_header = A",
	    "backend_reuse = shared", "max_head_bytes = 8k",   "max_body_bytes = 1m",    "head_timeout = 1s",
	    "body_timeout = 1s",      "response_timeout = 1s", "keepalive_timeout = 1s", "upgrade = on",
	};
	static const struct {
		const char *line, *said;
	} wrong[] = {
	    {"alpn = h2, http/1.1",
	     "alpn: h2 with protocol = http: HTTP/2 towards clients is not built in this version"},
	    {"alpn = imap", "alpn: a protocol other than HTTP"},
	    {"set_header = A", "is no field: write NAME: VALUE"},
	    {"set_header = Host: a", "write backend_host = NAME"},
	    {"remove_header = Content-Length", "frames the message"},
	    {"backend_host = a/b", "backend_host = a/b: has a host that is neither"},
	    {"backend_host = a:0", "has no port"},
	    {"max_head_bytes = 1m", "the largest is 262144"},
	    {"upgrade = websocket", "is neither on nor off"},
	};
	char text[500];
	(void)state;
	for (size_t i = 0; i < sizeof(of_http) / sizeof(of_http[0]); i++) {
		snprintf(text, sizeof(text), SITE "%s\n", of_http[i]);
		expect_error(text, "does nothing with protocol = tcp: use protocol = http, or take it out");
		snprintf(text, sizeof(text), HTTP "%s\n", of_http[i]);
		expect_good(text);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), HTTP "%s\n", wrong[i].line);
		expect_error(text, wrong[i].said);
	}
	expect_error("[chainmend]\ntrusted_proxies = 192.0.2.1\n" SITE, "trusted_proxies: does nothing without a site");
	expect_error("[chainmend]\ntrusted_proxies = proxy.example\n" HTTP,
		     "is none of an address, a CIDR block, the word unix");
	expect_good("[chainmend]\ntrusted_proxies = ::1\n" HTTP);
}

static void test_rules_across_sites(void **state)
{
	static const char other[] = "[site other]\ncertificate = /c.pem\nbackend = tls://b:443\n";
	char text[1000];
	(void)state;
	snprintf(text, sizeof(text), SITE "hostnames = a.example\n%slisten = 443\nhostnames = A.example\n", other);
	expect_error(text,
		     "test.ini:10: [site other]: one of its hostnames is claimed by another site at the same address");
	expect_error(text, "(the other is [site mail] in line 1)");
	snprintf(text, sizeof(text), SITE "hostnames = a.example\n%slisten = 8443\nhostnames = a.example\n", other);
	expect_good(text);
	snprintf(text, sizeof(text), SITE "default = on\n%slisten = 443\ndefault = on\n", other);
	expect_error(text, "default = on stands in two sites that share an address");
	snprintf(text, sizeof(text), SITE "default = on\n%slisten = 444\ndefault = on\n", other);
	expect_good(text);
}

static void test_binary_files_are_told_in_one_go_and_bounded(void **state)
{
	static char bytes[100000];
	struct reading reading;
	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i % 7 == 0 ? '\n' : (i * 31) & 0xff);
	reading = read_bytes(bytes, sizeof(bytes));
	assert_null(reading.config);
	size_t lines = 0;
	for (size_t i = 0; i < reading.errors.len; i++)
		lines += reading.errors.data[i] == '\n';
	assert_int_equal(lines, CONFIG_MAX_ERRORS + 1);
	assert_non_null(strstr(buffer_text(&reading.errors), "errors more"));
	cleanup(&reading);

	reading = read_bytes("\xff\xfe[\0s\0", 6);
	assert_non_null(strstr(buffer_text(&reading.errors), "UTF-16"));
	cleanup(&reading);
	reading = read_bytes("[chainmend]\nuser = a\0b\n", 23);
	assert_non_null(strstr(buffer_text(&reading.errors), "test.ini:2: the line holds a control character"));
	cleanup(&reading);
}

static void test_more_values_and_sites_than_may_be(void **state)
{
	struct buffer text;
	(void)state;
	buffer_init(&text, MAX_BYTES);
	assert_false(failed(buffer_printf(&text, SITE)));
	for (int i = 0; i < CONFIG_MAX_VALUES; i++)
		assert_false(failed(buffer_printf(&text, "hostnames = h%d.example\n", i)));
	expect_good(buffer_text(&text));
	assert_false(failed(buffer_printf(&text, "hostnames = one.more.example\n")));
	expect_error(buffer_text(&text), "is one value more than a key may have");
	buffer_cleanup(&text);

	buffer_init(&text, MAX_BYTES);
	for (int i = 0; i <= CONFIG_MAX_SITES; i++)
		assert_false(failed(buffer_printf(&text, "[site %d]\n", i)));
	expect_error(buffer_text(&text), "errors more");
	buffer_cleanup(&text);
}

static void test_a_file_that_cannot_be_read_is_named(void **state)
{
	struct reading reading = {0};
	(void)state;
	buffer_init(&reading.errors, MAX_BYTES);
	assert_false(config_read_file("/no/such/file.ini", &reading.config, &reading.errors));
	assert_null(reading.config);
	assert_non_null(strstr(buffer_text(&reading.errors), "/no/such/file.ini: "));
	cleanup(&reading);
}

static void test_the_short_form(void **state)
{
	static const char *const good[] = {"listen",      "127.0.0.1:443", "backend",   "tcp://127.0.0.1:80",
					   "certificate", "/c.pem",        "hostnames", "a.example",
					   "hostnames",   "b.example",     "workers",   "1",
					   NULL};
	static const char *const bad[] = {"listen", "443", "backend", "http://b", "certificat", "/c.pem", NULL};
	static const char *const none[] = {NULL};
	struct reading reading = {0};
	(void)state;
	buffer_init(&reading.errors, MAX_BYTES);
	assert_true(config_read_pairs(good, &reading.config, &reading.errors));
	assert_null(reading.config->path);
	assert_int_equal(reading.config->workers, 1);
	assert_string_equal(reading.config->sites[0].name, "default");
	assert_int_equal(reading.config->sites[0].hostnames.count, 2);
	config_free(reading.config);

	assert_false(config_read_pairs(bad, &reading.config, &reading.errors));
	assert_null(reading.config);
	assert_non_null(strstr(buffer_text(&reading.errors), "--backend http://b: is not a backend"));
	assert_non_null(strstr(buffer_text(&reading.errors), "did you mean certificate?"));
	assert_false(config_read_pairs(none, &reading.config, &reading.errors));
	assert_non_null(strstr(buffer_text(&reading.errors), "--listen: missing"));
	cleanup(&reading);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_not_said_has_its_default),
	    cmocka_unit_test(test_every_kind_of_value_is_read),
	    cmocka_unit_test(test_all_errors_are_told_with_their_lines),
	    cmocka_unit_test(test_what_inih_would_read_wrongly_is_refused),
	    cmocka_unit_test(test_sections),
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_what_is_not_built_is_refused_in_these_words),
	    cmocka_unit_test(test_rules_across_keys),
	    cmocka_unit_test(test_the_admin_page_beyond_this_machine_needs_a_token),
	    cmocka_unit_test(test_the_keys_of_http),
	    cmocka_unit_test(test_the_defaults_of_http),
	    cmocka_unit_test(test_the_rules_of_http),
	    cmocka_unit_test(test_rules_across_sites),
	    cmocka_unit_test(test_binary_files_are_told_in_one_go_and_bounded),
	    cmocka_unit_test(test_more_values_and_sites_than_may_be),
	    cmocka_unit_test(test_a_file_that_cannot_be_read_is_named),
	    cmocka_unit_test(test_the_short_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
