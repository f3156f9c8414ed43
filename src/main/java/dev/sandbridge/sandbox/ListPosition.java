package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxSpec;
import java.util.Comparator;

/**
 * Where a sandbox stands in lists: by creation, to the millisecond, then by id. Nothing that is made or removed
 * meanwhile moves it.
 */
record ListPosition(long createdMillis, String id) implements Comparable<ListPosition> {
    /** Before all sandboxes. */
    static final ListPosition START = new ListPosition(Long.MIN_VALUE, "");

    private static final Comparator<ListPosition> ORDER =
            Comparator.comparingLong(ListPosition::createdMillis).thenComparing(ListPosition::id);

    static ListPosition of(SandboxSpec spec) {
        return new ListPosition(spec.createdAt().toEpochMilli(), spec.id());
    }

    /** Reads what {@link #text} wrote. */
    static ListPosition parse(String text) {
        if (!text.matches("[0-9]{1,15}-[a-z2-7]{26,128}")) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "unknown cursor")
                    .action("use next of the page before, unchanged");
        }
        int dash = text.indexOf('-');
        return new ListPosition(Long.parseLong(text.substring(0, dash)), text.substring(dash + 1));
    }

    String text() {
        return createdMillis + "-" + id;
    }

    @Override
    public int compareTo(ListPosition other) {
        return ORDER.compare(this, other);
    }
}
