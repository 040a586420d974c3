/* cache_dir - the cache of intermediates on disk: one <sha256>.pem a certificate, with its `source:` and the time it
 * was `fetched:` in lines before the PEM block.
 *
 * Only CA certificates go in. Writes are atomic (temporary file, fsync, rename, fsync of the directory), so a crash
 * leaves a readable cache and several processes may share it. A file whose content does not match its name is set
 * aside (renamed to <name>.bad) and reported, never read as a certificate. Nothing is trusted because it is here.
 */
#ifndef CHAINCACHE_STORES_CACHE_DIR_H
#define CHAINCACHE_STORES_CACHE_DIR_H

#include "chaincache/stores/issuer_store.h"

#define CACHE_DIR_MAX_CERTIFICATES 100000
#define CACHE_DIR_DEFAULT_PATH "/var/cache/chainmend" /* `run`; check and mend fall back to the user's cache folder */

struct cache_dir {
	char *path; /* owned */
	bool writable;
	bool absent; /* there is no such directory: it reads as an empty one, and nothing can be written */
};

/* cache_dir_open makes the directory (mode 0755, one level) when it is not there. A directory that can be read and not
 * written is opened with writable = false. */
MUST_USE struct error cache_dir_open(const char *path, struct cache_dir *out);

/* cache_dir_look opens what is there, and makes nothing. */
MUST_USE struct error cache_dir_look(const char *path, struct cache_dir *out);
void cache_dir_close(struct cache_dir *dir);

/* cache_dir_put writes one certificate; one that is there already is left alone. ERROR_MISMATCH for what is no CA.
 * `source` is a URL or a word; `now` in seconds since 1970. */
MUST_USE struct error cache_dir_put(struct cache_dir *dir, const struct certificate *certificate, const char *source,
				    int64_t now);

struct cache_record {
	const struct certificate *certificate; /* one reference while the callback runs */
	const char *file_name;
	const char *source; /* "" when it does not say */
	const char *fetched; /* RFC 3339, "" when it does not say */
};

struct cache_dir_visitor {
	void *context;
	void (*on_record)(void *context, const struct cache_record *record);
	/* A file that is not what it should be; it has been set aside where that was possible. May be NULL. */
	void (*on_bad_file)(void *context, const char *file_name, struct error why);
};

/* cache_dir_visit reads every file, in the order of their names. */
MUST_USE struct error cache_dir_visit(struct cache_dir *dir, const struct cache_dir_visitor *visitor);

/* cache_dir_load fills `store` with SOURCE_CACHE; `visitor` may be NULL (bad files are then skipped without a report). */
MUST_USE struct error cache_dir_load(struct cache_dir *dir, struct issuer_store *store,
				     const struct cache_dir_visitor *visitor);

/* cache_dir_remove deletes one certificate's file. */
MUST_USE struct error cache_dir_remove(struct cache_dir *dir, const struct certificate *certificate);

#endif
