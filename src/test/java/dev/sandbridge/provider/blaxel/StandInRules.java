package dev.sandbridge.provider.blaxel;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What every request to the vendor must carry, and none may. */
final class StandInRules {
    private StandInRules() {}

    /** In words, what is wrong with a request. */
    static List<String> broken(Exchange exchange, Set<String> tokens) {
        var broken = new ArrayList<String>();
        String authorization = exchange.header("X-Blaxel-Authorization");
        if (!authorization.startsWith("Bearer ") || !tokens.contains(authorization.substring(7))) {
            broken.add("no credentials: " + exchange.method() + " " + exchange.path());
        }
        if (!exchange.header("X-Blaxel-Workspace").equals(StandIn.WORKSPACE)) {
            broken.add("no workspace: " + exchange.path());
        }
        if (tokens.stream().anyMatch(exchange.target()::contains)) {
            broken.add("a credential in an address");
        }
        if (exchange.method().equals("HEAD")) {
            broken.add("HEAD says nothing: " + exchange.path());
        }
        return broken;
    }
}
