package dev.sandbridge.error;

/** Whether the same request, sent again unchanged, may succeed. */
public enum Retry {
    YES,
    NO,
    /** Nothing is known; the caller decides. */
    UNKNOWN
}
