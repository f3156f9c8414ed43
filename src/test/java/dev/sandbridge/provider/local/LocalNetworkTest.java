package dev.sandbridge.provider.local;

import static dev.sandbridge.provider.local.LocalSandboxes.sh;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.Network;
import dev.sandbridge.provider.ProviderReport.Strength;
import dev.sandbridge.provider.SandboxHandle;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What sandboxes with a network reach, and what of this machine they do not. */
@Timeout(180)
class LocalNetworkTest {
    private static final Pattern NETWORK_PROCESS =
            Pattern.compile("^(sandbridge-network|/[a-z/]+/(slirp4netns\\x00--configure|pasta\\x00--foreground))");

    private static LocalSandboxes sandboxes;

    @BeforeAll
    static void open() throws IOException {
        sandboxes = new LocalSandboxes();
    }

    @AfterAll
    static void remove() throws IOException {
        sandboxes.close();
    }

    @Test
    void withNatNothingOfThisMachineIsInReach() throws IOException {
        var sandbox = sandboxes.createWithNat();
        assertThat(sandboxes.strength("network nat")).isEqualTo(Strength.HARD);
        try (var server = new ServerSocket(0)) {
            for (String address : addressesOfThisMachine()) {
                assertThat(connect(sandbox, address, server.getLocalPort()))
                        .as(address)
                        .isNotEqualTo("connected\n");
            }
            server.setSoTimeout(100);
            assertThatThrownBy(server::accept).isInstanceOf(SocketTimeoutException.class);
        }
    }

    /** 10.0.2.2 is this machine to the translator, 169.254.169.254 where clouds tell machines their credentials. */
    private static List<String> addressesOfThisMachine() throws IOException {
        var addresses = new ArrayList<>(List.of("127.0.0.1", "127.0.1.1", "10.0.2.2", "0.0.0.0", "169.254.169.254"));
        NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(Inet4Address.class::isInstance)
                .map(InetAddress::getHostAddress)
                .forEach(addresses::add);
        return addresses;
    }

    @Test
    void nobodyInsideChangesWhatIsInReach() throws IOException {
        var sandbox = sandboxes.createWithNat();

        assertThat(connect(sandbox, "169.254.169.254", 80)).contains("No route to host");
        for (String attack : List.of(
                "ip route del unreachable 169.254.0.0/16",
                "ip route add 169.254.169.254 via 10.0.2.2",
                "ip link set tap0 down",
                "ip addr add 169.254.1.1/16 dev tap0")) {
            assertThat(sh(sandbox, attack).code()).as(attack).isNotZero();
        }
        assertThat(connect(sandbox, "169.254.169.254", 80)).contains("No route to host");
    }

    /** Translator and keeper of the routes are nobody's children: they end by themselves. */
    @Test
    void nothingOfTheNetworkOutlivesTheSandbox() throws Exception {
        var before = ofNetworks();
        var sandbox = sandboxes.createWithNat();
        var made = ofNetworks();
        made.removeAll(before);
        assertThat(made).hasSizeGreaterThanOrEqualTo(2);

        sandboxes.provider.delete(sandbox.spec().name());

        LocalSandboxes.await("them to end", () -> made.stream().noneMatch(ProcessHandle::isAlive));
    }

    private static Set<ProcessHandle> ofNetworks() {
        return ProcessHandle.allProcesses()
                .filter(process -> NETWORK_PROCESS.matcher(commandLine(process)).find())
                .collect(Collectors.toSet());
    }

    private static String commandLine(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline"));
        } catch (IOException gone) {
            return "";
        }
    }

    @Test
    void natIsOfferedAsTheTableSays() {
        var refused = catchThrowableOfType(
                SandboxException.class,
                () -> sandboxes.provider.create(LocalSandboxes.spec(LocalSandboxes.LIMITS, Network.NAT)));

        assertThat(refused == null).isEqualTo(sandboxes.strength("network nat") == Strength.HARD);
    }

    @Test
    void withHostTheLoopbackServicesAreInReachAsTheTableSays() throws IOException {
        assertThat(sandboxes.strength("network host")).isEqualTo(Strength.NONE);
        var sandbox = sandboxes.provider.create(LocalSandboxes.spec(LocalSandboxes.LIMITS, Network.HOST));
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThat(connect(sandbox, "127.0.0.1", server.getLocalPort())).isEqualTo("connected\n");
        }
    }

    /** {@link OwnNetworkCase} in a process with a network of its own, which it may change. */
    @Test
    void inANetworkThatChangesTheSameHolds(@TempDir Path directory) throws Exception {
        assumeTrue((Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0, "not root");
        Path report = directory.resolve("report");
        var run = new ProcessBuilder(
                        "unshare",
                        "-n",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Djava.io.tmpdir=" + directory,
                        "-cp",
                        System.getProperty("java.class.path"),
                        OrdinaryUserRun.class.getName(),
                        OwnNetworkCase.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(report.toFile())
                .start();
        try {
            run.waitFor();
        } finally {
            run.destroyForcibly().waitFor();
        }
        assertThat(Files.readString(report).lines().filter(line -> line.matches("(SUCCESSFUL|FAILED|ABORTED) .*")))
                .as(Files.readString(report))
                .hasSize(2)
                .allMatch(line -> line.startsWith("SUCCESSFUL"));
    }

    /** {@code connected}, or why not. */
    static String connect(SandboxHandle sandbox, String address, int port) throws IOException {
        var result = sh(
                sandbox,
                "exec timeout 10 bash -c 'exec 3<>/dev/tcp/" + address + "/" + port + " && echo connected' 2>&1");
        return result.stdout();
    }
}
