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

    /** How often a silent event stream carries a comment, so that nothing between here and the caller gives it up. */
    @WithDefault("15s")
    Duration keepAlive();
}
