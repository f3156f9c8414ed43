package dev.sandbridge.error;

/**
 * Every way in which a request can fail, each with its stable name on the wire. A code is the finest thing a door
 * branches on; two codes may share a wire name where the contract knows only one.
 */
public enum ErrorCode {
    UNAUTHORIZED("unauthorized", Retry.NO),
    FORBIDDEN("forbidden", Retry.NO),
    INVALID_REQUEST("invalid_request", Retry.NO),
    /** A path or working directory that does not lie within the workspace. */
    PATH_OUTSIDE_WORKSPACE("invalid_request", Retry.NO),
    /** Sealed state that is forged, foreign, too old, or made for another sandbox. */
    STATE_INVALID("state_invalid", Retry.NO),
    PAYLOAD_TOO_LARGE("payload_too_large", Retry.NO),
    /** Path and query are longer than any that means something. */
    URI_TOO_LONG("uri_too_long", Retry.NO),
    HEADERS_TOO_LARGE("headers_too_large", Retry.NO),
    RANGE_NOT_SATISFIABLE("range_not_satisfiable", Retry.NO),
    ROUTE_NOT_FOUND("not_found", Retry.NO),
    SANDBOX_NOT_FOUND("sandbox_not_found", Retry.NO),
    FILE_NOT_FOUND("workspace_read_not_found", Retry.NO),
    PROCESS_NOT_FOUND("process_not_found", Retry.NO),
    KEY_NOT_FOUND("key_not_found", Retry.NO),
    /** A persist's report that never was, or is not kept any more. */
    REPORT_NOT_FOUND("report_not_found", Retry.NO),
    SNAPSHOT_NOT_FOUND("snapshot_not_found", Retry.NO),
    /** The path names something else than the operation needs, for example a directory where a file is read. */
    WRONG_FILE_TYPE("wrong_file_type", Retry.NO),
    /** The sandbox's own permissions forbid it to the user who asks. */
    FILE_PERMISSION_DENIED("file_permission_denied", Retry.NO),
    CONFLICT("conflict", Retry.UNKNOWN),
    LIMIT_OUT_OF_RANGE("limit_out_of_range", Retry.NO),
    DISK_FULL("disk_full", Retry.NO),
    /** A command wrote more than the sandbox's output limit. */
    OUTPUT_LIMIT_EXCEEDED("output_limit_exceeded", Retry.NO),
    /** No room for another sandbox, process or terminal right now. */
    CAPACITY_EXCEEDED("capacity_exceeded", Retry.YES),
    /** This deployment, profile or machine does not offer what was asked. */
    CAPABILITY_UNAVAILABLE("capability_unavailable", Retry.NO),
    /** An operation other than a command took longer than its limit. */
    OPERATION_TIMEOUT("operation_timeout", Retry.UNKNOWN),
    EXEC_TIMEOUT("exec_timeout", Retry.UNKNOWN),
    EXEC_ERROR("exec_error", Retry.NO),
    EXEC_TRANSPORT_ERROR("exec_transport_error", Retry.UNKNOWN),
    WORKSPACE_READ_FAILED("workspace_archive_read_error", Retry.UNKNOWN),
    WORKSPACE_WRITE_FAILED("workspace_archive_write_error", Retry.UNKNOWN),
    SESSION_ERROR("session_error", Retry.UNKNOWN),
    /** A snapshot could not be stored or read; the sandbox is as it was. */
    SNAPSHOT_ERROR("snapshot_error", Retry.UNKNOWN),
    /** The provider could not make a sandbox. */
    POOL_ERROR("pool_error", Retry.UNKNOWN),
    PROVIDER_FAILURE("provider_error", Retry.UNKNOWN),
    INTERNAL("internal_error", Retry.UNKNOWN);

    private final String wireName;
    private final Retry retry;

    ErrorCode(String wireName, Retry retry) {
        this.wireName = wireName;
        this.retry = retry;
    }

    /** The name a caller sees; never changes once released. */
    public String wireName() {
        return wireName;
    }

    /** The retry advice where the failure itself knows none better. */
    public Retry retry() {
        return retry;
    }
}
