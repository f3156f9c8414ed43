package dev.sandbridge.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.process.MemoryBudget;
import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a socket keeps of what comes and of what it sends, seen from the connection. */
@Timeout(60)
class SocketTest {
    private static final int AHEAD = 1 << 20;

    /** What each socket may have, and what it has read but not looked at. */
    private static final int OWN = 40 * 1024;

    private final MemoryBudget memory = new MemoryBudget(100L * AHEAD);

    @ParameterizedTest
    @ValueSource(ints = {1, 1000, 4 << 20})
    void aConnectionIsNotReadWithoutEndWhileNobodyTakesItsFrames(int size) {
        var wire = new Wire();
        socket(wire, memory);

        assertThat(flood(wire, size, 16 << 20)).isBetween(1, AHEAD + OWN);
    }

    @Test
    void emptyFramesAreNotForNothing() {
        var wire = new Wire();
        socket(wire, memory);

        assertThat(flood(wire, 0, 16 << 20) / 6).isBetween(1, AHEAD / 100);
    }

    @Test
    void whatIsTakenMakesRoomForMore() throws Exception {
        var wire = new Wire();
        Socket socket = socket(wire, memory);
        byte[] frame = Wire.frame(0x82, "0123456789abcde".repeat(400_000).getBytes(UTF_8));
        int at = 0;
        int taken = 0;

        while (taken < 6_000_000) {
            at += wire.bring(Arrays.copyOfRange(frame, at, frame.length));
            byte[] piece = next(socket);
            assertThat(new String(piece, UTF_8).charAt(0)).isEqualTo("0123456789abcde".charAt(taken % 15));
            taken += piece.length;
            wire.channel.runPendingTasks();
        }

        assertThat(at).isEqualTo(frame.length);
    }

    @Test
    void manySocketsTogetherKeepNoMoreThanTheirShare() {
        var shared = new MemoryBudget(AHEAD);
        int kept = 0;
        for (int i = 0; i < 50; i++) {
            var wire = new Wire();
            socket(wire, shared);
            kept += flood(wire, 4 << 20, 16 << 20);
        }

        assertThat(kept).isBetween(AHEAD / 2, AHEAD + 50 * OWN);
    }

    @Test
    void othersThatKeepEverythingDoNotKeepOneFromTyping() throws Exception {
        var shared = new MemoryBudget(0);
        flood(wireOf(shared), 4 << 20, 16 << 20);
        var wire = new Wire();
        Socket socket = socket(wire, shared);

        for (int i = 0; i < 1000; i++) {
            byte[] typed = Wire.whole(Wire.BINARY, "x".repeat(3000));
            assertThat(wire.bring(typed)).isEqualTo(typed.length);
            assertThat(next(socket)).hasSize(3000);
        }
    }

    @Test
    void whatNobodyTakesAnyMoreIsGivenBackAndReadOn() {
        var shared = new MemoryBudget(2 * AHEAD);
        var wire = new Wire();
        Socket socket = socket(wire, shared);
        flood(wire, 4 << 20, 16 << 20);
        assertThat(shared.take(3 * AHEAD / 2)).isFalse();

        socket.ignore();
        wire.channel.runPendingTasks();

        assertThat(shared.take(2 * AHEAD)).isTrue();
        assertThat(flood(wire, 4 << 20, 16 << 20)).isGreaterThanOrEqualTo(16 << 20);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoDoesNotReadMakesSendersWait(boolean text) throws Exception {
        var wire = new Wire();
        Socket socket = socket(wire, memory);
        var count = new AtomicInteger();
        var sender = new Thread(() -> {
            try {
                for (; count.get() < 100_000; count.incrementAndGet()) {
                    if (text) {
                        socket.send("x");
                    } else {
                        socket.send(new byte[1]);
                    }
                }
            } catch (IOException closed) {
                // The end of the test.
            }
        });
        sender.start();
        Service.await(
                "the sender waits",
                30,
                () -> sender.getState() == Thread.State.WAITING || sender.getState() == Thread.State.TERMINATED);

        assertThat(count.get()).isBetween(1, 512);
        wire.deliver();
        Service.await("it goes on", 30, () -> count.get() > 512);
        wire.end();
        sender.join();
        assertThat(count.get()).isLessThan(100_000);
    }

    @Test
    void whatBreaksTheProtocolClosesTheConnection() {
        var wire = new Wire();
        socket(wire, memory);

        wire.bring(Wire.frame(0x83, new byte[0]));

        assertThat(wire.closes()).containsExactly(1002);
    }

    private static byte[] next(Socket socket) throws InterruptedException {
        return Objects.requireNonNull(socket.next()).bytes();
    }

    private static Wire wireOf(MemoryBudget shared) {
        var wire = new Wire();
        socket(wire, shared);
        return wire;
    }

    private static Socket socket(Wire wire, MemoryBudget shared) {
        return new Socket(wire.webSocket(), wire.channel, shared);
    }

    /** Sends frames of that size until the connection is not read any more; how many bytes were read. */
    private static int flood(Wire wire, int size, int most) {
        byte[] frame = Wire.frame(0x82, new byte[size]);
        int step = frame.length;
        int read = 0;
        for (int came = step; came == step && read < most; read += came) {
            came = wire.bring(frame);
        }
        return read;
    }
}
