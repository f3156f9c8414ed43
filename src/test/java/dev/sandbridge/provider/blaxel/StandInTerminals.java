package dev.sandbridge.provider.blaxel;

import dev.sandbridge.pty.TerminalSize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** The vendor's terminals of one sandbox: sessions with a name, which outlive their clients. */
final class StandInTerminals {
    private final Path root;
    private final Map<String, StandInTerminal> sessions = new ConcurrentHashMap<>();
    private final List<StandInTerminal.Client> clients = new CopyOnWriteArrayList<>();
    private final List<Map<String, String>> attachments = new CopyOnWriteArrayList<>();
    private final AtomicInteger pings = new AtomicInteger();
    private volatile long idleMillis = 600_000;
    private volatile boolean newer;
    private volatile boolean stalled;
    private volatile boolean silent;
    private volatile boolean patient;
    private volatile String badShell = "";

    StandInTerminals(Path root) {
        this.root = root;
    }

    /** How long a session without clients lives, instead of the vendor's ten minutes. */
    void idle(long millis) {
        idleMillis = millis;
    }

    /** Whether a shell's end is told, as newer builds do. */
    void newer(boolean value) {
        newer = value;
    }

    /** Takes nothing and gives nothing, as a connection of which only one end is left. */
    void stall(boolean value) {
        stalled = value;
    }

    /** Gives nothing to its clients for a while: a slow network. */
    void silence(boolean value) {
        silent = value;
    }

    /** From the next connection on, output waits for its client and is never dropped: a network as fast as it. */
    void patient(boolean value) {
        patient = value;
    }

    /** A shell that this image does not have. */
    void lack(String shell) {
        badShell = shell;
    }

    /** Cuts all connections. */
    void cut() {
        clients.forEach(client -> client.socket().drop());
    }

    /** Sends every client a message of its own. */
    void say(String message) throws IOException {
        for (StandInTerminal.Client client : clients) {
            client.socket().send(message);
        }
    }

    /** Forgets all sessions, whose shells live on: the same names get new shells. */
    void forget() {
        sessions.clear();
    }

    /** Pings of all clients so far. */
    int pings() {
        return pings.get();
    }

    private void pinged() {
        pings.incrementAndGet();
    }

    /** Queries of all connections so far. */
    List<Map<String, String>> attachments() {
        return attachments;
    }

    /** Sessions whose shell lives. */
    Map<String, StandInTerminal> sessions() {
        return sessions;
    }

    boolean isStalled() {
        return stalled;
    }

    boolean isSilent() {
        return silent || stalled;
    }

    boolean isPatient() {
        return patient;
    }

    boolean isNewer() {
        return newer;
    }

    long idleMillis() {
        return idleMillis;
    }

    void ended(String id, StandInTerminal session) {
        sessions.remove(id, session);
    }

    void answer(Exchange exchange) throws IOException {
        Map<String, String> query = exchange.query();
        StandInSocket socket = StandInSocket.of(exchange, this::pinged);
        if (socket == null) {
            return;
        }
        attachments.add(query);
        String shell = query.getOrDefault("shell", "/bin/sh");
        Path directory = root.resolve(query.getOrDefault("workingDir", "/").substring(1));
        if (shell.equals(badShell) || !Files.isDirectory(directory)) {
            socket.send(text("error", "fork/exec " + shell + ": no such file or directory"));
            socket.awaitEnd();
            return;
        }
        var size = new TerminalSize(number(query, "cols", 80), number(query, "rows", 24));
        String id = query.getOrDefault("sessionId", "default");
        StandInTerminal session = sessions.computeIfAbsent(
                id,
                fresh -> new StandInTerminal(this, fresh, root, shell, query.getOrDefault("workingDir", "/"), size));
        StandInTerminal.Client client = session.attach(socket, size);
        clients.add(client);
        // The kernel makes whoever types wait, which virtual threads are not for.
        var taking = Thread.ofPlatform().daemon().name("stand-in-terminal").start(client::take);
        try {
            taking.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } finally {
            clients.remove(client);
            socket.drop();
        }
    }

    static String text(String type, String data) {
        return new String(
                        Json.bytes(Json.object().put("type", type).put("data", data)),
                        java.nio.charset.StandardCharsets.UTF_8)
                + "\n";
    }

    private static int number(Map<String, String> query, String name, int otherwise) {
        String text = query.getOrDefault(name, "");
        return text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : otherwise;
    }
}
