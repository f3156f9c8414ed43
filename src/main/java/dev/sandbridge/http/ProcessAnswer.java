package dev.sandbridge.http;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.sandbox.ProcessInfo;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A background process in JSON.
 *
 * @param exitCode null while it runs, and where its end is unknown: then {@code failure} says why
 * @param stdoutBytes written so far, those no longer kept included
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
record ProcessAnswer(
        String id,
        int pid,
        @Nullable String label,
        boolean running,
        String startedAt,
        @Nullable String endedAt,
        @Nullable Integer exitCode,
        @Nullable String signal,
        boolean timedOut,
        @Nullable String failure,
        long stdoutBytes,
        long stderrBytes) {

    static ProcessAnswer of(ProcessInfo info) {
        ExitStatus status = info.status();
        Instant endedAt = info.endedAt();
        return new ProcessAnswer(
                info.id(),
                info.pid(),
                info.label(),
                info.isRunning(),
                info.startedAt().toString(),
                endedAt == null ? null : endedAt.toString(),
                status == null ? null : status.code(),
                status == null ? null : status.signal(),
                info.timedOut(),
                info.failure(),
                info.stdoutBytes(),
                info.stderrBytes());
    }
}
