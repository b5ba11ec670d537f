"""`guardrank tuf` reads what `guardrank publish` writes: own_client.py GUARDRANK."""
import pathlib
import sys
import unittest

from story import Story

COMMAND = str(pathlib.Path(sys.argv.pop()).resolve())


class OwnClient(Story, unittest.TestCase):
    command = COMMAND

    def tuf(self, client, *arguments):
        self.origin.run("tuf", "--metadata-dir", client / "metadata", *arguments, reads=False)

    def read_targets(self, client, paths):
        root = client / "root.json"
        if not root.exists():
            root.write_bytes(self.first_root)
            self.tuf(client, "init", root)
        self.tuf(client, "--metadata-url", self.address + "/metadata", "refresh")
        found = {}
        for path in paths:
            folder = client / "downloads" / path.replace("/", "-")
            folder.mkdir(exist_ok=True)
            self.tuf(client, "--metadata-url", self.address + "/metadata", "--target-base-url",
                     self.address + "/targets", "--target-dir", folder, "--target-name", path, "download")
            files = [file for file in folder.rglob("*") if file.is_file()]
            self.assertEqual(len(files), 1, files)
            found[path] = files[0].read_bytes()
        return found


if __name__ == "__main__":
    unittest.main()
