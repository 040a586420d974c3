#include "bench/load/tally.h"

static void add_flight(struct tally *tally, uint64_t bytes)
{
	if (tally->flight_bytes == 0 || bytes < tally->flight_bytes_min)
		tally->flight_bytes_min = bytes;
	if (bytes > tally->flight_bytes_max)
		tally->flight_bytes_max = bytes;
	tally->flight_bytes += bytes;
}

void tally_add_handshake(struct tally *tally, const SSL *ssl, uint64_t took_ns, uint64_t flight_bytes)
{
	const char *group = SSL_get_group_name(SSL_get_group_id(ssl));
	const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);

	tally->handshakes++;
	tally->resumed += SSL_session_reused(ssl) ? 1 : 0;
	tally->hello_retries += SSL_used_hello_retry_request(ssl) ? 1 : 0;
	name_counts_add(&tally->versions, SSL_get_version(ssl), 1);
	name_counts_add(&tally->groups, group != NULL ? group : "none", 1);
	name_counts_add(&tally->ciphers, cipher != NULL ? SSL_CIPHER_standard_name(cipher) : "none", 1);
	histogram_add(&tally->handshake, took_ns);
	add_flight(tally, flight_bytes);
}

static void merge_flights(struct tally *into, const struct tally *from)
{
	if (from->flight_bytes == 0)
		return;
	if (into->flight_bytes == 0 || from->flight_bytes_min < into->flight_bytes_min)
		into->flight_bytes_min = from->flight_bytes_min;
	if (from->flight_bytes_max > into->flight_bytes_max)
		into->flight_bytes_max = from->flight_bytes_max;
	into->flight_bytes += from->flight_bytes;
}

void tally_merge(struct tally *into, const struct tally *from)
{
	into->transactions += from->transactions;
	into->handshakes += from->handshakes;
	into->resumed += from->resumed;
	into->hello_retries += from->hello_retries;
	into->compressed += from->compressed;
	into->tickets += from->tickets;
	into->bytes_down += from->bytes_down;
	into->bytes_up += from->bytes_up;
	into->missed += from->missed;
	merge_flights(into, from);
	name_counts_merge(&into->failures, &from->failures);
	name_counts_merge(&into->versions, &from->versions);
	name_counts_merge(&into->groups, &from->groups);
	name_counts_merge(&into->ciphers, &from->ciphers);
	histogram_merge(&into->handshake, &from->handshake);
	histogram_merge(&into->transaction, &from->transaction);
}
