/* cache_writer - puts certificates into the cache, and counts the new ones and those that were skipped. */
#ifndef PROXY_COMMANDS_CACHE_CACHE_WRITER_H
#define PROXY_COMMANDS_CACHE_CACHE_WRITER_H

#include "chaincache/certificate/certificate_list.h"
#include "chaincache/stores/cache_dir.h"

struct cache_writer {
	struct cache_dir *dir;
	struct issuer_store *there; /* the certificates of the cache */
	int64_t now; /* seconds since 1970 */
	size_t num_new;
	size_t num_there; /* already */
	size_t num_not_ca; /* skipped */
	size_t num_unreadable; /* skipped */
	size_t num_files;
	bool broken; /* the cache could not be read or written, and that was reported */
	bool show_progress; /* on stderr, a terminal */
};

/* cache_writer_open reads the cache. False, with a message on stderr, on errors; cache_writer_close cleans up either way. */
bool cache_writer_open(struct cache_writer *writer, struct cache_dir *dir);
void cache_writer_close(struct cache_writer *writer);

/* cache_writer_put puts each CA certificate of the list into the cache. False, with a message on stderr, when the cache
 * cannot be written. */
bool cache_writer_put(struct cache_writer *writer, const struct certificate_list *list, const char *source);

/* cache_writer_clear_progress clears the line of progress, so that a message can be printed. */
void cache_writer_clear_progress(const struct cache_writer *writer);

/* cache_writer_print prints the counts. */
void cache_writer_print(const struct cache_writer *writer);

#endif
