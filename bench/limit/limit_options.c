#include "bench/limit/limit_options.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/limit/slices.h"
#include "conf/values.h"
#include "proxy/cli/options.h"

#define MAX_COUNT 1000000
#define MAX_CONNECTIONS 10000
#define MAX_SLICE_MS 60000
#define MAX_BULK_BYTES (UINT64_C(1) << 36)

static const char *take_within(const char *value, uint64_t max, uint64_t *out)
{
	const char *wrong = value_parse_count(value, out);
	if (wrong != NULL)
		return wrong;
	return *out >= 1 && *out <= max ? NULL : "it is out of bounds";
}

static const char *take_key(void *into, const char *value)
{
	((struct limit_options *)into)->kind.rsa = strcmp(value, "rsa") == 0;
	return strcmp(value, "rsa") == 0 || strcmp(value, "ecdsa") == 0 ? NULL : "it is ecdsa or rsa";
}

static const char *take_tls(void *into, const char *value)
{
	((struct limit_options *)into)->kind.version = strcmp(value, "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
	return strcmp(value, "1.2") == 0 || strcmp(value, "1.3") == 0 ? NULL : "it is 1.2 or 1.3";
}

static const char *take_resumed(void *into, const char *value)
{
	(void)value;
	((struct limit_options *)into)->kind.resumed = true;
	return NULL;
}

/* Commas are as good as colons. */
static const char *take_groups(void *into, const char *value)
{
	struct limit_options *options = into;
	free(options->groups);
	options->kind.groups = options->groups = strdup(value);
	if (options->groups == NULL)
		return "out of memory";
	for (char *at = options->groups; *at != '\0'; at++) {
		if (*at == ',')
			*at = ':';
	}
	return *value != '\0' ? NULL : "it is empty";
}

static const char *take_certificate(void *into, const char *value)
{
	((struct limit_options *)into)->kind.certificate = value;
	return NULL;
}

static const char *take_private_key(void *into, const char *value)
{
	((struct limit_options *)into)->kind.private_key = value;
	return NULL;
}

static const char *take_count(void *into, const char *value)
{
	return take_within(value, MAX_COUNT, &((struct limit_options *)into)->count);
}

static const char *take_runs(void *into, const char *value)
{
	return take_within(value, SLICES_MAX, &((struct limit_options *)into)->runs);
}

static const char *take_connections(void *into, const char *value)
{
	return take_within(value, MAX_CONNECTIONS, &((struct limit_options *)into)->connections);
}

static const char *take_slice(void *into, const char *value)
{
	struct limit_options *options = into;
	const char *wrong = value_parse_time(value, &options->slice_ms);
	if (wrong != NULL)
		return wrong;
	return options->slice_ms >= 1 && options->slice_ms <= MAX_SLICE_MS ? NULL : "it is from 1ms to 1m";
}

static const char *take_bulk(void *into, const char *value)
{
	struct limit_options *options = into;
	const char *wrong = value_parse_size(value, &options->bulk_bytes);
	if (wrong != NULL)
		return wrong;
	return options->bulk_bytes >= 1 && options->bulk_bytes <= MAX_BULK_BYTES ? NULL : "it is from 1 byte to 64g";
}

/* Reads one number that ends at `sign`; CPU_SETSIZE where no CPU can have it. */
static bool read_cpu(const char *text, char sign, int *out, char **out_end)
{
	long cpu = strtol(text, out_end, 10);

	*out = cpu >= 0 && cpu < CPU_SETSIZE ? (int)cpu : CPU_SETSIZE;
	return *out_end != text && **out_end == sign;
}

static const char *take_cpus(void *into, const char *value)
{
	struct limit_options *options = into;
	cpu_set_t set;
	char *end;

	CPU_ZERO(&set);
	if (!read_cpu(value, ',', &options->server_cpu, &end) || !read_cpu(end + 1, '\0', &options->client_cpu, &end))
		return "it is two numbers: 0,1";
	if (options->server_cpu >= CPU_SETSIZE || options->client_cpu >= CPU_SETSIZE ||
	    sched_getaffinity(0, sizeof(set), &set) != 0 || !CPU_ISSET((size_t)options->server_cpu, &set) ||
	    !CPU_ISSET((size_t)options->client_cpu, &set))
		return "there is no such CPU here (the first is 0), or it is not ours to use";
	return NULL;
}

static const char *take_no_relay(void *into, const char *value)
{
	(void)value;
	((struct limit_options *)into)->no_relay = true;
	return NULL;
}

static const char *take_json(void *into, const char *value)
{
	(void)value;
	((struct limit_options *)into)->json = true;
	return NULL;
}

static const struct option_row handshake_rows[] = {
    {"key", 0, "KIND", "ecdsa (P-256, the default) or rsa (2048 bits); made for the run", take_key},
    {"tls", 0, "VERSION", "1.3 (the default) or 1.2", take_tls},
    {"resumed", 0, NULL, "Resumed handshakes in place of full ones", take_resumed},
    {"groups", 0, "LIST", "Key exchange groups that the client offers", take_groups},
    {"certificate", 0, "FILE", "A chain in PEM to serve, with --private-key, in place of one that is made",
     take_certificate},
    {"private-key", 0, "FILE", "Its key in PEM", take_private_key},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct option_row run_rows[] = {
    {"runs", 'r', "N", "Slices (default: 7); their medians count", take_runs},
    {"count", 'n', "N", "Handshakes a slice (default: 500)", take_count},
    {"slice", 0, "TIME", "How long a slice of the relay is (default: 200ms)", take_slice},
    {"connections", 'c', "N", "Connections at a time through the relay (default: 16)", take_connections},
    {"bulk", 0, "SIZE", "Measure transfers of this size through the relay too, both ways", take_bulk},
    {"cpus", 0, "S,C", "The server's side on CPU S, client and backend on CPU C", take_cpus},
    {"no-relay", 0, NULL, "The handshake alone", take_no_relay},
    {"json", 0, NULL, "One JSON document on stdout", take_json},
    {NULL, 0, NULL, NULL, NULL},
};

static const struct option_table tables[] = {{"Handshake", handshake_rows}, {"Runs", run_rows}, {NULL, NULL}};

static const struct command_help help = {
    .program = "limit",
    .usage = "Usage: limit [OPTION]...\n",
    .about =
	"What a TLS terminator costs at the very least: the server's CPU time of a handshake, BoringSSL against "
	"itself in\n"
	"memory, and of the same relay in plain TCP (connect, one byte to the backend and back, close), in one run.",
    .tables = tables,
};

enum limit_outcome limit_options_read(struct limit_options *options, int argc, char **argv)
{
	int operand = 0;

	*options = (struct limit_options){
	    .kind = {.version = TLS1_3_VERSION},
	    .count = 500,
	    .runs = 7,
	    .slice_ms = 200,
	    .connections = 16,
	    .server_cpu = -1,
	    .client_cpu = -1,
	};
	switch (options_parse(&help, argc, argv, options, &operand)) {
	case OPTIONS_HELP_PRINTED:
		return LIMIT_HELP_PRINTED;
	case OPTIONS_WRONG:
	case OPTIONS_NO_MEMORY:
		return LIMIT_WRONG;
	case OPTIONS_TAKEN:
		break;
	}
	const char *wrong = NULL;
	if (operand != argc)
		wrong = "it takes options alone";
	else if ((options->kind.certificate == NULL) != (options->kind.private_key == NULL))
		wrong = "--certificate and --private-key go together";
	else if (options->no_relay && options->bulk_bytes > 0)
		wrong = "--bulk goes through the relay: it cannot stand with --no-relay";
	if (wrong != NULL)
		options_wrong(&help, "%s", wrong);
	return wrong == NULL ? LIMIT_READ : LIMIT_WRONG;
}

void limit_options_cleanup(struct limit_options *options)
{
	free(options->groups);
}
