package dev.sandbridge.provider;

import dev.sandbridge.process.Command;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalSize;

/** Terminals of one sandbox, where its provider has them. */
public interface SandboxTerminals {
    /**
     * Starts a command as the leader of a session of its own on a new terminal; the caller closes it. The environment
     * holds {@code TERM=xterm-256color} unless the command names another.
     *
     * @param command its {@code stdin} flag is not looked at: a terminal has input
     * @throws dev.sandbridge.error.SandboxException as {@link SandboxHandle#start}
     */
    Terminal start(Command command, TerminalSize size);
}
