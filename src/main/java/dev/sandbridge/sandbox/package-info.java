/**
 * The use cases. Start with {@link dev.sandbridge.sandbox.SandboxService}: its methods are the product.
 *
 * <p>Knows no door, no adapter and no framework.
 */
@NullMarked
package dev.sandbridge.sandbox;

import org.jspecify.annotations.NullMarked;
