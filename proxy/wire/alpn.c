#include "proxy/wire/alpn.h"

/* Of the TLS registry's "ALPN Protocol IDs". The others choose between two protocols of one port (h2, RFC 9113 3.2), or
 * are spoken by agreement alone (acme-tls/1, ntske/1 ...). */
static const char *const spoken_anyway[] = {
    "http/1.1", "http/1.0",   "http/0.9", "imap", "pop3",        "managesieve",        "ftp",
    "nntp",     "nnsp",       "irc",      "mqtt", "xmpp-client", "xmpp-server",        "dot",
    "sip/2",    "postgresql", "dicom",    "smb",  "stun.turn",   "stun.nat-discovery",
};

bool alpn_needs_agreement(struct bytes protocol)
{
	for (size_t i = 0; i < sizeof(spoken_anyway) / sizeof(spoken_anyway[0]); i++)
		if (bytes_equal(protocol, bytes_of_string(spoken_anyway[i])))
			return false;
	return true;
}
