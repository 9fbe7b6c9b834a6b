# SPDX-License-Identifier: Apache-2.0
"""A mounted index, as the programs here read it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any


class Problem(Exception):
    """What a program can't go on with."""


class Corpus:
    """A mount, or the directory of one index in it, and settings of it."""

    def __init__(self, path: str, settings: dict[str, Any]) -> None:
        self.path = path
        names = ",".join(f"{key}={value}" for key, value in settings.items())
        self.under = os.path.join(path, "with", names) if names else path
        try:
            with open(os.path.join(path, "stats"), "rb") as file:
                stats = json.load(file)
        except OSError as error:
            raise Problem(f"{path}: no index is mounted here: {error.strerror}") from error
        # Those of removed documents are free, and among them.
        self.numbers: int = stats["documents"] + stats["removed_documents"]

    def file(self, number: int, kind: str) -> str:
        return os.path.join(self.path, "doc", f"{number}.{kind}")

    def text(self, number: int) -> bytes | None:
        """None: it was removed."""
        try:
            with open(self.file(number, "txt"), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def size(self, number: int) -> int:
        return os.stat(self.file(number, "txt")).st_size

    def meta(self, number: int) -> dict[str, Any]:
        with open(self.file(number, "json"), "rb") as file:
            return json.load(file)

    def repeats(self) -> Iterator[bytes]:
        with open(os.path.join(self.under, "repeats"), "rb") as file:
            yield from file


def fail(main: Callable[[], int]) -> None:
    """Run a program; what goes wrong is a line on standard error."""
    program = os.path.basename(sys.argv[0])
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except (OSError, Problem) as error:
        print(f"{program}: {error}", file=sys.stderr)
        status = 1
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
