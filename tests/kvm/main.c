// SPDX-License-Identifier: MIT
/*
 * A small KVM program. It runs the guest of guest.asm on two vCPUs with the interrupt controllers
 * inside the kernel, is the devices that the guest talks to, and prints what the guest found out as
 * TAP. Exit status: 0 when everything held.
 *
 *	kvmtest GUEST
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define VCPUS       2
#define RAM_BYTES   (4U << 20)
#define GUEST_START 0x1000
// What a processor without unrestricted guest needs, below the firmware's place.
#define IDENTITY_MAP    0xfffbc000ULL
#define TSS_ADDRESS     0xfffbd000UL
#define CPUID_ENTRIES   256
#define SECONDS_AT_MOST 600

// What the guest says. The operand of the first three is the address of a name.
#define PORT_OK      0xf0
#define PORT_NOT_OK  0xf1
#define PORT_SKIPPED 0xf2
// The next shutdown is what the test wants.
#define PORT_LAST    0xf4
#define PORT_GIVE_UP 0xf5
// CPUID in the guest: the average, then the least.
#define PORT_TICKS   0xf6
#define PORT_AVERAGE 0xf7
// The devices: one that keeps what is written, one for strings, one that raises a GSI.
#define PORT_LATCH      0x510
#define PORT_STRING     0x520
#define PORT_STRING_SUM 0x524
#define PORT_RAISE      0x530
#define MMIO_BASE       0xd0000000ULL
#define MMIO_BYTES      4096
#define MMIO_WRITES     0x800

struct vcpu {
	int fd;
	struct kvm_run *run;
};

static int kvm, vm;
static struct vcpu vcpus[VCPUS];
static uint8_t *ram;
static uint8_t device[MMIO_BYTES];
static uint32_t mmio_writes, latch, string_sum, string_next, average;
static unsigned int tests, failures;
static bool shutdown_wanted;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void die(const char *what, ...)
{
	va_list list;

	va_start(list, what);
	printf("not ok %u - ", tests + 1);
	vprintf(what, list);
	printf(": %s\n", strerror(errno));
	va_end(list);
	fflush(stdout);
	_exit(1);
}

static int call(int fd, unsigned long request, void *argument, const char *name)
{
	int result = ioctl(fd, request, argument);

	if (result < 0)
		die("%s", name);
	return result;
}
#define CALL(fd, request, argument) call(fd, request, (void *)(uintptr_t)(argument), #request)

static void show_registers(const struct vcpu *v)
{
	struct kvm_sregs s;
	struct kvm_regs r;

	CALL(v->fd, KVM_GET_REGS, &r);
	CALL(v->fd, KVM_GET_SREGS, &s);
	printf("# vCPU %d: rip %llx flags %llx rax %llx rbx %llx rcx %llx rdx %llx\n",
	       (int)(v - vcpus), r.rip, r.rflags, r.rax, r.rbx, r.rcx, r.rdx);
	printf("# rsi %llx rdi %llx rsp %llx cs %x cr0 %llx cr2 %llx cr3 %llx cr4 %llx efer %llx\n",
	       r.rsi, r.rdi, r.rsp, s.cs.selector, s.cr0, s.cr2, s.cr3, s.cr4, s.efer);
}

static void report(bool ok, const char *name, const char *remark)
{
	tests++;
	if (!ok)
		failures++;
	printf("%sok %u - %s%s\n", ok ? "" : "not ", tests, name, remark);
	fflush(stdout);
}

// A name in the guest's memory.
static const char *name_at(uint32_t address)
{
	if (address >= RAM_BYTES || !memchr(ram + address, 0, RAM_BYTES - address))
		return "a name outside of memory";
	return (const char *)ram + address;
}

static _Noreturn void finish(void)
{
	printf("1..%u\n", tests);
	fflush(stdout);
	_exit(failures != 0 || tests == 0);
}

static void raise_gsi(uint32_t gsi)
{
	struct kvm_irq_level line = { { gsi }, 1 };

	CALL(vm, KVM_IRQ_LINE, &line);
	line.level = 0;
	CALL(vm, KVM_IRQ_LINE, &line);
}

static uint32_t port_read(uint16_t port)
{
	switch (port) {
	case PORT_LATCH: return latch;
	case PORT_STRING: return string_next++;
	case PORT_STRING_SUM: return string_sum;
	default: return UINT32_MAX;
	}
}

static void port_write(struct vcpu *v, uint16_t port, uint32_t value)
{
	switch (port) {
	case PORT_OK: report(true, name_at(value), ""); break;
	case PORT_NOT_OK:
		report(false, name_at(value), "");
		show_registers(v);
		break;
	case PORT_SKIPPED: report(true, name_at(value), " # SKIP not on this processor"); break;
	case PORT_LAST: shutdown_wanted = true; break;
	case PORT_GIVE_UP: finish();
	case PORT_AVERAGE: average = value; break;
	case PORT_TICKS:
		printf("# CPUID in the guest: %u ticks, %u on average\n", value, average);
		break;
	case PORT_LATCH: latch = value; break;
	case PORT_STRING: string_sum += value; break;
	case PORT_STRING_SUM: string_sum = string_next = value; break;
	case PORT_RAISE: raise_gsi(value); break;
	default: break;
	}
}

static void do_port(struct vcpu *v)
{
	struct kvm_run *run = v->run;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;

	for (uint32_t i = 0; i < run->io.count; i++, data += run->io.size) {
		uint32_t value = 0;

		if (run->io.direction == KVM_EXIT_IO_OUT) {
			memcpy(&value, data, run->io.size);
			port_write(v, run->io.port, value);
		} else {
			value = port_read(run->io.port);
			memcpy(data, &value, run->io.size);
		}
	}
}

static void do_mmio(struct kvm_run *run)
{
	uint64_t at = run->mmio.phys_addr - MMIO_BASE;

	if (at >= MMIO_BYTES || at + run->mmio.len > MMIO_BYTES)
		die("an access to %llx", run->mmio.phys_addr);
	if (run->mmio.is_write) {
		memcpy(device + at, run->mmio.data, run->mmio.len);
		mmio_writes++;
		return;
	}
	memcpy(device + MMIO_WRITES, &mmio_writes, sizeof(mmio_writes));
	memcpy(run->mmio.data, device + at, run->mmio.len);
}

static void *run_vcpu(void *argument)
{
	struct vcpu *v = argument;

	for (;;) {
		if (ioctl(v->fd, KVM_RUN, 0) < 0) {
			// EAGAIN: its SIPI came.
			if (errno == EINTR || errno == EAGAIN)
				continue;
			show_registers(v);
			die("KVM_RUN");
		}
		pthread_mutex_lock(&lock);
		switch (v->run->exit_reason) {
		case KVM_EXIT_IO: do_port(v); break;
		case KVM_EXIT_MMIO: do_mmio(v->run); break;
		case KVM_EXIT_SHUTDOWN:
			report(shutdown_wanted, "a triple fault shuts down", "");
			if (!shutdown_wanted)
				show_registers(v);
			finish();
		default:
			show_registers(v);
			die("exit reason %u, %#x", v->run->exit_reason, v->run->internal.suberror);
		}
		pthread_mutex_unlock(&lock);
	}
}

// What KVM offers, a signature of ours, and the vCPU's APIC id.
static void set_cpuid(int fd, unsigned int number)
{
	size_t size = sizeof(struct kvm_cpuid2) + CPUID_ENTRIES * sizeof(struct kvm_cpuid_entry2);
	struct kvm_cpuid2 *table = calloc(1, size);

	table->nent = CPUID_ENTRIES;
	CALL(kvm, KVM_GET_SUPPORTED_CPUID, table);
	for (uint32_t i = 0; i < table->nent; i++) {
		struct kvm_cpuid_entry2 *entry = &table->entries[i];

		if (entry->function == 0x40000000) {
			entry->ebx = 0x696e6558;
			entry->ecx = 0x65546874;
			entry->edx = 0x64677473;
		} else if (entry->function == 1) {
			entry->ebx = (entry->ebx & 0xff00ff00) | number << 24 | VCPUS << 16;
			if (ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_TSC_DEADLINE_TIMER) > 0)
				entry->ecx |= 1U << 24;
		} else if (entry->function == 0xb) {
			entry->edx = number;
		}
	}
	CALL(fd, KVM_SET_CPUID2, table);
	free(table);
}

static void make_vcpu(unsigned int number)
{
	struct vcpu *v = &vcpus[number];
	struct kvm_regs regs = { .rip = GUEST_START, .rflags = 2 };
	struct kvm_sregs sregs;
	int size = CALL(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	v->fd = CALL(vm, KVM_CREATE_VCPU, number);
	v->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->run == MAP_FAILED)
		die("mmap of a vCPU");
	set_cpuid(v->fd, number);
	// The second one waits for its SIPI.
	if (number != 0)
		return;
	CALL(v->fd, KVM_GET_SREGS, &sregs);
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	CALL(v->fd, KVM_SET_SREGS, &sregs);
	CALL(v->fd, KVM_SET_REGS, &regs);
}

static void make_vm(const char *image)
{
	struct kvm_userspace_memory_region region = { .memory_size = RAM_BYTES };
	uint64_t identity = IDENTITY_MAP;
	int file = open(image, O_RDONLY);

	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0 || file < 0)
		die("%s", kvm < 0 ? "/dev/kvm" : image);
	if (CALL(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		die("another version of KVM");
	vm = CALL(kvm, KVM_CREATE_VM, 0);
	CALL(vm, KVM_SET_IDENTITY_MAP_ADDR, &identity);
	CALL(vm, KVM_SET_TSS_ADDR, TSS_ADDRESS);
	CALL(vm, KVM_CREATE_IRQCHIP, 0);
	ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ram == MAP_FAILED || read(file, ram + GUEST_START, RAM_BYTES - GUEST_START) <= 0)
		die("%s", image);
	close(file);
	region.userspace_addr = (uintptr_t)ram;
	CALL(vm, KVM_SET_USER_MEMORY_REGION, &region);
}

int main(int argc, char **argv)
{
	pthread_t second;

	if (argc != 2) {
		fprintf(stderr, "usage: kvmtest GUEST\n");
		return 2;
	}
	alarm(SECONDS_AT_MOST);
	make_vm(argv[1]);
	for (unsigned int i = 0; i < VCPUS; i++)
		make_vcpu(i);
	if (pthread_create(&second, NULL, run_vcpu, &vcpus[1]) != 0)
		die("a second thread");
	run_vcpu(&vcpus[0]);
	return 1;
}
