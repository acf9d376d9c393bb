; SPDX-License-Identifier: MIT
; The smallest PVH guest: says that it lives ROUNDS times, with work in between,
; and powers off. It needs a debug port 0xE9 and SCHEDOP_shutdown, no more.
bits 32

PHYS32_ENTRY   equ 18
SCHED_OP       equ 29
SHUTDOWN       equ 2
%ifndef ROUNDS
%define ROUNDS 5
%endif
SPINS          equ 4000000

section .note note alloc align=4
	dd 4, 4, PHYS32_ENTRY
	db "Xen", 0
	dd _start

section .text
global _start
_start:
	mov	edi, ROUNDS
.round:
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
	dec	edi
	jnz	.round
	mov	eax, SCHED_OP
	mov	ebx, SHUTDOWN
	mov	ecx, poweroff
	vmcall
	ud2

section .rodata
message:  db "still alive", 10, 0
align 4
poweroff: dd 0
