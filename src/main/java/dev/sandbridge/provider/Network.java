package dev.sandbridge.provider;

/** What a sandbox can reach. */
public enum Network {
    /** Its own loopback only. */
    NONE,
    /** The outside through address translation; never the host's loopback. */
    NAT,
    /** The host's own network, loopback included: no isolation. */
    HOST
}
