package dev.sandbridge.session;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.OwnerId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;

/**
 * Seals session state so that its holder can neither read nor change it, nor use it for another sandbox or owner:
 * AES-256-GCM with a random nonce, bound to format, key version, owner and sandbox id. Base64url of
 *
 * <pre>
 * format (1) | key version (1) | nonce (12) | ciphertext and tag
 * </pre>
 *
 * <p>Not compressed: lengths of compressed secrets next to chosen text tell the secrets (CRIME). Thread-safe.
 */
public final class StateSealer {
    /** What a caller has to carry at most; headers have limits along the way. */
    public static final int MAX_LENGTH = 6 * 1024;

    private static final byte FORMAT = 1;
    private static final int NONCE = 12;
    private static final int TAG = 16;

    /** What stands before the ciphertext. */
    private static final int HEAD = 2 + NONCE;

    private static final Base64.Encoder TEXT = Base64.getUrlEncoder().withoutPadding();

    private final SecretKeys keys;
    private final SecureRandom random;

    public StateSealer(SecretKeys keys, SecureRandom random) {
        this.keys = keys;
        this.random = random;
    }

    /** @throws SandboxException INVALID_REQUEST if the state is too large to be carried */
    public String seal(SessionState state, OwnerId owner, SandboxId id) {
        byte[] plain = encode(state);
        int excess = ((HEAD + plain.length + TAG) * 4 + 2) / 3 - MAX_LENGTH;
        if (excess > 0) {
            throw new SandboxException(
                            ErrorCode.INVALID_REQUEST,
                            "env, labels and options of the sandbox are " + excess + " characters too long together")
                    .action("pass large values by file, or per exec in env");
        }
        KeyRing ring = keys.ring();
        int version = ring.newest();
        var nonce = new byte[NONCE];
        random.nextBytes(nonce);
        try {
            byte[] sealed = cipher(Cipher.ENCRYPT_MODE, ring.key(version, "state", "AES"), version, nonce, owner, id)
                    .doFinal(plain);
            return TEXT.encodeToString(ByteBuffer.allocate(HEAD + sealed.length)
                    .put(FORMAT)
                    .put((byte) version)
                    .put(nonce)
                    .put(sealed)
                    .array());
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("sealing failed", impossible);
        }
    }

    /** @throws SandboxException STATE_INVALID, the same whatever is wrong with it */
    public SessionState open(String sealed, OwnerId owner, SandboxId id) {
        try {
            if (sealed.length() > MAX_LENGTH) {
                throw new GeneralSecurityException("too long");
            }
            byte[] decoded = Base64.getUrlDecoder().decode(sealed);
            boolean canonical = TEXT.encodeToString(decoded).equals(sealed);
            var bytes = ByteBuffer.wrap(decoded);
            if (!canonical || bytes.remaining() < HEAD + TAG || bytes.get() != FORMAT) {
                throw new GeneralSecurityException("not a seal");
            }
            KeyRing ring = keys.ring();
            int version = bytes.get() & 0xFF;
            if (!ring.has(version)) {
                throw new GeneralSecurityException("unknown key version");
            }
            var nonce = new byte[NONCE];
            bytes.get(nonce);
            var content = new byte[bytes.remaining()];
            bytes.get(content);
            return StateCodec.decode(
                    cipher(Cipher.DECRYPT_MODE, ring.key(version, "state", "AES"), version, nonce, owner, id)
                            .doFinal(content));
        } catch (GeneralSecurityException | IOException | IllegalArgumentException invalid) {
            throw new SandboxException(
                            ErrorCode.STATE_INVALID,
                            "the sandbox state is not one of this sandbox, or no longer valid",
                            invalid)
                    .action("send the state of the newest answer unchanged, or leave it out");
        }
    }

    private static byte[] encode(SessionState state) {
        try {
            return StateCodec.encode(state);
        } catch (CharacterCodingException broken) {
            throw new SandboxException(
                            ErrorCode.INVALID_REQUEST, "env, labels and options must be valid Unicode", broken)
                    .action("leave out lone surrogates; pass bytes that are no text by file");
        }
    }

    private static Cipher cipher(int mode, SecretKey key, int version, byte[] nonce, OwnerId owner, SandboxId id)
            throws GeneralSecurityException {
        var cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(TAG * 8, nonce));
        cipher.updateAAD(new byte[] {FORMAT, (byte) version});
        cipher.updateAAD((owner.text() + "\0" + id.text()).getBytes(UTF_8));
        return cipher;
    }
}
