package dev.sandbridge.provider.local;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads a file that is mostly holes without reading the holes. */
final class SparseFile {
    private static final int BLOCK = 4096;
    private static final int O_CLOEXEC = 0x80000;
    private static final int SEEK_SET = 0;
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;

    private static final MethodHandle OPEN = Libc.OPEN.handle();
    private static final MethodHandle LSEEK = Libc.LSEEK.handle();

    private SparseFile() {}

    /** One block that is not all zero. */
    record Block(long position, byte[] bytes) {}

    /** All blocks that are not all zero, in order. */
    static List<Block> blocks(Path file) throws IOException {
        var blocks = new ArrayList<Block>();
        int fd = open(file);
        try {
            long hole = 0;
            for (long data = seek(fd, 0, SEEK_DATA); data >= 0; data = seek(fd, hole, SEEK_DATA)) {
                hole = check(seek(fd, data, SEEK_HOLE));
                check(seek(fd, data, SEEK_SET));
                read(fd, data, hole, blocks);
            }
        } finally {
            FdCalls.close(fd);
        }
        return blocks;
    }

    private static void read(int fd, long from, long to, List<Block> blocks) throws IOException {
        try (var buffer = NativeBuffer.lease()) {
            long position = from;
            while (position < to) {
                long count = check(FdCalls.read(fd, buffer, buffer.data(), Math.min(to - position, NativeBuffer.SIZE)));
                if (count == 0) {
                    return;
                }
                for (long offset = 0; offset < count; offset += BLOCK) {
                    var block = buffer.data().asSlice(offset, Math.min(BLOCK, count - offset));
                    if (!isZero(block)) {
                        blocks.add(new Block(position + offset, block.toArray(ValueLayout.JAVA_BYTE)));
                    }
                }
                position += count;
            }
        }
    }

    private static boolean isZero(MemorySegment block) {
        for (long i = 0; i < block.byteSize(); i++) {
            if (block.get(ValueLayout.JAVA_BYTE, i) != 0) {
                return false;
            }
        }
        return true;
    }

    private static int open(Path file) throws IOException {
        try (var arena = Arena.ofConfined();
                var buffer = NativeBuffer.lease()) {
            var path = arena.allocateFrom(file.toString());
            return (int) check(buffer.result((int) OPEN.invokeExact(buffer.errno(), path, O_CLOEXEC, 0)));
        } catch (IOException failed) {
            throw failed;
        } catch (Throwable impossible) {
            throw new LinkageError("open", impossible);
        }
    }

    private static long seek(int fd, long offset, int whence) {
        try (var buffer = NativeBuffer.lease()) {
            return buffer.result((long) LSEEK.invokeExact(buffer.errno(), fd, offset, whence));
        } catch (Throwable impossible) {
            throw new LinkageError("lseek", impossible);
        }
    }

    private static long check(long result) throws IOException {
        if (result < 0) {
            throw Errno.failure("sparse file", result);
        }
        return result;
    }
}
