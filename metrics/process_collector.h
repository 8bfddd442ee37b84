#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace berth::metrics {

// The process_* series of this process, read from /proc now; what cannot be read is left out. Any thread.
std::vector<prometheus::MetricFamily> collect_process();

}  // namespace berth::metrics
