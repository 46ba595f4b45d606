package poslatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class ExchangeTest {
    private static final String CANCEL = "{\"type\":\"CancelRequest\"}";

    @Test
    void paymentIsApprovedAndItsStatusMessagesArriveOnTheCallersThread() {
        List<String> statuses = new ArrayList<>();
        Thread caller = Thread.currentThread();
        try (Connection connection = Bench.connection(Bench.DEVICE)) {
            String reply = connection.exchange(Bench.payment("approved"), status -> {
                assertSame(caller, Thread.currentThread());
                statuses.add(status);
            });
            assertTrue(reply.contains("\"status\":\"APPROVED\""), reply);
            assertEquals(2, statuses.size(), statuses.toString());
            assertTrue(statuses.get(0).contains("Present card"), statuses.get(0));
            assertEquals(ConnectionState.OPEN, connection.state());
            assertEquals(Simulator.SERIAL + ".cybs.seclib.io", connection.serverName());
            assertEquals("TLSv1.3", connection.tlsVersion());
        }
    }

    @Test
    void customerOfAScenarioEntersAPinOrThinksBetterOfIt() throws Exception {
        List<String> statuses = new ArrayList<>();
        try (Simulator shop = Bench.playing(
                        "[[payment]]", "reference = \"held-*\"", "hold = true",
                        "[[payment]]", "above = \"0.99\"", "effect = \"pin\"");
                Connection connection = Bench.connection(shop)) {
            String reply = connection.exchange(Bench.payment("by PIN"), statuses::add);
            assertTrue(reply.contains("\"verificationMethod\":\"PIN\""), reply);
            assertEquals(3, statuses.size(), statuses.toString());
            assertTrue(statuses.get(1).contains("Enter PIN"), statuses.get(1));

            AtomicReference<String> held = new AtomicReference<>();
            Future<?> paying = Bench.start(() -> held.set(connection.exchange(Bench.payment("held-1"))));
            shop.await("\"reference\":\"held-1\",\"step\":\"card\"");
            assertEquals("{\"cancelled\":true}", shop.press("display/cancel"));
            assertNull(Bench.outcome(paying));
            assertTrue(held.get().contains("\"status\":\"ABORTED\""), held.get());
            assertEquals("{\"cancelled\":false}", shop.press("display/cancel"));
        }
    }

    @Test
    void whatACallbackThrowsComesOutAndTheReplyIsKeptOnce() {
        RuntimeException thrown = new IllegalStateException("no paper");
        AtomicInteger calls = new AtomicInteger();
        try (Connection connection = Bench.connection(Bench.DEVICE)) {
            Throwable out = assertThrows(IllegalStateException.class,
                    () -> connection.exchange(Bench.payment("thrown"), status -> {
                        calls.incrementAndGet();
                        throw thrown;
                    }));
            assertSame(thrown, out);
            assertEquals(1, calls.get(), "a callback that has thrown was called again");
            assertTrue(connection.takeUnclaimedReply().get().contains("\"status\":\"APPROVED\""));
            assertFalse(connection.takeUnclaimedReply().isPresent());
            assertTrue(connection.exchange(Bench.payment("after thrown")).contains("APPROVED"));
        }
    }

    @Test
    void unclaimedReplyOutlivesTheConnectionButNotTheNextExchange() {
        Consumer<String> throwing = status -> {
            throw new AssertionError("told to");
        };
        try (Connection connection = Bench.connection(Bench.DEVICE)) {
            assertThrows(AssertionError.class, () -> connection.exchange(Bench.payment("unclaimed"), throwing));
            connection.exchange(Bench.payment("next"));
            assertFalse(connection.takeUnclaimedReply().isPresent());
            assertThrows(AssertionError.class, () -> connection.exchange(Bench.payment("unclaimed 2"), throwing));
            assertThrows(PoslatchException.class, () -> connection.exchange("{\"type\":\"\ud834\"}", throwing));
            connection.close();
            assertThrows(PoslatchException.class, () -> connection.exchange(Bench.payment("closed"), throwing));
            assertTrue(connection.takeUnclaimedReply().isPresent());
        }
    }

    @Test
    void checkedExceptionOfAnotherLanguageComesOutAsItIs() {
        IOException thrown = new IOException("as Kotlin would throw it");
        try (Connection connection = Bench.connection(Bench.DEVICE)) {
            assertSame(thrown, assertThrows(IOException.class, () -> connection.exchange(Bench.payment("checked"),
                    status -> ExchangeTest.<RuntimeException>sneak(thrown))));
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable thrown) throws T {
        throw (T) thrown;
    }

    @Test
    void failureOfTheExchangeComesBeforeWhatTheCallbackThrewWhichIsItsCause() {
        RuntimeException thrown = new IllegalStateException("closed and thrown");
        try (Simulator device = Bench.another("hold_payment=true");
                Connection connection = Bench.connection(device)) {
            PoslatchException failure = assertThrows(PoslatchException.class,
                    () -> connection.exchange(Bench.payment("closed and thrown"), status -> {
                        connection.close();
                        throw thrown;
                    }));
            assertEquals(Status.CANCELLED, failure.status());
            assertEquals(RequestState.IN_DOUBT, failure.requestState());
            assertSame(thrown, failure.getCause());
            assertFalse(connection.takeUnclaimedReply().isPresent());
        }
    }

    @Test
    void failureOfTheCallbacksOwnCallIsNotTakenForThePayments() {
        try (Connection connection = Bench.connection(Bench.DEVICE)) {
            IllegalStateException told = assertThrows(IllegalStateException.class,
                    () -> connection.exchange(Bench.payment("nested"),
                            status -> connection.exchange(Bench.payment("inner"))));
            PoslatchException busy = assertInstanceOf(PoslatchException.class, told.getCause());
            assertEquals(Status.BUSY, busy.status());
            assertTrue(connection.takeUnclaimedReply().get().contains("APPROVED"));
        }
    }

    @Test
    void callbackMayCancel() {
        try (Simulator device = Bench.another("hold_payment=true");
                Connection connection = Bench.connection(device)) {
            String reply = connection.exchange(Bench.payment("cancelled"), status -> connection.send(CANCEL));
            assertTrue(reply.contains("\"status\":\"ABORTED\""), reply);
        }
    }

    @Test
    void callbackMayPayOnAnotherConnection() {
        try (Simulator other = Bench.another();
                Connection first = Bench.connection(Bench.DEVICE);
                Connection second = Bench.connection(other)) {
            List<String> inner = new ArrayList<>();
            first.exchange(Bench.payment("outer"), status -> {
                if (inner.isEmpty()) {
                    inner.add(second.exchange(Bench.payment("inner of outer"), ignored -> { }));
                }
            });
            assertTrue(inner.get(0).contains("APPROVED"), inner.get(0));
        }
    }

    @Test
    void receiveGivesWhatBelongsToNoExchangeAndItsTimeOutLosesNothing() {
        try (Connection connection = Bench.connection(Bench.DEVICE)) {
            assertEquals(Status.RESPONSE_TIMEOUT, assertThrows(PoslatchException.class,
                    () -> connection.receive(Duration.ofNanos(1))).status());
            connection.send(Bench.payment("sent"));
            Message message = connection.receive(null);
            assertEquals(MessageKind.STATUS, message.kind());
            while (message.kind() == MessageKind.STATUS) {
                message = connection.receive(null);
            }
            assertEquals(MessageKind.REPLY, message.kind());
            assertTrue(message.json().contains("APPROVED"), message.json());
        }
    }

    @Test
    void paymentIsFoundByItsReferenceAndUnknownOneIsNot() {
        try (Connection connection = Bench.connection(Bench.DEVICE)) {
            connection.exchange(Bench.payment("found"));
            Recovery found = connection.recover("found");
            assertEquals(RecoveryOutcome.FINAL, found.outcome());
            assertTrue(found.reply().contains("APPROVED"), found.reply());
            assertEquals(RecoveryOutcome.UNKNOWN,
                    connection.recover("never-sent", Duration.ofMillis(1)).outcome());
        }
    }

    @Test
    void journalHoldsWhatEndedInDoubtUntilItIsForgotten() {
        String journal = Bench.file("journal").toString();
        try (Simulator simulator = Bench.another("hold_payment=true");
                Device device = Bench.settings(simulator).journal(journal).build();
                Connection connection = device.openMtls(Bench.IDENTITY)) {
            assertThrows(PoslatchException.class,
                    () -> connection.exchange(Bench.payment("doubt"), status -> connection.close()));
            assertTrue(device.journalPending().contains("doubt"), device.journalPending());
            device.journalForget("doubt");
            assertEquals("[]", device.journalPending());
        }
    }

    @Test
    void eightThreadsPayOnConnectionsOfTheirOwn() throws Exception {
        List<Future<?>> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            String name = "thread " + i;
            threads.add(Bench.start(() -> {
                try (Connection connection = Bench.connection(Bench.DEVICE)) {
                    // A device takes one payment at a time; the others are told so, each on its own connection.
                    for (int approved = 0; approved < 5; ) {
                        List<String> statuses = new ArrayList<>();
                        String reply = connection.exchange(Bench.payment(name + " " + approved), statuses::add);
                        if (reply.contains("\"status\":\"APPROVED\"")) {
                            assertEquals(2, statuses.size());
                            approved++;
                        } else {
                            assertTrue(reply.contains("Terminal busy"), reply);
                            assertEquals(0, statuses.size());
                        }
                    }
                }
            }));
        }
        for (Future<?> thread : threads) {
            assertNull(Bench.outcome(thread));
        }
    }

    @Test
    void eightThreadsOnOneConnectionAreServedOrToldThatItIsBusy() throws Exception {
        AtomicInteger approved = new AtomicInteger();
        try (Connection connection = Bench.connection(Bench.DEVICE)) {
            List<Future<?>> threads = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                String name = "shared " + i;
                threads.add(Bench.start(() -> {
                    for (int n = 0; n < 20; n++) {
                        try {
                            assertTrue(connection.exchange(Bench.payment(name + " " + n), status -> { })
                                    .contains("APPROVED"));
                            approved.incrementAndGet();
                        } catch (PoslatchException e) {
                            assertEquals(Status.BUSY, e.status(), e.getMessage());
                            assertEquals(RequestState.NOT_SENT, e.requestState());
                        }
                        assertEquals(ConnectionState.OPEN, connection.state());
                    }
                }));
            }
            for (Future<?> thread : threads) {
                assertNull(Bench.outcome(thread));
            }
            assertTrue(approved.get() > 0);
        }
    }
}
