/* limit - the least that a TLS terminator can cost: a handshake in memory, and a relay in plain TCP.
 *
 * Measures CPU time of the server's side alone. Compare with what a terminator spends a transaction in the same
 * minute, never with a figure of another day or machine.
 */
#include <locale.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "bench/limit/limit_options.h"
#include "bench/limit/relay_floor.h"
#include "bench/limit/slices.h"
#include "proxy/cli/exit_status.h"
#include "proxy/cli/output.h"

#define NS_PER_US 1e3
#define NS_PER_S 1e9
#define GIB (1024.0 * 1024 * 1024)
#define BULK_TRANSFERS 4 /* a slice */

struct figures {
	struct slices handshake_us;
	struct slices relay_us;
	struct slices limit_us; /* the two of each slice, added */
	struct slices down_s_per_gib;
	struct slices up_s_per_gib;
};

static void move_to(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static bool add_handshakes(const struct limit_options *options, const struct memory_peers *peers, double *out_us)
{
	int64_t total = 0;

	move_to(options->server_cpu);
	for (uint64_t i = 0; i < options->count; i++) {
		int64_t spent = memory_peers_shake_hands(peers);
		if (spent < 0) {
			complain_as("limit", "a handshake failed");
			return false;
		}
		total += spent;
	}
	*out_us = (double)total / (double)options->count / NS_PER_US;
	return true;
}

static bool measure_relay(const struct limit_options *options, struct relay_floor *floor, enum request_kind request,
			  struct floor_slice *out)
{
	bool bulk = request != REQUEST_ECHO;
	const struct load_plan plan = {
	    .request = request,
	    .request_bytes = bulk ? options->bulk_bytes : 1,
	    .connections = bulk ? 1 : (unsigned)options->connections,
	    .count = bulk ? BULK_TRANSFERS : 0,
	    .duration_ms = bulk ? 0 : options->slice_ms,
	};

	move_to(options->client_cpu);
	if (relay_floor_measure(floor, &plan, out))
		return true;
	complain_as("limit", "a transaction through the plain relay failed");
	return false;
}

static double cpu_s_per_gib(const struct floor_slice *slice)
{
	return (double)slice->relay_ns / NS_PER_S / ((double)slice->bytes / GIB);
}

static bool add_relay(const struct limit_options *options, struct relay_floor *floor, struct figures *figures,
		      double *out_us)
{
	struct floor_slice slice;

	if (!measure_relay(options, floor, REQUEST_ECHO, &slice))
		return false;
	*out_us = (double)slice.relay_ns / NS_PER_US / (double)slice.transactions;
	if (options->bulk_bytes == 0)
		return true;
	if (!measure_relay(options, floor, REQUEST_BULK_DOWN, &slice))
		return false;
	slices_add(&figures->down_s_per_gib, cpu_s_per_gib(&slice));
	if (!measure_relay(options, floor, REQUEST_BULK_UP, &slice))
		return false;
	slices_add(&figures->up_s_per_gib, cpu_s_per_gib(&slice));
	return true;
}

static bool run_slices(const struct limit_options *options, const struct memory_peers *peers, struct figures *figures)
{
	struct relay_floor floor;
	bool ok = true;

	if (!options->no_relay && !relay_floor_open(&floor, options->server_cpu, options->client_cpu)) {
		complain_as("limit", "the plain relay could not be started");
		ok = false;
	}
	for (uint64_t run = 0; run < options->runs && ok; run++) {
		double handshake_us = 0, relay_us = 0;

		ok = add_handshakes(options, peers, &handshake_us) &&
		     (options->no_relay || add_relay(options, &floor, figures, &relay_us));
		if (!ok)
			break;
		slices_add(&figures->handshake_us, handshake_us);
		slices_add(&figures->limit_us, handshake_us + relay_us);
		if (!options->no_relay)
			slices_add(&figures->relay_us, relay_us);
		if (!options->json)
			printf("slice %u: handshake %.1f us, relay %.1f us\n", (unsigned)run + 1, handshake_us,
			       relay_us);
	}
	if (!options->no_relay)
		relay_floor_close(&floor);
	return ok;
}

static const char *key_name(const struct limit_options *options)
{
	if (options->kind.certificate != NULL)
		return "the certificate given";
	return options->kind.rsa ? "RSA-2048" : "ECDSA P-256";
}

static void print_text(const struct limit_options *options, const struct figures *figures)
{
	printf("medians of %zu slices: handshake in memory %.1f us", figures->handshake_us.count,
	       slices_median(&figures->handshake_us));
	if (!options->no_relay)
		printf(" + plain relay %.1f us = limit %.1f us", slices_median(&figures->relay_us),
		       slices_median(&figures->handshake_us) + slices_median(&figures->relay_us));
	printf("\n");
	if (options->bulk_bytes > 0)
		printf("bulk without TLS: %.3f CPU s a GiB from backend to client, %.3f the other way\n",
		       slices_median(&figures->down_s_per_gib), slices_median(&figures->up_s_per_gib));
}

static json_t *json_of(const struct slices *slices)
{
	json_t *object = json_object();
	json_t *list = json_array();

	if (slices->count == 0) {
		json_decref(object);
		json_decref(list);
		return json_null();
	}
	for (size_t i = 0; i < slices->count; i++)
		json_array_append_new(list, json_real(slices->figures[i]));
	json_object_set_new(object, "median", json_real(slices_median(slices)));
	json_object_set_new(object, "p10", json_real(slices_quantile(slices, 0.1)));
	json_object_set_new(object, "p90", json_real(slices_quantile(slices, 0.9)));
	json_object_set_new(object, "slices", list);
	return object;
}

static bool print_json(const struct limit_options *options, const struct figures *figures)
{
	json_t *document = json_object();
	double relay_us = slices_median(&figures->relay_us);

	json_object_set_new(document, "boringssl_api_version", json_integer(BORINGSSL_API_VERSION));
	json_object_set_new(document, "key", json_string(key_name(options)));
	json_object_set_new(document, "tls", json_string(options->kind.version == TLS1_3_VERSION ? "1.3" : "1.2"));
	json_object_set_new(document, "resumed", json_boolean(options->kind.resumed));
	json_object_set_new(document, "groups", options->groups != NULL ? json_string(options->groups) : json_null());
	json_object_set_new(document, "limit_us",
			    options->no_relay ? json_null()
					      : json_real(slices_median(&figures->handshake_us) + relay_us));
	json_object_set_new(document, "handshake_us", json_of(&figures->handshake_us));
	json_object_set_new(document, "relay_us", json_of(&figures->relay_us));
	json_object_set_new(document, "limit_slices_us", options->no_relay ? json_null() : json_of(&figures->limit_us));
	json_object_set_new(document, "bulk_down_cpu_s_per_gib", json_of(&figures->down_s_per_gib));
	json_object_set_new(document, "bulk_up_cpu_s_per_gib", json_of(&figures->up_s_per_gib));
	bool ok = json_dumpf(document, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) == 0;
	printf("\n");
	json_decref(document);
	return ok;
}

static int measure(const struct limit_options *options)
{
	struct memory_peers peers;
	struct figures *figures = calloc(1, sizeof(*figures));
	int status = STATUS_FAILED;

	const char *wrong = memory_peers_init(&peers, &options->kind);
	if (wrong == NULL && figures == NULL)
		wrong = "there is no memory";
	if (wrong != NULL) {
		complain_as("limit", "%s", wrong);
		goto out;
	}
	if (!options->json)
		printf("server CPU of a %s handshake: %s, TLS %s, BoringSSL API version %d\n",
		       options->kind.resumed ? "resumed" : "full", key_name(options),
		       options->kind.version == TLS1_3_VERSION ? "1.3" : "1.2", BORINGSSL_API_VERSION);
	if (!run_slices(options, &peers, figures))
		goto out;
	if (!options->json)
		print_text(options, figures);
	else if (!print_json(options, figures))
		goto out;
	status = output_finish() ? STATUS_OK : STATUS_FAILED;
out:
	memory_peers_cleanup(&peers);
	free(figures);
	return status;
}

int main(int argc, char **argv)
{
	struct limit_options options;
	int status = STATUS_USAGE;

	setlocale(LC_CTYPE, "");
	switch (limit_options_read(&options, argc, argv)) {
	case LIMIT_READ:
		status = measure(&options);
		break;
	case LIMIT_HELP_PRINTED:
		status = output_finish() ? STATUS_OK : STATUS_FAILED;
		break;
	case LIMIT_WRONG:
		break;
	}
	limit_options_cleanup(&options);
	return status;
}
