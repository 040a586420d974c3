#include "proxy/wire/certificate_message.h"

#include <openssl/ssl.h>

bool certificate_message_open(struct bytes message, int version, struct certificate_message *out)
{
	CBS whole, body, context;
	uint8_t type;

	CBS_init(&whole, message.data, message.len);
	out->has_extensions = version >= TLS1_3_VERSION;
	return CBS_get_u8(&whole, &type) && type == SSL3_MT_CERTIFICATE && CBS_get_u24_length_prefixed(&whole, &body) &&
	       CBS_len(&whole) == 0 && (!out->has_extensions || CBS_get_u8_length_prefixed(&body, &context)) &&
	       CBS_get_u24_length_prefixed(&body, &out->entries) && CBS_len(&body) == 0;
}

bool certificate_message_next(struct certificate_message *message, struct bytes *out_der)
{
	CBS certificate, extensions;

	if (!CBS_get_u24_length_prefixed(&message->entries, &certificate) ||
	    (message->has_extensions && !CBS_get_u16_length_prefixed(&message->entries, &extensions)))
		return false;
	*out_der = bytes_of(CBS_data(&certificate), CBS_len(&certificate));
	return true;
}
