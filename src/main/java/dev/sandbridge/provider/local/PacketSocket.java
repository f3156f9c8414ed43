package dev.sandbridge.provider.local;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One end of a pair of connected unix sockets that keep packet borders and carry open files; see unix(7). It stands
 * on no file system, so nobody can connect to it. One thread sends at a time and one receives. Owns its descriptors.
 */
final class PacketSocket implements AutoCloseable {
    /** Longest packet that is sent or accepted. */
    static final int MAX_PACKET = 64 * 1024;

    private static final int AF_UNIX = 1;
    private static final int SOCK_SEQPACKET = 5;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_CTRUNC = 0x8;
    private static final int MSG_TRUNC = 0x20;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;

    /** More than any answer carries; the kernel drops what does not fit and says so. */
    private static final int MAX_FILES = 16;

    /** Layout of the receive buffer: payload, then {@code msghdr}, {@code iovec} and control data. */
    private static final int HEADER = MAX_PACKET;

    private static final int HEADER_SIZE = 56;
    private static final int VECTOR = HEADER + 64;
    private static final int CONTROL = VECTOR + 16;
    private static final int CONTROL_DATA = CONTROL + 16;
    private static final int CONTROL_SIZE = 16 + MAX_FILES * Integer.BYTES;

    private static final MethodHandle SOCKETPAIR = Libc.SOCKETPAIR.handle();
    private static final MethodHandle RECVMSG = Libc.RECVMSG.handle();

    private final Descriptor receiving;
    private final Descriptor sending;

    /** Takes over the descriptor number, also when this fails. */
    PacketSocket(int fd, Poller poller) throws IOException {
        receiving = new Descriptor(fd, poller);
        try {
            sending = receiving.duplicate();
        } catch (IOException failed) {
            receiving.close();
            throw failed;
        }
    }

    /**
     * A packet as it came.
     *
     * @param files descriptor numbers, close-on-exec, owned by the receiver
     * @param filesLost whether files were dropped, because they were too many or this process has no room for more
     */
    record Packet(byte[] bytes, List<Integer> files, boolean filesLost) {
        void closeFiles() {
            files.forEach(FdCalls::close);
        }
    }

    /** Two connected descriptor numbers, close-on-exec. */
    static int[] pair() throws IOException {
        try (var buffer = NativeBuffer.lease()) {
            var data = buffer.data();
            long result = buffer.result(
                    (int) SOCKETPAIR.invokeExact(buffer.errno(), AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, data));
            if (result < 0) {
                throw Errno.failure("socketpair", result);
            }
            return new int[] {data.get(ValueLayout.JAVA_INT, 0), data.get(ValueLayout.JAVA_INT, Integer.BYTES)};
        } catch (IOException failed) {
            throw failed;
        } catch (Throwable impossible) {
            throw new LinkageError("socketpair", impossible);
        }
    }

    /** Sends one packet whole. */
    void send(byte[] packet) throws IOException {
        if (packet.length > MAX_PACKET) {
            throw new IllegalArgumentException("packet of " + packet.length + " bytes");
        }
        int fd = sending.enter();
        try {
            while (true) {
                long count = sendNow(fd, packet);
                if (count >= 0) {
                    return;
                }
                if (count == -Errno.EAGAIN) {
                    sending.await(Poller.Direction.WRITE);
                } else if (count != -Errno.EINTR) {
                    throw Errno.failure("send", count);
                }
            }
        } finally {
            sending.leave();
        }
    }

    /** The next packet, or null when the other end is gone. A packet longer than {@link #MAX_PACKET} is a failure. */
    @Nullable
    Packet receive() throws IOException {
        int fd = receiving.enter();
        try {
            while (true) {
                try (var buffer = NativeBuffer.lease()) {
                    prepare(buffer.data());
                    long count = receiveNow(fd, buffer);
                    if (count >= 0) {
                        return packet(buffer.data(), (int) count);
                    }
                    if (count == -Errno.ECONNRESET) {
                        return null;
                    }
                    if (count != -Errno.EAGAIN && count != -Errno.EINTR) {
                        throw Errno.failure("receive", count);
                    }
                }
                receiving.await(Poller.Direction.READ);
            }
        } finally {
            receiving.leave();
        }
    }

    @Override
    public void close() {
        receiving.close();
        sending.close();
    }

    private static long sendNow(int fd, byte[] packet) {
        try (var buffer = NativeBuffer.lease()) {
            MemorySegment.copy(packet, 0, buffer.data(), ValueLayout.JAVA_BYTE, 0, packet.length);
            return FdCalls.write(fd, buffer, buffer.data(), packet.length);
        }
    }

    private static void prepare(MemorySegment data) {
        data.asSlice(HEADER, HEADER_SIZE).fill((byte) 0);
        data.set(ValueLayout.ADDRESS, VECTOR, data);
        data.set(ValueLayout.JAVA_LONG, VECTOR + 8, MAX_PACKET);
        data.set(ValueLayout.ADDRESS, HEADER + 16, data.asSlice(VECTOR));
        data.set(ValueLayout.JAVA_LONG, HEADER + 24, 1);
        data.set(ValueLayout.ADDRESS, HEADER + 32, data.asSlice(CONTROL));
        data.set(ValueLayout.JAVA_LONG, HEADER + 40, CONTROL_SIZE);
    }

    private static long receiveNow(int fd, NativeBuffer buffer) {
        try {
            return buffer.result(
                    (long) RECVMSG.invokeExact(buffer.errno(), fd, buffer.data().asSlice(HEADER), MSG_CMSG_CLOEXEC));
        } catch (Throwable impossible) {
            throw new LinkageError("recvmsg", impossible);
        }
    }

    private static @Nullable Packet packet(MemorySegment data, int length) throws IOException {
        int flags = data.get(ValueLayout.JAVA_INT, HEADER + 48);
        var files = files(data, data.get(ValueLayout.JAVA_LONG, HEADER + 40));
        var bytes = new byte[length];
        MemorySegment.copy(data, ValueLayout.JAVA_BYTE, 0, bytes, 0, length);
        var packet = new Packet(bytes, files, (flags & MSG_CTRUNC) != 0);
        if ((flags & MSG_TRUNC) != 0) {
            packet.closeFiles();
            throw new IOException("a packet is longer than " + MAX_PACKET + " bytes");
        }
        // An empty packet and the end look alike; nobody has a reason to send an empty one.
        if (length == 0) {
            packet.closeFiles();
            return null;
        }
        return packet;
    }

    /** The kernel merges all files of one packet into one control message. */
    private static List<Integer> files(MemorySegment data, long controlLength) {
        var files = new ArrayList<Integer>();
        if (controlLength < CONTROL_DATA - CONTROL
                || data.get(ValueLayout.JAVA_INT, CONTROL + 8) != SOL_SOCKET
                || data.get(ValueLayout.JAVA_INT, CONTROL + 12) != SCM_RIGHTS) {
            return files;
        }
        long end = Math.min(controlLength, data.get(ValueLayout.JAVA_LONG, CONTROL));
        for (long at = CONTROL_DATA; at + Integer.BYTES <= CONTROL + end; at += Integer.BYTES) {
            files.add(data.get(ValueLayout.JAVA_INT, at));
        }
        return files;
    }
}
