"""Commands through the SDK."""

import asyncio
import time

from agents.sandbox.errors import ExecTimeoutError

from support import SandboxTestCase


class ExecTest(SandboxTestCase):
    async def test_a_command_answers_with_both_streams_and_its_exit_code(self):
        session = await self.sandbox()
        result = await session.exec("echo out; echo err >&2; exit 42")
        self.assertEqual((result.stdout, result.stderr, result.exit_code), (b"out\n", b"err\n", 42))

    async def test_exit_codes_pass_unchanged(self):
        session = await self.sandbox()
        for code in (0, 1, 111, 112, 113, 114, 255):
            with self.subTest(code=code):
                self.assertEqual((await session.exec(f"exit {code}")).exit_code, code)

    async def test_a_missing_program_is_an_exit_code_and_not_an_error(self):
        session = await self.sandbox()
        self.assertEqual((await session.exec("no-such-program", shell=False)).exit_code, 127)
        self.assertEqual((await session.exec("/etc/passwd", shell=False)).exit_code, 126)

    async def test_death_by_a_signal_is_128_and_its_number(self):
        session = await self.sandbox()
        self.assertEqual((await session.exec("sh", "-c", "kill -TERM $$", shell=False)).exit_code, 143)
        self.assertEqual((await session.exec("sh", "-c", "kill -KILL $$", shell=False)).exit_code, 137)

    async def test_output_is_exact_bytes(self):
        session = await self.sandbox()
        result = await session.exec("printf", r"\377\000ab\r\n", shell=False)
        self.assertEqual(result.stdout, b"\xff\x00ab\r\n")

    async def test_arguments_arrive_verbatim(self):
        session = await self.sandbox()
        arguments = ["a b", "", "'", '"', "$HOME", "`id`", "a;b|c&d", "x\ny", "\t", "\\", "ü 😀", "*", "--"]
        arguments.append("k" * 100_000)
        result = await session.exec("printf", r"%s\0", *arguments, shell=False)
        self.assertEqual(result.stdout.decode().split("\0")[:-1], arguments)

    async def test_long_output_of_whole_characters_arrives_complete_and_in_order(self):
        session = await self.sandbox()
        text = await self.output(session, "i=0; while [ $i -lt 200000 ]; do echo \"ü$i\"; i=$((i+1)); done")
        self.assertEqual(text.splitlines(), [f"ü{i}" for i in range(200_000)])

    async def test_commands_start_in_the_workspace_without_input(self):
        session = await self.sandbox()
        self.assertEqual(await self.output(session, "pwd; cat | wc -c"), "/workspace\n0\n")

    async def test_directory_and_environment_do_not_leak_into_the_next_command_but_files_stay(self):
        session = await self.sandbox()
        await self.output(session, "cd /tmp; export LEAK=1; echo kept > /tmp/kept; echo too > /workspace/kept")
        self.assertEqual(
            await self.output(session, "pwd; echo ${LEAK-none}; cat /tmp/kept /workspace/kept"),
            "/workspace\nnone\nkept\ntoo\n",
        )

    async def test_a_command_that_takes_too_long_ends_and_leaves_nothing_running(self):
        session = await self.sandbox()
        start = time.monotonic()
        try:
            result = await session.exec("trap '' TERM; sleep 61 & sleep 62; wait", timeout=1)
        except ExecTimeoutError:
            self.fail("the client gave up before the service answered")
        self.assertEqual(result.exit_code, 124)
        self.assertIn(b"timed out", result.stderr)
        self.assertLess(time.monotonic() - start, 4)
        self.assertEqual(
            await self.output(session, "cat /proc/[0-9]*/comm | grep -cx sleep || true"), "0\n"
        )

    async def test_a_background_process_does_not_hold_the_command_open(self):
        session = await self.sandbox()
        start = time.monotonic()
        self.assertEqual(await self.output(session, "sleep 60 & echo started"), "started\n")
        self.assertLess(time.monotonic() - start, 2)
        self.assertEqual(await self.output(session, "cat /proc/[0-9]*/comm | grep -cx sleep"), "1\n")

    async def test_a_server_started_by_one_command_answers_the_next(self):
        session = await self.sandbox()
        await self.output(session, "echo served > index.html")
        await self.output(session, "python3 -m http.server --bind 127.0.0.1 8000 >/dev/null 2>&1 &")
        self.assertEqual(
            await self.output(
                session,
                "python3 - <<'E'\n"
                "import time, urllib.request\n"
                "for attempt in range(100):\n"
                "    try:\n"
                "        print(urllib.request.urlopen('http://127.0.0.1:8000/').read().decode(), end='')\n"
                "        break\n"
                "    except OSError:\n"
                "        time.sleep(0.1)\n"
                "E",
            ),
            "served\n",
        )

    async def test_ten_commands_run_at_once(self):
        session = await self.sandbox()
        start = time.monotonic()
        results = await asyncio.gather(*(session.exec(f"sleep 1; exit {i}") for i in range(10)))
        self.assertEqual([result.exit_code for result in results], list(range(10)))
        self.assertLess(time.monotonic() - start, 5)
