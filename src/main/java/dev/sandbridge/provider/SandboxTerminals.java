package dev.sandbridge.provider;

import dev.sandbridge.process.Command;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalSize;

/** Terminals of one sandbox, where its provider has them. */
public interface SandboxTerminals {
    /** How many terminals with names a sandbox may have. */
    int MOST_NAMED = 64;

    /**
     * Starts a command as the leader of a session of its own on a new terminal; the caller closes it. The environment
     * holds {@code TERM=xterm-256color} unless the command names another.
     *
     * @param command its {@code stdin} flag is not looked at: a terminal has input
     * @throws dev.sandbridge.error.SandboxException as {@link SandboxHandle#start}
     */
    Terminal start(Command command, TerminalSize size);

    /**
     * The terminal of that name; the caller closes it, or leaves it to others. Where terminals live at the provider it
     * is the one that runs there, whichever service started it, and a new one only if none does. Elsewhere it is always
     * a new one, which ends with this service: a service then knows itself which it has.
     *
     * @param seen whether somebody comes back to it: if it has ended and nobody can tell how, that is a failure then
     *     (EXEC_TRANSPORT_ERROR), once; otherwise a new one is started
     * @param command what a new one runs
     * @param size of a new one
     * @throws dev.sandbridge.error.SandboxException as {@link #start}; CAPACITY_EXCEEDED where the sandbox has too many
     */
    default Terminal attach(String name, boolean seen, Command command, TerminalSize size) {
        return start(command, size);
    }
}
