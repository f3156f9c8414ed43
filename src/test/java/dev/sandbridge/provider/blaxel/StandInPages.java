package dev.sandbridge.provider.blaxel;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;

/**
 * The vendor's lists: pages in an envelope, or bare as an older version of the API gave them.
 *
 * @param bare whether there is no envelope
 */
record StandInPages(StandIn vendor, boolean bare) {
    private static final int MOST = 200;

    /** Short pages, so that few sandboxes make several. */
    private static final int LENGTH = 3;

    JsonNode page(Map<String, String> query, List<ObjectNode> all) {
        int limit = Integer.parseInt(query.getOrDefault("limit", "50"));
        if (limit > MOST) {
            vendor.violation("a limit above 200");
        }
        int from = bare ? 0 : Math.min(all.size(), Integer.parseInt(query.getOrDefault("cursor", "0")));
        int to = bare ? all.size() : Math.min(all.size(), from + Math.min(limit, LENGTH));
        ArrayNode page = Json.object().putArray("data");
        all.subList(from, to).forEach(item -> page.add(item.deepCopy()));
        if (bare) {
            return page;
        }
        ObjectNode envelope = Json.object();
        envelope.set("data", page);
        envelope.putObject("meta")
                .put("hasMore", to < all.size())
                .put("nextCursor", to < all.size() ? Integer.toString(to) : "");
        return envelope;
    }
}
