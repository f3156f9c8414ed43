package dev.sandbridge.provider;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A source of sandboxes. Thread-safe; every method may block and is called on virtual threads. Failures are {@link
 * dev.sandbridge.error.SandboxException}. A time limit ends a call by interrupting its thread: what waits then gives
 * up with a failure, having done its work whole or not at all.
 */
public interface SandboxProvider extends AutoCloseable {
    /** Stable short name, used in configuration and ids: {@code local}, {@code blaxel}. */
    String id();

    /** What this provider holds firmly, softly or not at all on this machine; for health and documentation. */
    ProviderReport report();

    /** What its sandboxes can be given to reach; at least one. */
    default Set<Network> networks() {
        return EnumSet.allOf(Network.class);
    }

    /**
     * Makes a sandbox that is ready for commands, or leaves nothing behind.
     *
     * @throws dev.sandbridge.error.SandboxException CONFLICT if the name is taken, CAPACITY_EXCEEDED if there is no
     * room
     *     now, POOL_ERROR if it failed otherwise
     */
    SandboxHandle create(SandboxSpec spec);

    /**
     * The sandbox of that name, or empty when there is definitely none. Starts nothing: a sandbox that only lies on
     * disk is found as it is and started by its first command. When it cannot be known, this throws; it never guesses
     * "none".
     */
    Optional<SandboxHandle> find(SandboxName name);

    /**
     * As {@link #find}, for who is about to work in the sandbox: may answer by what was known a few seconds ago, where
     * asking takes time. A handle that is out of date fails with SANDBOX_NOT_FOUND, having done nothing.
     */
    default Optional<SandboxHandle> recall(SandboxName name) {
        return find(name);
    }

    /**
     * Ends everything in the sandbox and removes its files. Returns whether there was one; calling it again is
     * harmless.
     */
    boolean delete(SandboxName name);

    /** All sandboxes of this service at this provider, expired ones included, in no order. */
    List<SandboxSpec> list();

    /** Lets go of everything; running sandboxes of a provider that lives in this process end. */
    @Override
    void close();
}
