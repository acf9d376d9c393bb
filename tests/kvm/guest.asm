; SPDX-License-Identifier: MIT
; The guest of the KVM program: checks the processor that it gets in real mode, in protected mode,
; and with each kind of paging, and says what held by ports (main.c).
	org 0x1000
	%include "macros.inc"

	section .text
	bits 16
start:	cli
	cld
	; A second processor starts here too, but with another CS.
	mov ax, cs
	test ax, ax
	jnz near ap_start
	mov ds, ax
	mov es, ax
	mov ss, ax
	mov sp, STACK16
	call fill_ivt
	; No interrupts by the old controllers.
	mov al, 0xff
	out 0x21, al
	out 0xa1, al

	mov eax, 0x40000000
	cpuid
	IS ebx, 0x696e6558, "real mode: CPUID leaf of the program's, EBX"
	IS ecx, 0x65546874, "real mode: CPUID leaf of the program's, ECX"
	IS edx, 0x64677473, "real mode: CPUID leaf of the program's, EDX"
	call ports
	CATCH ud2
	IS dword [fault_vector], 6, "real mode: UD2 raises #UD"
	xor ax, ax
	CATCH div al
	IS dword [fault_vector], 0, "real mode: a division by zero raises #DE"
	CATCH int3
	IS dword [fault_vector], 3, "real mode: INT3"
	mov dword [soft_interrupts], 0
	int 0x21
	IS dword [soft_interrupts], 1, "real mode: INT 21h"
	mov ax, 0x2000
	mov es, ax
	mov dword [es:0x1234], 0xfeedface
	mov eax, [es:0x1234]
	IS eax, 0xfeedface, "real mode: memory by a segment"

	lgdt [gdt_pointer]
	mov eax, cr0
	or al, 1
	mov cr0, eax
	jmp dword CODE32:protected

; IN and OUT of each size, and by strings.
ports:	mov dx, PORT_LATCH
	mov eax, 0x12345678
	out dx, eax
	xor eax, eax
	in eax, dx
	IS eax, 0x12345678, "real mode: IN and OUT of 32 bits"
	mov dx, PORT_LATCH
	mov eax, 0xabcd9876
	out dx, ax
	mov eax, 0x55555555
	in ax, dx
	IS eax, 0x55559876, "real mode: IN and OUT of 16 bits"
	mov dx, PORT_LATCH
	mov al, 0xe7
	out dx, al
	mov eax, 0x55555555
	in al, dx
	IS eax, 0x555555e7, "real mode: IN and OUT of 8 bits"
	mov dx, PORT_STRING_SUM
	xor eax, eax
	out dx, eax
	mov dx, PORT_STRING
	mov di, scratch
	mov cx, 16
	rep insb
	IS dword [scratch + 12], 0x0f0e0d0c, "real mode: REP INSB"
	mov dx, PORT_STRING
	mov si, scratch
	mov cx, 16
	rep outsb
	mov dx, PORT_STRING_SUM
	in eax, dx
	IS eax, 120, "real mode: REP OUTSB"
	ret

fill_ivt:
	xor di, di
	mov eax, stubs16
	mov cx, 32
.next:	stosd
	add ax, 16
	loop .next
	mov dword [0x21 * 4], soft16
	ret

soft16:	inc dword [soft_interrupts]
	iret

	STUBS stubs16
	push bp
	mov bp, sp
	push eax
	movzx eax, word [bp + 2]
	mov [fault_vector], eax
	mov ax, [resume]
	test ax, ax
	jz .unexpected
	mov [bp + 6], ax
	pop eax
	pop bp
	add sp, 4
	iret
.unexpected:
	mov eax, unexpected_name
	out PORT_NOT_OK, eax
	out PORT_GIVE_UP, eax
	jmp $

; Back in real mode, with a data segment that protected mode left behind.
real_again:
	mov ax, DATA16
	mov ss, ax
	mov eax, cr0
	and al, ~1
	mov cr0, eax
	jmp 0:.flush
.flush:	xor ax, ax
	mov ss, ax
	mov es, ax
	mov sp, STACK16
	lidt [ivt_pointer]
	mov eax, [ds:dword 0x21234]
	IS eax, 0xfeedface, "real mode again: memory beyond 64 KiB"
	mov ax, es
	mov ds, ax
	mov eax, 0x40000000
	cpuid
	; Without unrestricted guest KVM emulates all of this, and its emulator knows no UD2.
	IS ebx, 0x696e6558, "real mode again: CPUID"
	lgdt [gdt_pointer]
	mov eax, cr0
	or al, 1
	mov cr0, eax
	jmp dword CODE32:paging

	%include "protected.inc"
	%include "paging.inc"
	%include "long.inc"
	%include "second.inc"

	bits 32
unexpected:
	; Shown with the failure. Also run as 64-bit code: so by a register.
	mov ebx, fault_vector
	mov ecx, [ebx + fault_error - fault_vector]
	mov edx, [ebx + fault_ip - fault_vector]
	mov ebx, [ebx]
	mov eax, unexpected_name
	out PORT_NOT_OK, eax
	out PORT_GIVE_UP, eax
	jmp $
	NAME unexpected_name, "an exception that nobody expects"

	section .data
	align 16
gdt:	dq 0
	dq 0x00cf9a000000ffff	; CODE32
	dq 0x00cf92000000ffff	; DATA
	dq 0x00af9a000000ffff	; CODE64
	dq 0x00cf92000000ffff	; DATA64
	dq 0x0000890000000067 | TASK1 << 16
	dq 0x0000890000000067 | (TASK2 & 0xffff) << 16 | (TASK2 >> 16) << 32
	dq 0x00009a000000ffff	; CODE16
	dq 0x000092000000ffff	; DATA16
	dq 0x00cf12000000ffff	; ABSENT
gdt_end:
gdt_pointer:
	dw gdt_end - gdt - 1
	dd gdt, 0
idt32_pointer:
	dw 256 * 8 - 1
	dd IDT32
idt64_pointer:
	dw 256 * 16 - 1
	dq IDT64
ivt_pointer:
	dw 0x3ff
	dd 0
	align 16
fault_vector	dd 0
fault_error	dd 0
fault_address	dq 0
fault_ip	dq 0
fault_dr6	dq 0
resume		dq 0
soft_interrupts	dd 0
tasks		dd 0
ticks		dd 0
selfs		dd 0
gsis		dd 0
nmis		dd 0
nmi_again	dd 0
nmis_inside	dd 0
ap_alive	dd 0
ap_ipis		dd 0
x2apic		dd 0
	align 64
scratch		times 64 db 0
