"""Where the command writes, and what it leaves behind: files_test.py GUARDRANK."""
import json
import os
import pathlib
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

from support import BUNDLE, COMMAND, REQUEST, run


class Out(unittest.TestCase):
    def test_output_appears_whole_or_not_at_all(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "out.json"
            out.write_text("before")
            run("rank", "--bundle", BUNDLE, "--request", "-", "--json", "--out", out, data="{}", code=1)
            self.assertEqual(out.read_text(), "before")
            run("rank", "--bundle", BUNDLE, "--request", "-", "--json", "--out", out, data=json.dumps(REQUEST))
            self.assertEqual(json.loads(out.read_text())["request_id"], "r-1")
            missing = pathlib.Path(folder) / "none" / "out.json"
            run("rank", "--bundle", BUNDLE, "--request", "-", "--out", missing, data=json.dumps(REQUEST), code=1)
            self.assertEqual(os.listdir(folder), ["out.json"])

    def rank_to(self, out, **more):
        return run("rank", "--bundle", BUNDLE, "--request", "-", "--json", "--out", out, data=json.dumps(REQUEST),
                   **more)

    def test_links_are_followed_and_modes_stay(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "deep").mkdir()
            target, link, second = folder / "deep" / "out.json", folder / "link", folder / "second"
            target.write_text("before")
            target.chmod(0o640)
            link.symlink_to("deep/out.json")
            second.symlink_to(link)
            self.rank_to(second)
            self.assertTrue(link.is_symlink() and second.is_symlink())
            self.assertEqual(json.loads(target.read_text())["request_id"], "r-1")
            self.assertEqual(target.stat().st_mode & 0o7777, 0o640)
            target.unlink()                                    # a link to what is not there yet
            self.rank_to(link)
            self.assertTrue(link.is_symlink())
            self.assertEqual(json.loads(target.read_text())["request_id"], "r-1")
            self.assertEqual(sorted(os.listdir(folder)), ["deep", "link", "second"])
            self.assertEqual(os.listdir(folder / "deep"), ["out.json"])

    def test_pipes_and_devices_stay_what_they_are(self):
        with tempfile.TemporaryDirectory() as name:
            pipe = pathlib.Path(name) / "pipe"
            os.mkfifo(pipe)
            with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
                self.rank_to(pipe)
                self.assertEqual(json.loads(reader.stdout.read())["request_id"], "r-1")
            self.assertTrue(stat.S_ISFIFO(pipe.stat().st_mode))
            null, full = pathlib.Path(name) / "null", pathlib.Path(name) / "full"
            try:
                os.mknod(null, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
                os.mknod(full, 0o666 | stat.S_IFCHR, os.makedev(1, 7))
                null.write_bytes(b"x")
            except PermissionError:
                self.skipTest("devices are made by root alone")
            self.rank_to(null)
            error = json.loads(self.rank_to(full, code=1))["error"]
            self.assertIn("full: cannot be written: No space left", error["message"])
            self.assertTrue(stat.S_ISCHR(null.stat().st_mode) and stat.S_ISCHR(full.stat().st_mode))
            self.assertEqual(len(os.listdir(name)), 3)

    def test_a_signal_leaves_nothing_behind(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with tempfile.TemporaryDirectory() as name:
                folder = pathlib.Path(name)
                (folder / "requests").write_text((json.dumps(REQUEST) + "\n") * 60_000)
                command = subprocess.Popen([COMMAND, "rank", "--bundle", str(BUNDLE), "--requests", folder / "requests",
                                            "--out", folder / "out"], stderr=subprocess.DEVNULL)
                while len(os.listdir(folder)) == 1 and command.poll() is None:
                    time.sleep(0.005)
                command.send_signal(number)
                self.assertEqual(command.wait(), -number)
                self.assertEqual(os.listdir(folder), ["requests"])

    def test_a_bad_out_leaves_no_record(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            run("rank", "--bundle", BUNDLE, "--request", "-", "--record-out", folder / "r", "--out",
                folder / "none" / "o", data=json.dumps(REQUEST), code=1)
            self.assertEqual(os.listdir(folder), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
