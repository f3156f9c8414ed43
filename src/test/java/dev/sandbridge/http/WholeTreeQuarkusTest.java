package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sandbridge.archive.RandomArchive;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whole workspaces over real sandboxes: that nothing is lost, and that what differs is told. */
@QuarkusTest
@TestProfile(DoorProfile.class)
@Timeout(240)
class WholeTreeQuarkusTest extends ArchiveSuite {
    private static final int TREES = 12;

    private JsonNode report(String number) {
        return DOOR.get("/v1/sandbox/" + id + "/reports/" + number).json();
    }

    /** The lines of a manifest, and its digest. */
    private TreeSet<String> manifest(String digest) {
        var lines = new TreeSet<String>(List.of(digest));
        var told = DOOR.get("/v1/sandbox/" + id + "/manifests/" + digest);
        assertThat(told.status()).as(told.text()).isEqualTo(200);
        told.text().lines().forEach(lines::add);
        return lines;
    }

    @Test
    @DisplayName("statement 93, trap 15: random trees come back the same, and what persist wrote hydrate takes")
    void randomTreesComeBackTheSame() {
        long first = new Random().nextLong(1L << 40);
        for (long seed = first; seed < first + TREES; seed++) {
            var tree = RandomArchive.of(seed);
            var taken = hydrate(id, tree.tar(), "?clear=true&manifest=" + tree.manifest());
            assertThat(taken.text()).as("seed %d", seed).isEqualTo("{\"ok\":true,\"restore\":\"complete\"}");

            var out = persist("");

            assertThat(manifest(out.header("Sandbridge-Archive-Manifest")))
                    .as("seed %d", seed)
                    .isEqualTo(manifest(tree.manifest()));
            assertThat(hydrate(id, gzip(out.bytes()), "?clear=1&manifest=" + tree.manifest())
                            .status())
                    .as("seed %d, what persist wrote", seed)
                    .isEqualTo(200);
        }
    }

    @Test
    @DisplayName("trap 13: set-id bits and the archive's owners are dropped; what comes belongs to the sandbox's user")
    void setIdBitsAndOwnersAreDropped() {
        byte[] archive = tar("echo x > f; chmod 6755 f; mkdir d; chmod 3777 d", "--owner=12345", "--group=23456");

        assertThat(hydrate(id, archive).status()).isEqualTo(200);

        assertThat(sh("stat -c '%a %u %g' f d; id -u; id -g")).matches("755 (\\d+) (\\d+)\n1777 \\1 \\2\n\\1\n\\2\n");
    }

    @Test
    @DisplayName("trap 12: a file that changes or goes while it is read fails nothing; both are told in the report")
    void whatChangesIsTold() throws IOException {
        sh("truncate -s 200M a-large; echo x > z-goes; mkdir z-dir; echo y > z-dir/g");
        String number;
        try (var wire = new Wire(64 * 1024)) {
            wire.send("POST /v1/sandbox/" + id + "/persist HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                    + DoorProfile.ADMIN + "\r\nContent-Length: 0\r\n\r\n");
            var head = wire.head();
            assertThat(head.status()).isEqualTo(200);
            assertThat(head.header("Trailer")).contains("Sandbridge-Archive-Report", "Sandbridge-Archive-Manifest");
            number = head.header("Sandbridge-Archive-Report");
            sh("echo changed >> a-large; rm z-goes z-dir/g");
            for (int size = wire.chunk(); size > 0; size = wire.chunk()) {
                wire.exactly(size);
                wire.line();
            }
            var trailers = List.of(wire.line(), wire.line(), wire.line());
            assertThat(trailers).contains("Sandbridge-Archive-Report: " + number, "");
        }
        var report = report(number);
        assertThat(report.at("/counts/changed").asInt()).isEqualTo(1);
        assertThat(report.get("lines").toString()).contains("{\"kind\":\"changed\",\"path\":\"a-large\"");
        assertThat(report.at("/counts/vanished").asInt()).isEqualTo(1);
        assertThat(report.get("lines").toString()).contains("{\"kind\":\"vanished\",\"path\":\"z-goes\"");
    }

    @Test
    @DisplayName("trap 14: names and links that are no UTF-8 break no report, no manifest and no round trip")
    void namesThatAreNoText() {
        sh("touch \"$(printf 'caf\\351')\"; mkfifo \"$(printf 'p\\nq')\"; "
                + "ln -s \"$(printf '/etc/\\377')\" \"$(printf 'out\\376')\"");

        var out = persist("");

        var report = report(out.header("Sandbridge-Archive-Report"));
        assertThat(report.at("/counts/link_leaves_workspace").asInt()).isEqualTo(1);
        assertThat(report.at("/lines").toString()).contains("p\\\\u000aq");
        String digest = out.header("Sandbridge-Archive-Manifest");
        assertThat(DOOR.get("/v1/sandbox/" + id + "/manifests/" + digest).text())
                .contains("./caf%e9\n");
        assertThat(hydrate(id, out.bytes(), "?clear=true&manifest=" + digest).status())
                .isEqualTo(200);
        assertThat(sh("ls | od -An -tx1")).contains("63 61 66 e9");
    }

    @Test
    @DisplayName("trap 25: many persists and hydrates at once share nothing: each archive is whole, one hydrate works")
    void manyAtOnceShareNothing() {
        sh("for i in $(seq 200); do head -c 3000 /dev/urandom > f$i; done");
        var whole = persist("");
        String digest = whole.header("Sandbridge-Archive-Manifest");
        var persists = new ArrayList<CompletableFuture<String>>();
        var hydrates = new ArrayList<CompletableFuture<Integer>>();
        for (int i = 0; i < 6; i++) {
            persists.add(CompletableFuture.supplyAsync(() -> persist("").header("Sandbridge-Archive-Manifest")));
            hydrates.add(CompletableFuture.supplyAsync(
                    () -> hydrate(id, whole.bytes(), "?clear=true").status()));
        }
        assertThat(hydrates.stream().map(CompletableFuture::join)).contains(200).isSubsetOf(200, 409);
        assertThat(persists.stream().map(CompletableFuture::join)).doesNotContain("");
        assertThat(persist("").header("Sandbridge-Archive-Manifest")).isEqualTo(digest);
    }

    @Test
    @DisplayName("trap 15: a persist that breaks off in its middle has no end, so that nobody takes it for a whole one")
    void aPersistThatBreaksOffHasNoEnd() throws IOException {
        for (int i = 0; i < 8; i++) {
            String sandbox = DOOR.create();
            sh(sandbox, "truncate -s 300M big");
            try (var wire = new Wire(64 * 1024)) {
                wire.request(
                        "POST",
                        "/v1/sandbox/" + sandbox + "/persist",
                        new byte[0],
                        "Authorization",
                        "Bearer " + DoorProfile.ADMIN,
                        "Content-Length",
                        "0");
                assertThat(wire.head().status()).isEqualTo(200);
                wire.exactly(wire.chunk());
                wire.line();

                DOOR.delete("/v1/sandbox/" + sandbox);

                assertThatThrownBy(() -> {
                            for (int size = wire.chunk(); size > 0; size = wire.chunk()) {
                                wire.exactly(size);
                                wire.line();
                            }
                        })
                        .isInstanceOf(IOException.class);
            }
        }
    }

    @Test
    @DisplayName("trap 45: a hydrate leaves nothing but what the archive holds, in the workspace or beside it")
    void nothingIsLeftBehind() {
        sh("echo one > f");
        byte[] archive = archive();
        String listing = "ls -A /tmp; find / -xdev -not -path '/workspace*' -newer /tmp/mark -type f";
        sh("touch /tmp/mark");
        String before = sh(listing);

        for (String query : List.of("", "?clear=true")) {
            var taken = hydrate(id, archive, query);
            assertThat(taken.status()).as(taken.text()).isEqualTo(200);
            assertThat(hydrate(id, "no archive".getBytes(UTF_8), query).status())
                    .isEqualTo(502);
        }

        assertThat(sh("ls -A")).isEqualTo("f\n");
        assertThat(sh(listing)).isEqualTo(before);
    }

    @Test
    @DisplayName("a manifest names path, type, mode, size, time, target and SHA-256 of everything in the archive")
    void theManifestIsWhatTheArchiveHolds() {
        sh("mkdir -m 750 d; printf hello > d/f; chmod 640 d/f; ln -s f d/l; touch -h -d @1500000000.5 d/f d/l d; "
                + "chmod 755 .; touch -d @1400000000 .");
        var out = persist("");
        String digest = out.header("Sandbridge-Archive-Manifest");

        String lines = DOOR.get("/v1/sandbox/" + id + "/manifests/" + digest).text();

        assertThat(lines.lines())
                .containsExactlyInAnyOrder(
                        "directory 0755 0 1400000000 - ./",
                        "directory 0750 0 1500000000.5 - ./d",
                        "file 0640 5 1500000000.5 "
                                + "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 ./d/f",
                        "symlink 0777 0 1500000000.5 - ./d/l -> f");
        assertThat(DOOR.get("/v1/sandbox/" + id + "/manifests/" + "0".repeat(64))
                        .code())
                .isEqualTo("report_not_found");
        assertThat(Door.owner("curious")
                        .get("/v1/sandbox/" + id + "/manifests/" + digest)
                        .status())
                .isEqualTo(404);
    }

    @Test
    @DisplayName(
            "a restore that is incomplete says which paths are missing, unexpected and changed, and changes nothing")
    void theDifferenceIsTold() {
        sh("echo one > same; echo two > changes; echo three > goes; touch -d @1 same changes goes .");
        String wanted = persist("").header("Sandbridge-Archive-Manifest");
        sh("rm goes; echo more > changes; echo new > comes; touch -d @1 changes .");
        byte[] other = archive();
        sh("echo live > f");

        var incomplete = hydrate(id, other, "?clear=true&manifest=" + wanted);

        assertThat(incomplete.status()).isEqualTo(502);
        assertThat(incomplete.json().get("retryable").booleanValue()).isFalse();
        var details = incomplete.json().get("details");
        assertThat(details.get("restore").asText()).isEqualTo("incomplete");
        assertThat(List.of(
                        details.get("missing").asInt(),
                        details.get("unexpected").asInt()))
                .containsOnly(1);
        assertThat(details.get("changed").asInt()).isEqualTo(1);
        var differences = new TreeSet<String>();
        details.get("differences")
                .forEach(line -> differences.add(
                        line.get("kind").asText() + " " + line.get("path").asText()));
        assertThat(differences).containsExactly("changed changes", "missing goes", "unexpected comes");
        assertThat(sh("cat f; ls")).isEqualTo("live\nchanges\ncomes\nf\nsame\n");
    }

    @Test
    @DisplayName("an archive larger than any other upload may be is taken: persist and hydrate have the same limits")
    void archivesHaveTheirOwnLimits() {
        sh("head -c " + (DoorProfile.MAX_UPLOAD + 1) + " /dev/zero > large");
        byte[] archive = archive();
        assertThat(archive.length).isGreaterThan(DoorProfile.MAX_UPLOAD);

        assertThat(hydrate(id, archive, "?clear=true").status()).isEqualTo(200);
    }

    @Test
    void aDirectoryForWhichThereIsNoRoomIsSaid() {
        String small = DOOR.create(Map.of("profile", "small"));
        try {
            // What a file system keeps in reserve for a file that is being written, a directory may get.
            sh(small, "cat /dev/zero > filler; sync; while mkdir $((i += 1)); do :; done; true");

            var refused = DOOR.post("/v1/sandbox/" + small + "/mkdir", Map.of("path", "/workspace/d"));

            assertThat(refused.status()).as(refused.text()).isEqualTo(507);
            assertThat(refused.code()).isEqualTo("disk_full");
        } finally {
            DOOR.delete("/v1/sandbox/" + small);
        }
    }

    @Test
    @DisplayName("a disk that is full is said, and leaves the workspace as it was")
    void aFullDiskChangesNothing() {
        String small = DOOR.create(Map.of("profile", "small"));
        try {
            sh(small, "echo kept > f; mkdir d; echo kept > d/g");
            String facts = "stat -c '%n %i %Y %a' . f d d/g; cat f d/g";
            String before = sh(small, facts);

            var refused = hydrate(small, tar("head -c 90000000 /dev/urandom > big; echo new > f"), "?clear=true");

            assertThat(refused.status()).as(refused.text()).isEqualTo(507);
            assertThat(refused.code()).isEqualTo("disk_full");
            assertThat(sh(small, facts)).isEqualTo(before);
            Door.await(
                    "the disk to be free again",
                    30,
                    () -> hydrate(small, tar("head -c 9000000 /dev/urandom > h"))
                                    .status()
                            == 200);
        } finally {
            DOOR.delete("/v1/sandbox/" + small);
        }
    }

    @Test
    @DisplayName("what a snapshot leaves out is told like what an archive does, also when the sandbox goes with it")
    void snapshotsTellWhatTheyLeaveOut() {
        sh("mkfifo pipe; ln -s /usr/bin/env tool; echo kept > f");

        var made = DOOR.post("/v1/sandbox/" + id + "/snapshots", Map.of());
        var report = report(made.header("Sandbridge-Archive-Report"));
        assertThat(report.at("/counts/special_file").asInt()).isEqualTo(1);
        assertThat(report.get("manifest")).isEqualTo(made.json().get("manifest"));

        var deleted = DOOR.delete("/v1/sandbox/" + id + "?snapshot_on_exit=true");
        assertThat(deleted.status()).isEqualTo(204);
        assertThat(report(deleted.header("Sandbridge-Archive-Report"))
                        .at("/counts/link_leaves_workspace")
                        .asInt())
                .isEqualTo(1);
    }
}
