; SPDX-License-Identifier: MIT
; Real mode, in the page that a SIPI names: in circles, writing to the page that moves, until the
; flag is set; then as any started vCPU (the trampoline of lib/entry.asm, at 0x8000).

%define HOT_PAGE 0x9000

global real_loop, real_loop_end, real_leave_flag

section .text
bits 16
real_loop:
	cli
	xor ax, ax
	mov ds, ax
.again:
	mov [HOT_PAGE + 16], cx
	inc cx
	cmp byte [cs:real_leave_flag - real_loop], 0
	je .again
	jmp 0x0800:0
real_leave_flag:
	db 0
real_loop_end:
