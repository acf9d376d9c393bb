// SPDX-License-Identifier: MIT
/* Flow C of DESIGN.md: from the boot loader to the scheduler, one step a line. */
#include "arch/x86/cpu/asm.h"
#include "arch/x86/cpu/check.h"
#include "arch/x86/cpu/cpuid_bits.h"
#include "arch/x86/cpu/desc.h"
#include "arch/x86/cpu/fpu.h"
#include "arch/x86/cpu/percpu.h"
#include "arch/x86/cpu/smp.h"
#include "arch/x86/cpu/traps.h"
#include "arch/x86/vmx/vmx.h"
#include "boot/boot.h"
#include "boot/build.h"
#include "boot/memory.h"
#include "boot/multiboot2.h"
#include "boot/platform.h"
#include "boot/pvh.h"
#include "core/console.h"
#include "core/lib/log.h"
#include "core/lib/printf.h"
#include "core/panic.h"
#include "core/sched.h"
#include "drivers/serial.h"
#include "drivers/video.h"
#include "mm/round.h"
#include "mm/step.h"

#define MISSING_MAX 16
#define INFO_MAX    MIB(1)

/* linker.ld */
extern const char image_start[], image_end[];

struct cmdline_options boot_options;
struct boot_info boot_info;

static uint64_t entry_tsc;
static bool vmx_available;

/* boot/entry.asm calls it on the first stack. */
void boot_main(uint32_t info, uint64_t load_address, uint64_t tsc) noreturn_fn;

/* An error of the whole machine: on the screen as well when there is no serial line. */
static void say(const char *fmt, ...) printf_like(1, 2);
static void say(const char *fmt, ...)
{
	char line[160];
	va_list ap;

	va_start(ap, fmt);
	xvsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	log_error("%s", line);
	if (serial_present())
		return;
	video_write("Xenith: ");
	video_write(line);
	video_write("\n");
}

/* Without memory or boot information there is nothing to go on with, not even a monitor. */
static void give_up(void) noreturn_fn;
static void give_up(void)
{
	say("halted");
	console_flush();
	halt_forever();
	__builtin_unreachable();
}

static const void *map_kept(void *ctx, uint64_t hpa, size_t len)
{
	(void)ctx;
	return paging_map(to_hpa(hpa), len, MAP_RAM_RO);
}

/* What was read stays mapped: the command lines of modules are in it. */
static const char *read_boot_information(hpa_t at)
{
	const uint32_t *first = map_kept(NULL, at.a, sizeof(*first));
	const char *error = "the boot loader's information structure is too large";
	const void *all;
	enum status st = ERR_INVALID;

	if (first && pvh_probe(*first)) {
		st = pvh_parse(at, map_kept, NULL, &boot_info, &error);
	} else if (first && *first && *first <= INFO_MAX) {
		all = map_kept(NULL, at.a, *first);
		if (all)
			st = multiboot2_parse(at, all, *first, &boot_info, &error);
	}
	if (st == OK)
		return NULL;
	boot_info = (struct boot_info){ .cmdline = "", .loader = "nobody" };
	return error;
}

/* None of them is touched by the hypervisor itself, so that it can go on. */
static void check_modules(void)
{
	const char *error;
	uint32_t i;

	if (boot_info_check_modules(&boot_info, image_hpa(image_start), image_hpa(image_end), &i,
				    &error) != OK)
		log_warning("module %u (%s): %s", i, boot_info.module[i].string, error);
}

static void init_video(void)
{
	const struct boot_framebuffer *fb = &boot_info.framebuffer;
	struct video_mode mode = {
		.base = fb->base,
		.text = fb->type == BOOT_FRAMEBUFFER_TEXT,
		.pitch = fb->pitch,
		.width = fb->width,
		.height = fb->height,
		.bpp = fb->bpp,
	};

	if (fb->present && fb->type != BOOT_FRAMEBUFFER_INDEXED && !video_init(&mode))
		log_warning("the screen's format is not known: nothing is shown there");
}

static void init_console(void)
{
	struct uart_config config = { 0 };
	bool found = false;

	log_threshold = boot_options.log_none ? -1 : (int)boot_options.loglvl;
	log_guest_threshold = boot_options.guest_log_none ? -1 : (int)boot_options.guest_loglvl;
	for (unsigned int i = 0; i < CMDLINE_COM_COUNT && !found; i++) {
		const struct cmdline_com *com = &boot_options.com[i];

		if (!boot_options.console_com[i])
			continue;
		config = (struct uart_config){
			.port = com->port,
			.baud = com->baud,
			.data_bits = com->data_bits,
			.stop_bits = com->stop_bits,
			.parity = com->parity,
		};
		found = serial_init_uart(&config);
	}
	if (!found)
		found = serial_init_xen();
	console_switch = boot_options.conswitch;
	console_focus_guest = boot_options.conswitch_auto;
	console_init(found);
}

/* Each missing item by name. Without VMX the machine stays up, with the monitor and no guests. */
static void check_cpu(void)
{
	const char *missing[MISSING_MAX];
	struct cpu_facts facts;
	char features[160];
	unsigned int count, vmx;

	cpu_facts_read(&facts);
	cpu_describe(&facts, features, sizeof(features));
	log_info("CPU: optional features used: %s", features);
	count = cpu_missing(&facts, missing, MISSING_MAX);
	vmx = vmx_missing(missing + (count < MISSING_MAX ? count : MISSING_MAX),
			  count < MISSING_MAX ? MISSING_MAX - count : 0);
	vmx_available = count + vmx == 0;
	for (unsigned int i = 0; i < count + vmx && i < MISSING_MAX; i++)
		say("this CPU cannot run guests: it lacks %s", missing[i]);
	if (!vmx_available)
		log_info("no guests will be started; the monitor is on the serial line");
}

static bool start_vmx(void)
{
	enum status st = vmx_init_core();

	if (st != OK)
		say("core %u cannot run guests: VMX is %s", this_cpu()->id,
		    st == ERR_NOMEM
			    ? "without memory"
			    : "locked off by the firmware, or differs from the first core's");
	return st == OK;
}

void smp_leave_vmx(void)
{
	vmx_exit_core();
}

/* A core that has VMX off among others that run guests would take their vCPUs: stop it instead. */
void smp_core_main(void)
{
	fpu_init_core();
	if (vmx_available && !start_vmx())
		panic("core %u cannot run guests", this_cpu()->id);
	sched_run();
}

/* What depends on how fast the clock goes, and whether somebody else schedules our cores. */
static void set_periods(void)
{
	bool under_hypervisor = cpuid(CPUID_FEATURES, 0).ecx & CPUID_1_ECX_HYPERVISOR;

	sched_slice = boot_options.slice_us * tsc_khz / 1000;
	round_nmi_after = under_hypervisor ? 10 * tsc_khz : tsc_khz / 10;
	if (XENITH_DEBUG)
		step_delay_seed = boot_options.step_delay;
	else if (boot_options.step_delay)
		log_warning("step_delay= needs a debug build");
}

/* The boot core, on its own stack. */
static void boot_continue(void)
{
	platform_read_acpi();
	platform_init(entry_tsc);
	log_info("entered at TSC %llu", (unsigned long long)entry_tsc);
	set_periods();
	fpu_init_core();
	if (vmx_available) {
		vmx_init();
		vmx_available = start_vmx();
	}
	paging_make_readonly(desc_idt(), PAGE_SIZE);
	platform_console_irq();
	platform_start_cores(boot_options.maxcpus);
	console_start();
	if (vmx_available)
		build_all();
	else
		console_focus(NULL);
	sched_run();
}

void boot_main(uint32_t info, uint64_t load_address, uint64_t tsc)
{
	struct pcpu early = { 0 }; /* until there is memory for the real one */
	const char *error;

	entry_tsc = tsc;
	percpu_load_early(&early);
	paging_init(to_hpa(load_address));
	traps_init();
	desc_load_idt();
	error = read_boot_information(to_hpa(info));
	cmdline_parse(boot_info.cmdline, &boot_options);
	panic_noreboot = boot_options.noreboot;
	init_video();
	init_console();
	log_info("Xenith, loaded at 0x%llx by %s, modules: %u", (unsigned long long)load_address,
		 boot_info.loader, boot_info.module_count);
	if (boot_options.warnings[0])
		log_warning("command line: %s", boot_options.warnings);
	check_modules();
	check_cpu();
	if (!error && memory_init(&boot_info, &error) == OK)
		error = NULL;
	if (error) {
		say("%s", error);
		give_up();
	}
	percpu_load(pcpus[0]);
	core_count = 1;
	percpu_run_on_stack(pcpus[0], boot_continue);
}
