package poslatch;

import com.sun.jna.Pointer;

/** The library, and what one call of it gives back: a status and an error, or an object. */
final class Call {
    final Abi abi = Loader.abi();
    /** The last parameter of every function that can fail. */
    final long[] error = new long[1];
    /** The object that a function makes. */
    final long[] out = new long[1];

    void check(int status) {
        if (status != Status.OK.number()) {
            throw PoslatchException.of(abi, status, new Pointer(error[0]));
        }
    }

    Pointer object(int status) {
        check(status);
        return new Pointer(out[0]);
    }

    String text(int status) {
        Pointer buffer = object(status);
        try {
            return Text.of(abi.poslatch_buffer_data(buffer), abi.poslatch_buffer_size(buffer));
        } finally {
            abi.poslatch_buffer_free(buffer);
        }
    }

    byte[] bytes(int status) {
        Pointer buffer = object(status);
        try {
            return abi.poslatch_buffer_data(buffer).getByteArray(0, Size.toInt(abi.poslatch_buffer_size(buffer)));
        } finally {
            abi.poslatch_buffer_free(buffer);
        }
    }
}
