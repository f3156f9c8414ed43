package dev.sandbridge.owner;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Keys in one file of the data directory, a line each: id, owner, role, profile or -, enabled or disabled, creation
 * time, SHA-256 of the key. Keys made here are 256 random bits, which no table or dictionary holds, so a plain hash
 * keeps them.
 *
 * <p>The file is read again when it changes, also by another process; changes are made under a lock file.
 */
public final class FileApiKeys implements ApiKeys {
    /** A key that somebody made up must at least be this long. */
    public static final int SHORTEST = 16;

    private static final String PREFIX = "sbk_";
    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

    private static final Set<StandardOpenOption> LOCK_FILE =
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE);

    /** A lock file keeps other processes out, but not other threads of this one. */
    private static final Object CHANGING = new Object();

    private final Path file;
    private final Clock clock;
    private final SecureRandom random;
    private volatile Loaded loaded = new Loaded(FileTime.fromMillis(-1), -1, List.of());

    private record Entry(KeyInfo info, byte[] hash) {}

    private record Loaded(FileTime modified, long size, List<Entry> entries) {}

    /** @param file made with the first key; its directory must exist */
    public FileApiKeys(Path file, Clock clock, SecureRandom random) {
        this.file = file;
        this.clock = clock;
        this.random = random;
    }

    /** Compares with every hash, so that the time tells nothing about which one was near. */
    @Override
    public Optional<Caller> authenticate(String key) {
        byte[] hash = hash(key);
        Caller caller = null;
        for (Entry entry : entries()) {
            boolean same = MessageDigest.isEqual(hash, entry.hash());
            if (same && !entry.info().disabled()) {
                KeyInfo info = entry.info();
                caller = new Caller(info.owner(), info.role(), info.keyId(), info.profile());
            }
        }
        return Optional.ofNullable(caller);
    }

    @Override
    public NewKey create(OwnerId owner, Role role, @Nullable String profile) {
        String keyId = randomText(8);
        return add(
                PREFIX + keyId + "_" + randomText(52),
                new KeyInfo(keyId, owner, role, profile, false, clock.instant()));
    }

    /** A text for a key that nobody can guess. */
    public String newSecret() {
        return PREFIX + randomText(8) + "_" + randomText(52);
    }

    /**
     * Makes this the one key of that id; nothing changes if it is already.
     *
     * @throws SandboxException INVALID_REQUEST if it is too short to be safe
     */
    public void accept(String keyId, String key, OwnerId owner, Role role) {
        if (key.length() < SHORTEST || key.chars().anyMatch(c -> c <= ' ' || c > '~')) {
            throw new SandboxException(
                            ErrorCode.INVALID_REQUEST,
                            "a key must be at least " + SHORTEST + " visible ASCII characters without blanks")
                    .action("choose a longer one, for example with: openssl rand -hex 32");
        }
        byte[] hash = hash(key);
        boolean known = entries().stream()
                .anyMatch(entry -> entry.info().keyId().equals(keyId) && MessageDigest.isEqual(hash, entry.hash()));
        if (!known) {
            withdraw(keyId);
            add(key, new KeyInfo(keyId, owner, role, null, false, clock.instant()));
        }
    }

    /** Removes a key that the operator no longer gives, even if it is the last one. */
    public void withdraw(String keyId) {
        if (entries().stream().anyMatch(entry -> entry.info().keyId().equals(keyId))) {
            change(entries -> entries.stream()
                    .filter(entry -> !entry.info().keyId().equals(keyId))
                    .toList());
        }
    }

    @Override
    public List<KeyInfo> list() {
        return entries().stream().map(Entry::info).toList();
    }

    @Override
    public KeyInfo setDisabled(String keyId, boolean disabled) {
        change(entries -> {
            if (disabled) {
                requireAnotherAdmin(entries, keyId);
            }
            return entries.stream()
                    .map(entry -> entry.info().keyId().equals(keyId)
                            ? new Entry(disabled(entry.info(), disabled), entry.hash())
                            : entry)
                    .toList();
        });
        return find(entries(), keyId).info();
    }

    @Override
    public void delete(String keyId) {
        change(entries -> {
            requireAnotherAdmin(entries, keyId);
            return entries.stream()
                    .filter(entry -> !entry.info().keyId().equals(keyId))
                    .toList();
        });
    }

    private NewKey add(String key, KeyInfo info) {
        change(entries -> {
            var more = new ArrayList<>(entries);
            more.add(new Entry(info, hash(key)));
            return more;
        });
        return new NewKey(info, key);
    }

    private static KeyInfo disabled(KeyInfo info, boolean disabled) {
        return new KeyInfo(info.keyId(), info.owner(), info.role(), info.profile(), disabled, info.createdAt());
    }

    private static Entry find(List<Entry> entries, String keyId) {
        return entries.stream()
                .filter(entry -> entry.info().keyId().equals(keyId))
                .findFirst()
                .orElseThrow(() -> new SandboxException(ErrorCode.KEY_NOT_FOUND, "no such key")
                        .action("list the keys with GET /v1/keys"));
    }

    private static void requireAnotherAdmin(List<Entry> entries, String keyId) {
        boolean matters = isEnabledAdmin(find(entries, keyId));
        boolean another = entries.stream()
                .anyMatch(
                        entry -> isEnabledAdmin(entry) && !entry.info().keyId().equals(keyId));
        if (matters && !another) {
            throw new SandboxException(ErrorCode.CONFLICT, "this is the last enabled admin key")
                    .action("make another admin key first");
        }
    }

    private static boolean isEnabledAdmin(Entry entry) {
        return entry.info().role() == Role.ADMIN && !entry.info().disabled();
    }

    private List<Entry> entries() {
        try {
            if (!Files.exists(file)) {
                return List.of();
            }
            Loaded known = loaded;
            FileTime modified = Files.getLastModifiedTime(file);
            long size = Files.size(file);
            if (!known.modified().equals(modified) || known.size() != size) {
                known = new Loaded(modified, size, parse(new String(PrivateFile.read(file), UTF_8)));
                loaded = known;
            }
            return known.entries();
        } catch (IOException failed) {
            throw new UncheckedIOException("the key file cannot be read: " + failed.getMessage(), failed);
        }
    }

    private void change(UnaryOperator<List<Entry>> change) {
        Path lock = file.resolveSibling(file.getFileName() + ".lock");
        synchronized (CHANGING) {
            try (var channel = FileChannel.open(lock, LOCK_FILE, PrivateFile.ATTRIBUTES);
                    var held = channel.lock()) {
                loaded = new Loaded(FileTime.fromMillis(-1), -1, List.of());
                var text = new StringBuilder("# id owner role profile state created sha256\n");
                change.apply(entries()).forEach(entry -> text.append(line(entry)));
                PrivateFile.write(file, text.toString().getBytes(UTF_8));
                loaded = new Loaded(FileTime.fromMillis(-1), -1, List.of());
            } catch (IOException failed) {
                throw new UncheckedIOException("the key file cannot be changed: " + failed.getMessage(), failed);
            }
        }
    }

    private static String line(Entry entry) {
        KeyInfo info = entry.info();
        return String.join(
                        " ",
                        info.keyId(),
                        info.owner().text(),
                        info.role().name(),
                        info.profile() == null ? "-" : info.profile(),
                        info.disabled() ? "disabled" : "enabled",
                        info.createdAt().toString(),
                        HexFormat.of().formatHex(entry.hash()))
                + "\n";
    }

    private List<Entry> parse(String text) throws IOException {
        var entries = new ArrayList<Entry>();
        int number = 0;
        for (String line : text.lines().toList()) {
            number++;
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            try {
                String[] part = line.split(" ", -1);
                var info = new KeyInfo(
                        part[0],
                        new OwnerId(part[1]),
                        Role.valueOf(part[2]),
                        part[3].equals("-") ? null : part[3],
                        part[4].equals("disabled"),
                        Instant.parse(part[5]));
                entries.add(new Entry(info, HexFormat.of().parseHex(part[6])));
            } catch (RuntimeException wrong) {
                throw new IOException(
                        "line " + number + " of " + file + " is not a key: correct it, or remove it to revoke that key",
                        wrong);
            }
        }
        return entries;
    }

    private String randomText(int length) {
        var text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return text.toString();
    }

    private static byte[] hash(String key) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(key.getBytes(UTF_8));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("this Java has no SHA-256", impossible);
        }
    }
}
