package dev.sandbridge.provider.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SpawnTest {
    private Poller poller;
    private long descriptorsBefore;

    @BeforeEach
    void start() throws IOException {
        poller = new Poller();
        descriptorsBefore = Pipe.openDescriptors();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        assertThat(Pipe.openDescriptors()).isLessThanOrEqualTo(descriptorsBefore);
        poller.close();
    }

    @Test
    void aProgramGetsItsArgumentsAndExactlyItsEnvironment() throws Exception {
        assertThat(output("printf '%s|' \"$@\"; env", "a b", "", "ü\n"))
                .startsWith("a b||ü\n|")
                .contains("ONE=1")
                .doesNotContain("HOME=");
    }

    @Test
    void aProgramHasTheGivenDescriptorsAndNoOther() throws Exception {
        assertThat(output("i=0; while [ $i -lt 500 ]; do [ -e /proc/$$/fd/$i ] && echo $i; i=$((i+1)); done; :"))
                .isEqualTo("0\n1\n2\n");
    }

    @Test
    void aProgramHasNoSignalBlockedOrIgnored() throws Exception {
        assertThat(output("grep -E 'Sig(Blk|Ign)' /proc/self/status"))
                .isEqualTo("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    }

    @Test
    void theEndOfAProgramIsReaped() throws Exception {
        var child = spawn("exit 7");
        assertThat(child.reap()).isEqualTo(7 << 8);
        child.kill();
    }

    @Test
    void aKilledProgramIsReaped() throws Exception {
        var child = spawn("sleep 60");
        child.kill();
        assertThat(child.reap()).isEqualTo(9);
    }

    @Test
    void aProgramThatDoesNotExistIsAFailure() throws Exception {
        var ends = pipe();
        try {
            assertThatThrownBy(() -> Spawn.start("/no/such", List.of("x"), List.of(), ends[0], ends[1], ends[1]))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("no such file");
        } finally {
            FdCalls.close(ends[0]);
            FdCalls.close(ends[1]);
        }
    }

    private ChildProcess spawn(String script) throws IOException {
        var ends = pipe();
        try {
            return new ChildProcess(
                    Spawn.start("/bin/sh", List.of("sh", "-c", script), List.of(), ends[0], ends[1], ends[1]), poller);
        } finally {
            FdCalls.close(ends[0]);
            FdCalls.close(ends[1]);
        }
    }

    private String output(String script, String... arguments) throws Exception {
        var ends = pipe();
        var argv = new ArrayList<>(List.of("sh", "-c", script, "sh"));
        argv.addAll(List.of(arguments));
        int pid;
        var input = pipe();
        try {
            pid = Spawn.start("/bin/sh", argv, List.of("ONE=1"), input[0], ends[1], ends[1]);
        } finally {
            FdCalls.close(ends[1]);
            FdCalls.close(input[0]);
            FdCalls.close(input[1]);
        }
        try (var in = new FdInputStream(new Descriptor(ends[0], poller))) {
            var text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            assertThat(new ChildProcess(pid, poller).reap()).isZero();
            return text;
        }
    }

    private static int[] pipe() throws IOException {
        var ends = new int[2];
        if (FdCalls.pipe(ends) < 0) {
            throw new IOException("pipe");
        }
        return ends;
    }
}
