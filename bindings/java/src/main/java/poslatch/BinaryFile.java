package poslatch;

import java.io.DataInputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;

/**
 * What a file is that does not load: systems tell little, and "wrong ELF class" nothing to whoever sells
 * cakes.
 */
final class BinaryFile {
    /** Enough for the headers of ELF and Mach-O, and for the place where the one of Windows begins. */
    private static final int HEADER_BYTES = 64;

    private BinaryFile() {
    }

    static String describe(File file) {
        if (!file.exists()) {
            return "there is no such file";
        }
        if (file.isDirectory()) {
            return "it is a folder, not a file";
        }
        try (DataInputStream in = new DataInputStream(new FileInputStream(file))) {
            byte[] head = new byte[(int) Math.min(HEADER_BYTES, file.length())];
            in.readFully(head);
            if (head.length < HEADER_BYTES) {
                return "it is no shared library, since it has " + head.length + " bytes";
            }
            if (head[0] == 0x7F && head[1] == 'E' && head[2] == 'L' && head[3] == 'F') {
                boolean isLittle = head[5] == 1;
                return "it is a library of Linux or another Unix for " + elfMachine(number(head, 18, isLittle)) + " ("
                        + (head[4] == 1 ? "32-bit" : "64-bit") + ")";
            }
            if (head[0] == 'M' && head[1] == 'Z') {
                int begin = number(head, 60, true) | number(head, 62, true) << 16;
                skip(in, begin - HEADER_BYTES);
                byte[] signature = new byte[6];
                in.readFully(signature);
                return "it is a library of Windows for " + windowsMachine(number(signature, 4, true));
            }
            int magic = number(head, 0, true) | number(head, 2, true) << 16;
            if (magic == 0xFEEDFACF || magic == 0xFEEDFACE || magic == 0xBEBAFECA) {
                return "it is a library of macOS";
            }
            return "it is no shared library";
        } catch (IOException e) {
            return "it cannot be read (" + e + ")";
        }
    }

    private static void skip(DataInputStream in, int bytes) throws IOException {
        if (bytes < 0 || in.skipBytes(bytes) != bytes) {
            throw new IOException("cut off");
        }
    }

    private static int number(byte[] bytes, int at, boolean isLittle) {
        int first = bytes[at] & 0xFF;
        int second = bytes[at + 1] & 0xFF;
        return isLittle ? first | second << 8 : first << 8 | second;
    }

    /** {@code e_machine}. */
    private static String elfMachine(int machine) {
        switch (machine) {
            case 3:
                return "x86";
            case 40:
                return "ARM";
            case 62:
                return "x86-64";
            case 183:
                return "ARM64";
            default:
                return "the machine " + machine;
        }
    }

    /** {@code IMAGE_FILE_HEADER.Machine}. */
    private static String windowsMachine(int machine) {
        switch (machine) {
            case 0x14C:
                return "x86 (32-bit)";
            case 0x8664:
                return "x86-64 (64-bit)";
            case 0xAA64:
                return "ARM64 (64-bit)";
            default:
                return "the machine " + Integer.toHexString(machine);
        }
    }
}
