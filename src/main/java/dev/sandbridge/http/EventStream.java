package dev.sandbridge.http;

import dev.sandbridge.process.OutputSink;
import dev.sandbridge.process.WholeCharacters;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;

/**
 * The contract's event stream of one command (bridge contract 3.4): output in base64, then one {@code exit} or
 * {@code error}, in one write with the end of the body, because the Python SDK gives up the connection otherwise. All
 * ASCII.
 */
final class EventStream implements OutputSink, AutoCloseable {
    /** Raw bytes of one event; large ones slow clients down, the JavaScript SDK quadratically. */
    static final int LARGEST = 48 * 1024;

    private static final String TYPE = "text/event-stream";

    /** How long the answer's head waits for the first output; then a comment carries it. */
    private static final long HEAD_MILLIS = 1000;

    private final ResponseStream out;
    private final Vertx vertx;
    private final long timer;
    private final WholeCharacters whole = new WholeCharacters(this::event);
    private volatile boolean spoke;

    /** @param keepAlive how often a silent stream carries a comment */
    EventStream(ResponseStream out, Vertx vertx, Duration keepAlive) {
        this.out = out;
        this.vertx = vertx;
        out.head().putHeader(HttpHeaders.CONTENT_TYPE, TYPE).putHeader(HttpHeaders.CACHE_CONTROL, "no-cache");
        long period = keepAlive.toMillis();
        this.timer = vertx.setPeriodic(Math.min(HEAD_MILLIS, period), period, tick -> comment());
    }

    @Override
    public void write(Channel channel, byte[] bytes, int offset, int length) throws IOException {
        for (int done = 0; done < length; done += LARGEST) {
            whole.write(channel, bytes, offset + done, Math.min(length - done, LARGEST));
        }
    }

    private void event(Channel channel, byte[] bytes, int offset, int length) throws IOException {
        spoke = true;
        byte[] raw = Arrays.copyOfRange(bytes, offset, offset + length);
        out.send(Buffer.buffer("event: " + channel.name().toLowerCase(Locale.ROOT) + "\ndata: ")
                .appendBytes(Base64.getEncoder().encode(raw))
                .appendString("\n\n"));
    }

    /** Ends the stream with how the command ended. */
    void exit(int code) throws IOException {
        whole.flush();
        end("exit", "{\"exit_code\":" + code + "}");
    }

    /** Ends the stream with why that is not known. */
    void error(String asciiJson) throws IOException {
        whole.flush();
        end("error", asciiJson);
    }

    @Override
    public void close() {
        vertx.cancelTimer(timer);
    }

    private void end(String name, String json) throws IOException {
        close();
        out.finish(Buffer.buffer("event: " + name + "\ndata: " + json + "\n\n"));
    }

    private void comment() {
        if (!spoke) {
            out.offer(Buffer.buffer(": ping\n\n"));
        }
        spoke = false;
    }
}
