package dev.sandbridge.app;

import dev.sandbridge.provider.SandboxProvider;
import dev.sandbridge.provider.blaxel.BlaxelAccount;
import dev.sandbridge.provider.blaxel.BlaxelOptions;
import dev.sandbridge.provider.blaxel.BlaxelProvider;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;

/** Sandboxes at Blaxel, in every flavour; without credentials the provider says what is missing. */
@ApplicationScoped
final class BlaxelWiring {
    private static final String MISSING = "no credentials for Blaxel were found; set SANDBRIDGE_BLAXEL_API_KEY"
            + " (or BL_API_KEY, BL_CLIENT_CREDENTIALS) and SANDBRIDGE_BLAXEL_WORKSPACE";

    @Produces
    @Singleton
    SandboxProvider blaxel(SandbridgeConfig config, Clock clock, SecureRandom random) {
        return provider(config.blaxel(), System.getenv(), clock, random);
    }

    void close(@Disposes SandboxProvider provider) {
        provider.close();
    }

    static SandboxProvider provider(
            SandbridgeConfig.Blaxel settings, Map<String, String> environment, Clock clock, SecureRandom random) {
        Optional<BlaxelAccount> account = BlaxelAccount.find(
                settings.apiKey(),
                settings.clientCredentials(),
                settings.workspace(),
                environment,
                () -> text(Path.of(settings.configFile())));
        if (account.isEmpty()) {
            return new UnavailableProvider("blaxel", MISSING);
        }
        boolean development = account.get().environment().equals("dev");
        String api = settings.apiUrl()
                .or(() -> Optional.ofNullable(environment.get("BL_API_URL")))
                .orElse(development ? "https://api.blaxel.dev/v0" : "https://api.blaxel.ai/v0");
        var options = new BlaxelOptions(
                URI.create(api.endsWith("/") ? api.substring(0, api.length() - 1) : api),
                account.get().workspace(),
                settings.version(),
                settings.authorizationHeader(),
                settings.workspaceHeader(),
                settings.region()
                        .or(() -> Optional.ofNullable(environment.get("BL_REGION")))
                        .orElse(null),
                settings.image(),
                settings.expiryMargin());
        return new BlaxelProvider(options, account.get().credentials(), clock, random);
    }

    private static String text(Path file) {
        try {
            return Files.isRegularFile(file) ? Files.readString(file) : "";
        } catch (IOException unreadable) {
            return "";
        }
    }
}
