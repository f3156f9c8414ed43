package dev.sandbridge.provider.local;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** The other end of a channel, saying whatever a test lets it say. */
final class FakeResident implements AutoCloseable {
    private static final MethodHandle SENDMSG = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("sendmsg"),
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));

    private final int fd;
    private final PacketSocket socket;

    /** Takes over the number. */
    FakeResident(int fd, Poller poller) throws IOException {
        this.fd = fd;
        this.socket = new PacketSocket(fd, poller);
    }

    record Request(int id, int op, boolean last, byte[] payload) {}

    Request next() throws IOException {
        var packet = socket.receive();
        if (packet == null) {
            throw new IOException("the service is gone");
        }
        var in = ByteBuffer.wrap(packet.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        int id = in.getInt();
        int op = in.get();
        boolean last = in.get() == 1;
        in.getShort();
        var payload = new byte[in.remaining()];
        in.get(payload);
        return new Request(id, op, last, payload);
    }

    void reply(int id, int kind, int value, String text, int... files) throws Throwable {
        var body = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        send(
                ByteBuffer.allocate(12 + body.length)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putInt(id)
                        .put((byte) kind)
                        .put((byte) 0)
                        .putShort((short) 0)
                        .putInt(value)
                        .put(body)
                        .array(),
                files);
    }

    void ready() throws Throwable {
        reply(0, 1, 1, "users=0\n");
    }

    /** Sends any bytes with any files, whose numbers remain the caller's. */
    void send(byte[] packet, int... files) throws Throwable {
        try (var arena = Arena.ofConfined()) {
            var bytes = arena.allocate(Math.max(packet.length, 1));
            bytes.copyFrom(java.lang.foreign.MemorySegment.ofArray(packet));
            var vector = arena.allocate(16, 8);
            vector.set(ValueLayout.ADDRESS, 0, bytes);
            vector.set(ValueLayout.JAVA_LONG, 8, packet.length);
            var header = arena.allocate(56, 8);
            header.set(ValueLayout.ADDRESS, 16, vector);
            header.set(ValueLayout.JAVA_LONG, 24, 1);
            if (files.length > 0) {
                long length = 16 + 4L * files.length;
                var control = arena.allocate((length + 7) / 8 * 8, 8);
                control.set(ValueLayout.JAVA_LONG, 0, length);
                control.set(ValueLayout.JAVA_INT, 8, 1);
                control.set(ValueLayout.JAVA_INT, 12, 1);
                for (int i = 0; i < files.length; i++) {
                    control.set(ValueLayout.JAVA_INT, 16 + 4L * i, files[i]);
                }
                header.set(ValueLayout.ADDRESS, 32, control);
                header.set(ValueLayout.JAVA_LONG, 40, control.byteSize());
            }
            long sent = (long) SENDMSG.invokeExact(fd, header, 0x4000);
            if (sent < 0) {
                throw new IOException("sendmsg");
            }
        }
    }

    /** Answers a start with real pipes, all of whose far ends are returned, still open. */
    List<Integer> started(int id, int pid, boolean... serviceWrites) throws Throwable {
        var far = new ArrayList<Integer>();
        var near = new int[serviceWrites.length];
        for (int i = 0; i < near.length; i++) {
            var ends = new int[2];
            FdCalls.pipe(ends);
            near[i] = serviceWrites[i] ? ends[1] : ends[0];
            far.add(serviceWrites[i] ? ends[0] : ends[1]);
        }
        reply(id, 2, pid, "", near);
        for (int number : near) {
            FdCalls.close(number);
        }
        return far;
    }

    @Override
    public void close() {
        socket.close();
    }
}
