package poslatch;

import com.sun.jna.Native;

/**
 * The native library of this process: searched at the first use, and again at the next one if it was not
 * found.
 */
final class Loader {
    private static volatile Abi abi;
    /** Java tells a class's failure once; after that, only that there was one. */
    private static Throwable jnaFailure;

    private Loader() {
    }

    static Abi abi() {
        Abi loaded = abi;
        return loaded != null ? loaded : load();
    }

    private static synchronized Abi load() {
        if (abi == null) {
            checkJna();
            abi = new LibrarySearch(System::getProperty, System::getenv, Loader.class::getResource,
                    LibrarySearch.NAME).run();
        }
        return abi;
    }

    /**
     * JNA has a native part of its own, which it unpacks into a temporary folder; where it may not, that is
     * no fault of ours.
     */
    private static void checkJna() {
        try {
            Class.forName(Native.class.getName());
        } catch (ClassNotFoundException | Error e) {
            // JNA throws no LinkageError where its two halves are of different versions.
            if (e instanceof VirtualMachineError) {
                throw (VirtualMachineError) e;
            }
            if (jnaFailure == null) {
                jnaFailure = e;
            }
            UnsatisfiedLinkError error = new UnsatisfiedLinkError(
                    "JNA, by which poslatch calls its native library, does not work in this "
                    + LibrarySearch.process() + ": " + jnaFailure
                    + "\nIf it may not unpack its own library, point jna.tmpdir to a folder where it may, or"
                    + " jna.boot.library.path to one that holds it, taken from the jar of the same version of JNA.");
            error.initCause(jnaFailure);
            throw error;
        }
    }
}
