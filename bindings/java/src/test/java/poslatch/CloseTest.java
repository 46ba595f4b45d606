package poslatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class CloseTest {
    @Test
    void closeFromAnotherThreadEndsAPaymentInDoubt() throws Exception {
        CountDownLatch underWay = new CountDownLatch(1);
        PoslatchException failure;
        try (Simulator device = Bench.another("hold_payment=true")) {
            Connection connection = Bench.connection(device);
            Future<?> paying = Bench.start(
                    () -> connection.exchange(Bench.payment("closed"), status -> underWay.countDown()));
            assertTrue(underWay.await(Bench.PATIENCE_SECONDS, TimeUnit.SECONDS));
            connection.close();
            failure = (PoslatchException) Bench.outcome(paying);
        }
        assertEquals(Status.CANCELLED, failure.status());
        assertEquals(Category.CANCELLED, failure.category());
        assertEquals(RequestState.IN_DOUBT, failure.requestState());
        assertTrue(failure.getMessage().contains(failure.message()), failure.getMessage());
        assertTrue(failure.getMessage().contains("Do not repeat the request"), failure.getMessage());
    }

    @Test
    void closeByManyThreadsWhileManyReceive() throws Exception {
        for (int round = 0; round < 20; round++) {
            Connection connection = Bench.connection(Bench.DEVICE);
            List<Future<?>> waiting = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                waiting.add(Bench.start(() -> connection.receive(null)));
            }
            List<Future<?>> closing = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                closing.add(Bench.start(connection::close));
            }
            for (Future<?> thread : waiting) {
                assertEquals(Status.CLOSED, ((PoslatchException) Bench.outcome(thread)).status());
            }
            for (Future<?> thread : closing) {
                assertNull(Bench.outcome(thread));
            }
        }
    }

    @Test
    void closedTwiceIsClosedOnce() {
        Connection connection = Bench.connection(Bench.DEVICE);
        Device device = Bench.settings(Bench.DEVICE).build();
        Identity identity = Identity.fromPem(Bench.IDENTITY.exportPem(null), null);
        for (AutoCloseable object : Arrays.asList(connection, device, identity)) {
            for (int i = 0; i < 2; i++) {
                try {
                    object.close();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }
        }
    }

    @Test
    void useAfterCloseIsClosed() {
        Connection connection = Bench.connection(Bench.DEVICE);
        Device device = Bench.settings(Bench.DEVICE).build();
        Identity identity = Identity.fromPem(Bench.IDENTITY.exportPem(null), null);
        connection.close();
        device.close();
        identity.close();

        assertClosed(RequestState.NOT_SENT, () -> connection.exchange(Bench.payment("late")));
        assertClosed(RequestState.NOT_SENT, () -> connection.exchange(Bench.payment("late"), status -> { }));
        assertClosed(RequestState.NOT_SENT, () -> connection.send(Bench.payment("late")));
        assertClosed(RequestState.NOT_SENT, () -> connection.receive(null));
        assertClosed(RequestState.IN_DOUBT, () -> connection.recover("late"));
        assertEquals(ConnectionState.CLOSED, connection.state());
        assertEquals(Simulator.SERIAL + ".cybs.seclib.io", connection.serverName());
        assertEquals("TLSv1.3", connection.tlsVersion());

        List<Executable> others = Arrays.asList(
                () -> device.pair("1001", "8QW1YS1D"),
                () -> device.openMtls(Bench.IDENTITY),
                () -> device.openTls(),
                () -> device.probe(null),
                () -> device.interrupt(),
                () -> device.journalPending(),
                () -> device.journalForget("late"),
                () -> identity.save(Bench.file("late.pem").toString(), null),
                () -> identity.exportPem(null),
                () -> identity.exportPkcs12("secret".toCharArray()),
                () -> identity.certChain(),
                () -> identity.posId(),
                () -> identity.deviceName(),
                () -> identity.serial(),
                () -> identity.issuer(),
                () -> identity.fingerprint(),
                () -> identity.notBefore(),
                () -> identity.notAfter(),
                () -> identity.earliestExpiry(),
                () -> identity.needsRenewal(0));
        for (Executable call : others) {
            assertClosed(RequestState.NOT_SENT, call);
        }
        try (Device open = Bench.settings(Bench.DEVICE).build()) {
            assertClosed(RequestState.NOT_SENT, () -> open.openMtls(identity));
        }
    }

    private static void assertClosed(RequestState state, Executable call) {
        PoslatchException failure = assertThrows(PoslatchException.class, call);
        assertEquals(Status.CLOSED, failure.status());
        assertEquals(-3, failure.statusNumber());
        assertEquals(Category.USAGE, failure.category());
        assertEquals(state, failure.requestState());
        assertTrue(failure.message().endsWith("was closed"), failure.message());
        assertTrue(failure.advice().endsWith("."), failure.advice());
    }

    @Test
    void interruptEndsWhatDialsAndTheDeviceStaysUsable() throws Exception {
        assertEndsDialling(Device::interrupt, device -> assertEquals(Status.CODE_MALFORMED,
                assertThrows(PoslatchException.class, () -> device.pair("1", "2")).status()));
    }

    @Test
    void closeOfADeviceEndsWhatDials() throws Exception {
        assertEndsDialling(Device::close, device -> assertClosed(RequestState.NOT_SENT, device::openTls));
    }

    /** Against a server that accepts and then never says a word of TLS. */
    private static void assertEndsDialling(Consumer<Device> end, Consumer<Device> afterwards) throws Exception {
        try (ServerSocket mute = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Device device = Device.builder("wss://127.0.0.1:" + mute.getLocalPort() + "/")
                        .rootCaFile(Bench.DEVICE.rootCaFile()).connectTimeout(Duration.ofHours(1)).build()) {
            AtomicBoolean wasInterrupted = new AtomicBoolean();
            Thread[] dialler = new Thread[1];
            CountDownLatch started = new CountDownLatch(1);
            Future<?> dialling = Bench.start(() -> {
                dialler[0] = Thread.currentThread();
                started.countDown();
                try {
                    device.openTls();
                } finally {
                    wasInterrupted.set(Thread.interrupted());
                }
            });
            assertTrue(started.await(Bench.PATIENCE_SECONDS, TimeUnit.SECONDS));
            try (Socket accepted = mute.accept()) {
                // The first byte of a ClientHello: the call is where it waits.
                assertEquals(0x16, accepted.getInputStream().read());
                dialler[0].interrupt();
                end.accept(device);
                PoslatchException failure = (PoslatchException) Bench.outcome(dialling);
                assertEquals(Status.CANCELLED, failure.status());
                assertTrue(wasInterrupted.get(), "the interrupt status of the thread was swallowed");
            }
            afterwards.accept(device);
        }
    }
}
