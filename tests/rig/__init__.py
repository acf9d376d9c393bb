# SPDX-License-Identifier: MIT
"""The test rig: boots Xenith with guests on an emulator, as a user would."""

import os
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(1, os.path.join(TOP, "scripts"))


class RigError(Exception):
    """Something the user asked for cannot be done; the text says what."""
