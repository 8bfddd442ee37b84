#include "metrics/registry.h"

#include <prometheus/text_serializer.h>

#include <iterator>
#include <sstream>

#include "metrics/build.h"
#include "metrics/process_collector.h"

namespace berth::metrics {

Registry::Registry() : raw_(std::make_shared<prometheus::Registry>()) {
  gauges(*this, "berth_build_info", "The version of berthd that runs; always 1.")
      .Add({{"version", BERTH_VERSION}})
      .Set(1);
}

Registry::~Registry() = default;

std::string Registry::text() const {
  auto families = raw_->Collect();
  auto process = collect_process();
  families.insert(families.end(), std::make_move_iterator(process.begin()),
                  std::make_move_iterator(process.end()));
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families);
  return out.str();
}

}  // namespace berth::metrics
