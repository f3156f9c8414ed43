package dev.sandbridge.session;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sandbridge.owner.PrivateFile;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.TreeMap;

/**
 * The secrets of a service that runs on one machine: a file with a line per version, version and hexadecimal secret.
 * Losing it makes every id and every sealed state worthless, so a damaged file stops the service and is never
 * replaced.
 */
public final class SecretFile {
    private final Path file;
    private final SecureRandom random;

    /** What becomes of the secrets. */
    private interface Change {
        void apply(TreeMap<Integer, byte[]> secrets) throws IOException;
    }

    public SecretFile(Path file, SecureRandom random) {
        this.file = file;
        this.random = random;
    }

    /** The secrets; the first call makes the first one. */
    public SecretKeys open() throws IOException {
        return change(secrets -> {});
    }

    /** Adds a version, which is used from the next {@link #open} on; what older ones signed stays valid. */
    public SecretKeys rotate() throws IOException {
        return change(secrets -> {
            int next = secrets.lastKey() + 1;
            if (next > SecretKeys.LAST_VERSION) {
                throw new IOException("version " + SecretKeys.LAST_VERSION + " is the last one");
            }
            secrets.put(next, fresh());
        });
    }

    /** Removes a version: ids and states made with it are worthless from the next {@link #open} on. */
    public SecretKeys retire(int version) throws IOException {
        return change(secrets -> {
            if (secrets.lastKey() == version) {
                throw new IOException("version " + version + " is in use: rotate first");
            }
            secrets.remove(version);
        });
    }

    private SecretKeys change(Change change) throws IOException {
        var secrets = new TreeMap<Integer, byte[]>();
        PrivateFile.change(file, contents -> {
            if (contents == null) {
                secrets.put(1, fresh());
            } else {
                read(contents, secrets);
            }
            int before = secrets.size();
            change.apply(secrets);
            if (contents != null && secrets.size() == before) {
                return contents;
            }
            return format(secrets);
        });
        return new SecretKeys(secrets);
    }

    private void read(byte[] contents, TreeMap<Integer, byte[]> secrets) throws IOException {
        for (String line : new String(contents, UTF_8).lines().toList()) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            String[] part = line.split(" ", -1);
            boolean valid = part.length == 2 && part[0].matches("[1-9][0-9]{0,2}") && part[1].matches("[0-9a-f]{64}");
            int version = valid ? Integer.parseInt(part[0]) : 0;
            if (!valid
                    || version > SecretKeys.LAST_VERSION
                    || secrets.put(version, HexFormat.of().parseHex(part[1])) != null) {
                throw unusable("damaged");
            }
        }
        if (secrets.isEmpty()) {
            throw unusable("empty");
        }
    }

    private IOException unusable(String what) {
        return new IOException(file + " is " + what + ": restore it from a backup; without it no sandbox id is valid");
    }

    private static byte[] format(TreeMap<Integer, byte[]> secrets) {
        var text = new StringBuilder("# version secret\n");
        secrets.forEach((version, secret) -> text.append(version)
                .append(' ')
                .append(HexFormat.of().formatHex(secret))
                .append('\n'));
        return text.toString().getBytes(UTF_8);
    }

    private byte[] fresh() {
        var secret = new byte[SecretKeys.LENGTH];
        random.nextBytes(secret);
        return secret;
    }
}
