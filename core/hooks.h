// SPDX-License-Identifier: MIT
/*
 * What the core needs of the layers above it, resolved at link time. Each function names the file
 * that implements it.
 */
#ifndef CORE_HOOKS_H
#define CORE_HOOKS_H

#include "core/domain.h"

/* --- xenabi (L4) --- */

/* xenabi/domain.c: event channels, shared_info, HVM parameters, PV rings of a new domain. */
enum status xen_domain_create(struct domain *d) must_check;
void xen_domain_destroy(struct domain *d);
/* xenabi/vcpu.c */
enum status xen_vcpu_create(struct vcpu *v) must_check;
void xen_vcpu_destroy(struct vcpu *v);
/* xenabi/vcpu.c: the vCPU is about to run on this core / has just left it: time and runstate
 * records. No lock is taken and nothing is waited for; what cannot be written now is retried by
 * ATTN_TIME / ATTN_RUNSTATE at the next entry. */
void xen_vcpu_sched_in(struct vcpu *v);
void xen_vcpu_sched_out(struct vcpu *v);
/* xenabi/vcpu.c: serve ATTN_SHADOW, ATTN_TIME, ATTN_TIMER, ATTN_RUNSTATE. Own core, outside
 * sections and locks. Never leaves a bit that it could not serve. */
void xen_vcpu_service(struct vcpu *v, uint32_t bits);
/* xenabi/pv/console.c: input waits in console_guest_read() / output space is there again. */
void xen_console_input_ready(struct domain *d);
void xen_console_output_ready(struct domain *d);

/* --- arch/x86/vmx (L5) --- */

/* vmx/domain.c, vmx/vcpu.c */
enum status vmx_domain_create(struct domain *d) must_check;
void vmx_domain_destroy(struct domain *d);
enum status vmx_vcpu_create(struct vcpu *v) must_check;
void vmx_vcpu_destroy(struct vcpu *v);
/* vmx/vcpu.c: make the vCPU's VMCS, FPU state and MSRs the core's, or save them away and VMCLEAR so
 * that any core may take it. Own core. */
void vcpu_arch_load(struct vcpu *v);
void vcpu_arch_save(struct vcpu *v);
/* vmx/run.c: run guest code until the scheduler must look (docs/gpc.md `enter`). */
void vcpu_arch_run(struct vcpu *v);
/* vmx/dump.c: all state of a vCPU, each call of `print` a line without its end. Its core is stopped
 * or it is paused; loaded here at best. */
void vcpu_arch_dump(struct vcpu *v, void (*print)(const char *fmt, ...));

/* --- boot (L6) --- */

/* boot/build.c: build and start a domain again from its configuration (queues work). */
void build_restart(const struct guest_config *config);
/* boot/build.c: no domain is left: do as `idle=` says. crashed: how many ended by a crash. */
void build_all_gone(uint32_t crashed);

#endif
