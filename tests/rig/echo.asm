; SPDX-License-Identifier: MIT
; A stand-in for the hypervisor in the rig's own tests: says its command line on
; COM1, echoes what is typed, and at a 'q' ends as Xenith does with idle=exit.
bits 32

MAGIC    equ 0xe85250d6
COM1     equ 0x3f8
TAG_END  equ 0
TAG_LINE equ 1

section .header align=8
header:
	dd MAGIC, 0, .end - header, -(MAGIC + .end - header)
	dw 0, 0
	dd 8
.end:

section .text
global _start
_start:
	mov	dx, COM1 + 3		; 8n1, divisor latch closed
	mov	al, 3
	out	dx, al
	mov	esi, hello
	call	print
	add	ebx, 8			; the first tag
.tag:
	cmp	dword [ebx], TAG_LINE
	je	.line
	cmp	dword [ebx], TAG_END
	je	echo
	mov	eax, [ebx + 4]
	add	eax, 7
	and	eax, -8
	add	ebx, eax
	jmp	.tag
.line:
	lea	esi, [ebx + 8]
	call	print
	mov	esi, newline
	call	print

echo:
	mov	dx, COM1 + 5
	in	al, dx
	test	al, 1
	jz	echo
	mov	dx, COM1
	in	al, dx
	cmp	al, 'q'
	je	goodbye
	call	put
	jmp	echo

goodbye:
	mov	esi, gone
	call	print
.drain:
	mov	dx, COM1 + 5
	in	al, dx
	test	al, 0x40
	jz	.drain
	mov	dx, 0xf4		; QEMU's debug exit
	xor	eax, eax
	out	dx, eax
	mov	dx, 0x8900		; Bochs's shutdown port
	mov	esi, shutdown
	mov	ecx, 8
	rep outsb
	cli
	hlt

print:
	lodsb
	test	al, al
	jz	.end
	call	put
	jmp	print
.end:
	ret

put:
	mov	ah, al
	mov	dx, COM1 + 5
.wait:
	in	al, dx
	test	al, 0x20
	jz	.wait
	mov	dx, COM1
	mov	al, ah
	out	dx, al
	ret

section .rodata
hello:    db "xenith: echo: ", 0
newline:  db 13, 10, 0
gone:     db "xenith: all guests gone: clean", 13, 10, 0
shutdown: db "Shutdown"
