package dev.sandbridge.sandbox;

import dev.sandbridge.pty.TerminalSize;

/**
 * A command that a model's tool call starts and later calls type into.
 *
 * @param exec what to run, and where; its input and time limit are not looked at: such a command ends by itself, by a
 *     call, or when nobody asks for it any more
 * @param tty whether it runs on a terminal; otherwise on plain pipes, without input, both outputs in one
 */
public record ToolCall(ExecCall exec, boolean tty, TerminalSize size) {}
