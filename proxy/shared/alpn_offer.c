#include "proxy/shared/alpn_offer.h"

#include "proxy/shared/tls_settings.h"
#include "proxy/wire/alpn.h"

struct error alpn_offer_write(const struct string_list *alpn, const struct string_list *agreed, struct buffer *out)
{
	struct error error = error_none();

	for (size_t i = 0; i < alpn->count && !failed(error); i++) {
		struct string_list one = {&alpn->items[i], 1};

		if (!alpn_needs_agreement(bytes_of_string(alpn->items[i])) || string_list_has(agreed, alpn->items[i]))
			error = tls_settings_write_alpn(&one, out);
	}
	return error;
}

struct error alpn_offer_warn(const struct config_site *site, struct buffer *out)
{
	struct error error = error_none();
	size_t num_withheld = 0;

	if (site->num_backends == 0 || site->backends[0].tls)
		return error;
	for (size_t i = 0; i < site->alpn.count && !failed(error); i++)
		if (alpn_needs_agreement(bytes_of_string(site->alpn.items[i])))
			error =
			    buffer_printf(out, "%s`%s`", num_withheld++ == 0 ? "alpn: " : ", ", site->alpn.items[i]);
	if (failed(error) || num_withheld == 0)
		return error;
	return buffer_printf(out,
			     " %s not offered to clients: a tcp:// backend cannot agree to it, and a client would be "
			     "promised what it may not speak. Take it out, or use a tls:// backend that speaks it",
			     num_withheld == 1 ? "is" : "are");
}
