// SPDX-License-Identifier: MIT
/*
 * What a micro-guest has: entry by the PVH protocol on vCPU 0, with paging on (all memory below
 * 4 GiB mapped 1:1), traps, hypercalls, event channels, other vCPUs, a console, and TAP on it.
 *
 * test_main() is the test. Its results end with the plan; then the guest shuts itself down.
 */
#ifndef TESTS_GUEST_LIB_GUEST_H
#define TESTS_GUEST_LIB_GUEST_H

#define __XEN_INTERFACE_VERSION__ 0x00040e00

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/errno.h>
#include <xen/arch-x86/hvm/start_info.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>

#include "tests/guest/lib/insn.h"

#define MAX_CPUS  8
#define PAGE_SIZE 4096
#define NS_PER_MS 1000000ULL

#define array_size(a) (sizeof(a) / sizeof((a)[0]))
#define barrier()     __asm__ volatile("" : : : "memory")
#define GFN(p)        ((uintptr_t)(p) / PAGE_SIZE)
/* Guest-physical (and linear) addresses where nothing is. */
#define HOLE 0xf8000000UL
/* What a hypercall that fails with this error returns, for ok_eq(). */
#define E(name)           ((uint64_t)(long)-XEN_##name)
#define page_aligned      __attribute__((aligned(PAGE_SIZE)))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define READ_ONCE(x)      (*(volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)  (*(volatile __typeof__(x) *)&(x) = (v))

/* --- the test itself, and TAP --- */

void test_main(void);
/* One result: "ok N - text". Returns cond. */
bool ok(bool cond, const char *fmt, ...) printf_like(2, 3);
/* A result for a comparison, with both values when it failed. */
bool ok_eq(uint64_t got, uint64_t wanted, const char *fmt, ...) printf_like(3, 4);
/* What cannot be tried here. */
void skip(const char *fmt, ...) printf_like(1, 2);
/* A comment of the test's. */
void note(const char *fmt, ...) printf_like(1, 2);
/* Before the first result, where the plan must be seen early; else it comes at the end. */
void plan(unsigned int count);
/* Print the plan if it is still missing, and end with this SHUTDOWN_* reason. */
void finish(unsigned int reason) __attribute__((noreturn));

/*
 * One row of a table of results. Where the guest is also run on the machine itself, the rig compares
 * both tables: rows of the same name must have the same value.
 */
void row(const char *name, const char *fmt, ...) printf_like(2, 3);
/* The same with what the SDM says, which is a result unless bare (an emulator may not follow it). */
bool row_is(const char *name, const char *got, const char *wanted);

/* --- console: the PV ring, or port 0xE9 where there is none (or with "e9" as command line) --- */

void console_init(void);
void console_write(const char *s, size_t len);
/* Take what the console's ring has for us. */
size_t console_read(char *buf, size_t len);
/* Wait until the ring is empty. */
void console_flush(void);
void print(const char *fmt, ...) printf_like(1, 2);
int format(char *buf, size_t size, const char *fmt, __builtin_va_list ap);
int format_to(char *buf, size_t size, const char *fmt, ...) printf_like(3, 4);

void *memcpy(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
char *strstr(const char *s, const char *part);

/* --- entry --- */

/* As start (entry.asm) found the processor. */
struct entry_state {
	uint32_t ebx, esp, eflags, cr0, cr4, cr3, dr6, dr7;
	uint16_t cs, ds, es, fs, gs, ss, tr, ldt;
	uint32_t efer, es_word;
	uint32_t tsc_low, tsc_high; /* at the first instruction */
	uint32_t eax;               /* GRUB's magic number, on the machine itself */
	uint32_t pad[3];
};
extern struct entry_state entry_state;
extern const struct hvm_start_info *start_info;
const char *command_line(void);
extern char image_start[], image_end[];
/* Whether Xen's CPUID leaves are there; without, no hypercall works. */
extern bool on_xen;
/* Started by GRUB on the machine itself: no start_info, the console is COM1. */
extern bool bare;

/* --- hypercalls (by VMCALL; 32-bit or 64-bit as we are) --- */

long hypercall(unsigned int nr, long a, long b, long c, long d, long e);
#define HC0(nr)          hypercall(nr, 0, 0, 0, 0, 0)
#define HC1(nr, a)       hypercall(nr, (long)(a), 0, 0, 0, 0)
#define HC2(nr, a, b)    hypercall(nr, (long)(a), (long)(b), 0, 0, 0)
#define HC3(nr, a, b, c) hypercall(nr, (long)(a), (long)(b), (long)(c), 0, 0)

#define xen_version(cmd, arg) HC2(__HYPERVISOR_xen_version, cmd, arg)
#define memory_op(cmd, arg)   HC2(__HYPERVISOR_memory_op, cmd, arg)
#define sched_op(cmd, arg)    HC2(__HYPERVISOR_sched_op, cmd, arg)
#define vcpu_op(cmd, id, arg) HC3(__HYPERVISOR_vcpu_op, cmd, id, arg)
#define evtchn_op(cmd, arg)   HC2(__HYPERVISOR_event_channel_op, cmd, arg)
#define hvm_op(cmd, arg)      HC2(__HYPERVISOR_hvm_op, cmd, arg)

/* The same from CPL 3: traps.asm. */
long user_call(long nr, long arg1, long arg2);
#if GUEST_BITS == 64
/* Any function at CPL 3; no trap but a FIXUP() may come of it. */
void user_run(void (*fn)(void));
/* 32-bit code at CPL 0: ends with `ljmp $0x18, $compat_return`. */
void compat_run(const char *code);
#endif
/* HVMOP_get_param; the value, or ~0 on an error. */
uint64_t get_param(uint32_t index);
long set_param(uint32_t index, uint64_t value);
/* XENMEM_add_to_physmap. */
long add_to_physmap(unsigned int space, unsigned long idx, unsigned long gfn);

/* --- traps --- */

struct trap_frame {
#if GUEST_BITS == 64
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, di, si, bp, bx, dx, cx, ax;
	uint64_t vector, error, ip, cs, flags, sp, ss;
#else
	uint32_t di, si, bp, saved_sp, bx, dx, cx, ax;
	uint32_t vector, error, ip, cs, flags;
#endif
};

typedef void trap_handler(struct trap_frame *f);
/* NULL: an unexpected trap ends the test. */
void set_handler(unsigned int vector, trap_handler *handler);
/* The gate itself, for a handler in assembly. */
void set_raw_handler(unsigned int vector, const char *entry);
/* The IDT, on this vCPU; and a TSS for CPL 3 on vCPU 0. */
void traps_init(void);
void traps_load(void);

/*
 * Instructions that may fault: each is `TRY(insn)`-like below; afterwards fault_vector is -1 or the
 * vector, and fault_error the error code. One vCPU at a time.
 */
extern volatile int fault_vector;
extern volatile unsigned long fault_error, fault_address;
bool try_rdmsr(uint32_t msr, uint64_t *value);
bool try_wrmsr(uint32_t msr, uint64_t value);
bool try_read8(const volatile void *p, uint8_t *value);
bool try_write8(volatile void *p, uint8_t value);

/* Label an instruction that may fault, and what goes on behind it. */
#define FIXUP(insn)                                                                                \
	"771: " insn "\n772:\n"                                                                    \
	".pushsection .ex_table, \"a\"\n.long 771b, 772b\n.popsection\n"

/* A window of 2 MiB onto guest-physical memory above 4 GiB, until the next call; 64-bit only, else
 * NULL. */
volatile uint8_t *map_high(uint64_t gpa);

/* --- time --- */

/* Guest system time from the time record of this vCPU (events_init() first). */
uint64_t system_time(void);
void wait_ns(uint64_t ns);
/* TSC ticks a millisecond, from the time record. */
uint64_t tsc_per_ms(void);

/* --- event channels --- */

typedef void port_handler(unsigned int cpu, evtchn_port_t port);

extern struct shared_info shared_page; /* where shared_info is mapped by events_init() */
#define UPCALL_VECTOR 0xf3
/* Map shared_info and ask for upcalls of callback type 2 on all vCPUs. */
void events_init(void);
/* The upcall's work on this vCPU; clears what it finds and counts it. */
void events_scan(void);
/* Called for each event of the port. */
void set_port_handler(evtchn_port_t port, port_handler *handler);
extern volatile unsigned long port_count[1024], upcall_count[MAX_CPUS];
struct vcpu_info *vcpu_info(unsigned int cpu);
/* Point vcpu_info() elsewhere after VCPUOP_register_vcpu_info. */
void set_vcpu_info(unsigned int cpu, struct vcpu_info *info);

bool port_pending(evtchn_port_t port);
bool port_masked(evtchn_port_t port);
void mask_port(evtchn_port_t port);
/* Clear the mask bit only; EVTCHNOP_unmask is another thing. */
void clear_mask(evtchn_port_t port);
void clear_pending(evtchn_port_t port);
/* Positive: the port. Negative: the error. All fresh ports are masked. */
long bind_virq(unsigned int virq, unsigned int cpu);
long bind_ipi(unsigned int cpu);
long close_port(evtchn_port_t port);
long send_port(evtchn_port_t port);
long unmask_port(evtchn_port_t port);

/* --- other vCPUs --- */

unsigned int cpu_id(void);
extern uint32_t cpu_number_shift;
/* Start vCPU `cpu` by INIT and SIPI at fn; false when it does not come up within a second. */
bool start_cpu(unsigned int cpu, void (*fn)(void));
/* What the trampoline saw in real mode. */
struct ap_seen {
	uint32_t edx, cs, cr0;
};
extern struct ap_seen ap_real_mode;
extern volatile unsigned int cpus_up;

/* --- measuring: for the guests whose names begin with "bench" --- */

#define BENCH_ROUNDS 1000
/* Begin a case; give each operation's ticks; print "NAME min=N avg=N" and, on a counting build, how
 * many dear instructions an operation took. */
void bench_begin(void);
void bench_add(uint64_t ticks);
void bench_end(const char *name);
/* What is done between the two is not counted. */
void bench_pause(void);
void bench_resume(void);
/* A case by itself: the removal of one page from our memory map. */
void bench_change(const char *name);

/* --- the local APIC, in the mode it is in --- */

#define APIC_ID          0x020
#define APIC_VERSION     0x030
#define APIC_TPR         0x080
#define APIC_PPR         0x0a0
#define APIC_EOI         0x0b0
#define APIC_LDR         0x0d0
#define APIC_DFR         0x0e0
#define APIC_SVR         0x0f0
#define APIC_ISR         0x100
#define APIC_TMR         0x180
#define APIC_IRR         0x200
#define APIC_ESR         0x280
#define APIC_ICR         0x300
#define APIC_ICR_HIGH    0x310
#define APIC_LVT_TIMER   0x320
#define APIC_LVT_THERMAL 0x330
#define APIC_LVT_PMI     0x340
#define APIC_LVT_LINT0   0x350
#define APIC_LVT_LINT1   0x360
#define APIC_LVT_ERROR   0x370
#define APIC_TIMER_ICR   0x380
#define APIC_TIMER_CCR   0x390
#define APIC_TIMER_DCR   0x3e0

#define MSR_APIC_BASE 0x1b
#define MSR_X2APIC    0x800
#define APIC_ENABLED  0x800
#define APIC_EXTENDED 0x400

bool apic_x2(void);
uint32_t apic_read(unsigned int reg);
void apic_write(unsigned int reg, uint32_t value);
/* Software-enable it, with spurious vector 0xff. */
void apic_enable(void);
void apic_to_x2(void);
void apic_eoi(void);
/* ICR: low half as in the SDM, destination an APIC id. */
void apic_ipi(uint32_t dest, uint32_t low);
#define VCPU_APIC_ID(cpu) (bare ? (cpu) : (cpu)*2)

#endif
