package dev.sandbridge.provider.local;

import static dev.sandbridge.provider.local.LocalNetworkTest.connect;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.provider.SandboxHandle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Run by {@link LocalNetworkTest} as root of an empty network, in a process of its own. */
class OwnNetworkCase {
    private static LocalSandboxes sandboxes;
    private static SandboxHandle sandbox;

    @BeforeAll
    static void open() throws Exception {
        ip("link set lo up");
        sandboxes = new LocalSandboxes();
        sandbox = sandboxes.createWithNat();
    }

    @AfterAll
    static void remove() throws IOException {
        sandboxes.close();
    }

    @Test
    void anAddressThatTheMachineGetsLaterIsNotReached() throws Exception {
        try (var server = new ServerSocket(0)) {
            int port = server.getLocalPort();
            for (int i = 1; i <= 200; i++) {
                ip("addr add 198.51.100." + i + "/32 dev lo");
            }

            for (String address : List.of("198.51.100.1", "198.51.100.200")) {
                LocalSandboxes.await(address + " to be blocked", () -> isUnreachable(address, port));
            }
        }
    }

    private static boolean isUnreachable(String address, int port) {
        try {
            return connect(sandbox, address, port).contains("No route to host");
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Another machine, as far as this network can tell: a network at the other end of a cable. */
    @Test
    void anotherMachineIsReachedThroughNat() throws Exception {
        var other = new ProcessBuilder(
                        "unshare",
                        "-n",
                        "perl",
                        "-MIO::Socket::INET",
                        "-e",
                        "$s=IO::Socket::INET->new(LocalPort=>18081,Listen=>9) or die; $|=1; print qq(up\\n);"
                                + " while ($c=$s->accept) { print $c qq(hello\\n); close $c }")
                .start();
        try {
            assertThat(other.getInputStream().readNBytes(3)).asString().isEqualTo("up\n");
            ip("link add cable type veth peer name cable netns " + other.pid());
            ip("addr add 203.0.113.1/24 dev cable");
            ip("link set cable up");
            inNetworkOf(other, "ip addr add 203.0.113.2/24 dev cable && ip link set cable up");

            assertThat(connect(sandbox, "203.0.113.2", 18081)).isEqualTo("connected\n");
            assertThat(connect(sandbox, "203.0.113.1", 18081)).contains("No route to host");
        } finally {
            other.destroyForcibly().waitFor();
        }
    }

    private static void ip(String arguments) throws Exception {
        run("ip " + arguments);
    }

    private static void inNetworkOf(Process process, String script) throws Exception {
        run("nsenter -t " + process.pid() + " -n sh -c '" + script + "'");
    }

    private static void run(String script) throws Exception {
        var process =
                new ProcessBuilder("sh", "-c", script).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(script + ": " + said).isZero();
    }
}
