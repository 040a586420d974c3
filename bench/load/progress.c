#include "bench/load/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/load/load_thread.h"

#define NS_PER_S 1e9

void progress_init(struct progress *progress, const struct load_plan *plan)
{
	*progress = (struct progress){.shown = !plan->quiet && isatty(STDERR_FILENO)};
}

void progress_begin(struct progress *progress, const struct load_phase *phase)
{
	progress->phase = phase;
	progress->last_ns = progress->last_handshakes = 0;
}

static const char *phase_name(enum phase_kind kind)
{
	switch (kind) {
	case PHASE_PRIME:
		return "sessions";
	case PHASE_WARM_UP:
		return "warm-up";
	case PHASE_HOLD:
		return "opening";
	default:
		return "measuring";
	}
}

void progress_show(struct progress *progress, const struct load_thread *threads, unsigned num_threads,
		   uint64_t elapsed_ns)
{
	uint64_t handshakes = 0, transactions = 0, failures = 0, active = 0;

	if (!progress->shown)
		return;
	for (unsigned i = 0; i < num_threads; i++) {
		const struct load_gauge *gauge = &threads[i].context.gauge;
		handshakes += atomic_load_explicit(&gauge->handshakes, memory_order_relaxed);
		transactions += atomic_load_explicit(&gauge->transactions, memory_order_relaxed);
		failures += atomic_load_explicit(&gauge->failures, memory_order_relaxed);
		active += atomic_load_explicit(&gauge->active, memory_order_relaxed);
	}
	double seconds = (double)(elapsed_ns - progress->last_ns) / NS_PER_S;
	double rate = seconds > 0 ? (double)(handshakes - progress->last_handshakes) / seconds : 0;
	fprintf(stderr,
		"\r\033[K%s %.1f s: %" PRIu64 " handshakes (%.0f/s), %" PRIu64 " transactions, %" PRIu64
		" failures, %" PRIu64 " open",
		phase_name(progress->phase->kind), (double)elapsed_ns / NS_PER_S, handshakes, rate, transactions,
		failures, active);
	if (progress->phase->duration_ms > 0)
		fprintf(stderr, ", of %.0f s", (double)progress->phase->duration_ms / 1000);
	else if (progress->phase->count > 0)
		fprintf(stderr, ", of %" PRIu64, progress->phase->count);
	fflush(stderr);
	progress->dirty = true;
	progress->last_ns = elapsed_ns;
	progress->last_handshakes = handshakes;
}

void progress_end(struct progress *progress)
{
	if (progress->dirty)
		fprintf(stderr, "\r\033[K");
	progress->dirty = false;
}
