package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.packaged.FunctionLauncher;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The contract's chapter on persist, over real sandboxes; and what a delete keeps. */
@QuarkusTest
@TestProfile(DoorProfile.class)
@Timeout(240)
@Tag("lambda-http")
class PersistQuarkusTest extends ArchiveSuite {
    @Test
    @DisplayName("statement 80: persist is 200, octet-stream, a plain tar of the contents under relative names")
    void persistIsAPlainTar() {
        sh("mkdir -p src; echo hello > src/a.txt; echo x > top");

        var answer = persist("");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).isEqualTo("application/octet-stream");
        assertThat(members(answer.bytes())).allMatch(name -> name.startsWith("./") || name.equals("."));
        assertThat(members(answer.bytes())).containsExactlyInAnyOrder("./", "./src/", "./src/a.txt", "./top");
        assertThat(run(List.of("tar", "-xOf", "-", "./src/a.txt"), answer.bytes()))
                .isEqualTo("hello\n");
    }

    @Test
    @DisplayName("statement 81, trap 10: excludes with raw commas and %2C leave out paths and all below them")
    void excludesAreTaken() {
        sh("mkdir -p data/x scratch src/data; touch data/x/1 scratch/2 src/data/3 keep");

        for (String excludes :
                List.of("data,scratch", "data%2Cscratch", "./data/,/workspace/scratch", "data&excludes=scratch")) {
            assertThat(members(persist("?excludes=" + excludes).bytes()))
                    .as(excludes)
                    .containsExactlyInAnyOrder("./", "./src/", "./src/data/", "./src/data/3", "./keep");
        }
    }

    @Test
    @DisplayName("statement 82: an exclude with the segment .. is 400; two dots within a name are fine")
    void excludesStayInside() {
        sh("touch a..b c");

        for (String excludes : List.of("../secret", "x/..", "x,../y", "%2e%2e/secret")) {
            var refused = persist("?excludes=" + excludes);
            assertThat(refused.status()).as(excludes).isEqualTo(400);
            assertThat(refused.error()).contains("..");
        }
        assertThat(members(persist("?excludes=a..b").bytes())).containsExactlyInAnyOrder("./", "./c");
    }

    @Test
    @DisplayName("statement 83, trap 10: excludes are literal, not patterns")
    void excludesAreNoPatterns() {
        sh("touch '[x]*' x xyz 'a*b' axxb '?'");

        assertThat(members(persist("?excludes=%5Bx%5D*,a*b,%3F").bytes()))
                .containsExactlyInAnyOrder("./", "./x", "./xyz", "./axxb");
    }

    @Test
    @DisplayName("statement 84, trap 15: no hard links, special files or GNU records; long names as PAX; all is told")
    void onlyWhatTheClientsRead() {
        String deep = "d".repeat(120) + "/" + "e".repeat(120);
        sh("mkdir -p " + deep + "; echo 1 > " + deep + "/" + "f".repeat(200) + "; ln " + deep
                + "/f* hard; mkfifo fifo; "
                + "ln -s " + "t".repeat(300) + " long; ln -s /etc/passwd out; ln -s /workspace/hard in; "
                + "perl -MSocket -e 'socket(S,AF_UNIX,SOCK_STREAM,0); bind(S,sockaddr_un(\"sock\"))'");

        var answer = persist("");

        byte[] bytes = answer.bytes();
        var types = new ArrayList<Character>();
        for (int at = 0; at + 512 <= bytes.length && bytes[at] != 0; ) {
            types.add((char) bytes[at + 156]);
            long size = Long.parseLong(new String(bytes, at + 124, 11, UTF_8).strip(), 8);
            at += (int) (512 + (size + 511) / 512 * 512);
        }
        assertThat(types).containsOnly('0', '2', '5', 'x').contains('x');
        assertThat(members(bytes)).contains("./" + deep + "/" + "f".repeat(200), "./hard", "./long", "./in");
        assertThat(members(bytes)).doesNotContain("./fifo", "./sock", "./out");
        assertThat(members(bytes, "-v")).anyMatch(line -> line.endsWith("./in -> hard"));
        if (FunctionLauncher.isUsed()) {
            // Two instances take turns, and a report is one instance's own.
            assertThat(DOOR.get("/v1/sandbox/" + id + "/reports/" + answer.header("Sandbridge-Archive-Report"))
                            .code())
                    .isEqualTo("capability_unavailable");
            return;
        }
        var report = DOOR.get("/v1/sandbox/" + id + "/reports/" + answer.header("Sandbridge-Archive-Report"))
                .json();
        assertThat(report.get("counts").get("special_file").asInt()).isEqualTo(2);
        assertThat(report.get("counts").get("link_leaves_workspace").asInt()).isEqualTo(1);
        assertThat(report.get("counts").get("link_rewritten").asInt()).isEqualTo(1);
        assertThat(report.get("counts").get("hard_link_copied").asInt()).isEqualTo(2);
        assertThat(report.get("lines").toString()).contains("\"path\":\"fifo\"", "\"path\":\"out\"", "/etc/passwd");
        assertThat(report.get("manifest").asText())
                .matches("[0-9a-f]{64}")
                .isEqualTo(answer.header("Sandbridge-Archive-Manifest"));
        assertThat(DOOR.get("/v1/sandbox/" + id + "/reports/1").code())
                .isEqualTo(DoorProfile.isFunction() ? "capability_unavailable" : "report_not_found");
        assertThat(Door.owner("nosy")
                        .get("/v1/sandbox/" + id + "/reports/" + report.get("report"))
                        .status())
                .isEqualTo(404);
    }

    @Test
    @DisplayName("statement 86: persist does not fail while files change, come and go")
    void persistWhileFilesChange() {
        DOOR.post(
                "/v1/sandbox/" + id + "/processes",
                Map.of(
                        "argv",
                        List.of(
                                "sh",
                                "-c",
                                "i=0; while :; do i=$((i+1)); echo $i >> log; mkdir -p t$((i%9)); "
                                        + ": > t$((i%9))/f; mv t$((i%9)) u 2>/dev/null; rm -rf u; done")));
        for (int i = 0; i < 10; i++) {
            byte[] archive = archive();
            assertThat(members(archive)).contains("./");
            var taken = hydrate(id, archive);
            assertThat(taken.status()).as(taken.text()).isEqualTo(200);
        }
    }

    @Test
    @DisplayName("statement 87: a workspace of 1 GiB is answered within 120 s")
    @Tag("long-lived")
    void aGibibyteIsInTime() throws Exception {
        sh("truncate -s 1G big");
        long start = System.nanoTime();
        try (var wire = new Wire()) {
            wire.send("POST /v1/sandbox/" + id + "/persist HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                    + DoorProfile.ADMIN + "\r\nContent-Length: 0\r\n\r\n");
            assertThat(wire.head().status()).isEqualTo(200);
            long size = 0;
            for (int chunk = wire.chunk(); chunk > 0; chunk = wire.chunk()) {
                size += wire.exactly(chunk).length;
                wire.line();
            }
            assertThat(size).isGreaterThan(1L << 30);
            assertThat(wire.line()).startsWith("Sandbridge-Archive-Manifest: ");
        }
        assertThat(System.nanoTime() - start).isLessThan(120_000_000_000L);
    }

    @Test
    @DisplayName("delete with snapshot_on_exit keeps the files, with pause_on_exit the sandbox")
    void deleteWithOptions() {
        sh("echo kept > f");

        var deleted = DOOR.delete("/v1/sandbox/" + id + "?snapshot_on_exit=true");

        assertThat(deleted.status()).isEqualTo(204);
        String snapshot = deleted.header("Sandbridge-Snapshot");
        assertThat(DOOR.running(id)).isFalse();
        var restored = DOOR.post("/v1/sandbox/" + id + "/restore", Map.of("snapshot", snapshot));
        assertThat(restored.json().get("skipped").booleanValue()).isFalse();
        assertThat(sh("cat f")).isEqualTo("kept\n");
        assertThat(DOOR.post("/v1/sandbox/" + id + "/restore", Map.of("snapshot", snapshot))
                        .json()
                        .get("skipped")
                        .booleanValue())
                .isTrue();
        assertThat(DOOR.delete("/v1/sandbox/" + id + "?pause_on_exit=1").status())
                .isEqualTo(204);
        assertThat(DOOR.running(id)).isTrue();
        assertThat(DOOR.delete("/v1/sandbox/" + id + "/snapshots/" + snapshot).status())
                .isEqualTo(204);
        assertThat(DOOR.get("/v1/sandbox/" + id + "/snapshots/" + snapshot).code())
                .isEqualTo("snapshot_not_found");
    }
}
