; SPDX-License-Identifier: MIT
; A PVH guest that lives until it is ended: says so again and again.
bits 32

PHYS32_ENTRY equ 18
SPINS        equ 1000000

section .note note alloc align=4
	dd 4, 4, PHYS32_ENTRY
	db "Xen", 0
	dd _start

section .text
global _start
_start:
	mov	esi, message
.next:
	lodsb
	test	al, al
	jz	.work
	out	0xe9, al
	jmp	.next
.work:
	mov	ecx, SPINS
.spin:
	dec	ecx
	jnz	.spin
	jmp	_start

section .rodata
message: db "tick", 10, 0
