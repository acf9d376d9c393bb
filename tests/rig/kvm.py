# SPDX-License-Identifier: MIT
"""Whether this machine's KVM offers VMX to its guests.

A /dev/kvm that opens proves nothing: some hosts have one without VMX. KVM is
asked for the CPUID bits that it would show to a guest.
"""

import fcntl
import os
import struct

KVM_GET_SUPPORTED_CPUID = 0xC008AE05
ENTRIES = 256
HEADER = struct.Struct("<II")
# function, index, flags, eax, ebx, ecx, edx, padding
ENTRY = struct.Struct("<7I12x")
VMX_BIT = 1 << 5


def offers_vmx(path="/dev/kvm"):
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        table = bytearray(HEADER.size + ENTRIES * ENTRY.size)
        HEADER.pack_into(table, 0, ENTRIES, 0)
        fcntl.ioctl(fd, KVM_GET_SUPPORTED_CPUID, table)
        count = HEADER.unpack_from(table)[0]
        for row in range(min(count, ENTRIES)):
            function, _, _, _, _, ecx, _ = ENTRY.unpack_from(table, HEADER.size + row * ENTRY.size)
            if function == 1:
                return bool(ecx & VMX_BIT)
    except OSError:
        pass
    finally:
        os.close(fd)
    return False
