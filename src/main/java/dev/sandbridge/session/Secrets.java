package dev.sandbridge.session;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.util.List;

/**
 * Changes the secrets of a running service: {@link #rotate} makes a newer one for everything signed and sealed from
 * now on, {@link #retire} makes worthless what an old one signed. Durable before it takes effect. Thread-safe.
 */
public final class Secrets {
    private final SecretFile file;
    private final SecretKeys keys;

    /** @param keys what the service signs with; changed in place */
    public Secrets(SecretFile file, SecretKeys keys) {
        this.file = file;
        this.keys = keys;
    }

    /** Versions in use, newest first. */
    public List<Integer> versions() {
        return List.copyOf(keys.versions());
    }

    /** Adds a version and signs with it from now on; returns it. */
    public synchronized int rotate() {
        try {
            keys.replaceBy(file.rotate());
            return keys.newest();
        } catch (IOException failed) {
            throw new SandboxException(ErrorCode.INTERNAL, "the secrets could not be changed", failed);
        }
    }

    /**
     * Ends the validity of all ids and states that this version signed.
     *
     * @throws SandboxException CONFLICT for the version in use, KEY_NOT_FOUND for one that is not there
     */
    public synchronized void retire(int version) {
        if (!keys.versions().contains(version)) {
            throw new SandboxException(ErrorCode.KEY_NOT_FOUND, "no such version of the secrets");
        }
        if (version == keys.newest()) {
            throw new SandboxException(ErrorCode.CONFLICT, "this version is in use").action("rotate first");
        }
        try {
            keys.replaceBy(file.retire(version));
        } catch (IOException failed) {
            throw new SandboxException(ErrorCode.INTERNAL, "the secrets could not be changed", failed);
        }
    }
}
