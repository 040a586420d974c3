/* chain_sides - one certificate's chains side by side: the one that is served now and the one before it, each with the
 * counts of its clients. */
#ifndef PROXY_CLIENTS_CHAIN_SIDES_H
#define PROXY_CLIENTS_CHAIN_SIDES_H

#include "proxy/clients/chain_record.h"
#include "proxy/clients/rejection_rise.h"

#define CHAIN_SIDES_MAX_WORDS 384 /* of a sentence that compares them */

struct chain_sides {
	const struct chain_record *present;
	const struct chain_record *former; /* NULL: none is known */
	enum rejection_verdict verdict; /* of present against former */
	bool rolled_back; /* present is the former chain, which is served again; former is the withdrawn one */
};

#endif
