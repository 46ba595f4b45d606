/**
 * A secure connection between a till and a payment device, over mutual TLS.
 *
 * <p>A till describes the device once ({@link poslatch.Device}), pairs with it once ({@link
 * poslatch.Identity}), opens a connection ({@link poslatch.Connection}) and keeps it for as long as it runs.
 * Every failure is a {@link poslatch.PoslatchException}.
 *
 * <h2>Threads</h2>
 * Any number of threads may use any object. Closing an object while other threads are in calls on it is safe:
 * what waits is woken, and the native object goes when the last call has left. An object that is forgotten
 * without being closed is freed after the garbage collector has found it; a call that runs on it goes on to
 * its end.
 *
 * <h2>Interrupting</h2>
 * {@link java.lang.Thread#interrupt} does not end a blocking call: half a payment is worse than a slow one,
 * and nobody should begin one in passing. {@link poslatch.Device#interrupt} ends pairing, opening, probing
 * and finding, {@link poslatch.Connection#close} ends everything on a connection, and a CancelRequest by {@link
 * poslatch.Connection#send} asks the device to end a payment. The thread's interrupt status is left as it is.
 *
 * <h2>The native library</h2>
 * Before its first call, the package looks for the native library, in this order: the file that the system
 * property {@code poslatch.library} names; the file that the environment variable {@code POSLATCH_LIBRARY}
 * names; the folders of the system properties {@code jna.library.path} and {@code java.library.path}; where
 * the system looks; and at last what the class path brings along, such as {@code
 * linux-x86-64/libposlatch.so}. From within a jar it has to be written to a file before it can be loaded,
 * which is done only where the system property {@code poslatch.extract} allows it: {@code true} for the
 * temporary folder, or the name of a folder in which it may stay. If it is not found or does not fit, any
 * method throws an {@link java.lang.UnsatisfiedLinkError} that says where it was searched, and what was wrong
 * with each file.
 */
package poslatch;
