package poslatch;

/** What the device knows of a request whose reply was lost; {@link Connection#recover(String)} gives it. */
public final class Recovery {
    private final RecoveryOutcome outcome;
    private final String reply;

    Recovery(RecoveryOutcome outcome, String reply) {
        this.outcome = outcome;
        this.reply = reply;
    }

    /**
     * Whether the request has ended.
     *
     * @return only {@link RecoveryOutcome#FINAL} is an end
     */
    public RecoveryOutcome outcome() {
        return outcome;
    }

    /**
     * The device's last answer. How a payment ended stands in {@code processingDetails.status}.
     *
     * @return one JSON object
     */
    public String reply() {
        return reply;
    }

    @Override
    public String toString() {
        return outcome + " " + reply;
    }
}
