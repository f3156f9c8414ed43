package dev.sandbridge.provider.local;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * An empty ext4 file system of one size, remembered as the few blocks of it that are not zero, so that making a disk
 * takes a millisecond instead of a run of mkfs. The disk is a sparse file: it takes the room of what is in it.
 */
final class DiskTemplate {
    /** ext4 has too little room for its own tables below. */
    private static final long SMALLEST = 16L << 20;

    private static final long STEP = 1L << 20;

    /** The loop device has sectors of this size, and no file system has smaller blocks than its device. */
    private static final String BLOCK = "4096";

    private final long size;
    private final List<SparseFile.Block> blocks;

    private DiskTemplate(long size, List<SparseFile.Block> blocks) {
        this.size = size;
        this.blocks = blocks;
    }

    /** The size of the disk that is made where so many bytes are asked for. */
    static long sizeFor(long bytes) {
        return Math.max(SMALLEST, (bytes + STEP - 1) / STEP * STEP);
    }

    /**
     * Runs mkfs once.
     *
     * @param size as {@link #sizeFor} gives it
     * @param directory for a temporary file
     */
    static DiskTemplate make(String mkfs, long size, Path directory) throws IOException {
        Path image = Files.createTempFile(directory, "template", ".img");
        try {
            try (var file = FileChannel.open(image, StandardOpenOption.WRITE)) {
                file.write(ByteBuffer.wrap(new byte[1]), size - 1);
            }
            var process = new ProcessBuilder(
                            mkfs,
                            "-q",
                            "-F",
                            "-b",
                            BLOCK,
                            "-m",
                            "0",
                            "-E",
                            "lazy_itable_init=1,lazy_journal_init=1,nodiscard",
                            "--")
                    .redirectErrorStream(true);
            process.command().add(image.toString());
            run(process);
            return new DiskTemplate(size, SparseFile.blocks(image));
        } finally {
            Files.delete(image);
        }
    }

    /** Makes a disk; the file must not exist. */
    void writeTo(Path image) throws IOException {
        try (var file = FileChannel.open(image, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (var block : blocks) {
                file.write(ByteBuffer.wrap(block.bytes()), block.position());
            }
            if (file.size() < size) {
                file.write(ByteBuffer.wrap(new byte[1]), size - 1);
            }
        }
    }

    private static void run(ProcessBuilder command) throws IOException {
        var process = command.start();
        process.getOutputStream().close();
        var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            int status = process.waitFor();
            if (status != 0) {
                throw new IOException("mkfs ended with " + status + ": " + output.strip());
            }
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", interrupted);
        }
    }
}
