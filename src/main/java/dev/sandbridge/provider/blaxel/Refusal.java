package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import dev.sandbridge.error.SandboxException;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An answer that is not a success, told apart by its structure and never by its status alone: five parties between us
 * and a sandbox answer, each in a shape of its own.
 *
 * @param party who answered
 * @param code the party's own name of the failure, unknown ones included; empty where it has none
 * @param reason what it says; kept for decisions, never shown to callers
 * @param retryable what the party says about sending the request again
 * @param untouched whether the request certainly reached no sandbox
 * @param retryAfter how long the party wants to be left alone; zero where it does not say
 */
record Refusal(
        Party party,
        int status,
        String code,
        String reason,
        boolean retryable,
        boolean untouched,
        Duration retryAfter,
        @Nullable String requestId) {
    /**
     * How often in a row the gateway must say that there is no sandbox before that is believed of one in which
     * something may be at work: something on the way may answer like it once.
     */
    static final int GONE_LOOKS = 3;

    /** Who can answer. */
    enum Party {
        /** What makes and removes sandboxes. */
        CONTROL_PLANE,
        /** What stands in front of every sandbox. */
        GATEWAY,
        /** The server inside a sandbox. */
        SANDBOX,
        /** That server, which has no such route: it is older than what was asked. */
        SANDBOX_ROUTER,
        /** Something that answers with a page or with nothing. */
        NETWORK
    }

    private static final List<String> REQUEST_IDS = List.of("X-Cf-Request-Id", "X-Amz-Cf-Id", "CF-Ray");

    static Refusal of(int status, HttpHeaders headers, byte[] body) {
        JsonNode json = Json.read(body);
        JsonNode error = json.path("error");
        String header = headers.firstValue("X-Blaxel-Error-Code").orElse("");
        if (error.isObject()) {
            String code = error.path("code").asText("");
            return new Refusal(
                    Party.GATEWAY,
                    status,
                    code.isEmpty() ? header : code,
                    error.path("message").asText(""),
                    error.path("retryable").asBoolean(false),
                    error.path("safe_to_retry_request").asBoolean(false)
                            || error.path("dispatch_state").asText("").equals("not_dispatched"),
                    retryAfter(headers),
                    requestId(headers));
        }
        Party party = party(json, error, headers, new String(body, StandardCharsets.UTF_8).strip(), status);
        String code = json.path("code").isTextual() ? json.path("code").asText() : header;
        String details = json.path("reason").asText("");
        String text = error.isTextual() ? error.asText() : json.path("message").asText("");
        return new Refusal(
                party,
                status,
                code,
                details.isEmpty() ? text : details,
                false,
                false,
                retryAfter(headers),
                requestId(headers));
    }

    private static Party party(JsonNode json, JsonNode error, HttpHeaders headers, String text, int status) {
        if (text.equals("404 page not found")) {
            return Party.SANDBOX_ROUTER;
        }
        if (json.has("status_code") || json.path("code").isNumber()) {
            return Party.CONTROL_PLANE;
        }
        if (error.isTextual()) {
            return Party.SANDBOX;
        }
        boolean platform = headers.firstValue("X-Blaxel-Source").isPresent()
                || headers.firstValue("X-Blaxel-Error-Code").isPresent();
        return platform || status == 404 ? Party.GATEWAY : Party.NETWORK;
    }

    private static Duration retryAfter(HttpHeaders headers) {
        String value = headers.firstValue("Retry-After").orElse("");
        return value.matches("[0-9]{1,5}") ? Duration.ofSeconds(Integer.parseInt(value)) : Duration.ZERO;
    }

    private static @Nullable String requestId(HttpHeaders headers) {
        return REQUEST_IDS.stream()
                .flatMap(name -> headers.firstValue(name).stream())
                .findFirst()
                .orElse(null);
    }

    /** Whether the gateway says that there is no sandbox behind the address any more. */
    boolean saysSandboxIsGone() {
        return party == Party.GATEWAY && status == 404 && (code.isEmpty() || code.equals("WORKLOAD_NOT_FOUND"));
    }

    /** Whether the sandbox exists and only cannot be reached yet. */
    boolean saysNotYet() {
        return code.equals("WORKLOAD_UNAVAILABLE");
    }

    /** Whether the control plane may have done what was asked: others gave up waiting for it, or it for itself. */
    boolean leavesOpen() {
        return status >= 500 && (party != Party.CONTROL_PLANE || status == 504);
    }

    /** Whether a sandbox may be at work on what it was asked for, because somebody between gave up waiting for it. */
    boolean mayHaveBegun() {
        boolean passedOn = party != Party.SANDBOX || status >= 502 && status <= 504;
        return status >= 500 && passedOn && !untouched;
    }

    /** The failure as callers see it, where no better word for it is known. */
    SandboxException failure(String operation) {
        String what = operation + " failed at Blaxel with status " + status + (code.isEmpty() ? "" : " (" + code + ")");
        if (saysSandboxIsGone()) {
            return new SandboxException(ErrorCode.SANDBOX_NOT_FOUND, "the sandbox does not exist at Blaxel any more");
        }
        String named = requestId == null ? what : what + ", request " + requestId;
        return switch (status) {
            case 401, 403 ->
                new SandboxException(ErrorCode.PROVIDER_FAILURE, named)
                        .action("check the credentials and the workspace of sandbridge.blaxel")
                        .retry(Retry.NO);
            case 402 ->
                new SandboxException(ErrorCode.CAPACITY_EXCEEDED, named)
                        .action("raise the usage limit of the Blaxel account")
                        .retry(Retry.NO);
            case 413 ->
                new SandboxException(
                                ErrorCode.PAYLOAD_TOO_LARGE,
                                operation + ": Blaxel takes at most 5,000,000 bytes in one request")
                        .retry(Retry.NO);
            case 429 -> new SandboxException(ErrorCode.CAPACITY_EXCEEDED, named).action("try again later");
            case 408, 502, 503, 504 -> new SandboxException(ErrorCode.PROVIDER_FAILURE, named).retry(Retry.YES);
            default -> new SandboxException(ErrorCode.PROVIDER_FAILURE, named);
        };
    }
}
