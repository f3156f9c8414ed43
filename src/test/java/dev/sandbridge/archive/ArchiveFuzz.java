package dev.sandbridge.archive;

import dev.sandbridge.error.SandboxException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;

/**
 * What coverage-guided fuzzing calls, again and again, with bytes of its own: whatever they are, they are unpacked to
 * the end or refused with a member and a rule, and what was unpacked can be packed and unpacked again to the same.
 */
public final class ArchiveFuzz {
    private static final ArchiveLimits READ = new ArchiveLimits(4 << 20, 1 << 20, 2_000, 64, 1_000, 1 << 20, 200);
    private static final ArchiveLimits AGAIN = READ.withBytes(64 << 20, 1 << 20);

    private ArchiveFuzz() {}

    /** The name is the fuzzer's. An odd first byte asks for checksums to be made right, to get behind them. */
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length == 0) {
            return;
        }
        byte[] archive = Arrays.copyOfRange(input, 1, input.length);
        if ((input[0] & 1) != 0) {
            makeChecksumsRight(archive);
        }
        Archives.Unpacked first;
        try {
            first = Archives.unpack(archive, READ);
        } catch (SandboxException refused) {
            requireReasons(refused, archive.length == 0);
            return;
        }
        var packed = Archives.pack(first.items().values(), AGAIN);
        var second = Archives.unpack(packed.tar(), AGAIN);
        require(packed.report().isEmpty(), "packing left something out: " + packed.report());
        require(packed.manifest().equals(first.manifest()), "the manifest changed by packing");
        require(second.manifest().equals(first.manifest()), "the manifest changed by unpacking");
        require(second.listing().equals(first.listing()), "entries changed");
        first.listing()
                .values()
                .forEach(line -> require(
                        ManifestEntry.parse(line.line()).equals(line), "a line of the manifest cannot be read back"));
    }

    private static void requireReasons(SandboxException refused, boolean empty) {
        Map<String, Object> details = refused.details();
        require(empty || details.keySet().containsAll(Set.of("member", "rule")), "no reason is given");
        require(refused.text().chars().allMatch(c -> c >= ' '), "the message is not one line");
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }

    static void makeChecksumsRight(byte[] archive) {
        for (int at = 0; at >= 0 && at + 512 <= archive.length; ) {
            byte[] block = Arrays.copyOfRange(archive, at, at + 512);
            if (TarHeader.isZero(block)) {
                return;
            }
            byte[] digits = String.format("%06o\0 ", TarHeader.checksum(block)).getBytes(StandardCharsets.US_ASCII);
            System.arraycopy(digits, 0, archive, at + 148, 8);
            System.arraycopy(digits, 0, block, 148, 8);
            long size;
            try {
                size = new TarHeader(block).size();
            } catch (SandboxException broken) {
                return;
            }
            long next = at + 512 + (size + 511 & -512);
            at = next > archive.length ? -1 : (int) next;
        }
    }
}
