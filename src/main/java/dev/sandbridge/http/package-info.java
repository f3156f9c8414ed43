/**
 * The HTTP door: JAX-RS resources, their request and answer records, and the one place that turns an error into a
 * status number. Start with {@link dev.sandbridge.http.SandboxResource}.
 *
 * <p>Knows no provider and no store: everything it does is a call of a use case.
 */
@NullMarked
package dev.sandbridge.http;

import org.jspecify.annotations.NullMarked;
