#include "proxy/admin/readiness.h"

static const char *why_not(const struct managed_site *site)
{
	if (managed_site_reading(site) == SITE_UNUSABLE)
		return "its files are wrong";
	return "its backend's certificate is not known yet";
}

static struct error print_sites(const struct overview *overview, struct buffer *out, size_t *out_count)
{
	struct error error = error_none();
	size_t count = 0;

	for (size_t i = 0; i < site_set_count(overview->sites) && !failed(error); i++) {
		const struct managed_site *site = site_set_get(overview->sites, i);
		if (managed_site_num_certificates(site) > 0 || count++ >= READINESS_MAX_SITES)
			continue;
		error = buffer_printf(out, "site %s: %s\n", managed_site_name(site), why_not(site));
	}
	if (!failed(error) && count > READINESS_MAX_SITES)
		error = buffer_printf(out, "and %zu more sites\n", count - READINESS_MAX_SITES);
	*out_count = count;
	return error;
}

struct error readiness_print(const struct overview *overview, bool sites, struct buffer *out, bool *out_ready)
{
	size_t num_unready = 0;

	*out_ready = false;
	if (!overview->running)
		return buffer_printf(out, "not ready: it starts or drains\n");
	if (!overview->ready)
		return buffer_printf(out, "not ready: no site has a certificate to serve\n");
	if (!sites) {
		*out_ready = true;
		return buffer_printf(out, "ready\n");
	}
	struct error error = print_sites(overview, out, &num_unready);
	*out_ready = num_unready == 0;
	return failed(error) || num_unready > 0 ? error : buffer_printf(out, "ready: each site\n");
}
