#include "bench/load/load_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "proxy/cli/output.h"

#define NS_PER_S 1e9
#define NS_PER_US 1e3
#define MIN_TOLD_BYTES 100000 /* of payload: below, there was no bulk */
#define KIB 1024.0
#define MIB (1024.0 * 1024)

static void print_latency(const struct output *output, const char *name, const struct histogram *histogram)
{
	static const double quantiles[] = {0.5, 0.9, 0.99, 0.999};

	if (histogram->count == 0)
		return;
	fprintf(output->file, "  %-14s", name);
	fprintf(output->file, "%10.0f", (double)histogram->min_ns / NS_PER_US);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		fprintf(output->file, "%10.0f", (double)histogram_quantile_ns(histogram, quantiles[i]) / NS_PER_US);
	fprintf(output->file, "%10.0f\n", (double)histogram->max_ns / NS_PER_US);
}

static void print_counts(const struct output *output, const char *heading, const struct name_counts *counts)
{
	if (counts->num_rows == 0)
		return;
	fprintf(output->file, "  %-14s", heading);
	for (size_t i = 0; i < counts->num_rows; i++)
		fprintf(output->file, "%s%s %" PRIu64, i > 0 ? ", " : "", counts->rows[i].name, counts->rows[i].count);
	fprintf(output->file, "\n");
}

static void print_rates(const struct output *output, const struct load_result *result)
{
	const struct tally *tally = &result->tally;
	double seconds = result->seconds > 0 ? result->seconds : 1;

	fprintf(output->file, "  %-14s%" PRIu64 " in %.2f s, %.1f a second", "handshakes", tally->handshakes,
		result->seconds, (double)tally->handshakes / seconds);
	fprintf(output->file, " (%" PRIu64 " resumed)\n", tally->resumed);
	if (tally->transactions > 0)
		fprintf(output->file, "  %-14s%" PRIu64 ", %.1f a second\n", "transactions", tally->transactions,
			(double)tally->transactions / seconds);
	if (tally->bytes_down + tally->bytes_up >= MIN_TOLD_BYTES)
		fprintf(output->file, "  %-14s%.1f MiB down (%.1f a second), %.1f MiB up (%.1f a second)\n", "payload",
			(double)tally->bytes_down / MIB, (double)tally->bytes_down / MIB / seconds,
			(double)tally->bytes_up / MIB, (double)tally->bytes_up / MIB / seconds);
	if (tally->handshakes > 0)
		fprintf(output->file, "  %-14s%.0f bytes (%" PRIu64 " to %" PRIu64 ")\n", "server flight",
			(double)tally->flight_bytes / (double)tally->handshakes, tally->flight_bytes_min,
			tally->flight_bytes_max);
	if (tally->compressed > 0)
		fprintf(output->file, "  %-14s%" PRIu64 " certificate messages\n", "compressed", tally->compressed);
}

static void print_cpu(const struct output *output, const struct load_result *result)
{
	const struct tally *tally = &result->tally;
	double us = (double)result->server_cpu_ns / NS_PER_US;

	if (!result->has_server_cpu)
		return;
	fprintf(output->file, "  %-14s%.3f s", "server CPU", (double)result->server_cpu_ns / NS_PER_S);
	if (tally->handshakes > 0)
		fprintf(output->file, ", %.1f us a handshake", us / (double)tally->handshakes);
	if (tally->transactions > 0)
		fprintf(output->file, ", %.1f us a transaction", us / (double)tally->transactions);
	fprintf(output->file, "\n");
	if (result->lost_processes > 0)
		output_printf(output, STYLE_WARNING,
			      "  %zu of its processes ended meanwhile: their CPU time is missing\n",
			      result->lost_processes);
}

static void print_memory(const struct output *output, const struct load_result *result)
{
	double held = (double)result->held;
	double pss = (double)result->after.pss_bytes - (double)result->before.pss_bytes;
	double private = (double)result->after.private_bytes - (double)result->before.private_bytes;

	if (!result->has_memory)
		return;
	fprintf(output->file, "  %-14s%" PRIu64 " connections at once\n", "held", result->held);
	fprintf(output->file, "  %-14s%.1f MiB before, %.1f MiB with them (PSS; RSS %.1f and %.1f MiB)\n",
		"server memory", (double)result->before.pss_bytes / MIB, (double)result->after.pss_bytes / MIB,
		(double)result->before.rss_bytes / MIB, (double)result->after.rss_bytes / MIB);
	if (result->held > 0)
		fprintf(output->file, "  %-14s%.2f KiB (private memory: %.2f KiB)\n", "a connection", pss / held / KIB,
			private / held / KIB);
}

static void print_remarks(const struct output *output, const struct load_result *result)
{
	const struct tally *tally = &result->tally;

	if (tally->hello_retries > 0)
		output_printf(output, STYLE_WARNING, "  %" PRIu64 " handshakes began with a HelloRetryRequest\n",
			      tally->hello_retries);
	if (tally->missed > 0)
		output_printf(output, STYLE_WARNING,
			      "  %" PRIu64 " starts never took place: the rate is above what server or client can do\n",
			      tally->missed);
	if (result->gave_up)
		output_printf(output, STYLE_BAD, "  ended early: everything failed\n");
	if (result->interrupted)
		output_printf(output, STYLE_WARNING, "  interrupted: these are the figures up to then\n");
}

void load_report_print(const struct load_plan *plan, const struct load_result *result)
{
	struct output output;
	const struct tally *tally = &result->tally;

	output_init(&output, stdout);
	output_printf(&output, STYLE_BOLD, "%s (%s)\n", plan->target, result->address);
	print_rates(&output, result);
	print_counts(&output, "version", &tally->versions);
	print_counts(&output, "group", &tally->groups);
	print_counts(&output, "cipher", &tally->ciphers);
	print_cpu(&output, result);
	print_memory(&output, result);
	if (tally->handshake.count > 0) {
		output_printf(&output, STYLE_BOLD, "  %-14s%10s%10s%10s%10s%10s%10s\n", "latency, us", "min", "p50",
			      "p90", "p99", "p99.9", "max");
		print_latency(&output, "handshake", &tally->handshake);
		print_latency(&output, "transaction", &tally->transaction);
	}
	if (tally->failures.num_rows > 0) {
		output_printf(&output, STYLE_BAD, "  %-14s%" PRIu64 "\n", "failures",
			      name_counts_total(&tally->failures));
		for (size_t i = 0; i < tally->failures.num_rows; i++)
			fprintf(output.file, "    %-28s%" PRIu64 "\n", tally->failures.rows[i].name,
				tally->failures.rows[i].count);
	}
	print_remarks(&output, result);
}
