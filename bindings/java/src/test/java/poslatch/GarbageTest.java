package poslatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Pointer;
import java.lang.ref.WeakReference;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class GarbageTest {
    @Test
    void forgottenObjectsAreFreed() throws InterruptedException {
        List<WeakReference<Handle>> handles = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            forget(handles);
        }
        for (WeakReference<Handle> handle : handles) {
            // The handle itself is let go only when the cleaner has been at it.
            collectUntilGone(handle);
        }
    }

    private static void forget(List<WeakReference<Handle>> handles) {
        Device device = Bench.settings(Bench.DEVICE).build();
        Identity identity = Identity.fromPem(Bench.IDENTITY.exportPem(null), null);
        Connection connection = device.openMtls(identity);
        connection.exchange(Bench.payment("forgotten"), status -> { });
        for (Handle handle : Arrays.asList(device.handle(), identity.handle(), connection.handle())) {
            handles.add(new WeakReference<>(handle));
        }
    }

    @Test
    void collectionDuringAPaymentDoesNotDisturbIt() {
        Device device = Bench.settings(Bench.DEVICE).build();
        String reply = device.openMtls(Bench.IDENTITY).exchange(Bench.payment("collected"), status -> {
            try {
                collectUntilGone(new WeakReference<>(new Object()));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        assertTrue(reply.contains("APPROVED"), reply);
        device.close();
    }

    private static void collectUntilGone(WeakReference<?> reference) throws InterruptedException {
        long end = System.nanoTime() + Bench.PATIENCE_SECONDS * 1_000_000_000;
        while (reference.get() != null) {
            assertTrue(System.nanoTime() < end, "it is still there");
            System.gc();
            Thread.sleep(1);
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
