package dev.sandbridge.owner;

/** What a key allows. */
public enum Role {
    /** Own sandboxes: make, use, delete. */
    USE,
    /** Also keys, and describing, listing, updating and deleting every owner's sandboxes. */
    ADMIN
}
