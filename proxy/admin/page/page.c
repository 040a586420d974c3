#include "proxy/admin/page/page.h"

#include "proxy/admin/page/page_files.h" /* made by cmake/Embed.cmake: page_html, page_css, page_js, page_icon */

static const struct http_field html_type[] = {{"Content-Type", "text/html; charset=utf-8"}, {0}};
static const struct http_field css_type[] = {{"Content-Type", "text/css; charset=utf-8"}, {0}};
static const struct http_field js_type[] = {{"Content-Type", "text/javascript; charset=utf-8"}, {0}};
static const struct http_field svg_type[] = {{"Content-Type", "image/svg+xml"}, {0}};

static const struct page_file files[] = {
    {"/", {page_html, sizeof(page_html)}, html_type},
    {"/page.css", {page_css, sizeof(page_css)}, css_type},
    {"/page.js", {page_js, sizeof(page_js)}, js_type},
    {"/icon.svg", {page_icon, sizeof(page_icon)}, svg_type},
};

const struct page_file *page_file_find(const char *path)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (strcmp(files[i].path, path) == 0)
			return &files[i];
	}
	return NULL;
}
