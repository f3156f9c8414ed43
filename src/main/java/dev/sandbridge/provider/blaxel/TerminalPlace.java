package dev.sandbridge.provider.blaxel;

import dev.sandbridge.error.ErrorCode;
import dev.sandbridge.error.SandboxException;
import dev.sandbridge.provider.SandboxTerminals;
import dev.sandbridge.pty.TerminalSize;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where the record of one named terminal lies in its sandbox. It is claimed by making a directory, so that of several
 * services only one starts a shell; it goes with the terminal's end, and with the sandbox.
 */
final class TerminalPlace {
    private static final String ALL = BlaxelHandle.SPOOL + "terminals";
    private static final Pattern PIDS = Pattern.compile("([1-9][0-9]{0,8}) ([1-9][0-9]{0,8})");
    private static final Pattern SIZE = Pattern.compile("([1-9][0-9]{0,3}) ([1-9][0-9]{0,3})");

    private final DataPlane plane;
    private final String directory;

    /** What is there. */
    enum State {
        /** Nothing was; now there is the record of who asked. */
        CLAIMED,
        /** Nothing, and there is no room. */
        FULL,
        /** Somebody is starting it, or has died of that. */
        STARTING,
        LIVING,
        ENDED
    }

    /**
     * @param session of the record, as it stands there
     * @param record null where it cannot be read
     * @param shell the process of the shell, and pid that of the command; 0 where they are not known
     * @param size null where it is not known
     */
    record Found(
            State state,
            String session,
            @Nullable TerminalRecord record,
            int shell,
            int pid,
            @Nullable TerminalSize size,
            TerminalMark mark) {}

    TerminalPlace(DataPlane plane, String name) {
        this.plane = plane;
        this.directory = ALL + "/" + key(name);
    }

    String directory() {
        return directory;
    }

    /** What is there; puts this record there if nothing is. */
    Found find(TerminalRecord fresh) {
        String most = Integer.toString(SandboxTerminals.MOST_NAMED);
        String said = run("find", Shell.set("_sb_record", fresh.text()) + Shell.set("_sb_most", most), false);
        List<String> lines = Arrays.asList(said.split("\n", -1));
        State state =
                switch (lines.getFirst()) {
                    case "claimed" -> State.CLAIMED;
                    case "full" -> State.FULL;
                    case "starting" -> State.STARTING;
                    case "living" -> State.LIVING;
                    case "ended" -> State.ENDED;
                    default ->
                        throw new SandboxException(
                                ErrorCode.EXEC_TRANSPORT_ERROR, "the sandbox does not tell its terminals");
                };
        String line = lines.size() > 1 ? lines.get(1) : "";
        TerminalRecord record = TerminalRecord.parse(line);
        String session = line.split(" ", 2)[0];
        Matcher pids = PIDS.matcher(lines.size() > 2 ? lines.get(2) : "");
        boolean known = record != null && pids.matches();
        if (state == State.LIVING && !known || state == State.ENDED && record == null) {
            // It is just going.
            return new Found(State.STARTING, session, record, 0, 0, null, TerminalMark.NONE);
        }
        return new Found(
                state,
                session,
                record,
                known ? Integer.parseInt(pids.group(1)) : 0,
                known ? Integer.parseInt(pids.group(2)) : 0,
                size(lines.size() > 3 ? lines.get(3) : ""),
                TerminalMark.parse(lines.size() > 4 ? lines.get(4) : ""));
    }

    void mark(TerminalRecord record, TerminalMark mark) {
        run("mark", session(record.session()) + Shell.set("_sb_mark", mark.text()), true);
    }

    /** Removes the record of that session, if it is still there. */
    void forget(String session) {
        run("forget", session(session), true);
    }

    /** Removes the record if its shell has ended. */
    void tidy(TerminalRecord record) {
        run("tidy", session(record.session()), true);
    }

    private static String session(String session) {
        return Shell.set("_sb_session", session);
    }

    private String run(String what, String values, boolean apart) {
        var errand = new Errand(plane, "looking for a terminal", ErrorCode.EXEC_TRANSPORT_ERROR);
        String script = Shell.set("_sb_do", what)
                + Shell.set("_sb_all", ALL)
                + Shell.set("_sb_dir", directory)
                + values
                + Shell.TERMINAL;
        return apart ? errand.runApart(script, Map.of()) : errand.run(script, Map.of());
    }

    private static @Nullable TerminalSize size(String text) {
        Matcher size = SIZE.matcher(text);
        return size.matches()
                ? new TerminalSize(Integer.parseInt(size.group(2)), Integer.parseInt(size.group(1)))
                : null;
    }

    /** A name may hold what no file's name may. */
    private static String key(String name) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 16);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
