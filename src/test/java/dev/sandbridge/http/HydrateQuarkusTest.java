package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The contract's chapter on hydrate, over real sandboxes. */
@QuarkusTest
@TestProfile(DoorProfile.class)
@Timeout(240)
@Tag("lambda-http")
class HydrateQuarkusTest extends ArchiveSuite {
    private static final String FACTS = "find . -mindepth 1 -printf '%y %#m %T@ %s %p %l\\n'"
            + " | sed 's/^\\(d [^ ]* [^ ]*\\) [0-9]*/\\1/; s/^\\(l\\) [^ ]*/\\1/' | sort;"
            + " find . -type f -exec sha256sum {} + | sort";

    @Test
    @DisplayName("statement 85: modes, times, empty directories and links survive persist and hydrate")
    @Tag("long-lived")
    void attributesSurvive() {
        sh("mkdir -p empty d/e; echo 1 > d/run; chmod 751 d/run; : > d/none; chmod 600 d/none; ln -s ../d d/e/up; "
                + "ln -s missing dangling; touch -d @1500000000.123456789 d/run; chmod 700 d/e; chmod 6755 d/run; "
                + "touch \"$(printf 'caf\\351')\" 'new\nline' ' lead'; touch -h -d @1400000000 dangling; "
                + "truncate -s 20M sparse; touch -d @1300000000 empty d d/e");
        sh("chmod 751 d/run");
        String facts = sh(FACTS);
        String fresh = DOOR.create();
        try {
            assertThat(hydrate(fresh, archive()).text()).isEqualTo("{\"ok\":true}");
            assertThat(sh(fresh, FACTS)).isEqualTo(facts);
            assertThat(Long.parseLong(sh(fresh, "du -k sparse | cut -f1").strip()))
                    .isLessThan(1000);
        } finally {
            DOOR.delete("/v1/sandbox/" + fresh);
        }
    }

    @Test
    @DisplayName("statement 88: hydrate is 200 and revives an id whose sandbox is gone; persist starts nothing")
    void hydrateRevives() {
        sh("echo kept > f");
        byte[] archive = archive();
        DOOR.delete("/v1/sandbox/" + id);
        assertThat(persist("").status()).isEqualTo(404);
        assertThat(DOOR.running(id)).isFalse();

        var answer = hydrate(id, archive);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).isEqualTo("{\"ok\":true}");
        assertThat(DOOR.running(id)).isTrue();
        assertThat(sh("cat f")).isEqualTo("kept\n");
    }

    @Test
    @DisplayName("statement 90: an empty body is 400 Empty tar payload, and revives nothing")
    void anEmptyBodyIsRefused() {
        DOOR.delete("/v1/sandbox/" + id);
        var answer = hydrate(id, new byte[0]);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.code()).isEqualTo("invalid_request");
        assertThat(answer.error()).contains("Empty tar payload");
        assertThat(DOOR.running(id)).isFalse();
    }

    @Test
    @DisplayName("statement 91, trap 40: what is no tar, or not a whole one, is refused and changes nothing")
    void noTarIsRefused() {
        sh("echo kept > f; mkdir d; echo kept > d/g");
        String before = sh("stat -c '%n %i %Y %a' . f d d/g");
        byte[] archive = tar("for i in 1 2 3 4 5 6 7; do head -c 5000 /dev/zero | tr '\\0' $i > f$i; done; echo x > f");
        var bad = new ArrayList<byte[]>();
        bad.add("this is no archive at all".getBytes(UTF_8));
        bad.add("x".repeat(5000).getBytes(UTF_8));
        bad.add(Arrays.copyOf(archive, 20_000));
        bad.add(Arrays.copyOf(gzip(archive), 60));
        byte[] flipped = archive.clone();
        flipped[512 + 100] ^= 1;
        bad.add(flipped);
        for (byte[] body : bad) {
            var answer = hydrate(id, body);
            assertThat(answer.status()).as(answer.text()).isIn(400, 413, 502);
            assertThat(answer.code()).isIn("workspace_archive_write_error", "payload_too_large");
            assertThat(sh("stat -c '%n %i %Y %a' . f d d/g; ls -A | wc -l")).isEqualTo(before + "2\n");
        }
    }

    @Test
    @DisplayName("statement 92, trap 46: members with .., absolute names or through links write nothing outside")
    void nothingIsWrittenOutside() {
        sh("echo before > /tmp/target; echo kept > kept");
        var hostile = List.of(
                tar("mkdir in; echo evil > in/evil", "--transform=s,./in/evil,../tmp/target,"),
                tar("mkdir in; echo evil > in/evil", "-P", "--transform=s,./in/evil,/tmp/target,"),
                tar("ln -s /tmp l; mkdir m; echo evil > m/target", "--transform=s,^./m/target,./l/target,"),
                tar("ln -s ../tmp/target x; echo evil > y", "--transform=s,^./y,./x,"),
                tar("mkdir -p d1/d2; ln -s ../.. d1/d2/up; ln -s d1/d2/up/../tmp leak"));
        for (byte[] archive : hostile) {
            var answer = hydrate(id, archive);
            assertThat(answer.status()).as(answer.text()).isNotEqualTo(200);
            assertThat(answer.json().get("details").get("rule").asText()).isNotEmpty();
            assertThat(answer.json().get("details").has("member")).isTrue();
            assertThat(sh("cat /tmp/target kept; ls -A")).isEqualTo("before\nkept\nkept\n");
        }
    }

    @Test
    @DisplayName("statement 93, trap 15: what persist wrote can be hydrated, whatever it held, plain and compressed")
    void whatWasPersistedIsAccepted() {
        sh("python3 -m venv --without-pip v 2>/dev/null || ln -s /usr/bin/env v; mkfifo p; echo 1 > a; ln a b; "
                + "ln -s /workspace/a abs; ln -s /usr/bin out; ln -s ../../.. up; chmod 4755 a; mkdir -m 555 ro; "
                + "mkdir 'C:'; touch 'back\\slash' 'C:/x'; ln -s b c; ln -s c d; mkdir -p " + "x/".repeat(100));
        byte[] archive = archive();

        for (byte[] body : List.of(archive, gzip(archive))) {
            String fresh = DOOR.create();
            var answer = hydrate(fresh, body);
            assertThat(answer.status()).as(answer.text()).isEqualTo(200);
            assertThat(sh(fresh, "cat a b abs d; readlink abs")).isEqualTo("1\n1\n1\n1\na\n");
            DOOR.delete("/v1/sandbox/" + fresh);
        }
        assertThat(hydrate(id, archive).status()).as("over itself").isEqualTo(200);
    }

    @Test
    @DisplayName("statement 94: what is persisted before the sandbox is deleted is there again under the old id")
    void theRoundTripOfStopAndResume() {
        sh("mkdir -p notes; echo one > notes/1; echo two > notes/2; ln -s 1 notes/current; chmod 600 notes/2");
        byte[] archive = archive();
        DOOR.delete("/v1/sandbox/" + id);
        assertThat(DOOR.running(id)).isFalse();
        sh("mkdir -p /workspace; ls -la -- /workspace");
        assertThat(hydrate(id, archive).status()).isEqualTo(200);
        assertThat(sh("cat notes/current notes/2; stat -c %a notes/2")).isEqualTo("one\ntwo\n600\n");
    }

    @Test
    @DisplayName("a restore with a manifest is complete, or incomplete and interrupted without any change")
    void verifiedRestore() {
        sh("echo right > f");
        var right = persist("");
        String digest = right.header("Sandbridge-Archive-Manifest");
        sh("echo wrong > f; touch more");
        byte[] wrong = archive();
        sh("echo now > f");

        var incomplete = hydrate(id, wrong, "?manifest=" + digest);
        assertThat(incomplete.status()).isEqualTo(502);
        assertThat(incomplete.json().get("details").get("restore").asText()).isEqualTo("incomplete");
        var interrupted = hydrate(id, Arrays.copyOf(right.bytes(), right.bytes().length - 1300), "?manifest=" + digest);
        assertThat(interrupted.status()).as(interrupted.text()).isEqualTo(502);
        assertThat(interrupted.json().get("details").get("restore").asText()).isEqualTo("interrupted");
        assertThat(sh("cat f; ls")).isEqualTo("now\nf\nmore\n");

        var complete = hydrate(id, right.bytes(), "?clear=true&manifest=" + digest);
        assertThat(complete.text()).isEqualTo("{\"ok\":true,\"restore\":\"complete\"}");
        assertThat(sh("cat f; ls")).isEqualTo("right\nf\n");
        assertThat(hydrate(id, wrong, "?manifest=xyz").status()).isEqualTo(400);
    }

    @Test
    @DisplayName("of two hydrates at once the second is a conflict that can be tried again")
    @Tag("long-lived")
    void twoAtOnce() throws IOException {
        byte[] archive = tar("head -c 300000 /dev/zero > big; echo x > f");
        try (var slow = new Wire()) {
            slow.send("POST /v1/sandbox/" + id + "/hydrate HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                    + DoorProfile.ADMIN + "\r\nContent-Length: " + archive.length + "\r\n\r\n");
            slow.send(Arrays.copyOf(archive, 100_000));
            Door.await("the second to be refused", 20, () -> {
                var second = hydrate(id, tar("echo y > g"));
                assertThat(second.status()).isIn(200, 409);
                return second.status() == 409 && second.json().get("retryable").booleanValue();
            });
            slow.send(Arrays.copyOfRange(archive, 100_000, archive.length));
            assertThat(slow.reply("POST").status()).isEqualTo(200);
        }
        assertThat(sh("cat f; stat -c %s big")).isEqualTo("x\n300000\n");
        assertThat(hydrate(id, tar("echo z > h")).status()).isEqualTo(200);
    }

    @Test
    @DisplayName("a caller who leaves in the midst of a hydrate changes nothing and blocks nobody")
    void aCallerWhoLeaves() throws IOException {
        sh("echo kept > f");
        byte[] archive = tar("head -c 300000 /dev/zero > big; echo x > f");
        try (var slow = new Wire()) {
            slow.send("POST /v1/sandbox/" + id + "/hydrate HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                    + DoorProfile.ADMIN + "\r\nContent-Length: " + archive.length + "\r\n\r\n");
            slow.send(Arrays.copyOf(archive, 200_000));
        }
        Door.await(
                "the place to be free", 20, () -> hydrate(id, tar("echo z > h")).status() == 200);
        assertThat(sh("cat f h; ls")).isEqualTo("kept\nz\nf\nh\n");
    }
}
