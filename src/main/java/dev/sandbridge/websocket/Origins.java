package dev.sandbridge.websocket;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.http.Upgrade;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Locale;

/**
 * Which web pages may open terminals. A browser lets any page open a WebSocket to anywhere and says in Origin which
 * page it was; programs send no Origin.
 */
@Singleton
final class Origins {
    private final List<String> allowed;

    Origins(WebSocketConfig config) {
        this.allowed =
                config.origins().orElse(List.of()).stream().map(Origins::normal).toList();
    }

    /** @throws SandboxException FORBIDDEN for a page of another host that is not listed */
    void check(Upgrade upgrade) {
        String given = upgrade.header("Origin");
        if (given == null) {
            return;
        }
        String origin = normal(given);
        String host = upgrade.header("Host");
        boolean own = host != null && origin.endsWith("://" + normal(host));
        if (!own && !allowed.contains(origin)) {
            throw new SandboxException(ErrorCode.FORBIDDEN, "web pages of this origin may not open terminals")
                    .action("add the origin to the setting sandbridge.websocket.origins");
        }
    }

    private static String normal(String text) {
        return text.strip().toLowerCase(Locale.ROOT);
    }
}
