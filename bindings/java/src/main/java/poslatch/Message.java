package poslatch;

/** A message of the device that belongs to no exchange; {@link Connection#receive} gives it. */
public final class Message {
    private final MessageKind kind;
    private final String json;

    Message(MessageKind kind, String json) {
        this.kind = kind;
        this.json = json;
    }

    /**
     * What it is.
     *
     * @return the kind
     */
    public MessageKind kind() {
        return kind;
    }

    /**
     * What the device said.
     *
     * @return one JSON object
     */
    public String json() {
        return json;
    }

    @Override
    public String toString() {
        return kind + " " + json;
    }
}
