import dev.sandbridge.process.Command;
import dev.sandbridge.provider.Limits;
import dev.sandbridge.provider.Network;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxSpec;
import dev.sandbridge.provider.SandboxTerminals;
import dev.sandbridge.provider.local.LocalOptions;
import dev.sandbridge.provider.local.LocalProvider;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalSize;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;

/** The provider's side of terminals.py: does what a line of its input says, and answers with one line of figures. */
final class Terminals {
    private static final byte[] LINE = "0123456789abcdef\n".getBytes();

    private final SandboxTerminals terminals;

    private Terminals(SandboxTerminals terminals) {
        this.terminals = terminals;
    }

    public static void main(String[] arguments) throws Exception {
        var limits = new Limits(8L << 30, 5000, 8000, 512L << 20, 1L << 30);
        var now = Instant.now();
        var name = new SandboxName("sb-" + "a".repeat(26));
        try (var provider = new LocalProvider(new LocalOptions(Path.of(arguments[0]), Map.of()))) {
            var sandbox = provider.create(new SandboxSpec(
                    name, name.text(), "bench", "default", null, null, Network.NONE, limits, Map.of(), "", now,
                    now.plusSeconds(7200)));
            try {
                var terminals = new Terminals(sandbox.terminals().orElseThrow());
                for (String line = IO.readln(); line != null; line = IO.readln()) {
                    String[] words = line.split(" ");
                    System.out.println(terminals.answer(words[0], words.length > 1 ? Integer.parseInt(words[1]) : 0));
                }
            } finally {
                provider.delete(name);
            }
        }
    }

    private String answer(String what, int count) throws Exception {
        return switch (what) {
            case "open" -> milliseconds(this::runTrue);
            case "echo" -> echo(count);
            case "idle" -> idle(count);
            case "pour" -> pour(count);
            case "churn" -> churn(count);
            default -> throw new IllegalArgumentException(what);
        };
    }

    private Terminal start(String script) {
        var command = new Command(List.of("sh", "-c", script), "/workspace", Map.of(), null, false);
        return terminals.start(command, TerminalSize.DEFAULT);
    }

    private boolean runTrue() throws Exception {
        var command = new Command(List.of("true"), "/workspace", Map.of(), null, false);
        try (var terminal = terminals.start(command, TerminalSize.DEFAULT)) {
            terminal.output().read();
            return terminal.exit().get().code() == 0 || fail("true failed");
        }
    }

    /** Microseconds of each keystroke. */
    private String echo(int count) throws Exception {
        var times = new StringBuilder();
        try (var terminal = start("stty raw -echo; printf r; exec cat")) {
            terminal.output().read();
            for (int i = 0; i < count; i++) {
                long begun = System.nanoTime();
                terminal.input().write('k');
                terminal.output().read();
                times.append((System.nanoTime() - begun) / 1000).append(' ');
            }
        }
        return times.toString().strip();
    }

    /** Bytes of the heap, bytes outside, and platform threads that so many idle terminals add. */
    private String idle(int count) throws Exception {
        long heap = heap();
        long resident = resident();
        long threads = entries("/proc/self/task");
        var open = new ArrayList<Terminal>();
        try {
            var one = new Command(List.of("sleep", "1000"), "/workspace", Map.of(), null, false);
            for (int i = 0; i < count; i++) {
                var terminal = terminals.start(one, TerminalSize.DEFAULT);
                open.add(terminal);
                Thread.ofVirtual().start(() -> {
                    try {
                        terminal.output().read();
                    } catch (IOException closed) {
                        // The measurement is over.
                    }
                });
            }
            long grown = heap() - heap;
            return grown + " " + (resident() - resident) + " " + (entries("/proc/self/task") - threads);
        } finally {
            for (var terminal : open) {
                terminal.close();
                terminal.exit().get();
            }
        }
    }

    /** Milliseconds for so many terminals at once, each showing 50 MiB, and by how many bytes the heap grew. */
    private String pour(int count) throws Exception {
        long before = heap();
        long begun = System.nanoTime();
        all(count, () -> {
            long at = 0;
            try (var terminal = start("stty raw; yes 0123456789abcdef | head -c 52428800")) {
                var chunk = new byte[64 * 1024];
                for (int n = terminal.output().read(chunk); n >= 0; n = terminal.output().read(chunk)) {
                    for (int i = 0; i < n; i++, at++) {
                        if (chunk[i] != LINE[(int) (at % LINE.length)]) {
                            fail("wrong byte at " + at);
                        }
                    }
                }
            }
            return at == 52428800 || fail("bytes: " + at);
        });
        return (System.nanoTime() - begun) / 1_000_000 + " " + (heap() - before);
    }

    /** Milliseconds, and how many descriptors and threads more there are after so many opened and closed. */
    private String churn(int count) throws Exception {
        all(200, this::runTrue);
        long descriptors = entries("/proc/self/fd");
        int threads = Thread.getAllStackTraces().size();
        long begun = System.nanoTime();
        for (int done = 0; done < count; done += 500) {
            all(Math.min(500, count - done), this::runTrue);
        }
        long taken = (System.nanoTime() - begun) / 1_000_000;
        heap();
        var left = start("exec 2>/dev/null; ls -d /proc/[0-9]* | wc -l");
        String processes = new String(left.output().readAllBytes()).strip();
        left.close();
        return taken + " " + (entries("/proc/self/fd") - descriptors) + " "
                + (Thread.getAllStackTraces().size() - threads) + " " + (Integer.parseInt(processes) - 4);
    }

    /** Does it so many times, four at a time when there are many. */
    private static void all(int count, Callable<Boolean> work) throws Exception {
        var tasks = java.util.Collections.nCopies(count, work);
        try (var threads = Executors.newFixedThreadPool(
                count > 100 ? 4 : count, Thread.ofVirtual().factory())) {
            for (var done : threads.invokeAll(tasks)) {
                done.get();
            }
        }
    }

    private static String milliseconds(Callable<Boolean> work) throws Exception {
        long begun = System.nanoTime();
        work.call();
        return Double.toString((System.nanoTime() - begun) / 1e6);
    }

    private static long used() {
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static long heap() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            System.gc();
            Thread.sleep(100);
        }
        return used();
    }

    private static long resident() throws IOException {
        return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]) * 4096;
    }

    private static long entries(String directory) {
        return new File(directory).list().length;
    }

    private static boolean fail(String why) {
        throw new IllegalStateException(why);
    }
}
