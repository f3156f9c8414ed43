package dev.sandbridge.provider.local;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Descriptor numbers that have no owner yet; what was not handed over is closed at the end. */
final class Numbers implements AutoCloseable {
    private final List<Integer> open = new ArrayList<>();

    /** A pipe, read end first. */
    int[] pipe() throws IOException {
        var ends = new int[2];
        int result = FdCalls.pipe(ends);
        if (result < 0) {
            throw Errno.failure("pipe", result);
        }
        return keep(ends);
    }

    /** A pair of connected packet sockets. */
    int[] sockets() throws IOException {
        return keep(PacketSocket.pair());
    }

    private int[] keep(int[] numbers) {
        for (int number : numbers) {
            open.add(number);
        }
        return numbers;
    }

    /** From here on somebody else closes it. */
    int handOver(int number) {
        open.remove(Integer.valueOf(number));
        return number;
    }

    @Override
    public void close() {
        open.forEach(FdCalls::close);
        open.clear();
    }
}
