#include "proxy/io/shortage.h"

#include <errno.h>

bool shortage_is(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM || code == ENOSPC;
}
