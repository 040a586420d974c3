/* page - the files of the admin page, as they are compiled into the binary. */
#ifndef PROXY_ADMIN_PAGE_PAGE_H
#define PROXY_ADMIN_PAGE_PAGE_H

#include "chaincache/base/bytes.h"
#include "proxy/io/web_server.h"

struct page_file {
	const char *path; /* that it is asked for by */
	struct bytes content;
	const struct http_field *type; /* the Content-Type, and the end of the list */
};

/* page_file_find returns NULL where there is no such file. */
const struct page_file *page_file_find(const char *path);

#endif
