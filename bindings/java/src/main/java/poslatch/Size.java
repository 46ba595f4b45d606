package poslatch;

import com.sun.jna.Pointer;

/**
 * A {@code size_t}. JNA has such a type only as a public class of one's own; a pointer has the same width on
 * every platform that there is, and stays out of sight.
 */
final class Size {
    private Size() {
    }

    static Pointer of(long size) {
        return new Pointer(size);
    }

    static int toInt(Pointer size) {
        // No message and no file of ours comes near 2 GiB; this says so instead of cutting off.
        return Math.toIntExact(Pointer.nativeValue(size));
    }
}
