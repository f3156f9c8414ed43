package dev.sandbridge.http;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** Settings of the HTTP door. */
@ConfigMapping(prefix = "sandbridge.http")
interface HttpConfig {
    /** The largest JSON body. */
    @WithDefault("8M")
    MemorySize maxJson();

    /** The largest file or standard input that one request may send; what fits is decided by the sandbox's disk. */
    @WithDefault("64G")
    MemorySize maxUpload();

    /** The most of each output stream that an exec answered as one JSON object holds; the rest is dropped and told. */
    @WithDefault("8M")
    MemorySize maxJsonOutput();

    /**
     * Whether this door is a function: it keeps nothing between two calls, a call ends soon, and bodies are small. The
     * function flavours set it.
     */
    @WithDefault("false")
    boolean function();

    /** How long a command may run in one call of a function; at least 35 s, below the function's own time limit. */
    @WithDefault("35s")
    Duration execCap();

    /**
     * The longest answer of a function, as it is passed on: base64, or escaped in JSON. The platform refuses
     * 6,291,556 bytes with the head.
     */
    @WithDefault("6000000")
    MemorySize maxAnswer();

    /** How often a silent event stream carries a comment, so that nothing between here and the caller gives it up. */
    @WithDefault("15s")
    Duration keepAlive();

    /** How long the service goes on as usual after it was told to end, so that a load balancer can turn away. */
    @WithDefault("0s")
    Duration drainDelay();

    /** How long calls that run may go on after that. */
    @WithDefault("10s")
    Duration drain();
}
