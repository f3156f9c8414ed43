package dev.sandbridge.websocket;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sandbridge.http.BuiltService;
import dev.sandbridge.provider.blaxel.StandInResource;
import java.io.ByteArrayOutputStream;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Terminals that live at their provider, when the built service ends and another one comes. */
@Timeout(180)
class TerminalRestartTest {
    private final StandInResource vendor = new StandInResource();

    @TempDir
    private Path data;

    /** A viewer that counts what it has. */
    private static final class Viewer implements WebSocket.Listener {
        private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
        private final List<JsonNode> said = new CopyOnWriteArrayList<>();
        private final CompletableFuture<Integer> closed = new CompletableFuture<>();
        private volatile long first;

        /** Of what it has not seen yet. */
        long offset() {
            return first + shown.size();
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket ws, CharSequence text, boolean last) {
            try {
                JsonNode message = Service.JSON.readTree(text.toString());
                if (message.has("offset")) {
                    first = message.path("offset").asLong() - shown.size();
                }
                said.add(message);
            } catch (java.io.IOException malformed) {
                closed.completeExceptionally(malformed);
            }
            ws.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onBinary(WebSocket ws, ByteBuffer bytes, boolean last) {
            shown.writeBytes(ISO_8859_1.decode(bytes).toString().getBytes(ISO_8859_1));
            ws.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket ws, int code, String reason) {
            closed.complete(code);
            return null;
        }

        @Override
        public void onError(WebSocket ws, Throwable broken) {
            closed.complete(1006);
        }

        String text() {
            return shown.toString(UTF_8);
        }

        List<String> types() {
            return said.stream().map(message -> message.path("type").asText()).toList();
        }

        JsonNode last() {
            return said.getLast();
        }
    }

    @AfterEach
    void stop() {
        vendor.stop();
    }

    @ParameterizedTest(name = "killed: {0}")
    @ValueSource(booleans = {false, true})
    void aViewerThatComesBackToTheNextServiceFindsItsShellAsItWas(boolean killed) throws Exception {
        Map<String, String> settings = new HashMap<>(vendor.start());
        settings.put("sandbridge.profiles.\"default\".provider", "blaxel");
        settings.put("SANDBRIDGE_DRAIN_DELAY", "0");
        String sandbox;
        String startedAt;
        var before = new Viewer();
        try (var first = BuiltService.start(data, settings)) {
            sandbox = first.create();
            WebSocket ws = first.terminal(sandbox, "?session=s1&shell=/bin/sh", before);
            BuiltService.type(ws, "stty -echo -opost; cd /tmp; WORD=kept; echo at$((1))\n");
            Service.await("the shell answers", 60, () -> before.text().contains("at1\n"));
            // Goes on with nobody there.
            BuiltService.type(
                    ws, "echo be$((1))gun; until [ -e go ]; do sleep 0.05; done; seq 1 500; echo do$((1))ne\n");
            Service.await("a program runs", 60, () -> before.text().contains("be1gun\n"));
            startedAt = before.said.getFirst().path("started_at").asText();
            if (killed) {
                first.kill();
            } else {
                first.terminate();
            }
            assertThat(before.closed.get(60, TimeUnit.SECONDS)).isEqualTo(killed ? 1006 : 1001);
            assertThat(first.hasEndedWithin(60)).isTrue();
        }

        try (var second = BuiltService.start(data, settings)) {
            var after = new Viewer();
            second.call("POST", "/v1/sandbox/" + sandbox + "/exec", "{\"argv\": [\"touch\", \"/tmp/go\"]}");
            WebSocket ws = second.terminal(sandbox, "?session=s1&shell=/bin/sh&offset=" + before.offset(), after);
            Service.await("the program's end is seen", 60, () -> after.text().contains("do1ne\n"));
            BuiltService.type(ws, "echo $WORD in $PWD; exit 7\n");
            assertThat(after.closed.get(60, TimeUnit.SECONDS)).isEqualTo(1000);

            var lines = new StringBuilder();
            for (int i = 1; i <= 500; i++) {
                lines.append(i).append('\n');
            }
            assertThat(before.text() + after.text()).containsOnlyOnce("be1gun\n" + lines + "do1ne\n");
            assertThat(after.text()).startsWith("1\n2\n").contains("kept in /tmp\n");
            assertThat(after.types()).containsExactly("ready", "exit");
            assertThat(after.last().path("code").asInt()).isEqualTo(7);
            assertThat(after.said.getFirst().path("started_at").asText()).isEqualTo(startedAt);

            var fresh = new Viewer();
            second.terminal(sandbox, "?session=s1&shell=/bin/sh", fresh);
            Service.await("a new shell", 60, () -> !fresh.said.isEmpty());
            assertThat(fresh.said.getFirst().path("started_at").asText()).isGreaterThan(startedAt);
            assertThat(second.call("DELETE", "/v1/sandbox/" + sandbox, "").statusCode())
                    .isEqualTo(204);
        }
    }
}
