package poslatch;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/** The library of a jar on its way to a file: no system loads one from an archive. */
final class Extraction {
    private Extraction() {
    }

    /** A copy for this process. */
    static final class Temporary implements AutoCloseable {
        private final Path file;

        private Temporary(Path file) {
            this.file = file;
        }

        Path file() {
            return file;
        }

        /**
         * Removes it. Unix lets go of a file that is in use; Windows does not, and keeps it until the process
         * has ended.
         */
        @Override
        public void close() {
            for (Path path : new Path[] {file, file.getParent()}) {
                try {
                    Files.delete(path);
                } catch (IOException e) {
                    path.toFile().deleteOnExit();
                }
            }
        }
    }

    /** In a new folder which is its user's alone, so that nobody can put another file in its place. */
    static Temporary temporary(URL url, String fileName) throws IOException {
        Path file = Files.createTempDirectory("poslatch-").resolve(fileName);
        Temporary copy = new Temporary(file);
        try {
            Files.write(file, read(url));
            return copy;
        } catch (IOException e) {
            copy.close();
            throw e;
        }
    }

    /**
     * In a folder that the till has chosen, under a name that belongs to this very content: found again at
     * the next start, and not disturbed by another release.
     */
    static Path lasting(URL url, Path folder, String fileName) throws IOException {
        byte[] library = read(url);
        Path file = folder.resolve("poslatch-" + digest(library)).resolve(fileName);
        if (!Files.exists(file) || !Arrays.equals(Files.readAllBytes(file), library)) {
            Files.createDirectories(file.getParent());
            Path whole = Files.createTempFile(file.getParent(), fileName, ".new");
            try {
                Files.write(whole, library);
                Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(whole);
            }
        }
        return file;
    }

    private static byte[] read(URL url) throws IOException {
        try (InputStream in = url.openStream()) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] part = new byte[65536];
            for (int read = in.read(part); read >= 0; read = in.read(part)) {
                out.write(part, 0, read);
            }
            return out.toByteArray();
        }
    }

    private static String digest(byte[] content) throws IOException {
        try {
            StringBuilder digits = new StringBuilder();
            for (byte b : Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(content), 8)) {
                digits.append(String.format("%02x", b));
            }
            return digits.toString();
        } catch (NoSuchAlgorithmException e) {
            throw new IOException(e);
        }
    }
}
