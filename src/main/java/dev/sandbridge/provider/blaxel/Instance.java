package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxSpec;
import java.net.URI;
import java.util.ArrayList;

/** A sandbox as the control plane describes it. Whatever it may hold that is unknown here is kept. */
record Instance(JsonNode json) {
    /** What a status means for us; one that nobody knows yet is waited for, as those that lead to a ready sandbox. */
    enum Stage {
        READY,
        COMING,
        GOING,
        DEAD
    }

    Stage stage() {
        return switch (json.path("status").asText("")) {
            case "DEPLOYED" -> Stage.READY;
            case "DELETING", "TERMINATING", "DEACTIVATING" -> Stage.GOING;
            case "FAILED", "TERMINATED", "DEACTIVATED" -> Stage.DEAD;
            default -> Stage.COMING;
        };
    }

    /** Whether only its record is left, which Blaxel removes by itself. */
    boolean isTerminated() {
        return json.path("status").asText("").equals("TERMINATED");
    }

    /** What Blaxel says about a sandbox that it could not bring up: its own names of what went wrong. */
    String errors() {
        var codes = new ArrayList<String>();
        json.path("errors").forEach(error -> codes.add(error.path("code").asText("")));
        codes.removeIf(code -> !code.matches("[A-Z0-9_]{1,64}"));
        return codes.isEmpty() ? "" : " (" + String.join(", ", codes) + ")";
    }

    boolean isOurs() {
        return RecordLabels.areOurs(labels());
    }

    boolean isOf(String attempt) {
        return labels().path(RecordLabels.ATTEMPT).asText("").equals(attempt);
    }

    /** @throws SandboxException PROVIDER_FAILURE if it is not ours or its record cannot be read */
    SandboxSpec spec() {
        if (!isOurs()) {
            throw new SandboxException(
                            ErrorCode.PROVIDER_FAILURE, "a sandbox of that name at Blaxel was not made by this service")
                    .action("use another Blaxel workspace, or remove that sandbox there");
        }
        SandboxSpec spec = RecordLabels.read(labels());
        if (spec == null || !spec.name().text().equals(name())) {
            throw new SandboxException(
                            ErrorCode.PROVIDER_FAILURE, "the record in a sandbox's labels at Blaxel cannot be read")
                    .action("restore its labels that begin with sandbridge-, or remove the sandbox at Blaxel");
        }
        return spec;
    }

    String name() {
        return json.path("metadata").path("name").asText("");
    }

    /** When Blaxel made it; a sandbox made again under the same name has another one. */
    String createdAt() {
        return json.path("metadata").path("createdAt").asText("");
    }

    /** Where its own API is; read and never guessed. */
    URI address() {
        String url = json.path("metadata").path("url").asText("");
        try {
            if (url.matches("https?://[^/?#@]+/?")) {
                return URI.create(url.endsWith("/") ? url.substring(0, url.length() - 1) : url);
            }
        } catch (IllegalArgumentException broken) {
            // Reported below like any other address that is none.
        }
        throw new SandboxException(ErrorCode.PROVIDER_FAILURE, "Blaxel told no usable address of a sandbox");
    }

    private JsonNode labels() {
        return json.path("metadata").path("labels");
    }
}
