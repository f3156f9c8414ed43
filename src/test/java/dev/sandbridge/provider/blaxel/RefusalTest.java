package dev.sandbridge.provider.blaxel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.Retry;
import java.net.http.HttpHeaders;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RefusalTest {
    @Test
    @DisplayName("statement 8: the five shapes of errors are told apart by structure")
    void shapesAreToldApart() {
        assertThat(refusal(404, "{\"code\":404,\"error\":\"Sandbox not found\"}")
                        .party())
                .isEqualTo(Refusal.Party.CONTROL_PLANE);
        Refusal create = refusal(409, """
                {"code":"SANDBOX_ALREADY_EXISTS","message":"m","status_code":409,"reason":"CREATION_IN_PROGRESS"}""");
        assertThat(create.party()).isEqualTo(Refusal.Party.CONTROL_PLANE);
        assertThat(create.code()).isEqualTo("SANDBOX_ALREADY_EXISTS");
        assertThat(create.reason()).isEqualTo("CREATION_IN_PROGRESS");
        Refusal gateway = refusal(404, """
                {"error":{"code":"WORKLOAD_UNAVAILABLE","message":"m","status":404,"retryable":true,
                "dispatch_state":"not_dispatched"}}""");
        assertThat(gateway.party()).isEqualTo(Refusal.Party.GATEWAY);
        assertThat(gateway.retryable()).isTrue();
        assertThat(gateway.untouched()).isTrue();
        assertThat(gateway.saysSandboxIsGone()).isFalse();
        Refusal sandbox = refusal(404, "{\"error\":\"process not found\"}");
        assertThat(sandbox.party()).isEqualTo(Refusal.Party.SANDBOX);
        assertThat(sandbox.saysSandboxIsGone()).isFalse();
        assertThat(refusal(502, "<html>bad</html>").party()).isEqualTo(Refusal.Party.NETWORK);
    }

    @Test
    @DisplayName("statement 9: error may be an object or a string, and an unknown code is kept")
    void unknownCodesAreKept() {
        Refusal unknown = refusal(500, "{\"error\":{\"code\":\"BRAND_NEW\",\"message\":\"m\"}}");

        assertThat(unknown.code()).isEqualTo("BRAND_NEW");
        assertThat(unknown.failure("reading a file").text()).contains("BRAND_NEW", "500");
        assertThat(refusal(500, "{\"error\":\"text\"}").reason()).isEqualTo("text");
    }

    @Test
    @DisplayName("statement 10: empty, cut and foreign bodies raise no parser error")
    void anyBodyIsRead() {
        for (String body : List.of("", "<html>", "{\"error\":", "null", "[]", "\"x\"", "42")) {
            assertThat(refusal(503, body).failure("x").code()).as(body).isEqualTo(ErrorCode.PROVIDER_FAILURE);
        }
    }

    @Test
    @DisplayName("statement 11: the code may come in a header, and the request id in one of three")
    void headersTellWhatABodyLacks() {
        var refusal = Refusal.of(
                502,
                headers(Map.of("X-Blaxel-Error-Code", "UPSTREAM_ERROR", "CF-Ray", "ray", "X-Amz-Cf-Id", "amz")),
                SmallServer.utf8("<html>"));

        assertThat(refusal.code()).isEqualTo("UPSTREAM_ERROR");
        assertThat(refusal.requestId()).isEqualTo("amz");
    }

    @Test
    @DisplayName("statement 15: 402 and 403 tell not to try again")
    void someAreFinal() {
        assertThat(refusal(403, "{\"error\":\"no\"}").failure("x").retry()).isEqualTo(Retry.NO);
        assertThat(refusal(402, "{\"error\":\"no\"}").failure("x").retry()).isEqualTo(Retry.NO);
    }

    @Test
    @DisplayName("statement 100: 413 names the limit and is not tried again")
    void tooLarge() {
        var failure = refusal(413, "{\"error\":{\"code\":\"REQUEST_ENTITY_TOO_LARGE\"}}")
                .failure("writing a file");

        assertThat(failure.code()).isEqualTo(ErrorCode.PAYLOAD_TOO_LARGE);
        assertThat(failure.text()).contains("5,000,000");
        assertThat(failure.retry()).isEqualTo(Retry.NO);
    }

    @Test
    @DisplayName("statements 119 and 120: no such route, no such process and no such sandbox are three things")
    void notFoundIsThreeThings() {
        assertThat(refusal(404, "404 page not found").party()).isEqualTo(Refusal.Party.SANDBOX_ROUTER);
        assertThat(refusal(404, "404 page not found").saysSandboxIsGone()).isFalse();
        assertThat(refusal(404, "Not Found").saysSandboxIsGone()).isTrue();
        assertThat(refusal(404, "{\"error\":{\"code\":\"WORKLOAD_NOT_FOUND\"}}").saysSandboxIsGone())
                .isTrue();
        assertThat(refusal(404, "{\"error\":{\"code\":\"WORKSPACE_NOT_FOUND\"}}")
                        .saysSandboxIsGone())
                .isFalse();
    }

    private static Refusal refusal(int status, String body) {
        return Refusal.of(status, headers(Map.of()), SmallServer.utf8(body));
    }

    private static HttpHeaders headers(Map<String, String> values) {
        var lists = new java.util.HashMap<String, List<String>>();
        values.forEach((name, value) -> lists.put(name, List.of(value)));
        return HttpHeaders.of(lists, (name, value) -> true);
    }
}
