import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/** A line of the director: a verb, and what it is to be done with. */
final class Command {
    final String verb;
    private final Map<String, String> values = new HashMap<>();

    /** What stands behind the first {@code key=value}, for a command that holds another one. */
    final String rest;

    Command(String line) {
        String[] words = line.split(" ");
        verb = words[0];
        for (String word : words) {
            int equals = word.indexOf('=');
            if (equals > 0) {
                values.put(word.substring(0, equals), decoded(word, equals + 1));
            }
        }
        int first = line.indexOf(' ');
        int second = first < 0 ? -1 : line.indexOf(' ', first + 1);
        rest = second < 0 ? "" : line.substring(second + 1);
    }

    /** Null if it is absent, which stands for NULL or the default. */
    String text(String key) {
        return values.get(key);
    }

    boolean has(String key) {
        return values.containsKey(key);
    }

    char[] secret(String key) {
        return has(key) ? text(key).toCharArray() : null;
    }

    byte[] bytes(String key) {
        return has(key) ? text(key).getBytes(StandardCharsets.UTF_8) : null;
    }

    int number(String key) {
        return (int) Math.min(Long.parseLong(text(key)), Integer.MAX_VALUE);
    }

    Duration span(String key) {
        return has(key) ? Duration.ofMillis(Long.parseLong(text(key))) : null;
    }

    private static String decoded(String word, int begin) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(word.length() - begin);
        for (int i = begin; i < word.length(); i++) {
            char c = word.charAt(i);
            if (c == '%') {
                bytes.write(Integer.parseInt(word.substring(i + 1, i + 3), 16));
                i += 2;
            } else {
                bytes.write(c);
            }
        }
        return new String(bytes.toByteArray(), StandardCharsets.UTF_8);
    }
}
