package dev.sandbridge.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandbridge.websocket.Client.Ending;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Callers whose machine is gone without a word, and others whose machine is there. */
@QuarkusTest
@TestProfile(TerminalProfile.class)
@Timeout(180)
class LostPeerQuarkusTest {
    /**
     * Opens a terminal, types, waits for an answer, and is lost: a filter on its socket, which takes nothing, has the
     * kernel drop all that comes before it could acknowledge it.
     */
    private static final String CLIENT = """
            import ctypes, socket, struct, sys
            port, target, key, typed, answer = sys.argv[1:]
            s = socket.create_connection(('127.0.0.1', int(port)))
            s.sendall(('GET ' + target + ' HTTP/1.1\\r\\nHost: here\\r\\n'
                'Connection: Upgrade\\r\\nUpgrade: websocket\\r\\n'
                'Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n'
                'Authorization: Bearer ' + key + '\\r\\n\\r\\n').encode())
            def until(text):
                got = b''
                while text not in got:
                    got += s.recv(1)
            until(b'"ready"')
            until(b'}')
            s.sendall(bytes([0x82, 0x80 | len(typed), 0, 0, 0, 0]) + typed.encode())
            until(answer.encode())
            nothing = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0))
            s.setsockopt(socket.SOL_SOCKET, 26, struct.pack('HxxxxxxQ', 1, ctypes.addressof(nothing)))
            print('lost', flush=True)
            sys.stdin.read()
            """;

    private static String waiting;
    private static String showing;
    private static Process ofACommand;
    private static Process ofAShell;

    /** Both at once: it takes the kernel a while to notice. */
    @BeforeAll
    static void loseTwo() throws IOException {
        waiting = Service.create();
        ofACommand = lose(waiting, "", "sleep 91.5 & echo up$((1)); wait\n", "up1");
        showing = Service.create();
        ofAShell = lose(showing, "?session=alone", "echo up$((1)); seq 4000000; touch done\n", "up1");
    }

    @AfterAll
    static void remove() {
        for (Process client : new Process[] {ofACommand, ofAShell}) {
            client.destroyForcibly();
        }
        Service.delete(waiting);
        Service.delete(showing);
    }

    @Test
    void aCommandWhoseCallerIsLostEndsAndOneWhoseCallerOnlyDoesNotReadGoesOn() {
        try (Client silent = Client.open(waiting, "")) {
            silent.ready();
            silent.type("stty -opost; head -c 12000000 /dev/zero | tr '\\0' x; exit 5\n");
            Service.await("the command ends", 90, () -> Service.processes(waiting, "sleep 91") == 0);

            Ending ending = silent.ending();
            assertThat(ending.output()).hasSize(12_000_000);
            assertThat(ending.code()).isEqualTo(5);
        }
    }

    @Test
    void aShellDoesNotStandStillForAViewerThatIsLost() {
        Service.await(
                "the shell goes on", 90, () -> Service.sh(showing, "ls done").equals("done\n"));
    }

    private static Process lose(String id, String query, String typed, String answer) throws IOException {
        Process client = new ProcessBuilder(
                        "python3",
                        "-c",
                        CLIENT,
                        Integer.toString(Service.port()),
                        "/v1/sandbox/" + id + "/pty" + query,
                        TerminalProfile.KEY,
                        typed,
                        answer)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(client.inputReader(StandardCharsets.UTF_8).readLine()).isEqualTo("lost");
        return client;
    }
}
