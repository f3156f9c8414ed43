package dev.sandbridge.http;

import io.quarkus.test.junit.QuarkusIntegrationTest;

/** The same of what was packaged: the service, or the function as Lambda drives it; native code where there is some. */
@QuarkusIntegrationTest
class HydrateQuarkusIT extends HydrateQuarkusTest {}
