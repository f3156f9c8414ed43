package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.SandboxException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Carries content of any length into a file of a sandbox, holding one part of it at a time. */
final class Upload {
    private static final Logger LOG = Logger.getLogger(Upload.class.getName());
    private static final int PART = 4 << 20;

    private final DataPlane plane;
    private final String operation;

    Upload(DataPlane plane, String operation) {
        this.plane = plane;
        this.operation = operation;
    }

    /**
     * Reads the content to its end and does not close it; a failure leaves no part behind.
     *
     * @param beginning what was read of it already, at most 4 MiB
     * @return bytes
     * @throws IOException what the content threw
     */
    long send(String path, byte[] beginning, InputStream content) throws IOException {
        var buffer = new byte[PART];
        System.arraycopy(beginning, 0, buffer, 0, beginning.length);
        int first = beginning.length + content.readNBytes(buffer, beginning.length, PART - beginning.length);
        if (first < PART) {
            calling(() -> {
                plane.upload(operation, path, buffer, first);
                return 0;
            });
            return first;
        }
        String upload = calling(() -> plane.beginParts(operation, path));
        boolean complete = false;
        try {
            Map<Integer, String> etags = new TreeMap<>();
            long total = 0;
            int length = first;
            for (int number = 1; length > 0; number++) {
                int part = number;
                int bytes = length;
                etags.put(number, calling(() -> plane.part(operation, upload, part, buffer, bytes)));
                total += length;
                length = content.readNBytes(buffer, 0, PART);
            }
            calling(() -> {
                plane.completeParts(operation, upload, etags);
                return 0;
            });
            complete = true;
            return total;
        } finally {
            if (!complete) {
                abort(upload);
            }
        }
    }

    private interface Calling<T> {
        T call() throws Refused, IOException;
    }

    /** Keeps our own failures apart from the content's. */
    private <T> T calling(Calling<T> work) {
        try {
            return work.call();
        } catch (Refused | IOException failed) {
            throw DataPlane.failure(failed, operation);
        }
    }

    /** On a thread of its own, so that an interrupted one leaves nothing behind either. */
    private void abort(String upload) {
        Thread aborting = Thread.ofVirtual().start(() -> {
            try {
                plane.abortParts(upload);
            } catch (Refused | IOException | SandboxException failed) {
                LOG.log(Level.WARNING, "parts of an upload stay in a sandbox until it ends", failed);
            }
        });
        boolean interrupted = Thread.interrupted();
        try {
            aborting.join(Duration.ofSeconds(5));
        } catch (InterruptedException again) {
            interrupted = true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
