package dev.sandbridge.sandbox;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One page of a list, ordered by creation and id, so that a sandbox made or removed meanwhile shifts nothing.
 *
 * @param next what to send as cursor for the following page, or null at the end
 */
public record Page<T>(List<T> items, @Nullable String next) {
    public Page {
        items = List.copyOf(items);
    }
}
