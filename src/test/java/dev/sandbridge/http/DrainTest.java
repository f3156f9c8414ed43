package dev.sandbridge.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How the built service ends when it is told to. */
@Timeout(120)
class DrainTest {
    @Test
    void onSigtermHealthSaysDrainingAndWhatRunsEndsInPeace(@TempDir Path data) throws Exception {
        try (var service = BuiltService.start(data, Map.of("SANDBRIDGE_DRAIN", "20", "SANDBRIDGE_DRAIN_DELAY", "6"))) {
            String sandbox = "/v1/sandbox/" + service.create();
            var running = service.begin(
                    "POST",
                    sandbox + "/exec",
                    "{\"argv\": [\"sh\", \"-c\", \"touch begun; while [ ! -e end ]; do sleep 0.1; done\"]}");
            Door.await(
                    "the command runs",
                    30,
                    () -> service.call("GET", sandbox + "/file/workspace/begun", "")
                                    .statusCode()
                            == 200);

            service.terminate();

            Door.await("health says draining", 30, () -> service.call("GET", "/health", "")
                    .body()
                    .contains("draining"));
            assertThat(service.call("GET", "/health", "").statusCode()).isEqualTo(503);
            assertThat(service.call("PUT", sandbox + "/file/workspace/end", "").statusCode())
                    .as("served while the load balancer turns away")
                    .isEqualTo(200);
            assertThat(running.get(30, TimeUnit.SECONDS).body()).contains("event: exit", "\"exit_code\":0");
            assertThat(service.hasEndedWithin(30)).as("it ends").isTrue();
        }
    }
}
