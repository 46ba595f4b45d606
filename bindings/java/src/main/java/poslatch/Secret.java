package poslatch;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/**
 * A secret for the time of a call, outside the heap, where the garbage collector makes no copies of it; wiped
 * at the end. An array would be copied on its way to C, and the copy given back unwiped.
 */
final class Secret implements AutoCloseable {
    private final Memory memory;
    private final int size;

    private Secret(Memory memory, int size) {
        this.memory = memory;
        this.size = size;
    }

    /** For a {@code const char *}; null stays null. */
    static Secret text(String name, char[] text) {
        if (text == null) {
            return new Secret(null, 0);
        }
        for (char c : text) {
            if (c == '\0') {
                throw PoslatchException.argument(name, Text.NUL_INSIDE, RequestState.NONE);
            }
        }
        // No character of Java takes more; what it leaves over is the NUL at the end.
        int bytesMax = 3 * text.length;
        Memory memory = new Memory(bytesMax + 1L);
        memory.clear();
        Secret secret = new Secret(memory, bytesMax);
        if (encode(text, memory.getByteBuffer(0, bytesMax + 1L)).isError()) {
            secret.close();
            throw PoslatchException.argument(name, Text.HALF_A_PAIR, RequestState.NONE);
        }
        return secret;
    }

    private static CoderResult encode(char[] text, ByteBuffer bytes) {
        return StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text), bytes, true);
    }

    /** For a pointer and a size. */
    static Secret bytes(byte[] bytes) {
        if (bytes == null || bytes.length == 0) {
            return new Secret(null, 0);
        }
        Memory memory = new Memory(bytes.length);
        memory.write(0, bytes, 0, bytes.length);
        return new Secret(memory, bytes.length);
    }

    Pointer pointer() {
        return memory;
    }

    /** Of bytes; a text ends with NUL instead. */
    Pointer size() {
        return Size.of(size);
    }

    /** Also what keeps the memory from the garbage collector during the call. */
    @Override
    public void close() {
        if (memory != null) {
            memory.clear();
            memory.close();
        }
    }
}
