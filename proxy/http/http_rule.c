#include "proxy/http/http_rule.h"

static const struct http_rule_row rows[] = {
#define RULE(id, name, status, text, section) [id] = {name, status, text, section},
#include "proxy/http/http_rule.def"
#undef RULE
};

const struct http_rule_row *http_rule_row(enum http_rule rule)
{
	return &rows[rule];
}
