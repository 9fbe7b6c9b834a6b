# SPDX-License-Identifier: Apache-2.0
"""Storage that is far away: a directory behind delayed_fs, whose reads take as long as one says, and
are counted."""

import contextlib
import os
import subprocess
import time

PATIENCE_SECONDS = 120


class Failed(Exception):
    """It doesn't do what it should; the text says what."""


class Delayed:
    """program: delayed_fs; directory: what it shows, below mountpoint."""

    def __init__(self, program, directory, mountpoint):
        self.command = [program, directory, mountpoint]
        self.mountpoint = mountpoint
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE)
        end = time.monotonic() + PATIENCE_SECONDS
        while not os.path.ismount(self.mountpoint):
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failed("delayed_fs doesn't mount")
            time.sleep(0.01)

    def stop(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.process.wait(PATIENCE_SECONDS)
        self.process.stdout.close()

    def kill(self):
        """As a server that is gone; what was mounted stays, and fails."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def say(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def delay(self, seconds):
        self.say(f"delay {round(seconds * 1e6)}")

    def hold(self, holds):
        self.say(f"hold {int(holds)}")

    def waits_for(self, reads):
        """Wait until so many reads are in flight at once; fails where they never are."""
        end, most = time.monotonic() + PATIENCE_SECONDS, 0
        while most < reads:
            if time.monotonic() > end:
                raise Failed(f"{most} reads in flight at most instead of {reads}")
            time.sleep(0.02)
            most = max(most, self.stats()["waiting"])

    def fail(self, fails):
        self.say(f"fail {int(fails)}")

    def forget(self):
        """What the kernel has of the files is read anew."""
        self.say("forget")

    def stats(self):
        """Of the reads since it was asked last: reads, bytes, turns, together, waiting."""
        words = (word.partition("=") for word in self.say("stats").split())
        return {key: int(value) for key, _, value in words}

    def rest(self):
        """Wait until no read has come for a while, and forget those that have."""
        still = 0
        while still < 3:
            time.sleep(0.05)
            now = self.stats()
            still = 0 if now["reads"] or now["waiting"] else still + 1

    def list(self):
        """The reads since stats were asked last: file, offset, bytes, begin and end in us."""
        found = []
        self.process.stdin.write("list\n")
        self.process.stdin.flush()
        while (line := self.process.stdout.readline().strip()) != ".":
            name, *numbers = line.rsplit(" ", 4)
            found.append((name, *map(int, numbers)))
        return found
