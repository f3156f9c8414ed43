package dev.sandbridge.websocket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets a terminal, and what the others are told before the upgrade. */
@QuarkusTest
@TestProfile(TerminalProfile.class)
@Timeout(120)
class UpgradeQuarkusTest {
    private static final String BEARER = "Authorization: Bearer " + TerminalProfile.KEY;

    @Inject
    Router router;

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
    @DisplayName("statement 95: a plain GET is told that an upgrade is required")
    void aPlainGetIsToldThatAnUpgradeIsRequired() {
        var answer = Service.call("GET", "/v1/sandbox/" + id + "/pty", TerminalProfile.KEY, Map.of());

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body()).contains("WebSocket upgrade required").contains("\"code\":\"invalid_request\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"?cols=abc&rows=24", "?cols=80&rows=xyz", "?cols=", "?cols=8.5", "?rows=99999999999"})
    @DisplayName("statement 96: cols and rows that are no numbers are refused")
    void sizesThatAreNoNumbersAreRefused(String query) {
        try (Client client = Client.open(id, query)) {
            assertThat(client.status()).isEqualTo(400);
            assertThat(client.error()).isEqualTo("cols and rows must be valid numbers");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "?cols=0",
                "?rows=-1",
                "?cols=70000",
                "?session=a/b",
                "?session=..",
                "?session=",
                "?session=s&offset=-1",
                "?session=s&offset=x",
                "?offset=0",
                "?shell=%00",
                "?cwd=%00"
            })
    void whatIsIllFormedIsRefusedBeforeTheUpgrade(String query) {
        try (Client client = Client.open(id, query)) {
            assertThat(client.status()).isEqualTo(400);
            assertThat(client.body()).contains("\"code\":\"invalid_request\"");
        }
    }

    @Test
    void aDirectoryOutsideTheWorkspaceIsRefusedBeforeTheUpgrade() {
        try (Client client = Client.open(id, "?cwd=/etc")) {
            assertThat(client.status()).isEqualTo(403);
            assertThat(client.body()).contains("\"code\":\"invalid_request\"");
        }
    }

    @Test
    @DisplayName("statement 97: without a key there is no upgrade but 401")
    void withoutAKeyThereIsNoUpgrade() {
        for (String[] headers : new String[][] {
            {}, {"Authorization: Bearer wrong"}, {"Authorization: " + TerminalProfile.KEY}, {"Authorization: Bearer "}
        }) {
            try (Client client = Client.ask("/v1/sandbox/" + id + "/pty", headers)) {
                assertThat(client.status()).isEqualTo(401);
                assertThat(client.body()).contains("\"code\":\"unauthorized\"");
            }
        }
    }

    @Test
    @DisplayName("statement 98: the header's key opens, no subprotocol is chosen, extensions are declined")
    void theHeadersKeyOpens() {
        for (String path : List.of("/v1/sandbox/", "/p/few/v1/sandbox/", "/team/v1/sandbox/")) {
            try (Client client = Client.ask(
                    path + id + "/pty?cols=80&rows=24",
                    BEARER,
                    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")) {
                assertThat(client.status()).isEqualTo(101);
                assertThat(client.header("Sec-WebSocket-Protocol")).isEmpty();
                assertThat(client.header("Sec-WebSocket-Extensions")).isEmpty();
                assertThat(client.ready()).hasSize(1);
            }
        }
    }

    @Test
    @DisplayName("statement 99: the query's key opens this route and no other")
    void theQuerysKeyOpensThisRouteOnly() {
        String query = "?cols=80&rows=24&authorization=Bearer+" + TerminalProfile.KEY;
        try (Client client = Client.ask("/v1/sandbox/" + id + "/pty" + query)) {
            assertThat(client.status()).isEqualTo(101);
            client.ready();
        }
        for (String route : List.of("/v1/sandbox/" + id, "/v1/sandbox/" + id + "/running", "/v1/sandbox")) {
            try (Client client = Client.ask(route + query)) {
                assertThat(client.status()).as(route).isEqualTo(401);
            }
        }
        var plain = Service.call("GET", "/v1/sandbox/" + id + "/pty" + query, "wrong", Map.of());
        assertThat(plain.statusCode()).as("without an upgrade").isEqualTo(401);
        try (Client client = Client.ask("/v1/sandbox/" + id + "/pty?authorization=Bearer+wrong")) {
            assertThat(client.status()).isEqualTo(401);
        }
    }

    @Test
    void idsThatAreNoneOrForgedOrForeignAreRefusedAsEverywhere() {
        String forged = (id.charAt(0) == 'a' ? "b" : "a") + id.substring(1);
        String foreign = Service.key("stranger");
        try (Client none = Client.open("NOT_AN_ID", "");
                Client unknown = Client.open(forged, "");
                Client stranger = Client.ask("/v1/sandbox/" + id + "/pty", "Authorization: Bearer " + foreign)) {
            assertThat(none.status()).isEqualTo(400);
            assertThat(unknown.status()).isEqualTo(404);
            assertThat(stranger.status()).isEqualTo(404);
            assertThat(stranger.body()).contains("\"code\":\"sandbox_not_found\"");
        }
    }

    @Test
    void aPageOfAnotherOriginIsRefusedAlsoWithAKey() {
        for (String origin : List.of("https://evil.example", "null", TerminalProfile.ORIGIN + ".evil.example")) {
            try (Client client = Client.ask("/v1/sandbox/" + id + "/pty", BEARER, "Origin: " + origin)) {
                assertThat(client.status()).as(origin).isEqualTo(403);
                assertThat(client.body()).contains("\"code\":\"forbidden\"");
            }
        }
        for (String origin : List.of("http://127.0.0.1:" + Service.port(), TerminalProfile.ORIGIN)) {
            try (Client client = Client.ask("/v1/sandbox/" + id + "/pty", BEARER, "Origin: " + origin)) {
                assertThat(client.status()).as(origin).isEqualTo(101);
            }
        }
    }

    @Test
    void aTicketOpensOneTerminalOnceForOnePage() {
        var right = Map.of("session", "s1", "origin", TerminalProfile.ORIGIN);
        String origin = "Origin: " + TerminalProfile.ORIGIN;
        String path = "/v1/sandbox/" + id + "/pty";
        for (String[] wrong : new String[][] {
            {path + "?session=s2", origin},
            {path + "?session=s1", "Origin: https://second.example"},
            {path + "?session=s1"},
            {path, origin},
            {path + "?session=s1&shell=bash", origin},
            {path + "?session=s1&user=root", origin},
            {"/v1/sandbox/" + id + "/running?session=s1", origin}
        }) {
            String protocol = "Sec-WebSocket-Protocol: sandbridge.ticket." + ticket(right);
            try (Client client =
                    wrong.length == 1 ? Client.ask(wrong[0], protocol) : Client.ask(wrong[0], protocol, wrong[1])) {
                assertThat(client.status()).as(wrong[0]).isEqualTo(401);
            }
        }
        String protocol = "sandbridge.ticket." + ticket(right);
        try (Client client = Client.ask(path + "?session=s1", origin, "Sec-WebSocket-Protocol: " + protocol)) {
            assertThat(client.status()).isEqualTo(101);
            assertThat(client.header("Sec-WebSocket-Protocol")).isEqualTo(protocol);
            client.ready();
            client.type("echo in$((1))\n").until("in1");
        }
        try (Client again = Client.ask(path + "?session=s1", origin, "Sec-WebSocket-Protocol: " + protocol)) {
            assertThat(again.status()).isEqualTo(401);
        }
    }

    @Test
    void noRouteOfTheApplicationBecomesAWebSocketWithoutARight() {
        var asked = new ArrayList<String>();
        assertThat(opened(asked)).as("WebSockets without a right").isEmpty();
        assertThat(asked).contains("/v1/sandbox/" + id + "/pty");

        Route careless = router.get("/v1/sandbox/:id/careless").order(-1).handler(http -> http.request()
                .toWebSocket());
        try {
            assertThat(opened(asked)).as("what the walk would find").contains("/v1/sandbox/" + id + "/careless");
        } finally {
            careless.remove();
        }
    }

    /** What opens for those who have no right; every route is asked, whatever it is for. */
    private List<String> opened(List<String> asked) {
        var spent = ticket(Map.of());
        String[] once = {"Sec-WebSocket-Protocol: sandbridge.ticket." + spent};
        Client.ask("/v1/sandbox/" + id + "/pty", once).close();
        String[][] strangers = {
            {}, {"Authorization: Bearer wrong"}, once, {"Authorization: Bearer " + Service.key("stranger")}
        };
        var opened = new ArrayList<String>();
        for (Route route : router.getRoutes()) {
            for (String target : targets(route)) {
                asked.add(target);
                for (String prefix : List.of("", "/p/few", "/any")) {
                    for (String[] headers : strangers) {
                        try (Client client = Client.ask(prefix + target, headers)) {
                            if (client.status() == 101) {
                                opened.add(prefix + target);
                            }
                        }
                    }
                }
            }
        }
        return opened;
    }

    /** Paths that lead to a route; a new one that is known by a pattern only fails the test until it is listed here. */
    private List<String> targets(Route route) {
        String path = route.getPath();
        if (path != null) {
            return List.of(path.replaceAll(":[a-zA-Z]+|\\{[^}]*}", id).replace("*", ""));
        }
        if (!route.isRegexPath()) {
            return List.of("/", "/anything");
        }
        assertThat(route.toString()).contains("pattern=/v1/sandbox/[^/]+/(pty|terminals)(/.*)?,");
        String sandbox = "/v1/sandbox/" + id;
        return List.of(sandbox + "/pty", sandbox + "/pty/1", sandbox + "/terminals", sandbox + "/terminals/1");
    }

    private String ticket(Map<String, ?> wishes) {
        return Service.json(Service.call("POST", "/v1/sandbox/" + id + "/pty/ticket", TerminalProfile.KEY, wishes))
                .get("ticket")
                .asText();
    }

    @Test
    void theKeyInTheQueryAndWhatIsTypedReachNoLog() {
        try (var log = new LogCapture()) {
            String secret = "s3cr3t-of-a-terminal";
            String query = "?authorization=Bearer+" + TerminalProfile.KEY + "&cwd=" + secret;
            try (Client client = Client.ask("/v1/sandbox/" + id + "/pty" + query)) {
                client.ready();
                client.type("echo " + secret + "\n").ending();
            }
            try (Client client = Client.ask("/v1/sandbox/" + id + "/pty?authorization=Bearer+" + secret)) {
                assertThat(client.status()).isEqualTo(401);
            }
            try (Client client = Client.open(id, "?user=" + secret)) {
                client.ready();
                assertThat(client.type("echo " + secret + "\n").ending().closeCode())
                        .isEqualTo(Socket.FAILED);
            }
            try (Client client = Client.open(id, "")) {
                client.ready();
                client.text("{\"type\":\"resize\",\"cols\":\"" + secret + "\"}").next();
                client.send(Client.BINARY, true, ("\0" + secret + "\n").getBytes(UTF_8))
                        .ending();
            }
            assertThat(log.text()).doesNotContain(secret).doesNotContain(TerminalProfile.KEY);
        }
    }
}
