#include "api/proto/message.h"

// The objects that typed clients send, as the generated.proto files of k8s.io/api and k8s.io/apimachinery number them. Status of what
// the server answers itself is left out: nobody reads it.
namespace berth::proto {

namespace {

// k8s.io.apimachinery.pkg.apis.meta.v1

constexpr Field kOwnerReferenceFields[] = {
    {1, "kind"}, {3, "name"}, {4, "uid"}, {5, "apiVersion"},
    {6, "controller", Type::Bool, kOptional}, {7, "blockOwnerDeletion", Type::Bool, kOptional}};
constexpr Message kOwnerReference{"OwnerReference", kOwnerReferenceFields};

constexpr Field kManagedFieldsEntryFields[] = {{1, "manager"},          {2, "operation"},
                                               {3, "apiVersion"},       {4, "time", Type::Time},
                                               {6, "fieldsType"},       {7, "fieldsV1", Type::FieldsV1},
                                               {8, "subresource"}};
constexpr Message kManagedFieldsEntry{"ManagedFieldsEntry", kManagedFieldsEntryFields};

constexpr Field kObjectMetaFields[] = {
    {1, "name"},
    {2, "generateName"},
    {3, "namespace"},
    {4, "selfLink"},
    {5, "uid"},
    {6, "resourceVersion"},
    {7, "generation", Type::Int64},
    {8, "creationTimestamp", Type::Time},
    {9, "deletionTimestamp", Type::Time},
    {10, "deletionGracePeriodSeconds", Type::Int64, kOptional},
    {11, "labels", Type::StringMap},
    {12, "annotations", Type::StringMap},
    {13, "ownerReferences", kMessage, kRepeated, &kOwnerReference},
    {14, "finalizers", Type::String, kRepeated},
    {17, "managedFields", kMessage, kRepeated, &kManagedFieldsEntry},
};
constexpr Message kObjectMeta{"ObjectMeta", kObjectMetaFields};

constexpr Field kPreconditionsFields[] = {{1, "uid", Type::String, kOptional}, {2, "resourceVersion", Type::String, kOptional}};
constexpr Message kPreconditions{"Preconditions", kPreconditionsFields};

constexpr Field kDeleteOptionsFields[] = {
    {1, "gracePeriodSeconds", Type::Int64, kOptional},
    {2, "preconditions", kMessage, kPlain, &kPreconditions},
    {3, "orphanDependents", Type::Bool, kOptional},
    {4, "propagationPolicy", Type::String, kOptional},
    {5, "dryRun", Type::String, kRepeated},
    {6, "ignoreStoreReadErrorWithClusterBreakingPotential", Type::Bool, kOptional},
};
constexpr Message kDeleteOptions{"DeleteOptions", kDeleteOptionsFields};

// FieldSelectorRequirement and LabelSelectorRequirement are alike.
constexpr Field kRequirementFields[] = {{1, "key"}, {2, "operator"}, {3, "values", Type::String, kRepeated}};
constexpr Message kRequirement{"SelectorRequirement", kRequirementFields};

// k8s.io.api.core.v1

constexpr Field kNamespaceSpecFields[] = {{1, "finalizers", Type::String, kRepeated}};
constexpr Message kNamespaceSpec{"NamespaceSpec", kNamespaceSpecFields};

constexpr Field kNamespaceConditionFields[] = {
    {1, "type"}, {2, "status"}, {4, "lastTransitionTime", Type::Time}, {5, "reason"}, {6, "message"}};
constexpr Message kNamespaceCondition{"NamespaceCondition", kNamespaceConditionFields};

constexpr Field kNamespaceStatusFields[] = {{1, "phase"}, {2, "conditions", kMessage, kRepeated, &kNamespaceCondition}};
constexpr Message kNamespaceStatus{"NamespaceStatus", kNamespaceStatusFields};

constexpr Field kNamespaceFields[] = {{1, "metadata", kMessage, kPlain, &kObjectMeta},
                                      {2, "spec", kMessage, kPlain, &kNamespaceSpec},
                                      {3, "status", kMessage, kPlain, &kNamespaceStatus}};
constexpr Message kNamespace{"Namespace", kNamespaceFields};

constexpr Field kObjectReferenceFields[] = {{1, "kind"},       {2, "namespace"},       {3, "name"},     {4, "uid"},
                                            {5, "apiVersion"}, {6, "resourceVersion"}, {7, "fieldPath"}};
constexpr Message kObjectReference{"ObjectReference", kObjectReferenceFields};

constexpr Field kEventSourceFields[] = {{1, "component"}, {2, "host"}};
constexpr Message kEventSource{"EventSource", kEventSourceFields};

constexpr Field kEventSeriesFields[] = {{1, "count", Type::Int32}, {2, "lastObservedTime", Type::MicroTime}};
constexpr Message kEventSeries{"EventSeries", kEventSeriesFields};

constexpr Field kEventFields[] = {
    {1, "metadata", kMessage, kPlain, &kObjectMeta},
    {2, "involvedObject", kMessage, kPlain, &kObjectReference},
    {3, "reason"},
    {4, "message"},
    {5, "source", kMessage, kPlain, &kEventSource},
    {6, "firstTimestamp", Type::Time},
    {7, "lastTimestamp", Type::Time},
    {8, "count", Type::Int32},
    {9, "type"},
    {10, "eventTime", Type::MicroTime},
    {11, "series", kMessage, kPlain, &kEventSeries},
    {12, "action"},
    {13, "related", kMessage, kPlain, &kObjectReference},
    {14, "reportingComponent"},
    {15, "reportingInstance"},
};
constexpr Message kEvent{"Event", kEventFields};

constexpr Field kSecretFields[] = {{1, "metadata", kMessage, kPlain, &kObjectMeta},
                                   {2, "data", Type::BytesMap},
                                   {3, "type"},
                                   {4, "stringData", Type::StringMap},
                                   {5, "immutable", Type::Bool, kOptional}};
constexpr Message kSecret{"Secret", kSecretFields};

constexpr Field kConfigMapFields[] = {{1, "metadata", kMessage, kPlain, &kObjectMeta},
                                      {2, "data", Type::StringMap},
                                      {3, "binaryData", Type::BytesMap},
                                      {4, "immutable", Type::Bool, kOptional}};
constexpr Message kConfigMap{"ConfigMap", kConfigMapFields};

constexpr Field kQuotaSpecFields[] = {{1, "hard", Type::QuantityMap}, {2, "scopes", Type::String, kRepeated}};
constexpr Message kQuotaSpec{"ResourceQuotaSpec", kQuotaSpecFields};

constexpr Field kQuotaFields[] = {{1, "metadata", kMessage, kPlain, &kObjectMeta}, {2, "spec", kMessage, kPlain, &kQuotaSpec}};
constexpr Message kQuota{"ResourceQuota", kQuotaFields};

// k8s.io.api.coordination.v1

constexpr Field kLeaseSpecFields[] = {
    {1, "holderIdentity", Type::String, kOptional},
    {2, "leaseDurationSeconds", Type::Int32, kOptional},
    {3, "acquireTime", Type::MicroTime},
    {4, "renewTime", Type::MicroTime},
    {5, "leaseTransitions", Type::Int32, kOptional},
    {6, "strategy", Type::String, kOptional},
    {7, "preferredHolder", Type::String, kOptional},
};
constexpr Message kLeaseSpec{"LeaseSpec", kLeaseSpecFields};

constexpr Field kLeaseFields[] = {{1, "metadata", kMessage, kPlain, &kObjectMeta}, {2, "spec", kMessage, kPlain, &kLeaseSpec}};
constexpr Message kLease{"Lease", kLeaseFields};

// k8s.io.api.authorization.v1

constexpr Field kSelectorFields[] = {{1, "rawSelector"}, {2, "requirements", kMessage, kRepeated, &kRequirement}};
constexpr Message kSelector{"SelectorAttributes", kSelectorFields};

constexpr Field kResourceAttributesFields[] = {
    {1, "namespace"}, {2, "verb"}, {3, "group"}, {4, "version"}, {5, "resource"}, {6, "subresource"}, {7, "name"},
    {8, "fieldSelector", kMessage, kPlain, &kSelector}, {9, "labelSelector", kMessage, kPlain, &kSelector}};
constexpr Message kResourceAttributes{"ResourceAttributes", kResourceAttributesFields};

constexpr Field kNonResourceAttributesFields[] = {{1, "path"}, {2, "verb"}};
constexpr Message kNonResourceAttributes{"NonResourceAttributes", kNonResourceAttributesFields};

constexpr Field kAccessReviewSpecFields[] = {{1, "resourceAttributes", kMessage, kPlain, &kResourceAttributes},
                                             {2, "nonResourceAttributes", kMessage, kPlain, &kNonResourceAttributes}};
constexpr Message kAccessReviewSpec{"SelfSubjectAccessReviewSpec", kAccessReviewSpecFields};

constexpr Field kAccessReviewFields[] = {{1, "metadata", kMessage, kPlain, &kObjectMeta},
                                         {2, "spec", kMessage, kPlain, &kAccessReviewSpec}};
constexpr Message kAccessReview{"SelfSubjectAccessReview", kAccessReviewFields};

constexpr Field kRulesReviewSpecFields[] = {{1, "namespace"}};
constexpr Message kRulesReviewSpec{"SelfSubjectRulesReviewSpec", kRulesReviewSpecFields};

constexpr Field kRulesReviewFields[] = {{1, "metadata", kMessage, kPlain, &kObjectMeta},
                                        {2, "spec", kMessage, kPlain, &kRulesReviewSpec}};
constexpr Message kRulesReview{"SelfSubjectRulesReview", kRulesReviewFields};

// k8s.io.api.authentication.v1

constexpr Field kSelfReviewFields[] = {{1, "metadata", kMessage, kPlain, &kObjectMeta}};
constexpr Message kSelfReview{"SelfSubjectReview", kSelfReviewFields};

struct Kind {
  std::string_view api_version;  // "": of every group
  const Message* message;
};

constexpr Kind kKinds[] = {
    {"v1", &kNamespace},
    {"v1", &kEvent},
    {"v1", &kSecret},
    {"v1", &kConfigMap},
    {"v1", &kQuota},
    {"coordination.k8s.io/v1", &kLease},
    {"authorization.k8s.io/v1", &kAccessReview},
    {"authorization.k8s.io/v1", &kRulesReview},
    {"authentication.k8s.io/v1", &kSelfReview},
    {"", &kDeleteOptions},
};

}  // namespace

const Message* find_kind(std::string_view api_version, std::string_view kind) {
  for (const auto& known : kKinds) {
    if (known.message->name == kind && (known.api_version.empty() || known.api_version == api_version)) return known.message;
  }
  return nullptr;
}

}  // namespace berth::proto
