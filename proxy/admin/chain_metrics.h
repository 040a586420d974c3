/* chain_metrics - the metrics of the sites' chains: their states, who accepts them, when they expire, who saw them. */
#ifndef PROXY_ADMIN_CHAIN_METRICS_H
#define PROXY_ADMIN_CHAIN_METRICS_H

#include "proxy/admin/scrape.h"

/* Each writes one family of metrics.c's table. */
family_writer chain_metrics_write_state;
family_writer chain_metrics_write_trusted;
family_writer chain_metrics_write_shown;
family_writer chain_metrics_write_rejected;
family_writer chain_metrics_write_expiry;

#endif
