; SPDX-License-Identifier: MIT
; The way into a guest and out of it.
;
; HOST_RSP of a VMCS points just behind the vCPU's register block, so an exit pushes the guest's
; registers to where they belong without needing one to work with; an entry pops them. The stack of
; the C code is then taken from the per-core block (GS base is part of the host state).

	bits 64
	default rel

; struct pcpu and struct vcpu; run.c asserts each.
%define PCPU_HOST_STACK 16
%define PCPU_RUN        64
%define RUN_ODD         0x80
%define PCPU_CURRENT    80
%define REGS_RSP        8		; bytes to step over between RBX and RBP

	global vmx_guest_loop
	global vmx_exit_stub
	extern run_exited
	extern run_refused

%macro POP_GUEST 0
	pop rax
	pop rcx
	pop rdx
	pop rbx
	lea rsp, [rsp + REGS_RSP]
	pop rbp
	pop rsi
	pop rdi
	pop r8
	pop r9
	pop r10
	pop r11
	pop r12
	pop r13
	pop r14
	pop r15
%endmacro

	section .text

; bool vmx_guest_loop(struct vcpu *v, bool launched)
; Enter the guest, handle its exits and enter again until run_exited() says to return. This core's
; `run` is odd on entry and even on return. What run_refused() says, or false.
	align 16
vmx_guest_loop:
	push rbx
	push rbp
	push r12
	push r13
	push r14
	push r15
	sub rsp, 8			; calls below see an aligned stack
	mov [gs:PCPU_HOST_STACK], rsp
	mov rsp, rdi
	test sil, sil
	jnz resume
	POP_GUEST
	vmlaunch
	jmp refused

	align 16
vmx_exit_stub:
	sfence				; the guest's non-temporal stores, before the acknowledgement
	add qword [gs:PCPU_RUN], RUN_ODD ; odd to even: out of the guest (docs/gpc.md)
	push r15
	push r14
	push r13
	push r12
	push r11
	push r10
	push r9
	push r8
	push rdi
	push rsi
	push rbp
	sub rsp, REGS_RSP		; RSP is in the VMCS
	push rbx
	push rdx
	push rcx
	push rax
	mov rdi, rsp			; struct vcpu begins with its registers
	mov rsp, [gs:PCPU_HOST_STACK]
	xor ebp, ebp			; no backtrace goes on into the guest's frames
	call run_exited
	test rax, rax
	jz leave
	mov rsp, rax
resume:
	POP_GUEST
	vmresume

; VMfail: the registers are still the guest's, as they stand in the block.
refused:
	sfence
	add qword [gs:PCPU_RUN], RUN_ODD
	mov rdi, [gs:PCPU_CURRENT]
	mov rsp, [gs:PCPU_HOST_STACK]
	xor ebp, ebp
	call run_refused
leave:
	add rsp, 8
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbp
	pop rbx
	ret
