"""One line on a terminal that says how far and how long yet; nothing elsewhere."""
import sys
import time


class Progress:
    """`total` steps of `label`; shows a bar, a note and the time left at most 10 times a second."""

    def __init__(self, label, total, stream=None):
        self.label = label
        self.before = 0  # done when it began: by a run that this one goes on from
        self.total = max(total, 1)
        self.stream = stream or sys.stderr
        self.is_shown = self.stream.isatty()
        self.started = time.monotonic()
        self.last = 0.0

    def update(self, done, note=""):
        now = time.monotonic()
        if not self.is_shown or (now - self.last < 0.1 and done < self.total):
            return
        self.last = now
        left = (now - self.started) * (self.total - done) / max(done - self.before, 1)
        filled = int(24 * done / self.total)
        bar = "#" * filled + "." * (24 - filled)
        self.stream.write(
            f"\r{self.label} [{bar}] {done}/{self.total} {left:4.0f} s left {note}\033[K"
        )
        self.stream.flush()

    def close(self):
        if self.is_shown:
            self.stream.write("\r\033[K")
            self.stream.flush()
