/* rejection_rise - judges whether clients reject more since the chain was changed, by the counts before and since.
 *
 * There is a rise when all of these hold: enough handshakes on either side to know a rate, rejections from several
 * networks, a rate that has at least doubled, and a difference that chance does not make (two proportions, pooled,
 * four standard deviations: about one in 30,000 where nothing has changed, which leaves room for looking again and
 * again). For the former chain to come back, much more is asked: rejections from RISE_ROLL_BACK_NETWORKS networks
 * (network_set.h says what one is) and RISE_ROLL_BACK_PERCENT more of the handshakes rejected than before. Pure.
 */
#ifndef PROXY_CLIENTS_REJECTION_RISE_H
#define PROXY_CLIENTS_REJECTION_RISE_H

#include <stddef.h>
#include <stdint.h>

#define RISE_MIN_HANDSHAKES_BEFORE 50
#define RISE_MIN_REJECTED 10
#define RISE_MIN_NETWORKS 3
#define RISE_MIN_FACTOR 2
#define RISE_MIN_DEVIATIONS 4
#define RISE_ROLL_BACK_NETWORKS 20
#define RISE_ROLL_BACK_PERCENT 5

/* In rising order. */
enum rejection_verdict { REJECTIONS_STEADY, REJECTIONS_RISEN, REJECTIONS_ROLL_BACK };

struct rejection_side {
	uint64_t handshakes; /* that showed the chain to a client: accepted and rejected ones */
	uint64_t rejected; /* of them, by an alert that speaks of the certificate */
	size_t networks; /* distinct ones of the rejected */
};

enum rejection_verdict rejection_rise_judge(const struct rejection_side *before, const struct rejection_side *after);

#endif
