; SPDX-License-Identifier: MIT
; Gates of the IDT: save all registers as struct trap_frame (traps.h) and call trap_handle(frame).

extern trap_handle
global trap_stubs, trap_stubs_end, nmi_unblock

%define VECTOR_IRQ_BASE 0x30
%define VECTOR_TIMER 0xf0
%define VECTOR_KICK 0xf1
%define VECTOR_SPURIOUS 0xff

; Exceptions for which the CPU pushes an error code (SDM vol. 3, 6.15).
%define has_error_code(v) ((v) == 8 || ((v) >= 10 && (v) <= 14) || (v) == 17 || (v) == 21 \
	|| (v) == 29 || (v) == 30)

%macro stub 1
stub_%1:
%if !has_error_code(%1)
	push 0
%endif
	push %1
	jmp save_and_call
%endmacro

section .text
%assign v 0
%rep 32
	stub v
	%assign v v + 1
%endrep
%assign v VECTOR_IRQ_BASE
%rep 16
	stub v
	%assign v v + 1
%endrep
%assign v VECTOR_TIMER
	stub v
%assign v VECTOR_KICK
	stub v
%assign v VECTOR_SPURIOUS
	stub v

; GS base is the core's own block in all of root mode, so there is nothing to swap.
save_and_call:
	push rax
	push rcx
	push rdx
	push rbx
	push rbp
	push rsi
	push rdi
	push r8
	push r9
	push r10
	push r11
	push r12
	push r13
	push r14
	push r15
	cld
	mov rdi, rsp
	call trap_handle
	pop r15
	pop r14
	pop r13
	pop r12
	pop r11
	pop r10
	pop r9
	pop r8
	pop rdi
	pop rsi
	pop rbp
	pop rbx
	pop rdx
	pop rcx
	pop rax
	add rsp, 16 ; vector and error code
	iretq

; void nmi_unblock(void)
nmi_unblock:
	mov rax, rsp
	mov ecx, ss
	push rcx
	push rax
	pushfq
	mov ecx, cs
	push rcx
	lea rcx, [rel .after]
	push rcx
	iretq
.after:
	ret

%macro row 1
	dq %1, stub_%1
%endmacro

; Pairs of vector and stub.
section .rodata
	align 8, db 0
trap_stubs:
%assign v 0
%rep 32
	row v
	%assign v v + 1
%endrep
%assign v VECTOR_IRQ_BASE
%rep 16
	row v
	%assign v v + 1
%endrep
%assign v VECTOR_TIMER
	row v
%assign v VECTOR_KICK
	row v
%assign v VECTOR_SPURIOUS
	row v
trap_stubs_end:
