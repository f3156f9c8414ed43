package dev.sandbridge.lambda;

import io.quarkus.test.junit.QuarkusIntegrationTest;

/** The same of the function as Lambda drives it, native code where there is some. */
@QuarkusIntegrationTest
class HealthHandlerQuarkusIT extends HealthHandlerQuarkusTest {}
