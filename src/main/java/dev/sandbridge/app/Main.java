package dev.sandbridge.app;

import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;

/** Where the process starts. */
@QuarkusMain
public final class Main {
    /**
     * The framework refuses addresses that are not RFC 3986, with an empty answer; browsers and fetch send such
     * ({@code /app/[id]/page.tsx}). The door reads the raw address itself and takes any byte.
     */
    private static final String ANY_ADDRESS = "vertx.disableURIValidation";

    /** The door has one, for requests that cannot be read; Netty looks for it when the first server starts. */
    private static final String CONNECTION_EXTENSIONS = "io.netty.bootstrap.extensions";

    private Main() {}

    public static void main(String... arguments) {
        System.setProperty(ANY_ADDRESS, "true");
        System.setProperty(CONNECTION_EXTENSIONS, "serviceload");
        Quarkus.run(arguments);
    }
}
