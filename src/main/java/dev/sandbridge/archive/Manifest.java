package dev.sandbridge.archive;

/**
 * What a tree holds, in short: two trees with the same manifest have the same paths, types, modes, times, link targets
 * and contents. Owners do not count.
 *
 * @param digest SHA-256 over all entries whatever their order, 64 lower-case hex digits
 * @param entries the workspace itself included, if it was there
 * @param bytes of all files' content
 */
public record Manifest(String digest, long entries, long bytes) {}
