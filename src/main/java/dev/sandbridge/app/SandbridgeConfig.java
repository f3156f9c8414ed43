package dev.sandbridge.app;

import dev.sandbridge.provider.Network;
import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The service's own settings; an environment variable is the upper-case name with underscores
 * ({@code SANDBRIDGE_DATA}).
 */
@ConfigMapping(prefix = "sandbridge")
public interface SandbridgeConfig {
    /** Where everything that must outlive the process lies; made with mode 0700, used by one service at a time. */
    @WithDefault("${user.home}/.local/share/sandbridge")
    String data();

    /** An API key to accept as the admin's, at least 16 characters; without one the first start makes one. */
    Optional<String> key();

    /**
     * The secrets that sign ids and seal states, each as VERSION:HEX with 64 hexadecimal digits, newest version signs.
     * Several processes that are given the same serve the same sandboxes; their keys are then given too ({@link #key},
     * {@link #keys}), and nothing is kept in the data directory. Functions need them.
     */
    Optional<List<String>> secrets();

    /** Further keys where {@link #secrets} are given: lines of a keys file, with the hashes of the keys. */
    Optional<List<String>> keys();

    /** URL of the long-lived service, for callers who ask a function for what it cannot do. */
    Optional<String> serviceUrl();

    /** How callers prove who they are. */
    @WithDefault("keys")
    Auth auth();

    /** The profile of requests and keys that name none. */
    @WithDefault("default")
    String profile();

    /** Ways to make sandboxes, by name; {@code default} always exists. */
    Map<String, ProfileConfig> profiles();

    /** How many sandboxes one owner may have at once. */
    @WithDefault("1000")
    int maxSandboxesPerOwner();

    /**
     * How long a caller waits for a new sandbox; what comes later is removed. The contract's clients wait for two
     * minutes (statement 22); what stands between may wait for less.
     */
    @WithDefault("110s")
    Duration createLimit();

    /** How often expired sandboxes are looked for. */
    @WithDefault("30s")
    Duration sweepEvery();

    /** Commands that models start and look at by tool calls. */
    ToolCalls toolCalls();

    /** What {@code POST .../pty} starts. */
    interface ToolCalls {
        /** After which a command that no call has asked for is ended. */
        @WithDefault("1h")
        Duration idle();
    }

    /** Rights to open a terminal without a key. */
    Ticket ticket();

    /** Terminals with names. */
    Terminals terminals();

    /** How long they live. */
    interface Terminals {
        /** Unwatched; then its shell is ended, or left to a provider that ends it by itself some minutes later. */
        @WithDefault("1h")
        Duration idle();
    }

    /** What {@code POST .../pty/ticket} makes. */
    interface Ticket {
        /** How long one waits to be used. */
        @WithDefault("30s")
        Duration life();
    }

    /** Limits of a workspace's archive, the same for persist, hydrate and snapshots. */
    Archive archive();

    /** How snapshots are kept. */
    Snapshots snapshots();

    /** What one archive may be; what goes over is refused as a whole. */
    interface Archive {
        /** Bytes of the archive itself. */
        @WithDefault("24G")
        MemorySize maxSize();

        /** Bytes of all files in it. */
        @WithDefault("16G")
        MemorySize maxContent();

        /** Files, directories and links in it. */
        @WithDefault("1000000")
        int maxMembers();

        /** Segments of a path. */
        @WithDefault("256")
        int maxDepth();

        /** Bytes of a path, or of what a link says. */
        @WithDefault("4095")
        int maxName();

        /** Characters of all links' paths and targets, with 100 more for each; they are in memory together. */
        @WithDefault("32M")
        MemorySize maxLinkText();

        /** Bytes out of a compressed archive for each byte in, beyond its first 16 MiB. */
        @WithDefault("200")
        int maxRatio();

        /** Disk for what archives held, entry by entry; the oldest give way. */
        @WithDefault("256M")
        MemorySize manifests();
    }

    /** Where they are, and how many of each sandbox. */
    interface Snapshots {
        /** Whether they are kept in the data directory where no bucket is set; a function has none that stays. */
        @WithDefault("true")
        boolean directory();

        /** A bucket of S3 that holds them instead, and is shared by all processes of a deployment. */
        Optional<String> bucket();

        /** Of every name in the bucket. */
        @WithDefault("snapshots/")
        String prefix();

        /** The bucket's; that of the environment ({@code AWS_REGION}) unless set. */
        Optional<String> region();

        /** URL of another service that speaks S3's API. */
        Optional<URI> endpoint();

        /** Older ones give way to a new one. */
        @WithDefault("10")
        int keep();

        /** Older ones go, but for the newest of a sandbox. */
        @WithDefault("30d")
        Duration maxAge();

        /** How often the service looks for sandboxes that changed since their newest snapshot; never unless set. */
        Optional<Duration> every();

        /** What those are labelled with, by name; all unless set. */
        Map<String, String> labels();
    }

    /** Settings of provider {@code local}. */
    Local local();

    /** Settings of provider {@code blaxel}. */
    Blaxel blaxel();

    /**
     * Who we are at Blaxel and where it is. Without a key or client credentials here, those of {@code BL_API_KEY},
     * {@code BL_CLIENT_CREDENTIALS} and Blaxel's own file are used.
     */
    interface Blaxel {
        Optional<String> apiKey();

        /** {@code id:secret} in base64. */
        Optional<String> clientCredentials();

        /** The workspace's name; needed by a key that reaches several. */
        Optional<String> workspace();

        /** Blaxel's own file with accounts. */
        @WithDefault("${user.home}/.blaxel/config.yaml")
        String configFile();

        /** Base of the control plane with its path version; {@code https://api.blaxel.ai/v0} unless set. */
        Optional<String> apiUrl();

        /** Value of the header {@code Blaxel-Version}. */
        @WithDefault("2026-04-28")
        String version();

        /** The header that carries our credentials on both planes. */
        @WithDefault("X-Blaxel-Authorization")
        String authorizationHeader();

        /** The header that names the workspace. */
        @WithDefault("X-Blaxel-Workspace")
        String workspaceHeader();

        /** Where sandboxes are made; Blaxel chooses unless set. */
        Optional<String> region();

        /** What a sandbox is made of whose profile names no image. */
        @WithDefault("blaxel/base-image:latest")
        String image();

        /** How long after its expiry Blaxel itself removes a sandbox that the service did not remove. */
        @WithDefault("1h")
        Duration expiryMargin();
    }

    /** What provider {@code local} may use. */
    interface Local {
        /** Root file systems that stand in for the host's own {@code /usr}, by the name that {@code image} gives. */
        Map<String, String> images();
    }

    /** Values of {@link #auth}. */
    enum Auth {
        KEYS,
        /** Everybody is admin; refused unless the service listens on a loopback address only. */
        NONE
    }

    /** One profile. */
    interface ProfileConfig {
        /** {@code local}: sandboxes on this machine; {@code blaxel}: at Blaxel. */
        @WithDefault("local")
        String provider();

        /**
         * What a sandbox starts from; for {@code local} a directory with a root file system instead of the host's
         * /usr, for {@code blaxel} an image of the workspace.
         */
        Optional<String> image();

        /** Whether callers may name another image. */
        @WithDefault("false")
        boolean images();

        /** What a sandbox can reach; unless set the least that the provider can give: none, at Blaxel nat. */
        Optional<Network> network();

        @WithDefault("2G")
        MemorySize memory();

        @WithDefault("16G")
        MemorySize maxMemory();

        @WithDefault("512")
        int processes();

        @WithDefault("4096")
        int maxProcesses();

        /** Thousandths of a processor. */
        @WithDefault("2000")
        int cpu();

        @WithDefault("64000")
        int maxCpu();

        @WithDefault("10G")
        MemorySize disk();

        @WithDefault("100G")
        MemorySize maxDisk();

        /** Output of one command. */
        @WithDefault("1G")
        MemorySize output();

        @WithDefault("64G")
        MemorySize maxOutput();

        /** Life after the last use. */
        @WithDefault("24h")
        Duration ttl();

        @WithDefault("30d")
        Duration maxTtl();

        /** Life after the last use of a sandbox that an old id brought back. */
        @WithDefault("1h")
        Duration revivedTtl();
    }
}
