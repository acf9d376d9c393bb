// SPDX-License-Identifier: MIT
/* The monitor's commands that change something. */
#include "core/console.h"
#include "core/domain.h"
#include "core/monitor.h"
#include "drivers/power.h"

static void cmd_pause(int argc, char **argv)
{
	struct domain *d = monitor_domain(argc > 1 ? argv[1] : NULL);

	if (!d)
		return;
	d->paused_by_operator++;
	domain_pause(d);
	monitor_printf("%s: paused\n", d->name);
	domain_put(d);
}

static void cmd_unpause(int argc, char **argv)
{
	struct domain *d = monitor_domain(argc > 1 ? argv[1] : NULL);

	if (!d)
		return;
	if (d->paused_by_operator) {
		d->paused_by_operator--;
		domain_unpause(d);
		monitor_printf("%s: %s\n", d->name,
			       d->paused_by_operator ? "still paused, by an earlier pause"
						     : "runs");
	} else {
		monitor_printf("%s: was not paused\n", d->name);
	}
	domain_put(d);
}

static void end(const char *arg, enum domain_end why)
{
	struct domain *d = monitor_domain(arg);

	if (!d)
		return;
	if (d->state == DOMAIN_BUILDING)
		monitor_printf("%s: is being built; try again\n", d->name);
	else
		domain_shutdown(d, why);
	domain_put(d);
}

static void cmd_destroy(int argc, char **argv)
{
	end(argc > 1 ? argv[1] : NULL, END_DESTROYED);
}

static void cmd_restart(int argc, char **argv)
{
	end(argc > 1 ? argv[1] : NULL, END_RESTARTED);
}

static void cmd_focus(int argc, char **argv)
{
	struct domain *d = monitor_domain(argc > 1 ? argv[1] : NULL);

	if (!d)
		return;
	console_focus(d);
	domain_put(d);
}

static void cmd_reboot(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	console_flush();
	machine_reboot();
}

static void cmd_poweroff(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	console_flush();
	machine_poweroff();
}

MONITOR_COMMAND(pause, "pause", "GUEST", "stop its vCPUs, counted", cmd_pause);
MONITOR_COMMAND(unpause, "unpause", "GUEST", "let it go on", cmd_unpause);
MONITOR_COMMAND(destroy, "destroy", "GUEST", "end it at once", cmd_destroy);
MONITOR_COMMAND(restart, "restart", "GUEST", "destroy it and build it again", cmd_restart);
MONITOR_COMMAND(focus, "focus", "GUEST", "give it the input", cmd_focus);
MONITOR_COMMAND(reboot, "reboot", "", "the machine", cmd_reboot);
MONITOR_COMMAND(poweroff, "poweroff", "", "the machine", cmd_poweroff);
