package dev.sandbridge.archive;

/**
 * How much one archive may be, the same for writing and reading. What goes over a limit is refused as a whole.
 *
 * @param bytesIn bytes of the archive as it comes, compressed or not
 * @param bytesOut bytes of all files' content together
 * @param members files, directories and links, those that are only implied by a longer path included
 * @param depth segments of a path
 * @param nameBytes bytes of a path or of a link's target
 * @param linkText characters of all links' paths and targets, with 100 more for each link: they are in memory together
 * @param ratio bytes out of a compressed archive for each byte in, counted beyond its first 16 MiB
 */
public record ArchiveLimits(
        long bytesIn, long bytesOut, int members, int depth, int nameBytes, long linkText, int ratio) {
    /** What a workspace of any usual size keeps; memory stays below 100 MiB. */
    public static final ArchiveLimits STANDARD =
            new ArchiveLimits(24L << 30, 16L << 30, 1_000_000, 256, 4095, 32L << 20, 200);

    public ArchiveLimits {
        if (bytesIn <= 0
                || bytesOut < 0
                || members <= 0
                || depth <= 0
                || nameBytes <= 0
                || linkText <= 0
                || ratio <= 0) {
            throw new IllegalArgumentException("limits of an archive are positive");
        }
    }

    /** The same limits with others for bytes. */
    public ArchiveLimits withBytes(long in, long out) {
        return new ArchiveLimits(in, out, members, depth, nameBytes, linkText, ratio);
    }
}
