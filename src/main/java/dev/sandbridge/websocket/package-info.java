/**
 * The WebSocket door: terminals, as the bridge contract has them. Start with {@link
 * dev.sandbridge.websocket.TerminalDoor}.
 *
 * <p>Knows no provider and no store; of the HTTP door it knows {@link dev.sandbridge.http.UpgradeEntrance}, where every
 * WebSocket begins as a request.
 */
@NullMarked
package dev.sandbridge.websocket;

import org.jspecify.annotations.NullMarked;
