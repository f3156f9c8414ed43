package dev.sandbridge.provider.blaxel;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sandbridge.provider.Limits;
import dev.sandbridge.provider.Network;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxSpec;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A sandbox's record in the labels of its metadata, where it lives as long as the sandbox and can be listed. Its text
 * is cut into pieces of 63 letters, digits, dashes and underscores, which the narrowest rules for labels allow.
 */
final class RecordLabels {
    /** Says that a sandbox is ours, and how to read its record. */
    static final String MARK = "sandbridge";

    /** One create call among all: tells what a lost answer made from what somebody else made. */
    static final String ATTEMPT = "sandbridge-attempt";

    private static final String FORMAT = "1";
    private static final String PIECE = "sandbridge-record-";
    private static final int PIECE_LENGTH = 61;

    private RecordLabels() {}

    static ObjectNode write(SandboxSpec spec, String attempt) {
        ObjectNode labels = Json.object();
        labels.put(MARK, FORMAT);
        labels.put(ATTEMPT, attempt);
        String text = Base64.getUrlEncoder().withoutPadding().encodeToString(Json.bytes(record(spec)));
        for (int from = 0, n = 0; from < text.length(); from += PIECE_LENGTH, n++) {
            String piece = text.substring(from, Math.min(text.length(), from + PIECE_LENGTH));
            labels.put(PIECE + n, "x" + piece + "x");
        }
        return labels;
    }

    static boolean areOurs(JsonNode labels) {
        return labels.path(MARK).asText("").equals(FORMAT);
    }

    /** The record, or null where these labels hold none that can be read. */
    static @Nullable SandboxSpec read(JsonNode labels) {
        var text = new StringBuilder();
        for (int n = 0; labels.has(PIECE + n); n++) {
            String piece = labels.path(PIECE + n).asText("");
            if (piece.length() < 2) {
                return null;
            }
            text.append(piece, 1, piece.length() - 1);
        }
        try {
            return spec(Json.read(Base64.getUrlDecoder().decode(text.toString())));
        } catch (RuntimeException spoiled) {
            return null;
        }
    }

    private static ObjectNode record(SandboxSpec spec) {
        ObjectNode record = Json.object();
        record.put("name", spec.name().text());
        record.put("id", spec.id());
        record.put("owner", spec.owner());
        record.put("profile", spec.profile());
        record.put("alias", spec.alias());
        record.put("image", spec.image());
        record.put("network", spec.network().name());
        Limits limits = spec.limits();
        record.putArray("limits")
                .add(limits.memoryBytes())
                .add(limits.processes())
                .add(limits.cpuMillis())
                .add(limits.diskBytes())
                .add(limits.outputBytes());
        ObjectNode labels = record.putObject("labels");
        new TreeMap<>(spec.labels()).forEach(labels::put);
        record.put("state", new String(spec.state().getBytes(UTF_8), UTF_8));
        record.put("created", spec.createdAt().toString());
        record.put("expires", spec.expiresAt().toString());
        return record;
    }

    private static SandboxSpec spec(JsonNode record) {
        JsonNode limits = record.required("limits");
        Map<String, String> labels = new HashMap<>();
        record.required("labels")
                .properties()
                .forEach(label -> labels.put(label.getKey(), label.getValue().asText()));
        return new SandboxSpec(
                new SandboxName(record.required("name").asText()),
                record.required("id").asText(),
                record.required("owner").asText(),
                record.required("profile").asText(),
                record.required("alias").textValue(),
                record.required("image").textValue(),
                Network.valueOf(record.required("network").asText()),
                new Limits(
                        limits.required(0).asLong(),
                        limits.required(1).asInt(),
                        limits.required(2).asInt(),
                        limits.required(3).asLong(),
                        limits.required(4).asLong()),
                labels,
                record.required("state").asText(),
                Instant.parse(record.required("created").asText()),
                Instant.parse(record.required("expires").asText()));
    }
}
