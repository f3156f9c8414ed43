package dev.sandbridge.session;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.provider.SandboxName;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
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
    private static final Pattern FORMAT = Pattern.compile("[a-z2-7]{26,128}");

    /** Together with the rest, the longest names fill 114 of the 128 characters that an id may have. */
    private static final Pattern PROVIDER = Pattern.compile("[a-z0-9-]{1,12}");

    private static final Pattern PROFILE = Pattern.compile("[a-z0-9-]{1,16}");

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

    /**
     * A new id that nobody can guess.
     *
     * @param profile 1 to 16 of {@code [a-z0-9-]}
     * @param provider 1 to 12 of the same
     */
    public SandboxId issue(OwnerId owner, String profile, String provider) {
        var unique = new byte[RANDOM];
        random.nextBytes(unique);
        KeyRing ring = keys.ring();
        return make(ring, ring.newest(), owner, profile, provider, unique);
    }

    /**
     * The ids that an owner's name for a sandbox can have in a profile, newest key first: one per key, so that a
     * rotation loses no sandbox. Not to be guessed by anyone without the key.
     */
    public List<SandboxId> namedCandidates(OwnerId owner, String profile, String provider, String alias) {
        KeyRing ring = keys.ring();
        byte[] named = (owner + "\0" + profile + "\0" + provider + "\0" + alias).getBytes(UTF_8);
        return ring.versions().stream()
                .map(version -> {
                    byte[] unique = Arrays.copyOf(ring.mac(version, "alias", named), RANDOM);
                    return make(ring, version, owner, profile, provider, unique);
                })
                .toList();
    }

    /**
     * Checks an id for a caller.
     *
     * @throws SandboxException INVALID_REQUEST if it is not written like an id; SANDBOX_NOT_FOUND if it is forged, its
     *     key is retired, or it belongs to somebody else and the caller is no admin: all the same to the caller, and
     *     after the same work
     */
    public SandboxId verify(String text, Caller caller) {
        byte[] bytes = decode(text);
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

    /** The id that a provider lists for this caller, or empty where {@link #verify} would refuse it. */
    public Optional<SandboxId> recognise(String text, Caller caller) {
        byte[] bytes = decode(text);
        return Optional.ofNullable(bytes == null ? null : open(text, bytes, caller));
    }

    private static byte @Nullable [] decode(String text) {
        return FORMAT.matcher(text).matches() ? Base32.decode(text) : null;
    }

    private @Nullable SandboxId open(String text, byte[] bytes, Caller caller) {
        int signed = bytes.length - MAC;
        int tagAt = signed - RANDOM - TAG;
        if (tagAt < 3) {
            return null;
        }
        KeyRing ring = keys.ring();
        int stated = bytes[0] & 0xFF;
        boolean known = ring.has(stated);
        int version = known ? stated : ring.newest();
        byte[] body = Arrays.copyOf(bytes, signed);
        boolean genuine = MessageDigest.isEqual(
                Arrays.copyOfRange(bytes, signed, bytes.length), Arrays.copyOf(ring.mac(version, "id", body), MAC));
        boolean own = MessageDigest.isEqual(
                Arrays.copyOfRange(bytes, tagAt, tagAt + TAG), ownerTag(ring, version, caller.owner()));
        // Nothing is skipped once one check has failed, so that the time does not tell a foreign id from a forged one.
        if (!known | !genuine | !(own | caller.isAdmin())) {
            return null;
        }
        var fields = ByteBuffer.wrap(body, 1, tagAt - 1);
        String provider = text(fields);
        String profile = text(fields);
        return new SandboxId(text, name(ring, version, body), profile, provider, own);
    }

    private static SandboxId make(
            KeyRing ring, int version, OwnerId owner, String profile, String provider, byte[] unique) {
        byte[] providerText = checked(PROVIDER, provider);
        byte[] profileText = checked(PROFILE, profile);
        var body = ByteBuffer.allocate(3 + providerText.length + profileText.length + TAG + RANDOM)
                .put((byte) version)
                .put((byte) providerText.length)
                .put(providerText)
                .put((byte) profileText.length)
                .put(profileText)
                .put(ownerTag(ring, version, owner))
                .put(unique)
                .array();
        var signed = Arrays.copyOf(body, body.length + MAC);
        System.arraycopy(ring.mac(version, "id", body), 0, signed, body.length, MAC);
        return new SandboxId(Base32.encode(signed), name(ring, version, body), profile, provider, true);
    }

    private static byte[] checked(Pattern pattern, String text) {
        if (!pattern.matcher(text).matches()) {
            throw new IllegalArgumentException("\"" + text + "\" does not fit into an id: " + pattern);
        }
        return text.getBytes(UTF_8);
    }

    private static byte[] ownerTag(KeyRing ring, int version, OwnerId owner) {
        return Arrays.copyOf(ring.mac(version, "owner", owner.text().getBytes(UTF_8)), TAG);
    }

    /** The provider's name tells neither the id nor anything in it. */
    private static SandboxName name(KeyRing ring, int version, byte[] body) {
        return new SandboxName(
                "sb-" + Base32.encode(ring.mac(version, "name", body)).substring(0, 26));
    }

    private static String text(ByteBuffer fields) {
        var bytes = new byte[fields.get() & 0xFF];
        fields.get(bytes);
        return new String(bytes, UTF_8);
    }
}
