package dev.sandbridge.websocket;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which connections send into nothing, as the kernel's tables tell. A peer that only does not read acknowledges what it
 * is sent, or that it has no room for it; one that is gone acknowledges nothing, and what was sent to it is sent again
 * and again. Where there are no such tables, nobody counts as lost and TCP itself gives up after a quarter of an hour.
 * Thread-safe; may block.
 */
final class LostPeers {
    /** How often something was sent again, each time after twice as long: some six seconds at least. */
    private static final int TRIES = 5;

    /** How long a look at the tables is good for: many connections ask at once. */
    private static final Duration FRESH = Duration.ofSeconds(1);

    private static final List<Path> TABLES = List.of(Path.of("/proc/net/tcp"), Path.of("/proc/net/tcp6"));

    private static final int LOCAL = 1;
    private static final int REMOTE = 2;
    private static final int RESENT = 6;
    private static final int PROBED = 8;

    private Set<Ends> lost = Set.of();
    private long looked = System.nanoTime() - FRESH.toNanos();

    /** A connection by its two ends. */
    record Ends(InetSocketAddress local, InetSocketAddress remote) {}

    /** Whether what is sent over this connection has not been acknowledged for a while. */
    synchronized boolean contains(Ends connection) {
        if (System.nanoTime() - looked >= FRESH.toNanos()) {
            lost = look();
            looked = System.nanoTime();
        }
        return lost.contains(connection);
    }

    private static Set<Ends> look() {
        var found = new HashSet<Ends>();
        for (Path table : TABLES) {
            try (Stream<String> lines = Files.lines(table)) {
                lines.skip(1).forEach(line -> lost(line).ifPresent(found::add));
            } catch (IOException | UncheckedIOException noTable) {
                // Nobody is known to be lost.
            }
        }
        return found;
    }

    /** The connection that a table's line is about, if its peer is lost. */
    static Optional<Ends> lost(String line) {
        String[] fields = line.strip().split("\\s+");
        if (fields.length <= PROBED
                || (Long.parseLong(fields[RESENT], 16) < TRIES && Long.parseLong(fields[PROBED]) < TRIES)) {
            return Optional.empty();
        }
        return Optional.of(new Ends(address(fields[LOCAL]), address(fields[REMOTE])));
    }

    /** Words of four bytes in this machine's order, and the port. */
    private static InetSocketAddress address(String field) {
        int colon = field.indexOf(':');
        byte[] bytes = HexFormat.of().parseHex(field.substring(0, colon));
        int swap = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 3 : 0;
        var ordered = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            ordered[i] = bytes[i ^ swap];
        }
        try {
            return new InetSocketAddress(
                    InetAddress.getByAddress(ordered), Integer.parseInt(field.substring(colon + 1), 16));
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
