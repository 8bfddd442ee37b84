#pragma once

#include <string>
#include <string_view>

#include "crd/object.h"

// Protocol buffers as far as Kubernetes' clients make berth speak them (docs/decisions/0002-protobuf.md): JSON values on our
// side, bytes on theirs. Pure; any thread.
namespace berth::proto {

// A request body of Content-Type application/vnd.kubernetes.protobuf: "k8s\0" and a runtime.Unknown that holds one object. Gives
// what a JSON body would have held: apiVersion and kind come from the envelope, times are RFC 3339 text; what the client left at its
// zero value is absent (typed clients write "" and 0 for fields that nobody set), and so are fields that berth does not know.
// Kinds: Namespace, Event, Secret, ConfigMap and ResourceQuota (v1), Lease (coordination.k8s.io/v1), the self-subject reviews of
// authorization.k8s.io/v1 and authentication.k8s.io/v1, and DeleteOptions of any group.
// Errors: BadRequest (no such envelope, another kind, broken bytes, too many values; the text says where). Never throws.
Result<json> decode_object(std::string_view body);

// The bytes of one message, without any envelope. `message`: "openapi.v2.Document", or another one of its file. `value`: an object
// whose members are the fields by their proto names ("operation_id", "_ref"), arrays where they repeat; what is null is left out,
// what is zero or "" is written. Fields come in the order of their numbers, so that equal values give equal bytes.
// Throws std::invalid_argument where the message or a field does not exist or a value is of another type: a mistake in berth.
std::string encode(std::string_view message, const json& value);

}  // namespace berth::proto
