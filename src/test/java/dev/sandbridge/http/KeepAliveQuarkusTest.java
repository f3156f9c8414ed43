package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@QuarkusTest
@TestProfile(LocalSandboxProfile.class)
class KeepAliveQuarkusTest {
    @TestHTTPResource("/")
    URI base;

    @Test
    @DisplayName("statement 2: an idle connection stays usable for at least 20 s, whatever it carried before")
    void anIdleConnectionStaysUsable() throws Exception {
        var api = new ApiClient(base.toString(), LocalSandboxProfile.ADMIN);
        String id = api.create("{}");
        var first = new LinkedHashMap<String, String>();
        first.put("running", request("GET", "/v1/sandbox/" + id + "/running", ""));
        first.put("exec", request("POST", "/v1/sandbox/" + id + "/exec", "{\"argv\":[\"true\"]}"));
        first.put("put", request("PUT", "/v1/sandbox/" + id + "/file/workspace/a", "x".repeat(100_000)));
        first.put("bad exec", request("POST", "/v1/sandbox/" + id + "/exec", "{\"argv\":[]}"));
        first.put("missing file", request("GET", "/v1/sandbox/" + id + "/file/workspace/none", ""));
        first.put(
                "no key",
                "POST /v1/sandbox HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n" + "x".repeat(1000));
        var sockets = new LinkedHashMap<String, Socket>();
        try {
            for (var entry : first.entrySet()) {
                var socket = new Socket(base.getHost(), base.getPort());
                sockets.put(entry.getKey(), socket);
                exchange(socket, entry.getValue());
            }

            new CountDownLatch(1).await(21, TimeUnit.SECONDS);

            for (Map.Entry<String, Socket> entry : sockets.entrySet()) {
                String answer = exchange(entry.getValue(), request("GET", "/v1/sandbox/" + id + "/running", ""));
                assertThat(answer).as("after " + entry.getKey()).startsWith("HTTP/1.1 200 ");
            }
        } finally {
            for (Socket socket : sockets.values()) {
                socket.close();
            }
            api.delete(id);
        }
    }

    private static String request(String method, String path, String body) {
        return method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: bearer "
                + LocalSandboxProfile.ADMIN + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    }

    /** Sends a request and reads one answer, chunked or with a length. */
    private static String exchange(Socket socket, String request) throws IOException {
        socket.setSoTimeout(30_000);
        socket.getOutputStream().write(request.getBytes(ISO_8859_1));
        var in = socket.getInputStream();
        var answer = new StringBuilder();
        while (!complete(answer)) {
            int b = in.read();
            assertThat(b).as("the connection ended after: " + answer).isNotNegative();
            answer.append((char) b);
        }
        return answer.toString();
    }

    private static boolean complete(StringBuilder answer) {
        int head = answer.indexOf("\r\n\r\n");
        if (head < 0) {
            return false;
        }
        String headers = answer.substring(0, head).toLowerCase(java.util.Locale.ROOT);
        if (headers.contains("transfer-encoding: chunked")) {
            return answer.toString().endsWith("\r\n0\r\n\r\n");
        }
        int at = headers.indexOf("content-length: ");
        int length =
                Integer.parseInt(headers.substring(at + 16).lines().findFirst().orElseThrow());
        return answer.length() >= head + 4 + length;
    }
}
