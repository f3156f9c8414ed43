package dev.sandbridge.app;

import dev.sandbridge.app.SandbridgeConfig.Auth;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/** A service without keys, where everybody is admin: for programs of this machine only. */
final class Keyless {
    private Keyless() {}

    /**
     * @param host what the service listens on
     * @throws IllegalStateException if there are no keys and others than this machine would come in
     */
    static void requireLoopback(Auth auth, String host) {
        if (auth == Auth.NONE && !isLoopback(host)) {
            throw new IllegalStateException("sandbridge.auth=none lets everybody in who reaches the service, and"
                    + " it would listen on " + host + ": set quarkus.http.host=127.0.0.1, or run it with keys");
        }
    }

    private static boolean isLoopback(String host) {
        try {
            return !host.isBlank()
                    && Arrays.stream(InetAddress.getAllByName(host)).allMatch(InetAddress::isLoopbackAddress);
        } catch (UnknownHostException unknown) {
            return false;
        }
    }
}
