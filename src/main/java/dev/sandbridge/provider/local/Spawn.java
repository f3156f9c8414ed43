package dev.sandbridge.provider.local;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Starts a program with given open files, which {@link ProcessBuilder} cannot. All signals are at their defaults in the
 * child and none is blocked; it has the given descriptors as 0, 1, 2 and so on, and no other.
 */
final class Spawn {
    private static final int SIZE_OF_ACTIONS = 128;
    private static final int SIZE_OF_ATTRIBUTES = 512;
    private static final int SIZE_OF_SIGSET = 128;
    private static final short SETSIGDEF = 0x04;
    private static final short SETSIGMASK = 0x08;

    private static final MethodHandle SPAWN = Libc.SPAWN.handle();
    private static final MethodHandle ACTIONS_INIT = Libc.SPAWN_ACTIONS_INIT.handle();
    private static final MethodHandle ACTIONS_DESTROY = Libc.SPAWN_ACTIONS_DESTROY.handle();
    private static final MethodHandle ACTIONS_DUP2 = Libc.SPAWN_ACTIONS_DUP2.handle();
    private static final MethodHandle ACTIONS_CLOSE_FROM = Libc.SPAWN_ACTIONS_CLOSE_FROM.handle();
    private static final MethodHandle ATTRIBUTES_INIT = Libc.SPAWN_ATTRIBUTES_INIT.handle();
    private static final MethodHandle ATTRIBUTES_DESTROY = Libc.SPAWN_ATTRIBUTES_DESTROY.handle();
    private static final MethodHandle ATTRIBUTES_FLAGS = Libc.SPAWN_ATTRIBUTES_FLAGS.handle();
    private static final MethodHandle ATTRIBUTES_MASK = Libc.SPAWN_ATTRIBUTES_MASK.handle();
    private static final MethodHandle ATTRIBUTES_DEFAULT = Libc.SPAWN_ATTRIBUTES_DEFAULT.handle();

    private Spawn() {}

    /**
     * Starts a program; a child that asks to die with its parent dies with the calling <em>thread</em>.
     *
     * @param program absolute path
     * @param environment {@code NAME=value}, exactly
     * @param descriptors remain the caller's
     * @return the process id; the caller waits for it
     */
    static int start(String program, List<String> argv, List<String> environment, int... descriptors)
            throws IOException {
        try (var arena = Arena.ofConfined()) {
            var errno = arena.allocate(Libc.CAPTURE);
            var pid = arena.allocate(ValueLayout.JAVA_INT);
            var actions = arena.allocate(SIZE_OF_ACTIONS, Long.BYTES);
            var attributes = arena.allocate(SIZE_OF_ATTRIBUTES, Long.BYTES);
            check((int) ACTIONS_INIT.invokeExact(errno, actions));
            check((int) ATTRIBUTES_INIT.invokeExact(errno, attributes));
            try {
                for (int i = 0; i < descriptors.length; i++) {
                    requireNotOverwritten(descriptors[i], descriptors.length);
                    check((int) ACTIONS_DUP2.invokeExact(errno, actions, descriptors[i], i));
                }
                check((int) ACTIONS_CLOSE_FROM.invokeExact(errno, actions, descriptors.length));
                setSignals(arena, errno, attributes);
                check((int) SPAWN.invokeExact(
                        errno,
                        pid,
                        arena.allocateFrom(program),
                        actions,
                        attributes,
                        strings(arena, argv),
                        strings(arena, environment)));
            } finally {
                int ignored = (int) ACTIONS_DESTROY.invokeExact(errno, actions);
                ignored = (int) ATTRIBUTES_DESTROY.invokeExact(errno, attributes);
            }
            return pid.get(ValueLayout.JAVA_INT, 0);
        } catch (IOException | IllegalArgumentException failed) {
            throw failed;
        } catch (Throwable impossible) {
            throw new LinkageError("posix_spawn", impossible);
        }
    }

    /**
     * The child's low numbers are filled one after the other; a source among them could be gone when its turn comes.
     */
    private static void requireNotOverwritten(int source, int count) {
        if (source < count) {
            throw new IllegalArgumentException("descriptor " + source + " lies among the child's own");
        }
    }

    private static void setSignals(Arena arena, MemorySegment errno, MemorySegment attributes) throws Throwable {
        var none = arena.allocate(SIZE_OF_SIGSET, Long.BYTES);
        var all = arena.allocate(SIZE_OF_SIGSET, Long.BYTES).fill((byte) 0xFF);
        check((int) ATTRIBUTES_MASK.invokeExact(errno, attributes, none));
        check((int) ATTRIBUTES_DEFAULT.invokeExact(errno, attributes, all));
        check((int) ATTRIBUTES_FLAGS.invokeExact(errno, attributes, (short) (SETSIGDEF | SETSIGMASK)));
    }

    private static MemorySegment strings(Arena arena, List<String> values) {
        var array = arena.allocate(ValueLayout.ADDRESS, values.size() + 1L);
        for (int i = 0; i < values.size(); i++) {
            array.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(values.get(i), StandardCharsets.UTF_8));
        }
        return array;
    }

    /** These functions return the error number itself. */
    private static void check(int errno) throws IOException {
        if (errno != 0) {
            throw Errno.failure("posix_spawn", -errno);
        }
    }
}
