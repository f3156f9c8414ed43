package dev.sandbridge.session;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.provider.SandboxName;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;

/**
 * Makes and checks sandbox ids. An id is a name that stays valid for years, unguessable and signed: base32 of
 *
 * <pre>
 * key version (1) | length (1) provider | length (1) profile | owner tag (8) | random (16) | MAC (16)
 * </pre>
 *
 * <p>The owner tag is a keyed hash, so that an id tells nobody who owns it. The MAC is HMAC-SHA-256 cut to 128 bits.
 * Thread-safe.
 */
public final class SandboxIds {
    private static final int TAG = 8;
    private static final int RANDOM = 16;
    private static final int MAC = 16;

    private final SecretKeys keys;
    private final RandomGenerator random;

    /** @param random cryptographically strong */
    public SandboxIds(SecretKeys keys, RandomGenerator random) {
        this.keys = keys;
        this.random = random;
    }

    /** A new id that nobody can guess. */
    public SandboxId issue(OwnerId owner, String profile, String provider) {
        var unique = new byte[RANDOM];
        random.nextBytes(unique);
        return make(keys.newest(), owner, profile, provider, unique);
    }

    /**
     * The ids that an owner's name for a sandbox can have, newest key first: one per key, so that a rotation loses no
     * sandbox. Not to be guessed by anyone without the key.
     */
    public List<SandboxId> namedCandidates(OwnerId owner, String profile, String provider, String alias) {
        return keys.versions().stream()
                .map(version -> make(
                        version,
                        owner,
                        profile,
                        provider,
                        mac(version, "alias", owner + "\0" + profile + "\0" + provider + "\0" + alias, RANDOM)))
                .toList();
    }

    /**
     * Checks an id for a caller.
     *
     * @throws SandboxException INVALID_REQUEST if it is not written like an id; SANDBOX_NOT_FOUND if it is forged,
     * its key is
     *     retired, or it belongs to somebody else and the caller is no admin: all the same to the caller
     */
    public SandboxId verify(String text, Caller caller) {
        byte[] bytes = text.matches("[a-z2-7]{26,128}") ? Base32.decode(text) : null;
        if (bytes == null) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "Invalid sandbox ID format")
                    .action("use the id exactly as create answered it");
        }
        SandboxId id = open(text, bytes, caller);
        if (id == null) {
            throw new SandboxException(ErrorCode.SANDBOX_NOT_FOUND, "no such sandbox")
                    .action("use an id that create answered to one of your keys");
        }
        return id;
    }

    private @Nullable SandboxId open(String text, byte[] bytes, Caller caller) {
        int signed = bytes.length - MAC;
        if (signed < 3 + TAG + RANDOM) {
            return null;
        }
        int version = bytes[0] & 0xFF;
        SecretKey key = keys.key(version, "id", "HmacSHA256");
        if (key == null) {
            return null;
        }
        byte[] body = Arrays.copyOf(bytes, signed);
        boolean genuine = MessageDigest.isEqual(
                Arrays.copyOfRange(bytes, signed, bytes.length), Arrays.copyOf(hmac(key, body), MAC));
        if (!genuine) {
            return null;
        }
        var fields = ByteBuffer.wrap(body, 1, signed - 1);
        String provider = text(fields);
        String profile = text(fields);
        var tag = new byte[TAG];
        fields.get(tag);
        boolean own =
                MessageDigest.isEqual(tag, mac(version, "owner", caller.owner().text(), TAG));
        return own || caller.isAdmin() ? new SandboxId(text, name(version, body), profile, provider, own) : null;
    }

    private SandboxId make(int version, OwnerId owner, String profile, String provider, byte[] unique) {
        byte[] providerText = provider.getBytes(UTF_8);
        byte[] profileText = profile.getBytes(UTF_8);
        var body = ByteBuffer.allocate(3 + providerText.length + profileText.length + TAG + RANDOM)
                .put((byte) version)
                .put((byte) providerText.length)
                .put(providerText)
                .put((byte) profileText.length)
                .put(profileText)
                .put(mac(version, "owner", owner.text(), TAG))
                .put(unique)
                .array();
        var signed = Arrays.copyOf(body, body.length + MAC);
        System.arraycopy(hmac(required(version, "id"), body), 0, signed, body.length, MAC);
        return new SandboxId(Base32.encode(signed), name(version, body), profile, provider, true);
    }

    /** The provider's name tells neither the id nor anything in it. */
    private SandboxName name(int version, byte[] body) {
        return new SandboxName(
                "sb-" + Base32.encode(hmac(required(version, "name"), body)).substring(0, 26));
    }

    private byte[] mac(int version, String purpose, String text, int length) {
        return Arrays.copyOf(hmac(required(version, purpose), text.getBytes(UTF_8)), length);
    }

    private SecretKey required(int version, String purpose) {
        SecretKey key = keys.key(version, purpose, "HmacSHA256");
        if (key == null) {
            throw new IllegalStateException("no secret of version " + version);
        }
        return key;
    }

    private static String text(ByteBuffer fields) {
        var bytes = new byte[fields.get() & 0xFF];
        fields.get(bytes);
        return new String(bytes, UTF_8);
    }

    private static byte[] hmac(SecretKey key, byte[] data) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            return mac.doFinal(data);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("this Java has no HmacSHA256", impossible);
        }
    }
}
