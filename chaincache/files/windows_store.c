#include "chaincache/files/windows_store.h"

#include <openssl/bytestring.h>

/* CERT_CERT_PROP_ID; others are properties, CRLs and lists. All numbers are little-endian. */
enum { PROPERTY_END = 0, PROPERTY_CERTIFICATE = 32, ENCODING_BYTES = 4 };

static const char header[] = "\0\0\0\0CERT";

static bool skip_header(CBS *in)
{
	CBS found;

	return CBS_get_bytes(in, &found, sizeof(header) - 1) &&
	       CBS_mem_equal(&found, (const uint8_t *)header, sizeof(header) - 1);
}

bool windows_store_is_one(struct bytes content)
{
	CBS in;

	CBS_init(&in, content.data, content.len);
	return skip_header(&in);
}

static bool read_property(CBS *in, uint32_t *out_id, CBS *out)
{
	uint32_t len;

	return CBS_get_u32le(in, out_id) && CBS_skip(in, ENCODING_BYTES) && CBS_get_u32le(in, &len) &&
	       CBS_get_bytes(in, out, len);
}

struct error windows_store_read(struct certificate_collector *collector, struct bytes content)
{
	CBS in, value;
	uint32_t id;
	struct error error = error_none();

	CBS_init(&in, content.data, content.len);
	if (!skip_header(&in))
		return error_of(ERROR_FORMAT, 0, "the file is no serialized store of Windows");
	while (!failed(error)) {
		if (!read_property(&in, &id, &value))
			return error_of(ERROR_FORMAT, 0, "the serialized store of Windows is damaged or cut short");
		if (id == PROPERTY_END)
			break;
		if (id == PROPERTY_CERTIFICATE)
			error = certificate_collector_add(collector, bytes_of(CBS_data(&value), CBS_len(&value)));
	}
	return error;
}
