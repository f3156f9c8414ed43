"""A whole run of an agent: the model is a script, everything else is the SDK's own."""

import os
import re
import time

from agents import RunConfig, Runner
from agents.sandbox import SandboxAgent, SandboxRunConfig
from agents.testing import ModelStep, ScriptedModel, assistant_message, function_call
from openai.types.responses import ResponseCustomToolCall

from support import SandboxTestCase, read

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

ADD = """\
*** Begin Patch
*** Add File: ask.sh
+[ -t 0 ] && [ -t 1 ] || echo no terminal
+printf 'name? '
+read -r name
+echo "hello"
+exit 5
*** End Patch"""

UPDATE = """\
*** Begin Patch
*** Update File: ask.sh
@@
 read -r name
-echo "hello"
+echo "hello $name"
 exit 5
*** End Patch"""


def patch(text: str, call_id: str) -> ResponseCustomToolCall:
    return ResponseCustomToolCall(type="custom_tool_call", name="apply_patch", call_id=call_id, input=text)


def outputs(call) -> dict[str, object]:
    """What the tools have answered so far, by call."""
    return {item["call_id"]: item["output"] for item in call.input if "output" in item}


def answer_greeting(call):
    """The model reads the session's number where it stands, in the tool's answer."""
    session = re.search(r"session ID (\d+)", str(outputs(call)["ask"]))
    if session is None:
        raise AssertionError(f"no session to write to in {outputs(call)['ask']!r}")
    arguments = {"session_id": int(session[1]), "chars": "Ada\n", "yield_time_ms": 5000}
    return [function_call("write_stdin", arguments, call_id="type")]


class AgentTest(SandboxTestCase):
    async def test_a_scripted_agent_works_with_shell_patches_images_and_a_program(self):
        session = await self.sandbox()
        model = ScriptedModel([
            [function_call("exec_command", {"cmd": f"echo {PIXEL} | base64 -d > pixel.png; ls; exit 3"}, call_id="sh")],
            [patch(ADD, "add")],
            [patch(UPDATE, "update")],
            [function_call("view_image", {"path": "pixel.png"}, call_id="image")],
            [function_call("exec_command", {"cmd": "sh ask.sh", "tty": True, "yield_time_ms": 250}, call_id="ask")],
            ModelStep.respond(answer_greeting),
            [assistant_message("done")],
        ])
        agent = SandboxAgent(name="tester", instructions="Work.", model=model)
        config = RunConfig(sandbox=SandboxRunConfig(session=session), tracing_disabled=True)

        begin = time.perf_counter()
        result = await Runner.run(agent, "work", run_config=config)
        print(f"the agent's run took {time.perf_counter() - begin:.2f} s", flush=True)

        model.assert_complete()
        self.assertEqual(result.final_output, "done")
        said = outputs(model.last_call)
        self.assertRegex(said["sh"], r"(?s)exited with code 3\n.*Output:\npixel\.png\r?\n?$")
        self.assertEqual((await read(session, "ask.sh")).count(b"hello $name"), 1)
        self.assertIn("data:image/png;base64," + PIXEL, str(said["image"]))
        self.assertRegex(said["ask"], r"Output:\nname\? $")
        self.assertRegex(said["type"], r"(?s)exited with code 5\n.*Output:\nAda\r\nhello Ada\r\n$")

    async def test_a_command_of_the_model_ends_with_its_own_code_long_before_its_time(self):
        session = await self.sandbox()
        begin = time.perf_counter()
        update = await session.pty_exec_start("echo hi; exit 7", yield_time_s=20)
        self.assertLess(time.perf_counter() - begin, 10)
        self.assertEqual((update.exit_code, update.process_id), (7, None))
        self.assertEqual(update.output.decode().splitlines(), ["hi"])

    async def test_a_long_command_with_newlines_and_tabs_arrives_exactly(self):
        session = await self.sandbox()
        # Blaxel's terminals break a character that lies across the end of 4096 bytes of output.
        letter = "a" if os.environ.get("SANDBRIDGE_PROFILES__DEFAULT__PROVIDER") == "blaxel" else "ä"
        text = f"\t{letter}'\"$x\\\n" * 2000
        update = await session.pty_exec_start("printf", "%s", text + "end", shell=False, yield_time_s=20)
        self.assertEqual(update.exit_code, 0)
        self.assertEqual(update.output.decode().replace("\r\n", "\n"), text + "end")

    async def test_a_program_is_typed_to_interrupted_and_ended(self):
        session = await self.sandbox()
        update = await session.pty_exec_start("cat", tty=True, yield_time_s=0.25)
        self.assertIsNotNone(update.process_id)
        update = await session.pty_write_stdin(session_id=update.process_id, chars="one\n", yield_time_s=0.5)
        self.assertEqual(update.output.decode().split(), ["one", "one"])
        update = await session.pty_write_stdin(session_id=update.process_id, chars="\x04", yield_time_s=10)
        self.assertEqual((update.exit_code, update.process_id), (0, None))
        update = await session.pty_exec_start("sleep 60", tty=True, yield_time_s=0.25)
        update = await session.pty_write_stdin(session_id=update.process_id, chars="\x03", yield_time_s=10)
        self.assertEqual(update.exit_code, 130)
