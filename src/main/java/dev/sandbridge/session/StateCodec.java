package dev.sandbridge.session;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sandbridge.provider.Limits;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Session state as bytes: fields in a fixed order behind a version, short because callers carry it. */
final class StateCodec {
    private static final int VERSION = 1;
    private static final int MAX_ENTRIES = 4096;

    private StateCodec() {}

    /** @throws CharacterCodingException if a text is no Unicode, which would not come back as it was */
    static byte[] encode(SessionState state) throws CharacterCodingException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            writeText(out, state.profile());
            writeOptional(out, state.alias());
            writeOptional(out, state.image());
            writeMap(out, state.environment());
            writeMap(out, state.labels());
            Limits limits = state.limits();
            out.writeLong(limits.memoryBytes());
            out.writeInt(limits.processes());
            out.writeInt(limits.cpuMillis());
            out.writeLong(limits.diskBytes());
            out.writeLong(limits.outputBytes());
            Timeouts timeouts = state.timeouts();
            Duration exec = timeouts.exec();
            out.writeLong(exec == null ? -1 : exec.toMillis());
            out.writeLong(timeouts.cleanup().toMillis());
            out.writeLong(timeouts.upload().toMillis());
            out.writeLong(timeouts.download().toMillis());
            out.writeLong(timeouts.archive().toMillis());
            out.writeLong(timeouts.fastOp().toMillis());
            out.writeLong(state.ttl().toMillis());
            out.writeInt(state.exposedPorts().size());
            for (int port : state.exposedPorts()) {
                out.writeInt(port);
            }
            out.writeLong(state.createdAt().toEpochMilli());
        } catch (CharacterCodingException broken) {
            throw broken;
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return bytes.toByteArray();
    }

    /** @throws IOException if these are not exactly the bytes of a state of a known version */
    static SessionState decode(byte[] bytes) throws IOException {
        try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            if (in.readUnsignedByte() != VERSION) {
                throw new IOException("unknown version");
            }
            var state = new SessionState(
                    readText(in),
                    readOptional(in),
                    readOptional(in),
                    readMap(in),
                    readMap(in),
                    new Limits(in.readLong(), in.readInt(), in.readInt(), in.readLong(), in.readLong()),
                    readTimeouts(in),
                    Duration.ofMillis(in.readLong()),
                    readPorts(in),
                    Instant.ofEpochMilli(in.readLong()));
            if (in.read() >= 0) {
                throw new IOException("something follows");
            }
            return state;
        }
    }

    private static Timeouts readTimeouts(DataInputStream in) throws IOException {
        long exec = in.readLong();
        return new Timeouts(
                exec < 0 ? null : Duration.ofMillis(exec),
                Duration.ofMillis(in.readLong()),
                Duration.ofMillis(in.readLong()),
                Duration.ofMillis(in.readLong()),
                Duration.ofMillis(in.readLong()),
                Duration.ofMillis(in.readLong()));
    }

    private static ArrayList<Integer> readPorts(DataInputStream in) throws IOException {
        var ports = new ArrayList<Integer>();
        for (int left = count(in); left > 0; left--) {
            ports.add(in.readInt());
        }
        return ports;
    }

    private static void writeMap(DataOutputStream out, Map<String, String> map) throws IOException {
        out.writeInt(map.size());
        for (var entry : new TreeMap<>(map).entrySet()) {
            writeText(out, entry.getKey());
            writeText(out, entry.getValue());
        }
    }

    private static Map<String, String> readMap(DataInputStream in) throws IOException {
        var map = new LinkedHashMap<String, String>();
        for (int left = count(in); left > 0; left--) {
            map.put(readText(in), readText(in));
        }
        return map;
    }

    private static int count(DataInputStream in) throws IOException {
        int count = in.readInt();
        if (count < 0 || count > MAX_ENTRIES) {
            throw new IOException("impossible count");
        }
        return count;
    }

    private static void writeOptional(DataOutputStream out, @Nullable String text) throws IOException {
        out.writeBoolean(text != null);
        if (text != null) {
            writeText(out, text);
        }
    }

    private static @Nullable String readOptional(DataInputStream in) throws IOException {
        return in.readBoolean() ? readText(in) : null;
    }

    /** Not writeUTF, which takes 65,535 bytes at most: the sealer is who says what is too long. */
    private static void writeText(DataOutputStream out, String text) throws IOException {
        ByteBuffer bytes = UTF_8.newEncoder().encode(CharBuffer.wrap(text));
        out.writeInt(bytes.remaining());
        out.write(bytes.array(), bytes.arrayOffset(), bytes.remaining());
    }

    private static String readText(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > in.available()) {
            throw new IOException("impossible length");
        }
        return UTF_8.newDecoder().decode(ByteBuffer.wrap(in.readNBytes(length))).toString();
    }
}
