package dev.sandbridge.provider.blaxel;

import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Who we are at Blaxel, found where Blaxel's own tools look: our settings first, then {@code BL_API_KEY}, {@code
 * BL_CLIENT_CREDENTIALS}, then the file of its command line.
 *
 * @param workspace null where the credentials belong to one only
 * @param environment {@code prod} or {@code dev}
 */
public record BlaxelAccount(
        Credentials credentials, @Nullable String workspace, String environment) {
    /**
     * Looks for credentials.
     *
     * @param apiKey of our own settings
     * @param clientCredentials of our own settings: {@code id:secret} in base64
     * @param workspace of our own settings
     * @param environment the process's environment variables
     * @param file reads the text of {@code ~/.blaxel/config.yaml}, empty if there is none
     * @return empty if nothing names any
     */
    public static Optional<BlaxelAccount> find(
            Optional<String> apiKey,
            Optional<String> clientCredentials,
            Optional<String> workspace,
            Map<String, String> environment,
            Supplier<String> file) {
        Optional<String> named = workspace.or(() -> variable(environment, "BL_WORKSPACE"));
        String where = variable(environment, "BL_ENV").orElse("prod");
        Optional<Credentials> direct = apiKey.<Credentials>map(Credentials.ApiKey::new)
                .or(() -> clientCredentials.map(Credentials.Client::new))
                .or(() -> variable(environment, "BL_API_KEY").map(Credentials.ApiKey::new))
                .or(() -> variable(environment, "BL_CLIENT_CREDENTIALS").map(Credentials.Client::new));
        if (direct.isPresent()) {
            return Optional.of(new BlaxelAccount(direct.get(), named.orElse(null), where));
        }
        return fromFile(ConfigFile.parse(file.get()), named, environment);
    }

    private static Optional<BlaxelAccount> fromFile(
            ConfigFile file, Optional<String> named, Map<String, String> environment) {
        Optional<String> name = named.or(() -> file.value("context.workspace"));
        Optional<String> path = name.flatMap(file::workspace);
        if (path.isEmpty()) {
            return Optional.empty();
        }
        String credentials = path.get() + "credentials.";
        Optional<Credentials> found = file.value(credentials + "apiKey")
                .<Credentials>map(Credentials.ApiKey::new)
                .or(() -> file.value(credentials + "clientCredentials").map(Credentials.Client::new))
                .or(() -> file.value(credentials + "access_token").map(Credentials.ApiKey::new));
        String where = variable(environment, "BL_ENV")
                .or(() -> file.value(path.get() + "env"))
                .orElse("prod");
        return found.map(own -> new BlaxelAccount(own, name.get(), where));
    }

    private static Optional<String> variable(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isBlank());
    }
}
