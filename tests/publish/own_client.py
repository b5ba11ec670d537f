"""`guardrank tuf` reads what `guardrank publish` writes: own_client.py GUARDRANK."""
import pathlib
import sys
import unittest

from origin import BUNDLE
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


    def test_a_wiped_cache_is_led_back_no_further_than_its_root(self):
        metadata = self.origin.path / "metadata"
        self.origin.step("publish", "--release", "a", "--bundle", BUNDLE)
        older = {path.name: path.read_bytes() for path in metadata.glob("*.json")}
        self.origin.step("publish", "--release", "b", "--bundle", BUNDLE)
        self.origin.step("keys", "refresh", "--role", "root", keys=("root", "snapshot", "timestamp"))
        shipped = (metadata / "2.root.json").read_bytes()
        for path in metadata.glob("*.json"):
            path.unlink()
        for name, data in older.items():
            (metadata / name).write_bytes(data)

        def refresh(name, root, code):
            client = self.client(name)
            (client / "root.json").write_bytes(root)
            self.tuf(client, "init", client / "root.json")
            return self.origin.run("tuf", "--metadata-dir", client / "metadata", "--metadata-url",
                                   self.address + "/metadata", "refresh", code=code, reads=code != 0)
        refresh("first", self.first_root, 0)                        # the first root knows no better
        error = refresh("shipped", shipped, 1)["error"]
        self.assertEqual((error["name"], error["where"]), ("GR_STATUS_ROLLBACK", "timestamp"))
        self.assertIn("version 3 or later", error["message"])


if __name__ == "__main__":
    unittest.main()
