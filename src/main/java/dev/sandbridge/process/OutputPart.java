package dev.sandbridge.process;

/**
 * Part of a process's kept output.
 *
 * @param offset of the first byte given, counted from the start of the stream
 * @param bytes never changed afterwards; belongs to the receiver
 * @param gap bytes between the offset asked for and {@code offset} that are no longer kept
 * @param total bytes the stream has had so far
 * @param ended whether nothing can follow what is kept
 */
public record OutputPart(long offset, byte[] bytes, long gap, long total, boolean ended) {
    /** The offset to ask for next. */
    public long next() {
        return offset + bytes.length;
    }
}
