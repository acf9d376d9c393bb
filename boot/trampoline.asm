; SPDX-License-Identifier: MIT
; Where an application processor starts: copied to a page below 640 KiB, entered in real mode at its
; first byte with CS = page >> 4. The tables in the three pages behind it map these pages at their
; physical address and the hypervisor (arch/x86/cpu/smp.c makes them).

global trampoline_start, trampoline_end, trampoline_parameters

%define CR0_PE 0x1
%define CR0_WP 0x10000
%define CR0_PG 0x80000000
%define CR4_PAE 0x20
%define MSR_EFER 0xc0000080

section .rodata
	align 16, db 0
bits 16
trampoline_start:
	cli
	cld
	mov ax, cs
	mov ds, ax
	xor ebx, ebx
	mov bx, ax
	shl ebx, 4 ; physical address of this page, for the rest

	; The descriptor table register wants a linear address.
	lea eax, [ebx + (gdt - trampoline_start)]
	mov [gdt_register - trampoline_start + 2], eax
	o32 lgdt [gdt_register - trampoline_start]
	lea eax, [ebx + (protected - trampoline_start)]
	mov [far_protected - trampoline_start], eax
	lea eax, [ebx + (long_mode - trampoline_start)]
	mov [far_long - trampoline_start], eax
	mov eax, CR0_PE
	mov cr0, eax
	jmp dword far [far_protected - trampoline_start]

bits 32
protected:
	mov ax, 0x10
	mov ds, ax
	mov ss, ax
	mov eax, CR4_PAE
	mov cr4, eax
	lea eax, [ebx + 0x1000]
	mov cr3, eax
	mov ecx, MSR_EFER
	mov eax, [ebx + (parameter_efer - trampoline_start)]
	xor edx, edx
	wrmsr
	mov eax, CR0_PG | CR0_WP | CR0_PE
	mov cr0, eax
	jmp far [ebx + (far_long - trampoline_start)]

bits 64
long_mode:
	xor eax, eax
	mov ds, eax
	mov ss, eax
	mov rsp, [rbx + (parameter_stack - trampoline_start)]
	mov rdi, [rbx + (parameter_argument - trampoline_start)]
	mov rax, [rbx + (parameter_entry - trampoline_start)]
	xor ebp, ebp ; end of the backtrace
	call rax
	ud2

	align 8, db 0
gdt:
	dq 0
	dq 0x00af9b000000ffff ; 0x08: 64-bit code
	dq 0x00cf93000000ffff ; 0x10: data
	dq 0x00cf9b000000ffff ; 0x18: 32-bit code
.end:
gdt_register:
	dw gdt.end - gdt - 1
	dd 0
far_protected:
	dd 0
	dw 0x18
far_long:
	dd 0
	dw 0x08

	align 8, db 0
trampoline_parameters: ; struct trampoline_parameters of smp.h
parameter_entry:
	dq 0
parameter_argument:
	dq 0
parameter_stack:
	dq 0
parameter_efer:
	dq 0
trampoline_end:
