#include "proxy/clients/rejection_rise.h"

#include <stdbool.h>

static double rate_of(const struct rejection_side *side)
{
	return side->handshakes > 0 ? (double)side->rejected / (double)side->handshakes : 0;
}

/* Squared on both sides, which needs no square root; the caller knows that the rate has risen. */
static bool is_beyond_chance(const struct rejection_side *before, const struct rejection_side *after)
{
	double num_before = (double)before->handshakes;
	double num_after = (double)after->handshakes;
	double pooled = (double)(before->rejected + after->rejected) / (num_before + num_after);
	double variance = pooled * (1 - pooled) * (1 / num_before + 1 / num_after);
	double difference = rate_of(after) - rate_of(before);

	return difference * difference >= RISE_MIN_DEVIATIONS * RISE_MIN_DEVIATIONS * variance;
}

static bool is_known(const struct rejection_side *before, const struct rejection_side *after)
{
	return before->handshakes >= RISE_MIN_HANDSHAKES_BEFORE && before->rejected <= before->handshakes &&
	       after->rejected >= RISE_MIN_REJECTED && after->rejected <= after->handshakes;
}

enum rejection_verdict rejection_rise_judge(const struct rejection_side *before, const struct rejection_side *after)
{
	if (!is_known(before, after) || after->networks < RISE_MIN_NETWORKS)
		return REJECTIONS_STEADY;

	double rate_before = rate_of(before);
	double rate_after = rate_of(after);
	if (rate_after <= rate_before || rate_after < RISE_MIN_FACTOR * rate_before || !is_beyond_chance(before, after))
		return REJECTIONS_STEADY;
	if (after->networks < RISE_ROLL_BACK_NETWORKS || rate_after - rate_before < RISE_ROLL_BACK_PERCENT / 100.0)
		return REJECTIONS_RISEN;
	return REJECTIONS_ROLL_BACK;
}
