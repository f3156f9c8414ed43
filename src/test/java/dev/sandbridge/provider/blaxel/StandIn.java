package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Plays the vendor: a control plane here, a gateway and a data plane for each sandbox in {@link StandInSandbox}. What
 * the vendor would not take is remembered as a violation, which fails the test; what goes wrong at the vendor is played
 * on request.
 */
final class StandIn implements AutoCloseable {
    static final String KEY = "bl_key_of_the_tests";
    static final String WORKSPACE = "ws-test";

    private final Path root;
    private final SmallServer server;
    private final StandInPreviews previews = new StandInPreviews(this);
    private final Map<String, Machine> machines = new ConcurrentHashMap<>();
    private final List<StandInSandbox> all = new CopyOnWriteArrayList<>();
    private final List<String> violations = new CopyOnWriteArrayList<>();
    private final List<Fault> faults = new CopyOnWriteArrayList<>();
    private final List<String> log = new CopyOnWriteArrayList<>();
    private final ConcurrentLinkedQueue<String> started = new ConcurrentLinkedQueue<>();
    private final Set<String> tokens = ConcurrentHashMap.newKeySet();
    private final AtomicInteger numbers = new AtomicInteger();
    private volatile boolean bareLists;
    private volatile boolean cutsStreams;
    private final AtomicInteger resets = new AtomicInteger();
    private volatile String nextStatus = "DEPLOYED";
    private volatile long removeMillis;
    private volatile long delayMillis;
    private volatile long firstByteMillis;

    /** A sandbox as the control plane knows it. */
    private record Machine(ObjectNode json, StandInSandbox sandbox) {}

    StandIn() {
        this(0);
    }

    /** @param port of the control plane; 0 for any that is free */
    StandIn(int port) {
        try {
            root = Files.createTempDirectory("blaxel");
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        tokens.add(KEY);
        server = new SmallServer(this::answer, port);
    }

    String api() {
        return server.address() + "/v0";
    }

    /** Lets requests go wrong from now on. */
    Fault fault(Predicate<Exchange> matches, int times, Fault.Play play) {
        var fault = new Fault(matches, times, play);
        faults.add(fault);
        return fault;
    }

    void clearFaults() {
        faults.clear();
    }

    List<String> violations() {
        return violations;
    }

    /** Methods and targets of all requests so far. */
    List<String> requests() {
        return log;
    }

    /** Names of all processes ever started. */
    List<String> startedProcesses() {
        return List.copyOf(started);
    }

    Set<String> tokens() {
        return tokens;
    }

    void bareLists(boolean value) {
        bareLists = value;
    }

    void cutStreams(boolean value) {
        cutsStreams = value;
    }

    /** Cuts the connection of the next requests that start a process, just after it was started. */
    void resetAfterStarts(int count) {
        resets.set(count);
    }

    boolean takesReset() {
        return resets.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
    }

    /** The status that new sandboxes have and keep. */
    void nextStatus(String status) {
        nextStatus = status;
    }

    void removingTakes(long millis) {
        removeMillis = millis;
    }

    /** How long every request is on its way. */
    void delay(long millis) {
        delayMillis = millis;
    }

    /** Within what time an answer of a sandbox must begin; after that the gateway answers with a page. 0: never. */
    void firstByteWithin(long millis) {
        firstByteMillis = millis;
    }

    /** Removes a sandbox as if somebody else had asked for it. */
    void beginRemoval(String name) {
        Machine machine = machine(name);
        machine.json.put("status", "DELETING");
        Thread.ofVirtual().start(() -> end(name, machine));
    }

    /** Makes a sandbox after so long, whatever its creator hears meanwhile. */
    void createLater(Exchange exchange, long millis) throws IOException {
        JsonNode wish = exchange.json();
        String name = wish.path("metadata").path("name").asText();
        Thread.ofVirtual().start(() -> {
            pause(millis);
            machines.put(name, machine(name, wish));
        });
    }

    /** A sandbox that somebody else has made. */
    void makeForeign(String name) {
        ObjectNode wish = Json.object();
        wish.putObject("metadata").put("name", name).putObject("labels").put("team", "other");
        wish.putObject("spec");
        machines.put(name, machine(name, wish));
    }

    List<StandInSandbox> sandboxes() {
        return all;
    }

    StandInPreviews previews() {
        return previews;
    }

    boolean cutsStreams() {
        return cutsStreams;
    }

    long fastMillis() {
        return 3;
    }

    long keepaliveMillis() {
        return 300;
    }

    boolean exists(String name) {
        return machines.containsKey(name);
    }

    /** The record as the control plane holds it. */
    ObjectNode record(String name) {
        return machine(name).json;
    }

    StandInSandbox sandbox(String name) {
        return machine(name).sandbox;
    }

    boolean hasProcesses(String name) {
        Machine machine = machines.get(name);
        return machine != null && machine.sandbox.hasProcesses();
    }

    private Machine machine(String name) {
        return Objects.requireNonNull(machines.get(name), name);
    }

    void violation(String what) {
        violations.add(what);
    }

    void started(String process) {
        started.add(process);
    }

    @Nullable
    Fault faultFor(Exchange exchange) {
        for (Fault fault : faults) {
            if (fault.takes(exchange)) {
                return fault;
            }
        }
        return null;
    }

    /** What every request must carry, and none may; it was some time on its way. */
    void receive(Exchange exchange) {
        pause(delayMillis);
        if (firstByteMillis > 0) {
            exchange.giveUpAfter(firstByteMillis);
        }
        log.add(exchange.method() + " " + exchange.target());
        StandInRules.broken(exchange, tokens).forEach(this::violation);
    }

    static ObjectNode gatewayError(String code, int status, boolean untouched) {
        ObjectNode body = Json.object();
        body.putObject("error")
                .put("code", code)
                .put("message", "from the gateway")
                .put("status", status)
                .put("origin", "platform")
                .put("retryable", true)
                .put("dispatch_state", untouched ? "not_dispatched" : "dispatched_unknown")
                .put("safe_to_retry_request", untouched);
        return body;
    }

    static ObjectNode createError(String code, int status, String reason) {
        return Json.object()
                .put("code", code)
                .put("message", "from create")
                .put("status_code", status)
                .put("reason", reason);
    }

    @Override
    public void close() {
        all.forEach(StandInSandbox::close);
        previews.close();
        server.close();
        try {
            StandInFiles.removeTree(root);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Holds what was asked and answered against the vendor's own description. */
    void compare(Description description, Exchange exchange) {
        try {
            violations.addAll(Comparison.problems(description, exchange));
        } catch (RuntimeException broken) {
            violations.add("it could not be compared: " + broken);
        }
    }

    private void answer(Exchange exchange) throws IOException {
        try {
            controlPlane(exchange);
        } finally {
            compare(Description.CONTROL_PLANE, exchange);
        }
    }

    private void controlPlane(Exchange exchange) throws IOException {
        receive(exchange);
        if (!exchange.header("Blaxel-Version").matches("[0-9]{4}-[0-9]{2}-[0-9]{2}")) {
            violation("no Blaxel-Version: " + exchange.path());
        }
        Fault fault = faultFor(exchange);
        if (fault != null && fault.playBefore(exchange)) {
            return;
        }
        String path = exchange.path();
        if (path.equals("/v0/sandboxes")) {
            switch (exchange.method()) {
                case "GET" -> list(exchange);
                case "POST" -> create(exchange);
                default -> unknown(exchange);
            }
        } else if (path.matches("/v0/sandboxes/[a-z0-9-]{1,49}")) {
            one(exchange, path.substring("/v0/sandboxes/".length()));
        } else if (path.matches("/v0/sandboxes/[a-z0-9-]{1,49}/previews(/[a-z0-9-]+(/tokens)?)?")) {
            previews.answer(exchange);
        } else {
            unknown(exchange);
        }
    }

    private void unknown(Exchange exchange) throws IOException {
        violation("no such route: " + exchange.method() + " " + exchange.path());
        exchange.json(404, Json.object().put("code", 404).put("error", "no such route"));
    }

    private void create(Exchange exchange) throws IOException {
        JsonNode wish = exchange.json();
        String name = wish.path("metadata").path("name").asText("");
        if (!name.matches("[a-z0-9-]{1,49}")) {
            violation("not a sandbox name: " + name);
        }
        wish.path("metadata").path("labels").properties().forEach(label -> {
            if (label.getValue().asText().length() > 63) {
                violation("a label is longer than 63 characters");
            }
        });
        String image = wish.path("spec").path("runtime").path("image").asText("");
        if (!image.matches("[a-z0-9]+(/[a-z0-9-]+)*(:[a-z0-9.]+)?")) {
            exchange.json(400, createError("INVALID_IMAGE", 400, ""));
            return;
        }
        synchronized (machines) {
            if (machines.containsKey(name)) {
                exchange.json(409, createError("SANDBOX_ALREADY_EXISTS", 409, ""));
                return;
            }
            machines.put(name, machine(name, wish));
        }
        exchange.json(200, machine(name).json);
    }

    private Machine machine(String name, JsonNode wish) {
        var sandbox = new StandInSandbox(this, root.resolve(name + "." + numbers.incrementAndGet()));
        all.add(sandbox);
        ObjectNode json = wish.deepCopy();
        ObjectNode metadata = json.withObject("/metadata");
        metadata.put("workspace", WORKSPACE).put("url", sandbox.address());
        metadata.put("createdAt", Instant.now().plusNanos(numbers.get()).toString());
        json.put("status", nextStatus).put("state", "RUNNING").put("futureField", "kept");
        return new Machine(json, sandbox);
    }

    private void one(Exchange exchange, String name) throws IOException {
        Machine machine = machines.get(name);
        if (machine == null) {
            exchange.json(404, Json.object().put("code", 404).put("error", "Sandbox not found"));
            return;
        }
        switch (exchange.method()) {
            case "GET" -> exchange.json(200, machine.json);
            case "PUT" -> {
                JsonNode replaced = exchange.json();
                if (!replaced.path("futureField").asText().equals("kept")) {
                    violation("an update must send back what it does not know");
                }
                JsonNode status = machine.json.path("status");
                machine.json.removeAll();
                machine.json.setAll((ObjectNode) replaced);
                machine.json.set("status", status);
                exchange.json(200, machine.json);
            }
            case "DELETE" -> {
                beginRemoval(name);
                exchange.json(200, machine.json);
            }
            default -> unknown(exchange);
        }
    }

    private void end(String name, Machine machine) {
        pause(removeMillis);
        try {
            machine.sandbox.end();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } finally {
            machines.remove(name, machine);
        }
    }

    private void list(Exchange exchange) throws IOException {
        var all = machines.entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(machine -> machine.getValue().json)
                .toList();
        exchange.json(200, new StandInPages(this, bareLists).page(exchange.query(), all));
    }

    static void pause(long millis) {
        java.util.concurrent.locks.LockSupport.parkNanos(millis * 1_000_000);
    }
}
