package dev.sandbridge.websocket;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Settings of the WebSocket door. */
@ConfigMapping(prefix = "sandbridge.websocket")
interface WebSocketConfig {
    /** How often a connection is pinged, so that nothing between here and the caller gives it up. */
    @WithDefault("20s")
    Duration ping();

    /** The largest first message, which may be shell text; what is typed later may be of any length. */
    @WithDefault("4M")
    MemorySize maxMessage();

    /** What long first messages may take for all sockets together; an eighth of the heap if unset. */
    Optional<MemorySize> firstMessages();

    /** How long a terminal that cannot be opened just now is tried again; the contract's clients wait for 30 s. */
    @WithDefault("25s")
    Duration patience();

    /** Origins of web pages, beside this service's own, that may open terminals: {@code https://console.example}. */
    Optional<List<String>> origins();
}
