package dev.sandbridge.sandbox;

import java.time.Instant;

/**
 * A tool call's command as a list shows it.
 *
 * @param running false once it has ended, until its last output is asked for
 * @param unread bytes of output that no answer has had yet
 */
public record ToolProcess(int id, boolean tty, boolean running, Instant startedAt, Instant lastUsedAt, long unread) {}
