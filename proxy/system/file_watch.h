/* file_watch - reports that one of a set of files has changed, once the change is complete.
 *
 * Calls stat(2) every few seconds, which sees renames, swapped symbolic links and network file systems alike. A change
 * is reported when two looks in a row saw the same, so that a file that is still being written is waited for.
 */
#ifndef PROXY_SYSTEM_FILE_WATCH_H
#define PROXY_SYSTEM_FILE_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#define FILE_WATCH_LOOK_MS 2000 /* and longer where there are thousands of files */
#define FILE_WATCH_LOOKS_A_MS 5 /* files that one millisecond of the pause stands for */

struct file_watch;
struct loop;

struct file_watch *file_watch_new(struct loop *loop, void *context,
				  void (*on_change)(void *context)); /* NULL: memory */
void file_watch_free(struct file_watch *watch);

/* file_watch_set replaces the files that are watched (copied). A new one is compared with its present state, the others
 * with the state that the last look saw: look before reading them, and no change in between is missed. False when out
 * of memory: the former files are still watched. */
bool file_watch_set(struct file_watch *watch, const char *const *paths, size_t count);

/* file_watch_look looks at once, as the alarm does; true when a change is complete. */
bool file_watch_look(struct file_watch *watch);

#endif
