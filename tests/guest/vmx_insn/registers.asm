; SPDX-License-Identifier: MIT
; VMWRITE and VMREAD with each register as the value, and as the field's encoding.

global reg_value, reg_field, reg_result, reg_flags, reg_write_value, reg_read_value, reg_read_field

section .bss nobits align=8
reg_value: resq 1
reg_field: resq 1
reg_result: resq 1
reg_flags: resq 1
saved_stack: resq 1

section .text
bits 64

%macro BEGIN 0
	push rbx
	push rbp
	push r12
	push r13
	push r14
	push r15
	mov [saved_stack], rsp
%endmacro

%macro END 0
	mov rsp, [saved_stack]
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbp
	pop rbx
	pushfq
	pop qword [reg_flags]
	ret
%endmacro

; register under test, another one
%macro CASES 2
write_value_%1:
	BEGIN
	mov %1, [reg_value]
	mov %2, [reg_field]
	vmwrite %2, %1
	END
read_value_%1:
	BEGIN
	mov %2, [reg_field]
	vmread %1, %2
	mov [reg_result], %1
	END
read_field_%1:
	BEGIN
	mov %1, [reg_field]
	vmread %2, %1
	mov [reg_result], %2
	END
%endmacro

CASES rax, rcx
CASES rcx, rax
CASES rdx, rsp
CASES rbx, r15
CASES rsp, rbp
CASES rbp, rsp
CASES rsi, r8
CASES rdi, r9
CASES r8, rsi
CASES r9, rdi
CASES r10, r12
CASES r11, r13
CASES r12, rsp
CASES r13, rbp
CASES r14, r11
CASES r15, rbx

%macro TABLE 1
	dq %1_rax, %1_rcx, %1_rdx, %1_rbx, %1_rsp, %1_rbp, %1_rsi, %1_rdi
	dq %1_r8, %1_r9, %1_r10, %1_r11, %1_r12, %1_r13, %1_r14, %1_r15
%endmacro

section .rodata align=8
reg_write_value: TABLE write_value
reg_read_value: TABLE read_value
reg_read_field: TABLE read_field
