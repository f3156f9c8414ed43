package dev.sandbridge.session;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sandbridge.owner.PrivateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * The secrets of a service that runs on one machine: a file with a line per version, version and hexadecimal secret.
 * Losing it makes every id and every sealed state worthless, so a damaged file stops the service and is never
 * replaced.
 */
public final class SecretFile {
    private final Path file;
    private final SecureRandom random;

    public SecretFile(Path file, SecureRandom random) {
        this.file = file;
        this.random = random;
    }

    /** The secrets; the first call makes the first one. */
    public SecretKeys open() throws IOException {
        if (!Files.exists(file)) {
            write(Map.of(1, fresh()));
        }
        return new SecretKeys(read());
    }

    /** Adds a version, which is used from the next {@link #open} on; what older ones signed stays valid. */
    public SecretKeys rotate() throws IOException {
        open();
        var secrets = read();
        secrets.put(secrets.lastKey() + 1, fresh());
        write(secrets);
        return new SecretKeys(secrets);
    }

    /** Removes a version: ids and states made with it are worthless from the next {@link #open} on. */
    public SecretKeys retire(int version) throws IOException {
        var secrets = read();
        if (secrets.lastKey() == version) {
            throw new IOException("version " + version + " is in use: rotate first");
        }
        secrets.remove(version);
        write(secrets);
        return new SecretKeys(secrets);
    }

    private TreeMap<Integer, byte[]> read() throws IOException {
        var secrets = new TreeMap<Integer, byte[]>();
        for (String line : new String(PrivateFile.read(file), UTF_8).lines().toList()) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            String[] part = line.split(" ", -1);
            boolean valid = part.length == 2 && part[0].matches("[0-9]{1,3}") && part[1].matches("[0-9a-f]{64}");
            if (!valid) {
                throw new IOException(
                        file + " is damaged: restore it from a backup; without it no sandbox id is valid");
            }
            secrets.put(Integer.parseInt(part[0]), HexFormat.of().parseHex(part[1]));
        }
        if (secrets.isEmpty()) {
            throw new IOException(file + " is empty: restore it from a backup; without it no sandbox id is valid");
        }
        return secrets;
    }

    private void write(Map<Integer, byte[]> secrets) throws IOException {
        var text = new StringBuilder("# version secret\n");
        new TreeMap<>(secrets).forEach((version, secret) -> text.append(version)
                .append(' ')
                .append(HexFormat.of().formatHex(secret))
                .append('\n'));
        PrivateFile.write(file, text.toString().getBytes(UTF_8));
    }

    private byte[] fresh() {
        var secret = new byte[SecretKeys.LENGTH];
        random.nextBytes(secret);
        return secret;
    }
}
