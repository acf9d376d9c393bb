; SPDX-License-Identifier: MIT
; Entry by the PVH protocol, or by GRUB's multiboot2 on the machine itself; the way into long mode or
; 32-bit paging; and the start of other vCPUs.
; All memory below 4 GiB is mapped 1:1 for everybody, user mode too.

%define CR0_PE 1
%define CR0_MP 2
%define CR0_WP 0x10000
%define CR0_PG 0x80000000
%define CR4_PSE 0x10
%define CR4_PAE 0x20
%define EFER 0xc0000080
%define EFER_LME 0x100
%define STACK_SIZE 0x2000
%define MAX_CPUS 8

global start, entry_state, gdt, gdt_tss, ap_trampoline, ap_trampoline_end, ap_seen, page_tables
global boot_stack_top, enable_paging, cpu_number_shift
extern guest_start, ap_entered

section .note.xen alloc noexec nowrite align=4
	dd 4			; namesz
%if GUEST_BITS == 64
	dd 8			; descsz
	dd 18			; XEN_ELFNOTE_PHYS32_ENTRY
	db "Xen", 0
	dq start
%else
	dd 4
	dd 18
	db "Xen", 0
	dd start
%endif

; Multiboot2: nothing asked for.
section .multiboot alloc noexec nowrite align=8
multiboot:
	dd 0xe85250d6, 0, multiboot_end - multiboot
	dd 0x100000000 - (0xe85250d6 + multiboot_end - multiboot)
	dw 0, 0
	dd 8
multiboot_end:

section .data align=8
; From CPUID.1:EBX to a CPU's number: a vCPU's APIC id is twice its number.
cpu_number_shift:
	dd 25
align 8
; What the first instructions found: struct entry_state in guest.h.
entry_state:
	times 20 dd 0

align 8
gdt:
	dq 0
	dq 0x00cf9b000000ffff	; 08 32-bit code
	dq 0x00cf93000000ffff	; 10 data
	dq 0x00af9b000000ffff	; 18 64-bit code
	dq 0x00009b000000ffff	; 20 16-bit code
	dq 0x000093000000ffff	; 28 16-bit data
	dq 0x00cffb000000ffff	; 30 user 32-bit code
	dq 0x00cff3000000ffff	; 38 user data
	dq 0x00affb000000ffff	; 40 user 64-bit code
gdt_tss:
	dq 0, 0			; 48 TSS
gdt_end:
gdtr:
	dw gdt_end - gdt - 1
	dd gdt
	dd 0

section .bss nobits align=4096
page_tables:
	resb 4096 * 6		; PML4, PDPT, four page directories; or one page directory
stacks:
	resb STACK_SIZE * MAX_CPUS
boot_stack_top equ stacks + STACK_SIZE

section .text
bits 32
start:
	mov [entry_state + 64], eax
	rdtsc
	mov [entry_state + 56], eax
	mov [entry_state + 60], edx
	mov [entry_state + 0], ebx
	mov [entry_state + 4], esp
	mov esp, boot_stack_top
	pushfd
	pop dword [entry_state + 8]
	cld
	mov eax, cr0
	mov [entry_state + 12], eax
	mov eax, cr4
	mov [entry_state + 16], eax
	mov eax, cr3
	mov [entry_state + 20], eax
	mov eax, dr6
	mov [entry_state + 24], eax
	mov eax, dr7
	mov [entry_state + 28], eax
	mov [entry_state + 32], cs
	mov [entry_state + 34], ds
	mov [entry_state + 36], es
	mov [entry_state + 38], fs
	mov [entry_state + 40], gs
	mov [entry_state + 42], ss
	str [entry_state + 44]
	sldt [entry_state + 46]
	mov ecx, EFER
	rdmsr
	mov [entry_state + 48], eax
	; The data segment reaches the last byte below 4 GiB (the result is of no interest).
	mov al, [0xffffffff]
	; ... and ES and SS are usable, with a push of their own.
	mov eax, [es:entry_state]
	mov [entry_state + 52], eax

	call make_tables
	call enable_paging
%if GUEST_BITS == 64
	jmp 0x18:start64
bits 64
start64:
	call set_segments
	mov rsp, boot_stack_top
	call guest_start
.stop:	cli
	hlt
	jmp .stop
set_segments:
	mov eax, 0x10
	mov ds, eax
	mov es, eax
	mov ss, eax
	xor eax, eax
	mov fs, eax
	mov gs, eax
	ret
bits 32
make_tables:
	mov dword [page_tables], page_tables + 0x1000 + 7
	mov edi, page_tables + 0x1000
	mov eax, page_tables + 0x2000 + 7
	mov ecx, 4
.pdpt:	mov [edi], eax
	add edi, 8
	add eax, 0x1000
	loop .pdpt
	mov edi, page_tables + 0x2000
	mov eax, 0x87		; present, writable, user, 2 MiB
	mov ecx, 2048
.pd:	mov [edi], eax
	add edi, 8
	add eax, 0x200000
	loop .pd
	ret
; Long mode, still on a 32-bit code segment.
enable_paging:
	lgdt [gdtr]
	mov eax, cr4
	or eax, CR4_PAE
	mov cr4, eax
	mov eax, page_tables
	mov cr3, eax
	mov ecx, EFER
	rdmsr
	or eax, EFER_LME
	wrmsr
	mov eax, cr0
	or eax, CR0_PG | CR0_WP | CR0_MP | CR0_PE
	mov cr0, eax
	ret
%else
	jmp 0x08:.flat
.flat:	call set_segments
	mov esp, boot_stack_top
	call guest_start
.stop:	cli
	hlt
	jmp .stop
set_segments:
	mov eax, 0x10
	mov ds, eax
	mov es, eax
	mov ss, eax
	mov fs, eax
	mov gs, eax
	ret
make_tables:
	mov edi, page_tables
	mov eax, 0x87		; present, writable, user, 4 MiB
	mov ecx, 1024
.pd:	mov [edi], eax
	add edi, 4
	add eax, 0x400000
	loop .pd
	ret
enable_paging:
	lgdt [gdtr]
	mov eax, cr4
	or eax, CR4_PSE
	mov cr4, eax
	mov eax, page_tables
	mov cr3, eax
	mov eax, cr0
	or eax, CR0_PG | CR0_WP | CR0_MP | CR0_PE
	mov cr0, eax
	ret
%endif

; --- other vCPUs: this is copied to the page that the SIPI names ---

bits 16
ap_trampoline:
	cli
	mov [cs:ap_seen - ap_trampoline + 0], edx
	mov [cs:ap_seen - ap_trampoline + 4], cs
	mov eax, cr0
	mov [cs:ap_seen - ap_trampoline + 8], eax
	o32 lgdt [cs:ap_gdtr - ap_trampoline]
	or al, CR0_PE
	and eax, 0x9fffffff	; INIT leaves the caches off (SDM vol. 3, table 9-1)
	mov cr0, eax
	jmp dword 0x08:ap_start32
align 4
ap_gdtr:
	dw gdt_end - gdt - 1
	dd gdt
align 4
ap_seen:
	dd 0			; EDX
	dd 0			; CS
	dd 0			; CR0
ap_trampoline_end:

bits 32
ap_start32:
	mov eax, 0x10
	mov ds, eax
	mov es, eax
	mov ss, eax
	mov fs, eax
	mov gs, eax
	mov eax, 1
	cpuid
	mov ecx, [cpu_number_shift]
	shr ebx, cl
	mov edi, ebx
	imul ebx, ebx, STACK_SIZE
	lea esp, [ebx + stacks + STACK_SIZE]
	call enable_paging
%if GUEST_BITS == 64
	jmp 0x18:.ap64
bits 64
.ap64:	call set_segments
	mov esp, esp
	mov edi, edi
	call ap_entered
%else
	push edi
	call ap_entered
%endif
.stop:	cli
	hlt
	jmp .stop
