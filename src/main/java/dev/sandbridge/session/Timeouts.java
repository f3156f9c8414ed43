package dev.sandbridge.session;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How long the operations of one sandbox may take.
 *
 * @param exec limit of a command that names none; null leaves commands unlimited where the contract does (event
 * streams) and
 *     takes {@link #DEFAULT_EXEC} elsewhere
 * @param cleanup deleting
 * @param upload one file written
 * @param download one file read
 * @param archive one persist or hydrate
 * @param fastOp everything else
 */
public record Timeouts(
        @Nullable Duration exec,
        Duration cleanup,
        Duration upload,
        Duration download,
        Duration archive,
        Duration fastOp) {
    /** The reference client's limit of a command. */
    public static final Duration DEFAULT_EXEC = Duration.ofSeconds(300);

    /** The reference client's values. */
    public static final Timeouts DEFAULT = new Timeouts(
            null,
            Duration.ofSeconds(30),
            Duration.ofSeconds(1800),
            Duration.ofSeconds(1800),
            Duration.ofSeconds(300),
            Duration.ofSeconds(30));
}
