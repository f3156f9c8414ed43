package dev.sandbridge.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sandbridge.websocket.Client.Ending;
import dev.sandbridge.websocket.Client.Frame;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Terminals with a name: shared, and kept while nobody looks. */
@QuarkusTest
@TestProfile(TerminalProfile.class)
@Timeout(180)
class NamedTerminalQuarkusTest {
    private static final int SCROLLBACK = 256 * 1024;

    private String id;

    @BeforeEach
    void make() {
        id = Service.create();
    }

    @AfterEach
    void remove() {
        Service.delete(id);
    }

    @Test
    @DisplayName("statement 113: resize changes the size; a bad one is an error message and the connection stays")
    void resizeChangesTheSize() {
        try (Client client = Client.open(id, "?session=s1&shell=/bin/sh")) {
            client.ready();
            client.type("stty -echo; echo up$((1))\n").until("up1");
            client.text("{\"type\":\"resize\",\"cols\":120,\"rows\":40}").type("stty size\n");
            client.until("40 120");
            for (String bad : List.of(
                    "{\"type\":\"resize\",\"cols\":0,\"rows\":40}",
                    "{\"type\":\"resize\",\"cols\":-5,\"rows\":40}",
                    "{\"type\":\"resize\",\"cols\":\"x\",\"rows\":40}",
                    "{\"type\":\"resize\"}",
                    "not JSON",
                    "[]",
                    "x".repeat(100_000))) {
                client.text(bad);
                Frame error = client.next();
                while (error.type() == Client.BINARY) {
                    error = client.next();
                }
                assertThat(error.json().path("type").asText()).as(bad).isEqualTo("error");
            }
            client.text("{\"type\":\"unknown\"}").type("stty size; echo do$((1))ne\n");
            assertThat(client.until("do1ne")).contains("40 120");
        }
    }

    @Test
    @DisplayName("statement 114: state and output survive a lost connection; the replay precedes ready")
    void stateAndOutputSurviveALostConnection() {
        try (Client client = Client.open(id, "?session=s1")) {
            client.ready();
            client.type("cd /tmp; WORD=kept; echo before$((1))\n").until("before1");
        }
        try (Client client = Client.open(id, "?session=other")) {
            assertThat(text(client.ready())).doesNotContain("before1");
        }
        try (Client client = Client.ask(
                "/v1/sandbox/" + id + "/pty?session=ignored",
                "Authorization: Bearer " + TerminalProfile.KEY,
                "Session-Id: s1")) {
            assertThat(text(client.ready())).contains("before1");
            client.type("echo $WORD in $PWD\n").until("kept in /tmp");
        }
    }

    @Test
    @DisplayName("statement 114: several viewers see the same and type into the same")
    void severalViewersSeeTheSame() {
        try (Client one = Client.open(id, "?session=s1");
                Client two = Client.open(id, "?session=s1")) {
            one.ready();
            two.ready();
            one.type("echo from$((1))one\n");
            one.until("from1one");
            two.until("from1one");
            two.type("echo from$((2))two; exit 6\n");
            for (Client client : List.of(one, two)) {
                Ending ending = client.ending();
                assertThat(ending.text()).contains("from2two");
                assertThat(ending.code()).isEqualTo(6);
                assertThat(ending.closeCode()).isEqualTo(1000);
            }
        }
    }

    @Test
    void anEndedShellIsReplacedAtTheNextAttach() {
        String before;
        try (Client client = Client.open(id, "?session=s1")) {
            before = client.ready().getLast().json().path("started_at").asText();
            assertThat(client.type("exit 1\n").ending().code()).isEqualTo(1);
        }
        try (Client client = Client.open(id, "?session=s1")) {
            List<Frame> frames = client.ready();
            assertThat(text(frames)).doesNotContain("exit 1");
            assertThat(frames.getLast().json().path("started_at").asText()).isGreaterThan(before);
            client.type("echo again$((1))\n").until("again1");
        }
    }

    @Test
    @DisplayName("statement 114: who comes back after the end gets what was shown last, and the code, once")
    void aViewerThatComesBackAfterTheEndIsToldIt() {
        long offset;
        try (Client client = Client.open(id, "?session=s1&shell=/bin/sh")) {
            offset = client.ready().getLast().json().path("offset").asLong();
            offset += client.type("echo start$((1)); until [ -e /tmp/go ]; do sleep 0.05; done; echo re$((1))sult;"
                            + " trap 'touch /tmp/done' EXIT; exit 5\n")
                    .until("start1")
                    .length();
        }
        Service.sh(id, "touch /tmp/go");
        Service.await("it has ended", 20, () -> Service.sh(id, "ls /tmp").contains("done"));
        try (Client client = Client.open(id, "?session=s1&offset=" + offset)) {
            List<Frame> replay = client.ready();
            assertThat(replay).noneSatisfy(frame -> assertThat(frame.text()).contains("gap"));
            Ending ending = client.ending();
            assertThat(text(replay) + ending.text()).contains("re1sult").doesNotContain("start1");
            assertThat(ending.code()).isEqualTo(5);
            assertThat(ending.closeCode()).isEqualTo(1000);
        }
        try (Client client = Client.open(id, "?session=s1&shell=/bin/sh&offset=" + offset)) {
            client.ready();
            client.type("echo new$((1))\n").until("new1");
        }
    }

    @Test
    @DisplayName("statement 114: an offset from an earlier shell, or from none, is told before what there is")
    void anOffsetOfAnotherShellIsToldBeforeTheReplay() {
        long end;
        try (Client client = Client.open(id, "?session=s1&shell=/bin/sh")) {
            assertThat(client.ready().getLast().json().path("offset").asLong()).isLessThan(10);
            client.type("echo one; exit\n").ending();
        }
        try (Client client = Client.open(id, "?session=s1&shell=/bin/sh")) {
            client.ready();
            client.type("echo something that is quite a bit longer tw$((1))o\n").until("tw1o");
        }
        try (Client client = Client.open(id, "?session=s1&offset=3")) {
            List<Frame> replay = client.ready();
            JsonNode gap = replay.getFirst().json();
            assertThat(gap.path("type").asText()).isEqualTo("gap");
            assertThat(gap.path("from").asLong()).isEqualTo(3);
            end = replay.getLast().json().path("offset").asLong();
            assertThat(gap.path("to").asLong()).isEqualTo(end - text(replay).length());
            assertThat(text(replay)).contains("tw1o");
        }
        try (Client client = Client.open(id, "?session=s1&offset=" + (end + 1_000_000))) {
            List<Frame> replay = client.ready();
            JsonNode gap = replay.getFirst().json();
            assertThat(gap.path("type").asText()).isEqualTo("gap");
            assertThat(gap.path("from").asLong()).isEqualTo(gap.path("to").asLong());
            end = replay.getLast().json().path("offset").asLong();
            assertThat(gap.path("to").asLong()).isEqualTo(end - text(replay).length());
        }
    }

    @Test
    @DisplayName("statement 114: with an offset, a viewer goes on exactly where it left")
    void aViewerGoesOnExactlyWhereItLeft() {
        String gate = "/tmp/gate";
        Service.sh(id, "mkfifo " + gate);
        long offset;
        int before;
        var seen = new ByteArrayOutputStream();
        try (Client client = Client.open(id, "?session=s1&shell=/bin/sh")) {
            offset = client.ready().getLast().json().path("offset").asLong();
            client.type("stty -echo -opost; PS1=; clear > /dev/null; cat " + gate + "; seq -w 1 20000 | cat; cat "
                    + gate + "; seq -w 20001 30000 | cat; echo end$((1))\n");
            Service.sh(id, "echo go1 > " + gate);
            String head = client.until("go1\n");
            seen.writeBytes(head.substring(head.indexOf("go1\n") + 4).getBytes(UTF_8));
            // Drops the connection with part of the output on its way.
            byte[] part = client.output(30_000);
            seen.writeBytes(part);
            offset += head.length() + part.length;
            before = seen.size();
        }
        Service.sh(id, "echo go2 > " + gate);
        try (Client client = Client.open(id, "?session=s1&offset=" + offset)) {
            List<Frame> replay = client.ready();
            assertThat(replay).noneSatisfy(frame -> assertThat(frame.text()).contains("gap"));
            replay.subList(0, replay.size() - 1).forEach(frame -> seen.writeBytes(frame.bytes()));
            assertThat(replay.getLast().json().path("offset").asLong()).isEqualTo(offset + seen.size() - before);
            if (!seen.toString(UTF_8).contains("end1")) {
                seen.writeBytes(client.until("end1").getBytes(UTF_8));
            }
        }
        var expected = new StringBuilder();
        for (int i = 1; i <= 30_000; i++) {
            expected.append(i == 20_001 ? "go2\n" : "");
            expected.append("0".repeat(5 - Integer.toString(i).length()))
                    .append(i)
                    .append('\n');
        }
        assertThat(seen.toString(UTF_8)).startsWith(expected + "end1");
    }

    @Test
    @DisplayName("statement 114: the last 256 KiB are kept, and what is missing before them is told")
    void aViewerThatComesBackTooLateIsToldWhatIsMissing() {
        long offset;
        try (Client client = Client.open(id, "?session=s1&shell=/bin/sh")) {
            offset = client.ready().getLast().json().path("offset").asLong();
            client.type("stty -echo; seq 1 200000 > /tmp/all; cat /tmp/all; touch /tmp/done\n");
        }
        Service.await("the output is past", 20, () -> Service.sh(id, "ls /tmp").contains("done"));
        try (Client client = Client.open(id, "?session=s1&offset=" + offset)) {
            List<Frame> replay = client.ready();
            JsonNode gap = replay.getFirst().json();
            assertThat(gap.path("type").asText()).isEqualTo("gap");
            assertThat(gap.path("from").asLong()).isEqualTo(offset);
            int replayed = replay.stream()
                    .filter(frame -> frame.type() == Client.BINARY)
                    .mapToInt(frame -> frame.bytes().length)
                    .sum();
            assertThat(replayed).isEqualTo(SCROLLBACK);
            assertThat(replay.getLast().json().path("offset").asLong())
                    .isEqualTo(gap.path("to").asLong() + replayed);
            assertThat(text(replay)).contains("199999\r\n200000\r\n");
        }
    }

    @Test
    void aSlowViewerStallsNobodyAndCatchesUpWithAGap() {
        try (Client slow = Client.open(id, "?session=s1&shell=/bin/sh")) {
            slow.ready();
            slow.type("stty -echo -opost; for i in $(seq 100 299); do seq ${i}0000 ${i}9999; echo $i > /tmp/at; done;"
                    + " echo end$((1))\n");
            awaitStandstill();
            try (Client fast = Client.open(id, "?session=s1")) {
                fast.ready();
                String all = fast.until("end1");
                assertThat(all.contains(numbers(2_560_000, 3_000_000) + "end1")).isTrue();
            }
            long at = 0;
            Frame frame = slow.next();
            while (frame.type() == Client.BINARY) {
                at += frame.bytes().length;
                frame = slow.next();
            }
            JsonNode gap = frame.json();
            assertThat(gap.path("type").asText()).isEqualTo("gap");
            assertThat(gap.path("from").asLong()).isGreaterThanOrEqualTo(at);
            assertThat(gap.path("to").asLong()).isGreaterThan(gap.path("from").asLong());
            assertThat(slow.until("end1")).contains("2999999\n");
        }
    }

    private static String numbers(int from, int end) {
        var lines = new StringBuilder();
        for (int number = from; number < end; number++) {
            lines.append(number).append('\n');
        }
        return lines.toString();
    }

    /** Waits until a shell that leaves its place in a file gets no further. */
    private void awaitStandstill() {
        var places = new String[] {"", ""};
        Service.await("the shell stands still", 60, () -> {
            places[0] = places[1];
            for (int i = 0; i < 10; i++) {
                places[1] = Service.sh(id, "cat /tmp/at 2> /dev/null || true").strip();
            }
            return !places[1].isEmpty() && places[0].equals(places[1]);
        });
        assertThat(places[1]).as("it has not come to its end").isNotEqualTo("299");
    }

    @Test
    void aLoneSlowViewerSlowsTheShellAndLosesNothing() {
        try (Client client = Client.open(id, "?session=s1&shell=/bin/sh")) {
            client.ready();
            client.type("stty -echo -opost; for i in $(seq 100 299); do seq ${i}0000 ${i}9999; echo $i > /tmp/at; done;"
                    + " echo end$((1))\n");
            awaitStandstill();
            String all = client.until("end1");
            assertThat(all.contains(numbers(1_000_000, 3_000_000) + "end1")).isTrue();
        }
    }

    @Test
    void theShellBeginsWhereItsSessionStands() {
        Service.sh(id, "mkdir sub");
        Service.call(
                "POST",
                "/v1/sandbox/" + id + "/session",
                TerminalProfile.KEY,
                Map.of("id", "s1", "cwd", "/workspace/sub", "env", Map.of("COLOUR", "red")));
        try (Client client = Client.open(id, "?session=s1")) {
            client.ready();
            client.type("echo $COLOUR in $PWD.\n").until("red in /workspace/sub.");
        }
    }

    @Test
    void aDeathByASignalIsToldAsOne() {
        try (Client client = Client.open(id, "?session=s1&shell=/bin/sh")) {
            client.ready();
            Ending ending = client.type("kill -SEGV $$\n").ending();
            assertThat(ending.last().path("signal").asText()).isEqualTo("SIGSEGV");
            assertThat(ending.code()).isEqualTo(139);
            assertThat(ending.text()).as("nothing of ours").doesNotContain("sandbridge");
        }
    }

    @Test
    @DisplayName("statement 115: shell=/bin/sh gives that shell, interactive")
    void theShellIsTheOneThatIsNamed() {
        try (Client client = Client.open(id, "?shell=/bin/sh")) {
            client.ready();
            client.type("readlink /proc/$$/exe; case $- in *i*) echo inter$((1))active;; esac\n");
            assertThat(client.until("inter1active"))
                    .contains(Service.sh(id, "readlink -f /bin/sh").strip());
        }
        try (Client client = Client.open(id, "?shell=/bin/bash")) {
            assertThat(text(client.ready())).as("another shell's output").doesNotContain("inter1active");
            client.type("echo ${BASH_VERSION:+ba$((1))sh}\n").until("ba1sh");
        }
        try (Client client = Client.open(id, "?shell=/nowhere/sh")) {
            client.ready();
            assertThat(client.ending().code()).isEqualTo(127);
        }
    }

    @Test
    @DisplayName("statement 106: 64 terminals with names; those without do not count")
    void aSandboxHasSixtyFourAtMost() {
        var clients = new ArrayList<Client>();
        try {
            for (int i = 0; i < 64; i++) {
                Client client = Client.open(id, "?shell=/bin/sh&session=n" + i);
                client.ready();
                clients.add(client);
            }
            try (Client more = Client.open(id, "?session=more")) {
                Ending ending = more.ending();
                assertThat(ending.last().path("code").asText()).isEqualTo("capacity_exceeded");
                assertThat(ending.closeCode()).isEqualTo(1011);
            }
            assertThat(Client.run(id, "echo free").text()).isEqualTo("free\r\n");
            clients.removeFirst().type("exit\n").ending();
            try (Client more = Client.open(id, "?session=more")) {
                more.ready();
            }
        } finally {
            clients.forEach(Client::close);
        }
    }

    @Test
    void theEndOfTheSandboxEndsItsTerminals() {
        try (Client client = Client.open(id, "?session=s1")) {
            client.ready();
            client.type("echo old$((1))\n").until("old1");
            Service.delete(id);
            Ending ending = client.ending();
            assertThat(ending.last().path("type").asText()).isIn("exit", "error");
        }
        try (Client client = Client.open(id, "?session=s1")) {
            assertThat(text(client.ready())).as("a new sandbox, a new terminal").doesNotContain("old1");
            client.type("pwd\n").until("/workspace\r\n");
        }
    }

    private static String text(List<Frame> frames) {
        var bytes = new ByteArrayOutputStream();
        frames.stream()
                .filter(frame -> frame.type() == Client.BINARY)
                .forEach(frame -> bytes.writeBytes(frame.bytes()));
        return bytes.toString(UTF_8);
    }
}
