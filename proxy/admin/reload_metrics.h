/* reload_metrics - the families about reloads, and about sites whose files are wrong. */
#ifndef PROXY_ADMIN_RELOAD_METRICS_H
#define PROXY_ADMIN_RELOAD_METRICS_H

#include "proxy/admin/scrape.h"

family_writer reload_metrics_write_total;
family_writer reload_metrics_write_last_time;
family_writer reload_metrics_write_last_failed;
family_writer reload_metrics_write_sites;

#endif
