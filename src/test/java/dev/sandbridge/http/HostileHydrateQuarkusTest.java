package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.archive.HostileArchives;
import dev.sandbridge.archive.HostileArchives.Attack;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Every hostile archive against a real sandbox, through the door. */
@QuarkusTest
@TestProfile(HostileHydrateQuarkusTest.SmallArchives.class)
@Timeout(900)
class HostileHydrateQuarkusTest extends ArchiveSuite {
    /** The corpus's own limits, but for members: a sandbox's disk has no room for a million files. */
    public static final class SmallArchives extends DoorProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            var settings = super.getConfigOverrides();
            settings.put("sandbridge.archive.max-size", Long.toString(HostileArchives.LIMITS.bytesIn()));
            settings.put("sandbridge.archive.max-members", "20000");
            settings.put("sandbridge.archive.max-content", Long.toString(HostileArchives.LIMITS.bytesOut()));
            return settings;
        }
    }

    private static final long LITTLE = 64L << 20;

    private static final int PIECE = 256 << 10;
    private static final int LOOK = 64 << 20;

    @Test
    @DisplayName("statement 92, trap 46: after every hostile archive nothing is outside, the workspace is as before")
    void everyAttackIsRefusedAndChangesNothing() throws IOException {
        sh("mkdir -p d e; echo kept > d/f; echo kept > f; ln -s d l; echo before > /tmp/target; chmod 751 d");
        String before = everything();
        long held = memory();
        for (Attack attack : HostileArchives.all()) {
            Wire.Reply refused = send(attack, held);
            var answer = new Door.Answer(refused.status(), refused);
            assertThat(answer.status()).as("%s: %s", attack, answer.text()).isIn(413, 502);
            assertThat(answer.code()).as("%s", attack).isIn("payload_too_large", "workspace_archive_write_error");
            var details = answer.json().get("details");
            assertThat(details.get("rule").asText()).as("%s", attack).startsWith(attack.rule());
            assertThat(details.get("member").asText()).as("%s", attack).isNotEmpty();
            assertThat(answer.json().get("retryable").booleanValue()).isFalse();
            assertThat(everything()).as("after %s", attack).isEqualTo(before);
            assertThat(Files.exists(Path.of("/tmp/planted"), LinkOption.NOFOLLOW_LINKS))
                    .as("outside the sandbox, after %s", attack)
                    .isFalse();
        }
    }

    /** Every path of the sandbox's own disk with all that a change would change. */
    private String everything() {
        return sh("find / -xdev -printf '%p %i %y %m %T@ %C@ %s %l\\n' | grep -v '^/ ' | sort"
                + " | sha256sum; find . | sort");
    }

    /** Sends the archive in pieces, until its end or an answer, and looks at the memory meanwhile. */
    private Wire.Reply send(Attack attack, long held) throws IOException {
        try (var wire = new Wire();
                var archive = attack.open().get()) {
            wire.send("POST /v1/sandbox/" + id + "/hydrate HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                    + DoorProfile.ADMIN + "\r\nTransfer-Encoding: chunked\r\n\r\n");
            long sent = 0;
            byte[] piece = archive.readNBytes(PIECE);
            for (; piece.length > 0 && !wire.hasArrived(); piece = archive.readNBytes(PIECE)) {
                wire.send((Integer.toHexString(piece.length) + "\r\n").getBytes(ISO_8859_1));
                wire.send(piece).send("\r\n");
                sent += piece.length;
                if (sent % LOOK == 0) {
                    assertThat(memory() - held)
                            .as("bytes held in the midst of %s", attack)
                            .isLessThan(LITTLE);
                }
            }
            if (piece.length == 0) {
                wire.send("0\r\n\r\n");
            }
            return wire.reply("POST");
        }
    }

    private static long memory() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
