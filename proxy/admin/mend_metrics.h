/* mend_metrics - the metrics of mending: fetches, mends, and the mending threads' time. */
#ifndef PROXY_ADMIN_MEND_METRICS_H
#define PROXY_ADMIN_MEND_METRICS_H

#include "proxy/admin/scrape.h"

/* Each writes one family of metrics.c's table. */
family_writer mend_metrics_write_fetches;
family_writer mend_metrics_write_issuers;
family_writer mend_metrics_write_mends;
family_writer mend_metrics_write_duration;
family_writer mend_metrics_write_steps;
family_writer mend_metrics_write_cpu;
family_writer mend_metrics_write_wait;
family_writer mend_metrics_write_refused;

#endif
