; SPDX-License-Identifier: MIT
; uint32_t compat_call(uint32_t nr, uint32_t a, uint32_t b, uint32_t c): a hypercall issued from a
; 32-bit code segment in long mode. The stack lies below 4 GiB.
global compat_call
section .text
bits 64
compat_call:
	push rbx
	push rbp
	mov eax, edi
	mov ebx, esi
	mov r11d, ecx
	mov ecx, edx
	mov edx, r11d
	; A far call through memory, there and back.
	mov rbp, rsp
	call far dword [.there]
	mov rsp, rbp
	pop rbp
	pop rbx
	ret
.there:	dd .narrow
	dw 0x08
bits 32
.narrow:
	vmcall
	retf
