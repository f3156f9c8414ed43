package dev.sandbridge.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.sandbridge.owner.ApiKeys;
import dev.sandbridge.owner.KeyInfo;
import dev.sandbridge.owner.OwnerId;
import dev.sandbridge.owner.Role;
import dev.sandbridge.sandbox.Profiles;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** API keys; admins only. */
@Path("/v1/keys")
@Produces(MediaType.APPLICATION_JSON)
@RunOnVirtualThread
final class KeyResource {
    private static final long SMALL = 64 * 1024;

    private final ApiKeys keys;
    private final Profiles profiles;
    private final ObjectMapper mapper;

    KeyResource(ApiKeys keys, Profiles profiles, ObjectMapper mapper) {
        this.keys = keys;
        this.profiles = profiles;
        this.mapper = mapper;
    }

    /** @param key the secret itself, in the answer to its creation only */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    record Answer(
            String id,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            String key,

            String owner,
            String role,
            @Nullable String profile,
            boolean disabled,
            String createdAt) {
        static Answer of(KeyInfo info, @Nullable String secret) {
            return new Answer(
                    info.keyId(),
                    secret,
                    info.owner().text(),
                    JsonNames.lowerCase(info.role()),
                    info.profile(),
                    info.disabled(),
                    info.createdAt().toString());
        }

        @Override
        public String toString() {
            return "Answer[" + id + "]";
        }
    }

    record ListAnswer(List<Answer> keys) {}

    @POST
    public Answer create(@Context RoutingContext http) throws IOException {
        ApiRequest request = ApiRequest.of(http).requireAdmin();
        JsonFields fields = request.json(mapper, SMALL);
        String owner = fields.text("owner");
        if (owner == null) {
            throw fields.wrong("owner", "the name of the key's owner");
        }
        String profile = fields.text("profile");
        // Refused here rather than at the first create of whoever is given the key.
        profiles.get(profile);
        var made = keys.create(new OwnerId(owner), role(fields), profile);
        return Answer.of(made.info(), made.secret());
    }

    @GET
    public ListAnswer list(@Context RoutingContext http) {
        ApiRequest.of(http).requireAdmin();
        return new ListAnswer(
                keys.list().stream().map(info -> Answer.of(info, null)).toList());
    }

    @PATCH
    @Path("{key}")
    public Answer change(@Context RoutingContext http, @PathParam("key") String key) throws IOException {
        ApiRequest request = ApiRequest.of(http).requireAdmin();
        JsonFields fields = request.json(mapper, SMALL);
        Boolean disabled = fields.flag("disabled");
        if (disabled == null) {
            throw fields.wrong("disabled", "true or false");
        }
        return Answer.of(keys.setDisabled(key, disabled), null);
    }

    @DELETE
    @Path("{key}")
    public void delete(@Context RoutingContext http, @PathParam("key") String key) {
        ApiRequest.of(http).requireAdmin();
        keys.delete(key);
    }

    private static Role role(JsonFields fields) {
        String role = fields.text("role");
        return switch (role) {
            case null -> Role.USE;
            case "use" -> Role.USE;
            case "admin" -> Role.ADMIN;
            default -> throw fields.wrong("role", "\"use\" or \"admin\"");
        };
    }
}
