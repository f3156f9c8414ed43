package dev.sandbridge.session;

import dev.sandbridge.provider.SandboxName;

/**
 * A sandbox id whose signature has been checked and whose owner is the one who calls (or an admin calls). Made only by
 * {@link SandboxIds}.
 *
 * @param text as callers write it
 * @param name the sandbox's name at its provider
 * @param own whether it belongs to the caller itself
 */
public record SandboxId(String text, SandboxName name, String profile, String provider, boolean own) {}
