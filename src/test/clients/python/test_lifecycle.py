"""Sandboxes from create to delete, and after."""

import json

import aiohttp
from agents.extensions.sandbox.cloudflare import CloudflareSandboxClientOptions
from agents.sandbox.entries import File
from agents.sandbox.errors import ConfigurationError, WorkspaceReadNotFoundError
from agents.sandbox.manifest import Manifest
from agents.sandbox.snapshot import NoopSnapshotSpec

from support import KEY, URL, SandboxTestCase, read, write


class LifecycleTest(SandboxTestCase):
    async def test_a_sandbox_runs_until_it_is_deleted(self):
        session = await self.sandbox()
        self.assertTrue(await session.running())
        await self.end(session)
        self.assertFalse(await session.running())

    async def test_deleting_twice_and_once_more_is_harmless(self):
        session = await self.sandbox()
        await self.end(session)
        await self.end(session)
        self.assertFalse(await session.running())

    async def test_two_sandboxes_share_nothing(self):
        one, two = await self.sandbox(), await self.sandbox()
        self.assertNotEqual(one.state.sandbox_id, two.state.sandbox_id)
        await write(one, "file", b"one")
        await self.output(one, "echo one > /tmp/mark; sleep 300 >/dev/null 2>&1 &")
        with self.assertRaises(WorkspaceReadNotFoundError):
            await read(two, "file")
        self.assertEqual(
            await self.output(two, "ls /tmp | grep mark; cat /proc/[0-9]*/comm | grep -cx sleep; true"), "0\n"
        )
        await self.end(one)
        self.assertTrue(await two.running())
        self.assertEqual(await self.output(two, "echo alive"), "alive\n")

    async def test_every_prefix_and_profile_in_the_base_url_works(self):
        for prefix in ("", "/", "/team-a", "/team-a/tools/", "/p/default", "/team-a/p/default"):
            with self.subTest(prefix):
                session = await self.sandbox(Manifest(entries={"a/b.txt": File(content=b"b")}), url=URL + prefix)
                self.assertEqual(await self.output(session, "cat a/b.txt"), "b")
                self.assertEqual(await read(session, "a/b.txt"), b"b")
                self.assertTrue(await session.running())
                await self.end(session)
                self.assertFalse(await session.running())

    async def test_an_unknown_profile_is_refused_with_its_name(self):
        with self.assertRaisesRegex(ConfigurationError, "no-such-profile"):
            await self.sandbox(url=f"{URL}/p/no-such-profile")

    async def test_a_wrong_key_is_refused(self):
        for key in ("wrong", KEY + "x", KEY[:-1]):
            with self.subTest(key), self.assertRaisesRegex(ConfigurationError, "401.*unauthorized"):
                await self.client.create(
                    snapshot=NoopSnapshotSpec(), options=CloudflareSandboxClientOptions(worker_url=URL, api_key=key)
                )

    async def test_a_wrong_key_reaches_nothing_of_a_live_sandbox(self):
        session = await self.sandbox()
        await write(session, "secret", b"x")
        base = f"{URL}/v1/sandbox/{session.state.sandbox_id}"
        async with aiohttp.ClientSession(headers={"Authorization": "Bearer wrong"}) as http:
            for method, path in (
                ("GET", "running"), ("GET", "file/workspace/secret"), ("PUT", "file/workspace/secret"),
                ("POST", "exec"), ("DELETE", ""),
            ):
                async with http.request(method, f"{base}/{path}".rstrip("/")) as answer:
                    self.assertEqual((answer.status, (await answer.json())["code"]), (401, "unauthorized"))
        self.assertEqual(await read(session, "secret"), b"x")


class ResumeTest(SandboxTestCase):
    MANIFEST = Manifest(entries={"given.txt": File(content=b"given")})

    def saved(self, session) -> dict[str, object]:
        """The session as a program would store it: as text."""
        return json.loads(json.dumps(self.client.serialize_session_state(session.state)))

    async def test_a_live_sandbox_is_resumed_with_everything_in_it(self):
        session = await self.sandbox(self.MANIFEST)
        await write(session, "given.txt", b"edited")
        await self.output(session, "sleep 300 >/dev/null 2>&1 &")
        resumed = await self.resumed(self.saved(session))
        await resumed.start()
        self.assertEqual(resumed.state.sandbox_id, session.state.sandbox_id)
        self.assertEqual(await read(resumed, "given.txt"), b"edited")
        self.assertEqual(await self.output(resumed, "cat /proc/[0-9]*/comm | grep -cx sleep"), "1\n")

    async def test_a_deleted_sandbox_is_resumed_fresh_under_its_old_id(self):
        session = await self.sandbox(self.MANIFEST)
        await write(session, "given.txt", b"edited")
        await write(session, "made.txt", b"made")
        saved = self.saved(session)
        await self.end(session)
        resumed = await self.resumed(saved)
        self.assertFalse(await resumed.running())
        await resumed.start()
        self.assertTrue(await resumed.running())
        self.assertEqual(resumed.state.sandbox_id, session.state.sandbox_id)
        self.assertEqual(await self.output(resumed, "ls"), "given.txt\n")
        self.assertEqual(await read(resumed, "given.txt"), b"given")

    async def test_a_deleted_sandbox_is_revived_by_the_first_command(self):
        session = await self.sandbox()
        await write(session, "made.txt", b"made")
        await self.end(session)
        self.assertEqual(await self.output(session, "ls -A /workspace; echo fresh"), "fresh\n")
        self.assertTrue(await session.running())
