package dev.sandbridge.http;

import io.quarkus.test.junit.QuarkusIntegrationTest;

/** The same of the service as it was packaged, native code where there is some. */
@QuarkusIntegrationTest
class HealthQuarkusIT extends HealthQuarkusTest {}
