#!/usr/bin/env bash
# Builds the three flavours as native executables: target/server/sandbridge-*-runner, target/lambda-http/function.zip and
# target/lambda-events/function.zip, each of the two with a `bootstrap`. With a GraalVM or Mandrel 25 of this machine
# (GRAALVM_HOME, JAVA_HOME, the path), or else in Quarkus' builder container. Says in one line which; never makes a
# Java artifact instead. Arguments choose flavours: ./native-build.sh server
set -euo pipefail

root="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)"
flavours="${*:-server lambda-http lambda-events}"

say() { printf '%s\n' "native-build: $*" >&2; }
die() {
    say "$*"
    exit 1
}

# Prints the feature version of a native-image command, or nothing.
native_feature() {
    "$1" --version 2>/dev/null | sed -n '1s/^native-image \([0-9]*\).*/\1/p'
}

# Prints the first GraalVM's home whose native-image is new enough. What is made is for Linux, so elsewhere only the
# container will do.
find_graalvm() {
    local home on_path
    [ "$(uname -s)" = Linux ] || return 0
    on_path="$(command -v native-image || true)"
    on_path="$(readlink -f "$on_path" 2>/dev/null || printf '%s' "$on_path")"
    for home in "${GRAALVM_HOME:-}" "${JAVA_HOME:-}" "${on_path%/bin/native-image}" "${on_path%/lib/svm/bin/native-image}"; do
        if [ -n "$home" ] && [ -x "$home/bin/native-image" ] &&
            [ "$(native_feature "$home/bin/native-image" | grep . || echo 0)" -ge 25 ]; then
            printf '%s\n' "$home"
            return
        fi
    done
}

find_container() {
    local tool
    for tool in docker podman; do
        if command -v "$tool" >/dev/null && "$tool" info >/dev/null 2>&1; then
            printf '%s\n' "$tool"
            return
        fi
    done
}

# What came out must be native code: an ELF file, for a function as the zip's bootstrap.
require_native() {
    local flavour="$1" file scratch architecture
    if [ "$flavour" = server ]; then
        file="$(find "$root/target/server" -maxdepth 1 -name 'sandbridge-*-runner' -type f | head -n 1)"
        is_native "$file" || die "$flavour: the build made no native executable"
        architecture="$(architecture_of "$file")"
    else
        scratch="$(mktemp -d "${TMPDIR:-/tmp}/native-build.XXXXXX")"
        python3 -m zipfile -e "$root/target/$flavour/function.zip" "$scratch" 2>/dev/null ||
            unzip -q "$root/target/$flavour/function.zip" -d "$scratch" || true
        file="$scratch/bootstrap"
        is_native "$file" || {
            rm -rf -- "$scratch"
            die "$flavour: function.zip has no native bootstrap"
        }
        architecture="$(architecture_of "$file")"
        rm -rf -- "$scratch"
        file="$root/target/$flavour/function.zip"
    fi
    say "made $file ($(du -h "$file" | cut -f 1), for $architecture)"
}

# Prints an ELF file's machine as template.yaml's parameter Architecture names it.
architecture_of() {
    case "$(od -An -tx1 -j 18 -N 2 "$1" | tr -d ' \n')" in
    3e00) echo x86_64 ;;
    b700) echo arm64 ;;
    *) echo "another machine" ;;
    esac
}

is_native() { [ -s "$1" ] && [ "$(head -c 4 "$1" | od -An -c | tr -d ' \n')" = '177ELF' ]; }

graalvm="$(find_graalvm)"
if [ -n "$graalvm" ]; then
    say "with the GraalVM in $graalvm"
    export GRAALVM_HOME="$graalvm" JAVA_HOME="${JAVA_HOME:-$graalvm}"
    how="-Dquarkus.native.container-build=false"
else
    container="$(find_container)"
    [ -n "$container" ] || die "needs a GraalVM or Mandrel 25 (set GRAALVM_HOME), or docker or podman that runs; found none"
    say "in Quarkus' builder container, with $container (no GraalVM 25 on this machine)"
    how="-Dquarkus.native.container-build=true -Dquarkus.native.container-runtime=$container"
fi
# Maven runs on Java; native-image and Java are of one home where there is a GraalVM.
for home in "${JAVA_HOME:-}" "$graalvm" /usr/lib/jvm/*; do
    feature="$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release" 2>/dev/null || true)"
    if [ -x "$home/bin/javac" ] && [ "${feature:-0}" -ge 25 ]; then
        export JAVA_HOME="$home"
        break
    fi
done

for flavour in $flavours; do
    case "$flavour" in server | lambda-http | lambda-events) ;; *) die "no such flavour: $flavour" ;; esac
    rm -f -- "$root/target/$flavour/function.zip" "$root/target/$flavour"/sandbridge-*-runner
    # shellcheck disable=SC2086 # options are words
    "$root/mvnw" -f "$root/pom.xml" -B -ntp -q package -P"$flavour" -Dmaven.test.skip=true \
        -Dquarkus.native.enabled=true -Dquarkus.package.jar.enabled=false $how
    require_native "$flavour"
done
