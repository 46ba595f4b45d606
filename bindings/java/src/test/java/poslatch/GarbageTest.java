package poslatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Pointer;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class GarbageTest {
    @Test
    void forgottenObjectsAreFreed() throws InterruptedException {
        ReferenceQueue<Object> gone = new ReferenceQueue<>();
        List<WeakReference<Object>> handles = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            forget(handles, gone);
        }
        // A handle itself is let go only when the cleaner has been at it.
        collectUntilGone(handles.size(), gone);
    }

    private static void forget(List<WeakReference<Object>> handles, ReferenceQueue<Object> gone) {
        Device device = Bench.settings(Bench.DEVICE).build();
        Identity identity = Identity.fromPem(Bench.IDENTITY.exportPem(null), null);
        Connection connection = device.openMtls(identity);
        connection.exchange(Bench.payment("forgotten"), status -> { });
        for (Handle handle : Arrays.asList(device.handle(), identity.handle(), connection.handle())) {
            handles.add(new WeakReference<>(handle, gone));
        }
    }

    @Test
    void collectionDuringAPaymentDoesNotDisturbIt() {
        // Done by hand: whether a collector takes an object whose method still runs depends on the compiler's mood.
        Connection connection = Bench.connection(Bench.DEVICE);
        String reply = connection.exchange(Bench.payment("collected"), status -> connection.handle().abandon());
        assertTrue(reply.contains("APPROVED"), reply);
        assertEquals(ConnectionState.CLOSED, connection.state());
    }

    private static void collectUntilGone(int expected, ReferenceQueue<Object> gone) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Bench.PATIENCE_SECONDS);
        for (int found = 0; found < expected; ) {
            assertTrue(System.nanoTime() < end, "only " + found + " of " + expected + " are gone");
            System.gc();
            while (found < expected && gone.remove(10) != null) {
                found++;
            }
        }
    }

    /** What is called on the native object, in order. */
    private final List<String> calls = Collections.synchronizedList(new ArrayList<>());
    private final Abi recorder = (Abi) Proxy.newProxyInstance(Abi.class.getClassLoader(), new Class<?>[] {Abi.class},
            (proxy, method, arguments) -> {
                calls.add(method.getName());
                return null;
            });
    private final Handle handle = new Handle(recorder, Handle.Kind.CONNECTION, new Pointer(1));

    @Test
    void abandonedHandleIsFreedByItsLastCallAndWakesNobody() {
        handle.enter();
        handle.enter();
        handle.abandon();
        handle.leave();
        assertEquals(Collections.emptyList(), calls);
        handle.leave();
        assertEquals(Collections.singletonList("poslatch_connection_free"), calls);
    }

    @Test
    void closedHandleWakesItsCallsAndIsFreedByTheLast() {
        handle.enter();
        handle.close();
        handle.close();
        handle.abandon();
        assertEquals(Collections.singletonList("poslatch_connection_close"), calls);
        assertThrows(PoslatchException.class, handle::enter);
        handle.leave();
        assertEquals(Arrays.asList("poslatch_connection_close", "poslatch_connection_free"), calls);
    }

    @Test
    void closedHandleThatIsNotInUseIsFreedAtOnce() {
        handle.close();
        assertEquals(Arrays.asList("poslatch_connection_close", "poslatch_connection_free"), calls);
    }
}
