package poslatch;

import java.time.Duration;

/** Spans of time as C takes them: milliseconds, unsigned, 0 for the default. */
final class Millis {
    private Millis() {
    }

    static int of(String name, Duration span, RequestState state) {
        if (span == null) {
            return 0;
        }
        if (span.isNegative()) {
            throw PoslatchException.argument(name, "it is negative: " + span, state);
        }
        // Too long for the type is too long for the library too, which says so with its limit.
        if (span.getSeconds() > 0xFFFF_FFFFL / 1000 - 1) {
            return 0xFFFF_FFFF;
        }
        // A span of some nanoseconds must not become 0, which would be the default.
        return (int) span.plusNanos(999_999).toMillis();
    }
}
