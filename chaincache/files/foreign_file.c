#include "chaincache/files/foreign_file.h"

#include <stddef.h>
#include <strings.h>

struct foreign {
	const char *beginning; /* binary: these bytes; text: in any case, blanks and a byte order mark before it */
	size_t len;
	const char *words;
};

#define BINARY(beginning, words)                                                                                       \
	{                                                                                                              \
		(beginning), sizeof(beginning) - 1, (words)                                                            \
	}
#define TEXT(beginning, words)                                                                                         \
	{                                                                                                              \
		(beginning), 0, (words)                                                                                \
	}

#define PUTTY                                                                                                          \
	"the file is a private key of PuTTY: turn it into PEM with `puttygen FILE -O private-openssh -o FILE.key` "    \
	"and "                                                                                                         \
	"`ssh-keygen -p -m PEM -f FILE.key`"
#define SSH_KEY "the file is a public key of SSH, and neither a certificate nor a private key of X.509"
#define HTML                                                                                                           \
	"the file is a page of HTML, such as a portal's login or an error: download the certificate anew, and look "   \
	"at "                                                                                                          \
	"what came"
#define BKS                                                                                                            \
	"the file is a keystore of Bouncy Castle (BKS): turn it into PKCS#12 with `keytool -importkeystore "           \
	"-srcstoretype BKS -deststoretype PKCS12` and its provider"
#define PGP "the file holds a block of PGP, and no certificate of X.509"
#define NSS                                                                                                            \
	"the file is a database of NSS: export the certificate with `certutil -L -d DIRECTORY -n NAME -a`, or with "   \
	"its "                                                                                                         \
	"key with `pk12util`"

static const struct foreign foreigners[] = {
    BINARY("\0\0\0\1\0\0\0\x14", BKS),
    BINARY("\0\0\0\2\0\0\0\x14", BKS),
    BINARY("PK\3\4", "the file is a ZIP archive: unpack it, and name the certificate in it"),
    BINARY("\x1f\x8b", "the file is compressed by gzip: unpack it, and name the certificate in it"),
    BINARY("7z\xbc\xaf", "the file is a 7-Zip archive: unpack it, and name the certificate in it"),
    BINARY("%PDF", "the file is a PDF document: download the certificate itself"),
    BINARY("SQLite format 3", NSS),
    BINARY("\0\6\x15\x61", NSS),
    BINARY("\0\5\x31\x62", NSS),
    TEXT("<!doctype html", HTML),
    TEXT("<html", HTML),
    TEXT("<head", HTML),
    TEXT("<?xml", "the file is an XML document: take the certificate out of it, with BEGIN and END lines around it"),
    TEXT("PuTTY-User-Key-File-", PUTTY),
    TEXT("---- BEGIN SSH2", SSH_KEY),
    TEXT("ssh-rsa ", SSH_KEY),
    TEXT("ssh-ed25519 ", SSH_KEY),
    TEXT("ecdsa-sha2-", SSH_KEY),
    TEXT("-----BEGIN PGP ", PGP),
};

static bool is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Skips blanks and a byte order mark. */
static struct bytes trim(struct bytes text)
{
	static const char mark[] = "\xef\xbb\xbf";

	if (text.len >= sizeof(mark) - 1 && memcmp(text.data, mark, sizeof(mark) - 1) == 0)
		text = bytes_of(text.data + sizeof(mark) - 1, text.len - (sizeof(mark) - 1));
	while (text.len > 0 && is_blank(text.data[0]))
		text = bytes_of(text.data + 1, text.len - 1);
	return text;
}

static bool begins_with(const struct foreign *foreign, struct bytes content)
{
	if (foreign->len > 0)
		return content.len >= foreign->len && memcmp(content.data, foreign->beginning, foreign->len) == 0;
	struct bytes text = trim(content);
	size_t len = strlen(foreign->beginning);
	return text.len >= len && strncasecmp((const char *)text.data, foreign->beginning, len) == 0;
}

const char *foreign_file_words(struct bytes content)
{
	for (size_t i = 0; i < sizeof(foreigners) / sizeof(foreigners[0]); i++)
		if (begins_with(&foreigners[i], content))
			return foreigners[i].words;
	return NULL;
}
