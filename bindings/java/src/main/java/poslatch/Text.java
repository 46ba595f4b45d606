package poslatch;

import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Text on its way in and out: always UTF-8, whatever the platform's charset. */
final class Text {
    /** What is wrong with it: C would cut it off there. */
    static final String NUL_INSIDE = "it holds a NUL, which ends a text";
    /** What is wrong with it: it stands for no character. */
    static final String HALF_A_PAIR = "it holds half a surrogate pair";

    private Text() {
    }

    /** For a {@code const char *}; null stays null, and the library says what it thinks of it. */
    static byte[] terminated(String name, String text) {
        if (text == null) {
            return null;
        }
        if (text.indexOf('\0') >= 0) {
            throw PoslatchException.argument(name, NUL_INSIDE, RequestState.NONE);
        }
        return encoded(name, text, 1, RequestState.NONE);
    }

    /** For a pointer and a size, which carry a request. */
    static byte[] request(String name, String text) {
        return text == null ? null : encoded(name, text, 0, RequestState.NOT_SENT);
    }

    /** For a pointer and a size. */
    static byte[] sized(String name, String text) {
        return text == null ? null : encoded(name, text, 0, RequestState.NONE);
    }

    static Pointer size(byte[] bytes) {
        return Size.of(bytes == null ? 0 : bytes.length);
    }

    /** From a {@code const char *}. */
    static String of(Pointer text) {
        return text == null ? "" : text.getString(0, StandardCharsets.UTF_8.name());
    }

    /** From a pointer and a size. */
    static String of(Pointer text, Pointer size) {
        int bytes = Size.toInt(size);
        return bytes == 0 ? "" : new String(text.getByteArray(0, bytes), StandardCharsets.UTF_8);
    }

    private static byte[] encoded(String name, String text, int zeros, RequestState state) {
        // String.getBytes would make a question mark of half a character, and the device would get another text.
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                if (!Character.isSurrogatePair(text.charAt(i), i + 1 < text.length() ? text.charAt(i + 1) : 0)) {
                    throw PoslatchException.argument(name, HALF_A_PAIR, state);
                }
                i++;
            }
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return zeros == 0 ? bytes : Arrays.copyOf(bytes, bytes.length + zeros);
    }
}
