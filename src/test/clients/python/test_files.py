"""Files through the SDK."""

import asyncio
import os
from pathlib import Path

from agents.sandbox.apply_patch import WorkspaceEditor
from agents.sandbox.errors import (
    ApplyPatchFileNotFoundError,
    ApplyPatchPathError,
    ExecNonZeroError,
    InvalidManifestPathError,
    WorkspaceArchiveReadError,
    WorkspaceReadNotFoundError,
)
from agents.sandbox.files import EntryKind

from support import SandboxTestCase, read, write

AWKWARD_NAMES = [
    "a b", "a?b", "a#b", "a%b", "a%25b", "a+b", "a&b", "a=b", "a;b", "a@b", "a:b", "a,b", "a$b", "a(b)", "a!b", "a*b",
    "a'b", "a[b]", "a~b", "a\\b", "ä☃😀", "a|b", "a^b", "a<b", "a>b", 'a"b', "a{b}", "a`b", "-rf", "..b", "a\nb",
]


class FilesTest(SandboxTestCase):
    async def test_what_is_written_is_read_back_byte_for_byte(self):
        session = await self.sandbox()
        contents = {
            "empty": b"",
            "one": b"x",
            "all-bytes": bytes(range(256)) * 64,
            "latin1.txt": "grüße\r\n".encode("latin-1"),
            "event-stream": b'data: {"type":"x"}\n\nevent: exit\n',
            "large": os.urandom(9 * 1024 * 1024),
        }
        for name, content in contents.items():
            with self.subTest(name):
                await write(session, name, content)
                self.assertEqual(await read(session, name), content)

    async def test_a_file_is_seen_by_the_next_command_and_the_reverse(self):
        session = await self.sandbox()
        await write(session, "new/deep/from-api", b"one")
        self.assertEqual(await self.output(session, "cat new/deep/from-api; printf two > new/from-exec"), "one")
        self.assertEqual(await read(session, "/workspace/new/from-exec"), b"two")
        await write(session, "new/from-exec", b"3")
        self.assertEqual(await self.output(session, "cat new/from-exec; chmod 0700 new/from-exec"), "3")

    async def test_a_file_may_have_any_name(self):
        session = await self.sandbox()
        for name in AWKWARD_NAMES:
            await write(session, f"names/{name}", name.encode())
        listed = await self.output(session, "find names -type f -printf '%f\\0'")
        self.assertEqual(sorted(listed.split("\0")[:-1]), sorted(AWKWARD_NAMES))
        for name in AWKWARD_NAMES:
            with self.subTest(name):
                self.assertEqual(await read(session, f"names/{name}"), name.encode())

    async def test_a_missing_file_is_told_apart_from_one_that_cannot_be_read(self):
        session = await self.sandbox()
        with self.assertRaises(WorkspaceReadNotFoundError):
            await read(session, "none")
        with self.assertRaises(WorkspaceReadNotFoundError):
            await session.read_bounded(Path("none"), max_bytes=10)
        await session.mkdir("directory")
        with self.assertRaises(WorkspaceArchiveReadError):
            await read(session, "directory")

    async def test_reading_only_the_beginning_leaves_the_sandbox_usable(self):
        session = await self.sandbox()
        await self.output(session, "yes 0123456 | head -c 200000000 > big")
        for _ in range(5):
            self.assertEqual(await session.read_bounded(Path("big"), max_bytes=20), b"0123456\n0123456\n0123")
        self.assertEqual(await session.read_bounded(Path("big"), max_bytes=1), b"0")
        await write(session, "small", b"abc")
        self.assertEqual(await session.read_bounded(Path("small"), max_bytes=20), b"abc")

    async def test_directories_are_made_listed_and_removed(self):
        session = await self.sandbox()
        await session.mkdir("a/b", parents=True)
        with self.assertRaises(ExecNonZeroError):
            await session.mkdir("x/y")
        await write(session, "a/b/file", b"12345")
        await self.output(session, "chmod 0640 a/b/file; ln -s file a/b/link; mkdir -m 0750 a/b/sub")
        entries = {os.path.basename(entry.path): entry for entry in await session.ls("a/b")}
        self.assertEqual(entries["file"].kind, EntryKind.FILE)
        self.assertEqual(entries["file"].size, 5)
        self.assertEqual(str(entries["file"].permissions), "-rw-r-----")
        self.assertEqual(entries["link"].kind, EntryKind.SYMLINK)
        self.assertEqual(entries["sub"].kind, EntryKind.DIRECTORY)
        self.assertEqual(str(entries["sub"].permissions), "drwxr-x---")
        self.assertEqual(entries["file"].owner, (await self.output(session, "id -un")).strip())
        await session.rm("a/b/link")
        await session.rm("a", recursive=True)
        with self.assertRaises(ExecNonZeroError):
            await session.ls("a")

    async def test_a_file_is_moved_over_another(self):
        session = await self.sandbox()
        await write(session, "from", b"new")
        await write(session, "to", b"old")
        self.assertTrue(await session.same_file("to", "to"))
        self.assertFalse(await session.same_file("from", "to"))
        await session.mv("from", "to")
        self.assertEqual(await read(session, "to"), b"new")
        with self.assertRaises(WorkspaceReadNotFoundError):
            await read(session, "from")

    async def test_a_path_cannot_leave_the_workspace(self):
        session = await self.sandbox()
        await self.output(session, "ln -s /etc outside; ln -s /etc/passwd passwd")
        for path in ("../etc/passwd", "/etc/passwd", "outside/passwd", "passwd"):
            with self.subTest(path):
                with self.assertRaises(InvalidManifestPathError):
                    await read(session, path)
                with self.assertRaises(InvalidManifestPathError):
                    await write(session, path, b"x")

    async def test_files_are_written_side_by_side(self):
        session = await self.sandbox()
        await asyncio.gather(*(write(session, f"many/{i}", b"%d" % i) for i in range(24)))
        self.assertEqual(
            [await read(session, f"many/{i}") for i in range(24)], [b"%d" % i for i in range(24)]
        )


class EditorTest(SandboxTestCase):
    async def test_a_patch_creates_updates_moves_and_deletes(self):
        session = await self.sandbox()
        editor = WorkspaceEditor(session)
        await editor.apply_patch({"type": "create_file", "path": "src/a.txt", "diff": "+one\n+zwölf\n+three"})
        self.assertEqual(await read(session, "src/a.txt"), "one\nzwölf\nthree".encode())
        await editor.apply_patch(
            {"type": "update_file", "path": "src/a.txt", "diff": "@@\n one\n-zwölf\n+two\n three"}
        )
        self.assertEqual(await read(session, "src/a.txt"), b"one\ntwo\nthree")
        await editor.apply_patch(
            {"type": "update_file", "path": "src/a.txt", "diff": "@@\n one\n-two\n+2\n three", "move_to": "lib/b.txt"}
        )
        self.assertEqual(await read(session, "lib/b.txt"), b"one\n2\nthree")
        self.assertEqual(await self.output(session, "ls src"), "")
        await editor.apply_patch({"type": "delete_file", "path": "lib/b.txt"})
        self.assertEqual(await self.output(session, "ls lib"), "")

    async def test_a_patch_outside_the_workspace_or_of_a_missing_file_is_refused(self):
        session = await self.sandbox()
        editor = WorkspaceEditor(session)
        with self.assertRaises(ApplyPatchPathError):
            await editor.apply_patch({"type": "create_file", "path": "../tmp/x", "diff": "+x"})
        with self.assertRaises(ApplyPatchFileNotFoundError):
            await editor.apply_patch({"type": "delete_file", "path": "none"})
        with self.assertRaises(ApplyPatchFileNotFoundError):
            await editor.apply_patch({"type": "update_file", "path": "none", "diff": "@@\n-x\n+y"})
