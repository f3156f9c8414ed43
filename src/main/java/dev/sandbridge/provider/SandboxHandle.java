package dev.sandbridge.provider;

import dev.sandbridge.process.Command;
import dev.sandbridge.process.RunningCommand;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * One sandbox at its provider. Thread-safe, and holds nothing that must be closed. A handle of a deleted sandbox
 * fails with SANDBOX_NOT_FOUND.
 */
public interface SandboxHandle {
    /** What it was made with, with labels, state and expiry as last updated. */
    SandboxSpec spec();

    /**
     * Starts a command; the caller closes it. A program that does not exist is an exit status (127, or 126 where it
     * cannot be run), as with a shell.
     *
     * @throws dev.sandbridge.error.SandboxException INVALID_REQUEST for an unknown user or working directory,
     *     CAPABILITY_UNAVAILABLE where users are not offered, CAPACITY_EXCEEDED at the process limit
     */
    RunningCommand start(Command command);

    /** The file tree, as the same user that commands run as by default. */
    SandboxFiles files();

    /** Terminals; empty where the provider has none. */
    default Optional<SandboxTerminals> terminals() {
        return Optional.empty();
    }

    /** The workspace as a whole; empty where the provider cannot read or replace it so. */
    default Optional<SandboxTree> tree() {
        return Optional.empty();
    }

    /** URLs for its ports; empty where the provider publishes none. */
    default Optional<SandboxPorts> ports() {
        return Optional.empty();
    }

    /** Replaces labels, state and expiry; durable when it returns. */
    void update(Map<String, String> labels, String state, Instant expiresAt);

    /**
     * Replaces the expiry alone; durable when it returns. Where several processes share a provider, what another one
     * has changed meanwhile stays.
     */
    default void renew(Instant expiresAt) {
        SandboxSpec now = spec();
        update(now.labels(), now.state(), expiresAt);
    }

    /**
     * Which limit of the sandbox ended a process since the last call, as a sentence for the caller, or empty when
     * none did. Asked after a command ended by KILL.
     */
    Optional<String> limitReached();
}
