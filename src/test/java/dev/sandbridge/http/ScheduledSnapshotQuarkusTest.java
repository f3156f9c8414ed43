package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The service takes snapshots by itself where it is told to. */
@QuarkusTest
@TestProfile(ScheduledSnapshotQuarkusTest.EverySecond.class)
class ScheduledSnapshotQuarkusTest {
    private final Door door = Door.admin();

    /** A schedule that a test can wait for. */
    public static final class EverySecond extends DoorProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            Map<String, String> settings = super.getConfigOverrides();
            settings.put("sandbridge.snapshots.every", "1s");
            settings.put("sandbridge.snapshots.labels.\"keep\"", "yes");
            return settings;
        }
    }

    private int snapshots(String id) {
        return door.get("/v1/sandbox/" + id + "/snapshots")
                .json()
                .get("snapshots")
                .size();
    }

    @Test
    void whatIsLabelledSoIsKeptByItself() {
        String left = door.create();
        String kept = door.create(Map.of("labels", Map.of("keep", "yes")));
        door.write(left, "workspace/f", "x".getBytes(UTF_8));
        Door.await("the empty workspace", 60, () -> snapshots(kept) > 0);
        int before = snapshots(kept);

        door.write(kept, "workspace/f", "x".getBytes(UTF_8));
        Door.await("the change", 60, () -> snapshots(kept) > before);

        assertThat(snapshots(left)).isZero();
    }
}
