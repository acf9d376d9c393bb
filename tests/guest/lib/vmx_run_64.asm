; SPDX-License-Identifier: MIT
; The switch to L2 and back.

%define HOST_RSP 0x6c14
%define R_AX 0
%define R_CX 8
%define R_DX 16
%define R_BX 24
%define R_BP 32
%define R_SI 40
%define R_DI 48
%define R_R8 56

global l2_switch, l2_host_rip

section .text
bits 64

; int l2_switch(struct l2_regs *regs, bool resume): 0 after an exit, 1 VMfailInvalid, 2 VMfail.
l2_switch:
	push rbx
	push rbp
	push r12
	push r13
	push r14
	push r15
	push rdi
	mov eax, HOST_RSP
	vmwrite rax, rsp
	test esi, esi
	mov rax, [rdi + R_AX]
	mov rcx, [rdi + R_CX]
	mov rdx, [rdi + R_DX]
	mov rbx, [rdi + R_BX]
	mov rbp, [rdi + R_BP]
	mov rsi, [rdi + R_SI]
	mov r8, [rdi + R_R8]
	mov r9, [rdi + R_R8 + 8]
	mov r10, [rdi + R_R8 + 16]
	mov r11, [rdi + R_R8 + 24]
	mov r12, [rdi + R_R8 + 32]
	mov r13, [rdi + R_R8 + 40]
	mov r14, [rdi + R_R8 + 48]
	mov r15, [rdi + R_R8 + 56]
	mov rdi, [rdi + R_DI]
	jnz .resume
	vmlaunch
	jmp .failed
.resume:
	vmresume
.failed:
	mov eax, 1
	jc .out
	mov eax, 2
.out:	pop rdi
	jmp restore

l2_host_rip:
	push rdi
	mov rdi, [rsp + 8]
	mov [rdi + R_AX], rax
	mov [rdi + R_CX], rcx
	mov [rdi + R_DX], rdx
	mov [rdi + R_BX], rbx
	mov [rdi + R_BP], rbp
	mov [rdi + R_SI], rsi
	mov [rdi + R_R8], r8
	mov [rdi + R_R8 + 8], r9
	mov [rdi + R_R8 + 16], r10
	mov [rdi + R_R8 + 24], r11
	mov [rdi + R_R8 + 32], r12
	mov [rdi + R_R8 + 40], r13
	mov [rdi + R_R8 + 48], r14
	mov [rdi + R_R8 + 56], r15
	pop qword [rdi + R_DI]
	pop rdi
	xor eax, eax
restore:
	cld
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbp
	pop rbx
	ret
