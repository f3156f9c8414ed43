"""The work of an agent without terminals: what functions serve too."""

import unittest

from agents import RunConfig, Runner
from agents.sandbox import SandboxAgent, SandboxRunConfig
from agents.testing import ScriptedModel, assistant_message, function_call

from support import SandboxTestCase, read, write
from test_agent import ADD, PIXEL, UPDATE, outputs, patch


class WorkTest(SandboxTestCase):
    async def test_a_scripted_agent_patches_and_looks_and_its_program_runs(self):
        session = await self.sandbox()
        await self.output(session, f"echo {PIXEL} | base64 -d > pixel.png")
        model = ScriptedModel([
            [patch(ADD, "add")],
            [patch(UPDATE, "update")],
            [function_call("view_image", {"path": "pixel.png"}, call_id="image")],
            [assistant_message("done")],
        ])
        agent = SandboxAgent(name="tester", instructions="Work.", model=model)
        config = RunConfig(sandbox=SandboxRunConfig(session=session), tracing_disabled=True)

        result = await Runner.run(agent, "work", run_config=config)

        model.assert_complete()
        self.assertEqual(result.final_output, "done")
        self.assertIn("data:image/png;base64," + PIXEL, str(outputs(model.last_call)["image"]))
        said = await session.exec("echo Ada | sh ask.sh")
        self.assertEqual((said.exit_code, said.stdout), (5, b"no terminal\nname? hello Ada\n"))

    async def test_commands_and_files_come_and_go_whole(self):
        session = await self.sandbox()
        content = bytes(range(256)) * 2000
        await write(session, "all.bin", content)
        self.assertEqual(await read(session, "all.bin"), content)
        self.assertEqual(await self.output(session, "wc -c < all.bin; echo ä; pwd"), "512000\nä\n/workspace\n")
        failed = await session.exec("echo no >&2; exit 3")
        self.assertEqual((failed.exit_code, failed.stderr), (3, b"no\n"))
        self.assertTrue(await session.running())


if __name__ == "__main__":
    unittest.main()
