package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxName;
import java.io.IOException;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The part of Blaxel's control plane that gives ports of sandboxes a URL. One request each; a name of ours says which
 * port, so that there is one preview for each. Blaxel makes previews also for sandboxes that do not exist.
 */
final class Previews {
    private static final String PREFIX = "port-";

    private final Http http;
    private final BlaxelOptions options;

    Previews(Http http, BlaxelOptions options) {
        this.http = http;
        this.options = options;
    }

    /** A preview as Blaxel describes it. */
    record Preview(JsonNode json) {
        int port() {
            return json.path("spec").path("port").asInt(0);
        }

        boolean isPublic() {
            return json.path("spec").path("public").asBoolean(false);
        }

        @Nullable
        Instant expires() {
            String text = json.path("spec").path("expires").asText("");
            try {
                return text.isEmpty() ? null : Instant.parse(text);
            } catch (java.time.DateTimeException unreadable) {
                return null;
            }
        }

        boolean isGoing() {
            return json.path("status").asText("").equals("DELETING");
        }

        boolean isOurs() {
            return json.path("metadata").path("name").asText("").equals(PREFIX + port());
        }

        /** Without the path, which belongs to whoever uses it. */
        URI url() {
            String url = json.path("spec").path("url").asText("");
            if (url.matches("https?://[A-Za-z0-9.:_-]+(/.*)?")) {
                return URI.create(url.replaceFirst("(https?://[^/]+).*", "$1"));
            }
            throw new SandboxException(ErrorCode.PROVIDER_FAILURE, "Blaxel told no usable URL of a port");
        }
    }

    /**
     * Makes one.
     *
     * @return empty if there is one of that name
     * @throws Refused it is not made, unless the refusal leaves that open
     * @throws IOException nothing is known: look it up
     */
    Optional<Preview> create(SandboxName sandbox, int port, boolean open, @Nullable Instant end)
            throws Refused, IOException {
        ObjectNode body = Json.object();
        body.putObject("metadata").put("name", PREFIX + port);
        ObjectNode spec = body.putObject("spec").put("port", port).put("public", open);
        if (end != null) {
            spec.put("expires", text(end));
        }
        try {
            return Optional.of(new Preview(http.json(Call.post("publishing a port", uri(sandbox, ""), body))));
        } catch (Refused refused) {
            if (refused.refusal().status() == 409) {
                return Optional.empty();
            }
            throw refused;
        }
    }

    Optional<Preview> find(SandboxName sandbox, int port) {
        var call = Call.get("looking for a published port", uri(sandbox, "/" + PREFIX + port));
        try {
            return Optional.of(new Preview(http.json(call)));
        } catch (Refused refused) {
            if (refused.refusal().status() == 404 && !refused.refusal().saysSandboxIsGone()) {
                return Optional.empty();
            }
            throw refused.failure();
        } catch (IOException broken) {
            throw Http.unreachable(call.operation(), broken);
        }
    }

    /** Moves the end of one, and sends everything else back as it came. */
    Preview extend(SandboxName sandbox, Preview found, Instant end) {
        ObjectNode body = found.json().deepCopy();
        body.withObject("/spec").put("expires", text(end));
        var call = Call.put("publishing a port", uri(sandbox, "/" + PREFIX + found.port()), body);
        return new Preview(http.jsonOrFail(call));
    }

    /** Those that were made here. */
    List<Preview> list(SandboxName sandbox) {
        var found = new ArrayList<Preview>();
        try {
            http.json(Call.get("listing published ports", uri(sandbox, "")))
                    .forEach(preview -> found.add(new Preview(preview)));
        } catch (Refused refused) {
            if (refused.refusal().status() != 404 || refused.refusal().saysSandboxIsGone()) {
                throw refused.failure();
            }
        } catch (IOException broken) {
            throw Http.unreachable("listing published ports", broken);
        }
        return found.stream().filter(Preview::isOurs).toList();
    }

    /** Begins to remove one; returns whether there was one. */
    boolean delete(SandboxName sandbox, int port) {
        var call = Call.delete("withdrawing a port", uri(sandbox, "/" + PREFIX + port));
        try {
            http.json(call);
            return true;
        } catch (Refused refused) {
            if (refused.refusal().status() == 404 && !refused.refusal().saysSandboxIsGone()) {
                return false;
            }
            throw refused.failure();
        } catch (IOException broken) {
            throw Http.unreachable(call.operation(), broken);
        }
    }

    void removeAll(SandboxName sandbox) {
        list(sandbox).forEach(preview -> delete(sandbox, preview.port()));
    }

    /** A right to enter a private preview until then. */
    String token(SandboxName sandbox, int port, String name, Instant end) {
        ObjectNode body = Json.object();
        body.putObject("metadata").put("name", name);
        body.putObject("spec").put("expiresAt", text(end));
        var call = Call.post("giving a right to a port", uri(sandbox, "/" + PREFIX + port + "/tokens"), body);
        String token = http.jsonOrFail(call).path("spec").path("token").asText("");
        if (!token.matches("[\\x21-\\x7e]+")) {
            throw new SandboxException(ErrorCode.PROVIDER_FAILURE, "Blaxel gave no right to a private port");
        }
        return token;
    }

    /** Whether the edge, which learns of a preview a little later than the control plane, does not know it yet. */
    boolean isUnknownAtTheEdge(URI url, Map<String, String> headers) throws IOException {
        Refusal refusal = http.lookAt(url, headers);
        return refusal != null && refusal.party() != Refusal.Party.SANDBOX;
    }

    /** UTC, with its Z: a time without a zone would be taken for another one. */
    private static String text(Instant time) {
        return time.toString();
    }

    private URI uri(SandboxName sandbox, String rest) {
        return URI.create(options.api() + "/sandboxes/" + sandbox.text() + "/previews" + rest);
    }
}
