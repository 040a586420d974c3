import java.io.*;
import java.nio.file.*;
import java.security.cert.*;
import java.util.*;
import javax.net.ssl.*;
import sun.security.util.HostnameChecker;

/**
 * What Java's own trust manager says of chains: one JVM for all of them.
 * Each line of standard input: the chain's file, the roots' file, a name, and the CRLs' file (or nothing), between tabs. Each line of standard output:
 * what is wrong with the chain, and with the name; empty where nothing is.
 */
public class PathChecker {
    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        for (String line; (line = in.readLine()) != null;) {
            String[] fields = line.split("\t", -1);
            out.println(words(() -> checkPath(fields)) + "\t" + words(() -> checkName(fields)));
        }
    }

    interface Check {
        void run() throws Exception;
    }

    static String words(Check check) {
        try {
            check.run();
            return "";
        } catch (Exception why) {
            StringBuilder said = new StringBuilder();
            for (Throwable one = why; one != null; one = one.getCause())
                said.append(one.getClass().getSimpleName()).append(": ").append(one.getMessage()).append("; ");
            return said.toString().replaceAll("[\\t\\r\\n]+", " ");
        }
    }

    static List<X509Certificate> read(String file) throws Exception {
        List<X509Certificate> found = new ArrayList<>();
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        try (InputStream in = new ByteArrayInputStream(Files.readAllBytes(Path.of(file)))) {
            for (Certificate one : factory.generateCertificates(in))
                found.add((X509Certificate) one);
        }
        return found;
    }

    static void checkPath(String[] fields) throws Exception {
        Set<TrustAnchor> anchors = new HashSet<>();
        for (X509Certificate root : read(fields[1]))
            anchors.add(new TrustAnchor(root, null));
        PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, new X509CertSelector());
        parameters.setRevocationEnabled(!fields[3].isEmpty());
        if (!fields[3].isEmpty()) {
            try (InputStream in = new ByteArrayInputStream(Files.readAllBytes(Path.of(fields[3])))) {
                parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(
                    CertificateFactory.getInstance("X.509").generateCRLs(in))));
            }
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(new CertPathTrustManagerParameters(parameters));
        X509TrustManager manager = (X509TrustManager) factory.getTrustManagers()[0];
        // UNKNOWN: the key exchange of TLS 1.3.
        manager.checkServerTrusted(read(fields[0]).toArray(new X509Certificate[0]), "UNKNOWN");
    }

    static void checkName(String[] fields) throws Exception {
        HostnameChecker.getInstance(HostnameChecker.TYPE_TLS).match(fields[2], read(fields[0]).get(0));
    }
}
