package poslatch;

import com.sun.jna.Pointer;

/**
 * The till's progress callback for the time of one search. It is told on the thread that searches, so that
 * thread knows which it is: one function pointer serves for all searches and is never collected under a call.
 */
final class SearchListener {
    static final Abi.OnProgress CALLBACK = SearchListener::dispatch;

    private static final ThreadLocal<SearchListener> SEARCHING = new ThreadLocal<>();

    private final Device.Progress till;
    /** Of a search in whose callback this one runs, or null. */
    private final SearchListener outer = SEARCHING.get();
    private Throwable thrown;

    private SearchListener(Device.Progress till) {
        this.till = till;
    }

    static SearchListener begin(Device.Progress till) {
        SearchListener listener = new SearchListener(till);
        SEARCHING.set(listener);
        return listener;
    }

    void end() {
        if (outer == null) {
            SEARCHING.remove();
        } else {
            SEARCHING.set(outer);
        }
    }

    /** What the callback threw, or null. */
    Throwable thrown() {
        return thrown;
    }

    private static int dispatch(Pointer user, int tried, int total) {
        SearchListener listener = SEARCHING.get();
        return listener == null ? 0 : listener.hear(tried, total);
    }

    private int hear(int tried, int total) {
        try {
            till.tried(tried, total);
            return 0;
        } catch (Throwable t) {
            // Nothing may unwind through C: it ends the search, and comes out at its end.
            thrown = t;
            return 1;
        }
    }
}
