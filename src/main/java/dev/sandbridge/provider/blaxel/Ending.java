package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Ends a command: its processes, which are found by their tag and by the one that led them, and its runner, which has a
 * name. Ending the runner alone leaves the command running, for that is in a session of its own. Thread-safe.
 */
final class Ending {
    private static final Logger LOG = Logger.getLogger(Ending.class.getName());

    /** A request to start it may be on its way for so long after nobody waits for its answer any more. */
    private static final Duration LONGEST = Duration.ofSeconds(90);

    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

    private final DataPlane plane;
    private final String name;
    private final String directory;
    private final long tag;
    private final Duration pause;
    private final AtomicBoolean going = new AtomicBoolean();

    /**
     * @param name of its runner
     * @param directory of its output
     * @param pause between the first two looks of {@link #later}; doubled each time
     */
    Ending(DataPlane plane, String name, String directory, long tag, Duration pause) {
        this.plane = plane;
        this.name = name;
        this.directory = directory;
        this.tag = tag;
        this.pause = pause;
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

    /**
     * Ends everything, on a thread of its own, and goes on until nothing is left: also what begins only now, because
     * the request to start it arrives late. Gives up after a while; then its time to live ends it with the sandbox.
     *
     * @param leader none where the runner has not told it yet
     * @param unread whether nobody reads its output any more, which is then removed
     */
    void later(Words.Leader leader, boolean unread) {
        if (going.compareAndSet(false, true)) {
            Thread.ofVirtual().name("blaxel-ending").start(() -> {
                try {
                    goOn(leader, unread);
                } catch (InterruptedIOException stopped) {
                    LOG.log(Level.FINE, "a command is not ended any more", stopped);
                } finally {
                    going.set(false);
                }
            });
        }
    }

    private void goOn(Words.Leader first, boolean unread) throws InterruptedIOException {
        long began = System.nanoTime();
        Words.Leader leader = first;
        int gone = 0;
        long wait = pause.toNanos();
        while (System.nanoTime() - began < LONGEST.toNanos()) {
            try {
                JsonNode process = plane.process("ending a command", name);
                boolean over = !process.path("status").asText("running").equals("running");
                leader = leader.or(Words.leader(process.path("stdout").asText("")));
                now(leader);
                if (over) {
                    if (unread) {
                        plane.remove(directory);
                    }
                    return;
                }
                plane.kill(name);
            } catch (InterruptedIOException interrupted) {
                throw interrupted;
            } catch (Refused refused) {
                if (refused.refusal().saysSandboxIsGone() && ++gone >= Refusal.GONE_LOOKS) {
                    return;
                }
                LOG.log(Level.FINE, "a command that is to be ended is not known yet", refused);
            } catch (IOException | SandboxException failed) {
                LOG.log(Level.FINE, "a command could not be ended yet", failed);
            }
            Http.sleep(wait);
            wait = Math.min(wait * 2, LONGEST_PAUSE.toNanos());
        }
    }
}
