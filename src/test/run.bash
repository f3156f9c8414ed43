# The tests of all flavours, of the real clients and of the cloud's template; sourced by ./sandbridge. Leaves nothing behind, also when
# interrupted.
# shellcheck disable=SC2154 # root and the lists of needs are the launcher's

scratch=""
groups_before=""
notes=""

run_tests() {
    local flavour failed_steps=0 native=""
    find_jdk
    install_needs "$local_provider_needs
$tests_need" "Tests that need them are skipped."
    scratch="$(mktemp -d "${TMPDIR:-/tmp}/sandbridge-test.XXXXXX")"
    chmod 755 "$scratch"
    trap end_tests EXIT
    export SANDBRIDGE_TEST_SCRATCH="$scratch"
    groups_before="$(control_groups)"
    [ -z "$(native_image)" ] || native=-Dquarkus.native.enabled=true
    : >"$scratch/clients"
    : >"$scratch/template"
    rm -rf -- "$root"/target/*/surefire-reports "$root"/target/*/failsafe-reports
    [ -n "$(native_image)" ] || say "no native-image 25 on this machine: functions are tested as Java, not as native code."

    [ -z "$(stale)" ] || build
    step server test spotless:check enforcer:enforce@dependencies "$@" || failed_steps=$((failed_steps + 1))
    for flavour in lambda-http lambda-events; do
        step "$flavour" verify -P"$flavour" -Dspotless.check.skip ${native:+"$native"} "$@" || failed_steps=$((failed_steps + 1))
    done
    [ $# != 0 ] || clients || failed_steps=$((failed_steps + 1))
    [ $# != 0 ] || template || failed_steps=$((failed_steps + 1))
    left_behind || failed_steps=$((failed_steps + 1))
    total "$failed_steps"
}

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
    local flavour="$1" begun="$SECONDS" result=0
    shift
    printf '\n--- %s ---\n' "$flavour"
    mkdir -p -- "$scratch/$flavour"
    chmod 1777 "$scratch/$flavour"
    in_group logged "$scratch/$flavour.log" maven "$@" -Dtest.tmp="$scratch/$flavour" -Dtest.data.directory="$scratch/$flavour/data" \
        -Dmaven.test.failure.ignore=true -Dsurefire.failIfNoSpecifiedTests=false || result=$?
    [ "$result" = 0 ] || notes="$notes
the build of $flavour failed"
    printf -- '--- %s: %s s ---\n' "$flavour" "$((SECONDS - begun))"
    return "$result"
}

# Drives the service with the real clients. Their script starts a service of its own with ./sandbridge up, and its last
# line is "clients: N passed, N failed, N skipped".
clients() {
    local begun="$SECONDS" result=0
    printf '\n--- clients ---\n'
    TMPDIR="$scratch" in_group "$root/src/test/clients/run" >"$scratch/clients" || result=$?
    cat -- "$scratch/clients"
    printf -- '--- clients: %s s ---\n' "$((SECONDS - begun))"
    counted_by clients "$result"
}

# Checks the deployment's template with the cloud's own linters.
template() {
    local begun="$SECONDS" result=0
    printf '\n--- template ---\n'
    TMPDIR="$scratch" in_group "$root/src/test/template/run" >"$scratch/template" 2>&1 || result=$?
    cat -- "$scratch/template"
    printf -- '--- template: %s s ---\n' "$((SECONDS - begun))"
    counted_by template "$result"
}

# A script that dies before its last line has proved nothing.
counted_by() {
    [ -n "$(numbers "$1" passed)" ] || {
        notes="$notes
the script of the $1 ended with status $2 and counted nothing"
        return 1
    }
}

# What the scripts beside Maven counted, "passed" or another word.
of_scripts() { echo $(($(numbers clients "$1" | grep . || echo 0) + $(numbers template "$1" | grep . || echo 0))); }

numbers() { sed -n "s/^$1: .*\b\([0-9][0-9]*\) $2.*/\1/p" "$scratch/$1" | tail -n 1; }

# --- leaving nothing behind ------------------------------------------------------------------------------------------

# Processes that were started by these tests, wherever they put themselves: the mark is in their first environment.
marked_processes() {
    local process
    for process in /proc/[0-9]*; do
        case "${process#/proc/}" in "$$" | "$BASHPID") continue ;; esac
        if tr '\0' '\n' 2>/dev/null <"$process/environ" | grep -qx "SANDBRIDGE_TEST_SCRATCH=$scratch"; then
            [ "$(awk '/^PPid:/ {print $2}' "$process/status" 2>/dev/null)" = "$BASHPID" ] ||
                printf '%s\n' "${process#/proc/}"
        fi
    done
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
    [ "$found" = 0 ] || notes="$notes
the tests left something behind"
    return "$found"
}

end_tests() {
    local process mount
    trap '' HUP INT TERM
    at_exit
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

# Names every skipped test with its reason, and prints the closing line. A step that failed without a failed test
# counts as one.
total() {
    local passed failed skipped
    skipped_tests
    failed=$(($(reported Failures) + $(reported Errors)))
    skipped="$(reported Skipped)"
    passed=$(($(reported "Tests run") - failed - skipped + $(of_scripts passed)))
    failed=$((failed + $(of_scripts failed)))
    skipped=$((skipped + $(of_scripts skipped)))
    [ -z "$notes" ] || printf '%s\n' "$notes"
    [ "$1" -le "$failed" ] || failed="$1"
    printf '\n%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" = 0 ]
}

skipped_tests() {
    cat -- "$root"/target/*/{surefire,failsafe}-reports/TEST-*.xml 2>/dev/null | awk '
        function between(text, left, right) {
            if (!match(text, left)) return ""
            text = substr(text, RSTART + RLENGTH)
            return match(text, right) ? substr(text, 1, RSTART - 1) : text
        }
        /<testcase / { test = between($0, "classname=\"", "\"") "." between($0, "<testcase name=\"", "\"") }
        /<skipped/ {
            why = between($0, "message=\"", "\"")
            if (why == "") why = between($0, "TestAbortedException: ", "]]>")
            print "skipped: " test ": " why
        }'
}
