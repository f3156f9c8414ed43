package dev.sandbridge.process;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What ends a command that does not end by itself.
 *
 * @param timeout null for none
 * @param outputBytes both streams together
 */
public record ExecLimits(@Nullable Duration timeout, long outputBytes) {}
