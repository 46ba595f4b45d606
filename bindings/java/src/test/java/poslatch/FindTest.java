package poslatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FindTest {
    private static final String URL = Bench.DEVICE.url("wss");

    @Test
    void deviceThatMovedIsFoundByItsIdentityAndTheProgressIsTold() {
        List<Integer> told = new ArrayList<>();
        try (Device device = moved(null)) {
            assertEquals(URL, device.find(Bench.IDENTITY, "127.0.0.1", (tried, total) -> {
                assertEquals(2, total);
                told.add(tried);
            }));
            assertEquals(0, told.get(0));
            assertEquals(URL, device.find(Bench.IDENTITY, "127.0.0.0/29", null));
        }
    }

    @Test
    void deviceIsFoundByItsSerialAndWithoutAnyNameNobodyIs() {
        try (Device device = moved(Simulator.SERIAL)) {
            assertEquals(URL, device.find(null, "127.0.0.1", null));
        }
        try (Device device = moved("1850000999")) {
            PoslatchException failure =
                    assertThrows(PoslatchException.class, () -> device.find(null, "127.0.0.1", null));
            assertEquals(Status.DEVICE_NOT_FOUND, failure.status());
            assertTrue(failure.advice().contains("Another device, " + Simulator.SERIAL + ", answers at"),
                    failure.advice());
        }
        try (Device device = moved(null)) {
            assertEquals(Status.ARGUMENT, assertThrows(PoslatchException.class,
                    () -> device.find(null, "127.0.0.1", null)).status());
        }
    }

    @Test
    void progressThatThrowsEndsTheSearchAlsoWhenItIsASearchItself() {
        IOException jam = new IOException("the printer is jammed");
        List<Integer> calls = new ArrayList<>();
        try (Device device = moved(Simulator.SERIAL)) {
            assertSame(jam, assertThrows(IOException.class, () -> device.find(null, "127.0.0.0/24", (tried, total) -> {
                calls.add(tried);
                // A search within: the outer one's callback is its own again afterwards.
                assertEquals(URL, device.find(null, "127.0.0.1", (t, all) -> assertEquals(2, all)));
                FindTest.<RuntimeException>sneak(jam);
            })));
        }
        assertEquals(1, calls.size());
    }

    @Test
    void searchIsInterrupted() {
        // Not there, so that nothing is found before the interrupt is looked at.
        try (Device device = moved("1850000999")) {
            PoslatchException failure = assertThrows(PoslatchException.class,
                    () -> device.find(null, "127.0.0.0/24", (tried, total) -> device.interrupt()));
            assertEquals(Status.CANCELLED, failure.status());
        }
    }

    /** As other languages throw what Java calls checked. */
    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable thrown) throws T {
        throw (T) thrown;
    }

    /** The settings of a till that knows the device at another address, where nobody is. */
    private static Device moved(String serial) {
        Device.Builder settings = Device.builder(URL.replace("127.0.0.1", "127.0.0.2"))
                .rootCaFile(Bench.DEVICE.rootCaFile());
        return (serial == null ? settings : settings.serial(serial)).build();
    }
}
