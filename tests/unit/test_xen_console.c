// SPDX-License-Identifier: MIT
// sources: drivers/xen_console.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "arch/x86/cpu/paging.h"
#include "core/lib/string.h"
#include "drivers/xen_console.h"
#include "drivers/xen_guest.h"

#include <xen/hvm/params.h>
#include <xen/io/console.h>

#define GFN  0xfefffULL
#define PORT 3U

static struct xencons_interface page;
static uint64_t gfn, evtchn;
static unsigned int notified;

bool xen_guest_param(uint32_t index, uint64_t *value)
{
	assert_true(index == HVM_PARAM_CONSOLE_PFN || index == HVM_PARAM_CONSOLE_EVTCHN);
	*value = index == HVM_PARAM_CONSOLE_PFN ? gfn : evtchn;
	return *value != 0;
}

void xen_guest_notify(uint32_t port)
{
	assert_int_equal(port, PORT);
	notified++;
}

void *paging_map(hpa_t hpa, uint64_t len, enum map_kind kind)
{
	assert_int_equal(hpa.a, GFN << PAGE_SHIFT);
	assert_true(len >= sizeof(page) && kind == MAP_RAM_RW);
	return &page;
}

static int setup(void **state)
{
	(void)state;
	memset(&page, 0xCC, sizeof(page));
	/* Both rings are about to wrap, and so are their indices. */
	page.out_prod = page.out_cons = ~0U - 1;
	page.in_prod = page.in_cons = ~0U - 1;
	gfn = GFN;
	evtchn = PORT;
	assert_true(xen_console_init());
	notified = 0;
	return 0;
}

static void there_may_be_none(void **state)
{
	gfn = 0;
	assert_false(xen_console_init());
	gfn = GFN;
	evtchn = 0;
	assert_false(xen_console_init());
}

static void bytes_go_out(void **state)
{
	assert_int_equal(xen_console_write("abcd", 4), 4);
	assert_int_equal(notified, 1);
	assert_int_equal(page.out_prod, 2);
	assert_memory_equal(page.out + sizeof(page.out) - 2, "ab", 2);
	assert_memory_equal(page.out, "cd", 2);
	assert_int_equal(xen_console_write("x", 0), 0);
	assert_int_equal(notified, 1);
}

static void a_full_ring_takes_no_more(void **state)
{
	static char much[sizeof(page.out) + 10];

	memset(much, 'm', sizeof(much));
	assert_int_equal(xen_console_write(much, sizeof(much)), sizeof(page.out));
	assert_int_equal(xen_console_write(much, 1), 0);
	assert_int_equal(notified, 1);
	page.out_cons += 3;
	assert_int_equal(xen_console_write(much, 5), 3);
	/* A reader that claims to have read what was never written. */
	page.out_cons = page.out_prod + 1;
	assert_int_equal(xen_console_write(much, 1), 0);
}

static void bytes_come_in(void **state)
{
	char got[8] = "";

	assert_int_equal(xen_console_read(got, sizeof(got)), 0);
	assert_int_equal(notified, 0);
	memcpy(page.in + sizeof(page.in) - 2, "he", 2);
	memcpy(page.in, "lp", 2);
	page.in_prod += 4;
	assert_int_equal(xen_console_read(got, 3), 3);
	assert_int_equal(page.in_cons, 1);
	assert_int_equal(notified, 1);
	assert_int_equal(xen_console_read(got + 3, 3), 1);
	assert_string_equal(got, "help");
	page.in_prod = page.in_cons + sizeof(page.in) + 1;
	assert_int_equal(xen_console_read(got, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(there_may_be_none, setup),
		cmocka_unit_test_setup(bytes_go_out, setup),
		cmocka_unit_test_setup(a_full_ring_takes_no_more, setup),
		cmocka_unit_test_setup(bytes_come_in, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
