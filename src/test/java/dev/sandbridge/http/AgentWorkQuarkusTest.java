package dev.sandbridge.http;

import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import java.net.URI;

/** {@link AgentWork} at a service of whoever runs the tests. */
@QuarkusTest
@TestProfile(LocalSandboxProfile.class)
class AgentWorkQuarkusTest extends AgentWork {
    @TestHTTPResource("/")
    URI base;

    @Override
    ApiClient caller() {
        return new ApiClient(base.toString(), LocalSandboxProfile.ADMIN);
    }
}
