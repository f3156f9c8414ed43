package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * The stand-in as a process of its own, for clients and benchmarks:
 *
 * <pre>java dev.sandbridge.provider.blaxel.StandInServer [PORT] [DELAY]</pre>
 *
 * DELAY is for how many milliseconds every request is on its way. It prints the settings by which a service finds it,
 * one a line, and {@code CONTROL=URL}, where {@code POST} of {@code {"play": "PAGE", "method": "GET", "path": "REGEX",
 * "times": 2}} has a {@link Mishap} happen and {@code GET} tells how many requests there were. SIGTERM ends it and all
 * it started, with status 1 if something was asked that the vendor would not take.
 */
final class StandInServer {
    private final StandIn vendor;
    private final SmallServer control = new SmallServer(this::control);

    private StandInServer(StandIn vendor) {
        this.vendor = vendor;
    }

    public static void main(String[] arguments) throws InterruptedException {
        var vendor = new StandIn(arguments.length > 0 ? Integer.parseInt(arguments[0]) : 0);
        vendor.delay(arguments.length > 1 ? Long.parseLong(arguments[1]) : 0);
        vendor.firstByteWithin(60_000);
        var server = new StandInServer(vendor);
        Runtime.getRuntime().addShutdownHook(new Thread(server::end));
        Map.of(
                        "SANDBRIDGE_BLAXEL_API_URL",
                        vendor.api(),
                        "SANDBRIDGE_BLAXEL_API_KEY",
                        StandIn.KEY,
                        "SANDBRIDGE_BLAXEL_WORKSPACE",
                        StandIn.WORKSPACE,
                        "CONTROL",
                        server.control.address())
                .forEach((name, value) -> System.out.println(name + "=" + value));
        System.out.flush();
        new CountDownLatch(1).await();
    }

    private void end() {
        vendor.close();
        control.close();
        vendor.violations().forEach(what -> System.err.println("the vendor would not accept: " + what));
        Runtime.getRuntime().halt(vendor.violations().isEmpty() ? 0 : 1);
    }

    private void control(Exchange exchange) throws IOException {
        if (exchange.method().equals("POST")) {
            JsonNode wish = exchange.json();
            Mishap play = Mishap.valueOf(wish.path("play").asText().toUpperCase(Locale.ROOT));
            String method = wish.path("method").asText(".*");
            String path = wish.path("path").asText(".*");
            vendor.fault(
                    asked -> asked.method().matches(method) && asked.path().matches(path),
                    wish.path("times").asInt(1),
                    play);
        }
        byte[] count = Integer.toString(vendor.requests().size()).getBytes(StandardCharsets.US_ASCII);
        exchange.bytes(200, "text/plain", count);
    }
}
