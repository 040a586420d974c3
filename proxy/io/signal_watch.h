/* signal_watch - receives one signal of the process on a loop's thread. */
#ifndef PROXY_IO_SIGNAL_WATCH_H
#define PROXY_IO_SIGNAL_WATCH_H

struct loop;
struct signal_watch;

/* signal_watch_new: `on_signal` is called for each signal `number` that arrives. NULL when it cannot be watched. */
struct signal_watch *signal_watch_new(struct loop *loop, int number, void *context,
				      void (*on_signal)(void *context, int number));
void signal_watch_free(struct signal_watch *watch); /* NULL is fine */

#endif
