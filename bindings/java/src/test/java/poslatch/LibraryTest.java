package poslatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LibraryTest {
    private final List<String> records = Collections.synchronizedList(new ArrayList<>());

    @AfterEach
    void silence() {
        Poslatch.setLog(LogLevel.OFF, null);
    }

    @Test
    void versionAndNames() {
        assertTrue(Poslatch.version().startsWith("poslatch "), Poslatch.version());
        assertEquals("WRONG_DEVICE", Poslatch.statusName(-206));
        assertEquals("UNKNOWN", Poslatch.statusName(-12345));
        for (Status status : Status.values()) {
            assertEquals(status.name(), Poslatch.statusName(status.number()));
            assertSame(status, Status.of(status.number()));
        }
    }

    @Test
    void statusOfANewerLibraryDoesNotBreakAnything() {
        Memory text = new Memory(16);
        text.setString(0, "of tomorrow", "UTF-8");
        // A library that answers every question with a number that nobody knows.
        Abi newer = (Abi) Proxy.newProxyInstance(Abi.class.getClassLoader(), new Class<?>[] {Abi.class},
                (proxy, method, arguments) -> method.getReturnType() == Pointer.class ? text
                        : method.getReturnType() == int.class ? 7777 : null);
        PoslatchException failure = PoslatchException.of(newer, -12345, new Pointer(1));
        assertEquals(Status.UNKNOWN, failure.status());
        assertEquals(-12345, failure.statusNumber());
        assertEquals("of tomorrow", failure.statusName());
        assertEquals(Category.UNKNOWN, failure.category());
        assertEquals(RequestState.IN_DOUBT, failure.requestState(), "what nobody knows is taken with care");
        assertEquals("of tomorrow: of tomorrow\nof tomorrow", failure.getMessage());
    }

    @Test
    void logTellsWhatHappensFromWhateverThread() {
        Poslatch.setLog(LogLevel.INFO, (level, message) -> records.add(level + " " + message));
        try (Connection connection = Bench.connection(Bench.DEVICE)) {
            assertTrue(connection.exchange(Bench.payment("logged")).contains("APPROVED"));
        }
        assertTrue(records.stream().anyMatch(record -> record.startsWith("INFO connected to 127.0.0.1")),
                records.toString());
        assertTrue(records.stream().anyMatch(record -> record.endsWith("closed by the till")), records.toString());
    }

    @Test
    void logHandlerThatThrowsDisturbsNobody() {
        List<Throwable> uncaught = Collections.synchronizedList(new ArrayList<>());
        Thread.UncaughtExceptionHandler former = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> uncaught.add(thrown));
        try {
            Poslatch.setLog(LogLevel.TRACE, (level, message) -> {
                throw new IllegalStateException("full disk");
            });
            try (Connection connection = Bench.connection(Bench.DEVICE)) {
                assertTrue(connection.exchange(Bench.payment("not logged")).contains("APPROVED"));
            }
            Poslatch.setLog(LogLevel.OFF, null);
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(former);
        }
        assertTrue(uncaught.size() > 0);
        assertEquals("full disk", uncaught.get(0).getMessage());
    }

    @Test
    void handlerCannotBeSetFromWithinOneAndIsReplacedFromWithout() {
        List<Status> refused = Collections.synchronizedList(new ArrayList<>());
        Poslatch.setLog(LogLevel.INFO, (level, message) -> refused.add(assertThrows(PoslatchException.class,
                () -> Poslatch.setLog(LogLevel.OFF, null)).status()));
        Bench.connection(Bench.DEVICE).close();
        assertTrue(refused.contains(Status.BUSY), refused.toString());

        Poslatch.setLog(LogLevel.INFO, (level, message) -> records.add(message));
        int before = refused.size();
        Bench.connection(Bench.DEVICE).close();
        assertEquals(before, refused.size());
        assertTrue(records.size() > 0);

        Poslatch.setLog(LogLevel.OFF, null);
        int silent = records.size();
        Bench.connection(Bench.DEVICE).close();
        assertEquals(silent, records.size());
        assertEquals(Status.ARGUMENT,
                assertThrows(PoslatchException.class, () -> Poslatch.setLog(null, null)).status());
    }
}
