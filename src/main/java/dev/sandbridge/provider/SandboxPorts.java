package dev.sandbridge.provider;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Ports of one sandbox that can be reached from outside by a URL, where its provider can publish them. */
public interface SandboxPorts {
    /**
     * Gives a port a URL. A port that is published already keeps its URL, and its time begins anew; each call for a
     * private port gives a right of its own. Nothing needs to listen yet.
     *
     * @param open whether everybody who knows the URL is let in; otherwise it takes what {@link Published#headers} or
     *     {@link Published#browserUrl} hold
     * @param life how long that way in works
     * @throws dev.sandbridge.error.SandboxException INVALID_REQUEST for a port that the provider cannot publish,
     *     CONFLICT if it is published with the other openness, SANDBOX_NOT_FOUND
     */
    Published publish(int port, boolean open, Duration life);

    /** All published ports, lowest first, without rights. */
    List<Published> list();

    /** Takes the URL back, with every right that was given for it; returns whether there was one. */
    boolean unpublish(int port);

    /**
     * A port and the way to it.
     *
     * @param headers what a request must carry; empty for an open port, and where no right was asked for
     * @param browserUrl carries the right in its query, for who cannot set headers; null where there is none
     * @param expiresAt when this way in stops to work; null where it lasts as long as the sandbox
     */
    record Published(
            int port,
            boolean open,
            URI url,
            Map<String, String> headers,
            @Nullable URI browserUrl,
            @Nullable Instant expiresAt) {
        public Published {
            headers = Map.copyOf(headers);
        }

        /** It holds a secret. */
        @Override
        public String toString() {
            return "port " + port + " at " + url;
        }
    }
}
