package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A real process, and what the vendor's server says about it. */
final class StandInProcess {
    private static final int TAIL = 64 << 10;
    private static final int CHUNK = 4096;

    /** What happens to it: output as it comes, and its end. */
    record Event(String type, byte[] data) {}

    private final String name;
    private final String command;
    private final String directory;
    private final Process process;
    private final ByteArrayOutputStream stdout = new ByteArrayOutputStream();
    private final ByteArrayOutputStream stderr = new ByteArrayOutputStream();
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final CompletableFuture<Integer> ended = new CompletableFuture<>();
    private volatile boolean killed;

    StandInProcess(Path root, JsonNode request) {
        this.name = request.path("name").asText();
        this.command = request.path("command").asText();
        this.directory = request.path("workingDir").asText("/");
        var argv = new ArrayList<>(List.of("setsid", "env", "--default-signal", "-i"));
        argv.addAll(List.of("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"));
        request.path("env")
                .properties()
                .forEach(pair -> argv.add(pair.getKey() + "=" + pair.getValue().asText()));
        argv.addAll(List.of("/usr/bin/bwrap", "--bind", root.toString(), "/", "--ro-bind", "/usr", "/usr"));
        argv.addAll(List.of("--ro-bind", "/etc", "/etc", "--bind", "/proc", "/proc", "--dev", "/dev"));
        argv.addAll(List.of("--chdir", directory, "--", "/bin/sh", "-c", command));
        try {
            process = new ProcessBuilder(argv)
                    .redirectInput(new File("/dev/null"))
                    .start();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        Path logs = root.resolve("var/log/sandbox-api");
        var out = read("stdout", process.getInputStream(), stdout, logs.resolve(name + ".stdout.log"));
        var err = read("stderr", process.getErrorStream(), stderr, logs.resolve(name + ".stderr.log"));
        Thread.ofVirtual().start(() -> {
            out.join();
            err.join();
            int code = waitFor();
            ended.complete(code);
            events.add(new Event("end", new byte[0]));
        });
    }

    String name() {
        return name;
    }

    BlockingQueue<Event> events() {
        return events;
    }

    boolean isRunning() {
        return !ended.isDone();
    }

    /** Waits so long for the end. */
    boolean await(long seconds) {
        try {
            ended.get(seconds, TimeUnit.SECONDS);
            return true;
        } catch (Exception late) {
            return false;
        }
    }

    /** Signals the whole process group, if its number is not somebody else's by now. */
    void signal(String signal) throws IOException {
        if (!process.isAlive()) {
            return;
        }
        killed = signal.equals("KILL");
        try {
            new ProcessBuilder("kill", "-" + signal, "--", "-" + process.pid())
                    .start()
                    .waitFor();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    ObjectNode json() {
        ObjectNode json = Json.object();
        boolean running = isRunning();
        int code = running ? 0 : ended.join();
        json.put("pid", Long.toString(process.pid()));
        json.put("name", name);
        json.put("command", command);
        json.put("status", running ? "running" : killed ? "killed" : code == 0 ? "completed" : "failed");
        json.put("startedAt", "Tue, 01 Sep 2026 10:00:00 GMT");
        json.put("completedAt", running ? "" : "Tue, 01 Sep 2026 10:00:00 GMT");
        json.put("exitCode", running ? 0 : code > 128 ? -1 : code);
        json.put("workingDir", directory);
        if (stdout.size() + stderr.size() == 0) {
            json.putNull("logs").putNull("stdout").putNull("stderr");
        } else {
            json.put("logs", tail(stdout) + tail(stderr));
            json.put("stdout", tail(stdout));
            json.put("stderr", tail(stderr));
        }
        json.put("restartOnFailure", false).put("maxRestarts", 0).put("restartCount", 0);
        return json.put("keepAlive", false);
    }

    private CompletableFuture<Void> read(String type, InputStream in, ByteArrayOutputStream all, Path log) {
        var done = new CompletableFuture<Void>();
        Thread.ofVirtual().start(() -> {
            var buffer = new byte[CHUNK];
            try (var file = Files.newOutputStream(log)) {
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    synchronized (all) {
                        all.write(buffer, 0, n);
                    }
                    file.write(buffer, 0, n);
                    events.add(new Event(type, java.util.Arrays.copyOf(buffer, n)));
                }
            } catch (IOException removed) {
                // The sandbox was deleted.
            } finally {
                done.complete(null);
            }
        });
        return done;
    }

    private int waitFor() {
        try {
            return process.waitFor();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return -1;
        }
    }

    private static String tail(ByteArrayOutputStream all) {
        synchronized (all) {
            byte[] bytes = all.toByteArray();
            int from = Math.max(0, bytes.length - TAIL);
            String text = new String(bytes, from, bytes.length - from, StandardCharsets.UTF_8);
            return from == 0 ? text : "[... truncated, see the process log file for the full output ...]\n" + text;
        }
    }
}
