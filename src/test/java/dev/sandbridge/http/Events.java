package dev.sandbridge.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * An exec's event stream, taken apart as strictly as the contract writes it.
 *
 * @param events names and data, comments left out
 */
record Events(HttpResponse<byte[]> answer, List<Event> events) {
    /** One event. */
    record Event(String name, String data) {
        byte[] bytes() {
            return Base64.getDecoder().decode(data);
        }
    }

    static Events parse(HttpResponse<byte[]> answer) {
        for (byte b : answer.body()) {
            if (b < 0) {
                throw new AssertionError("the stream is not ASCII");
            }
        }
        String text = new String(answer.body(), US_ASCII);
        if (!text.endsWith("\n\n")) {
            throw new AssertionError("the last event has no empty line behind it: " + text);
        }
        var events = new ArrayList<Event>();
        for (String block : text.substring(0, text.length() - 2).split("\n\n", -1)) {
            String[] lines = block.split("\n", -1);
            if (block.startsWith(":")) {
                continue;
            }
            if (lines.length != 2 || !lines[0].startsWith("event: ") || !lines[1].startsWith("data: ")) {
                throw new AssertionError("not an event: " + block);
            }
            events.add(new Event(lines[0].substring(7), lines[1].substring(6)));
        }
        return new Events(answer, events);
    }

    String stdout() {
        return new String(output("stdout"), UTF_8);
    }

    String stderr() {
        return new String(output("stderr"), UTF_8);
    }

    byte[] output(String name) {
        var all = new ByteArrayOutputStream();
        events.stream().filter(event -> event.name().equals(name)).forEach(event -> all.writeBytes(event.bytes()));
        return all.toByteArray();
    }

    /** The exit code, after checking that there is one and that it is the last word. */
    int exit() {
        long ends = events.stream()
                .filter(event -> event.name().equals("exit") || event.name().equals("error"))
                .count();
        Event last = events.getLast();
        JsonNode code = ApiClient.json(last.data()).path("exit_code");
        if (ends != 1 || !last.name().equals("exit") || !code.isInt()) {
            throw new AssertionError("not exactly one exit at the end: " + last);
        }
        return code.asInt();
    }
}
