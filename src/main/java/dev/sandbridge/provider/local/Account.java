package dev.sandbridge.provider.local;

import java.util.Map;
import java.util.Optional;

/**
 * A line of the sandbox's own {@code /etc/passwd}, which its users may have made anything of.
 *
 * @param name never empty
 */
record Account(String name, String home, String shell) {
    /** What is read of the file at most. */
    static final int LONGEST_FILE = 1 << 20;

    /** The default user where a sandbox has users. */
    static final Account ROOT = new Account("root", "/root", "/bin/bash");

    /** The user where there is one only. */
    static final Account ONLY_USER = new Account("user", "/home/user", "/bin/bash");

    private static final int FIELDS = 7;

    /** The account of a name, or of the uid of {@code uid:gid}. */
    static Optional<Account> find(String passwd, String user) {
        int colon = user.indexOf(':');
        int field = colon < 0 ? 0 : 2;
        String wanted = colon < 0 ? user : user.substring(0, colon);
        return passwd.lines()
                .map(line -> line.split(":", -1))
                .filter(fields -> fields.length >= FIELDS && fields[field].equals(wanted) && !fields[0].isEmpty())
                .map(fields -> new Account(fields[0], fields[5], fields[6]))
                .findFirst();
    }

    /** Stands for a user without a line, who may exist as a number. */
    static Account unknown(String user) {
        return new Account(user, "/", "/bin/sh");
    }

    Map<String, String> environment() {
        return Map.of(
                "USER",
                name,
                "LOGNAME",
                name,
                "HOME",
                home.isEmpty() ? "/" : home,
                "SHELL",
                shell.isEmpty() ? "/bin/sh" : shell);
    }
}
