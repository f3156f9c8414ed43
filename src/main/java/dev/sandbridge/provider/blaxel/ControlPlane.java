package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxSpec;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Blaxel's API for making, finding, changing and removing sandboxes. One request each; the flows stand elsewhere. */
final class ControlPlane {
    private static final int PAGE = 200;
    private static final int MOST_PAGES = 10_000;

    private final Http http;
    private final BlaxelOptions options;
    private final Clock clock;
    private final Previews previews;

    ControlPlane(Http http, BlaxelOptions options, Clock clock) {
        this.http = http;
        this.options = options;
        this.clock = clock;
        this.previews = new Previews(http, options);
    }

    Previews previews() {
        return previews;
    }

    /** Sent once: a lost answer leaves open whether there is a sandbox. */
    Instance create(SandboxSpec spec, String attempt) throws Refused, IOException {
        ObjectNode body = Json.object();
        ObjectNode metadata = body.putObject("metadata");
        metadata.put("name", spec.name().text());
        metadata.set("labels", RecordLabels.write(spec, attempt));
        ObjectNode settings = body.putObject("spec");
        if (options.region() != null) {
            settings.put("region", options.region());
        }
        ObjectNode runtime = settings.putObject("runtime");
        String image = spec.image();
        runtime.put("image", image == null ? options.image() : image);
        runtime.put("memory", Math.max(1, spec.limits().memoryBytes() >> 20));
        expireAt(settings, spec.expiresAt());
        return new Instance(http.json(Call.post("making a sandbox", uri("/sandboxes"), body)));
    }

    /** Empty only when the control plane says in its own words that there is none. */
    Optional<Instance> find(SandboxName name) {
        var call = Call.get("looking for a sandbox", uri(name));
        try {
            return Optional.of(new Instance(http.json(call)));
        } catch (Refused refused) {
            if (saysNone(refused.refusal())) {
                return Optional.empty();
            }
            throw known(refused);
        } catch (IOException broken) {
            throw Http.unreachable(call.operation(), broken);
        }
    }

    /** That very sandbox, ready; otherwise SANDBOX_NOT_FOUND. */
    Instance require(SandboxName name, String createdAt) {
        return find(name)
                .filter(found -> found.createdAt().equals(createdAt) && found.stage() == Instance.Stage.READY)
                .orElseThrow(ControlPlane::gone);
    }

    /** Every sandbox of the workspace, ours or not. A cursor that has died begins the list anew, once. */
    List<Instance> list() {
        try {
            return pages();
        } catch (Refused first) {
            if (first.refusal().status() != 400) {
                throw known(first);
            }
            try {
                return pages();
            } catch (Refused again) {
                throw known(again);
            }
        }
    }

    /**
     * Replaces what changes during a sandbox's life, and sends everything else back as it came. Sent once: it would
     * undo what another service has changed since.
     *
     * @throws IOException nothing is known: look it up
     */
    void update(Instance found, SandboxSpec spec) throws IOException {
        ObjectNode body = found.json().deepCopy();
        ObjectNode metadata = body.withObject("/metadata");
        ObjectNode labels = metadata.withObject("/labels");
        String attempt = labels.path(RecordLabels.ATTEMPT).asText("");
        var old = new ArrayList<String>();
        labels.fieldNames().forEachRemaining(old::add);
        old.removeIf(label -> !label.startsWith(RecordLabels.MARK));
        labels.remove(old);
        labels.setAll(RecordLabels.write(spec, attempt));
        expireAt(body.withObject("/spec"), spec.expiresAt());
        try {
            http.json(Call.put("changing a sandbox", uri(spec.name()), body).once());
        } catch (Refused refused) {
            if (refused.refusal().leavesOpen()) {
                throw new IOException(refused);
            }
            if (saysNone(refused.refusal())) {
                throw gone();
            }
            throw known(refused);
        }
    }

    /**
     * Begins to remove; a sandbox that is not there is fine. Sent once: before the next one, look whose the name is by
     * then.
     */
    void delete(SandboxName name) {
        Call call = Call.delete("removing a sandbox", uri(name)).once();
        try {
            http.json(call);
        } catch (Refused refused) {
            if (!saysNone(refused.refusal())) {
                throw known(refused);
            }
        } catch (IOException broken) {
            throw Http.unreachable(call.operation(), broken);
        }
    }

    Instant now() {
        return clock.instant();
    }

    static SandboxException gone() {
        return new SandboxException(ErrorCode.SANDBOX_NOT_FOUND, "the sandbox does not exist at Blaxel any more");
    }

    private List<Instance> pages() throws Refused {
        var found = new ArrayList<Instance>();
        String cursor = "";
        for (int page = 0; page < MOST_PAGES; page++) {
            String query = "?limit=" + PAGE
                    + (cursor.isEmpty() ? "" : "&cursor=" + URLEncoder.encode(cursor, StandardCharsets.UTF_8));
            var call = Call.get("listing sandboxes", uri("/sandboxes" + query));
            JsonNode answer;
            try {
                answer = http.json(call);
            } catch (IOException broken) {
                throw Http.unreachable(call.operation(), broken);
            }
            if (!answer.isArray()
                    && !answer.isNull()
                    && !answer.path("data").isContainerNode()
                    && !answer.has("meta")) {
                throw new SandboxException(ErrorCode.PROVIDER_FAILURE, "Blaxel answered no list of sandboxes");
            }
            (answer.isArray() ? answer : answer.path("data")).forEach(item -> found.add(new Instance(item)));
            cursor = answer.path("meta").path("nextCursor").asText("");
            if (cursor.isEmpty() || !answer.path("meta").path("hasMore").asBoolean(false)) {
                return found;
            }
        }
        throw new SandboxException(ErrorCode.PROVIDER_FAILURE, "Blaxel's list of sandboxes does not end");
    }

    /** The control plane's own "there is none", and nobody else's 404. */
    private static boolean saysNone(Refusal refusal) {
        return refusal.status() == 404
                && refusal.party() == Refusal.Party.CONTROL_PLANE
                && (refusal.code().isEmpty() || refusal.code().equals("SANDBOX_NOT_FOUND"));
    }

    private static SandboxException known(Refused refused) {
        if (refused.refusal().saysSandboxIsGone()) {
            return new SandboxException(
                            ErrorCode.PROVIDER_FAILURE, "Blaxel's control plane was not found under its address")
                    .action("check sandbridge.blaxel.api-url");
        }
        return refused.failure();
    }

    /** Blaxel removes by itself what we forget; late enough that we come first, and never in the past. */
    private void expireAt(ObjectNode settings, Instant expiry) {
        Instant now = clock.instant();
        Instant last = (expiry.isAfter(now) ? expiry : now)
                .plus(options.expiryMargin())
                .truncatedTo(ChronoUnit.SECONDS);
        settings.withObject("/lifecycle")
                .putArray("expirationPolicies")
                .addObject()
                .put("type", "date")
                .put("value", last.toString())
                .put("action", "delete");
    }

    private URI uri(SandboxName name) {
        return uri("/sandboxes/" + name.text());
    }

    private URI uri(String path) {
        return URI.create(options.api() + path);
    }
}
