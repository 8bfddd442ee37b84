#include "controller/reconcile/retry_policy.h"

#include "base/backoff.h"

namespace berth::reconcile {

namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

base::Backoff backoff_for(Reason reason) {
  switch (reason) {
    case Reason::RemovalInProgress:  // ends by itself, soon
    case Reason::NetworkInUse:
    case Reason::NetworkMissing:
    case Reason::NotFound:
    case Reason::SubnetConflict:  // another one is leased at once
      return {milliseconds(100), seconds(5), 2.0};
    case Reason::EngineUnavailable:
      return {milliseconds(250), seconds(10), 2.0};
    case Reason::PortConflict:
      return {milliseconds(200), seconds(10), 2.0};
    case Reason::SubnetExhausted:  // woken as soon as one is given back
    case Reason::PortsExhausted:
      return {seconds(2), seconds(30), 2.0};
    case Reason::ImageNotFound:  // somebody may build or load it
    case Reason::ImagePullFailed:
    case Reason::DiskPressure:
      return {seconds(2), minutes(2), 2.0};
    case Reason::PullRateLimited:
      return {seconds(30), minutes(10), 2.0};
    default:
      return {milliseconds(500), minutes(1), 2.0};
  }
}

}  // namespace

base::Duration retry_delay(Reason reason, int attempts) { return backoff_for(reason).delay(attempts - 1); }

}  // namespace berth::reconcile
