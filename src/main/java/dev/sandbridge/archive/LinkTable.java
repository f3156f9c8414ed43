package dev.sandbridge.archive;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;

/**
 * The links of a tree, followed as the kernel would follow them, through each other. A target that looks harmless can
 * lead out of the tree by way of another link: {@code up/../x} where {@code up} is a link to {@code .}.
 */
final class LinkTable {
    /** Characters looked up while links are followed, 32 more for each look-up; only attacks need that many. */
    static final long WORK = 1L << 28;

    /** The kernel gives up a path after 40 links. */
    private static final int FOLLOWED = 40;

    private final Map<String, String> targets = new HashMap<>();
    private final long most;
    private long text;
    private long work;

    /** @param most characters of paths and targets together; what is kept beside each link counts for 100 */
    LinkTable(long most) {
        this.most = most;
    }

    void put(String path, String target) {
        text += path.length() + target.length() + 100;
        targets.put(path, target);
    }

    void remove(String path) {
        targets.remove(path);
    }

    Iterable<Map.Entry<String, String>> all() {
        return targets.entrySet();
    }

    boolean isFull() {
        return text > most;
    }

    /** Whether so much had to be followed that what {@link #escapes} says no longer counts. */
    boolean isExhausted() {
        return work > WORK;
    }

    /** Whether a relative target climbs above the root by its words alone. */
    static boolean climbsOut(String path, String target) {
        int depth = 0;
        for (int i = path.indexOf('/'); i >= 0; i = path.indexOf('/', i + 1)) {
            depth++;
        }
        for (String part : target.split("/")) {
            switch (part) {
                case "", "." -> {}
                case ".." -> depth--;
                default -> depth++;
            }
            if (depth < 0) {
                return true;
            }
        }
        return false;
    }

    /** Whether following this link climbs above the root on the way. A circle leads nowhere. */
    boolean escapes(String path, String target) {
        var at = new ArrayList<String>();
        var rest = new ArrayDeque<String>();
        int slash = path.lastIndexOf('/');
        push(rest, target);
        if (slash >= 0) {
            push(rest, path.substring(0, slash));
        }
        int followed = 0;
        while (!rest.isEmpty() && !isExhausted()) {
            String part = rest.pop();
            if (part.equals("..")) {
                if (at.isEmpty()) {
                    return true;
                }
                at.removeLast();
                continue;
            }
            at.add(part);
            String here = String.join("/", at);
            work += here.length() + 32;
            String next = targets.get(here);
            if (next != null) {
                if (++followed > FOLLOWED) {
                    return false;
                }
                at.removeLast();
                push(rest, next);
            }
        }
        return false;
    }

    private void push(ArrayDeque<String> rest, String path) {
        work += path.length();
        String[] parts = path.split("/");
        for (int i = parts.length - 1; i >= 0; i--) {
            if (!parts[i].isEmpty() && !parts[i].equals(".")) {
                rest.push(parts[i]);
            }
        }
    }
}
