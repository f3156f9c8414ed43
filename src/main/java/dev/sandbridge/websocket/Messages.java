package dev.sandbridge.websocket;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.http.Refusal;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.pty.TerminalSize;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The text messages of a terminal's socket, both ways. */
final class Messages {
    static final String READY = "{\"type\":\"ready\"}";

    private static final ObjectMapper JSON = new ObjectMapper();

    private Messages() {}

    /** @param offset of the output's next byte, for whoever comes back */
    static String ready(long offset, Instant startedAt) {
        return message("ready")
                .put("offset", offset)
                .put("started_at", startedAt.toString())
                .toString();
    }

    static String exit(ExitStatus status) {
        ObjectNode message = message("exit").put("code", status.code());
        String signal = status.signal();
        return (signal == null ? message : message.put("signal", "SIG" + signal)).toString();
    }

    static String error(Refusal refusal) {
        ObjectNode message = message("error")
                .put("message", refusal.message())
                .put("code", refusal.code())
                .put("retryable", refusal.retryable());
        String action = refusal.action();
        if (action != null) {
            message.put("action", action);
        }
        return message.put("instance", refusal.instance()).toString();
    }

    /** The output between these offsets is not kept any more. */
    static String gap(long from, long to) {
        return message("gap").put("from", from).put("to", to).toString();
    }

    /**
     * Reads what a client asks for.
     *
     * @return the size it wants; empty for a message that means nothing here
     * @throws SandboxException INVALID_REQUEST
     */
    static Optional<TerminalSize> resize(byte[] text) {
        JsonNode message = parse(text);
        if (message == null || !message.isObject()) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "a text message must be a JSON object")
                    .action("send what is typed as binary messages");
        }
        if (!message.path("type").asText().equals("resize")) {
            return Optional.empty();
        }
        JsonNode columns = message.path("cols");
        JsonNode rows = message.path("rows");
        if (!columns.isInt() || !rows.isInt()) {
            throw new SandboxException(ErrorCode.INVALID_REQUEST, "resize needs cols and rows, positive whole numbers");
        }
        return Optional.of(new TerminalSize(columns.intValue(), rows.intValue()));
    }

    private static @Nullable JsonNode parse(byte[] text) {
        try {
            return JSON.readTree(text);
        } catch (JacksonException malformed) {
            return null;
        } catch (java.io.IOException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static ObjectNode message(String type) {
        return JSON.createObjectNode().put("type", type);
    }
}
