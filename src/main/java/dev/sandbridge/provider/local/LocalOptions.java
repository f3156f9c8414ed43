package dev.sandbridge.provider.local;

import java.nio.file.Path;
import java.util.Map;

/**
 * How the sandboxes of this machine are kept.
 *
 * @param data the service's data directory; made, and closed to other users, when it is first needed
 * @param images root file systems that a sandbox may ask for instead of this machine's own {@code /usr}, by name
 */
public record LocalOptions(Path data, Map<String, Path> images) {
    public LocalOptions {
        data = data.toAbsolutePath().normalize();
        images = Map.copyOf(images);
    }
}
