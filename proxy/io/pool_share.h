/* pool_share - one of the parties that a thread pool divides its time between: its waiting jobs, and the time it used.
 *
 * Made, referenced and freed on the thread of the pool's loop. Time counts between shares that compete: one that has no
 * jobs for a while saves no time up, and does not pay for time that nobody else wanted.
 */
#ifndef PROXY_IO_POOL_SHARE_H
#define PROXY_IO_POOL_SHARE_H

#include <stdint.h>

struct pool_share;

struct pool_share *pool_share_new(void); /* one reference; NULL when out of memory */
struct pool_share *pool_share_ref(struct pool_share *share);
void pool_share_unref(struct pool_share *share); /* NULL is fine */

#endif
