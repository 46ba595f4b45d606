package poslatch;

import com.sun.jna.Native;

/**
 * The native library of this process: searched at the first use, and again at the next one if it was not
 * found.
 */
final class Loader {
    private static volatile Abi abi;

    private Loader() {
    }

    static Abi abi() {
        Abi loaded = abi;
        return loaded != null ? loaded : load();
    }

    private static synchronized Abi load() {
        if (abi == null) {
            checkJna();
            abi = new LibrarySearch(System::getProperty, System::getenv, Loader.class::getResource).run();
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
        } catch (ClassNotFoundException | LinkageError e) {
            UnsatisfiedLinkError error = new UnsatisfiedLinkError(
                    "JNA, by which poslatch calls its native library, does not work in this "
                    + LibrarySearch.process() + ": " + e
                    + "\nIf it may not unpack its own library, point jna.tmpdir to a folder where it may, or"
                    + " jna.boot.library.path to one that holds it.");
            error.initCause(e);
            throw error;
        }
    }
}
