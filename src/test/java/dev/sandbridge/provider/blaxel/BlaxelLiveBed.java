package dev.sandbridge.provider.blaxel;

import dev.sandbridge.provider.SandboxName;
import dev.sandbridge.provider.SandboxProvider;
import dev.sandbridge.provider.TestBed;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The contract's view of a real Blaxel account, whose credentials are where Blaxel's own tools look for them. */
final class BlaxelLiveBed implements TestBed {
    private final BlaxelAccount account = BlaxelAccount.find(
                    Optional.empty(), Optional.empty(), Optional.empty(), System.getenv(), BlaxelLiveBed::file)
            .orElseThrow(() -> new IllegalStateException("no credentials: set BL_API_KEY and BL_WORKSPACE"));
    private BlaxelProvider provider = open(api());
    private boolean obscured;
    private final BlaxelProvider nowhere = open("http://127.0.0.1:9/v0");

    @Override
    public SandboxProvider provider() {
        return obscured ? nowhere : provider;
    }

    @Override
    public void restart() {
        provider.close();
        provider = open(api());
    }

    /** Processes there are none of this machine's. */
    @Override
    public boolean hasProcesses(SandboxName name) {
        return false;
    }

    @Override
    public void obscure(SandboxName name) {
        obscured = true;
    }

    @Override
    public void reveal(SandboxName name) {
        obscured = false;
    }

    @Override
    public Set<Offer> offers() {
        return Set.of(Offer.ANY_FILE_NAME);
    }

    @Override
    public void close() {
        provider.close();
        nowhere.close();
    }

    private BlaxelProvider open(String api) {
        Map<String, String> environment = System.getenv();
        var options = new BlaxelOptions(
                URI.create(api),
                account.workspace(),
                "2026-04-28",
                "X-Blaxel-Authorization",
                "X-Blaxel-Workspace",
                environment.getOrDefault("BL_REGION", "us-pdx-1"),
                "blaxel/base-image:latest",
                Duration.ofMinutes(10));
        return new BlaxelProvider(options, account.credentials(), Clock.systemUTC(), new SecureRandom());
    }

    private static String api() {
        return System.getenv().getOrDefault("BL_API_URL", "https://api.blaxel.ai/v0");
    }

    private static String file() {
        try {
            Path file = Path.of(System.getProperty("user.home"), ".blaxel", "config.yaml");
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException unreadable) {
            return "";
        }
    }
}
