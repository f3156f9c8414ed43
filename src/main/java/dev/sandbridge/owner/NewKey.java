package dev.sandbridge.owner;

/**
 * A key that has just been made.
 *
 * @param secret shown this once; only its hash is kept
 */
public record NewKey(KeyInfo info, String secret) {
    @Override
    public String toString() {
        return "NewKey[" + info.keyId() + "]";
    }
}
