// SPDX-License-Identifier: MIT
// nested: yes
// bare: yes
// vcpus: 2
// cores: 2
// cmdline: load_fs_base
// expect: reboot
// differs: *.indicator: Bochs counts them from 0, the SDM from 1
// timeout: 30
//
// VMX aborts (SDM vol. 3, 27.7): one processor exits from L2 to a host state that cannot be loaded, or
// with MSRs that cannot be stored, and shuts down; another one sees the indicator in the VMCS region.
// Under Xenith the guest then ends, as by a triple fault. The command line names the case; on the
// machine itself, without a name, all are made, each on a processor of its own. "neighbour" runs an L2
// until there is input: tests/system/test_vmx_abort.py has it beside all the others.
#include "tests/guest/lib/vmx.h"

#define PATIENCE  2000000
#define CODE32    0x08
#define PG        0x80000000UL
#define NOT_YET   0xffffffffu /* an indicator that is none */
#define PAT_WRONG 0x0707070707070702ULL

struct msr_entry {
	uint32_t index, reserved;
	uint64_t value;
};

/* What it takes for one processor to abort. */
struct abort_case {
	const char *name;
	uint32_t indicator; /* 0: there is none, L1 goes on */
	void (*prepare)(void);
	struct msr_entry list[2] __attribute__((aligned(16)));
	uint32_t count;
};

L2_CODE(some_code, "nop");
L2_CODE(endless, "1: cpuid\n jmp 1b");

/* L1 with PAE paging: out of long mode, for which VMX operation has to wait, then into L2. */
extern const char l1_pae[], l1_pae_exit[], l2_pae[];
extern uint8_t page_tables[];
uint64_t pae_tables[4] __attribute__((aligned(32))), pae_wrong[4] __attribute__((aligned(32)));
uint64_t pae_vmxon, pae_vmcs;
volatile uint8_t pae_back;
__asm__(".pushsection .text\n.code32\n"
	"l1_pae: mov %cr0, %ebx\n"
	"mov %ebx, %eax\n"
	"btr $31, %eax\n"
	"mov %eax, %cr0\n"
	"mov $0xc0000080, %ecx\n"
	"rdmsr\n"
	"btr $8, %eax\n"
	"wrmsr\n"
	"mov $pae_tables, %eax\n"
	"mov %eax, %cr3\n"
	"mov %ebx, %cr0\n"
	"vmxon pae_vmxon\n"
	"vmptrld pae_vmcs\n"
	"vmlaunch\n"
	"movb $2, pae_back\n"
	"1: cli; hlt; jmp 1b\n"
	"l1_pae_exit: movb $1, pae_back\n"
	"1: cli; hlt; jmp 1b\n"
	"l2_pae: vmcall\n"
	".code64\n.popsection\n");

static void lists_of_exit(const struct abort_case *c, uint32_t address, uint32_t number)
{
	vmwrite(address, (uintptr_t)c->list);
	vmwrite(number, c->count);
}

static void plain(void)
{
}

/* The entry fails, and loads what an exit would. */
static void no_entry(void)
{
	vmwrite(GUEST_RFLAGS, 0);
}

static void pae(uint64_t *host_tables)
{
	for (unsigned int i = 0; i < 4; i++)
		pae_tables[i] = ((uintptr_t)page_tables + (2 + i) * PAGE_SIZE) | 1;
	memcpy(pae_wrong, pae_tables, sizeof(pae_wrong));
	pae_wrong[3] |= 2; /* reserved */
	l2_set(EXIT, 0, EXIT_HOST_64);
	l2_set(ENTRY, 0, ENTRY_IA32E);
	vmwrite(HOST_CR3, (uintptr_t)host_tables);
	vmwrite(HOST_SELECTOR(CS), CODE32);
	vmwrite(HOST_RIP, (uintptr_t)l1_pae_exit);
	vmwrite(GUEST_CR3, (uintptr_t)pae_tables);
	vmwrite(GUEST_SELECTOR(CS), CODE32);
	vmwrite(GUEST_RIGHTS(CS), 0xc09b);
	vmwrite(GUEST_RIP, (uintptr_t)l2_pae);
}

static void pae_good(void)
{
	pae(pae_tables);
}

static void pae_bad(void)
{
	pae(pae_wrong);
}

static const struct abort_case cases[] = {
	{ "load_fs_base", 4, plain, { { MSR_PAT, 0, 6 }, { MSR_FS_BASE, 0, 0 } }, 2 },
	{ "load_reserved", 4, plain, { { MSR_PAT, 1, 6 } }, 1 },
	{ "load_value", 4, plain, { { MSR_PAT, 0, PAT_WRONG } }, 1 },
	{ "load_no_entry", 4, no_entry, { { MSR_GS_BASE, 0, 0 } }, 1 },
	{ "store_reserved", 1, plain, { { MSR_PAT, 0, 0 }, { MSR_PAT, 1, 0 } }, 2 },
	{ "pdpte", 2, pae_bad, { { 0, 0, 0 } }, 0 },
	{ "pdpte_good", 0, pae_good, { { 0, 0, 0 } }, 0 },
};
#define CASES array_size(cases)

vmcs_storage vmxons[CASES], regions[CASES];
static volatile bool ready[CASES], back[CASES];
static unsigned int current;

static void be_ready(unsigned int me)
{
	WRITE_ONCE(regions[me].abort, NOT_YET);
	fence();
	ready[me] = true;
}

/* The processor that is not to come back. */
static void be_victim(void)
{
	unsigned int me = current;
	const struct abort_case *c = &cases[me];

	l2_vmcs = &regions[me];
	vmx_on_with(&vmxons[me]);
	l2_init(some_code);
	if (c->indicator == 1)
		lists_of_exit(c, EXIT_MSR_STORE, EXIT_MSR_STORES);
	else
		lists_of_exit(c, EXIT_MSR_LOAD, EXIT_MSR_LOADS);
	c->prepare();
	if (c->prepare == pae_good || c->prepare == pae_bad) {
		pae_vmxon = (uintptr_t)&vmxons[me];
		pae_vmcs = (uintptr_t)&regions[me];
		(void)vmx_vmclear(pae_vmcs);
		(void)vmx_vmxoff();
		be_ready(me);
		compat_run(l1_pae);
	}
	be_ready(me);
	note("%s", l2_text(l2_run()));
	back[me] = true;
}

static bool came_back(unsigned int i)
{
	return back[i] || pae_back;
}

static void try_case(unsigned int i, unsigned int cpu)
{
	const struct abort_case *c = &cases[i];
	char name[40], text[16], wanted[16];

	current = i;
	if (!start_cpu(cpu, be_victim))
		note("processor %u does not start", cpu);
	for (unsigned int n = 0; n < PATIENCE && !came_back(i); n++)
		if (ready[i] && READ_ONCE(regions[i].abort) != NOT_YET)
			break;
	format_to(text, sizeof(text), "%u", regions[i].abort);
	format_to(wanted, sizeof(wanted), "%u", c->indicator);
	format_to(name, sizeof(name), "%s.indicator", c->name);
	if (c->indicator)
		(void)row_is(name, text, wanted);
	row(c->name, came_back(i) ? "comes back" : "stops");
	ok(came_back(i) == !c->indicator, "%s", c->name);
	pae_back = 0;
}

static void be_neighbour(void)
{
	uint64_t exits = 0, wrong = 0;
	char typed;

	vmx_on();
	l2_init(endless);
	while (!console_read(&typed, 1)) {
		wrong += l2_go() != R_CPUID;
		l2_skip();
		exits++;
	}
	ok(exits > 1000 && !wrong, "L2 has run: %llu exits", (unsigned long long)exits);
}

void test_main(void)
{
	const char *name = command_line();

	if (!strcmp(name, "neighbour")) {
		be_neighbour();
		return;
	}
	/* Early: it is not there to do it at its end. */
	plan(strlen(name) ? bare || strstr(name, "good") ? 1 : 2 : CASES);
	console_flush();
	for (unsigned int i = 0, cpu = 1; i < CASES; i++)
		if (!strlen(name) || !strcmp(name, cases[i].name))
			try_case(i, cpu++);
	if (bare || strstr(name, "good"))
		return;
	for (unsigned int n = 0; n < PATIENCE; n++)
		cpu_pause();
	ok(false, "still here");
}
