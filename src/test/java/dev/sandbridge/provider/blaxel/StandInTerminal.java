package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sandbridge.provider.HostPty;
import dev.sandbridge.pty.TerminalSize;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A real shell on a real terminal, and what the vendor's server makes of it. */
final class StandInTerminal {
    private static final int REPLAYED = 100 << 10;
    private static final int CHUNK = 4096;
    private static final int QUEUE = 64;

    /** Far less than is replayed, so that a new connection always joins what the one before brought. */
    private static final int PATIENT_QUEUE = 8;

    private final StandInTerminals terminals;
    private final String id;
    private final HostPty pty;
    private final OutputStream typing;
    private final Process shell;
    private final List<Client> clients = new ArrayList<>();
    private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
    private final CompletableFuture<Void> drained = new CompletableFuture<>();
    private boolean ended;
    private long watched = System.nanoTime();

    StandInTerminal(
            StandInTerminals terminals, String id, Path root, String program, String directory, TerminalSize size) {
        this.terminals = terminals;
        this.id = id;
        var nothing = new File("/dev/null");
        var argv = new ArrayList<>(List.of("setsid", "--", "sh", "-c", "exec <>\"$0\" >&0 2>&0 && exec \"$@\""));
        try {
            pty = new HostPty(size);
            argv.addAll(List.of(pty.path(), "env", "--default-signal", "-i", "TERM=xterm-256color", "HOME=/root"));
            argv.add("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
            argv.addAll(List.of("/usr/bin/bwrap", "--bind", root.toString(), "/", "--ro-bind", "/usr", "/usr"));
            argv.addAll(List.of("--ro-bind", "/etc", "/etc", "--bind", "/proc", "/proc", "--dev-bind", "/dev", "/dev"));
            argv.addAll(List.of("--chdir", directory, "--", program));
            shell = new ProcessBuilder(argv)
                    .redirectInput(nothing)
                    .redirectOutput(nothing)
                    .redirectError(nothing)
                    .start();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        typing = pty.out();
        Thread.ofPlatform().daemon().name("stand-in-terminal").start(this::show);
        Thread.ofVirtual().start(this::end);
        Thread.ofVirtual().start(this::tidy);
    }

    /** Somebody who looks at it and types. */
    final class Client {
        private final StandInSocket socket;
        private final boolean patient = terminals.isPatient();
        private final BlockingQueue<byte[]> queue = new ArrayBlockingQueue<>(patient ? PATIENT_QUEUE : QUEUE);
        private volatile boolean gone;

        private Client(StandInSocket socket) {
            this.socket = socket;
        }

        StandInSocket socket() {
            return socket;
        }

        private void queue(byte[] piece) {
            while (!queue.offer(piece) && patient && !gone) {
                LockSupport.parkNanos(1_000_000);
            }
        }

        private void give() {
            try {
                while (!gone) {
                    byte[] chunk = terminals.isSilent() ? null : queue.poll(20, TimeUnit.MILLISECONDS);
                    if (chunk != null) {
                        socket.send(StandInTerminals.text("output", text(chunk)));
                    } else if (terminals.isSilent()) {
                        LockSupport.parkNanos(10_000_000);
                    }
                }
            } catch (IOException | InterruptedException hungUp) {
                socket.drop();
            }
        }

        /** One message after the other: what is not taken yet keeps all that follows waiting. */
        void take() {
            try {
                for (String message = socket.next(); message != null; message = socket.next()) {
                    while (terminals.isStalled()) {
                        LockSupport.parkNanos(10_000_000);
                    }
                    if (isEnded()) {
                        break;
                    }
                    take(Json.read(SmallServer.utf8(message)));
                }
            } catch (IOException hungUp) {
                // It comes back, or not.
            } finally {
                leave();
            }
        }

        private void take(JsonNode message) throws IOException {
            switch (message.path("type").asText("")) {
                case "input" ->
                    typing.write(SmallServer.utf8(message.path("data").asText("")));
                case "resize" -> {
                    int columns = message.path("cols").asInt();
                    int rows = message.path("rows").asInt();
                    if (columns > 0 && rows > 0) {
                        pty.resize(new TerminalSize(columns, rows));
                    }
                }
                default -> {
                    // Ignored.
                }
            }
        }

        private void leave() {
            gone = true;
            synchronized (StandInTerminal.this) {
                clients.remove(this);
                watched = System.nanoTime();
            }
        }
    }

    Client attach(StandInSocket socket, TerminalSize size) throws IOException {
        var client = new Client(socket);
        synchronized (this) {
            if (shown.size() > 0) {
                byte[] all = shown.toByteArray();
                byte[] last = Arrays.copyOfRange(all, Math.max(0, all.length - REPLAYED), all.length);
                socket.send(StandInTerminals.text("output", "\u001b[0m" + text(last)));
            }
            pty.resize(size);
            clients.add(client);
        }
        Thread.ofVirtual().start(client::give);
        return client;
    }

    synchronized boolean isUnwatched() {
        return clients.isEmpty();
    }

    /** All that it has shown. */
    synchronized byte[] shown() {
        return shown.toByteArray();
    }

    private synchronized boolean isEnded() {
        return ended;
    }

    private void show() {
        var chunk = new byte[CHUNK];
        try {
            for (int count = pty.in().read(chunk); count >= 0; count = pty.in().read(chunk)) {
                synchronized (this) {
                    shown.write(chunk, 0, count);
                    byte[] piece = Arrays.copyOf(chunk, count);
                    clients.forEach(client -> client.queue(piece));
                }
            }
        } catch (IOException over) {
            // Nobody holds the other side any more.
        } finally {
            drained.complete(null);
        }
    }

    /** What is left of the shell's group ends with it. */
    private void end() {
        try {
            shell.waitFor();
            drained.completeOnTimeout(null, 250, TimeUnit.MILLISECONDS).join();
            synchronized (this) {
                ended = true;
            }
            terminals.ended(id, this);
            new ProcessBuilder("kill", "-KILL", "--", "-" + shell.pid())
                    .redirectErrorStream(true)
                    .start()
                    .waitFor();
            if (terminals.isNewer()) {
                for (Client client : List.copyOf(clients)) {
                    while (!client.queue.isEmpty() && !client.gone) {
                        LockSupport.parkNanos(1_000_000);
                    }
                    client.socket.close(1000, "Shell exited");
                }
            }
        } catch (IOException | InterruptedException gone) {
            // With its clients.
        } finally {
            pty.close();
        }
    }

    private void tidy() {
        while (!waitedFor(terminals.idleMillis() / 10)) {
            synchronized (this) {
                if (clients.isEmpty() && System.nanoTime() - watched > terminals.idleMillis() * 1_000_000) {
                    shell.descendants().forEach(ProcessHandle::destroyForcibly);
                    shell.destroyForcibly();
                }
            }
        }
    }

    private boolean waitedFor(long millis) {
        try {
            return shell.waitFor(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException interrupted) {
            return true;
        }
    }

    /** As Go does it: every byte that is no UTF-8 becomes U+FFFD. */
    static String text(byte[] bytes) {
        var in = ByteBuffer.wrap(bytes);
        var out = CharBuffer.allocate(bytes.length);
        var decoder = StandardCharsets.UTF_8.newDecoder();
        while (in.hasRemaining()) {
            int before = in.position();
            decoder.reset();
            decoder.decode(in, out, true);
            if (in.hasRemaining() || in.position() == before) {
                in.get();
                out.put('\uFFFD');
            }
        }
        return out.flip().toString();
    }
}
