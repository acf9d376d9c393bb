// SPDX-License-Identifier: MIT
#include "arch/x86/vmx/vlapic.h"
#include "arch/x86/vmx/vlapic_internal.h"
#include "core/domain.h"
#include "core/lib/string.h"
#include "mm/own.h"

enum status vlapic_create(struct vcpu *v)
{
	struct vlapic *l = own_alloc(sizeof(*l));

	if (!l)
		return ERR_NOMEM;
	l->vcpu = v;
	l->id = 2 * v->id;
	l->base = APIC_DEFAULT_BASE | APIC_BASE_ENABLE | (v->id ? 0 : APIC_BASE_BSP);
	l->wait_sipi = true;
	vlapic_timer_init(l);
	vlapic_reset(l);
	v->lapic = l;
	return OK;
}

void vlapic_destroy(struct vcpu *v)
{
	if (!v->lapic)
		return;
	timer_cancel(&v->lapic->timer);
	own_free(v->lapic, sizeof(*v->lapic));
	v->lapic = NULL;
}

/* Cluster and bit come from the id (SDM vol. 3, 11.12.10.2). */
uint32_t vlapic_x2apic_ldr(const struct vlapic *l)
{
	return (l->id >> 4) << 16 | 1U << (l->id & 15);
}

/* SDM vol. 3, 11.4.7.1 and 11.4.7.3. */
void vlapic_reset(struct vlapic *l)
{
	/* Exchanged, because other cores may be posting. */
	for (unsigned int i = 0; i < array_size(l->irr); i++)
		(void)atomic_xchg(&l->irr[i], 0);
	memset(l->isr, 0, sizeof(l->isr));
	l->isr_words = 0;
	l->tpr = l->ppr = 0;
	l->ldr = vlapic_x2apic(l) ? vlapic_x2apic_ldr(l) : 0;
	l->dfr = ~0U;
	l->svr = 0xff;
	l->esr = l->esr_new = 0;
	l->icr_lo = l->icr_hi = 0;
	for (unsigned int i = 0; i < LVT_COUNT; i++)
		l->lvt[i] = LVT_MASKED;
	vlapic_timer_reset(l);
}

/* ---- Interrupt requests ---- */

/* The word first: who clears a summary bit looks at the word again after that. */
void vlapic_set_irr(struct vlapic *l, uint8_t vector)
{
	(void)atomic_or(&l->irr[vector / 32], 1U << (vector % 32));
	(void)atomic_or(&l->irr_words, 1U << (vector / 32));
}

static void forget_word(struct vlapic *l, unsigned int word)
{
	(void)atomic_and(&l->irr_words, ~(1U << word));
	if (load_relaxed(&l->irr[word]))
		(void)atomic_or(&l->irr_words, 1U << word);
}

int vlapic_highest_pending(struct vcpu *v)
{
	struct vlapic *l = v->lapic;
	uint32_t words = load_acquire(&l->irr_words);

	while (words) {
		unsigned int word = bit_highest(words), vector;
		uint32_t bits = load_relaxed(&l->irr[word]);

		if (bits) {
			vector = word * 32 + bit_highest(bits);
			return vector >> 4 > l->ppr >> 4 ? (int)vector : -1;
		}
		forget_word(l, word);
		words &= ~(1U << word);
	}
	return -1;
}

void vlapic_accept(struct vcpu *v, uint8_t vector)
{
	struct vlapic *l = v->lapic;
	unsigned int word = vector / 32;
	uint32_t bit = 1U << (vector % 32);

	if (!(atomic_and(&l->irr[word], ~bit) & ~bit))
		forget_word(l, word);
	l->isr[word] |= bit;
	l->isr_words |= 1U << word;
	/* Its class is above the old priority, so above that of the TPR. */
	store_relaxed(&l->ppr, vector & 0xf0U);
}

static unsigned int highest_isr(const struct vlapic *l)
{
	unsigned int word;

	if (!l->isr_words)
		return 0;
	word = bit_highest(l->isr_words);
	return word * 32 + bit_highest(l->isr[word]);
}

/* SDM vol. 3, 11.8.3.1. */
void vlapic_update_ppr(struct vlapic *l)
{
	unsigned int in_service = highest_isr(l);

	store_relaxed(&l->ppr, l->tpr >> 4 >= in_service >> 4 ? l->tpr : in_service & 0xf0);
}

void vlapic_eoi(struct vlapic *l)
{
	unsigned int vector = highest_isr(l), word = vector / 32;

	l->isr[word] &= ~(1U << (vector % 32));
	if (!l->isr[word])
		l->isr_words &= ~(1U << word);
	vlapic_update_ppr(l);
}

bool vlapic_post(struct vcpu *v, uint8_t vector)
{
	struct vlapic *l = v->lapic;

	if (!vlapic_enabled(l) || !(load_relaxed(&l->svr) & SVR_ENABLED) ||
	    vector < VECTOR_LOWEST_OK)
		return false;
	vlapic_set_irr(l, vector);
	vcpu_request(v, ATTN_LAPIC);
	return true;
}

/* An error interrupt with an illegal vector is itself an error, once (SDM vol. 3, 11.5.3). */
void vlapic_error(struct vlapic *l, uint32_t esr_bit)
{
	if (l->esr_new & esr_bit)
		return;
	l->esr_new |= esr_bit;
	vlapic_raise_lvt(l, LVT_ERROR);
}

/*
 * Timer and error are always fixed; the sources of the others (pins, sensors, counters) do not
 * exist. The vCPU is on its way to an entry, which looks at the IRR by itself.
 */
void vlapic_raise_lvt(struct vlapic *l, unsigned int entry)
{
	uint8_t vector = l->lvt[entry] & LVT_VECTOR;

	if (l->lvt[entry] & LVT_MASKED)
		return;
	if (vector < VECTOR_LOWEST_OK)
		vlapic_error(l, ESR_RECEIVE_ILLEGAL_VECTOR);
	else
		vlapic_set_irr(l, vector);
}

/* ---- CR8 and IA32_APIC_BASE ---- */

uint64_t vlapic_get_cr8(struct vcpu *v)
{
	return v->lapic->tpr >> 4;
}

bool vlapic_set_cr8(struct vcpu *v, uint64_t value)
{
	if (value & ~0xfULL)
		return false;
	v->lapic->tpr = (uint32_t)value << 4;
	vlapic_update_ppr(v->lapic);
	return true;
}

/*
 * SDM vol. 3, 11.12.5: disabled, xAPIC and x2APIC may follow each other in this order and wrap
 * around; the other steps and EXTD without EN are #GP. Being disabled loses all state.
 */
bool vlapic_set_base(struct vcpu *v, uint64_t value, unsigned int phys_bits)
{
	struct vlapic *l = v->lapic;
	uint64_t modes = APIC_BASE_ENABLE | APIC_BASE_X2APIC;
	uint64_t from = l->base & modes, to = value & modes;

	if (value & ~(BITS(phys_bits - 1, 12) | modes | APIC_BASE_BSP))
		return false;
	if (to == APIC_BASE_X2APIC)
		return false;
	if (from != to && to == modes && from != APIC_BASE_ENABLE)
		return false;
	if (from == modes && to == APIC_BASE_ENABLE)
		return false;
	store_relaxed(&l->base, value);
	if (from == to)
		return true;
	if (to == modes) {
		l->ldr = vlapic_x2apic_ldr(l);
		l->icr_hi = 0;
	} else {
		vlapic_reset(l);
	}
	return true;
}
