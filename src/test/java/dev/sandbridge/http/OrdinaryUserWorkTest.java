package dev.sandbridge.http;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@link AgentWork} at a service that an ordinary user runs, when the tests are root's. */
@Timeout(180)
class OrdinaryUserWorkTest extends AgentWork {
    @TempDir
    private static Path directory;

    private static BuiltService service;

    @BeforeAll
    static void start() throws Exception {
        service = BuiltService.start(BuiltService.Place.in(directory, true), LocalSandboxProfile.SETTINGS);
    }

    @AfterAll
    static void end() throws Exception {
        if (service != null) {
            service.close();
        }
    }

    @Override
    ApiClient caller() {
        return new ApiClient(service.url(), LocalSandboxProfile.ADMIN);
    }
}
