package dev.sandbridge.session;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Changes the secrets of a running service: {@link #rotate} makes a newer one for everything signed and sealed from now
 * on, {@link #retire} makes worthless what an old one signed. Durable before it takes effect. Thread-safe.
 */
public final class Secrets {
    private final @Nullable SecretFile file;
    private final SecretKeys keys;

    /** @param keys what the service signs with; changed in place */
    public Secrets(SecretFile file, SecretKeys keys) {
        this.file = file;
        this.keys = keys;
    }

    /** Secrets that are not this process's to change, because it shares them with others. */
    public Secrets(SecretKeys given) {
        this.file = null;
        this.keys = given;
    }

    /** Versions in use, newest first. */
    public List<Integer> versions() {
        return keys.versions();
    }

    /**
     * Adds a version and signs with it from now on; returns it.
     *
     * @throws SandboxException CONFLICT after version 255, CAPABILITY_UNAVAILABLE where the secrets are given
     */
    public synchronized int rotate() {
        SecretFile file = own();
        if (keys.ring().newest() == SecretKeys.LAST_VERSION) {
            throw new SandboxException(ErrorCode.CONFLICT, "there is no secret after " + SecretKeys.LAST_VERSION)
                    .action("start with a new file of secrets; every id made before becomes worthless");
        }
        try {
            keys.replaceBy(file.rotate());
            return keys.ring().newest();
        } catch (IOException failed) {
            throw unchanged(failed);
        }
    }

    /**
     * Ends the validity of all ids and states that this version signed.
     *
     * @throws SandboxException CONFLICT for the version in use, KEY_NOT_FOUND for one that is not there,
     *     CAPABILITY_UNAVAILABLE where the secrets are given
     */
    public synchronized void retire(int version) {
        SecretFile file = own();
        KeyRing ring = keys.ring();
        if (!ring.has(version)) {
            throw new SandboxException(ErrorCode.KEY_NOT_FOUND, "no such version of the secrets")
                    .action("retire one of " + ring.versions());
        }
        if (version == ring.newest()) {
            throw new SandboxException(ErrorCode.CONFLICT, "this version is in use").action("rotate first");
        }
        try {
            keys.replaceBy(file.retire(version));
        } catch (IOException failed) {
            throw unchanged(failed);
        }
    }

    private SecretFile own() {
        SecretFile own = file;
        if (own == null) {
            throw new SandboxException(
                            ErrorCode.CAPABILITY_UNAVAILABLE, "the secrets are part of this deployment's configuration")
                    .action("change sandbridge.secrets there, new version beside old, and deploy again");
        }
        return own;
    }

    private static SandboxException unchanged(IOException why) {
        return new SandboxException(
                        ErrorCode.INTERNAL, "the secrets could not be changed; those before are in use", why)
                .action("let whoever runs the service look after its file of secrets");
    }
}
