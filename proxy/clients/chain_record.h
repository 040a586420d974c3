/* chain_record - counts what clients did while one chain was served: handshakes that showed it, rejections by alert, by
 * network and by name, and clients that closed without an alert.
 *
 * On the control thread; the handshakes are counted by the workers (chain_tally.h).
 */
#ifndef PROXY_CLIENTS_CHAIN_RECORD_H
#define PROXY_CLIENTS_CHAIN_RECORD_H

#include <jansson.h>

#include "proxy/clients/name_sketch.h"
#include "proxy/clients/rejection_rise.h"
#include "proxy/shared/credential.h"
#include "proxy/shared/network_set.h"
#include "proxy/shared/site_tally.h"

#define CHAIN_RECORD_NAMES_REPORTED 5

struct chain_record {
	struct credential *credential; /* one reference: the chain with its key */
	uint64_t generation; /* the first chain of a certificate has 1, each change the next */
	int64_t since_ms; /* when it was first served; since 1970 */
	uint64_t done_before; /* of the tally, at that time */
	uint64_t alerts[NUM_TALLY_ALERTS]; /* rejections alone */
	uint64_t late; /* of the alerts: came after the handshake was done */
	uint64_t vanished; /* closed or reset without an alert once the chain was shown: suspected rejections */
	struct network_set *networks; /* of the clients that sent alerts; NULL: none yet */
	struct name_sketch names; /* that these clients asked for */
};

/* One thing that a client did, `count` times. */
struct rejection {
	const char *name; /* that it asked for; "" for none */
	uint64_t network;
	enum tally_alert alert; /* NUM_TALLY_ALERTS: it vanished without one */
	bool late;
	uint64_t count;
};

struct chain_record *chain_record_new(struct credential *credential, uint64_t generation, int64_t now_ms); /* or NULL */
void chain_record_free(struct chain_record *record);

/* chain_record_use continues the record with another credential of the same chain. */
void chain_record_use(struct chain_record *record, struct credential *credential);
void chain_record_add(struct chain_record *record, const struct rejection *rejection);

uint64_t chain_record_rejected(const struct chain_record *record); /* by any alert */
uint64_t chain_record_handshakes(const struct chain_record *record); /* that showed the chain, the rejected ones too */
struct rejection_side chain_record_side(const struct chain_record *record);

/* chain_record_json: generation, chain, since, handshakes, rejected, late, suspected, networks (and
 * networks_or_more), alerts by name, names. A new reference; NULL when out of memory. */
json_t *chain_record_json(const struct chain_record *record);

#endif
