package dev.sandbridge.sandbox;

import java.util.ArrayList;
import java.util.List;

/**
 * Shell text as a command line. Linux takes no argument above 128 KiB, so longer text travels in parts and is put
 * together again by the shell; and where that text itself hands long text to another shell, as the SDKs do ({@code sh
 * -lc '...'}), it goes there in parts as well.
 */
final class LongScript {
    /** Characters of one argument: of up to four bytes each, below the limit. */
    private static final int PART = 30_000;

    /** Runs the text that the arguments make up. */
    private static final String JOIN = "__sb=; for __sb_part; do __sb=$__sb$__sb_part; done; set --; eval \"$__sb\"";

    /** The commands that hand text on look at its length first; all else stays as it is. */
    private static final String CARRY =
            """
            __sb_carry() {
              local text=${!#} flag=${@:$#-1:1} at parts=()
              if [[ $# -lt 3 || ${#text} -lt PART || $flag != -*c ]]; then command "$@"; return; fi
              for ((at = 0; at < ${#text}; at += PART)); do parts+=("${text:at:PART}"); done
              command "${@:1:$#-1}" 'JOIN' "${@:$#-2:1}" "${parts[@]}"
            }
            for __sb in sh bash /bin/sh /bin/bash sudo env; do
              eval "function $__sb { __sb_carry $__sb \\"\\$@\\"; }"
            done
            """.replace("PART", Integer.toString(PART)).replace("JOIN", JOIN);

    private LongScript() {}

    static List<String> line(String script) {
        if (script.length() <= PART) {
            return List.of("bash", "-c", script);
        }
        var line = new ArrayList<>(List.of("bash", "-c", CARRY + JOIN, "bash"));
        for (int from = 0; from < script.length(); ) {
            int to = Math.min(from + PART, script.length());
            if (to < script.length() && Character.isHighSurrogate(script.charAt(to - 1))) {
                to--;
            }
            line.add(script.substring(from, to));
            from = to;
        }
        return line;
    }
}
