package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.internal.PlatformDependent;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bodies of any size in little memory, and slow callers who slow only themselves. */
@QuarkusTest
@TestProfile(FlatMemoryQuarkusTest.LargeUploads.class)
@Timeout(300)
class FlatMemoryQuarkusTest {
    /** Takes files larger than memory. */
    public static final class LargeUploads extends DoorProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            var settings = super.getConfigOverrides();
            settings.put("sandbridge.http.max-upload", "4G");
            return settings;
        }
    }

    private static final Door DOOR = Door.admin();
    private static final long SIZE = 2L << 30;
    private static final long TREE = 512L << 20;
    private static final int PIECE = 1 << 20;
    private static final long LITTLE = 48L << 20;
    private static final String[] KEY = {"Authorization", "Bearer " + DoorProfile.ADMIN};

    @Test
    @DisplayName("statement 65: a file of 2 GiB passes both ways in little memory")
    void aFileLargerThanMemoryPassesBothWays() throws IOException {
        String id = DOOR.create();
        long before = memory();
        try (var wire = new Wire()) {
            wire.request(
                    "PUT", Door.file(id, "workspace/large"), new byte[0], KEY[0], KEY[1], "Content-Length", "" + SIZE);
            for (int i = 0; i < SIZE / PIECE; i++) {
                wire.send(piece(i));
                if (i == SIZE / PIECE / 2) {
                    assertThat(memory() - before)
                            .as("bytes held while it is sent")
                            .isLessThan(LITTLE);
                }
            }
            assertThat(wire.reply("PUT").status()).isEqualTo(200);

            wire.request("GET", Door.file(id, "workspace/large"), new byte[0], KEY);
            assertThat(wire.head().header("Content-Length")).isEqualTo("" + SIZE);
            for (int i = 0; i < SIZE / PIECE; i++) {
                assertThat(Arrays.equals(wire.exactly(PIECE), piece(i)))
                        .as("MiB %d", i)
                        .isTrue();
                if (i == SIZE / PIECE / 2) {
                    assertThat(memory() - before)
                            .as("bytes held while it is read")
                            .isLessThan(LITTLE);
                }
            }
        }
        DOOR.delete("/v1/sandbox/" + id);
    }

    @Test
    @DisplayName("trap 30: a workspace of 512 MiB goes out and in as an archive in little memory")
    void aWorkspaceLargerThanMemoryPassesBothWays() throws IOException {
        String id = DOOR.create();
        DOOR.sh(id, "truncate -s " + TREE + " large");
        long before = memory();
        var start = new ByteArrayOutputStream();
        try (var wire = new Wire()) {
            wire.request("POST", "/v1/sandbox/" + id + "/persist", new byte[0], KEY[0], KEY[1], "Content-Length", "0");
            assertThat(wire.head().status()).isEqualTo(200);
            boolean looked = false;
            long size = 0;
            for (int chunk = wire.chunk(); chunk > 0; chunk = wire.chunk()) {
                byte[] bytes = wire.exactly(chunk);
                wire.line();
                size += chunk;
                if (start.size() < PIECE) {
                    start.writeBytes(bytes);
                }
                if (size > TREE / 2 && !looked) {
                    looked = true;
                    assertThat(memory() - before)
                            .as("bytes held while it goes out")
                            .isLessThan(LITTLE);
                }
            }
            assertThat(size).isGreaterThan(TREE);
        }
        int headers = 0;
        while (start.toByteArray()[headers] != 0) {
            headers += 512;
        }
        try (var wire = new Wire()) {
            wire.request(
                    "POST",
                    "/v1/sandbox/" + id + "/hydrate",
                    new byte[0],
                    KEY[0],
                    KEY[1],
                    "Content-Length",
                    "" + (headers + TREE + 1024));
            wire.send(Arrays.copyOf(start.toByteArray(), headers));
            var zeros = new byte[PIECE];
            for (int i = 0; i < TREE / PIECE; i++) {
                wire.send(zeros);
                if (i == TREE / PIECE / 2) {
                    assertThat(memory() - before)
                            .as("bytes held while it comes in")
                            .isLessThan(LITTLE);
                }
            }
            assertThat(wire.send(new byte[1024]).reply("POST").status()).isEqualTo(200);
        }
        assertThat(DOOR.sh(id, "stat -c %s large; du -k large | cut -f1").out()).matches(TREE + "\n\\d{1,4}\n");
        DOOR.delete("/v1/sandbox/" + id);
    }

    @Test
    void aProcessThatDoesNotReadStopsItsSender() throws Exception {
        String id = DOOR.create();
        String processes = "/v1/sandbox/" + id + "/processes";
        var process = DOOR.post(processes, Map.of("argv", List.of("sleep", "600")));
        String path = processes + "/" + process.json().get("id").asText();
        long before = memory();
        var sent = new AtomicInteger();
        var last = new AtomicLong(System.nanoTime());
        try (var wire = new Wire()) {
            wire.request("POST", path + "/stdin", new byte[0], KEY[0], KEY[1], "Content-Length", "" + SIZE);
            var sender = Thread.ofVirtual().start(() -> {
                try {
                    while (sent.get() < SIZE / PIECE) {
                        wire.send(piece(0));
                        sent.incrementAndGet();
                        last.set(System.nanoTime());
                    }
                } catch (IOException ended) {
                    // Nobody reads any more.
                }
            });
            Door.await("the sender stands still", 60, () -> System.nanoTime() - last.get() > 1_000_000_000L);
            assertThat(sent.get()).as("MiB sent, the kernel's buffers included").isLessThan(64);
            assertThat(memory() - before).as("bytes held for it").isLessThan(LITTLE);
            DOOR.delete(path);
            assertThat(wire.reply("POST").status())
                    .as("when the process is gone")
                    .isBetween(400, 499);
            wire.close();
            sender.join();
        }
        DOOR.delete("/v1/sandbox/" + id);
    }

    @Test
    void aSlowReaderOfAFileHoldsLittleMemoryAndNobodyElse() throws IOException {
        String id = DOOR.create();
        DOOR.sh(id, "truncate -s 512M sparse");
        long before = memory();
        long pinned = pinned();
        try (var wire = new Wire(64 * 1024)) {
            wire.request("GET", Door.file(id, "workspace/sparse"), new byte[0], KEY);
            wire.head();
            wire.exactly(PIECE);
            LockSupport.parkNanos(500_000_000);
            assertThat(memory() - before)
                    .as("bytes held for a reader that stands still")
                    .isLessThan(LITTLE);
            assertThat(DOOR.sh(id, "echo others").out()).isEqualTo("others\n");
            for (int i = 1; i < 512; i++) {
                wire.exactly(PIECE);
            }
        }
        Door.await("what was sent is given back to the pool", 10, () -> pinned() <= pinned + PIECE);
        DOOR.delete("/v1/sandbox/" + id);
    }

    @Test
    @DisplayName("statement 58: a slow reader slows the command, in constant memory, and takes it along when leaving")
    void aSlowReaderSlowsTheCommand() throws IOException {
        String id = DOOR.create();
        long before = memory();
        try (var wire = new Wire(64 * 1024)) {
            wire.request(
                    "POST",
                    "/v1/sandbox/" + id + "/exec",
                    ("{\"argv\":[\"sh\",\"-c\",\"i=0; while [ $i -lt 400 ]; do head -c 1048576 /dev/zero; i=$((i+1));"
                                    + " echo $i > progress; done\"]}")
                            .getBytes(UTF_8),
                    KEY);
            wire.head();
            wire.exactly(PIECE);
            int[] seen = {-1};
            Door.await("the command stands still", 30, () -> {
                int last = seen[0];
                seen[0] = progress(id);
                LockSupport.parkNanos(300_000_000);
                return seen[0] > 0 && last == seen[0] && seen[0] == progress(id);
            });
            assertThat(seen[0]).as("MiB written by the command").isLessThan(40);
            assertThat(memory() - before).as("bytes held").isLessThan(LITTLE);
        }
        Door.await("the command is gone", 10, () -> DOOR.sh(id, "pgrep -c head")
                .out()
                .equals("0\n"));
        DOOR.delete("/v1/sandbox/" + id);
    }

    private static int progress(String id) {
        String text = DOOR.read(id, "workspace/progress").text().strip();
        return text.matches("[0-9]+") ? Integer.parseInt(text) : 0;
    }

    private static byte[] piece(int number) {
        var piece = new byte[PIECE];
        Arrays.fill(piece, (byte) number);
        return piece;
    }

    /** Bytes of the pool that somebody holds. */
    private static long pinned() {
        return PooledByteBufAllocator.DEFAULT.pinnedDirectMemory();
    }

    /** Bytes that the application holds on to, in the heap and outside. */
    private static long memory() {
        System.gc();
        long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed()
                + direct
                + Math.max(0, PlatformDependent.usedDirectMemory());
    }
}
