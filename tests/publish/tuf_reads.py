"""python-tuf reads what we publish: tuf_reads.py GUARDRANK. Needs the packages of requirements.txt."""
import pathlib
import sys
import unittest

from tuf.ngclient import Updater

from story import Story

COMMAND = str(pathlib.Path(sys.argv.pop()).resolve())


class TufReads(Story, unittest.TestCase):
    command = COMMAND

    def read_targets(self, client, paths):
        updater = Updater(str(client / "metadata"), f"{self.address}/metadata/", str(client / "downloads"),
                          f"{self.address}/targets/", bootstrap=self.first_root)
        updater.refresh()
        found = {}
        for path in paths:
            info = updater.get_targetinfo(path)
            self.assertIsNotNone(info, path)
            self.assertIn("stage", info.custom["guardrank"])
            found[path] = pathlib.Path(updater.download_target(info)).read_bytes()
        return found


if __name__ == "__main__":
    unittest.main()
