# SPDX-License-Identifier: MIT
"""As much of ELF64 as the checks of the image need."""

import collections
import struct

Segment = collections.namedtuple("Segment", "type flags offset vaddr paddr filesz memsz align")
Symbol = collections.namedtuple("Symbol", "name value size")
PT_LOAD, PT_GNU_STACK = 1, 0x6474E551
X, W = 1, 2
SHT_SYMTAB = 2


class Elf:
    def __init__(self, path):
        with open(path, "rb") as image:
            self.data = image.read()
        if self.data[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path}: not an ELF64 of little-endian bytes")
        phoff, shoff = struct.unpack_from("<QQ", self.data, 32)
        phentsize, phnum, shentsize, shnum = struct.unpack_from("<HHHH", self.data, 54)
        self.segments = []
        for number in range(phnum):
            row = struct.unpack_from("<IIQQQQQQ", self.data, phoff + number * phentsize)
            self.segments.append(Segment(*row))
        self._sections = [struct.unpack_from("<IIQQQQIIQQ", self.data, shoff + n * shentsize)
                          for n in range(shnum)]

    def loads(self):
        return [segment for segment in self.segments if segment.type == PT_LOAD]

    def symbols(self):
        """{name: Symbol} of the symbol table, if it was not stripped."""
        found = {}
        for _, kind, _, _, offset, size, link, _, _, entry in self._sections:
            if kind != SHT_SYMTAB:
                continue
            names = self._sections[link][4]
            for at in range(offset, offset + size, entry):
                name, _, _, _, value, length = struct.unpack_from("<IBBHQQ", self.data, at)
                end = self.data.index(b"\0", names + name)
                text = self.data[names + name:end].decode()
                found[text] = Symbol(text, value, length)
        return found
