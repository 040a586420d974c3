#include "bench/load/load_json.h"

#include <math.h>

#include <jansson.h>
#include <openssl/ssl.h>

#define NS_PER_S 1e9
#define NS_PER_US 1e3
#define MIN_GIB 0.001 /* below, there was no bulk */

/* Rounds to three places: the rest is noise. */
static json_t *number(double value)
{
	return json_real(round(value * 1000) / 1000);
}

static json_t *per(double total, uint64_t count)
{
	return count > 0 ? number(total / (double)count) : json_null();
}

static json_t *counts_of(const struct name_counts *counts)
{
	json_t *object = json_object();

	for (size_t i = 0; i < counts->num_rows; i++)
		json_object_set_new(object, counts->rows[i].name, json_integer((json_int_t)counts->rows[i].count));
	return object;
}

static json_t *latency_of(const struct histogram *histogram)
{
	static const struct {
		const char *name;
		double quantile;
	} rows[] = {{"p50", 0.5}, {"p75", 0.75}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}};
	json_t *object = json_object();

	json_object_set_new(object, "min", number((double)histogram->min_ns / NS_PER_US));
	json_object_set_new(object, "mean", number(histogram_mean_ns(histogram) / NS_PER_US));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double ns = (double)histogram_quantile_ns(histogram, rows[i].quantile);
		json_object_set_new(object, rows[i].name, number(ns / NS_PER_US));
	}
	json_object_set_new(object, "max", number((double)histogram->max_ns / NS_PER_US));
	return object;
}

static void add_counts(json_t *document, const struct load_result *result)
{
	const struct tally *tally = &result->tally;
	const struct {
		const char *name;
		uint64_t count;
	} rows[] = {
	    {"transactions", tally->transactions},
	    {"handshakes", tally->handshakes},
	    {"resumed", tally->resumed},
	    {"hello_retry_requests", tally->hello_retries},
	    {"compressed_certificates", tally->compressed},
	    {"missed_starts", tally->missed},
	    {"bytes_down", tally->bytes_down},
	    {"bytes_up", tally->bytes_up},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		json_object_set_new(document, rows[i].name, json_integer((json_int_t)rows[i].count));
	json_object_set_new(document, "failures_total", json_integer((json_int_t)name_counts_total(&tally->failures)));
	json_object_set_new(document, "failures", counts_of(&tally->failures));
	json_object_set_new(document, "versions", counts_of(&tally->versions));
	json_object_set_new(document, "groups", counts_of(&tally->groups));
	json_object_set_new(document, "ciphers", counts_of(&tally->ciphers));
}

static void add_rates(json_t *document, const struct load_result *result)
{
	const struct tally *tally = &result->tally;
	double seconds = result->seconds > 0 ? result->seconds : 1;
	json_t *latency = json_object();

	json_object_set_new(document, "handshakes_per_second", number((double)tally->handshakes / seconds));
	json_object_set_new(document, "transactions_per_second", number((double)tally->transactions / seconds));
	json_object_set_new(document, "bytes_down_per_second", number((double)tally->bytes_down / seconds));
	json_object_set_new(document, "bytes_up_per_second", number((double)tally->bytes_up / seconds));
	json_object_set_new(latency, "handshake", latency_of(&tally->handshake));
	json_object_set_new(latency, "transaction", latency_of(&tally->transaction));
	json_object_set_new(document, "latency_us", latency);
	json_object_set_new(document, "server_flight_bytes", per((double)tally->flight_bytes, tally->handshakes));
	json_object_set_new(document, "server_flight_bytes_min", json_integer((json_int_t)tally->flight_bytes_min));
	json_object_set_new(document, "server_flight_bytes_max", json_integer((json_int_t)tally->flight_bytes_max));
}

static void add_cpu(json_t *document, const struct load_result *result)
{
	const struct tally *tally = &result->tally;
	double ns = (double)result->server_cpu_ns;
	double gib = (double)(tally->bytes_down + tally->bytes_up) / (1024.0 * 1024 * 1024);
	bool has = result->has_server_cpu;

	json_object_set_new(document, "server_cpu_s", has ? json_real(ns / NS_PER_S) : json_null());
	json_object_set_new(document, "server_cpu_us_per_handshake",
			    has ? per(ns / NS_PER_US, tally->handshakes) : json_null());
	json_object_set_new(document, "server_cpu_us_per_transaction",
			    has ? per(ns / NS_PER_US, tally->transactions) : json_null());
	json_object_set_new(document, "server_cpu_s_per_gib",
			    has && gib > MIN_GIB ? number(ns / NS_PER_S / gib) : json_null());
	json_object_set_new(document, "server_processes_lost", json_integer((json_int_t)result->lost_processes));
	json_object_set_new(document, "client_cpu_us_per_transaction",
			    per((double)result->client_cpu_ns / NS_PER_US, tally->transactions));
}

static json_t *memory_of(const struct server_memory *memory)
{
	json_t *object = json_object();

	json_object_set_new(object, "rss_bytes", json_integer((json_int_t)memory->rss_bytes));
	json_object_set_new(object, "pss_bytes", json_integer((json_int_t)memory->pss_bytes));
	json_object_set_new(object, "private_bytes", json_integer((json_int_t)memory->private_bytes));
	return object;
}

static void add_memory(json_t *document, const struct load_result *result)
{
	json_t *memory = json_object();
	double grown = (double)result->after.pss_bytes - (double)result->before.pss_bytes;
	double private_grown = (double)result->after.private_bytes - (double)result->before.private_bytes;

	json_object_set_new(memory, "held", json_integer((json_int_t)result->held));
	json_object_set_new(memory, "before", memory_of(&result->before));
	json_object_set_new(memory, "held_all", memory_of(&result->after));
	json_object_set_new(memory, "pss_bytes_per_connection", per(grown, result->held));
	json_object_set_new(memory, "private_bytes_per_connection", per(private_grown, result->held));
	json_object_set_new(document, "server_memory", result->has_memory ? memory : json_null());
	if (!result->has_memory)
		json_decref(memory);
}

static void add_plan(json_t *document, const struct load_plan *plan)
{
	json_object_set_new(document, "tool", json_string("chainmend-bench " CHAINMEND_VERSION));
	json_object_set_new(document, "boringssl_api_version", json_integer(BORINGSSL_API_VERSION));
	json_object_set_new(document, "request", json_string(request_kind_name(plan->request)));
	json_object_set_new(document, "request_bytes", json_integer((json_int_t)plan->request_bytes));
	json_object_set_new(document, "connections", json_integer(plan->connections));
	json_object_set_new(document, "threads", json_integer(plan->threads));
	json_object_set_new(document, "rate", plan->rate > 0 ? json_real(plan->rate) : json_null());
	json_object_set_new(document, "resume", json_boolean(plan->resume));
	json_object_set_new(document, "verified", json_boolean(plan->ca != NULL));
}

bool load_json_print(const struct load_plan *plan, const struct load_result *result)
{
	json_t *document = json_object();

	json_object_set_new(document, "target", json_string(plan->target));
	json_object_set_new(document, "address", json_string(result->address));
	add_plan(document, plan);
	json_object_set_new(document, "seconds", number(result->seconds));
	json_object_set_new(document, "interrupted", json_boolean(result->interrupted));
	json_object_set_new(document, "gave_up", json_boolean(result->gave_up));
	add_counts(document, result);
	add_rates(document, result);
	add_cpu(document, result);
	add_memory(document, result);
	bool ok = json_dumpf(document, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) == 0;
	printf("\n");
	json_decref(document);
	return ok;
}
