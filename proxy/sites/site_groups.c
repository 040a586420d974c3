#include "proxy/sites/site_groups.h"

#include "proxy/mending/prober.h"
#include "proxy/sites/client_certificate.h"

/* A certificate and its renewal have a number each. */
static bool has_certificate_part(const struct site_groups *groups, unsigned part)
{
	if (part == KNOWN_FINDINGS_WHOLE_SITE)
		return true;
	if (part == CLIENT_CERTIFICATE_PART || part == CLIENT_CERTIFICATE_RENEWAL_PART)
		return groups->has_client_certificate;
	return part < CLIENT_CERTIFICATE_PART && part % SITE_MAX_CREDENTIALS < groups->num_certificates;
}

static bool has_backend_part(const struct site_groups *groups, unsigned part)
{
	if (groups->num_backends == 0)
		return false;
	if (part == KNOWN_FINDINGS_WHOLE_SITE)
		return true;
	return part / NUM_PROBER_GROUPS < groups->num_backends &&
	       (part % NUM_PROBER_GROUPS != PROBER_KEY || groups->follows_backends);
}

bool site_groups_has(const struct site_groups *groups, const struct finding_group *group)
{
	switch (group->subject) {
	case SUBJECT_CERTIFICATE:
		return has_certificate_part(groups, group->part);
	case SUBJECT_BACKEND:
		return has_backend_part(groups, group->part);
	case SUBJECT_CLIENTS:
		break;
	}
	return true;
}
