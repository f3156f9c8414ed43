package dev.sandbridge.sandbox;

/**
 * The answer to a create.
 *
 * @param created false if the owner had a sandbox of that name already
 */
public record Created(SandboxView sandbox, boolean created) {}
