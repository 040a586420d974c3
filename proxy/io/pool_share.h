/* pool_share - one of those that a thread pool divides its time between: its waiting jobs, and the time that it used.
 *
 * Made, referenced and freed on the pool's loop's thread. What it used counts against those that compete with it: a share
 * that wants nothing for a while neither saves time up nor pays for what nobody else wanted.
 */
#ifndef PROXY_IO_POOL_SHARE_H
#define PROXY_IO_POOL_SHARE_H

#include <stdint.h>

struct pool_share;

struct pool_share *pool_share_new(void); /* one reference; NULL when out of memory */
struct pool_share *pool_share_ref(struct pool_share *share);
void pool_share_unref(struct pool_share *share); /* NULL is fine */

#endif
