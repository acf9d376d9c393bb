// SPDX-License-Identifier: MIT
// variants: 64 32
// cmdline: e9
// solo
//
// EVTCHNOP_reset closes everything, the console's channel too: hence output by port 0xE9. On every
// machine: all ok.
#include "tests/guest/lib/guest.h"

void test_main(void)
{
	struct evtchn_reset r = { .dom = 0x7000 };
	long port;

	events_init();
	port = bind_virq(VIRQ_TIMER, 0);
	ok(port > 0, "VIRQ_TIMER is bound");
	ok((long)evtchn_op(EVTCHNOP_reset, &r) < 0, "another domain is not reset");
	ok_eq((uint64_t)bind_virq(VIRQ_TIMER, 0), E(EEXIST), "it is bound still");
	r.dom = DOMID_SELF;
	ok_eq((uint64_t)evtchn_op(EVTCHNOP_reset, &r), 0, "reset");
	ok_eq((uint64_t)send_port((evtchn_port_t)get_param(HVM_PARAM_CONSOLE_EVTCHN)), E(EINVAL),
	      "the console's channel is closed");
	port = bind_virq(VIRQ_TIMER, 0);
	ok(port > 0, "VIRQ_TIMER can be bound again");
	ok(!port_pending((evtchn_port_t)port), "and is not pending");
}
