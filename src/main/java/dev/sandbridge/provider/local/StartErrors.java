package dev.sandbridge.provider.local;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.process.Command;
import dev.sandbridge.provider.Limits;

/** Why a command was not started, in the caller's terms. */
final class StartErrors {
    private StartErrors() {}

    /** @param users whether the sandbox has users at all */
    static SandboxException refused(ResidentRefusal refusal, boolean users, Limits limits) {
        return switch (refusal.errno()) {
            case Errno.EPERM -> oneUser(refusal);
            case Errno.EINVAL ->
                users
                        ? new SandboxException(
                                ErrorCode.INVALID_REQUEST,
                                "the sandbox has no such user, or takes no such command",
                                refusal)
                        : oneUser(refusal);
            case Errno.E2BIG ->
                new SandboxException(ErrorCode.INVALID_REQUEST, "arguments and environment are too long", refusal)
                        .action("pass long input as a file or through stdin");
            case Errno.EAGAIN, Errno.ENOMEM ->
                new SandboxException(
                                ErrorCode.CAPACITY_EXCEEDED,
                                "the sandbox's limit of " + limits.processes()
                                        + " processes is reached, or its memory is used up",
                                refusal)
                        .action("end processes of the sandbox first");
            case Errno.EMFILE, Errno.ENFILE ->
                new SandboxException(ErrorCode.CAPACITY_EXCEEDED, "too many files are open", refusal);
            default ->
                new SandboxException(
                        ErrorCode.PROVIDER_FAILURE, "the sandbox refused (errno " + refusal.errno() + ")", refusal);
        };
    }

    private static SandboxException oneUser(ResidentRefusal refusal) {
        return new SandboxException(
                        ErrorCode.CAPABILITY_UNAVAILABLE,
                        "this sandbox has one user only; commands cannot be run as another",
                        refusal)
                .action("leave the user out");
    }

    /**
     * What a shell would say of a program that it cannot run.
     *
     * @throws SandboxException if it did not come that far: the caller's mistake, or ours
     */
    static String notRun(FileVerb.Failure fault, Command command) {
        String step = fault.getMessage() == null ? "" : fault.getMessage();
        return switch (step) {
            case "exec" -> {
                String reason = fault.errno() == Errno.ENOENT ? "not found" : Errno.text(fault.errno());
                yield command.argv().getFirst() + ": " + reason + "\n";
            }
            case "chdir" ->
                throw new SandboxException(
                                ErrorCode.INVALID_REQUEST,
                                "the working directory cannot be entered: " + Errno.text(fault.errno()))
                        .action("make the directory first");
            case "user" ->
                throw new SandboxException(ErrorCode.INVALID_REQUEST, "the command cannot be run as that user");
            default ->
                throw new SandboxException(
                        ErrorCode.PROVIDER_FAILURE,
                        "the command could not be started (" + step + ", errno " + fault.errno() + ")");
        };
    }
}
