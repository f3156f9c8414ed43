# The tests of all flavours and of the real clients; sourced by ./sandbridge. Leaves nothing behind, also when interrupted.

scratch=""
notes=""

run_tests() {
    local flavour failed_steps=0
    find_jdk
    install_needs "$local_provider_needs
$tests_need" "Tests that need them are skipped."
    scratch="$(mktemp -d "${TMPDIR:-/tmp}/sandbridge-test.XXXXXX")"
    chmod 755 "$scratch"
    trap end_tests EXIT
    export SANDBRIDGE_TEST_SCRATCH="$scratch"
    : >"$scratch/clients.tap"
    rm -rf -- "$root"/target/*/surefire-reports

    [ -z "$(stale)" ] || build
    step server test spotless:check enforcer:enforce@dependencies "$@" || failed_steps=$((failed_steps + 1))
    for flavour in lambda-http lambda-events; do
        step "$flavour" verify -P"$flavour" -Dspotless.check.skip "$@" || failed_steps=$((failed_steps + 1))
    done
    [ $# != 0 ] || clients || failed_steps=$((failed_steps + 1))
    left_behind || failed_steps=$((failed_steps + 1))
    total "$failed_steps"
}

# A failed test does not end a step: every flavour is heard, and the reports are counted at the end.
step() {
    local flavour="$1" begun="$SECONDS" result=0
    shift
    printf '\n--- %s ---\n' "$flavour"
    mkdir -p -- "$scratch/$flavour"
    chmod 1777 "$scratch/$flavour"
    in_group maven "$@" -Dtest.tmp="$scratch/$flavour" -Dmaven.test.failure.ignore=true \
        -Dsurefire.failIfNoSpecifiedTests=false || result=$?
    [ "$result" = 0 ] || notes="$notes
the build of $flavour failed"
    printf -- '--- %s: %s s ---\n' "$flavour" "$((SECONDS - begun))"
    return "$result"
}

# Runs src/test/clients/run against a service of its own. It reports one line a check in the TAP format: "ok NAME",
# "not ok NAME", "ok NAME # SKIP reason".
clients() {
    local runner="$root/src/test/clients/run" log="$scratch/service.log" key begun="$SECONDS" service url="" result=0
    [ -x "$runner" ] || return 0
    printf '\n--- clients ---\n'
    key="$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"
    set -m
    SANDBRIDGE_PORT=0 SANDBRIDGE_DATA="$scratch/service" SANDBRIDGE_KEY="$key" "$root/sandbridge" up \
        </dev/null >"$log" 2>"$log.err" &
    service=$!
    set +m
    services="$services $service"
    while [ -z "$url" ]; do
        if ! kill -0 "$service" 2>/dev/null || [ "$((SECONDS - begun))" -gt 120 ]; then
            cat "$log.err"
            notes="$notes
the service did not start for the clients"
            return 1
        fi
        sleep 0.1
        url="$(sed -n 's/^Sandbridge answers at //p' "$log")"
    done
    SANDBRIDGE_URL="$url" SANDBRIDGE_API_KEY="$key" SANDBRIDGE_CACHE="$root/.cache/clients" JAVA_HOME="$JAVA_HOME" \
        in_group "$runner" >"$scratch/clients.tap" || result=$?
    cat "$scratch/clients.tap"
    end_group "$service"
    if [ "$result" != 0 ] || ! grep -Eq '^(not )?ok ' "$scratch/clients.tap"; then
        cat "$log.err"
        notes="$notes
the clients' tests ended with status $result"
        return 1
    fi
    printf -- '--- clients: %s s ---\n' "$((SECONDS - begun))"
}

# --- leaving nothing behind ------------------------------------------------------------------------------------------------

services=""

# Processes that were started by these tests, wherever they put themselves: the mark is in their first environment.
marked_processes() {
    local process
    for process in /proc/[0-9]*; do
        case "${process#/proc/}" in $$ | "$BASHPID") continue ;; esac
        if tr '\0' '\n' 2>/dev/null <"$process/environ" | grep -qx "SANDBRIDGE_TEST_SCRATCH=$scratch"; then
            [ "$(awk '/^PPid:/ {print $2}' "$process/status" 2>/dev/null)" = "$BASHPID" ] || printf '%s\n' "${process#/proc/}"
        fi
    done
}

mounts_below_scratch() { awk -v below="$scratch/" 'index($5, below) == 1 {print $5}' /proc/self/mountinfo | sort -r; }

# Says what outlived the tests; that is a failure of the service, not something to tidy up in silence.
left_behind() {
    local process found=0
    [ "$(uname -s)" = Linux ] || return 0
    for process in $(marked_processes); do
        found=1
        say "left behind: process $process: $(tr '\0' ' ' <"/proc/$process/cmdline" 2>/dev/null | cut -c 1-200)"
    done
    if [ -n "$(mounts_below_scratch)" ]; then
        found=1
        say "left behind: mounts $(mounts_below_scratch | tr '\n' ' ')"
    fi
    [ "$found" = 0 ] || notes="$notes
the tests left something behind"
    return "$found"
}

end_tests() {
    local service process mount
    trap '' HUP INT TERM
    at_exit
    for service in $services; do end_group "$service"; done
    if [ "$(uname -s)" = Linux ]; then
        for process in $(marked_processes); do kill -KILL "$process" 2>/dev/null || true; done
        mounts_below_scratch | while read -r mount; do umount -l -- "$mount" || true; done
    fi
    rm -rf -- "$scratch"
}

# --- counting ----------------------------------------------------------------------------------------------------------------

# Sums an attribute of all test suites' reports.
reported() {
    cat "$root"/target/*/surefire-reports/TEST-*.xml 2>/dev/null |
        sed -n "s/.*<testsuite .* $1=\"\([0-9]*\)\".*/\1/p" | awk '{sum += $1} END {print sum + 0}'
}

# Names every skipped test with its reason, and prints the closing line.
total() {
    local tests failed skipped tap="$scratch/clients.tap"
    skipped_tests
    tests=$(($(reported tests) + $(grep -Ec '^(not )?ok ' "$tap" || true)))
    failed=$(($(reported failures) + $(reported errors) + $(grep -Ec '^not ok ' "$tap" || true)))
    skipped=$(($(reported skipped) + $(grep -Eic '^ok .*# skip' "$tap" || true)))
    [ -z "$notes" ] || printf '%s\n' "$notes"
    if [ "$1" -gt "$failed" ]; then
        tests=$((tests + $1 - failed))
        failed="$1"
    fi
    printf '\n%s passed, %s failed, %s skipped\n' "$((tests - failed - skipped))" "$failed" "$skipped"
    [ "$failed" = 0 ]
}

skipped_tests() {
    cat "$root"/target/*/surefire-reports/TEST-*.xml 2>/dev/null | awk '
        /<testcase / { name = $0; sub(/.*<testcase [^>]*name="/, "", name); sub(/".*/, "", name) }
        /<skipped/ { why = $0; sub(/.*<skipped( message=")?/, "", why); sub(/".*/, "", why); sub(/\/>.*/, "", why)
                     print "skipped: " name (why == "" ? "" : ": " why) }'
}
