#pragma once

namespace berth::app {

// Takes the pages of code and constants that are mapped out of this process's memory, once it has started: most of them were needed
// to start only. What is needed again comes back from the page cache by itself.
void release_startup_code();

}  // namespace berth::app
