package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Hears from the runner of a command how it goes, on a thread of its own: through the stream that began with it, and
 * when that breaks, by looking the process up under its name. A command is never started again.
 */
final class Follower {
    /** Holds the longest event, which tells the process's whole record. */
    private static final int LONGEST_LINE = 1 << 20;

    private static final long LOOK = 500_000_000L;
    private static final int UNKNOWN_LOOKS = 20;
    private static final int FAILED_LOOKS = 120;
    private static final long START_SECONDS = 90;

    private final DataPlane plane;
    private final String name;
    private final Watcher watcher;
    private final Duration silence;
    private final Words words = new Words();
    private final CompletableFuture<ExitStatus> exit = new CompletableFuture<>();
    private volatile boolean sandboxGone;

    /**
     * @param stream of what happens, or null where its beginning was lost already
     * @param silence of the stream after which it counts as broken
     */
    Follower(DataPlane plane, String name, Watcher watcher, @Nullable InputStream stream, Duration silence) {
        this.plane = plane;
        this.name = name;
        this.watcher = watcher;
        this.silence = silence;
        Thread.ofVirtual().name("blaxel-" + name).start(() -> follow(stream));
    }

    CompletableFuture<ExitStatus> exit() {
        return exit;
    }

    /** Waits until the command runs; its process. */
    Words.Leader started() {
        try {
            return words.started().get(START_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof SandboxException known) {
                throw known;
            }
            throw new SandboxException(ErrorCode.EXEC_TRANSPORT_ERROR, "the command could not be started", failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new SandboxException(
                    ErrorCode.EXEC_TRANSPORT_ERROR, "interrupted while a command was started", interrupted);
        } catch (TimeoutException late) {
            throw new SandboxException(
                    ErrorCode.EXEC_TRANSPORT_ERROR, "it is not known whether the command was started");
        }
    }

    boolean isSandboxGone() {
        return sandboxGone;
    }

    void sandboxGone() {
        sandboxGone = true;
        fail(ControlPlane.gone());
        watcher.lose(null);
    }

    /** Gives up on learning how the command ended. */
    void lose() {
        fail(new SandboxException(ErrorCode.EXEC_TRANSPORT_ERROR, "how the command ended is unknown"));
        watcher.lose(new IOException("the command's runner was lost"));
    }

    private void follow(@Nullable InputStream stream) {
        try {
            if (stream != null) {
                listen(stream);
            }
            if (words.exit() == null && !words.started().isCompletedExceptionally()) {
                lookUp();
            }
            settle();
        } catch (InterruptedIOException interrupted) {
            lose();
        } catch (SandboxException failed) {
            fail(failed);
            watcher.lose(new IOException(failed));
        } catch (RuntimeException unexpected) {
            fail(new SandboxException(ErrorCode.EXEC_TRANSPORT_ERROR, "how the command ended is unknown", unexpected));
            watcher.lose(new IOException(unexpected));
        } finally {
            if (stream != null) {
                finish(stream);
            }
        }
    }

    /** A stream that is about to end is read to its end, if that is near, so that its connection can be used again. */
    private void finish(InputStream stream) {
        try (stream) {
            if (words.isGone()) {
                Impatient.all(stream, LONGEST_LINE, silence);
            }
        } catch (IOException broken) {
            // Nobody misses what it held.
        }
    }

    /** Reads the stream to its end, or to where it breaks, or falls silent, or makes no sense. */
    private void listen(InputStream stream) {
        var in = new BufferedInputStream(new Impatient(stream, silence));
        try {
            for (byte[] line = line(in); line != null; line = line(in)) {
                hear(Json.read(line));
                if (words.exit() != null) {
                    return;
                }
            }
        } catch (IOException broken) {
            // The process goes on; it is looked up.
        }
    }

    /** The next line; null at the end of the stream, and where a line is longer than any that makes sense. */
    private static byte @Nullable [] line(InputStream in) throws IOException {
        var line = new ByteArrayOutputStream();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0 && line.size() == 0 || line.size() >= LONGEST_LINE) {
                return null;
            }
            if (c < 0) {
                break;
            }
            line.write(c);
        }
        return line.toByteArray();
    }

    private void hear(JsonNode event) {
        String data = event.path("data").asText("");
        switch (event.path("type").asText("")) {
            case "stdout" -> {
                if (!data.equals("[keepalive]\n")) {
                    words.hear(data);
                }
            }
            case "result" ->
                words.hearAgain(Json.read(data.getBytes(StandardCharsets.UTF_8))
                        .path("stdout")
                        .asText(""));
            case "error" ->
                throw new SandboxException(ErrorCode.EXEC_ERROR, "Blaxel could not start the command's runner");
            default -> {
                // stderr, which the runner does not use, keepalives, and what is not known yet.
            }
        }
    }

    private void lookUp() throws InterruptedIOException {
        int unknown = 0;
        int failed = 0;
        int gone = 0;
        while (true) {
            try {
                JsonNode process = plane.process("following a command", name);
                words.hearAgain(process.path("stdout").asText(""));
                if (words.exit() != null || words.started().isCompletedExceptionally()) {
                    return;
                }
                if (!process.path("status").asText("running").equals("running")) {
                    throw new SandboxException(
                            ErrorCode.EXEC_TRANSPORT_ERROR, "the command's runner was killed; its end is unknown");
                }
                unknown = 0;
                failed = 0;
                gone = 0;
            } catch (Refused refused) {
                Refusal refusal = refused.refusal();
                boolean nobody = refusal.saysSandboxIsGone();
                if (nobody && ++gone >= Refusal.GONE_LOOKS) {
                    sandboxGone();
                    return;
                }
                boolean missing = refusal.status() == 404 && refusal.party() == Refusal.Party.SANDBOX;
                if (missing && ++unknown > UNKNOWN_LOOKS) {
                    throw new SandboxException(
                            ErrorCode.EXEC_TRANSPORT_ERROR, "the sandbox knows nothing of the command");
                }
                if (!missing && !nobody && ++failed > FAILED_LOOKS) {
                    throw refused.failure();
                }
            } catch (InterruptedIOException interrupted) {
                throw interrupted;
            } catch (IOException broken) {
                if (++failed > FAILED_LOOKS) {
                    throw Http.unreachable("following a command", broken);
                }
            }
            Http.sleep(LOOK);
        }
    }

    /** Tells the end once everything that was written before it can be read. */
    private void settle() throws InterruptedIOException {
        ExitStatus status = words.exit();
        if (status == null) {
            ended();
            return;
        }
        SandboxException loss = words.loss();
        if (loss != null) {
            fail(loss);
            watcher.discard(new IOException(loss));
            return;
        }
        if (words.isGone()) {
            watcher.told(words.stdout(), words.stderr());
        } else {
            watcher.commandEnded();
        }
        ended();
        exit.complete(status);
    }

    private void ended() {
        watcher.stdin().end();
        words.started().completeExceptionally(ControlPlane.gone());
    }

    private void fail(SandboxException failure) {
        words.started().completeExceptionally(failure);
        exit.completeExceptionally(failure);
        watcher.stdin().end();
    }
}
