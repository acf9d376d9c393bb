; SPDX-License-Identifier: MIT
; VMX instructions in real mode, with CR4.VMXE: for a SIPI, which finds a copy of this in its page.

%define RESULTS 0xf00
%define DONE    0xeff
%define UD      6
%define GP      13

global real_mode, real_mode_end

section .text
bits 16

; DI counts results: what is left at each is 0, or the vector of its fault and 0x80.
%macro try 1+
	mov bp, %%next - real_mode
	%1
%%next:
	inc di
%endmacro

real_mode:
	cli
	mov ax, cs
	mov ds, ax
	mov ss, ax
	mov sp, 0xe00
	xor ax, ax
	mov es, ax
	mov word [es:UD * 4], invalid - real_mode
	mov [es:UD * 4 + 2], cs
	mov word [es:GP * 4], protection - real_mode
	mov [es:GP * 4 + 2], cs
	mov eax, cr4
	or eax, 0x2000
	mov cr4, eax
	mov di, RESULTS
	xor ebx, ebx
	try vmxon [bx]
	try vmxoff
	try vmclear [bx]
	try vmptrld [bx]
	try vmptrst [bx]
	try vmread eax, ecx
	try vmwrite eax, ecx
	try vmlaunch
	try vmresume
	try invept eax, [bx]
	try invvpid eax, [bx]
	mov byte [DONE], 1
.end:	hlt
	jmp .end

protection:
	mov byte [di], 0x80 | GP
	jmp leave
invalid:
	mov byte [di], 0x80 | UD
leave:	mov si, sp
	mov [ss:si], bp
	iret
real_mode_end:
