package poslatch;

import com.sun.jna.Pointer;

/**
 * Why a call failed, with what to do now. {@link #getMessage} has both, so an exception that nobody catches
 * tells a support desk what it has to know. It holds no secret.
 *
 * <p>Branch on {@link #category}, show {@link #message} and {@link #advice}, log {@link #statusName}. After a
 * failed exchange ask for {@link #requestState}: {@link RequestState#IN_DOUBT} means that the payment may
 * have gone through. It must not be repeated; {@link Connection#recover(String)} finds out.
 */
public final class PoslatchException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** The number of the status. */
    private final int statusNumber;
    /** Its name, which a library that is newer than this class knows too. */
    private final String statusName;
    /** What to branch on. */
    private final Category category;
    /** What happened. */
    private final String message;
    /** What to do now. */
    private final String advice;
    /** What is known about the request. */
    private final RequestState requestState;
    /** The HTTP status, or 0. */
    private final int httpStatus;
    /** The system's error number, or 0. */
    private final int osCode;

    private PoslatchException(int statusNumber, String statusName, Category category, String message, String advice,
            RequestState requestState, int httpStatus, int osCode) {
        super(statusName + ": " + message + "\n" + advice);
        this.statusNumber = statusNumber;
        this.statusName = statusName;
        this.category = category;
        this.message = message;
        this.advice = advice;
        this.requestState = requestState;
        this.httpStatus = httpStatus;
        this.osCode = osCode;
    }

    /** From the error of a failed call, which it frees. */
    static PoslatchException of(Abi abi, int status, Pointer error) {
        try {
            return new PoslatchException(
                    status,
                    Text.of(abi.poslatch_status_name(status)),
                    Category.of(abi.poslatch_error_category(error)),
                    Text.of(abi.poslatch_error_message(error)),
                    Text.of(abi.poslatch_error_advice(error)),
                    RequestState.of(abi.poslatch_error_request_state(error)),
                    abi.poslatch_error_http_status(error),
                    abi.poslatch_error_os_code(error));
        } finally {
            abi.poslatch_error_free(error);
        }
    }

    static PoslatchException argument(String name, String problem, RequestState state) {
        return ours(Status.ARGUMENT, "argument \"" + name + "\": " + problem,
                "Correct the argument; the documentation of the method says what it takes.", state);
    }

    static PoslatchException closed(String what, String advice, RequestState state) {
        return ours(Status.CLOSED, "the " + what + " was closed", advice, state);
    }

    private static PoslatchException ours(Status status, String message, String advice, RequestState state) {
        return new PoslatchException(status.number(), status.name(), Category.USAGE, message, advice, state, 0, 0);
    }

    /**
     * What failed.
     *
     * @return the status; {@link Status#UNKNOWN} if only a newer version of this class has a constant for it
     */
    public Status status() {
        return Status.of(statusNumber);
    }

    /**
     * The number of the status. Numbers are stable.
     *
     * @return the number that C has for it, a negative one
     */
    public int statusNumber() {
        return statusNumber;
    }

    /**
     * The name of the status, for a log.
     *
     * @return such as {@code WRONG_DEVICE}
     */
    public String statusName() {
        return statusName;
    }

    /**
     * What to branch on.
     *
     * @return the category; {@link Category#UNKNOWN} if only a newer version of this class has a constant for
     *     it
     */
    public Category category() {
        return category;
    }

    /**
     * What happened, with the facts, and without the advice.
     *
     * @return one line, a lower-case fragment without full stop
     */
    public String message() {
        return message;
    }

    /**
     * What to do now, for the person at the till or the support desk.
     *
     * @return one line of whole sentences
     */
    public String advice() {
        return advice;
    }

    /**
     * What is known about the request that the call carried.
     *
     * @return {@link RequestState#IN_DOUBT} if it must not be repeated
     */
    public RequestState requestState() {
        return requestState;
    }

    /**
     * The HTTP status that the device answered with, where that is what failed.
     *
     * @return the status, or 0
     */
    public int httpStatus() {
        return httpStatus;
    }

    /**
     * The operating system's error number, where there is one.
     *
     * @return {@code errno}, or the number of Winsock, or 0
     */
    public int osCode() {
        return osCode;
    }
}
