package dev.sandbridge.provider.local;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.process.RunningCommand;
import dev.sandbridge.provider.Limits;
import dev.sandbridge.provider.SandboxTerminals;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalSize;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Starts commands, on pipes or on terminals, in whatever cage a sandbox has now. */
final class CommandStarter implements SandboxTerminals {
    private static final Map<String, String> ENVIRONMENT = Map.of(
            "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG", "C.UTF-8");

    private static final int LONGEST_FAULT = 1000;

    private final Supplier<Cage> cages;
    private final Supplier<Limits> limits;

    /**
     * @param cages a running cage, started if need be
     * @param limits of the sandbox, to be named in refusals
     */
    CommandStarter(Supplier<Cage> cages, Supplier<Limits> limits) {
        this.cages = cages;
        this.limits = limits;
    }

    /** Turns what has been started into what its caller gets. */
    private interface Form<T> {
        /** @param words what a shell would say of a program that does not run, or null if it does */
        T of(ResidentChannel channel, Started started, @Nullable String words);
    }

    RunningCommand start(Command command) {
        return start(command, null, (channel, started, words) -> {
            InputStream stderr = words == null ? started.stderr() : text(words);
            return new LocalCommand(channel, started, stderr);
        });
    }

    @Override
    public Terminal start(Command command, TerminalSize size) {
        return start(command, size, (channel, started, words) -> {
            var master = started.terminal();
            if (master == null) {
                throw new IllegalStateException("asked for a terminal and started without");
            }
            InputStream output = words == null ? master.output() : text(words.replace("\n", "\r\n"));
            return new LocalTerminal(new LocalCommand(channel, started, started.stderr()), master, output);
        });
    }

    /** Starts anything; the caller closes it. */
    Started send(StartRequest request) {
        return send(cages.get(), request);
    }

    private <T> T start(Command command, @Nullable TerminalSize size, Form<T> form) {
        var cage = cages.get();
        var channel = cage.channel();
        var started = send(cage, request(cage, command, size));
        boolean handedOver = false;
        try (var fault = started.fault()) {
            byte[] words = fault.readNBytes(LONGEST_FAULT);
            var result = form.of(
                    channel, started, words.length == 0 ? null : StartErrors.notRun(FileVerb.fault(words), command));
            handedOver = true;
            return result;
        } catch (IOException interrupted) {
            throw new SandboxException(
                    ErrorCode.EXEC_TRANSPORT_ERROR, "starting the command was interrupted", interrupted);
        } finally {
            if (!handedOver) {
                new LocalCommand(channel, started, started.stderr()).kill();
                started.close();
            }
        }
    }

    private Started send(Cage cage, StartRequest request) {
        try {
            return cage.channel().start(request);
        } catch (ResidentRefusal refusal) {
            throw StartErrors.refused(refusal, cage.users(), limits.get());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new SandboxException(
                    ErrorCode.EXEC_TRANSPORT_ERROR, "starting in the sandbox was interrupted", interrupted);
        }
    }

    private StartRequest request(Cage cage, Command command, @Nullable TerminalSize size) {
        var environment = new HashMap<>(ENVIRONMENT);
        environment.putAll(account(cage, command.user()).environment());
        if (size != null) {
            environment.put("TERM", "xterm-256color");
        }
        environment.putAll(command.environment());
        return new StartRequest(
                StartRequest.Mode.EXEC,
                command.user(),
                command.directory(),
                environment,
                command.argv(),
                size == null && command.stdin(),
                false,
                size);
    }

    private Account account(Cage cage, @Nullable String user) {
        if (user == null) {
            return cage.users() ? Account.ROOT : Account.ONLY_USER;
        }
        return Account.find(passwd(cage), user).orElse(Account.unknown(user));
    }

    /** The sandbox's own list of users; empty if it has destroyed it. */
    private String passwd(Cage cage) {
        var verb =
                StartRequest.file(false, List.of("read", "/etc/passwd", "0", Integer.toString(Account.LONGEST_FILE)));
        try (var started = send(cage, verb)) {
            return FileVerb.next(started.stdout()) == null
                    ? ""
                    : new String(started.stdout().readNBytes(Account.LONGEST_FILE), StandardCharsets.UTF_8);
        } catch (IOException | FileVerb.Failure unreadable) {
            return "";
        }
    }

    private static InputStream text(String words) {
        return new ByteArrayInputStream(words.getBytes(StandardCharsets.UTF_8));
    }
}
