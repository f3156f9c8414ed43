package dev.sandbridge.sandbox;

import org.jspecify.annotations.Nullable;

/**
 * How a caller points at a sandbox; not checked yet.
 *
 * @param id as it came
 * @param state the sealed state the caller sent along, or null
 */
public record SandboxRef(String id, @Nullable String state) {}
