package dev.sandbridge.sandbox;

import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalSize;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/** A terminal whose program shows nothing until it is ended. */
final class SilentTerminal implements Terminal {
    private final CompletableFuture<ExitStatus> exit = new CompletableFuture<>();
    private volatile boolean broken;
    private final CountDownLatch closed = new CountDownLatch(1);

    boolean isClosed() {
        return closed.getCount() == 0;
    }

    boolean isKilled() {
        ExitStatus status = exit.getNow(null);
        return status != null && status.signal() != null;
    }

    /** Nothing that is typed arrives any more. */
    void breakInput() {
        broken = true;
    }

    void end(int code) {
        exit.complete(ExitStatus.exited(code));
        closed.countDown();
    }

    @Override
    public int pid() {
        return 1;
    }

    @Override
    public OutputStream input() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                if (broken) {
                    throw new IOException("the connection broke");
                }
            }
        };
    }

    @Override
    public InputStream output() {
        return new InputStream() {
            @Override
            public int read() {
                try {
                    closed.await();
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                }
                return -1;
            }
        };
    }

    @Override
    public void resize(TerminalSize size) {
        // Nobody looks.
    }

    @Override
    public CompletableFuture<ExitStatus> exit() {
        return exit;
    }

    @Override
    public void kill() {
        exit.complete(ExitStatus.killed(9));
        closed.countDown();
    }

    @Override
    public void close() {
        closed.countDown();
    }
}
