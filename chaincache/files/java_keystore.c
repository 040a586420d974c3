#include "chaincache/files/java_keystore.h"

#include <openssl/bytestring.h>

#define MAGIC_JKS 0xfeedfeedU
#define MAGIC_JCEKS 0xcecececeU

enum { TYPED_VERSION = 2, ENTRY_KEY = 1, ENTRY_CERTIFICATE = 2, DATE_BYTES = 8, DIGEST_BYTES = 20 };

static const char broken[] = "the Java keystore is damaged or cut short";

static bool read_magic(CBS *in, uint32_t *out)
{
	return CBS_get_u32(in, out) && (*out == MAGIC_JKS || *out == MAGIC_JCEKS);
}

bool java_keystore_is_one(struct bytes content)
{
	CBS in;
	uint32_t magic;

	CBS_init(&in, content.data, content.len);
	return read_magic(&in, &magic);
}

static bool skip_text(CBS *in)
{
	CBS text;

	return CBS_get_u16_length_prefixed(in, &text);
}

static bool get_block(CBS *in, CBS *out)
{
	uint32_t len;

	return CBS_get_u32(in, &len) && CBS_get_bytes(in, out, len);
}

/* From version 2 on the type, "X.509", stands before each certificate. */
static struct error read_certificate(struct certificate_collector *collector, CBS *in, uint32_t version, bool taken)
{
	CBS der;

	if ((version >= TYPED_VERSION && !skip_text(in)) || !get_block(in, &der))
		return error_of(ERROR_FORMAT, 0, broken);
	if (!taken)
		return error_none();
	return certificate_collector_add(collector, bytes_of(CBS_data(&der), CBS_len(&der)));
}

static struct error read_key(struct certificate_collector *collector, CBS *in, uint32_t version)
{
	CBS key;
	uint32_t count;
	struct error error = error_none();

	if (!get_block(in, &key) || !CBS_get_u32(in, &count))
		return error_of(ERROR_FORMAT, 0, broken);
	for (uint32_t i = 0; i < count && !failed(error); i++)
		error = read_certificate(collector, in, version, collector->source != SOURCE_ROOTS);
	return error;
}

static struct error read_entry(struct certificate_collector *collector, CBS *in, uint32_t version)
{
	uint32_t kind;

	if (!CBS_get_u32(in, &kind) || !skip_text(in) || !CBS_skip(in, DATE_BYTES))
		return error_of(ERROR_FORMAT, 0, broken);
	switch (kind) {
	case ENTRY_KEY:
		return read_key(collector, in, version);
	case ENTRY_CERTIFICATE:
		return read_certificate(collector, in, version, true);
	default:
		return error_of(ERROR_FORMAT, 0,
				"the Java keystore has secret keys in it: export its certificates with "
				"`keytool -exportcert -rfc`");
	}
}

static struct error read_entries(struct certificate_collector *collector, struct bytes content)
{
	CBS in;
	uint32_t magic, version, count;
	struct error error = error_none();

	if (content.len < DIGEST_BYTES)
		return error_of(ERROR_FORMAT, 0, broken);
	CBS_init(&in, content.data, content.len - DIGEST_BYTES);
	if (!read_magic(&in, &magic) || !CBS_get_u32(&in, &version) || !CBS_get_u32(&in, &count))
		return error_of(ERROR_FORMAT, 0, broken);
	for (uint32_t i = 0; i < count && !failed(error); i++)
		error = read_entry(collector, &in, version);
	if (!failed(error) && CBS_len(&in) > 0)
		error = error_of(ERROR_FORMAT, 0, broken);
	if (!failed(error) && collector->certificates.count == 0)
		collector->instead = "the Java keystore holds no trusted certificate";
	return error;
}

struct error java_keystore_read(struct certificate_collector *collector, struct bytes content)
{
	if (collector->pass_over_unreadable && collector->source != SOURCE_FETCHED)
		return read_entries(collector, content);
	return error_of(
	    ERROR_FORMAT, 0,
	    "the file is a Java keystore: turn it into PKCS#12 with `keytool -importkeystore -srckeystore X "
	    "-destkeystore X.p12 -deststoretype PKCS12`, and name X.p12");
}
