package dev.sandbridge.provider.blaxel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BlaxelAccountTest {
    private static final String FILE = """
            # made by the command line
            context:
              workspace: second
            workspaces:
              - name: first
                env: prod
                credentials: {apiKey: "key-1"}
              - name: second
                env: dev
                credentials:
                  clientCredentials: 'Y2xpZW50' # base64
            tracking: false
            """;

    @Test
    void ourOwnSettingsComeFirst() {
        var environment = Map.of("BL_API_KEY", "theirs", "BL_WORKSPACE", "ws");

        BlaxelAccount account = find(Optional.of("ours"), environment, FILE).orElseThrow();

        assertThat(account.credentials()).isEqualTo(new Credentials.ApiKey("ours"));
        assertThat(account.workspace()).isEqualTo("ws");
    }

    @Test
    void thenTheVendorsVariablesInTheVendorsOrder() {
        var both = Map.of("BL_API_KEY", "key", "BL_CLIENT_CREDENTIALS", "basic");

        assertThat(find(Optional.empty(), both, FILE).orElseThrow().credentials())
                .isEqualTo(new Credentials.ApiKey("key"));
        assertThat(find(Optional.empty(), Map.of("BL_CLIENT_CREDENTIALS", "basic"), FILE)
                        .orElseThrow()
                        .credentials())
                .isEqualTo(new Credentials.Client("basic"));
    }

    @Test
    void thenTheVendorsFile() {
        BlaxelAccount current = find(Optional.empty(), Map.of(), FILE).orElseThrow();
        BlaxelAccount named =
                find(Optional.empty(), Map.of("BL_WORKSPACE", "first"), FILE).orElseThrow();

        assertThat(current).isEqualTo(new BlaxelAccount(new Credentials.Client("Y2xpZW50"), "second", "dev"));
        assertThat(named).isEqualTo(new BlaxelAccount(new Credentials.ApiKey("key-1"), "first", "prod"));
    }

    @Test
    void aListMayStandAsFarLeftAsItsKey() {
        String file = "context:\n  workspace: a\nworkspaces:\n- name: a\n  credentials:\n    apiKey: k\n";

        assertThat(find(Optional.empty(), Map.of(), file).orElseThrow().credentials())
                .isEqualTo(new Credentials.ApiKey("k"));
    }

    @Test
    void nothingNamedIsNothingFound() {
        assertThat(find(Optional.empty(), Map.of("BL_API_KEY", " "), "")).isEmpty();
        assertThat(find(Optional.empty(), Map.of("BL_WORKSPACE", "third"), FILE))
                .isEmpty();
        assertThat(find(Optional.empty(), Map.of(), ":\n- x\n  - y: {\n\t{}: }"))
                .isEmpty();
    }

    @Test
    void credentialsAreNeverShown() {
        assertThat(new Credentials.ApiKey("secret").toString()).doesNotContain("secret");
        assertThat(new Credentials.Client("secret").toString()).doesNotContain("secret");
    }

    private static Optional<BlaxelAccount> find(Optional<String> key, Map<String, String> environment, String file) {
        return BlaxelAccount.find(key, Optional.empty(), Optional.empty(), environment, () -> file);
    }
}
