package dev.sandbridge.provider.local;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;

/**
 * Every C library function that is called, with its C signature. Each takes the segment that receives {@code errno}
 * as an additional first argument.
 *
 * <p>A native image contains only the shapes that {@code reachability-metadata.json} lists; {@code LibcTest} compares
 * the two. The classes that hold the handles are initialized at run time there, not at build time.
 */
enum Libc {
    READ("read", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG),
    WRITE("write", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG),
    OPEN("open", 2, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT),
    LSEEK("lseek", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT),
    CLOSE("close", JAVA_INT, JAVA_INT),
    FCNTL("fcntl", 2, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG),
    IOCTL("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
    STATX("statx", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS),
    EVENTFD("eventfd", JAVA_INT, JAVA_INT, JAVA_INT),
    PIPE2("pipe2", JAVA_INT, ADDRESS, JAVA_INT),
    EPOLL_CREATE1("epoll_create1", JAVA_INT, JAVA_INT),
    EPOLL_CTL("epoll_ctl", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS),
    EPOLL_WAIT("epoll_wait", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT),
    SOCKETPAIR("socketpair", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS),
    RECVMSG("recvmsg", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT),
    SPAWN("posix_spawn", JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS),
    SPAWN_ACTIONS_INIT("posix_spawn_file_actions_init", JAVA_INT, ADDRESS),
    SPAWN_ACTIONS_DESTROY("posix_spawn_file_actions_destroy", JAVA_INT, ADDRESS),
    SPAWN_ACTIONS_DUP2("posix_spawn_file_actions_adddup2", JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT),
    SPAWN_ACTIONS_CLOSE_FROM("posix_spawn_file_actions_addclosefrom_np", JAVA_INT, ADDRESS, JAVA_INT),
    SPAWN_ATTRIBUTES_INIT("posix_spawnattr_init", JAVA_INT, ADDRESS),
    SPAWN_ATTRIBUTES_DESTROY("posix_spawnattr_destroy", JAVA_INT, ADDRESS),
    SPAWN_ATTRIBUTES_FLAGS("posix_spawnattr_setflags", JAVA_INT, ADDRESS, JAVA_SHORT),
    SPAWN_ATTRIBUTES_MASK("posix_spawnattr_setsigmask", JAVA_INT, ADDRESS, ADDRESS),
    SPAWN_ATTRIBUTES_DEFAULT("posix_spawnattr_setsigdefault", JAVA_INT, ADDRESS, ADDRESS),
    WAITPID("waitpid", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT),
    KILL("kill", JAVA_INT, JAVA_INT, JAVA_INT),
    SYSCALL("syscall", 1, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

    /** Where {@code errno} lands after a call. */
    static final MemoryLayout CAPTURE = Linker.Option.captureStateLayout();

    private static final int NOT_VARIADIC = -1;

    final String function;
    /** Index of the first variadic argument, or -1. Wrong values pass garbage on some processors. */
    final int firstVariadic;

    final MemoryLayout result;
    final List<MemoryLayout> parameters;

    Libc(String function, MemoryLayout result, MemoryLayout... parameters) {
        this(function, NOT_VARIADIC, result, parameters);
    }

    Libc(String function, int firstVariadic, MemoryLayout result, MemoryLayout... parameters) {
        this.function = function;
        this.firstVariadic = firstVariadic;
        this.result = result;
        this.parameters = List.of(parameters);
    }

    /** A new handle; keep it in a static final field. */
    @SuppressWarnings("restricted")
    MethodHandle handle() {
        var linker = Linker.nativeLinker();
        MemorySegment symbol = linker.defaultLookup()
                .find(function)
                .orElseThrow(() -> new UnsupportedOperationException("the C library has no " + function));
        var options = new ArrayList<Linker.Option>();
        options.add(Linker.Option.captureCallState("errno"));
        if (firstVariadic != NOT_VARIADIC) {
            options.add(Linker.Option.firstVariadicArg(firstVariadic));
        }
        return linker.downcallHandle(
                symbol,
                FunctionDescriptor.of(result, parameters.toArray(MemoryLayout[]::new)),
                options.toArray(Linker.Option[]::new));
    }
}
