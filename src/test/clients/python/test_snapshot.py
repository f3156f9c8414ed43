"""Workspaces that outlive their sandboxes, kept by the SDK itself."""

import json
import tempfile
from pathlib import Path

from agents.extensions.sandbox.cloudflare import CloudflareSandboxClientOptions
from agents.sandbox.session import SandboxSession
from agents.sandbox.snapshot import LocalSnapshotSpec

from support import KEY, URL, SandboxTestCase


class SnapshotTest(SandboxTestCase):
    """Stop, shut down, delete, resume: as the SDK's runner does it from one run to the next."""

    TREE = (
        "mkdir -p notes/empty; printf one > notes/1; printf two > notes/2; chmod 600 notes/2; printf 'echo ran' > run.sh;"
        " chmod 755 run.sh; ln -s 1 notes/current; ln -s /workspace/notes/2 notes/absolute; ln notes/1 notes/hard;"
        " mkfifo notes/fifo; touch -d @1500000000 notes/1"
    )
    FACTS = (
        "find . -mindepth 1 -not -type d -printf '%y %m %T@ %s %p\\n' | grep -v '^l' | sort;"
        " cat notes/current notes/absolute"
    )

    async def stored(self, base: str) -> SandboxSession:
        """A started sandbox whose workspace the SDK keeps as an archive in a directory."""
        session = await self.client.create(
            snapshot=LocalSnapshotSpec(base_path=Path(base)),
            options=CloudflareSandboxClientOptions(worker_url=URL, api_key=KEY),
        )
        self.addAsyncCleanup(self.end, session)
        await session.start()
        return session

    def saved(self, session) -> dict[str, object]:
        return json.loads(json.dumps(self.client.serialize_session_state(session.state)))

    async def test_files_modes_and_links_are_there_again_after_a_delete(self):
        with tempfile.TemporaryDirectory() as base:
            session = await self.stored(base)
            await self.output(session, self.TREE)
            await session.stop()
            await self.output(session, "rm notes/fifo")
            facts = await self.output(session, self.FACTS)
            saved = self.saved(session)
            await session.shutdown()
            await self.client.delete(session)
            resumed = await self.resumed(saved)
            self.assertFalse(await resumed.running())
            await resumed.start()
            self.assertEqual(resumed.state.sandbox_id, session.state.sandbox_id)
            self.assertEqual(await self.output(resumed, self.FACTS), facts)
            self.assertEqual(await self.output(resumed, "./run.sh"), "ran\n")
            self.assertEqual(await self.output(resumed, "ls -d notes/empty"), "notes/empty\n")

    async def test_a_live_workspace_that_is_the_same_is_kept_and_a_changed_one_restored(self):
        with tempfile.TemporaryDirectory() as base:
            session = await self.stored(base)
            await self.output(session, "printf one > file; mkdir d; touch d/x")
            await session.stop()
            self.assertIsNotNone(session.state.snapshot_fingerprint)
            inode = await self.output(session, "stat -c %i file")
            same = await self.resumed(self.saved(session))
            await same.start()
            self.assertEqual(await self.output(same, "stat -c %i file"), inode)
            await self.output(session, "printf two > file; touch more")
            changed = await self.resumed(self.saved(session))
            await changed.start()
            self.assertEqual(await self.output(changed, "cat file; ls"), "oned\nfile\n")
