package dev.sandbridge.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.http.BuiltService;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What terminals hear of the end of the built service. */
@Timeout(120)
class TerminalDrainTest {
    private static final int GOING_AWAY = 1001;

    /** A viewer that remembers. */
    private static final class Viewer implements WebSocket.Listener {
        private final StringBuffer shown = new StringBuffer();
        private final CompletableFuture<String> closed = new CompletableFuture<>();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket ws, CharSequence text, boolean last) {
            shown.append(text);
            ws.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onBinary(WebSocket ws, ByteBuffer bytes, boolean last) {
            shown.append(UTF_8.decode(bytes));
            ws.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket ws, int code, String reason) {
            closed.complete(code + " " + reason);
            return null;
        }

        @Override
        public void onError(WebSocket ws, Throwable broken) {
            closed.complete(broken.toString());
        }
    }

    @Test
    void onSigtermViewersAreSentToReconnectAndCommandsEndInPeace(@TempDir Path data) throws Exception {
        try (var service = BuiltService.start(data, Map.of("SANDBRIDGE_DRAIN", "60", "SANDBRIDGE_DRAIN_DELAY", "1"))) {
            String sandbox = service.create();
            var viewer = new Viewer();
            var command = new Viewer();
            WebSocket watching = service.terminal(sandbox, "?session=s1", viewer);
            WebSocket running = service.terminal(sandbox, "", command);
            BuiltService.type(watching, "echo he$((1))re\n");
            Service.await(
                    "the terminal answers", 30, () -> viewer.shown.toString().contains("he1re"));
            BuiltService.type(running, "echo be$((1))gun; read line; exit 7\n");
            Service.await("the command runs", 30, () -> command.shown.toString().contains("be1gun"));

            service.terminate();

            assertThat(viewer.closed.get(30, TimeUnit.SECONDS))
                    .startsWith(GOING_AWAY + " ")
                    .contains("offset");
            assertThat(command.closed).as("the command goes on").isNotDone();
            BuiltService.type(running, "go\n");
            assertThat(command.closed.get(30, TimeUnit.SECONDS)).startsWith("1000");
            assertThat(command.shown.toString()).contains("\"exit\"", "7");
            assertThat(service.hasEndedWithin(30)).as("it ends").isTrue();
        }
    }

    @Test
    void whatStillRunsAtTheEndIsToldToo(@TempDir Path data) throws Exception {
        try (var service = BuiltService.start(data, Map.of("SANDBRIDGE_DRAIN", "2", "SANDBRIDGE_DRAIN_DELAY", "0"))) {
            String sandbox = service.create();
            var command = new Viewer();
            WebSocket running = service.terminal(sandbox, "", command);
            BuiltService.type(running, "echo be$((1))gun; sleep 300\n");
            Service.await("the command runs", 30, () -> command.shown.toString().contains("be1gun"));

            service.terminate();

            assertThat(command.closed.get(60, TimeUnit.SECONDS)).startsWith(GOING_AWAY + " ");
            assertThat(service.hasEndedWithin(60)).isTrue();
        }
    }
}
