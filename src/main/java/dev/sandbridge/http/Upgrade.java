package dev.sandbridge.http;

import dev.sandbridge.error.SandboxException;
import dev.sandbridge.owner.Caller;
import dev.sandbridge.sandbox.SandboxRef;
import org.jspecify.annotations.Nullable;

/** A request that may become a WebSocket, from a caller who is known. */
public final class Upgrade {
    private final ApiRequest request;

    Upgrade(ApiRequest request) {
        this.request = request;
    }

    public Caller caller() {
        return request.caller();
    }

    /** The sandbox that the path names, not checked yet. */
    public SandboxRef sandbox() {
        return request.sandbox();
    }

    public @Nullable String header(String name) {
        return request.header(name);
    }

    /** The query's last value of that name, decoded. */
    public @Nullable String query(String name) {
        return request.query().text(name);
    }

    /** @throws SandboxException INVALID_REQUEST if it is no number or out of bounds */
    public long number(String name, long standard, long least, long most) {
        return request.query().number(name, standard, least, most);
    }
}
