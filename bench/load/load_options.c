#include "bench/load/load_options.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

#include "bench/load/certificate_decompression.h"
#include "conf/values.h"

static const char *take_count_of(const char *value, uint64_t max, const char *too_many, uint64_t *out)
{
	const char *wrong = value_parse_count(value, out);
	if (wrong != NULL)
		return wrong;
	if (*out == 0)
		return "it is at least 1";
	return *out <= max ? NULL : too_many;
}

static const char *take_time_of(const char *value, uint64_t *out_ms)
{
	const char *wrong = value_parse_time(value, out_ms);
	if (wrong != NULL)
		return wrong;
	return *out_ms <= LOAD_MAX_DURATION_MS ? NULL : "it is at most 24h";
}

static const char *take_positive_time_of(const char *value, uint64_t *out_ms)
{
	const char *wrong = take_time_of(value, out_ms);
	return wrong != NULL || *out_ms > 0 ? wrong : "it is longer than nothing";
}

static const char *take_connections(void *into, const char *value)
{
	uint64_t count = 0;
	const char *wrong = take_count_of(value, LOAD_MAX_CONNECTIONS, "it is at most 100000", &count);
	((struct load_plan *)into)->connections = (unsigned)count;
	return wrong;
}

static const char *take_count(void *into, const char *value)
{
	return take_count_of(value, LOAD_MAX_COUNT, "it is at most 10^12", &((struct load_plan *)into)->count);
}

static const char *take_duration(void *into, const char *value)
{
	return take_positive_time_of(value, &((struct load_plan *)into)->duration_ms);
}

static const char *take_warm_up(void *into, const char *value)
{
	return take_time_of(value, &((struct load_plan *)into)->warm_up_ms);
}

static const char *take_timeout(void *into, const char *value)
{
	return take_positive_time_of(value, &((struct load_plan *)into)->timeout_ms);
}

static const char *take_hold(void *into, const char *value)
{
	return take_time_of(value, &((struct load_plan *)into)->hold_ms);
}

static const char *take_idle(void *into, const char *value)
{
	return take_count_of(value, LOAD_MAX_CONNECTIONS, "it is at most 100000", &((struct load_plan *)into)->idle);
}

static const char *take_rate(void *into, const char *value)
{
	char *end;
	double rate = strtod(value, &end);
	if (end == value || *end != '\0' || !(rate > 0) || !isfinite(rate))
		return "it is a number of starts a second: 200, say";
	if (rate > LOAD_MAX_RATE)
		return "it is at most a million a second";
	((struct load_plan *)into)->rate = rate;
	return NULL;
}

static const char *take_threads(void *into, const char *value)
{
	uint64_t count = 0;
	const char *wrong = take_count_of(value, LOAD_MAX_THREADS, "it is at most 64", &count);
	((struct load_plan *)into)->threads = (unsigned)count;
	return wrong;
}

static const char *take_pin(void *into, const char *value)
{
	struct load_plan *plan = into;
	uint64_t cpu = 0;
	const char *wrong = value_parse_count(value, &cpu);
	if (wrong != NULL)
		return wrong;
	cpu_set_t set;
	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) != 0 || cpu >= CPU_SETSIZE || !CPU_ISSET((size_t)cpu, &set))
		return "there is no such CPU here (the first is 0), or it is not ours to use";
	if (plan->num_pins == LOAD_MAX_PINS)
		return "there are more than 64";
	plan->pins[plan->num_pins++] = (int)cpu;
	return NULL;
}

static const char *take_server_pid(void *into, const char *value)
{
	struct load_plan *plan = into;
	uint64_t pid = 0;
	const char *wrong = take_count_of(value, INT32_MAX, "there is no such process", &pid);
	if (wrong != NULL)
		return wrong;
	if (plan->num_server_pids == LOAD_MAX_SERVER_PIDS)
		return "there are more than 64";
	plan->server_pids[plan->num_server_pids++] = (pid_t)pid;
	return NULL;
}

static const char *take_server_children(void *into, const char *value)
{
	(void)value;
	((struct load_plan *)into)->server_children = true;
	return NULL;
}

static const char *take_resume(void *into, const char *value)
{
	(void)value;
	((struct load_plan *)into)->resume = true;
	return NULL;
}

static const char *take_json(void *into, const char *value)
{
	(void)value;
	((struct load_plan *)into)->json = true;
	return NULL;
}

static const char *take_quiet(void *into, const char *value)
{
	(void)value;
	((struct load_plan *)into)->quiet = true;
	return NULL;
}

static const char *take_tls(void *into, const char *value)
{
	struct load_plan *plan = into;
	plan->tls_version = strcmp(value, "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
	return plan->tls_version == TLS1_2_VERSION || strcmp(value, "1.3") == 0 ? NULL : "it is 1.2 or 1.3";
}

/* Commas are as good as colons. */
static const char *take_list(char **into, const char *value)
{
	if (*value == '\0')
		return "it is empty";
	free(*into);
	*into = strdup(value);
	if (*into == NULL)
		return "out of memory";
	for (char *at = *into; *at != '\0'; at++) {
		if (*at == ',')
			*at = ':';
	}
	return NULL;
}

static const char *take_groups(void *into, const char *value)
{
	return take_list(&((struct load_plan *)into)->groups, value);
}

static const char *take_ciphers(void *into, const char *value)
{
	return take_list(&((struct load_plan *)into)->ciphers, value);
}

static const char *take_sigalgs(void *into, const char *value)
{
	return take_list(&((struct load_plan *)into)->sigalgs, value);
}

static const char *take_compress(void *into, const char *value)
{
	return certificate_decompression_parse(value, &((struct load_plan *)into)->compress);
}

static const char *take_ca(void *into, const char *value)
{
	((struct load_plan *)into)->ca = value;
	return NULL;
}

static const char *take_sni(void *into, const char *value)
{
	struct load_plan *plan = into;
	return value[0] == '@' ? server_names_add_file(&plan->names, value + 1) : server_names_add(&plan->names, value);
}

static const char *take_path(void *into, const char *value)
{
	((struct load_plan *)into)->path = value;
	if (value[0] != '/')
		return "it begins with a slash";
	for (const char *at = value; *at != '\0'; at++) {
		if (*at <= ' ' || *at >= 127)
			return "it holds a character that has to be percent-encoded";
	}
	return strlen(value) <= LOAD_MAX_PATH_CHARS ? NULL : "it is above 2000 characters";
}

static const char *take_request(void *into, const char *value)
{
	struct load_plan *plan = into;
	return request_kind_parse(value, &plan->request, &plan->request_bytes);
}

static const char *take_close(void *into, const char *value)
{
	static const struct {
		const char *name;
		enum close_manner manner;
	} manners[] = {{"quick", CLOSE_QUICK}, {"wait", CLOSE_WAIT}, {"reset", CLOSE_RESET}};
	for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
		((struct load_plan *)into)->close = manners[i].manner;
		if (strcmp(manners[i].name, value) == 0)
			return NULL;
	}
	return "it is quick, wait or reset";
}

static const struct option_row load_rows[] = {
    {"connections", 'c', "N", "Connections open at a time (default: 16)", take_connections},
    {"count", 'n', "N", "End after so many connections", take_count},
    {"duration", 'd', "TIME", "End after this time (default: 10s, where there is no --count)", take_duration},
    {"warm-up", 0, "TIME", "The same load before, that is not measured", take_warm_up},
    {"rate", 'r', "N",
     "Open loop: start N connections a second, whether or not the server keeps up; latency counts from "
     "the moment at which each was meant to start. Without it the loop is closed: the next connection starts "
     "when one has ended",
     take_rate},
    {"timeout", 0, "TIME", "Of one connection, from start to end (default: 10s)", take_timeout},
    {"threads", 't', "N", "Threads of this program (default: 1)", take_threads},
    {"pin", 0, "CPU", "Run on this CPU; repeatable, the threads take them in turn", take_pin},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct option_row tls_rows[] = {
    {"resume", 0, NULL, "Resume sessions: one full handshake a name and thread comes first, unmeasured", take_resume},
    {"tls", 0, "VERSION", "1.2 or 1.3 alone (default: the newest that the server has)", take_tls},
    {"groups", 0, "LIST", "Key exchange groups, the preferred first: X25519MLKEM768,X25519,P-256, say", take_groups},
    {"ciphers", 0, "LIST", "Cipher suites of TLS 1.2, in OpenSSL's names", take_ciphers},
    {"sigalgs", 0, "LIST", "Signature algorithms: ECDSA+SHA256,RSA-PSS+SHA256, say", take_sigalgs},
    {"compress", 0, "LIST", "Take compressed certificates (RFC 8879): brotli,zlib (default: none)", take_compress},
    {"sni", 0, "NAME",
     "Ask for this name (default: HOST); repeatable, and @FILE is a file of names, one a line: they are "
     "asked for in turn",
     take_sni},
    {"ca", 0, "FILE",
     "Verify the server's certificate, and the name in it, by the roots in this PEM file. Without it "
     "NOTHING is verified",
     take_ca},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct option_row request_rows[] = {
    {"request", 'q', "KIND",
     "What follows the handshake. none (the default); echo[:SIZE]: so many bytes (1) that the server "
     "sends back; http: one GET; bulk-down[:SIZE] and bulk-up[:SIZE]: so many bytes (16m) from or "
     "to the server, which knows the commands of bench/echo_backend",
     take_request},
    {"path", 0, "PATH", "What an http request asks for (default: /)", take_path},
    {"close", 0, "MANNER",
     "How a connection ends. quick (the default): close_notify, and closed at once; wait: the server's "
     "own end is awaited; reset: no close_notify, but a reset",
     take_close},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct option_row server_rows[] = {
    {"server-pid", 'p', "PID",
     "A process of the server on this machine: its CPU time is measured, all threads; repeatable", take_server_pid},
    {"server-children", 0, NULL, "And the processes that those have started", take_server_children},
    {"idle", 0, "N", "Open N connections, hold them, and tell the server's memory a connection (--server-pid)",
     take_idle},
    {"hold", 0, "TIME", "How long idle connections are held before it is read (default: 2s)", take_hold},
    {"json", 0, NULL, "One JSON document on stdout", take_json},
    {"quiet", 0, NULL, "No progress line", take_quiet},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct option_table option_tables[] = {
    {NULL, load_rows}, {"TLS", tls_rows}, {"Request", request_rows}, {"Server and output", server_rows}, {NULL, NULL}};

static const struct command_help help = {
    .program = "chainmend-bench",
    .usage = "Usage: chainmend-bench [OPTION]... HOST:PORT\n",
    .about = "Puts a TLS server under a load of handshakes, and tells how many it did, how long each took, what they\n"
	     "agreed on, why others failed, and what a handshake cost the server's CPU. For servers that are yours to\n"
	     "load.",
    .tables = option_tables,
    .after = "Sizes take k, m and g; times ms, s, m and h. Exit status: 0, everything succeeded; 1, something failed\n"
	     "(the figures are printed all the same); 64, wrong usage. SIGINT ends the run and prints what there is.\n",
};

static const char *check(struct load_plan *plan)
{
	if (plan->threads > plan->connections)
		return "--threads: there are fewer connections than threads";
	if (plan->idle > 0 && plan->num_server_pids == 0)
		return "--idle: whose memory? --server-pid tells";
	if (plan->idle > 0 && (plan->rate > 0 || plan->count > 0 || plan->duration_ms > 0))
		return "--idle goes without --rate, --count and --duration";
	if (plan->server_children && plan->num_server_pids == 0)
		return "--server-children: whose? --server-pid tells";
	return NULL;
}

static void set_defaults(struct load_plan *plan)
{
	if (plan->request_bytes == 0)
		plan->request_bytes = plan->request == REQUEST_ECHO ? 1 : LOAD_DEFAULT_BULK_BYTES;
	if (plan->request == REQUEST_NONE || plan->request == REQUEST_HTTP)
		plan->request_bytes = 0;
	if (plan->count == 0 && plan->duration_ms == 0)
		plan->duration_ms = LOAD_DEFAULT_DURATION_MS;
}

static enum options_outcome read_target(struct load_plan *plan, const char *text)
{
	struct config_address address = {.host = NULL};
	const char *wrong = value_parse_address(text, &address);

	if (wrong == NULL && strlen(address.host) > LOAD_MAX_HOST_CHARS)
		wrong = "the host's name is too long";
	if (wrong != NULL) {
		options_wrong(&help, "%s: %s", text, wrong);
	} else {
		snprintf(plan->host, sizeof(plan->host), "%s", address.host);
		plan->port = address.port;
		plan->target = text;
	}
	free(address.host);
	return wrong == NULL ? OPTIONS_TAKEN : OPTIONS_WRONG;
}

enum options_outcome load_options_read(struct load_plan *plan, int argc, char **argv)
{
	int operand = 0;

	*plan = (struct load_plan){
	    .connections = LOAD_DEFAULT_CONNECTIONS,
	    .timeout_ms = LOAD_DEFAULT_TIMEOUT_MS,
	    .hold_ms = LOAD_DEFAULT_HOLD_MS,
	    .threads = 1,
	    .path = "/",
	};
	enum options_outcome outcome = options_parse(&help, argc, argv, plan, &operand);
	if (outcome != OPTIONS_TAKEN)
		return outcome;
	if (operand != argc - 1) {
		options_wrong(&help,
			      operand == argc ? "which server? HOST:PORT" : "there is one server only, HOST:PORT");
		return OPTIONS_WRONG;
	}
	const char *wrong = check(plan);
	if (wrong != NULL) {
		options_wrong(&help, "%s", wrong);
		return OPTIONS_WRONG;
	}
	set_defaults(plan);
	return read_target(plan, argv[operand]);
}
