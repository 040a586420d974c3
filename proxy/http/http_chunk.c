#include "proxy/http/http_chunk.h"

size_t http_chunk_open(uint64_t len, char out[HTTP_CHUNK_LINE_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	size_t num = 1;
	for (uint64_t rest = len >> 4; rest > 0; rest >>= 4)
		num++;
	for (size_t i = num; i > 0; i--, len >>= 4)
		out[i - 1] = digits[len & 0xf];
	out[num] = '\r';
	out[num + 1] = '\n';
	return num + 2;
}
