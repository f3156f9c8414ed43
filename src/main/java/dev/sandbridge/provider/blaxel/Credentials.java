package dev.sandbridge.provider.blaxel;

/** Proves to Blaxel who we are. Never logged, and never part of an address. */
public sealed interface Credentials {
    /** A long-lived API key, or an access token that somebody else renews. */
    record ApiKey(String key) implements Credentials {
        @Override
        public String toString() {
            return "ApiKey";
        }
    }

    /**
     * OAuth client credentials.
     *
     * @param basic {@code id:secret} in base64, as Blaxel hands it out
     */
    record Client(String basic) implements Credentials {
        @Override
        public String toString() {
            return "Client";
        }
    }
}
