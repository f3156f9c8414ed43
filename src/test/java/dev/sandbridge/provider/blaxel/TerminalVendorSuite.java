package dev.sandbridge.provider.blaxel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.ExitStatus;
import dev.sandbridge.provider.SandboxHandle;
import dev.sandbridge.provider.TestSpecs;
import dev.sandbridge.pty.Terminal;
import dev.sandbridge.pty.TerminalSize;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Terminals of one sandbox in front of the stand-in, which plays what goes wrong. */
abstract class TerminalVendorSuite extends VendorSuite {
    static final String CONNECTION = "/terminal/ws";

    SandboxHandle sandbox;
    StandInTerminals terminals;
    private final List<Terminal> opened = new ArrayList<>();

    @BeforeEach
    void make() {
        sandbox = provider.create(TestSpecs.spec());
        terminals = vendor.sandboxes().getFirst().terminals();
    }

    @AfterEach
    void hangUp() {
        terminals.stall(false);
        opened.forEach(Terminal::close);
    }

    Terminal open(String script) {
        return open(script, TerminalSize.DEFAULT);
    }

    Terminal open(String script, TerminalSize size) {
        var terminal = sandbox.terminals().orElseThrow().start(script(script), size);
        opened.add(terminal);
        return terminal;
    }

    static void type(Terminal terminal, String text) throws IOException {
        terminal.input().write(text.getBytes(UTF_8));
    }

    static String upTo(Terminal terminal, String end) throws IOException {
        var text = new StringBuilder();
        while (text.indexOf(end, text.length() - end.length()) < 0) {
            int next = terminal.output().read();
            assertThat(next).as(text.toString()).isNotNegative();
            text.append((char) next);
        }
        return text.toString();
    }

    static String rest(Terminal terminal) throws IOException {
        return new String(terminal.output().readAllBytes(), UTF_8);
    }

    /** Reads to the end, or to where it breaks off. */
    static void drain(Terminal terminal) {
        try {
            terminal.output().transferTo(OutputStream.nullOutputStream());
        } catch (IOException broken) {
            // Its exit tells why.
        }
    }

    static ExitStatus exit(Terminal terminal) throws Exception {
        return terminal.exit().get(30, TimeUnit.SECONDS);
    }

    static void assertEndIsUnknown(Terminal terminal) {
        assertThatThrownBy(() -> exit(terminal))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOfSatisfying(SandboxException.class, unknown -> assertThat(unknown.code())
                        .isEqualTo(ErrorCode.EXEC_TRANSPORT_ERROR));
    }

    void cutOff() {
        vendor.fault(request("GET", CONNECTION), Integer.MAX_VALUE, exchange -> exchange.html(502));
        terminals.cut();
    }

    long connections() {
        return terminals.attachments().size();
    }

    DataPlane plane() {
        var client = java.net.http.HttpClient.newHttpClient();
        var options = BlaxelTestBed.options(vendor.api());
        var tokens =
                new Tokens(client, options.api(), new Credentials.ApiKey(StandIn.KEY), java.time.Clock.systemUTC());
        var random = new java.util.Random(1);
        var http = new Http(client, tokens, options, random, BlaxelTestBed.QUICK.pause(), BlaxelTestBed.QUICK.reach());
        return new DataPlane(
                http, java.net.URI.create(vendor.sandboxes().getFirst().address()), random);
    }

    /** What one connection brings. */
    static final class Shown implements TerminalSocket.Receiver {
        private final StringBuffer text = new StringBuffer();

        String text() {
            return text.toString();
        }

        @Override
        public void received(TerminalSocket from, com.fasterxml.jackson.databind.JsonNode message) {
            text.append(message.path("data").asText(""));
        }

        @Override
        public void answered(TerminalSocket from, long ping) {}

        @Override
        public void lost(TerminalSocket from, boolean orderly) {}
    }
}
