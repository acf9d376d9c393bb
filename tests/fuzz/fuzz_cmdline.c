// SPDX-License-Identifier: MIT
// sources: boot/cmdline.c core/lib/parse.c core/lib/printf.c
//
// The input is the hypervisor's command line.
#include "boot/cmdline.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cmdline_options options;
	char *line = malloc(size + 1);

	memcpy(line, data, size);
	line[size] = '\0';
	cmdline_parse(line, &options);
	must(memchr(options.warnings, '\0', sizeof(options.warnings)) != NULL);
	must(options.idle <= CMDLINE_IDLE_EXIT && options.loglvl <= LOG_DEBUG);
	must(options.slice_us >= 100 && options.slice_us <= 1000000);
	must(options.conswitch >= 0 && options.conswitch <= 26);
	for (int i = 0; i < CMDLINE_COM_COUNT; i++) {
		const struct cmdline_com *com = &options.com[i];

		must(com->baud <= 115200 && com->data_bits >= 5 && com->data_bits <= 8);
		must(com->port != 0 && com->port <= 0xFFF8 && com->irq <= 15);
	}
	free(line);
	return 0;
}
