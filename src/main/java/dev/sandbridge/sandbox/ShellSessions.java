package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Shell sessions: calls with the same {@code Session-Id} share working directory and exported environment, one after
 * the other (bridge contract 3.11). The state lies in a file of the sandbox, so that it lives as long as the sandbox's
 * files and is nobody else's: each user of the sandbox has its own, and reads no other's.
 */
final class ShellSessions {
    /**
     * $1 session id, $2 whether to begin here or where the session stands, $3 what to do at the end, $4 command, then
     * the names of the variables that the call sets. Restores, runs the command in this very shell so that cd and
     * export act on it, and saves on any way out but a kill; by rename, so that a failure or kill while saving leaves
     * the state before. What leaves no mark takes the shell's place instead: its signals are its own then, and a death
     * by one is told as such. {@code /tmp} is kept between calls and never part of the workspace.
     */
    private static final String SCRIPT = """
            __sb_dir=/tmp/.sandbridge-sessions-$EUID
            __sb_file=$__sb_dir/$1.session __sb_begin=$2 __sb_end=$3 __sb_command=$4 __sb_here=$PWD
            shift 4
            __sb_given=()
            for __sb_name in "$@"; do __sb_given+=("$__sb_name=${!__sb_name}"); done
            __sb_write() {
              command -p mkdir -p -- "$__sb_dir" && [ -O "$__sb_dir" ] && {
                export -p && printf 'cd -- %q\\n' "$PWD"
              } > "$__sb_file.$$" && command -p mv -f -- "$__sb_file.$$" "$__sb_file"
            }
            __sb_save() {
              __sb_code=$?
              trap - EXIT
              umask 077
              if ! __sb_write 2> /dev/null; then
                command -p rm -f -- "$__sb_file.$$" 2> /dev/null
                echo "the session's directory and environment could not be saved" >&2
              fi
              exit "$__sb_code"
            }
            if [ -f "$__sb_file" ] && [ -O "$__sb_file" ]; then
              for __sb_name in $(compgen -e); do unset "$__sb_name"; done 2> /dev/null
              . "$__sb_file" 2> /dev/null
              if [ "$__sb_begin" = here ]; then cd -- "$__sb_here"; fi
            fi
            for __sb_name in "${__sb_given[@]}"; do export "$__sb_name"; done
            shift $#
            if [ "$__sb_end" = leave ]; then eval "exec -- $__sb_command"; fi
            trap __sb_save EXIT
            eval "$__sb_command"
            """;

    private static final String FORGET = "rm -f -- /tmp/.sandbridge-sessions-*/\"$1\".session";

    private final Map<String, Queue> queues = new ConcurrentHashMap<>();

    /** Those who use a session or wait for it; gone when there is nobody. */
    private static final class Queue {
        final Semaphore turn = new Semaphore(1, true);
        int calls;
    }

    /** One call's time in a session; ended once, by any thread. */
    final class Turn {
        private final String key;
        private final Queue queue;
        private final boolean awaited;
        private final AtomicBoolean over = new AtomicBoolean();

        private Turn(String key, Queue queue, boolean awaited) {
            this.key = key;
            this.queue = queue;
            this.awaited = awaited;
        }

        /** Whether it did not come at once. */
        boolean wasAwaited() {
            return awaited;
        }

        void end() {
            if (!over.getAndSet(true)) {
                queue.turn.release();
                leave(key);
            }
        }
    }

    /** Checks an id as a caller gives it. */
    static String checked(String id) {
        if (!id.matches("[a-zA-Z0-9._-]{1,128}") || id.contains("..")) {
            throw new SandboxException(
                            ErrorCode.INVALID_REQUEST,
                            "Invalid session ID format: 1 to 128 of a-z, A-Z, 0-9, dot, dash, underscore, no two dots")
                    .action("choose another session id");
        }
        return id;
    }

    /**
     * The command line that runs a shell command inside the session.
     *
     * @param here whether the directory it is started in counts, and not the session's
     * @param save whether the directory and environment it leaves are the session's from then on; if not, the command
     *     is a program and its arguments
     * @param names of variables in the environment it is started with that the session takes over
     */
    static List<String> wrap(String session, boolean here, boolean save, String command, Collection<String> names) {
        var line = new ArrayList<>(List.of("/bin/bash", "-c", SCRIPT, "sandbridge", session));
        line.add(here ? "here" : "there");
        line.add(save ? "save" : "leave");
        line.add(command);
        line.addAll(names);
        return line;
    }

    /** The command line that forgets the session. */
    static List<String> forget(String session) {
        return List.of("/bin/sh", "-c", FORGET, "sandbridge", session);
    }

    /** As {@link #take(SandboxName, String, Duration, Consumer)}, for a caller who stays. */
    Turn take(SandboxName sandbox, String session, @Nullable Duration most) {
        return take(sandbox, session, most, leaving -> {});
    }

    /**
     * Waits for the session's turn: its calls run one after the other, in the order they came.
     *
     * @param most how long to wait, or null for as long as it takes
     * @param whenGone is told what to do when the caller leaves, who then waits no longer and gets no turn
     */
    Turn take(SandboxName sandbox, String session, @Nullable Duration most, Consumer<Runnable> whenGone) {
        String key = sandbox + "/" + session;
        Queue queue = queues.compute(key, (absent, known) -> {
            Queue joined = known == null ? new Queue() : known;
            joined.calls++;
            return joined;
        });
        var watch = new Deadlines.Watch(Thread.currentThread());
        whenGone.accept(watch::fire);
        boolean taken = false;
        boolean atOnce = false;
        try {
            atOnce = queue.turn.tryAcquire(0, TimeUnit.NANOSECONDS);
            taken = atOnce
                    || queue.turn.tryAcquire(most == null ? Long.MAX_VALUE : most.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        boolean gone = watch.end();
        if (taken && !gone) {
            return new Turn(key, queue, !atOnce);
        }
        if (taken) {
            queue.turn.release();
        }
        leave(key);
        throw new SandboxException(
                        ErrorCode.OPERATION_TIMEOUT,
                        gone ? "the caller went away" : "another call of this session did not end in time")
                .action("wait for it, or use another session");
    }

    /** How many sessions somebody is in or waits for. */
    int inUse() {
        return queues.size();
    }

    static String quoted(List<String> argv) {
        return argv.stream().map(ShellSessions::quoted).collect(Collectors.joining(" "));
    }

    static String quoted(String argument) {
        return "'" + argument.replace("'", "'\\''") + "'";
    }

    private void leave(String key) {
        queues.computeIfPresent(key, (same, queue) -> --queue.calls == 0 ? null : queue);
    }
}
