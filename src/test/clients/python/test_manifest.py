"""Manifests: what the SDK lays out in a new sandbox."""

import tempfile
from pathlib import Path

from agents.sandbox.apply_patch import WorkspaceEditor
from agents.sandbox.entries import Dir, File, LocalDir, LocalFile
from agents.sandbox.errors import WorkspaceArchiveReadError, WorkspaceArchiveWriteError
from agents.sandbox.manifest import Environment, Manifest
from agents.sandbox.types import Group, Permissions, User

from support import SandboxTestCase, read, write


class ManifestTest(SandboxTestCase):
    async def test_files_and_directories_get_their_contents_and_modes(self):
        entries = {
            "plain.txt": File(content=b"plain\n"),
            "run.sh": File(content=b"#!/bin/sh\necho ran\n", permissions=Permissions.from_mode(0o750)),
            "private": File(content=b"\x00\xff", permissions=Permissions.from_mode(0o600)),
            "tree": Dir(
                permissions=Permissions.from_mode(0o711),
                children={"deep": Dir(children={"leaf é.txt": File(content="é".encode())}), "empty": Dir()},
            ),
            "later/without/a/directory": File(content=b"x"),
        }
        session = await self.sandbox(Manifest(entries=entries))
        self.assertEqual(
            await self.output(session, "stat -c '%a %F %n' plain.txt run.sh private tree tree/empty"),
            "755 regular file plain.txt\n750 regular file run.sh\n600 regular file private\n"
            "711 directory tree\n755 directory tree/empty\n",
        )
        self.assertEqual(await self.output(session, "./run.sh"), "ran\n")
        self.assertEqual(await read(session, "private"), b"\x00\xff")
        self.assertEqual(await read(session, "tree/deep/leaf é.txt"), "é".encode())
        self.assertEqual(await self.output(session, "cat later/without/a/directory"), "x")

    async def test_files_of_the_callers_machine_are_copied(self):
        with tempfile.TemporaryDirectory() as here:
            Path(here, "tree/sub").mkdir(parents=True)
            Path(here, "one.txt").write_bytes(b"one")
            Path(here, "tree/two.txt").write_bytes(b"two")
            Path(here, "tree/sub/three.txt").write_bytes(b"three")
            session = await self.sandbox()
            base = Path(here)
            await LocalFile(src=Path("one.txt")).apply(session, Path("/workspace/copy.txt"), base)
            await LocalDir(src=Path("tree")).apply(session, Path("/workspace/copied"), base)
        self.assertEqual(await self.output(session, "cat copy.txt copied/two.txt copied/sub/three.txt"), "onetwothree")

    async def test_many_files_are_laid_out(self):
        entries = {f"d{i % 7}/f{i}": File(content=b"%d" % i) for i in range(60)}
        session = await self.sandbox(Manifest(entries=entries))
        self.assertEqual(await self.output(session, "find . -type f | wc -l; cat d3/f59"), "60\n59")

    async def test_the_environment_reaches_every_command(self):
        environment = Environment(value={"GREETING": "hello $USER 'quoted'\nsecond line ü", "EMPTY": ""})
        session = await self.sandbox(Manifest(environment=environment))
        self.assertEqual(
            await self.output(session, "printf '%s|%s|' \"$GREETING\" \"${EMPTY-unset}\""),
            "hello $USER 'quoted'\nsecond line ü||",
        )


class UsersTest(SandboxTestCase):
    MANIFEST = Manifest(
        users=[User(name="alice")],
        groups=[Group(name="crew", users=[User(name="bob")])],
        entries={
            "shared": File(
                content=b"shared", group=Group(name="crew", users=[]), permissions=Permissions.from_mode(0o640)
            )
        },
    )

    async def test_users_and_groups_are_made_and_commands_run_as_them(self):
        session = await self.with_users(self.MANIFEST)
        self.assertEqual(await self.output(session, "id -un; pwd", user="alice"), "alice\n/workspace\n")
        self.assertEqual((await self.output(session, "id -Gn", user="bob")).split(), ["bob", "crew"])
        self.assertEqual(await self.output(session, "stat -c %G shared"), "crew\n")
        self.assertEqual(await self.output(session, "cat shared", user="bob"), "shared")
        denied = await session.exec("cat shared", user="alice")
        self.assertNotEqual(denied.exit_code, 0)
        self.assertIn(b"Permission denied", denied.stderr)

    async def test_an_unknown_user_is_a_clear_failure(self):
        session = await self.with_users()
        result = await session.exec("id", user="nobody-here")
        self.assertNotEqual(result.exit_code, 0)
        self.assertIn(b"nobody-here", result.stderr)

    async def test_files_are_read_written_and_removed_with_a_users_rights(self):
        session = await self.with_users(self.MANIFEST)
        await self.output(session, "mkdir -m 0700 home; chown alice: home")
        self.assertEqual(await read(session, "shared", user="bob"), b"shared")
        with self.assertRaises(WorkspaceArchiveReadError):
            await read(session, "shared", user="alice")
        with self.assertRaises(WorkspaceArchiveWriteError):
            await write(session, "shared", b"x", user="alice")
        await session.mkdir("home/sub", user="alice")
        self.assertEqual(await self.output(session, "stat -c %U home/sub"), "alice\n")
        await session.rm("home/sub", recursive=True, user="alice")
        self.assertEqual(await self.output(session, "ls home"), "")

    async def test_a_patch_is_applied_with_a_users_rights(self):
        session = await self.with_users(self.MANIFEST)
        await self.output(session, "mkdir -m 0700 home; chown alice: home")
        editor = WorkspaceEditor(session, user="alice")
        await editor.apply_patch({"type": "create_file", "path": "home/note", "diff": "+one"})
        # The SDK checks alice's rights by a command of hers, but writes as the sandbox's own user.
        self.assertEqual(await self.output(session, "stat -c %U home/note; chown alice: home/note"), "root\n")
        await editor.apply_patch({"type": "update_file", "path": "home/note", "diff": "@@\n-one\n+two"})
        self.assertEqual(await self.output(session, "stat -c %U home/note; cat home/note", user="alice"), "alice\ntwo")
        with self.assertRaises(WorkspaceArchiveReadError):
            await editor.apply_patch({"type": "update_file", "path": "shared", "diff": "@@\n-shared\n+mine"})
        self.assertEqual(await read(session, "shared"), b"shared")
        await editor.apply_patch({"type": "delete_file", "path": "home/note"})
        self.assertEqual(await self.output(session, "ls home"), "")
