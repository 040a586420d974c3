#include "tests/support/der_items.h"

#include <stdlib.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define ITEM(text)                                                                                                     \
	{                                                                                                              \
		(const uint8_t *)(text), sizeof(text) - 1                                                              \
	}

static const char *const oids[] = {
    /* algorithms of keys */
    "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.7", "1.2.840.113549.1.1.10", "1.2.840.10040.4.1", "1.2.840.10046.2.1",
    "1.2.840.113549.1.3.1", "1.2.840.10045.2.1", "1.3.132.1.12", "1.3.101.110", "1.3.101.111", "1.3.101.112",
    "1.3.101.113", "1.2.643.2.2.19", "1.2.643.7.1.1.1.1", "1.2.643.7.1.1.1.2", "2.16.840.1.101.3.4.3.17",
    "2.16.840.1.101.3.4.3.18", "2.16.840.1.101.3.4.3.19", "2.16.840.1.101.3.4.4.2", "2.16.840.1.101.3.4.3.20",
    /* curves */
    "1.2.840.10045.3.1.1", "1.2.840.10045.3.1.7", "1.3.132.0.10", "1.3.132.0.33", "1.3.132.0.34", "1.3.132.0.35",
    "1.3.36.3.3.2.8.1.1.7", "1.2.156.10197.1.301", "1.2.840.10045.1.1", "1.2.840.10045.1.2",
    /* signatures and digests */
    "1.2.840.113549.1.1.2", "1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.2.840.113549.1.1.8",
    "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.12", "1.2.840.113549.1.1.13", "1.2.840.113549.1.1.14",
    "1.2.840.10040.4.3", "2.16.840.1.101.3.4.3.2", "1.2.840.10045.4.1", "1.2.840.10045.4.3.2", "1.2.840.10045.4.3.3",
    "1.2.840.10045.4.3.4", "1.2.156.10197.1.501", "1.3.14.3.2.26", "1.2.840.113549.2.5", "2.16.840.1.101.3.4.2.1",
    "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3", "2.16.840.1.101.3.4.2.4", "2.16.840.1.101.3.4.2.11",
    /* extensions of certificates, CRLs and entries */
    "2.5.29.9", "2.5.29.14", "2.5.29.15", "2.5.29.16", "2.5.29.17", "2.5.29.18", "2.5.29.19", "2.5.29.20", "2.5.29.21",
    "2.5.29.23", "2.5.29.24", "2.5.29.27", "2.5.29.28", "2.5.29.29", "2.5.29.30", "2.5.29.31", "2.5.29.32",
    "2.5.29.32.0", "2.5.29.33", "2.5.29.35", "2.5.29.36", "2.5.29.37", "2.5.29.37.0", "2.5.29.46", "2.5.29.54",
    "1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.1.3", "1.3.6.1.5.5.7.1.7", "1.3.6.1.5.5.7.1.11", "1.3.6.1.5.5.7.1.24",
    "1.3.6.1.4.1.11129.2.4.2", "1.3.6.1.4.1.11129.2.4.3", "1.3.6.1.4.1.11129.2.4.4", "2.16.840.1.113730.1.1",
    "2.16.840.1.113730.1.13", "1.3.6.1.4.1.311.20.2", "1.3.6.1.4.1.311.21.7",
    /* purposes and methods of access */
    "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.9",
    "1.3.6.1.4.1.311.10.3.3", "2.16.840.1.113730.4.1", "1.3.6.1.5.5.7.48.1", "1.3.6.1.5.5.7.48.2", "1.3.6.1.5.5.7.48.3",
    "1.3.6.1.5.5.7.48.5", "1.3.6.1.5.5.7.2.1", "1.3.6.1.5.5.7.2.2", "1.3.6.1.5.5.7.8.5", "1.3.6.1.5.5.7.8.7",
    "1.3.6.1.4.1.311.20.2.3",
    /* attributes of names */
    "2.5.4.3", "2.5.4.4", "2.5.4.5", "2.5.4.6", "2.5.4.7", "2.5.4.8", "2.5.4.10", "2.5.4.11", "2.5.4.12", "2.5.4.45",
    "2.5.4.97", "0.9.2342.19200300.100.1.1", "0.9.2342.19200300.100.1.25", "1.2.840.113549.1.9.1",
    /* OCSP */
    "1.3.6.1.5.5.7.48.1.1", "1.3.6.1.5.5.7.48.1.2", "1.3.6.1.5.5.7.48.1.3", "1.3.6.1.5.5.7.48.1.4",
    "1.3.6.1.5.5.7.48.1.5", "1.3.6.1.5.5.7.48.1.6", "1.3.6.1.5.5.7.48.1.9",
    /* containers */
    "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.3", "1.2.840.113549.1.7.5",
    "1.2.840.113549.1.7.6", "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.20",
    "1.2.840.113549.1.9.21", "1.2.840.113549.1.9.22.1", "1.2.840.113549.1.9.22.2", "1.2.840.113549.1.9.23.1",
    "1.2.840.113549.1.12.10.1.1", "1.2.840.113549.1.12.10.1.2", "1.2.840.113549.1.12.10.1.3",
    "1.2.840.113549.1.12.10.1.4", "1.2.840.113549.1.12.10.1.5", "1.2.840.113549.1.12.10.1.6", "1.2.840.113549.1.12.1.1",
    "1.2.840.113549.1.12.1.3", "1.2.840.113549.1.12.1.6", "1.2.840.113549.1.5.3", "1.2.840.113549.1.5.10",
    "1.2.840.113549.1.5.12", "1.2.840.113549.1.5.13", "1.2.840.113549.1.5.14", "1.2.840.113549.2.7",
    "1.2.840.113549.2.9", "2.16.840.1.101.3.4.1.2", "2.16.840.1.101.3.4.1.42", "1.3.6.1.4.1.11591.4.11",
    /* of nobody, and at the edges */
    "0.0", "1.39", "2.47", "2.999", "2.4294967295", "1.3.6.1.4.1.99999.1"};

static const struct bytes items[] = {
    ITEM("\x05\x00"), /* NULL */
    ITEM("\x05\x01\x00"), /* NULL with something in it */
    ITEM("\x01\x01\xff"), /* TRUE */
    ITEM("\x01\x01\x00"), /* FALSE */
    ITEM("\x01\x01\x01"), /* neither, in DER */
    ITEM("\x01\x00"),
    ITEM("\x30\x00"),
    ITEM("\x31\x00"),
    ITEM("\x06\x00"),
    ITEM("\x06\x02\x80\x01"), /* an object identifier with a needless octet */
    ITEM("\x06\x02\x2a\x86"), /* and one that is cut off */
    ITEM("\x04\x00"),
    ITEM("\x03\x00"),
    ITEM("\x03\x01\x00"), /* no bit */
    ITEM("\x03\x01\x07"), /* no bit, seven of them unused */
    ITEM("\x03\x02\x08\x80"), /* eight bits unused */
    ITEM("\x03\x02\x07\xff"), /* bits set that are unused */
    ITEM("\x03\x02\x01\x06"), /* keyCertSign and cRLSign */
    ITEM("\x03\x03\x07\xff\x80"), /* all nine of keyUsage */
    ITEM("\x02\x00"),
    ITEM("\x02\x01\x00"),
    ITEM("\x02\x01\x02"), /* version 3 */
    ITEM("\xa0\x03\x02\x01\x03"), /* version 4, tagged */
    ITEM("\x30\x03\x01\x01\xff"), /* basicConstraints: a CA */
    ITEM("\x30\x06\x01\x01\xff\x02\x01\x00"),
    ITEM("\x30\x06\x01\x01\xff\x02\x01\x80"), /* and a path length below zero */
    ITEM("\x30\x03\x02\x01\x05"), /* a TLS feature: must-staple */
    ITEM("\x30\x0b\x06\x07\x2a\x86\x48\xce\x38\x04\x01\x05\x00"), /* DSA with NULL for parameters */
    ITEM("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"), /* RSA */
    ITEM("\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"), /* RSA without its NULL */
    ITEM("\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"), /* RSASSA-PSS without parameters */
    ITEM("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x00"), /* all by default */
    ITEM("\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"), /* EC without a curve */
    ITEM("\x30\x0b\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x05\x00"), /* EC whose curve is implied */
    ITEM("\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"), /* P-256 */
    ITEM("\x30\x05\x06\x03\x2b\x65\x70"), /* Ed25519 */
    ITEM("\x30\x07\x06\x03\x2b\x65\x70\x05\x00"), /* Ed25519 with parameters */
    ITEM("\x30\x05\x06\x03\x2b\x65\x6e"), /* X25519 */
    ITEM("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"), /* ecdsa-with-SHA256 */
    ITEM("\x30\x0c\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02\x05\x00"),
    ITEM("\x17\x0d"
	 "250101000000Z"),
    ITEM("\x17\x0d"
	 "500101000000Z"),
    ITEM("\x17\x0b"
	 "2501010000Z"),
    ITEM("\x17\x11"
	 "250101000000+0100"),
    ITEM("\x18\x0f"
	 "20250101000000Z"),
    ITEM("\x18\x0f"
	 "00000101000000Z"),
    ITEM("\x18\x0f"
	 "99991231235959Z"),
    ITEM("\x18\x0f"
	 "20250229000000Z"),
    ITEM("\x18\x0f"
	 "20251231235960Z"),
    ITEM("\x18\x13"
	 "20250101000000.123Z"),
    ITEM("\x18\x0e"
	 "20250101000000"),
    ITEM("\x82\x01*"), /* GeneralNames */
    ITEM("\x82\x00"),
    ITEM("\x82\x09"
	 "a.example"),
    ITEM("\x82\x0b"
	 "*.a.example"),
    ITEM("\x82\x0b"
	 "a.example\x00"
	 "b"),
    ITEM("\x87\x04\x7f\x00\x00\x01"),
    ITEM("\x87\x03\x7f\x00\x00"),
    ITEM("\x87\x08\x7f\x00\x00\x00\xff\x00\xff\x00"), /* a mask with holes */
    ITEM("\x88\x03\x2a\x03\x04"),
    ITEM("\x86\x10http://a.example"),
    ITEM("\xa0\x07\x06\x03\x2a\x03\x04\xa0\x00"), /* otherName */
    ITEM("\xa3\x00"),
    ITEM("\xa4\x02\x30\x00"),
    ITEM("\xa5\x05\xa1\x03\x0c\x01x"),
    ITEM("\x0c\x02\xc3\x28"), /* wrong UTF-8 */
    ITEM("\x0c\x06\xed\xa0\x80\xed\xb0\x80"), /* surrogates in it */
    ITEM("\x1e\x03\x00\x41\x00"), /* half a character */
    ITEM("\x1c\x04\x00\x11\x00\x00"), /* above Unicode */
    ITEM("\x14\x03\xe4\x1b\x0e"), /* T61 with escapes */
    ITEM("\x13\x03U\x00S"),
    ITEM("\x31\x09\x30\x07\x06\x03\x55\x04\x03\x0c\x00"), /* an empty commonName */
    ITEM("\x0a\x01\x06"),
    ITEM("\xa1\x09\x30\x07\xa0\x03\x0a\x01\x07\x05\x00"),
};

static const struct bytes texts[] = {
    ITEM("\0"),
    ITEM("*"),
    ITEM("*."),
    ITEM("."),
    ITEM("-"),
    ITEM("xn--"),
    ITEM("://"),
    ITEM("http://"),
    ITEM("https://"),
    ITEM("ldap://"),
    ITEM("@"),
    ITEM("["),
    ITEM("]"),
    ITEM("::"),
    ITEM("%00"),
    ITEM("%2e"),
    ITEM("#"),
    ITEM("?"),
    ITEM("\\"),
    ITEM("\r\n"),
    ITEM("\t"),
    ITEM("\""),
    ITEM("<b>"),
    ITEM("\x1b[2J"),
    ITEM("\xff"),
    ITEM("\xc0\x80"),
    ITEM("\xed\xa0\x80"),
    ITEM("\xf4\x90\x80\x80"),
    ITEM("\xe2\x80\xae\xe2\x80\xac"),
    ITEM("\x00\xe9"),
    ITEM(":0"),
    ITEM(":65536"),
    ITEM("127.0.0.1"),
    ITEM("2130706433"),
    ITEM("localhost"),
    ITEM("a.example"),
};

static const struct bytes numbers[] = {
    ITEM(""),
    ITEM("\x00"),
    ITEM("\x01"),
    ITEM("\x02"),
    ITEM("\x7f"),
    ITEM("\x80"),
    ITEM("\xff"),
    ITEM("\x00\x01"), /* a needless octet */
    ITEM("\xff\xff"),
    ITEM("\x00\x80"),
    ITEM("\x7f\xff\xff\xff"),
    ITEM("\x00\x80\x00\x00\x00"),
    ITEM("\x00\xff\xff\xff\xff"),
    ITEM("\x01\x00\x00\x00\x00"),
    ITEM("\x80\x00\x00\x00\x00\x00\x00\x00"),
    ITEM("\x7f\xff\xff\xff\xff\xff\xff\xff"),
    ITEM("\x00\xff\xff\xff\xff\xff\xff\xff\xff"),
    ITEM("\x01\x00\x00\x00\x00\x00\x00\x00\x00"),
    ITEM("\x7f\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), /* 20 octets */
    ITEM("\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
};

struct bytes der_item(uint32_t index)
{
	return items[index % COUNT(items)];
}

struct bytes der_item_text(uint32_t index)
{
	return texts[index % COUNT(texts)];
}

struct bytes der_item_number(uint32_t index)
{
	return numbers[index % COUNT(numbers)];
}

static size_t put_arc(uint8_t *out, unsigned long long arc)
{
	size_t len = 1;

	for (unsigned long long rest = arc >> 7; rest > 0; rest >>= 7)
		len++;
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)((arc >> 7 * (len - 1 - i) & 0x7f) | (i + 1 < len ? 0x80 : 0));
	return len;
}

size_t der_item_oid(uint32_t index, uint8_t out[DER_ITEM_MAX_OID_BYTES])
{
	char *at;
	unsigned long long first = strtoull(oids[index % COUNT(oids)], &at, 10);
	size_t len = put_arc(out, first * 40 + strtoull(at + 1, &at, 10));

	while (*at == '.')
		len += put_arc(out + len, strtoull(at + 1, &at, 10));
	return len;
}
