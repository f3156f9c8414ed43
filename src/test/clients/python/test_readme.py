"""The example that the README gives."""

import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

from support import KEY, URL


class ReadmeTest(unittest.TestCase):
    def test_the_example_works_as_it_stands_there(self):
        readme = Path(os.environ["SANDBRIDGE_README"]).read_text()
        (example,) = re.findall(r"^```python\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
        self.assertIn("http://127.0.0.1:8080", example)
        ended = subprocess.run(
            [sys.executable, "-c", example.replace("http://127.0.0.1:8080", URL)],
            env={**os.environ, "CLOUDFLARE_SANDBOX_API_KEY": KEY},
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual((ended.stdout, ended.returncode), ("hello from /workspace\n", 0), ended.stderr)
