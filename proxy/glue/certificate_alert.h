/* certificate_alert - the alerts of RFC 8446 6.2 (and RFC 5246 7.2.2) by which a client speaks of our certificate. */
#ifndef PROXY_GLUE_CERTIFICATE_ALERT_H
#define PROXY_GLUE_CERTIFICATE_ALERT_H

#include <stdint.h>

enum certificate_alert {
	CERTIFICATE_ALERT_BAD,
	CERTIFICATE_ALERT_UNSUPPORTED,
	CERTIFICATE_ALERT_REVOKED,
	CERTIFICATE_ALERT_EXPIRED,
	CERTIFICATE_ALERT_UNKNOWN,
	CERTIFICATE_ALERT_UNKNOWN_CA,
	NUM_CERTIFICATE_ALERTS
};

/* certificate_alert_of is NUM_CERTIFICATE_ALERTS for an alert that speaks of something else. */
enum certificate_alert certificate_alert_of(uint8_t alert);
const char *certificate_alert_name(enum certificate_alert alert); /* "unknown_ca", as the RFC writes it */

#endif
