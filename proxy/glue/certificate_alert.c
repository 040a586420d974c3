#include "proxy/glue/certificate_alert.h"

#include <openssl/ssl.h>

static const struct {
	uint8_t number;
	const char *name;
} alerts[NUM_CERTIFICATE_ALERTS] = {
    [CERTIFICATE_ALERT_BAD] = {SSL_AD_BAD_CERTIFICATE, "bad_certificate"},
    [CERTIFICATE_ALERT_UNSUPPORTED] = {SSL_AD_UNSUPPORTED_CERTIFICATE, "unsupported_certificate"},
    [CERTIFICATE_ALERT_REVOKED] = {SSL_AD_CERTIFICATE_REVOKED, "certificate_revoked"},
    [CERTIFICATE_ALERT_EXPIRED] = {SSL_AD_CERTIFICATE_EXPIRED, "certificate_expired"},
    [CERTIFICATE_ALERT_UNKNOWN] = {SSL_AD_CERTIFICATE_UNKNOWN, "certificate_unknown"},
    [CERTIFICATE_ALERT_UNKNOWN_CA] = {SSL_AD_UNKNOWN_CA, "unknown_ca"},
};

enum certificate_alert certificate_alert_of(uint8_t alert)
{
	for (unsigned i = 0; i < NUM_CERTIFICATE_ALERTS; i++) {
		if (alerts[i].number == alert)
			return (enum certificate_alert)i;
	}
	return NUM_CERTIFICATE_ALERTS;
}

const char *certificate_alert_name(enum certificate_alert alert)
{
	return alerts[alert].name;
}
