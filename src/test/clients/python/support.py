"""What the tests share: where the service is, and sandboxes that are deleted when a test ends."""

import asyncio
import contextlib
import io
import os
import unittest
from pathlib import Path

from agents.extensions.sandbox.cloudflare import CloudflareSandboxClient, CloudflareSandboxClientOptions
from agents.sandbox.manifest import Manifest
from agents.sandbox.session import SandboxSession
from agents.sandbox.snapshot import NoopSnapshotSpec

URL = os.environ["SANDBRIDGE_URL"].rstrip("/")
KEY = os.environ["SANDBRIDGE_KEY"]

# The SDK takes the key for resume() from here and from nowhere else.
os.environ["CLOUDFLARE_SANDBOX_API_KEY"] = KEY


class SandboxTestCase(unittest.IsolatedAsyncioTestCase):
    """A test case whose sandboxes do not outlive the test."""

    async def asyncSetUp(self) -> None:
        self.client = CloudflareSandboxClient()
        asyncio.get_running_loop().set_debug(False)  # it would report how long the SDK's own steps take

    async def sandbox(
        self, manifest: Manifest | None = None, *, url: str = URL, key: str | None = KEY
    ) -> SandboxSession:
        """A started sandbox."""
        session = await self.client.create(
            manifest=manifest,
            snapshot=NoopSnapshotSpec(),
            options=CloudflareSandboxClientOptions(worker_url=url, api_key=key),
        )
        self.addAsyncCleanup(self.end, session)
        await session.start()
        return session

    async def resumed(self, payload: dict[str, object]) -> SandboxSession:
        """A session made from serialized state alone, not yet started."""
        session = await self.client.resume(self.client.deserialize_session_state(payload))
        self.addAsyncCleanup(self.end, session)
        return session

    async def end(self, session: SandboxSession) -> None:
        """What the SDK's runner does at the end of a run: it deletes twice."""
        await session.aclose()
        await self.client.delete(session)

    async def output(self, session: SandboxSession, *command: str, **options) -> str:
        """What a command that must succeed prints."""
        result = await session.exec(*command, **options)
        self.assertEqual((result.exit_code, result.stderr), (0, b""), f"{command} printed {result.stdout!r}")
        return result.stdout.decode()

    async def with_users(self, manifest: Manifest | None = None) -> SandboxSession:
        """A started sandbox that has users, or a skipped test where the service offers none."""
        probe = await self.sandbox()
        if (await self.output(probe, "id -u")).strip() != "0":
            if os.environ.get("SANDBRIDGE_USERS") == "required":
                self.fail("commands do not run as root inside the sandbox, although users must be offered here")
            self.skipTest("this service offers no users: it runs without a range of user ids")
        return await self.sandbox(manifest)


async def write(session: SandboxSession, path: str, content: bytes, **options) -> None:
    await session.write(Path(path), io.BytesIO(content), **options)


async def read(session: SandboxSession, path: str, **options) -> bytes:
    with contextlib.closing(await session.read(Path(path), **options)) as stream:
        return stream.read()
