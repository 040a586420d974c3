/* LDAP: one ExtendedRequest, one ExtendedResponse (RFC 4511 4.12, 4.14). Lengths are definite, and may be longer than
 * they need to be (RFC 4511 5.1): Active Directory writes all of them with four bytes. */
#include <openssl/bytestring.h>
#include <openssl/mem.h>

#include "proxy/wire/starttls_dialogue.h"

#define START_TLS_OID "1.3.6.1.4.1.1466.20037"
#define MESSAGE_ID 1
#define UNSOLICITED_ID 0 /* RFC 4511 4.4 */
#define TAG_EXTENDED_REQUEST (CBS_ASN1_APPLICATION | CBS_ASN1_CONSTRUCTED | 23)
#define TAG_EXTENDED_RESPONSE (CBS_ASN1_APPLICATION | CBS_ASN1_CONSTRUCTED | 24)
#define TAG_REQUEST_NAME (CBS_ASN1_CONTEXT_SPECIFIC | 0)
#define IDENTIFIER_SEQUENCE 0x30
#define MAX_HEADER 6 /* identifier, length of the length, four bytes */
#define LONG_FORM 0x80
#define MAX_LENGTH_BYTES 4
#define RESULT_SUCCESS 0

/* The parts of an ExtendedResponse that count here. */
struct response {
	uint64_t message_id;
	uint64_t result_code;
	CBS diagnostic;
};

void starttls_begin_ldap(struct starttls *starttls)
{
	CBB message, content, request, name;
	uint8_t *der = NULL;
	size_t len = 0;
	starttls->step = STEP_GO_AHEAD;
	CBB_zero(&message);
	bool made = CBB_init(&message, 64) && CBB_add_asn1(&message, &content, CBS_ASN1_SEQUENCE) &&
		    CBB_add_asn1_uint64(&content, MESSAGE_ID) &&
		    CBB_add_asn1(&content, &request, TAG_EXTENDED_REQUEST) &&
		    CBB_add_asn1(&request, &name, TAG_REQUEST_NAME) &&
		    CBB_add_bytes(&name, (const uint8_t *)START_TLS_OID, sizeof(START_TLS_OID) - 1) &&
		    CBB_finish(&message, &der, &len);
	if (made)
		starttls_say(starttls, bytes_of(der, len));
	else
		starttls_fail(starttls, "out of memory");
	CBB_cleanup(&message);
	OPENSSL_free(der);
}

/* Measures the message that `waiting` begins with; 0: more bytes are needed. False where no message begins so. */
static bool measure(struct bytes waiting, size_t *out_len)
{
	*out_len = 0;
	if (waiting.data[0] != IDENTIFIER_SEQUENCE)
		return false;
	if (waiting.len < 2)
		return true;
	if (waiting.data[1] < LONG_FORM) {
		*out_len = 2 + (size_t)waiting.data[1];
		return true;
	}
	size_t num_bytes = waiting.data[1] & ~(unsigned)LONG_FORM;
	size_t len = 0;
	if (num_bytes == 0 || num_bytes > MAX_LENGTH_BYTES)
		return false;
	if (waiting.len < 2 + num_bytes)
		return true;
	for (size_t i = 0; i < num_bytes; i++)
		len = len << 8 | waiting.data[2 + i];
	if (len > STARTTLS_MAX_BYTES - MAX_HEADER)
		return false;
	*out_len = 2 + num_bytes + len;
	return true;
}

/* Takes an element of that tag, in BER with a definite length. */
static bool get_element(CBS *from, CBS_ASN1_TAG wanted, CBS *out)
{
	CBS_ASN1_TAG tag = 0;
	size_t header_len = 0;
	int ber_found = 0;
	int indefinite = 0;
	return CBS_get_any_ber_asn1_element(from, out, &tag, &header_len, &ber_found, &indefinite) && !indefinite &&
	       tag == wanted && CBS_skip(out, header_len);
}

/* Reads a number that is not negative and has no more than eight bytes. */
static bool get_number(CBS *from, CBS_ASN1_TAG tag, uint64_t *out)
{
	CBS content;
	uint8_t byte = 0;
	if (!get_element(from, tag, &content) || CBS_len(&content) == 0 || CBS_len(&content) > sizeof(*out) ||
	    (CBS_data(&content)[0] & 0x80) != 0)
		return false;
	*out = 0;
	while (CBS_get_u8(&content, &byte))
		*out = *out << 8 | byte;
	return true;
}

static bool parse_response(struct bytes message, struct response *out)
{
	CBS all, content, response, matched_dn;
	CBS_init(&all, message.data, message.len);
	return get_element(&all, CBS_ASN1_SEQUENCE, &content) &&
	       get_number(&content, CBS_ASN1_INTEGER, &out->message_id) &&
	       get_element(&content, TAG_EXTENDED_RESPONSE, &response) &&
	       get_number(&response, CBS_ASN1_ENUMERATED, &out->result_code) &&
	       get_element(&response, CBS_ASN1_OCTETSTRING, &matched_dn) &&
	       get_element(&response, CBS_ASN1_OCTETSTRING, &out->diagnostic);
}

static const char *result_name(uint64_t code)
{
	static const struct {
		uint64_t code;
		const char *name;
	} names[] = {
	    {1, "operationsError"},
	    {2, "protocolError: it does not know StartTLS"},
	    {8, "strongerAuthRequired"},
	    {10, "referral"},
	    {12, "unavailableCriticalExtension"},
	    {13, "confidentialityRequired"},
	    {51, "busy"},
	    {52, "unavailable: it has no TLS"},
	    {53, "unwillingToPerform"},
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].code == code)
			return names[i].name;
	}
	return "see RFC 4511 A";
}

static void take_response(struct starttls *starttls, const struct response *response)
{
	size_t len = CBS_len(&response->diagnostic);
	int quoted = (int)(len < STARTTLS_MAX_QUOTE ? len : STARTTLS_MAX_QUOTE);
	if (response->message_id != MESSAGE_ID && response->message_id != UNSOLICITED_ID)
		starttls_fail(starttls, "the server answers another LDAP request than the one that it got");
	else if (response->message_id == MESSAGE_ID && response->result_code == RESULT_SUCCESS)
		starttls->state = STARTTLS_READY;
	else
		starttls_fail(starttls, "the server %s: result %llu (%s)%s%.*s",
			      response->message_id == MESSAGE_ID ? "refuses StartTLS" : "ends the connection",
			      (unsigned long long)response->result_code, result_name(response->result_code),
			      quoted > 0 ? ": " : "", quoted,
			      quoted > 0 ? (const char *)CBS_data(&response->diagnostic) : "");
}

size_t starttls_take_ldap(struct starttls *starttls, struct bytes waiting)
{
	struct response response;
	size_t len = 0;
	if (!measure(waiting, &len)) {
		starttls_fail(starttls, "the server does not speak LDAP here: what it sends is no LDAP message");
		return 0;
	}
	if (len == 0 || len > waiting.len)
		return 0;
	if (parse_response(bytes_of(waiting.data, len), &response))
		take_response(starttls, &response);
	else
		starttls_fail(starttls, "the server answers StartTLS with something else than an ExtendedResponse");
	return len;
}
