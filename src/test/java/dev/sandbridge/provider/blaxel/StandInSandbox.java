package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The data plane of one sandbox, and the gateway in front of it: real processes and files below a directory. */
final class StandInSandbox implements AutoCloseable {
    private static final int GATEWAY_LIMIT = 5_000_000;
    private static final String PAGE_NOT_FOUND = "404 page not found";

    private final StandIn vendor;
    private final Path root;
    private final StandInFiles files;
    private final StandInTerminals terminals;
    private final SmallServer server;
    private final Map<String, StandInProcess> processes = new ConcurrentHashMap<>();
    private volatile boolean gone;

    StandInSandbox(StandIn vendor, Path root) {
        this.vendor = vendor;
        this.root = root;
        this.files = new StandInFiles(root);
        this.terminals = new StandInTerminals(root);
        try {
            for (String directory :
                    List.of("tmp", "var/log/sandbox-api", "usr", "etc", "proc", "dev", "app", "root", "run")) {
                Files.createDirectories(root.resolve(directory));
            }
            for (String link : List.of("bin", "lib", "lib64", "sbin")) {
                Files.createSymbolicLink(root.resolve(link), Path.of("usr", link));
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        this.server = new SmallServer(this::answer);
    }

    String address() {
        return server.address();
    }

    StandInFiles files() {
        return files;
    }

    /** Where its file system lies on this machine. */
    Path root() {
        return root;
    }

    StandInTerminals terminals() {
        return terminals;
    }

    Map<String, StandInProcess> processes() {
        return processes;
    }

    /** Cuts all connections to it. */
    void cut() {
        server.cut();
    }

    /** Ends everything in it; its address goes on to answer that there is none. */
    void end() throws IOException {
        gone = true;
        while (hasProcesses()) {
            for (String pid : pids()) {
                ProcessHandle.of(Long.parseLong(pid)).ifPresent(ProcessHandle::destroyForcibly);
            }
        }
        server.cut();
        StandInFiles.removeTree(root);
    }

    boolean hasProcesses() {
        return !pids().isEmpty();
    }

    @Override
    public void close() {
        try {
            end();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        server.close();
    }

    private void answer(Exchange exchange) throws IOException {
        try {
            gateway(exchange);
        } finally {
            vendor.compare(Description.SANDBOX, exchange);
        }
    }

    private void gateway(Exchange exchange) throws IOException {
        vendor.receive(exchange);
        if (gone) {
            exchange.bytes(404, "text/plain", SmallServer.utf8("Not Found"));
            return;
        }
        Fault fault = vendor.faultFor(exchange);
        if (fault != null && fault.playBefore(exchange)) {
            return;
        }
        String length = exchange.header("Content-Length");
        if (!length.isEmpty() && Long.parseLong(length) > GATEWAY_LIMIT) {
            exchange.json(413, StandIn.gatewayError("REQUEST_ENTITY_TOO_LARGE", 413, false));
            return;
        }
        sandboxApi(exchange);
    }

    private void sandboxApi(Exchange exchange) throws IOException {
        String path = exchange.path();
        if (path.endsWith("/") && path.length() > 1) {
            vendor.violation("a trailing slash: " + path);
        }
        if (path.equals("/process") && exchange.method().equals("POST")) {
            execute(exchange);
        } else if (path.startsWith("/process/")) {
            String[] words = path.substring("/process/".length()).split("/");
            process(exchange, words[0], words.length > 1 ? words[1] : "");
        } else if (path.equals("/terminal/ws") && exchange.method().equals("GET")) {
            terminals.answer(exchange);
        } else if (!files.answer(exchange)) {
            vendor.violation("no such route: " + exchange.method() + " " + path);
            exchange.bytes(404, "text/plain", SmallServer.utf8(PAGE_NOT_FOUND));
        }
    }

    private void execute(Exchange exchange) throws IOException {
        JsonNode request = exchange.json();
        String wrong = wrong(request);
        if (wrong != null) {
            vendor.violation(wrong);
            exchange.error(400, wrong);
            return;
        }
        String name = request.path("name").asText();
        StandInProcess before = processes.get(name);
        if (before != null && before.isRunning()) {
            exchange.error(400, "process with name '" + name + "' already exists and is running");
            return;
        }
        var process = new StandInProcess(root, request);
        processes.put(name, process);
        vendor.started(name);
        if (vendor.takesReset()) {
            exchange.reset();
            return;
        }
        if (exchange.header("Accept").contains("text/event-stream")) {
            stream(exchange, process);
        } else if (!request.path("waitForCompletion").asBoolean(false)) {
            exchange.json(200, process.json());
        } else if (process.await(request.path("timeout").asLong(3600))) {
            exchange.json(200, process.json());
        } else {
            exchange.error(
                    422, "process timed out after " + request.path("timeout").asLong() + " seconds");
        }
    }

    private static @Nullable String wrong(JsonNode request) {
        String name = request.path("name").asText("");
        if (request.path("command").asText("").isEmpty()) {
            return "command is required";
        }
        if (!name.matches("[A-Za-z0-9._-]{1,64}") || name.matches("[0-9]+")) {
            return "a process name must be unique, short and not a number: " + name;
        }
        JsonNode timeout = request.path("timeout");
        if (!timeout.isMissingNode() && !timeout.isIntegralNumber()) {
            return "timeout must be whole seconds";
        }
        if (timeout.asLong(0) > 600) {
            return "a timeout of more than ten minutes is probably in milliseconds";
        }
        if (request.path("waitForCompletion").asBoolean(false) && timeout.asLong(0) > 55) {
            return "the gateway gives up after 60 seconds";
        }
        return null;
    }

    /** The vendor's stream and its habits: pieces of 4096 bytes, keepalives, no line ends after fast commands. */
    private void stream(Exchange exchange, StandInProcess process) throws IOException {
        exchange.beginChunks("application/x-ndjson");
        var events = new ArrayList<StandInProcess.Event>();
        try {
            boolean ended = false;
            var first = process.events().poll(vendor.fastMillis(), TimeUnit.MILLISECONDS);
            if (first != null) {
                events.add(first);
                for (var more = process.events().poll(vendor.fastMillis(), TimeUnit.MILLISECONDS);
                        more != null && !more.type().equals("end");
                        more = process.events().poll(vendor.fastMillis(), TimeUnit.MILLISECONDS)) {
                    events.add(more);
                }
                ended = !process.isRunning();
                send(exchange, events, ended);
            }
            while (!ended) {
                var event = process.events().poll(vendor.keepaliveMillis(), TimeUnit.MILLISECONDS);
                if (event == null && process.isRunning()) {
                    exchange.chunk(SmallServer.utf8("{\"type\":\"keepalive\"}\n"));
                    exchange.chunk(SmallServer.utf8("{\"type\":\"stdout\",\"data\":\"[keepalive]\\n\"}\n"));
                } else if (event == null || event.type().equals("end")) {
                    ended = true;
                } else {
                    send(exchange, List.of(event), false);
                }
                if (vendor.cutsStreams()) {
                    exchange.hangUp();
                    return;
                }
            }
        } catch (InterruptedException interrupted) {
            exchange.hangUp();
            return;
        }
        ObjectNode result = process.json();
        Comparison.problemsOfProcess(result).forEach(vendor::violation);
        event(exchange, "result", new String(Json.bytes(result), StandardCharsets.UTF_8));
        exchange.chunk(new byte[0]);
    }

    private static void send(Exchange exchange, List<StandInProcess.Event> events, boolean fast) throws IOException {
        if (!fast) {
            for (var event : events) {
                event(exchange, event.type(), new String(event.data(), StandardCharsets.UTF_8));
            }
            return;
        }
        for (String type : List.of("stdout", "stderr")) {
            var all = new ByteArrayOutputStream();
            for (var event : events) {
                if (event.type().equals(type)) {
                    all.write(event.data());
                }
            }
            for (String line : all.toString(StandardCharsets.UTF_8).split("\n")) {
                event(exchange, type, line);
            }
        }
    }

    private static void event(Exchange exchange, String type, String data) throws IOException {
        ObjectNode event = Json.object().put("type", type).put("data", data);
        exchange.chunk(SmallServer.utf8(new String(Json.bytes(event), StandardCharsets.UTF_8) + "\n"));
    }

    private void process(Exchange exchange, String name, String verb) throws IOException {
        StandInProcess process = processes.get(name);
        if (process == null) {
            exchange.error(404, "process not found");
        } else if (exchange.method().equals("GET") && verb.isEmpty()) {
            exchange.json(200, process.json());
        } else if (exchange.method().equals("DELETE")) {
            if (!process.isRunning()) {
                exchange.error(404, "process is not running");
                return;
            }
            process.signal(verb.equals("kill") ? "KILL" : "TERM");
            exchange.json(200, Json.object().put("message", "done"));
        } else {
            vendor.violation("no such route: " + exchange.method() + " /process/x/" + verb);
            exchange.bytes(404, "text/plain", SmallServer.utf8(PAGE_NOT_FOUND));
        }
    }

    /** Every process whose file system is this sandbox's. */
    private List<String> pids() {
        var found = new ArrayList<String>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : all) {
                try {
                    String mounts = Files.readString(process.resolve("mountinfo"), StandardCharsets.ISO_8859_1);
                    if (mounts.contains(root.getFileName() + " / ")) {
                        found.add(process.getFileName().toString());
                    }
                } catch (IOException ended) {
                    // It has just ended.
                }
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return found;
    }
}
