package poslatch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class IdentityTest {
    /** Two, three and four bytes a character. */
    private static final String PASSPHRASE = "p\u00e4ss\u20ac\ud834\udd1e";

    @Test
    void factsAreThoseOfTheCertificate() throws Exception {
        Identity identity = Bench.IDENTITY;
        byte[] file = identity.exportPkcs12("secret".toCharArray());
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(new ByteArrayInputStream(file), "secret".toCharArray());
        assertEquals(Collections.singletonList("1001"), Collections.list(store.aliases()));
        X509Certificate certificate = (X509Certificate) store.getCertificate("1001");

        assertEquals("1001", identity.posId());
        assertEquals(Simulator.SERIAL + ".cybs.seclib.io", identity.deviceName());
        assertEquals(Simulator.SERIAL, identity.serial());
        assertTrue(certificate.getIssuerX500Principal().getName().contains("CN=" + identity.issuer()));
        assertEquals(certificate.getNotBefore().toInstant(), identity.notBefore());
        assertEquals(certificate.getNotAfter().toInstant(), identity.notAfter());
        assertFalse(identity.earliestExpiry().isAfter(identity.notAfter()));
        assertFalse(identity.needsRenewal(0));
        assertTrue(identity.needsRenewal(Integer.MAX_VALUE));
        StringBuilder digits = new StringBuilder();
        for (byte b : MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded())) {
            digits.append(String.format("%02x", b));
        }
        assertEquals(digits.toString(), identity.fingerprint());
        assertTrue(identity.certChain().startsWith("-----BEGIN CERTIFICATE-----"));
        assertFalse(identity.certChain().contains("PRIVATE KEY"));
    }

    @Test
    void whatNoTillWouldAskForIsAnError() {
        assertArgument("days", () -> Bench.IDENTITY.needsRenewal(-1));
        assertArgument("passphrase", () -> Bench.IDENTITY.exportPem(new char[0]));
    }

    @Test
    void savedWithAPassphraseBeyondAsciiItIsLoadedWithThatOneOnly() {
        String path = Bench.path("t\u00efll \u20ac.pem");
        Bench.IDENTITY.save(path, PASSPHRASE.toCharArray());
        try (Identity loaded = Identity.load(path, PASSPHRASE.toCharArray())) {
            assertEquals(Bench.IDENTITY.fingerprint(), loaded.fingerprint());
        }
        assertEquals(Status.PASSPHRASE, failure(() -> Identity.load(path)).status());
        assertEquals(Status.PASSPHRASE, failure(() -> Identity.load(path, "p?ss??".toCharArray())).status());
    }

    @Test
    void exportedWithAPassphraseItComesBack() {
        byte[] pem = Bench.IDENTITY.exportPem(PASSPHRASE.toCharArray());
        assertTrue(new String(pem, StandardCharsets.UTF_8).contains("ENCRYPTED PRIVATE KEY"));
        byte[] before = pem.clone();
        try (Identity identity = Identity.fromPem(pem, PASSPHRASE.toCharArray())) {
            assertEquals(Bench.IDENTITY.fingerprint(), identity.fingerprint());
        }
        assertArrayEquals(before, pem, "the caller's array was touched");
        assertEquals(Status.IDENTITY_UNUSABLE, failure(() -> Identity.fromPem(new byte[0], null)).status());
        assertEquals(Category.USAGE, failure(() -> Identity.fromPem(null, null)).category());
    }

    @Test
    void pairingUnderANameBeyondAsciiKeepsIt() {
        try (Device device = Bench.settings(Bench.DEVICE).build();
                Identity identity = device.pair("K\u00e4se 2", Bench.DEVICE.setupCode())) {
            assertEquals("K\u00e4se 2", identity.posId());
            Bench.DEVICE.await("\"posId\":\"K\u00e4se 2\"");
        }
    }

    @Test
    void textThatCannotGoThroughCIsRefusedAndNotChanged() {
        String path = Bench.file("nul.pem").toString();
        assertArgument("path", () -> Bench.IDENTITY.save(path + "\0.txt", null));
        assertArgument("passphrase", () -> Bench.IDENTITY.save(path, "a\0b".toCharArray()));
        assertArgument("passphrase", () -> Bench.IDENTITY.save(path, "\ud834".toCharArray()));
        assertArgument("path", () -> Identity.load("\udd1e\ud834"));
        assertArgument("url", () -> Device.builder("wss://127.0.0.1\0/").build());
        assertArgument("url", () -> Device.builder(null).build());
        assertFalse(Files.exists(Bench.file("nul.pem")));
        try (Connection connection = Bench.connection(Bench.DEVICE)) {
            PoslatchException failure = failure(() -> connection.exchange("{\"type\":\"\ud834\"}"));
            assertEquals(Status.ARGUMENT, failure.status());
            assertEquals(RequestState.NOT_SENT, failure.requestState());
            assertEquals(RequestState.NOT_SENT, failure(() -> connection.exchange(null)).requestState());
        }
    }

    @Test
    void rootCaIsSavedCheckedAndTakenFromMemory() throws Exception {
        String chain = new String(Files.readAllBytes(Paths.get(Bench.DEVICE.rootCaFile())), StandardCharsets.UTF_8);
        String saved = Bench.path("r\u00f6\u00f6t.pem");
        RootCa.save(chain, saved);
        try (Device device = Device.builder(Bench.DEVICE.url("https")).rootCaFile(saved).build();
                Device other = Device.builder(Bench.DEVICE.url("https")).rootCaPem(chain).build();
                Connection connection = device.openMtls(Bench.IDENTITY);
                Connection second = other.openMtls(Bench.IDENTITY)) {
            assertTrue(connection.exchange(Bench.payment("from a file")).contains("APPROVED"));
            assertTrue(second.exchange(Bench.payment("from memory")).contains("APPROVED"));
        }
        assertEquals(Status.ROOT_CA_UNUSABLE,
                failure(() -> RootCa.save("no chain", saved)).status());
        assertEquals(Status.ROOT_CA_UNUSABLE,
                failure(() -> Device.builder("https://127.0.0.1/").rootCaPem("no chain").build()).status());
        assertEquals(Status.FILE, failure(() -> Device.builder("https://127.0.0.1/")
                .rootCaFile(Bench.file("none.pem").toString()).build()).status());
    }

    @Test
    void cloudThatIsNotThereIsANetworkFailure() {
        // Port 1 of the loopback, where nothing listens.
        PoslatchException failure = failure(() -> RootCa.fetch("https://127.0.0.1:1", "merchant", "key",
                "c2VjcmV0".toCharArray()));
        assertEquals(Status.REFUSED, failure.status());
        assertEquals(Category.NETWORK, failure.category());
    }

    @Test
    void probeTellsWhatIsWrongAndThrowsNothing() {
        try (Device right = Bench.settings(Bench.DEVICE).build()) {
            String report = right.probe(Bench.IDENTITY);
            assertTrue(report.contains("\"verdict\":\"ok\""), report);
            report = right.probe(null);
            assertTrue(report.contains("\"given\":false"), report);
        }
        try (Device wrong = Bench.settings(Bench.DEVICE).serial("1850000999").build()) {
            String report = wrong.probe(null);
            assertTrue(report.contains("\"status_name\":\"WRONG_DEVICE\""), report);
        }
    }

    @Test
    void settingsAreJudgedWhenTheDeviceIsMade() {
        Device.Builder settings = Bench.settings(Bench.DEVICE);
        assertArgument("ping", () -> Bench.settings(Bench.DEVICE)
                .keepAlive(Duration.ofSeconds(-1), 1).build());
        assertArgument("missedMax", () -> Bench.settings(Bench.DEVICE)
                .keepAlive(Duration.ofSeconds(1), -1).build());
        assertEquals(Status.ARGUMENT, failure(() -> Bench.settings(Bench.DEVICE)
                .connectTimeout(Duration.ofSeconds(Long.MAX_VALUE)).build()).status());
        assertEquals(Status.ARGUMENT, failure(() -> Bench.settings(Bench.DEVICE)
                .identityCheck(null).build()).status());
        // The later one counts, and a builder serves as often as one likes.
        settings.serial("1850000999");
        try (Device wrong = settings.build()) {
            assertEquals(Status.WRONG_DEVICE, failure(wrong::openTls).status());
            assertEquals(Category.TRUST, failure(wrong::openTls).category());
        }
        try (Device right = settings.identityCheck(IdentityCheck.DOMAIN).build();
                Connection connection = right.openMtls(Bench.IDENTITY)) {
            assertEquals(ConnectionState.OPEN, connection.state());
        }
    }

    @Test
    void datesAreInUtc() {
        assertTrue(Bench.IDENTITY.notBefore().isBefore(Instant.now().plusSeconds(1)));
        assertTrue(Bench.IDENTITY.notAfter().isAfter(Instant.now()));
    }

    private static void assertArgument(String name, Executable call) {
        PoslatchException failure = failure(call);
        assertEquals(Status.ARGUMENT, failure.status());
        assertTrue(failure.message().startsWith("argument \"" + name + "\""), failure.message());
    }

    private static PoslatchException failure(Executable call) {
        return assertThrows(PoslatchException.class, call);
    }
}
