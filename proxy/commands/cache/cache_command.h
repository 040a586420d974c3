/* cache_command - shared by the sub-commands of `chainmend cache`: options, the directory, its contents. */
#ifndef PROXY_COMMANDS_CACHE_CACHE_COMMAND_H
#define PROXY_COMMANDS_CACHE_CACHE_COMMAND_H

#include "chaincache/stores/cache_dir.h"
#include "proxy/commands/check/fetch_options.h"

struct cache_options {
	struct fetch_options fetch; /* first: see fetch_options.h */
	const char *cache; /* NULL: the machine's, or the user's */
	const char *output; /* NULL: stdout */
	bool json;
};

/* One certificate of the cache. */
struct cache_item {
	const struct certificate *certificate; /* one reference */
	char *source; /* owned */
	char *fetched; /* owned */
};

struct cache_contents {
	struct cache_item *items; /* in the order of their digests */
	size_t count;
	size_t capacity;
	size_t num_bad; /* files that were set aside, each with a message */
	bool out_of_memory;
};

/* cache_contents_read reads the whole cache. False, with a message on stderr, on errors. Cleaned up by
 * cache_contents_cleanup either way. */
bool cache_contents_read(struct cache_dir *dir, struct cache_contents *out);
void cache_contents_cleanup(struct cache_contents *contents);

/* The sub-commands, each with its operands and `dir` open. They return the exit status; errors are printed on stderr. */
int cache_list(struct cache_dir *dir, const struct cache_options *options, char **operands, int num_operands);
int cache_show(struct cache_dir *dir, const struct cache_options *options, char **operands, int num_operands);
int cache_import(struct cache_dir *dir, const struct cache_options *options, char **operands, int num_operands);
int cache_export(struct cache_dir *dir, const struct cache_options *options, char **operands, int num_operands);
int cache_fetch(struct cache_dir *dir, const struct cache_options *options, char **operands, int num_operands);
int cache_verify(struct cache_dir *dir, const struct cache_options *options, char **operands, int num_operands);
int cache_prune(struct cache_dir *dir, const struct cache_options *options, char **operands, int num_operands);

#endif
