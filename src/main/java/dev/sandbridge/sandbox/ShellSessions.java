package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxName;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;

/**
 * Shell sessions: calls with the same {@code Session-Id} share working directory and exported environment, one after
 * the other (bridge contract 3.11). The state lies in a file of the sandbox, so that it lives as long as the
 * sandbox's files and is nobody else's.
 */
final class ShellSessions {
    /** Where session files lie; {@code /tmp} is kept between calls and never part of the workspace. */
    private static final String DIRECTORY = "/tmp/.sandbridge-sessions";

    /**
     * $1 session file, $2 command, then NAME=VALUE of the call. Restores, runs the command in this very shell so that
     * cd and export act on it, and saves on any way out but a kill; by rename, so that a kill while saving loses
     * nothing.
     */
    private static final String SCRIPT = """
            __sb_file=$1 __sb_command=$2; shift 2
            __sb_save() {
              __sb_code=$?
              trap - EXIT
              umask 077
              { mkdir -p -- "${__sb_file%/*}" && {
                  export -p
                  printf 'cd -- %q\\n' "$PWD"
                } > "$__sb_file.$$" && mv -f -- "$__sb_file.$$" "$__sb_file"; } 2>/dev/null
              exit "$__sb_code"
            }
            if [ -r "$__sb_file" ]; then
              for __sb_name in $(compgen -e); do unset "$__sb_name"; done 2>/dev/null
              . "$__sb_file" 2>/dev/null
            fi
            for __sb_name in "$@"; do export "$__sb_name"; done
            shift $#
            trap __sb_save EXIT
            eval "$__sb_command"
            """;

    private final Map<String, Semaphore> turns = new ConcurrentHashMap<>();

    /** One call's time in a session; ended once, by any thread. */
    static final class Turn {
        private final Semaphore place;
        private final AtomicBoolean over = new AtomicBoolean();

        private Turn(Semaphore place) {
            this.place = place;
        }

        void end() {
            if (!over.getAndSet(true)) {
                place.release();
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

    /** The command line that runs a shell command inside the session, with these variables exported first. */
    static List<String> wrap(String session, String command, Map<String, String> environment) {
        var line = new ArrayList<>(List.of("/bin/bash", "-c", SCRIPT, "sandbridge", file(session), command));
        environment.forEach((name, value) -> line.add(name + "=" + value));
        return line;
    }

    /** The command line that forgets the session. */
    static List<String> forget(String session) {
        return List.of("rm", "-f", "--", file(session));
    }

    /** Waits for the session's turn: its calls run one after the other, in the order they came. */
    Turn take(SandboxName sandbox, String session) {
        Semaphore place = turns.computeIfAbsent(sandbox + "/" + session, key -> new Semaphore(1, true));
        try {
            place.acquire();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new SandboxException(
                    ErrorCode.OPERATION_TIMEOUT, "another call of this session did not end in time", interrupted);
        }
        return new Turn(place);
    }

    void forgetAll(SandboxName sandbox) {
        turns.keySet().removeIf(key -> key.startsWith(sandbox + "/"));
    }

    static String quoted(List<String> argv) {
        return argv.stream().map(ShellSessions::quoted).collect(Collectors.joining(" "));
    }

    static String quoted(String argument) {
        return "'" + argument.replace("'", "'\\''") + "'";
    }

    private static String file(String session) {
        return DIRECTORY + "/" + session;
    }
}
