package dev.sandbridge.sandbox;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.process.OutputPart;
import dev.sandbridge.process.OutputSink;
import dev.sandbridge.process.Signal;
import dev.sandbridge.sandbox.Sandboxes.Found;
import dev.sandbridge.sandbox.Visits.Visit;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Commands that outlive a call; the rules of {@link SandboxService} hold. */
public final class ProcessService {
    private final Visits visits;
    private final Commands commands;
    private final ProcessTable table;
    private final Deadlines deadlines;

    ProcessService(Visits visits, Commands commands, ProcessTable table, Deadlines deadlines) {
        this.visits = visits;
        this.commands = commands;
        this.table = table;
        this.deadlines = deadlines;
    }

    /**
     * Starts a command that goes on after the call; revives. Its input stays open until {@link #write} ends it. It has
     * the time limit that the call names, or none: the sandbox's own is for commands that a caller waits for.
     */
    public ProcessInfo start(Caller caller, SandboxRef ref, ExecCall call, @Nullable String label) {
        String checked = label == null ? null : Labels.checkedValue(label);
        Duration timeout = Commands.asked(call);
        return visits.revive(caller, ref).quickly("starting the process", found -> table.start(
                        found.id().name(), checked, timeout, () -> commands.launch(found, call))
                .info());
    }

    public List<ProcessInfo> list(Caller caller, SandboxRef ref) {
        return visits.enter(caller, ref)
                .quickly("listing the processes", found -> table.list(found.id().name()).stream()
                        .map(BackgroundProcess::info)
                        .toList());
    }

    public ProcessInfo get(Caller caller, SandboxRef ref, String process) {
        return visits.enter(caller, ref)
                .quickly("reading the process", found -> known(found, process).info());
    }

    /**
     * Kept output from an offset on; waits for more at most so long.
     *
     * @param offset at least 0
     * @param maxBytes at least 1
     */
    public OutputPart output(
            Caller caller,
            SandboxRef ref,
            String process,
            OutputSink.Channel channel,
            long offset,
            int maxBytes,
            Duration wait) {
        if (offset < 0 || maxBytes < 1) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "offset must be 0 or more, the size 1 or more");
        }
        try (Visit visit = visits.enter(caller, ref)) {
            return known(visit.found(), process).output(channel, offset, maxBytes, wait);
        } catch (InterruptedException interrupted) {
            throw Visits.interrupted(interrupted);
        }
    }

    /** Passes input on, for at most the upload limit; {@code end} closes the process's input afterwards. */
    public void write(Caller caller, SandboxRef ref, String process, InputStream bytes, boolean end)
            throws IOException {
        try (Visit visit = visits.enter(caller, ref)) {
            BackgroundProcess target = known(visit.found(), process);
            deadlines.within(visit.found().state().timeouts().upload(), "writing to the process", () -> {
                target.write(bytes, end);
                return target;
            });
        }
    }

    public void signal(Caller caller, SandboxRef ref, String process, Signal signal) {
        visits.enter(caller, ref).quickly("signalling the process", found -> {
            known(found, process).signal(signal);
            return process;
        });
    }

    public ProcessInfo await(Caller caller, SandboxRef ref, String process, Duration wait) {
        try (Visit visit = visits.enter(caller, ref)) {
            BackgroundProcess target = known(visit.found(), process);
            target.await(wait);
            return target.info();
        } catch (InterruptedException interrupted) {
            throw Visits.interrupted(interrupted);
        }
    }

    /** Ends the process and everything it started, and forgets it. */
    public void forget(Caller caller, SandboxRef ref, String process) {
        visits.enter(caller, ref).quickly("ending the process", found -> {
            table.forget(found.id().name(), process);
            return process;
        });
    }

    private BackgroundProcess known(Found found, String process) {
        return table.get(found.id().name(), process);
    }
}
