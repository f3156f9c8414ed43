package dev.sandbridge.provider.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** The launcher's and resident's program text, brought from this program's resources to where Perl can read it. */
final class CageProgram {
    /** {@code cage.pl} and everything that it reads from beside it. */
    static final List<String> PARTS = List.of(
            "cage.pl",
            "kernel.pl",
            "seccomp.pl",
            "disk.pl",
            "tree.pl",
            "places.pl",
            "network.pl",
            "resident.pl",
            "commands.pl",
            "signals.pl",
            "files.pl",
            "content.pl",
            "walk.pl",
            "replace.pl",
            "commit.pl",
            "journal.pl",
            "sudo.sh",
            "su.sh");

    private CageProgram() {}

    /** Writes what is not there already; returns the path of {@code cage.pl}. */
    static Path extract(Path directory) throws IOException {
        Files.createDirectories(directory);
        for (String part : PARTS) {
            byte[] text = read(part);
            Path file = directory.resolve(part);
            if (!Files.exists(file) || !Arrays.equals(Files.readAllBytes(file), text)) {
                Files.write(file, text);
            }
        }
        return directory.resolve("cage.pl");
    }

    private static byte[] read(String part) throws IOException {
        try (var in = CageProgram.class.getResourceAsStream(part)) {
            if (in == null) {
                throw new IOException("this build lacks its resource " + part);
            }
            return in.readAllBytes();
        }
    }
}
