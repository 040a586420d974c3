/* cache - the sub-command `cache`: maintains the cache of intermediates. argv[0] is its name; returns the exit status. */
#ifndef PROXY_COMMANDS_CACHE_CACHE_H
#define PROXY_COMMANDS_CACHE_CACHE_H

int command_cache(int argc, char **argv);

#endif
