/* cache_csv - imports CSV tables with a column of certificates in PEM: the exports of the Common CA Database (CCADB). */
#ifndef PROXY_COMMANDS_CACHE_CACHE_CSV_H
#define PROXY_COMMANDS_CACHE_CACHE_CSV_H

#include "chaincache/base/bytes.h"
#include "proxy/commands/cache/cache_writer.h"

#define CACHE_CSV_MAX_REPORTED 20 /* bad rows reported one by one; the rest are counted */

/* cache_csv_is_one says whether the text begins with a header that names a column of PEM. */
bool cache_csv_is_one(struct bytes text);

/* cache_csv_import puts the certificates of all rows into the cache. Rows without one are reported by their line and
 * skipped. `path` is for messages. False, with a message on stderr, when no row has one or the cache cannot be
 * written. */
bool cache_csv_import(struct cache_writer *writer, const char *path, struct bytes text);

#endif
