package dev.sandbridge.provider.blaxel;

/** Blaxel said no. Stays inside this package: who called decides what it means. */
final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient Refusal refusal;
    private final String operation;

    Refused(String operation, Refusal refusal) {
        super(operation + ": status " + refusal.status() + " " + refusal.code());
        this.operation = operation;
        this.refusal = refusal;
    }

    Refusal refusal() {
        return refusal;
    }

    /** The failure as callers see it, where no better word for it is known. */
    dev.sandbridge.error.SandboxException failure() {
        return refusal.failure(operation);
    }
}
