#include "proxy/commands/repair/repair_recipe.h"

#include <string.h>

#define END_STEP                                                                                                       \
	{                                                                                                              \
		REPAIR_NOBODY, REPAIR_NOBODY, REPAIR_NOBODY, NULL, NULL, NULL                                          \
	}

const struct repair_step repair_recipe_last_step = {
    .when = REPAIR_LEAF,
    .each = REPAIR_LEAF,
    .text = "Look at what the server sends now. Do all of this again when its certificate is renewed under another "
	    "issuer.",
    .commands = "chainmend check @host@",
};

/* Shared by all services that use TLS of Windows. */
static const struct repair_step windows_steps[] = {
    {.when = REPAIR_ADDED,
     .each = REPAIR_ADDED,
     .text = "Windows builds the chain from the machine's own stores. Copy the files to the server and put them into "
	     "its store of intermediate certification authorities, in a command prompt that runs as administrator, in "
	     "the folder with the files (or with mmc: Certificates, Computer account, Intermediate Certification "
	     "Authorities, Import):",
     .commands = "certutil -addstore CA @file@"},
    {.when = REPAIR_STALE,
     .each = REPAIR_STALE,
     .text = "Take out of the same store what leads Windows another way: an issuer that is out of its validity, or "
	     "that ends where clients do not trust. Group policy or an update may bring it back:",
     .commands = "certutil -delstore CA @thumbprint@"},
    {.when = REPAIR_ROOT,
     .each = REPAIR_ROOT,
     .text = "The chain ends at the root @subject@. See whether the machine's store of trusted roots holds it; without "
	     "it Windows does not take this way:",
     .commands = "certutil -store Root @thumbprint@"},
    {.when = REPAIR_ROOT,
     .each = REPAIR_ROOT,
     .text = "Only where it does not, and only when the fingerprint is the one that the authority publishes, put it "
	     "there:",
     .commands = "certutil -addstore Root @file@"},
    END_STEP,
};

static const struct repair_step iis_steps[] = {
    {.when = REPAIR_LEAF,
     .each = REPAIR_LEAF,
     .text = "See the chain that Windows builds now for the site's certificate:",
     .commands = "certutil -verifystore My @thumbprint@"},
    {.when = REPAIR_LEAF,
     .each = REPAIR_LEAF,
     .text = "IIS sends the former chain until it reads the certificate again, and stops serving for some seconds "
	     "here. Should the former chain still go out afterwards, choose the certificate once more in the site's "
	     "binding, or start the machine anew:",
     .commands = "iisreset /noforce"},
    END_STEP,
};

static const struct repair_step exchange_steps[] = {
    {.when = REPAIR_LEAF,
     .each = REPAIR_LEAF,
     .text = "See which services the certificate serves, in the Exchange Management Shell:",
     .commands = "Get-ExchangeCertificate -Thumbprint @thumbprint@ | Format-List Subject,Services,Status,NotAfter"},
    {.when = REPAIR_LEAF,
     .each = REPAIR_LEAF,
     .text = "Enable it for them once more, so that they take the new chain (name SMTP, IMAP and POP as well, "
	     "separated by commas, where they stood among the services), and start IIS anew:",
     .commands = "Enable-ExchangeCertificate -Thumbprint @thumbprint@ -Services IIS\n"
		 "iisreset /noforce"},
    {.when = REPAIR_LEAF,
     .each = REPAIR_LEAF,
     .text = "Where it serves SMTP, start the transport service anew. Do the same on every Exchange server that "
	     "clients reach:",
     .commands = "Restart-Service MSExchangeTransport"},
    END_STEP,
};

static const struct repair_step nginx_steps[] = {
    {.when = REPAIR_LEAF,
     .each = REPAIR_LEAF,
     .text = "Put the new chain file where nginx reads it. It holds the server certificate first and then each issuer "
	     "in turn; the private key stays where it is:",
     .commands = "install -D -m 644 @chain@ /etc/nginx/ssl/@chain@"},
    {.when = REPAIR_LEAF,
     .each = REPAIR_LEAF,
     .text = "Name it in every server block of this certificate, in place of the former file (nginx -T shows where "
	     "ssl_certificate stands; ssl_certificate_key stays as it is):",
     .lines = "ssl_certificate /etc/nginx/ssl/@chain@;"},
    {.when = REPAIR_LEAF,
     .each = REPAIR_LEAF,
     .text = "Check the configuration and let nginx read it; connections go on:",
     .commands = "nginx -t\n"
		 "nginx -s reload"},
    END_STEP,
};

static const struct repair_step apache_steps[] = {
    {.when = REPAIR_LEAF,
     .each = REPAIR_LEAF,
     .text = "See which version runs: the two steps that follow are one for each kind (apachectl is called "
	     "apache2ctl on some systems):",
     .commands = "apachectl -v"},
    {.when = REPAIR_LEAF,
     .each = REPAIR_LEAF,
     .text = "Apache 2.4.8 and newer: SSLCertificateFile takes the whole chain, the server certificate first. Take a "
	     "line SSLCertificateChainFile out; SSLCertificateKeyFile stays as it is:",
     .commands = "install -D -m 644 @chain@ /etc/ssl/apache/@chain@",
     .lines = "SSLCertificateFile /etc/ssl/apache/@chain@"},
    {.when = REPAIR_ISSUERS,
     .each = REPAIR_LEAF,
     .text = "Apache before 2.4.8, in place of that: the server certificate and its issuers in two files:",
     .commands = "install -D -m 644 @leaf@ /etc/ssl/apache/@leaf@\n"
		 "install -D -m 644 @intermediates@ /etc/ssl/apache/@intermediates@",
     .lines = "SSLCertificateFile /etc/ssl/apache/@leaf@\n"
	      "SSLCertificateChainFile /etc/ssl/apache/@intermediates@"},
    {.when = REPAIR_LEAF,
     .each = REPAIR_LEAF,
     .text = "Check the configuration and let Apache read it; connections go on:",
     .commands = "apachectl configtest\n"
		 "apachectl graceful"},
    END_STEP,
};

static const struct repair_step haproxy_steps[] = {
    {.when = REPAIR_LEAF,
     .each = REPAIR_LEAF,
     .text = "HAProxy wants one file: the server certificate, each issuer in turn, then the private key. chainmend "
	     "writes no key, so put yours (KEY) behind the new chain; the result is a secret:",
     .commands = "(umask 077; cat @chain@ KEY > @stem@-bundle.pem)\n"
		 "install -D -m 600 @stem@-bundle.pem /etc/haproxy/certs/@stem@.pem"},
    {.when = REPAIR_LEAF,
     .each = REPAIR_LEAF,
     .text = "Name it in the bind line, in place of the former file (HAProxy 2.2 and newer also read the key "
	     "from a file beside it that has .key at the end of its name):",
     .lines = "bind :443 ssl crt /etc/haproxy/certs/@stem@.pem"},
    {.when = REPAIR_LEAF,
     .each = REPAIR_LEAF,
     .text = "Check the configuration and let HAProxy read it:",
     .commands = "haproxy -c -f /etc/haproxy/haproxy.cfg\n"
		 "systemctl reload haproxy"},
    END_STEP,
};

static const struct repair_step java_steps[] = {
    {.when = REPAIR_LEAF,
     .each = REPAIR_LEAF,
     .text = "Find the alias of the key in the server's keystore: the entry that says PrivateKeyEntry. Write its name "
	     "in place of ALIAS below, and the keystore's in place of KEYSTORE. Keep a copy of the keystore:",
     .commands = "keytool -list -keystore KEYSTORE\n"
		 "cp -p KEYSTORE KEYSTORE.before"},
    {.when = REPAIR_ROOT,
     .unless = REPAIR_ISSUERS,
     .each = REPAIR_ROOT,
     .text =
	 "The root signed the certificate itself. keytool does not take a certificate alone that it has already, so "
	 "it gets the root behind it, which clients pass over:",
     .commands = "cat @chain@ @file@ > @stem@-with-root.pem\n"
		 "keytool -importcert -noprompt -alias ALIAS -file @stem@-with-root.pem -keystore KEYSTORE"},
    {.when = REPAIR_ISSUERS,
     .each = REPAIR_LEAF,
     .text = "Import the whole chain, the server certificate first, under the key's own alias: that is the chain that "
	     "Java then sends. Intermediates that are imported under aliases of their own are never sent:",
     .commands = "keytool -importcert -noprompt -alias ALIAS -file @chain@ -keystore KEYSTORE"},
    {.when = REPAIR_ISSUERS,
     .each = REPAIR_LEAF,
     .text = "See that it says \"Certificate chain length: @length@\", and start the program anew:",
     .commands = "keytool -list -v -alias ALIAS -keystore KEYSTORE"},
    {.when = REPAIR_LEAF, .unless = REPAIR_ISSUERS, .each = REPAIR_LEAF, .text = "Start the program anew."},
    END_STEP,
};

static const struct repair_step f5_steps[] = {
    {.when = REPAIR_ISSUERS,
     .each = REPAIR_LEAF,
     .text = "Bring the file with the issuers to the BIG-IP and install it; certificate and key of the profile stay:",
     .commands = "scp @intermediates@ root@BIGIP:/var/tmp/@intermediates@\n"
		 "tmsh install sys crypto cert @stem@-intermediates.crt from-local-file /var/tmp/@intermediates@"},
    {.when = REPAIR_LEAF,
     .each = REPAIR_LEAF,
     .text = "Find the client-ssl profile with the server's certificate, and the name of the entry of its "
	     "cert-key-chain; write them in place of PROFILE and ENTRY below:",
     .commands = "tmsh list ltm profile client-ssl cert-key-chain"},
    {.when = REPAIR_ISSUERS,
     .each = REPAIR_LEAF,
     .text = "Give that entry the chain (before version 11.5: tmsh modify ltm profile client-ssl PROFILE chain ...):",
     .commands = "tmsh modify ltm profile client-ssl PROFILE cert-key-chain modify { ENTRY { chain "
		 "@stem@-intermediates.crt } }"},
    {.when = REPAIR_LEAF,
     .unless = REPAIR_ISSUERS,
     .each = REPAIR_LEAF,
     .text = "The root signed the certificate itself, so nothing has to be sent beside it:",
     .commands = "tmsh modify ltm profile client-ssl PROFILE cert-key-chain modify { ENTRY { chain none } }"},
    {.when = REPAIR_LEAF,
     .each = REPAIR_LEAF,
     .text = "Save it; in a device group, synchronise the other members afterwards:",
     .commands = "tmsh save sys config"},
    END_STEP,
};

static const struct repair_step netscaler_steps[] = {
    {.when = REPAIR_ADDED,
     .each = REPAIR_ADDED,
     .text = "Bring the files to the appliance:",
     .commands = "scp @file@ nsroot@NSIP:/nsconfig/ssl/@file@"},
    {.when = REPAIR_ADDED,
     .each = REPAIR_ADDED,
     .text =
	 "Add each, on the appliance's command line; one that it calls known is there already, and the name that it "
	 "then prints stands for this one below:",
     .commands = "add ssl certKey @name@ -cert @file@"},
    {.when = REPAIR_LEAF,
     .each = REPAIR_LEAF,
     .text =
	 "See what is linked. Below, CERTKEY stands for the name of the server certificate's own certKey, and a name "
	 "that begins with CERTKEY-OF for that of an issuer that is there already:",
     .commands = "show ssl certKey\n"
		 "show ssl certLink"},
    {.when = REPAIR_UNLINKED,
     .each = REPAIR_UNLINKED,
     .text = "Undo the links to what must not be sent any longer:",
     .commands = "unlink ssl certKey @child@"},
    {.when = REPAIR_LINKED,
     .each = REPAIR_LINKED,
     .text = "Link each certificate to its issuer; the appliance sends what is linked:",
     .commands = "link ssl certKey @child@ @issuer@"},
    {.when = REPAIR_LEAF, .each = REPAIR_LEAF, .text = "Save it:", .commands = "save ns config"},
    END_STEP,
};

static const struct repair_recipe recipes[] = {
    {"iis", "IIS", {REPAIR_ADDED, REPAIR_STALE}, {windows_steps, iis_steps}},
    {"exchange", "Exchange", {REPAIR_ADDED, REPAIR_STALE}, {windows_steps, exchange_steps}},
    {"nginx", "nginx", {REPAIR_NOBODY, REPAIR_NOBODY}, {nginx_steps, NULL}},
    {"apache", "Apache", {REPAIR_NOBODY, REPAIR_NOBODY}, {apache_steps, NULL}},
    {"haproxy", "HAProxy", {REPAIR_NOBODY, REPAIR_NOBODY}, {haproxy_steps, NULL}},
    {"java", "Java", {REPAIR_NOBODY, REPAIR_NOBODY}, {java_steps, NULL}},
    {"f5", "F5 BIG-IP", {REPAIR_NOBODY, REPAIR_NOBODY}, {f5_steps, NULL}},
    {"netscaler", "NetScaler", {REPAIR_UNLINKED, REPAIR_LINKED}, {netscaler_steps, NULL}},
};

#define NUM_RECIPES (sizeof(recipes) / sizeof(recipes[0]))
_Static_assert(NUM_RECIPES <= REPAIR_MAX_RECIPES, "raise REPAIR_MAX_RECIPES");

const struct repair_recipe *repair_recipe_find(const char *name)
{
	for (size_t i = 0; i < NUM_RECIPES; i++) {
		if (strcmp(recipes[i].name, name) == 0)
			return &recipes[i];
	}
	return NULL;
}

const struct repair_recipe *repair_recipe_at(size_t index)
{
	return index < NUM_RECIPES ? &recipes[index] : NULL;
}
