#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <initializer_list>
#include <string>

#include "metrics/registry.h"

namespace berth::metrics {

using Counters = prometheus::Family<prometheus::Counter>;
using Gauges = prometheus::Family<prometheus::Gauge>;
using Histograms = prometheus::Family<prometheus::Histogram>;
using Buckets = prometheus::Histogram::BucketBoundaries;

// A family of that name; the one that is there already when another component (a second host, a second
// controller) made it.
inline Counters& counters(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry.raw());
}
inline Gauges& gauges(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry.raw());
}
inline Histograms& histograms(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry.raw());
}

// Makes the series for each of `values` of the label, so that they stand at 0 until something happens.
template <class Metric>
void start_at_zero(prometheus::Family<Metric>& family, prometheus::Labels labels, const char* label,
                   std::initializer_list<const char*> values) {
  for (const char* value : values) {
    labels[label] = value;
    family.Add(labels);
  }
}

}  // namespace berth::metrics
