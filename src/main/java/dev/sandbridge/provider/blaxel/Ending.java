package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Ends a command: its processes, which are found by their tag and by the one that led them, and its runner, which has a
 * name. Ending the runner alone leaves the command running, for that is in a session of its own. Thread-safe.
 */
final class Ending {
    private static final Logger LOG = Logger.getLogger(Ending.class.getName());

    private final DataPlane plane;
    private final String name;
    private final long tag;

    /** @param name of its runner */
    Ending(DataPlane plane, String name, long tag) {
        this.plane = plane;
        this.name = name;
        this.tag = tag;
    }

    /**
     * Ends the command's processes.
     *
     * @throws SandboxException something of it may be alive
     */
    void now(Words.Leader leader) {
        new Errand(plane, "ending a command", ErrorCode.EXEC_TRANSPORT_ERROR)
                .run(Shell.set("_sb_tag", Long.toString(tag)) + leader.text() + Shell.KILL, Map.of());
    }

    /** Ends the runner, if that can be done. */
    void runner() {
        try {
            plane.kill(name);
        } catch (IOException | SandboxException failed) {
            LOG.log(Level.FINE, "the runner of a command could not be ended", failed);
        }
    }
}
