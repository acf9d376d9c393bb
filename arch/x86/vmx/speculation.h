// SPDX-License-Identifier: MIT
/*
 * The controls of speculation that belong to a vCPU. A guest writes IA32_SPEC_CTRL and IA32_PRED_CMD
 * itself, without exits; the first is switched with the vCPU, and what one domain taught the branch
 * predictors is forgotten before another one runs on the core.
 */
#ifndef ARCH_X86_VMX_SPECULATION_H
#define ARCH_X86_VMX_SPECULATION_H

#include "core/vcpu.h"

/* The vCPU comes to the calling core; it leaves it. Nothing is written that the machine lacks. */
void speculation_load(struct vcpu *v);
void speculation_save(struct vcpu *v);
/* A guest's own guest gives way to it: what that has taught the predictors is forgotten. */
void speculation_leave_l2(void);

#endif
