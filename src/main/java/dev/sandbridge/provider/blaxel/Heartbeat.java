package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Writes, on a thread of its own, that this service still cares for a replacement; another one sees when it stops. */
final class Heartbeat {
    /** So many missing beats mean that nobody cares any more. */
    static final int MISSING = 6;

    private static final Logger LOG = Logger.getLogger(Heartbeat.class.getName());

    private final DataPlane plane;
    private final String file;
    private final Duration pause;
    private final Thread thread = Thread.ofVirtual().name("blaxel-beat").unstarted(this::beat);

    Heartbeat(DataPlane plane, String file, Duration pause) {
        this.plane = plane;
        this.file = file;
        this.pause = pause;
    }

    void start() {
        thread.start();
    }

    /** Ends it; no beat comes after this. */
    void stop() {
        thread.interrupt();
        Uninterrupted.call("blaxel-beat-end", () -> {
            try {
                thread.join();
            } catch (InterruptedException impossible) {
                Thread.currentThread().interrupt();
            }
            return 0;
        });
    }

    private void beat() {
        int missed = 0;
        try {
            for (long number = 1; missed < MISSING; number++) {
                try {
                    plane.writeText("replacing the workspace", file, Long.toString(number));
                    missed = 0;
                } catch (InterruptedIOException ended) {
                    throw ended;
                } catch (IOException | Refused | SandboxException failed) {
                    missed++;
                    LOG.log(Level.FINE, "a sign of life did not arrive", failed);
                }
                Http.sleep(pause.toNanos());
            }
        } catch (InterruptedIOException ended) {
            LOG.log(Level.FINE, "a replacement has ended", ended);
        }
    }
}
