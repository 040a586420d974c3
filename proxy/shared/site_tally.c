#include "proxy/shared/site_tally.h"

#include <stdlib.h>
#include <string.h>

enum { CACHE_LINE = 64 };

struct site_tally {
	atomic_uint references;
	unsigned num_workers;
	size_t num_backends;
	size_t stride; /* from one worker's part to the next one's, in bytes */
	struct traffic_history history;
	uint8_t *parts; /* num_workers of them, each on cache lines of its own */
};

const char *tally_version_name(enum tally_version version)
{
	static const char *const names[] = {
#define X(id, word) [id] = (word),
	    TALLY_VERSIONS(X)
#undef X
	};
	return names[version];
}

const char *tally_group_name(enum tally_group group)
{
	static const char *const names[] = {
#define X(id, number, word) [id] = (word),
	    TALLY_GROUPS(X)
#undef X
	};
	return names[group];
}

const char *tally_alert_name(enum tally_alert alert)
{
	static const char *const names[] = {
#define X(id, number, word) [id] = (word),
	    TALLY_ALERTS(X)
#undef X
	};
	return names[alert];
}

bool tally_alert_is_rejection(enum tally_alert alert)
{
	return alert <= TALLY_UNKNOWN_CA;
}

static enum tally_group group_of(uint16_t id)
{
	switch (id) {
#define X(group, number, word)                                                                                         \
	case number:                                                                                                   \
		return group;
		TALLY_GROUPS(X)
#undef X
	}
	return TALLY_GROUP_OTHER;
}

enum tally_alert tally_alert_of(uint8_t number)
{
	switch (number) {
#define X(alert, value, word)                                                                                          \
	case value:                                                                                                    \
		return alert;
		TALLY_ALERTS(X)
#undef X
	}
	return TALLY_ALERT_OTHER;
}

static enum tally_version version_of(int version)
{
	if (version <= TLS1_VERSION)
		return TALLY_TLS_1_0;
	return version >= TLS1_3_VERSION ? TALLY_TLS_1_3 : (enum tally_version)(version - TLS1_VERSION);
}

struct site_tally *site_tally_new(unsigned num_workers, size_t num_backends)
{
	struct site_tally *tally = calloc(1, sizeof(*tally));
	if (tally == NULL)
		return NULL;
	atomic_init(&tally->references, 1);
	tally->num_workers = num_workers;
	tally->num_backends = num_backends < SITE_TALLY_MAX_BACKENDS ? num_backends : SITE_TALLY_MAX_BACKENDS;
	size_t bytes = sizeof(struct site_counts) + tally->num_backends * sizeof(struct backend_counts);
	tally->stride = (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
	tally->parts = aligned_alloc(CACHE_LINE, tally->stride * num_workers);
	if (tally->parts == NULL) {
		free(tally);
		return NULL;
	}
	memset(tally->parts, 0, tally->stride * num_workers);
	for (unsigned i = 0; i < num_workers; i++)
		site_tally_counts(tally, i)->num_backends = tally->num_backends;
	return tally;
}

struct site_tally *site_tally_ref(struct site_tally *tally)
{
	atomic_fetch_add_explicit(&tally->references, 1, memory_order_relaxed);
	return tally;
}

struct site_tally *site_tally_continue(struct site_tally *former, bool same_backends, unsigned num_workers,
				       size_t num_backends)
{
	if (former != NULL && same_backends)
		return site_tally_ref(former);
	struct site_tally *tally = site_tally_new(num_workers, num_backends);
	if (tally != NULL && former != NULL)
		traffic_history_continue(&tally->history, &former->history);
	return tally;
}

void site_tally_unref(struct site_tally *tally)
{
	if (tally == NULL || atomic_fetch_sub_explicit(&tally->references, 1, memory_order_acq_rel) != 1)
		return;
	free(tally->parts);
	free(tally);
}

static uint8_t *part(const struct site_tally *tally, unsigned worker)
{
	return tally->parts + tally->stride * worker;
}

struct site_counts *site_tally_counts(struct site_tally *tally, unsigned worker)
{
	return (struct site_counts *)(void *)part(tally, worker);
}

struct traffic_history *site_tally_history(struct site_tally *tally)
{
	return &tally->history;
}

void site_counts_handshake(struct site_counts *counts, const SSL *ssl)
{
	enum tally_version version = version_of(SSL_version(ssl));
	enum tally_group group = group_of(SSL_get_group_id(ssl));

	counters_add(&counts->done[version][group][SSL_session_reused(ssl) ? 1 : 0], 1);
	counters_add(&counts->handshakes, 1);
}

void site_counts_alert(struct site_counts *counts, uint8_t alert)
{
	enum tally_alert kind = tally_alert_of(alert);

	counters_add(&counts->alerts[kind], 1);
	if (tally_alert_is_rejection(kind))
		counters_add(&counts->rejected, 1);
}

void site_counts_connect(struct site_counts *counts, size_t backend)
{
	if (backend < counts->num_backends)
		counters_add(&counts->backends[backend].connects, 1);
}

void site_counts_backend(struct site_counts *counts, size_t backend, bool good, uint64_t now_ms)
{
	if (backend >= counts->num_backends)
		return;
	struct backend_counts *of = &counts->backends[backend];
	atomic_store_explicit(good ? &of->good_ms : &of->failed_ms, now_ms, memory_order_relaxed);
	if (!good)
		counters_add(&of->failures, 1);
}

static uint64_t read_counter(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static void take_latest(uint64_t *latest, const _Atomic uint64_t *counter)
{
	uint64_t value = read_counter(counter);
	if (value > *latest)
		*latest = value;
}

static void add_backends(struct site_sum *sum, const struct site_counts *counts)
{
	for (size_t i = 0; i < counts->num_backends; i++) {
		const struct backend_counts *of = &counts->backends[i];

#define X(field, ...) sum->backends[i].field += read_counter(&of->field);
		BACKEND_COUNTERS(X)
#undef X
		take_latest(&sum->backends[i].good_ms, &of->good_ms);
		take_latest(&sum->backends[i].failed_ms, &of->failed_ms);
	}
}

static void add_handshakes(struct site_sum *sum, const struct site_counts *counts)
{
	for (size_t version = 0; version < NUM_TALLY_VERSIONS; version++) {
		for (size_t group = 0; group < NUM_TALLY_GROUPS; group++) {
			uint64_t full = read_counter(&counts->done[version][group][0]);
			uint64_t resumed = read_counter(&counts->done[version][group][1]);

			sum->done[version][group][0] += full;
			sum->done[version][group][1] += resumed;
			sum->handshakes += full + resumed;
			sum->resumed += resumed;
		}
	}
}

void site_tally_sum(const struct site_tally *tally, struct site_sum *out)
{
	*out = (struct site_sum){.num_backends = tally->num_backends};
	for (unsigned i = 0; i < tally->num_workers; i++) {
		const struct site_counts *counts = (const struct site_counts *)(const void *)part(tally, i);

		add_handshakes(out, counts);
		add_backends(out, counts);
		for (size_t alert = 0; alert < NUM_TALLY_ALERTS; alert++)
			out->alerts[alert] += read_counter(&counts->alerts[alert]);
#define X(field, ...) out->field += read_counter(&counts->field);
		SITE_COUNTERS(X)
#undef X
	}
}

struct traffic_sample site_tally_sample(const struct site_tally *tally)
{
	struct traffic_sample sample = {0};

	for (unsigned i = 0; i < tally->num_workers; i++) {
		const struct site_counts *counts = (const struct site_counts *)(const void *)part(tally, i);

		sample.handshakes += read_counter(&counts->handshakes);
		sample.rejected += read_counter(&counts->rejected);
		sample.failed += read_counter(&counts->failed) + read_counter(&counts->timed_out);
	}
	return sample;
}
