package dev.sandbridge.provider.blaxel;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The body of an answer, which ends with an {@code IOException} when a read has waited too long: the time limit of a
 * request is over as soon as its answer begins. Only the waiting of a read counts, so that a slow reader is not taken
 * for a silent sender. One reader at a time; closing it owns and closes the body.
 */
final class Impatient extends FilterInputStream {
    private final Duration patience;

    /** @param patience of each read */
    Impatient(InputStream body, Duration patience) {
        super(body);
        this.patience = patience;
    }

    /** The body from here to its end, or so many bytes of it; all of it must come within that time. */
    static byte[] all(InputStream body, int most, Duration patience) throws IOException {
        return within(patience, body, () -> body.readNBytes(most));
    }

    @Override
    public int read() throws IOException {
        return within(patience, in, in::read);
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
        return within(patience, in, () -> in.read(bytes, from, length));
    }

    /** Something that waits for the body. */
    private interface Reading<T> {
        T read() throws IOException;
    }

    private static <T> T within(Duration patience, InputStream body, Reading<T> reading) throws IOException {
        var over = new CompletableFuture<Boolean>().completeOnTimeout(true, patience.toNanos(), TimeUnit.NANOSECONDS);
        over.thenAccept(late -> {
            if (late) {
                // A body that is closed wakes who reads it. The timer is everybody's: closing may take a while.
                Thread.ofVirtual().name("blaxel-late").start(() -> close(body));
            }
        });
        T read;
        try {
            read = reading.read();
        } catch (IOException broken) {
            throw over.complete(false) ? broken : new IOException("the answer stopped in its middle", broken);
        }
        if (!over.complete(false)) {
            throw new IOException("the answer stopped in its middle");
        }
        return read;
    }

    private static void close(InputStream body) {
        try {
            body.close();
        } catch (IOException broken) {
            // It is not read any more, which is all that is wanted.
        }
    }
}
