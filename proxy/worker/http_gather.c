#include "proxy/worker/http_gather.h"

#include <stdlib.h>

struct http_gather *http_gather_new(void)
{
	struct http_gather *gather = malloc(sizeof(*gather));

	if (gather != NULL) {
		gather->len = 0;
		gather->down = false;
	}
	return gather;
}

bool http_gather_add(struct http_gather *gather, bool down, struct bytes piece)
{
	if (piece.len > HTTP_GATHER_BYTES - gather->len || (gather->len > 0 && gather->down != down))
		return false;
	if (piece.len > 0)
		memcpy(gather->data + gather->len, piece.data, piece.len);
	gather->len += piece.len;
	gather->down = down;
	return true;
}

struct bytes http_gather_take(struct http_gather *gather)
{
	struct bytes gathered = bytes_of(gather->data, gather->len);

	gather->len = 0;
	return gathered;
}
