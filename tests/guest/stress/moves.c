// SPDX-License-Identifier: MIT
/*
 * Pages that move. Frames wait in slots: places of their own, each frame there filled with one word
 * that is looked at before the frame is used again. A movable page leaves its home for a slot and
 * comes back by itself, or another frame comes in its place, or a new one from the hypervisor.
 */
#include "tests/guest/stress/stress.h"

#define SLOTS        8
#define SPARES       6 /* of them begin with a frame */
#define SHARED_HOMES 4
#define SHARED_HOLE  (HOLE / PAGE_SIZE + 64)
#define INFO_OFFSET  64

struct slot {
	unsigned long gfn;
	enum { EMPTY, FILLED, TAKEN } state;
	unsigned long word;
};

struct movable {
	const char *name;
	unsigned long gfn;
	enum { HOME, AWAY, GONE } state;
	struct slot *slot; /* AWAY: where its frame is */
	unsigned long age;
	uint8_t *copy; /* as it was when it left */
};

struct shared_info *volatile shared_at;
volatile unsigned int shared_version;
unsigned int checkpoint_every;

uint8_t info_page[PAGE_SIZE] page_aligned;
static uint8_t spares[SPARES][PAGE_SIZE] page_aligned;
static uint8_t copies[2 + AREA_PAGES][PAGE_SIZE];
static struct slot slots[SLOTS];
static struct movable movables[2 + AREA_PAGES];
static struct movable *const info = &movables[0], *const hot = &movables[1];
static unsigned long shared_homes[SHARED_HOMES];
static unsigned int mover; /* the vCPU, for chance() */
static bool lossy;         /* frames may go with the events that they announce */
static unsigned int steps; /* since the last checkpoint */
static struct port *masked;

static void fill(struct slot *s)
{
	static unsigned long serial;
	unsigned long *p = AT(s->gfn);

	s->word = s->gfn << 12 ^ ++serial;
	for (unsigned int i = 0; i < WORDS; i++)
		p[i] = s->word;
	s->state = FILLED;
}

static void check_slot(const struct slot *s)
{
	unsigned long word;

	if (!uniform(AT(s->gfn), &word) || word != s->word)
		fault(FAULT_LATE, "the frame at gfn 0x%lx was filled with 0x%lx, begins with 0x%lx",
		      s->gfn, s->word, word);
}

/* A random slot in this state, or NULL. */
static struct slot *pick(int state)
{
	unsigned int start = chance(mover, SLOTS);

	for (unsigned int i = 0; i < SLOTS; i++) {
		struct slot *s = &slots[(start + i) % SLOTS];

		if ((int)s->state == state)
			return s;
	}
	return NULL;
}

unsigned long page_age(unsigned long gfn)
{
	for (unsigned int i = 0; i < array_size(movables); i++)
		if (movables[i].gfn == gfn)
			return movables[i].state == HOME ? movables[i].age : 0;
	return 0;
}

struct vcpu_info *info_now(void)
{
	return info->state == HOME ? (struct vcpu_info *)(info_page + INFO_OFFSET) : NULL;
}

/* --- shared_info --- */

static bool shared_to(unsigned long gfn)
{
	bool done;

	shared_version++;
	barrier();
	done = moved(add_to_physmap(XENMAPSPACE_shared_info, 0, gfn), "shared_info");
	shared_at = (struct shared_info *)AT(gfn);
	barrier();
	shared_version++;
	return done;
}

static void shared_step(void)
{
	unsigned long gfn = shared_homes[chance(mover, SHARED_HOMES)];
	unsigned long now = (unsigned long)shared_at / PAGE_SIZE;
	struct slot *s;

	switch (chance(mover, 8)) {
	case 0:
		/* Over a frame, which is freed; and away at once: the slot is empty then. */
		s = pick(FILLED);
		if (!s)
			return;
		check_slot(s);
		if (shared_to(s->gfn) && shared_to(gfn))
			s->state = EMPTY;
		return;
	case 1:
		/* Nowhere for a moment. */
		shared_version++;
		(void)moved(give_back(&now, 1, 0), "shared_info given back");
		shared_version++;
		(void)shared_to(gfn);
		return;
	default: (void)shared_to(gfn);
	}
}

/* --- slots --- */

static void slots_step(void)
{
	unsigned long gfns[SLOTS];
	struct slot *list[SLOTS];
	unsigned int n = 0, most = 1 + chance(mover, 3);
	bool out = chance(mover, 2);

	for (unsigned int i = 0; i < SLOTS && n < most; i++) {
		if (slots[i].state != (out ? FILLED : EMPTY))
			continue;
		list[n] = &slots[i];
		gfns[n++] = slots[i].gfn;
	}
	if (!n)
		return;
	for (unsigned int i = 0; out && i < n; i++)
		check_slot(list[i]);
	if (!moved(out ? give_back(gfns, n, 0) : take_again(gfns, n, 0), "reservation"))
		return;
	for (unsigned int i = 0; i < n; i++) {
		unsigned long word = 0;

		if (out) {
			list[i]->state = EMPTY;
			continue;
		}
		if (!uniform(AT(gfns[i]), &word) || word)
			fault(FAULT_LATE, "a new frame at gfn 0x%lx begins with 0x%lx", gfns[i],
			      word);
		fill(list[i]);
	}
}

/* --- pages that leave their home --- */

static void leave(struct movable *m)
{
	struct slot *s = pick(EMPTY);

	if (!s || !moved(add_to_physmap(XENMAPSPACE_gmfn, m->gfn, s->gfn), m->name))
		return;
	s->state = TAKEN;
	m->slot = s;
	m->state = AWAY;
	m->age++;
	memcpy(m->copy, AT(s->gfn), PAGE_SIZE);
}

/* Since it left nobody may have written to it. */
static void check_copy(const struct movable *m)
{
	const uint8_t *now = (const uint8_t *)AT(m->slot->gfn);

	if (!memcmp(m->copy, now, PAGE_SIZE))
		return;
	for (unsigned int i = 0; i < PAGE_SIZE; i++)
		if (now[i] != m->copy[i]) {
			fault(FAULT_LATE, "%s: byte 0x%x was 0x%x when it left, is 0x%x", m->name,
			      i, m->copy[i], now[i]);
			return;
		}
}

/* What the frame that left announces is handled now: the frame does not come back. */
static void take_announced(const struct movable *m)
{
	const struct vcpu_info *v = (const void *)(m->copy + INFO_OFFSET);

	if (m == info)
		handle_words(v->evtchn_pending_sel);
}

/* A frame from a slot stands at the page's home, empty. */
static bool bring_other(struct movable *m)
{
	struct slot *s = pick(FILLED);

	if (!s)
		return false;
	check_slot(s);
	memset(AT(s->gfn), 0, PAGE_SIZE);
	if (!moved(add_to_physmap(XENMAPSPACE_gmfn, s->gfn, m->gfn), m->name))
		return false;
	s->state = EMPTY;
	return true;
}

static void come_back(struct movable *m)
{
	unsigned int how = chance(mover, 4);
	struct slot *s = m->slot;

	if (m->state == GONE) {
		if ((!how || !bring_other(m)) && !moved(take_again(&m->gfn, 1, 0), m->name))
			return;
	} else {
		check_copy(m);
		if (how == 0) {
			take_announced(m);
			if (!moved(give_back(&s->gfn, 1, 0), m->name) ||
			    !moved(take_again(&m->gfn, 1, 0), m->name))
				return;
			s->state = EMPTY;
		} else if (how == 1 && pick(FILLED)) {
			take_announced(m);
			if (!bring_other(m))
				return;
			fill(s);
		} else {
			if (!moved(add_to_physmap(XENMAPSPACE_gmfn, s->gfn, m->gfn), m->name))
				return;
			s->state = EMPTY;
		}
	}
	/* What was announced in a frame that went without a look. */
	if (m == info && m->state == GONE)
		handle_words(all_words());
	m->state = HOME;
	m->age++;
}

/* Its frame goes at once, with what it announces. */
static void lose(struct movable *m)
{
	struct xen_remove_from_physmap r = { .domid = DOMID_SELF, .gpfn = m->gfn };

	switch (chance(mover, 3)) {
	case 0:
		if (bring_other(m) && m == info)
			handle_words(all_words());
		m->age++;
		return;
	case 1:
		if (!moved(memory_op(XENMEM_remove_from_physmap, &r), m->name))
			return;
		break;
	default:
		if (!moved(give_back(&m->gfn, 1, 0), m->name))
			return;
	}
	m->state = GONE;
	m->age++;
}

static void page_step(struct movable *m)
{
	if (m->state != HOME)
		come_back(m);
	else if ((lossy || m != info) && !chance(mover, 4))
		lose(m);
	else
		leave(m);
}

/* --- masks --- */

static void unmask(void)
{
	long err = masked ? unmask_port(masked->nr) : 0;

	if (err)
		fault(FAULT_OTHER, "unmask: %ld", err);
	masked = NULL;
}

static void mask_step(void)
{
	struct port *p = &ports[chance(mover, LAST_PORT)];
	unsigned int bits = sizeof(xen_ulong_t) * 8;

	if (masked) {
		unmask();
		return;
	}
	(void)__atomic_fetch_or(&shared_at->evtchn_mask[p->nr / bits],
				(xen_ulong_t)1 << p->nr % bits, __ATOMIC_SEQ_CST);
	masked = p;
}

/* --- all of it --- */

static void all_home(void)
{
	take_lock();
	for (unsigned int i = 0; i < array_size(movables); i++)
		for (unsigned int n = 0; n < 8 && movables[i].state != HOME; n++)
			come_back(&movables[i]);
	unmask();
	for (unsigned int i = 0; i < SLOTS; i++)
		if (slots[i].state == FILLED)
			check_slot(&slots[i]);
	drop_lock();
}

/* Let the target handle events, also when we are it. */
static void wait_a_little(void)
{
	if (mover == TARGET)
		irq_window();
	else
		cpu_pause();
}

static bool all_held(void)
{
	for (unsigned int i = 0; i < SENDERS; i++)
		if (held[i] != hold)
			return false;
	return true;
}

void checkpoint(bool go_on)
{
	uint64_t start;

	hold++;
	if (mover != TARGET)
		held[mover] = hold;
	all_home();
	if (mode == MODE_REAL)
		real_leave();
	start = own_ticks(mover);
	while (!all_held() && own_ticks(mover) - start < patience)
		wait_a_little();
	if (!all_held())
		fault(FAULT_OTHER, "a sender hangs");
	start = own_ticks(mover);
	while (!drained() && own_ticks(mover) - start < patience)
		wait_a_little();
	report_lost();
	lossy = !lossy;
	steps = 0;
	if (go_on)
		hold++;
}

void move_step(void)
{
	mover = mode == MODE_SELF ? TARGET : 0;
	if (++steps > checkpoint_every) {
		checkpoint(true);
		return;
	}
	take_lock();
	/* While it is away each write to it is an exit: not for long. */
	if (hot->state != HOME && chance(mover, 2))
		page_step(hot);
	switch (chance(mover, 16)) {
	case 0:
	case 1:
	case 2: shared_step(); break;
	case 3: slots_step(); break;
	case 4: mask_step(); break;
	case 5:
	case 6: areas_step(); break;
	case 7:
		if (!chance(mover, 16))
			huge_step();
		break;
	case 8:
	case 9: page_step(&movables[1 + chance(mover, 1 + AREA_PAGES)]); break;
	default: page_step(info);
	}
	drop_lock();
}

static void add_movable(unsigned int i, const char *name, unsigned long gfn)
{
	movables[i] = (struct movable){ .name = name, .gfn = gfn, .age = 1, .copy = copies[i] };
}

void moves_init(void)
{
	struct vcpu_register_vcpu_info r = { .mfn = GFN(info_page), .offset = INFO_OFFSET };

	shared_at = &shared_page;
	shared_homes[0] = GFN(&shared_page);
	for (unsigned int i = 1; i < SHARED_HOMES; i++)
		shared_homes[i] = SHARED_HOLE + i;
	for (unsigned int i = 0; i < SLOTS; i++) {
		slots[i].gfn = i < SPARES ? GFN(spares[i]) : HOLE / PAGE_SIZE + i;
		if (i < SPARES)
			fill(&slots[i]);
	}
	add_movable(0, "vcpu_info", GFN(info_page));
	add_movable(1, "the page written to", HOT_PAGE / PAGE_SIZE);
	for (unsigned int i = 0; i < AREA_PAGES; i++)
		add_movable(2 + i, "a page of areas", GFN(area_pages[i]));
	if (vcpu_op(VCPUOP_register_vcpu_info, TARGET, &r))
		fault(FAULT_OTHER, "vcpu_info cannot be registered");
	side_init();
	areas_init();
}
