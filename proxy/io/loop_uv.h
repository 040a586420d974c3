/* loop_uv - the definition of a loop, for the files of this room alone. */
#ifndef PROXY_IO_LOOP_UV_H
#define PROXY_IO_LOOP_UV_H

#include <uv.h>

struct loop {
	uv_loop_t uv;
};

#endif
