/* gauge - how noisy this machine is now: 400 ECDSA P-256 signatures, each timed by itself.
 *
 * They all cost the same, so that what is above the 10th percentile is somebody else's: another virtual machine, the
 * clock's frequency, interrupts. Quiet is p90/p10 below 1.03; figures of a noisy minute are no figures.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/ecdsa.h>
#include <openssl/nid.h>

enum { SIGNATURES = 400, WARM_UP = 40, DIGEST_BYTES = 32, EXIT_USAGE = 64 };

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int compare_times(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

/* Fills `out_times` in nanoseconds, smallest first; false when a signature could not be made. */
static bool time_signatures(int64_t *out_times)
{
	uint8_t digest[DIGEST_BYTES] = {1};
	EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
	bool ok = key != NULL && EC_KEY_generate_key(key);
	unsigned max = ok ? (unsigned)ECDSA_size(key) : 0;
	uint8_t *signature = ok ? malloc(max) : NULL;

	ok = ok && signature != NULL;
	for (int i = -WARM_UP; i < SIGNATURES && ok; i++) {
		unsigned length = max;
		int64_t before = now_ns();
		ok = ECDSA_sign(0, digest, sizeof(digest), signature, &length, key) == 1;
		if (i >= 0)
			out_times[i] = now_ns() - before;
	}
	free(signature);
	EC_KEY_free(key);
	if (ok)
		qsort(out_times, SIGNATURES, sizeof(out_times[0]), compare_times);
	return ok;
}

static double percentile_us(const int64_t *times, unsigned percent)
{
	unsigned place = (SIGNATURES - 1) * percent / 100;

	return (double)times[place] / 1000;
}

static int usage(FILE *out, int status)
{
	fprintf(out,
		"usage: gauge [--json]\n"
		"How noisy this machine is: %d P-256 signatures timed one by one. Quiet is p90/p10 below 1.03.\n",
		SIGNATURES);
	return status;
}

int main(int argc, char **argv)
{
	int64_t times[SIGNATURES];
	bool json = argc == 2 && strcmp(argv[1], "--json") == 0;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(stdout, EXIT_SUCCESS);
	if (argc > 1 && !json)
		return usage(stderr, EXIT_USAGE);
	if (!time_signatures(times)) {
		fprintf(stderr, "gauge: a signature could not be made: BoringSSL has no memory left\n");
		return EXIT_FAILURE;
	}
	double p10 = percentile_us(times, 10), p50 = percentile_us(times, 50), p90 = percentile_us(times, 90);
	printf(
	    json
		? "{\"signatures\": %d, \"p10_us\": %.2f, \"p50_us\": %.2f, \"p90_us\": %.2f, \"p90_over_p10\": %.3f}\n"
		: "%d P-256 signatures: p10 %.2f us, p50 %.2f us, p90 %.2f us, p90/p10 %.3f\n",
	    SIGNATURES, p10, p50, p90, p90 / p10);
	return EXIT_SUCCESS;
}
