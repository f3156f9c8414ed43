package dev.sandbridge.http;

/** The contract's answer where nothing more is to be said. */
record Ok(boolean ok) {
    static final Ok OK = new Ok(true);
}
