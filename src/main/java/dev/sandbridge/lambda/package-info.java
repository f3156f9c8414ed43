/**
 * The doors for events: one named handler per class, picked at run time by {@code QUARKUS_LAMBDA_HANDLER}. Start with
 * {@link dev.sandbridge.lambda.ReapExpiredSandboxes}.
 *
 * <p>Knows no provider and no store, and opens no port.
 */
@NullMarked
package dev.sandbridge.lambda;

import org.jspecify.annotations.NullMarked;
