; SPDX-License-Identifier: MIT
; One stub for each vector; all end in trap(), with a struct trap_frame on the stack.

global trap_stubs, user_call, user_return
%if GUEST_BITS == 64
global user_run, compat_run, compat_return
%endif
extern trap

section .text
bits GUEST_BITS

%macro STUB 1
	align 16
%if %1 == 8 || (%1 >= 10 && %1 <= 14) || %1 == 17 || %1 == 21
	; the processor has pushed an error code
%else
	push 0
%endif
	push dword %1
	jmp near trap_common
%endmacro

align 16
trap_stubs:
%assign vector 0
%rep 256
	STUB vector
%assign vector vector + 1
%endrep

%if GUEST_BITS == 64
trap_common:
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
	mov rbx, rsp
	and rsp, ~15
	call trap
	mov rsp, rbx
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
	add rsp, 16
	iretq

; long user_call(long nr, long arg1, long arg2): a hypercall issued at CPL 3.
user_call:
	push rbp
	push rbx
	mov [saved_stack], rsp
	push 0x38 | 3
	push rsp
	push 2
	push 0x40 | 3
	mov eax, .user
	push rax
	iretq
.user:	mov rax, rdi
	mov rdi, rsi
	mov rsi, rdx
	vmcall
	int 0x81
; The handler of vector 0x81 comes here with the hypercall's result in RAX.
user_return:
	mov rsp, [saved_stack]
	pop rbx
	pop rbp
	ret

; void user_run(void (*fn)(void)): at CPL 3.
user_run:
	push rbp
	push rbx
	mov [saved_stack], rsp
	sub rsp, 8
	push 0x38 | 3
	lea rax, [rsp + 8]
	push rax
	push 2
	push 0x40 | 3
	mov eax, .user
	push rax
	iretq
.user:	call rdi
	int 0x81

; void compat_run(const char *code): 32-bit code at CPL 0, which ends with a jump to compat_return.
compat_run:
	push 0x08
	push rdi
	retfq
compat_return:
	ret
%else
trap_common:
	pusha
	cld
	mov eax, esp
	push eax
	call trap
	add esp, 4
	popa
	add esp, 8
	iret

user_call:
	push ebp
	push ebx
	push esi
	push edi
	mov eax, [esp + 20]
	mov ebx, [esp + 24]
	mov ecx, [esp + 28]
	mov [saved_stack], esp
	mov edx, esp
	push dword 0x38 | 3
	push edx
	push dword 2
	push dword 0x30 | 3
	push dword .user
	mov edx, 0x38 | 3
	mov ds, edx
	mov es, edx
	iret
.user:	vmcall
	int 0x81
user_return:
	mov edx, 0x10
	mov ds, edx
	mov es, edx
	mov esp, [saved_stack]
	pop edi
	pop esi
	pop ebx
	pop ebp
	ret
%endif

section .bss nobits align=8
saved_stack: resb 8
