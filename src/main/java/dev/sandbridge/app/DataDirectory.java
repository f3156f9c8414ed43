package dev.sandbridge.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Where everything lies that must outlive the process. Nobody but this user may enter it.
 *
 * @param path absolute
 */
record DataDirectory(Path path) {
    private static final Set<PosixFilePermission> MODE = PosixFilePermissions.fromString("rwx------");

    /** Makes it if need be, and closes it to others. */
    static DataDirectory open(String configured) throws IOException {
        Path path = Path.of(configured).toAbsolutePath().normalize();
        try {
            Files.createDirectories(path, PosixFilePermissions.asFileAttribute(MODE));
            Files.setPosixFilePermissions(path, MODE);
        } catch (IOException failed) {
            throw new IOException(
                    "the data directory " + path
                            + " cannot be made or closed to others: set SANDBRIDGE_DATA to a directory"
                            + " that you own",
                    failed);
        }
        return new DataDirectory(path);
    }

    Path file(String name) {
        return path.resolve(name);
    }
}
