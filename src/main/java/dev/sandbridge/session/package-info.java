/**
 * What survives between calls: signed ids and sealed state. Start with {@link dev.sandbridge.session.SandboxIds}.
 *
 * <p>Knows no door and no provider's insides. Nothing here is ever written in clear where a holder could read it.
 */
@NullMarked
package dev.sandbridge.session;

import org.jspecify.annotations.NullMarked;
