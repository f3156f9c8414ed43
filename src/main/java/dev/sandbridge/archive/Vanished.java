package dev.sandbridge.archive;

import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;

/** Paths of a tree that were gone, or could not be read, when it was their turn. All are counted. One thread. */
public final class Vanished {
    /** More than anybody wants to hear of; those beyond have no names. */
    private static final int NAMED = 10_000;

    private final Set<String> paths = new LinkedHashSet<>();
    private long unnamed;

    public void add(String path) {
        if (paths.size() < NAMED) {
            paths.add(path);
        } else if (!paths.contains(path)) {
            unnamed++;
        }
    }

    /** The first of them. */
    public Set<String> paths() {
        return Collections.unmodifiableSet(paths);
    }

    /** How many more there were. */
    public long unnamed() {
        return unnamed;
    }
}
