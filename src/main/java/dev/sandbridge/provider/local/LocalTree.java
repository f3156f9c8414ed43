package dev.sandbridge.provider.local;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxTree;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/** The workspace of one sandbox as a whole, through the resident's verbs. */
final class LocalTree implements SandboxTree {
    private final LocalFiles.Starter starter;
    private final long room;
    private final AtomicBoolean replaced = new AtomicBoolean();

    /** @param room the most bytes a tree may have, where the disk itself does not limit them */
    LocalTree(LocalFiles.Starter starter, long room) {
        this.starter = starter;
        this.room = room;
    }

    @Override
    public Reader read(Set<String> excludes) {
        var arguments = new ArrayList<String>();
        arguments.add("walk");
        arguments.addAll(excludes);
        return new LocalTreeReader(starter.start(StartRequest.file(false, arguments)));
    }

    @Override
    public Replacement replace() {
        if (!replaced.compareAndSet(false, true)) {
            throw new SandboxException(ErrorCode.CONFLICT, "the workspace is being replaced by another call")
                    .retry(Retry.YES)
                    .action("try again when the other call has ended");
        }
        boolean begun = false;
        try {
            var replacement = new LocalReplacement(starter, room, () -> replaced.set(false));
            begun = true;
            return replacement;
        } finally {
            if (!begun) {
                replaced.set(false);
            }
        }
    }

    static StartRequest verb(boolean input, String... verbAndArguments) {
        return StartRequest.file(input, List.of(verbAndArguments));
    }
}
