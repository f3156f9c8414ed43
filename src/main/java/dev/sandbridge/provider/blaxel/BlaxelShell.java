package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.pty.SentinelShell;
import dev.sandbridge.pty.ShellStream;
import dev.sandbridge.pty.TerminalSize;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/** A shell on a terminal at Blaxel. What is seen and typed goes over the link; its processes are ended from outside. */
final class BlaxelShell implements ShellStream {
    private static final Logger LOG = Logger.getLogger(BlaxelShell.class.getName());

    private static final Duration GOODBYE = Duration.ofSeconds(5);

    private final TerminalLink link;
    private final DataPlane plane;
    private final TerminalRecord record;
    private final OutputStream input;
    private volatile boolean dismissed;

    /** @param record whose tag the command carries, and with it all that descends from it */
    BlaxelShell(TerminalLink link, DataPlane plane, TerminalRecord record) {
        this.link = link;
        this.plane = plane;
        this.record = record;
        this.input = new TerminalInput(link.typing()::type);
    }

    @Override
    public OutputStream input() {
        return input;
    }

    @Override
    public InputStream output() {
        return link.output();
    }

    @Override
    public void resize(TerminalSize size) {
        link.resize(size);
    }

    @Override
    public void begun(int pid) {
        link.shell(pid);
    }

    @Override
    public void kill(int pid) {
        tell("ending a terminal", Shell.set("_sb_tag", Long.toString(record.tag())) + Shell.KILL);
    }

    /** Lets nobody type any more. */
    void stopTyping() {
        link.typing().hangUp();
    }

    /** Tells the command that its terminal goes, as the kernel would. */
    void hangUp(int pid) {
        tell(
                "hanging up",
                Shell.set("_sb_tag", Long.toString(record.tag()))
                        + Shell.set("_sb_pid", Integer.toString(pid))
                        + Shell.HANG_UP);
    }

    /** Lets go of the shell, which goes on. */
    void leave() {
        dismissed = true;
        link.close();
    }

    /** Lets the shell end by itself, now that the command's end is known. */
    void dismiss() {
        dismissed = true;
        try {
            link.typing().typeLast("\n", GOODBYE);
        } catch (IOException gone) {
            LOG.log(Level.FINE, "the shell has ended before it was told to", gone);
        }
        link.close();
    }

    /** Also ends the shell where it has not been dismissed, and with it Blaxel's session. Does not wait for that. */
    @Override
    public void close() {
        link.close();
        int shell = link.shell();
        if (dismissed || shell == 0) {
            return;
        }
        dismissed = true;
        Thread.ofVirtual().name("blaxel-terminal-end").start(() -> {
            try {
                // The shell may have ended, and its number be somebody else's.
                tell(
                        "ending a terminal",
                        "grep -qs '" + SentinelShell.mark(record.sentinel()) + "' /proc/" + shell
                                + "/cmdline && kill -KILL " + shell + " 2> /dev/null; printf ok");
            } catch (SandboxException later) {
                LOG.log(Level.FINE, "Blaxel ends a terminal when nobody has looked at it for ten minutes", later);
            }
        });
    }

    private void tell(String operation, String script) {
        try {
            new Errand(plane, operation, ErrorCode.EXEC_TRANSPORT_ERROR).runApart(script, Map.of());
        } catch (SandboxException failed) {
            if (failed.code() != ErrorCode.SANDBOX_NOT_FOUND) {
                throw failed;
            }
        }
    }
}
