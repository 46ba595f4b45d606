package poslatch;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * One search for the native library, in the order that the package's documentation promises. What was found
 * wrong on the way is kept, since a till that does not start is explained by a list of places, not by the
 * last of them.
 */
final class LibrarySearch {
    /** The way to name the file. */
    static final String PROPERTY = "poslatch.library";
    /** The same, for whoever starts a program that he cannot change. */
    static final String VARIABLE = "POSLATCH_LIBRARY";
    /** Whether, and where, the library that a jar brings along may be written to a file. */
    static final String EXTRACT = "poslatch.extract";

    private static final String NAME = "poslatch";

    /** Has no resources: JNA would unpack what it finds on the class path, unasked. */
    private static final ClassLoader NOTHING = new ClassLoader(null) { };

    private final Function<String, String> properties;
    private final Function<String, String> variables;
    private final Function<String, URL> resources;
    private final String fileName = System.mapLibraryName(NAME);
    private final StringBuilder report = new StringBuilder();

    LibrarySearch(Function<String, String> properties, Function<String, String> variables,
            Function<String, URL> resources) {
        this.properties = properties;
        this.variables = variables;
        this.resources = resources;
    }

    Abi run() {
        Abi abi = named("system property " + PROPERTY, properties.apply(PROPERTY));
        if (abi == null) {
            abi = named("environment variable " + VARIABLE, variables.apply(VARIABLE));
        }
        for (String property : new String[] {"jna.library.path", "java.library.path"}) {
            if (abi == null) {
                abi = inFolders("system property " + property, properties.apply(property));
            }
        }
        if (abi == null) {
            abi = load("the system's own search", NAME, null);
        }
        if (abi == null) {
            abi = bundled();
        }
        if (abi == null) {
            throw failure("Put " + fileName + " of the same release in one of these places, or name it with -D"
                    + PROPERTY + "=FILE.");
        }
        return abi;
    }

    /** What is named is meant: if it does not serve, nothing else is taken in its place. */
    private Abi named(String place, String name) {
        if (name == null || name.isEmpty()) {
            note(place, "not set");
            return null;
        }
        File file = new File(name).getAbsoluteFile();
        Abi abi = load(place, file.getPath(), file);
        if (abi == null) {
            throw failure("Correct the " + place + ", or unset it.");
        }
        return abi;
    }

    private Abi inFolders(String place, String folders) {
        if (folders == null || folders.isEmpty()) {
            note(place, "not set");
            return null;
        }
        for (String folder : folders.split(File.pathSeparator)) {
            File file = new File(folder, fileName).getAbsoluteFile();
            if (!folder.isEmpty() && file.exists()) {
                Abi abi = load(place, file.getPath(), file);
                if (abi != null) {
                    return abi;
                }
            }
        }
        note(place, "searched in " + folders);
        return null;
    }

    private Abi bundled() {
        String resource = "/" + Platform.RESOURCE_PREFIX + "/" + fileName;
        String place = "class path, resource " + resource.substring(1);
        URL url = resources.apply(resource);
        if (url == null) {
            note(place, "not there");
            return null;
        }
        try {
            if (url.getProtocol().equals("file")) {
                File file = new File(url.toURI());
                return load(place, file.getPath(), file);
            }
            String allowed = properties.apply(EXTRACT);
            if (allowed == null || allowed.isEmpty() || allowed.equals("false")) {
                note(place, "it is in a jar, and may not be written to a file: -D" + EXTRACT
                        + "=true allows the temporary folder, -D" + EXTRACT + "=FOLDER another one");
                return null;
            }
            return allowed.equals("true") ? temporary(place, url) : lasting(place, url, allowed);
        } catch (IOException | URISyntaxException e) {
            note(place, e.toString());
            return null;
        }
    }

    private Abi temporary(String place, URL url) throws IOException {
        try (Extraction.Temporary copy = Extraction.temporary(url, fileName)) {
            return load(place, copy.file().toString(), copy.file().toFile());
        }
    }

    private Abi lasting(String place, URL url, String folder) throws IOException {
        Path file = Extraction.lasting(url, new File(folder).toPath(), fileName).toAbsolutePath();
        return load(place, file.toString(), file.toFile());
    }

    /**
     * @param name what JNA is told
     * @param file the same as a file; null if the system is to search for it
     * @return null if it will not do; why stands in the report
     */
    private Abi load(String place, String name, File file) {
        String found = file == null ? place : place + ": " + file;
        Map<String, Object> options = new HashMap<>();
        options.put(Library.OPTION_CLASSLOADER, NOTHING);
        // Nothing is left to JNA's encoding, but if something ever is, it shall not be the platform's.
        options.put(Library.OPTION_STRING_ENCODING, "UTF-8");
        try {
            Abi abi = Native.load(name, Abi.class, options);
            if (abi.poslatch_abi_check(Limits.ABI_MAJOR, Limits.ABI_MINOR) == Status.OK.number()) {
                return abi;
            }
            int version = abi.poslatch_abi_version();
            note(found, Text.of(abi.poslatch_version_string()) + " has the ABI " + (version >>> 16) + "."
                    + (version & 0xFFFF) + ", and these classes need " + Limits.ABI_MAJOR + "." + Limits.ABI_MINOR
                    + ": library and classes have to be of the same release");
        } catch (UnsatisfiedLinkError e) {
            note(found, file == null ? "not there" : BinaryFile.describe(file) + "; " + firstCause(e));
        }
        return null;
    }

    /** The system's own words, without those of JNA around them and without saying them twice. */
    private static String firstCause(UnsatisfiedLinkError error) {
        for (String line : String.valueOf(error.getMessage()).split("\n")) {
            if (!line.startsWith("Unable to load library") && !line.isEmpty()) {
                return line;
            }
        }
        return String.valueOf(error.getMessage());
    }

    private void note(String place, String finding) {
        report.append("\n  ").append(place).append(": ").append(finding);
    }

    private UnsatisfiedLinkError failure(String cure) {
        return new UnsatisfiedLinkError("the native library of poslatch cannot be loaded into this " + process()
                + ". Searched:" + report + "\n" + cure);
    }

    /** What a library has to fit. */
    static String process() {
        return (Platform.is64Bit() ? "64-bit" : "32-bit") + " process (os.arch " + System.getProperty("os.arch")
                + ", os.name " + System.getProperty("os.name") + ", Java " + System.getProperty("java.version") + ")";
    }
}
