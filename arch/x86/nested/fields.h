// SPDX-License-Identifier: MIT
/*
 * Every field of a VMCS that can be offered (SDM vol. 3, appendix B), in the order of encodings:
 * FIELD(encoding, member, exists with, group), MANY(first encoding, member, count, ...).
 * Between the first and the last of each width and type nothing may be left out: vmcs12.c counts.
 */
#ifndef ARCH_X86_NESTED_FIELDS_H
#define ARCH_X86_NESTED_FIELDS_H

// clang-format off
#define VMCS12_FIELDS(FIELD, MANY)                                                                 \
	/* 16 bits: control, guest, host */                                                        \
	FIELD(0x0000, vpid, VPID, CONTROL)                                                         \
	FIELD(0x0002, posted_vector, POSTED, CONTROL)                                              \
	FIELD(0x0004, eptp_index, NEVER, OTHER)                                                    \
	MANY(0x0800, guest_selector, 8, ALWAYS, SEGMENT)                                           \
	FIELD(0x0810, guest_interrupt_status, VIRTUAL_INTERRUPT, OTHER)                            \
	FIELD(0x0812, pml_index, PML, OTHER)                                                       \
	MANY(0x0c00, host_selector, 7, ALWAYS, HOST)                                               \
	/* 64 bits: control, read-only, guest, host */                                             \
	MANY(0x2000, io_bitmap, 2, ALWAYS, CONTROL)                                                \
	FIELD(0x2004, msr_bitmap, MSR_BITMAP, CONTROL)                                             \
	FIELD(0x2006, exit_msr_store, ALWAYS, CONTROL)                                             \
	FIELD(0x2008, exit_msr_load, ALWAYS, CONTROL)                                              \
	FIELD(0x200a, entry_msr_load, ALWAYS, CONTROL)                                             \
	FIELD(0x200c, executive_vmcs, ALWAYS, OTHER)                                               \
	FIELD(0x200e, pml_address, PML, CONTROL)                                                   \
	FIELD(0x2010, tsc_offset, ALWAYS, MERGED)                                                  \
	FIELD(0x2012, virtual_apic, TPR_SHADOW, CONTROL)                                           \
	FIELD(0x2014, apic_access, APIC_ACCESS, CONTROL)                                           \
	FIELD(0x2016, posted_descriptor, POSTED, CONTROL)                                          \
	FIELD(0x2018, vmfunc_controls, VMFUNC, CONTROL)                                            \
	FIELD(0x201a, eptp, EPT, CONTROL)                                                          \
	MANY(0x201c, eoi_bitmap, 4, VIRTUAL_INTERRUPT, MERGED)                                     \
	FIELD(0x2024, eptp_list, EPTP_SWITCHING, CONTROL)                                          \
	FIELD(0x2026, vmread_bitmap, SHADOW_VMCS, CONTROL)                                         \
	FIELD(0x2028, vmwrite_bitmap, SHADOW_VMCS, CONTROL)                                        \
	FIELD(0x202a, ve_information, NEVER, OTHER)                                                \
	FIELD(0x202c, xss_exiting, XSAVES, MERGED)                                                 \
	FIELD(0x202e, encls_exiting, NEVER, OTHER)                                                 \
	FIELD(0x2030, spp_table, NEVER, OTHER)                                                     \
	FIELD(0x2032, tsc_multiplier, TSC_SCALING, CONTROL)                                        \
	FIELD(0x2400, guest_physical, EPT, OTHER)                                                  \
	FIELD(0x2800, link_pointer, ALWAYS, OTHER)                                                 \
	FIELD(0x2802, guest_debugctl, ALWAYS, REGISTER)                                            \
	FIELD(0x2804, guest_pat, PAT, REGISTER)                                                    \
	FIELD(0x2806, guest_efer, EFER, REGISTER)                                                  \
	FIELD(0x2808, guest_perf_global, NEVER, OTHER)                                             \
	MANY(0x280a, guest_pdpte, 4, EPT, OTHER)                                                   \
	FIELD(0x2c00, host_pat, PAT, HOST)                                                         \
	FIELD(0x2c02, host_efer, EFER, HOST)                                                       \
	/* 32 bits: control, read-only, guest, host */                                             \
	FIELD(0x4000, pin, ALWAYS, CONTROL)                                                        \
	FIELD(0x4002, proc, ALWAYS, CONTROL)                                                       \
	FIELD(0x4004, exception_bitmap, ALWAYS, MERGED)                                            \
	FIELD(0x4006, pf_mask, ALWAYS, MERGED)                                                     \
	FIELD(0x4008, pf_match, ALWAYS, MERGED)                                                    \
	FIELD(0x400a, cr3_target_count, ALWAYS, CONTROL)                                           \
	FIELD(0x400c, exit, ALWAYS, CONTROL)                                                       \
	FIELD(0x400e, exit_msr_stores, ALWAYS, CONTROL)                                            \
	FIELD(0x4010, exit_msr_loads, ALWAYS, CONTROL)                                             \
	FIELD(0x4012, entry, ALWAYS, CONTROL)                                                      \
	FIELD(0x4014, entry_msr_loads, ALWAYS, CONTROL)                                            \
	FIELD(0x4016, entry_intr_info, ALWAYS, OTHER)                                              \
	FIELD(0x4018, entry_error_code, ALWAYS, OTHER)                                             \
	FIELD(0x401a, entry_insn_length, ALWAYS, OTHER)                                            \
	FIELD(0x401c, tpr_threshold, TPR_SHADOW, OTHER)                                            \
	FIELD(0x401e, proc2, SECONDARY, CONTROL)                                                   \
	FIELD(0x4020, ple_gap, PAUSE_LOOP, MERGED)                                                 \
	FIELD(0x4022, ple_window, PAUSE_LOOP, MERGED)                                              \
	FIELD(0x4400, insn_error, ALWAYS, OTHER)                                                   \
	FIELD(0x4402, exit_reason, ALWAYS, OTHER)                                                  \
	FIELD(0x4404, exit_intr_info, ALWAYS, OTHER)                                               \
	FIELD(0x4406, exit_intr_error, ALWAYS, OTHER)                                              \
	FIELD(0x4408, idt_vectoring_info, ALWAYS, OTHER)                                           \
	FIELD(0x440a, idt_vectoring_error, ALWAYS, OTHER)                                          \
	FIELD(0x440c, exit_insn_length, ALWAYS, OTHER)                                             \
	FIELD(0x440e, exit_insn_info, ALWAYS, OTHER)                                               \
	MANY(0x4800, guest_limit, 8, ALWAYS, SEGMENT)                                              \
	FIELD(0x4810, guest_gdtr_limit, ALWAYS, REGISTER)                                          \
	FIELD(0x4812, guest_idtr_limit, ALWAYS, REGISTER)                                          \
	MANY(0x4814, guest_rights, 8, ALWAYS, SEGMENT)                                             \
	FIELD(0x4824, interruptibility, ALWAYS, OTHER)                                             \
	FIELD(0x4826, activity, ALWAYS, OTHER)                                                     \
	FIELD(0x4828, guest_smbase, ALWAYS, OTHER)                                                 \
	FIELD(0x482a, guest_sysenter_cs, ALWAYS, OTHER)                                            \
	FIELD(0x482c, hole_482c, NEVER, OTHER)                                                     \
	FIELD(0x482e, preemption_timer, PREEMPTION_TIMER, OTHER)                                   \
	FIELD(0x4c00, host_sysenter_cs, ALWAYS, OTHER)                                             \
	/* Natural width: control, read-only, guest, host */                                       \
	FIELD(0x6000, cr0_mask, ALWAYS, MERGED)                                                    \
	FIELD(0x6002, cr4_mask, ALWAYS, MERGED)                                                    \
	FIELD(0x6004, cr0_shadow, ALWAYS, MERGED)                                                  \
	FIELD(0x6006, cr4_shadow, ALWAYS, MERGED)                                                  \
	MANY(0x6008, cr3_target, 4, ALWAYS, OTHER)                                                 \
	FIELD(0x6400, exit_qualification, ALWAYS, OTHER)                                           \
	FIELD(0x6402, io_rcx, ALWAYS, OTHER)                                                       \
	FIELD(0x6404, io_rsi, ALWAYS, OTHER)                                                       \
	FIELD(0x6406, io_rdi, ALWAYS, OTHER)                                                       \
	FIELD(0x6408, io_rip, ALWAYS, OTHER)                                                       \
	FIELD(0x640a, guest_linear, ALWAYS, OTHER)                                                 \
	FIELD(0x6800, guest_cr0, ALWAYS, REGISTER)                                                 \
	FIELD(0x6802, guest_cr3, ALWAYS, REGISTER)                                                 \
	FIELD(0x6804, guest_cr4, ALWAYS, REGISTER)                                                 \
	MANY(0x6806, guest_base, 8, ALWAYS, SEGMENT)                                               \
	FIELD(0x6816, guest_gdtr_base, ALWAYS, REGISTER)                                           \
	FIELD(0x6818, guest_idtr_base, ALWAYS, REGISTER)                                           \
	FIELD(0x681a, guest_dr7, ALWAYS, REGISTER)                                                 \
	FIELD(0x681c, guest_rsp, ALWAYS, OTHER)                                                    \
	FIELD(0x681e, guest_rip, ALWAYS, OTHER)                                                    \
	FIELD(0x6820, guest_rflags, ALWAYS, REGISTER)                                              \
	FIELD(0x6822, pending_debug, ALWAYS, OTHER)                                                \
	FIELD(0x6824, guest_sysenter_esp, ALWAYS, REGISTER)                                        \
	FIELD(0x6826, guest_sysenter_eip, ALWAYS, REGISTER)                                        \
	FIELD(0x6c00, host_cr0, ALWAYS, HOST)                                                      \
	FIELD(0x6c02, host_cr3, ALWAYS, HOST)                                                      \
	FIELD(0x6c04, host_cr4, ALWAYS, HOST)                                                      \
	FIELD(0x6c06, host_fs_base, ALWAYS, HOST)                                                  \
	FIELD(0x6c08, host_gs_base, ALWAYS, HOST)                                                  \
	FIELD(0x6c0a, host_tr_base, ALWAYS, HOST)                                                  \
	FIELD(0x6c0c, host_gdtr_base, ALWAYS, HOST)                                                \
	FIELD(0x6c0e, host_idtr_base, ALWAYS, HOST)                                                \
	FIELD(0x6c10, host_sysenter_esp, ALWAYS, HOST)                                             \
	FIELD(0x6c12, host_sysenter_eip, ALWAYS, HOST)                                             \
	FIELD(0x6c14, host_rsp, ALWAYS, OTHER)                                                     \
	FIELD(0x6c16, host_rip, ALWAYS, HOST)
// clang-format on

#endif
