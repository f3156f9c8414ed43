# The tests of all flavours, of the real clients and of the cloud's template; sourced by ./sandbridge. Leaves nothing behind, also when
# interrupted.
# shellcheck disable=SC2154 # root and the lists of needs are the launcher's

scratch=""
mark=""
groups_before=""
lane=""

# Two lanes at once, because most tests wait more than they compute: the service's own tests, and everything else.
run_tests() {
    local native=""
    find_jdk
    install_needs "$local_provider_needs
$tests_need" "Tests that need them are skipped."
    scratch="$(mktemp -d "${TMPDIR:-/tmp}/sandbridge-test.XXXXXX")"
    chmod 755 "$scratch"
    trap end_tests EXIT
    [ "$(uname -s)" != Linux ] || mark
    groups_before="$(control_groups)"
    [ -z "$(native_image)" ] || native=-Dquarkus.native.enabled=true
    : >"$scratch/clients"
    : >"$scratch/template"
    : >"$scratch/notes"
    rm -rf -- "$root"/target/*/surefire-reports "$root"/target/*/failsafe-reports
    [ -n "$(native_image)" ] || say "no native-image on this machine: functions and service are tested as Java, not as native code."

    # Two that download Maven itself at once could take each other's halves for the whole.
    maven -q -v >/dev/null
    beside "$native" "$@" >"$scratch/beside" 2>&1 &
    lane=$!
    [ -z "$(stale)" ] || build
    step server test spotless:check enforcer:enforce@dependencies -Dtest.forks=3 "$@"
    wait "$lane" || note "the steps beside the service ended early"
    lane=""
    cat -- "$scratch/beside"
    [ -z "$native" ] || step server-native verify -Dspotless.check.skip "$native" -Dquarkus.package.jar.enabled=false \
        -Dtest=NativeMetadataTest -DskipITs=false
    left_behind
    total
}

# What runs beside the service's own tests, one step after another.
beside() {
    local native="$1" flavour
    shift
    trap at_exit EXIT
    trap 'exit 143' HUP INT TERM
    for flavour in lambda-http lambda-events; do
        step "$flavour" verify -P"$flavour" -Dspotless.check.skip ${native:+"$native"} "$@"
    done
    [ $# = 0 ] || return 0
    script clients
    script template
}

# Something is wrong besides failed tests.
note() { printf '%s\n' "$*" >>"$scratch/notes"; }

# A GraalVM's compiler, where there is one.
native_image() {
    local home
    for home in "${GRAALVM_HOME:-}" "${JAVA_HOME:-}"; do
        [ ! -x "$home/bin/native-image" ] || printf '%s\n' "$home/bin/native-image"
    done
    command -v native-image || true
}

logged() {
    local log="$1"
    shift
    "$@" | tee -- "$log"
    return "${PIPESTATUS[0]}"
}

# A failed test does not end a step: every flavour is heard, and the reports are counted at the end.
step() {
    local flavour="$1" begun="$SECONDS"
    shift
    printf '\n--- %s ---\n' "$flavour"
    mkdir -p -- "$scratch/$flavour"
    chmod 1777 "$scratch/$flavour"
    in_group logged "$scratch/$flavour.log" maven "$@" -Dtest.tmp="$scratch/$flavour" -Dtest.data.directory="$scratch/$flavour/data" \
        -Dmaven.test.failure.ignore=true -Dsurefire.failIfNoSpecifiedTests=false || note "the build of $flavour failed"
    printf -- '--- %s: %s s ---\n' "$flavour" "$((SECONDS - begun))"
}

# Runs a script beside Maven: the real clients against a service that it starts with ./sandbridge up, or the cloud's own
# linters on the deployment's template. Its last line is "NAME: N passed, N failed, N skipped"; one that dies before that
# has proved nothing.
script() {
    local name="$1" begun="$SECONDS" result=0
    printf '\n--- %s ---\n' "$name"
    TMPDIR="$scratch" in_group "$root/src/test/$name/run" >"$scratch/$name" 2>&1 || result=$?
    cat -- "$scratch/$name"
    printf -- '--- %s: %s s ---\n' "$name" "$((SECONDS - begun))"
    [ -n "$(numbers "$name" passed)" ] || note "the script of the $name ended with status $result and counted nothing"
}

# What the scripts beside Maven counted, "passed" or another word.
of_scripts() { echo $(($(numbers clients "$1" | grep . || echo 0) + $(numbers template "$1" | grep . || echo 0))); }

numbers() { sed -n "s/^$1: .*\b\([0-9][0-9]*\) $2.*/\1/p" "$scratch/$1" | tail -n 1; }

# --- leaving nothing behind ------------------------------------------------------------------------------------------

# Marks this process and all that comes from it by a limit that nothing here uses (RLIMIT_MSGQUEUE), lower than it
# was. An environment is cleared on the way into a sandbox; a limit goes through every fork and exec, into other users and
# namespaces.
mark() {
    local hard
    hard="$(ulimit -H -q)"
    [ "$hard" != unlimited ] || hard=819200
    mark="$((hard - 1 - (RANDOM << 15 | RANDOM) % (hard / 2)))"
    ulimit -q "$mark"
}

# Processes that were started by these tests, wherever they put themselves, and have not ended.
marked_processes() {
    local limits=(/proc/[0-9]*/limits) own="$$|$BASHPID|${lane:-$$}"
    grep -lsE "^Max msgqueue size +$mark +$mark " "${limits[@]}" | sed 's/limits$/status/' |
        xargs -r grep -LsE '^State:[[:space:]]+[XZ]' | tr -dc '0-9\n' | grep -vxE "$own" || true
}

control_groups() { find /sys/fs/cgroup -type d -name '*sandbridge*' 2>/dev/null | sort; }

# Control groups that were not there before and hold no process; another service on this machine has some in its own.
abandoned_groups() {
    local group
    control_groups | grep -vxF -e "$groups_before" -e "" | while read -r group; do
        [ -n "$(find "$group" -name cgroup.procs -exec cat {} + 2>/dev/null)" ] || printf '%s\n' "$group"
    done
}

loop_devices_of_scratch() { grep -lsF "$scratch/" /sys/block/loop*/loop/backing_file; }

mounts_below_scratch() { awk -v below="$scratch/" 'index($5, below) == 1 {print $5}' /proc/self/mountinfo | sort -r; }

# Says what outlived the tests; that is a failure of the service, not something to tidy up in silence.
left_behind() {
    local process thing found=0
    [ "$(uname -s)" = Linux ] || return 0
    for process in $(marked_processes); do
        found=1
        say "left behind: process $process: $(tr '\0' ' ' <"/proc/$process/cmdline" 2>/dev/null | cut -c 1-200)"
    done
    for thing in $(mounts_below_scratch) $(loop_devices_of_scratch) $(abandoned_groups); do
        found=1
        say "left behind: $thing"
    done
    [ "$found" = 0 ] || note "the tests left something behind"
}

end_tests() {
    local process mount
    trap '' HUP INT TERM
    [ -z "$lane" ] || kill -TERM "$lane" 2>/dev/null || true
    at_exit
    [ -z "$lane" ] || wait "$lane" || true
    if [ "$(uname -s)" = Linux ]; then
        for process in $(marked_processes); do kill -KILL "$process" 2>/dev/null || true; done
        mounts_below_scratch | while read -r mount; do umount -l -- "$mount" || true; done
    fi
    rm -rf -- "$scratch"
}

# --- counting --------------------------------------------------------------------------------------------------------

# Sums a number of the runner's own closing lines: the reports on disk lose tests, where two engines run one class.
reported() {
    cat -- "$scratch"/*.log | awk -v key="$1: " '
        /Tests run: / && !/Time elapsed/ && match($0, key "[0-9]+") {
            sum += substr($0, RSTART + length(key), RLENGTH - length(key))
        }
        END { print sum + 0 }'
}

# Names every skipped and every failed test with its reason, and prints the closing line. What is wrong without a failed
# test counts as one.
total() {
    local passed failed skipped noted
    reasons skipped "skipped"
    reasons failed "failure|error"
    failed=$(($(reported Failures) + $(reported Errors)))
    skipped="$(reported Skipped)"
    passed=$(($(reported "Tests run") - failed - skipped + $(of_scripts passed)))
    failed=$((failed + $(of_scripts failed)))
    skipped=$((skipped + $(of_scripts skipped)))
    noted="$(wc -l <"$scratch/notes")"
    cat -- "$scratch/notes"
    [ "$noted" -le "$failed" ] || failed="$noted"
    printf '\n%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" = 0 ]
}

# $1: the word for them, $2: their elements in the reports
reasons() {
    cat -- "$root"/target/*/{surefire,failsafe}-reports/TEST-*.xml 2>/dev/null | awk -v word="$1" -v element="<($2)[ >]" '
        function between(text, left, right) {
            if (!match(text, left)) return ""
            text = substr(text, RSTART + RLENGTH)
            return match(text, right) ? substr(text, 1, RSTART - 1) : text
        }
        /<testcase / { test = between($0, "classname=\"", "\"") "." between($0, "<testcase name=\"", "\"") }
        $0 ~ element {
            why = between($0, "message=\"", "\"")
            if (why == "") why = between($0, "TestAbortedException: ", "]]>")
            if (why == "") why = between($0, "type=\"", "\"")
            print word ": " test ": " substr(why, 1, 600)
        }'
}
