package dev.sandbridge.owner;

import static java.util.Objects.requireNonNull;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Keys in one private file of the data directory, hashed. Keys made here are 256 random bits, which no table or
 * dictionary holds, so a plain hash keeps them.
 *
 * <p>The file is read again when it changes, also by another process, so that a key removed or disabled there is
 * refused at once. A file that is damaged, or that others may read, lets nobody in and is never replaced.
 */
public final class FileApiKeys implements ApiKeys {
    /** A key that somebody made up must at least be this long. */
    public static final int SHORTEST = 16;

    /**
     * Longer than the clock of any file system stands still. Two changes in one tick can look alike, even have the same
     * inode, so what has just changed is read at every call.
     */
    private static final Duration TICK = Duration.ofSeconds(2);

    private static final String PREFIX = "sbk_";
    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

    private final Path file;
    private final Clock clock;
    private final SecureRandom random;
    private volatile @Nullable Loaded loaded;

    /**
     * Which contents the file has.
     *
     * @param changed the time of the inode, which no program can set
     * @param attributes that, size and inode
     */
    private record Stamp(FileTime changed, Map<String, Object> attributes) {}

    private record Loaded(Stamp stamp, List<StoredKey> keys) {}

    /** @param file made with the first key; its directory must exist */
    public FileApiKeys(Path file, Clock clock, SecureRandom random) {
        this.file = file;
        this.clock = clock;
        this.random = random;
    }

    @Override
    public Optional<Caller> authenticate(String key) {
        return StoredKey.caller(keys(), key);
    }

    @Override
    public NewKey create(OwnerId owner, Role role, @Nullable String profile) {
        String keyId = randomText(8);
        String secret = PREFIX + keyId + "_" + randomText(52);
        var made = new KeyInfo(keyId, owner, role, profile, false, clock.instant());
        change(keys -> with(keys, new StoredKey(made, StoredKey.hash(secret))));
        return new NewKey(made, secret);
    }

    /** A text for a key that nobody can guess. */
    public String newSecret() {
        return PREFIX + randomText(8) + "_" + randomText(52);
    }

    /**
     * Makes this the one key of that id; nothing changes if it is already, so that a disabled key stays disabled.
     *
     * @throws SandboxException INVALID_REQUEST if it is too short to be safe
     */
    public void accept(String keyId, String key, OwnerId owner, Role role) {
        requireSafe(key);
        byte[] hash = StoredKey.hash(key);
        var accepted = new StoredKey(new KeyInfo(keyId, owner, role, null, false, clock.instant()), hash);
        change(keys -> keys.stream().anyMatch(stored -> stored.hasId(keyId) && stored.hasHash(hash))
                ? keys
                : with(without(keys, keyId), accepted));
    }

    /** Refuses a key that somebody made up too short. */
    static void requireSafe(String key) {
        if (key.length() < SHORTEST || key.chars().anyMatch(c -> c <= ' ' || c > '~')) {
            throw new SandboxException(
                            ErrorCode.INVALID_REQUEST,
                            "a key must be at least " + SHORTEST + " visible ASCII characters without blanks")
                    .action("choose a longer one, for example with: openssl rand -hex 32");
        }
    }

    /** Removes a key that the operator no longer gives, even if it is the last one. */
    public void withdraw(String keyId) {
        if (keys().stream().anyMatch(stored -> stored.hasId(keyId))) {
            change(keys -> without(keys, keyId));
        }
    }

    @Override
    public List<KeyInfo> list() {
        return keys().stream().map(StoredKey::info).toList();
    }

    @Override
    public KeyInfo setDisabled(String keyId, boolean disabled) {
        List<StoredKey> changed = change(keys -> {
            if (disabled) {
                requireAnotherAdmin(keys, keyId);
            }
            return keys.stream()
                    .map(stored -> stored.hasId(keyId)
                            ? new StoredKey(stored.info().withDisabled(disabled), stored.hash())
                            : stored)
                    .toList();
        });
        return find(changed, keyId).info();
    }

    @Override
    public void delete(String keyId) {
        change(keys -> {
            requireAnotherAdmin(keys, keyId);
            return without(keys, keyId);
        });
    }

    private static List<StoredKey> with(List<StoredKey> keys, StoredKey more) {
        return Stream.concat(keys.stream(), Stream.of(more)).toList();
    }

    private static List<StoredKey> without(List<StoredKey> keys, String keyId) {
        return keys.stream().filter(stored -> !stored.hasId(keyId)).toList();
    }

    private static StoredKey find(List<StoredKey> keys, String keyId) {
        return keys.stream().filter(stored -> stored.hasId(keyId)).findFirst().orElseThrow(() -> new SandboxException(
                        ErrorCode.KEY_NOT_FOUND, "no such key")
                .action("list the keys with GET /v1/keys"));
    }

    private static void requireAnotherAdmin(List<StoredKey> keys, String keyId) {
        boolean matters = find(keys, keyId).isEnabledAdmin();
        if (matters && keys.stream().noneMatch(stored -> stored.isEnabledAdmin() && !stored.hasId(keyId))) {
            throw new SandboxException(ErrorCode.CONFLICT, "this is the last enabled admin key")
                    .action("make another admin key first");
        }
    }

    private List<StoredKey> keys() {
        try {
            Instant now = clock.instant();
            // Stamped before it is read: what is replaced in between is read again by the next call.
            Stamp stamp = stamp();
            Loaded known = loaded;
            if (known == null || !known.stamp().equals(stamp)) {
                known = new Loaded(stamp, parse(PrivateFile.read(file)));
                boolean settled = stamp.changed().toInstant().isBefore(now.minus(TICK));
                loaded = settled ? known : null;
            }
            return known.keys();
        } catch (NoSuchFileException none) {
            return List.of();
        } catch (IOException failed) {
            throw unusable(failed);
        }
    }

    private Stamp stamp() throws IOException {
        Map<String, Object> now = Files.readAttributes(file, "unix:ino,ctime,size", LinkOption.NOFOLLOW_LINKS);
        return new Stamp((FileTime) requireNonNull(now.get("ctime")), now);
    }

    /** The keys after the change; the same list from the change leaves the file as it is. */
    private List<StoredKey> change(UnaryOperator<List<StoredKey>> change) {
        var after = new Object() {
            List<StoredKey> keys = List.of();
        };
        try {
            PrivateFile.change(file, contents -> {
                List<StoredKey> before = contents == null ? List.of() : parse(contents);
                after.keys = change.apply(before);
                if (contents != null && after.keys == before) {
                    return contents;
                }
                return KeyLines.format(after.keys);
            });
            return after.keys;
        } catch (IOException failed) {
            throw unusable(failed);
        } finally {
            loaded = null;
        }
    }

    private List<StoredKey> parse(byte[] contents) throws IOException {
        try {
            return KeyLines.parse(contents);
        } catch (IOException wrong) {
            throw new IOException(file + ": " + wrong.getMessage(), wrong);
        }
    }

    /** Its cause has the path and the way out, which are not for callers; a restart prints them. */
    private SandboxException unusable(IOException why) {
        return new SandboxException(
                        ErrorCode.INTERNAL,
                        "the service's file \"" + file.getFileName() + "\" cannot be used, so no key can be checked",
                        why)
                .action("let whoever runs the service restart it: it then says what is wrong with the file");
    }

    private String randomText(int length) {
        var text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return text.toString();
    }
}
