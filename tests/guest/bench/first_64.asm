; SPDX-License-Identifier: MIT
; From EVTCHNOP_send to the first instruction of the upcall's handler.
;
; uint64_t send_to_upcall(const struct evtchn_send *send): ticks. The handler notes the time before
; anything else (RAX and RDX are free then: it interrupts right behind the VMCALL) and returns with
; interrupts off, so that the caller clears what is pending.
global send_to_upcall, bench_upcall

section .bss nobits align=8
taken:	resq 1

section .text
bits 64
bench_upcall:
	rdtsc
	mov [taken], eax
	mov [taken + 4], edx
	and dword [rsp + 16], ~0x200
	iretq

send_to_upcall:
	mov rsi, rdi
	mov edi, 4		; EVTCHNOP_send
	mov qword [taken], 0
	rdtsc
	shl rdx, 32
	or rdx, rax
	mov rcx, rdx
	mov eax, 32		; __HYPERVISOR_event_channel_op
	sti
	vmcall
	nop
	cli
	mov rax, [taken]
	sub rax, rcx
	ret
