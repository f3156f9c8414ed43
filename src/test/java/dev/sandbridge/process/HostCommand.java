package dev.sandbridge.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;

/** A real process of this machine behind the port, without any isolation: for tests of what stands above providers. */
public final class HostCommand implements RunningCommand {
    private final Process process;
    private final InputStream stdout;
    private final InputStream stderr;
    private final CompletableFuture<ExitStatus> exit;

    public HostCommand(String... argv) throws IOException {
        process = new ProcessBuilder(List.of(argv)).start();
        stdout = new Relay(process.getInputStream());
        stderr = new Relay(process.getErrorStream());
        exit = process.onExit()
                .thenApply(ended -> ended.exitValue() > 128
                        ? ExitStatus.killed(ended.exitValue() - 128)
                        : ExitStatus.exited(ended.exitValue()));
    }

    @Override
    public int pid() {
        return (int) process.pid();
    }

    @Override
    public OutputStream stdin() {
        return process.getOutputStream();
    }

    @Override
    public InputStream stdout() {
        return stdout;
    }

    @Override
    public InputStream stderr() {
        return stderr;
    }

    @Override
    public CompletableFuture<ExitStatus> exit() {
        return exit;
    }

    @Override
    public void signal(Signal signal) {
        try {
            new ProcessBuilder("kill", "-" + signal.number(), Integer.toString(pid()))
                    .start()
                    .waitFor();
        } catch (IOException | InterruptedException failed) {
            throw new IllegalStateException(failed);
        }
    }

    @Override
    public void kill() {
        var all = process.descendants().toList();
        process.destroyForcibly();
        all.forEach(ProcessHandle::destroyForcibly);
        exit.join();
    }

    @Override
    public void close() {
        try {
            stdout.close();
            stderr.close();
            process.getOutputStream().close();
        } catch (IOException closed) {
            // Its reader is gone already.
        }
    }

    /** Makes a pipe of the JDK closable while a thread waits in its read, as the port asks. */
    private static final class Relay extends InputStream {
        private static final byte[] END = {};

        private final BlockingQueue<byte[]> pieces = new ArrayBlockingQueue<>(4);
        private byte[] current = {1};
        private int at = 1;

        Relay(InputStream pipe) {
            Thread.ofPlatform().daemon().start(() -> {
                try (pipe) {
                    var buffer = new byte[65536];
                    for (int n = pipe.read(buffer); n >= 0; n = pipe.read(buffer)) {
                        var piece = new byte[n];
                        System.arraycopy(buffer, 0, piece, 0, n);
                        pieces.put(piece);
                    }
                    pieces.put(END);
                } catch (IOException | InterruptedException gone) {
                    pieces.offer(END);
                }
            });
        }

        @Override
        public int read() {
            throw new UnsupportedOperationException("read in pieces");
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            try {
                if (current != END && at == current.length) {
                    current = pieces.take();
                    at = 0;
                }
            } catch (InterruptedException interrupted) {
                throw new IOException(interrupted);
            }
            if (current == END) {
                return -1;
            }
            int n = Math.min(length, current.length - at);
            System.arraycopy(current, at, bytes, offset, n);
            at += n;
            return n;
        }

        @Override
        public int available() {
            return current == END
                    ? 0
                    : current.length
                            - at
                            + pieces.stream().mapToInt(piece -> piece.length).sum();
        }

        @Override
        public void close() {
            pieces.clear();
            pieces.offer(END);
        }
    }
}
