# SPDX-License-Identifier: Apache-2.0
"""Where a text may be cut."""


def cuts_character(text, at):
    """Whether a valid character begins before a place and goes on there."""
    for begin in range(max(0, at - 3), at):
        for end in range(at + 1, min(begin + 4, len(text)) + 1):
            try:
                if len(text[begin:end].decode()) == 1:
                    return True
            except UnicodeDecodeError:
                pass
    return False
