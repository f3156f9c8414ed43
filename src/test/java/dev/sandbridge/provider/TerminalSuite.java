package dev.sandbridge.provider;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.process.Command;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalSize;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.junit.jupiter.api.AfterEach;

/** What the terminal parts of the provider contract share. */
abstract class TerminalSuite extends ContractSuite {
    private final Deque<Terminal> opened = new ConcurrentLinkedDeque<>();

    @AfterEach
    void hangUp() {
        for (var terminal = opened.poll(); terminal != null; terminal = opened.poll()) {
            terminal.close();
        }
    }

    Terminal open(SandboxHandle sandbox, Command command, TerminalSize size) {
        var terminal = sandbox.terminals().orElseThrow().start(command, size);
        opened.add(terminal);
        return terminal;
    }

    Terminal open(SandboxHandle sandbox, Command command) {
        return open(sandbox, command, TerminalSize.DEFAULT);
    }

    Terminal open(SandboxHandle sandbox, String script) {
        return open(sandbox, script(script));
    }

    /** All that a script shows, and that it ended well. */
    String shown(SandboxHandle sandbox, String script) {
        var terminal = open(sandbox, script);
        String all = soon(async(() -> new String(terminal.output().readAllBytes(), UTF_8)));
        assertThat(soon(terminal.exit())).as(all).isEqualTo(ExitStatus.exited(0));
        return all;
    }

    static void type(Terminal terminal, String text) {
        try {
            terminal.input().write(text.getBytes(UTF_8));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Somebody who looks at a terminal all the time. */
    static final class Viewer {
        private final ByteArrayOutputStream seen = new ByteArrayOutputStream();
        private final CompletableFuture<String> all;

        Viewer(Terminal terminal) {
            all = async(() -> {
                var chunk = new byte[8192];
                for (int n = terminal.output().read(chunk);
                        n >= 0;
                        n = terminal.output().read(chunk)) {
                    seen.write(chunk, 0, n);
                }
                return text();
            });
        }

        String text() {
            return seen.toString(UTF_8);
        }

        /** All that was shown, once it has ended. */
        CompletableFuture<String> all() {
            return all;
        }

        void await(String text) throws Exception {
            try {
                eventually(text, () -> text().contains(text));
            } catch (AssertionError late) {
                throw new AssertionError("shown was: " + text(), late);
            }
        }
    }
}
