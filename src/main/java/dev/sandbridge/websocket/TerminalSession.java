package dev.sandbridge.websocket;

import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.http.UpgradeEntrance;
import dev.sandbridge.process.MemoryBudget;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.sandbox.TerminalService;
import dev.sandbridge.sandbox.TerminalVisit;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * One socket's life at a terminal, from the upgrade to the close. Without a session or shell the first message decides
 * (bridge contract 9): shell text that ends in a line feed runs as one command, anything else is typed into a shell.
 */
final class TerminalSession {
    /** How long a terminal that cannot be opened just now is left alone before the next try. */
    private static final Duration PAUSE = Duration.ofMillis(200);

    private final TerminalService terminals;
    private final TerminalRequest request;
    private final Socket socket;
    private final WebSocketConfig config;
    private final UpgradeEntrance entrance;
    private final Controls controls;
    private final MemoryBudget firstMessages;

    TerminalSession(
            TerminalService terminals,
            TerminalRequest request,
            Socket socket,
            WebSocketConfig config,
            UpgradeEntrance entrance,
            MemoryBudget firstMessages) {
        this.terminals = terminals;
        this.request = request;
        this.socket = socket;
        this.config = config;
        this.entrance = entrance;
        this.firstMessages = firstMessages;
        this.controls = new Controls(socket, entrance);
    }

    /** Returns when the socket is closed and what belongs to it has ended. */
    void run() {
        try (TerminalVisit visit = patiently(
                () -> terminals.enter(request.caller(), request.sandbox()), failed -> failed.retry() != Retry.NO)) {
            if (request.call().isNamed()) {
                named(visit);
            } else {
                own(visit);
            }
        } catch (IOException gone) {
            socket.close(Socket.NORMAL, null);
        } catch (InterruptedException | RuntimeException failed) {
            fail(failed);
        }
    }

    private void named(TerminalVisit visit) throws IOException, InterruptedException {
        try (var viewer =
                patiently(() -> visit.attach(request.call(), request.offset()), TerminalSession::isSureToWork)) {
            new NamedSession(viewer, socket, controls, this::tell, this::fail).run();
        }
    }

    private void own(TerminalVisit visit) throws IOException, InterruptedException {
        socket.send(Messages.READY);
        try (var first = new FirstMessage(socket, controls, request.call(), config, firstMessages)) {
            if (!isThere(first)) {
                return;
            }
            try (Terminal terminal = open(visit, first)) {
                new OwnSession(terminal, socket, first.bytes(), controls, this::tell, this::fail).run();
            }
        }
    }

    /** Whether the first message is there; if it cannot be, the caller has been told. */
    private boolean isThere(FirstMessage first) throws InterruptedException {
        try {
            return first.await();
        } catch (SandboxException refused) {
            fail(refused);
            return false;
        }
    }

    /** Opens what the first message asks for; what is left of that message is to be typed. */
    private Terminal open(TerminalVisit visit, FirstMessage first) throws IOException, InterruptedException {
        String script = first.script();
        if (script == null) {
            return patiently(() -> visit.shell(first.call()), TerminalSession::isSureToWork);
        }
        Terminal running = patiently(() -> visit.run(script, first.call()), TerminalSession::isSureToWork);
        first.close();
        return running;
    }

    /** Nothing has been started by the try that failed so. */
    private static boolean isSureToWork(SandboxException failed) {
        return failed.retry() == Retry.YES;
    }

    /** Tries again what fails in passing: a caller who is refused a terminal gives up all of its work. */
    private <T> T patiently(Supplier<T> work, Predicate<SandboxException> passing)
            throws IOException, InterruptedException {
        long end = System.nanoTime() + config.patience().toNanos();
        while (true) {
            try {
                return work.get();
            } catch (SandboxException failed) {
                if (!passing.test(failed) || System.nanoTime() > end) {
                    throw failed;
                }
            }
            if (socket.awaitClose(PAUSE)) {
                throw new IOException("the caller went away");
            }
        }
    }

    private void tell(Throwable failure) {
        try {
            socket.send(Messages.error(entrance.explain(failure)));
        } catch (IOException gone) {
            // A close is all that may still come through.
        }
    }

    /** As the contract says it of every failure after the upgrade (statement 112). */
    private void fail(Throwable failure) {
        tell(failure);
        socket.close(Socket.FAILED, null);
    }
}
