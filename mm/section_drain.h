// SPDX-License-Identifier: MIT
#ifndef MM_SECTION_DRAIN_H
#define MM_SECTION_DRAIN_H

/*
 * Wait until every access section that is open on another core has ended. What the caller unlinked
 * before (a pointer, a gpc's valid mark) no core uses afterwards. Root, outside sections; waits for
 * a change of each epoch, not for emptiness, so new sections cannot hold it up.
 */
void sections_drain(void);
/* The same for a caller that has made a full fence since. */
void sections_wait(void);

#endif
