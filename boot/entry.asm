; SPDX-License-Identifier: MIT
; From GRUB (multiboot2, on BIOS and on UEFI) or a PVH loader (Xen, QEMU), both in 32-bit protected
; mode with paging off, to C in 64-bit mode at the linked address. GRUB may have loaded the image
; anywhere below 4 GiB at 2 MiB alignment, so everything before the jump high is
; position-independent: EBP holds the load address, EBX the address of what the loader left.

%define MB2_HEADER_MAGIC 0xe85250d6
%define MB2_ENTRY_MAGIC 0x36d76289
%define MB2_OPTIONAL 1

%define CR0_PE 0x1
%define CR0_WP 0x10000
%define CR0_PG 0x80000000
%define CR4_PAE 0x20
%define MSR_EFER 0xc0000080
%define EFER_LME 0x100
%define EFER_NXE 0x800

%define PTE_P 0x1
%define PTE_RW 0x2
%define PTE_PS 0x80

; Slots of the top-level table: see arch/x86/cpu/paging.c.
%define SLOT_IMAGE 511
%define SLOT_SELF 509
; IMAGE_BASE in its page directory pointer table.
%define PDPT_IMAGE 510

; Page tables of the image and of the switch, in this order from boot_tables.
%define TABLE_PML4 0x0000
%define TABLE_PDPT 0x1000
%define TABLE_PD 0x2000
%define TABLE_PT 0x3000
%define TABLE_LOW_PDPT 0x4000
%define TABLE_LOW_PD 0x5000

extern boot_tables_offset, boot_stack_top_offset, image_pages
extern boot_pvh_entry_physical, boot_stack_top_physical
extern boot_main
global boot_entry, boot_pvh_entry, boot_tables, boot_text_end, boot_stack_top

%macro mb2_tag 2 ; type, flags
	align 8, db 0
	%push tag
%%start:
	dw %1, %2
	dd %$end - %%start
%endmacro
%macro mb2_tag_end 0
%$end:
	%pop
%endmacro

; Xen's note PHYS32_ENTRY (xen/elfnote.h). Its number has 64 bits, as QEMU reads it.
section .note.xen note alloc noexec nowrite align=4
	dd 4, 8, 18
	db 'Xen', 0
	dq boot_pvh_entry_physical

; First in the image, so that header is its load address and all here lies in its first page.
section .boot progbits alloc exec nowrite align=4096
header:
	dd MB2_HEADER_MAGIC, 0, header.end - header
	dd -(MB2_HEADER_MAGIC + (header.end - header))
	mb2_tag 1, MB2_OPTIONAL ; information request: command line, modules, memory map, framebuffer,
	dd 1, 3, 6, 8, 14, 15	; both RSDP copies
	mb2_tag_end
	mb2_tag 6, MB2_OPTIONAL ; modules on page boundaries
	mb2_tag_end
	mb2_tag 4, MB2_OPTIONAL ; console: EGA text is understood, and
	dd 2
	mb2_tag_end
	mb2_tag 5, MB2_OPTIONAL ; a frame buffer of any size, with 32 bits a pixel
	dd 0, 0, 32
	mb2_tag_end
	mb2_tag 10, 0		; relocatable: from, to, alignment, prefer low
	dd 0x100000, 0xffffffff, 0x200000, 1
	mb2_tag_end
	mb2_tag 0, 0
	mb2_tag_end
.end:

bits 32
boot_entry:
	cmp eax, MB2_ENTRY_MAGIC
	jne begin.stop ; no information structure either: nothing can be said
	; No stack yet: the reserved word of the information structure takes the return address.
	lea esp, [ebx + 8]
	call begin

boot_pvh_entry:
	mov esp, boot_stack_top_physical
	call begin

begin:
	cli
	cld
	rdtsc
	mov esi, eax
	mov edi, edx
	pop ebp
	and ebp, 0xffe00000 ; this code lies in the image's first page, the image is 2 MiB-aligned
	lea esp, [ebp + boot_stack_top_offset]

	push esi ; TSC at entry, for boot_main
	push edi
	push ebx
	mov eax, 0x80000000
	cpuid
	cmp eax, 0x80000001
	jb .no_long_mode
	mov eax, 0x80000001
	cpuid
	bt edx, 29
	jnc .no_long_mode
	mov esi, edx ; bit 20: NX
	pop ebx

	call build_tables

	mov eax, cr4
	or eax, CR4_PAE
	mov cr4, eax
	lea eax, [ebp + boot_tables_offset + TABLE_PML4]
	mov cr3, eax
	mov ecx, MSR_EFER
	rdmsr
	or eax, EFER_LME
	bt esi, 20
	jnc .no_nx ; the CPU check will name it
	or eax, EFER_NXE
.no_nx:
	wrmsr
	mov eax, cr0
	or eax, CR0_PG | CR0_WP | CR0_PE
	mov cr0, eax

	lea eax, [ebp + (gdt - header)]
	push eax
	push word gdt.end - gdt - 1
	lgdt [esp]
	add esp, 6
	push dword 8
	lea eax, [ebp + (low64 - header)]
	push eax
	retf

.no_long_mode:
	lea esi, [ebp + (no_long_mode_text - header)]
	call print
.stop:
	hlt
	jmp .stop

; In: EBP load address. Clobbers EAX, ECX, EDI.
build_tables:
	lea edi, [ebp + boot_tables_offset]
	lea eax, [edi + TABLE_PDPT + (PTE_P | PTE_RW)]
	mov [edi + TABLE_PML4 + SLOT_IMAGE * 8], eax
	lea eax, [edi + TABLE_PML4 + (PTE_P | PTE_RW)]
	mov [edi + TABLE_PML4 + SLOT_SELF * 8], eax
	lea eax, [edi + TABLE_LOW_PDPT + (PTE_P | PTE_RW)]
	mov [edi + TABLE_PML4], eax
	lea eax, [edi + TABLE_PD + (PTE_P | PTE_RW)]
	mov [edi + TABLE_PDPT + PDPT_IMAGE * 8], eax
	lea eax, [edi + TABLE_PT + (PTE_P | PTE_RW)]
	mov [edi + TABLE_PD], eax

	; The 2 MiB that hold the image, at their physical address, for the switch.
	lea eax, [edi + TABLE_LOW_PD + (PTE_P | PTE_RW)]
	mov ecx, ebp
	shr ecx, 30
	mov [edi + TABLE_LOW_PDPT + ecx * 8], eax
	lea eax, [ebp + (PTE_P | PTE_RW | PTE_PS)]
	mov ecx, ebp
	shr ecx, 21
	and ecx, 511
	mov [edi + TABLE_LOW_PD + ecx * 8], eax

	; The image at its linked address, all rights for now: paging_init() takes them away.
	lea eax, [ebp + (PTE_P | PTE_RW)]
	xor ecx, ecx
.page:
	mov [edi + TABLE_PT + ecx * 8], eax
	add eax, 0x1000
	inc ecx
	cmp ecx, image_pages
	jb .page
	ret

; In: ESI text. To the first serial port and the VGA text screen: there is nobody else to ask yet.
print:
	mov edi, 0xb8000
	mov ah, 0x0f
.next:
	lodsb
	test al, al
	jz .done
	mov [edi], ax
	add edi, 2
	mov dx, 0x3f8
	out dx, al
	jmp .next
.done:
	ret

no_long_mode_text:
	db 'Xenith: this CPU has no 64-bit mode', 13, 10, 0

	align 8, db 0
gdt:
	dq 0
	dq 0x00af9b000000ffff ; 64-bit code
.end:

bits 64
low64:
	mov rax, high64
	jmp rax

high64:
	; The same stack at its linked address, with the arguments on it.
	mov ecx, esp
	sub ecx, ebp
	lea rsp, [rel header]
	add rsp, rcx
	; From here on the low map is not used.
	mov qword [rel boot_tables + TABLE_PML4], 0
	mov rax, cr3
	mov cr3, rax
	lea rax, [rel gdt]
	push rax
	push word gdt.end - gdt - 1
	lgdt [rsp]
	add rsp, 10
	xor eax, eax
	mov ds, eax
	mov es, eax
	mov ss, eax
	mov fs, eax
	mov gs, eax

	mov esi, ebp ; load address
	pop rdx	     ; TSC at entry, high word below the low one
	rol rdx, 32
	mov edi, ebx ; what the loader left
	lea rsp, [rel boot_stack_top]
	xor ebp, ebp ; end of the backtrace
	call boot_main
	ud2
boot_text_end:

section .bss.pages nobits alloc noexec write align=4096
boot_tables:
	resb 6 * 4096
; Until the boot core has its per-core stack; less than half of it is used.
	resb 6 * 1024
boot_stack_top:
