import java.nio.charset.StandardCharsets;
import poslatch.PoslatchException;

/** A line for the director. */
final class Answer {
    private static final String PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    private final StringBuilder line;

    private Answer(String word) {
        line = new StringBuilder(word);
    }

    static Answer ok() {
        return new Answer("ok");
    }

    static Answer unsupported() {
        return new Answer("unsupported");
    }

    static Answer thrown(String text) {
        return new Answer("thrown").with("text", text);
    }

    static Answer error(PoslatchException e) {
        return error(e.statusNumber(), e.category().number(), e.requestState().number(), e.httpStatus(), e.osCode(),
                e.message(), e.advice());
    }

    static Answer error(int status, int category, int request, int http, int os, String message, String advice) {
        return new Answer("error").with("status", status).with("category", category).with("request", request)
                .with("http", http).with("os", os).with("message", message).with("advice", advice);
    }

    Answer with(String key, long value) {
        return with(key, Long.toString(value));
    }

    Answer with(String key, String value) {
        line.append(' ').append(key).append('=');
        for (byte b : value.getBytes(StandardCharsets.UTF_8)) {
            if (PLAIN.indexOf(b) >= 0) {
                line.append((char) b);
            } else {
                line.append(String.format("%%%02X", b));
            }
        }
        return this;
    }

    @Override
    public String toString() {
        return line.toString();
    }
}
