#include <algorithm>

#include "api/proto/message.h"

// openapi.v2 of gnostic (OpenAPI 2.0 as protocol buffers), as far as berth describes itself with it. Names and numbers are the
// protocol's.
namespace berth::proto {

extern const Message kOpenapiSchema;  // holds itself

namespace {

constexpr Field kAnyFields[] = {{2, "yaml"}};
constexpr Message kAny{"openapi.v2.Any", kAnyFields};

constexpr Field kNamedAnyFields[] = {{1, "name"}, {2, "value", kMessage, kPlain, &kAny}};
constexpr Message kNamedAny{"openapi.v2.NamedAny", kNamedAnyFields};

constexpr Field kInfoFields[] = {{1, "title"}, {2, "version"}, {3, "description"}};
constexpr Message kInfo{"openapi.v2.Info", kInfoFields};

constexpr Field kJsonReferenceFields[] = {{1, "_ref"}, {2, "description"}};
constexpr Message kJsonReference{"openapi.v2.JsonReference", kJsonReferenceFields};

constexpr Field kTypeItemFields[] = {{1, "value", Type::String, kRepeated}};
constexpr Message kTypeItem{"openapi.v2.TypeItem", kTypeItemFields};

constexpr Field kItemsItemFields[] = {{1, "schema", kMessage, kRepeated, &kOpenapiSchema}};
constexpr Message kItemsItem{"openapi.v2.ItemsItem", kItemsItemFields};

constexpr Field kAdditionalPropertiesItemFields[] = {{1, "schema", kMessage, kPlain, &kOpenapiSchema},
                                                     {2, "boolean", Type::Bool, Label::Optional}};
constexpr Message kAdditionalPropertiesItem{"openapi.v2.AdditionalPropertiesItem", kAdditionalPropertiesItemFields};

constexpr Field kNamedSchemaFields[] = {{1, "name"}, {2, "value", kMessage, kPlain, &kOpenapiSchema}};
constexpr Message kNamedSchema{"openapi.v2.NamedSchema", kNamedSchemaFields};

constexpr Field kPropertiesFields[] = {{1, "additional_properties", kMessage, kRepeated, &kNamedSchema}};
constexpr Message kProperties{"openapi.v2.Properties", kPropertiesFields};

constexpr Message kDefinitions{"openapi.v2.Definitions", kPropertiesFields};

constexpr Field kSchemaFields[] = {
    {1, "_ref"},
    {2, "format"},
    {3, "title"},
    {4, "description"},
    {5, "default", kMessage, kPlain, &kAny},
    {6, "multiple_of", Type::Double},
    {7, "maximum", Type::Double},
    {8, "exclusive_maximum", Type::Bool},
    {9, "minimum", Type::Double},
    {10, "exclusive_minimum", Type::Bool},
    {11, "max_length", Type::Int64},
    {12, "min_length", Type::Int64},
    {13, "pattern"},
    {14, "max_items", Type::Int64},
    {15, "min_items", Type::Int64},
    {16, "unique_items", Type::Bool},
    {17, "max_properties", Type::Int64},
    {18, "min_properties", Type::Int64},
    {19, "required", Type::String, kRepeated},
    {20, "enum", kMessage, kRepeated, &kAny},
    {21, "additional_properties", kMessage, kPlain, &kAdditionalPropertiesItem},
    {22, "type", kMessage, kPlain, &kTypeItem},
    {23, "items", kMessage, kPlain, &kItemsItem},
    {24, "all_of", kMessage, kRepeated, &kOpenapiSchema},
    {25, "properties", kMessage, kPlain, &kProperties},
    {27, "read_only", Type::Bool},
    {31, "vendor_extension", kMessage, kRepeated, &kNamedAny},
};

constexpr Field kSchemaItemFields[] = {{1, "schema", kMessage, kPlain, &kOpenapiSchema}};
constexpr Message kSchemaItem{"openapi.v2.SchemaItem", kSchemaItemFields};

constexpr Field kResponseFields[] = {{1, "description"},
                                     {2, "schema", kMessage, kPlain, &kSchemaItem},
                                     {5, "vendor_extension", kMessage, kRepeated, &kNamedAny}};
constexpr Message kResponse{"openapi.v2.Response", kResponseFields};

constexpr Field kResponseValueFields[] = {{1, "response", kMessage, kPlain, &kResponse},
                                          {2, "json_reference", kMessage, kPlain, &kJsonReference}};
constexpr Message kResponseValue{"openapi.v2.ResponseValue", kResponseValueFields};

constexpr Field kNamedResponseValueFields[] = {{1, "name"}, {2, "value", kMessage, kPlain, &kResponseValue}};
constexpr Message kNamedResponseValue{"openapi.v2.NamedResponseValue", kNamedResponseValueFields};

constexpr Field kResponsesFields[] = {{1, "response_code", kMessage, kRepeated, &kNamedResponseValue},
                                      {2, "vendor_extension", kMessage, kRepeated, &kNamedAny}};
constexpr Message kResponses{"openapi.v2.Responses", kResponsesFields};

constexpr Field kBodyParameterFields[] = {{1, "description"},
                                          {2, "name"},
                                          {3, "in"},
                                          {4, "required", Type::Bool},
                                          {5, "schema", kMessage, kPlain, &kOpenapiSchema},
                                          {6, "vendor_extension", kMessage, kRepeated, &kNamedAny}};
constexpr Message kBodyParameter{"openapi.v2.BodyParameter", kBodyParameterFields};

constexpr Field kQueryParameterFields[] = {{1, "required", Type::Bool}, {2, "in"},
                                           {3, "description"},          {4, "name"},
                                           {5, "allow_empty_value", Type::Bool},
                                           {6, "type"},                 {7, "format"},
                                           {20, "unique_items", Type::Bool}};
constexpr Message kQueryParameter{"openapi.v2.QueryParameterSubSchema", kQueryParameterFields};

constexpr Field kPathParameterFields[] = {{1, "required", Type::Bool}, {2, "in"},   {3, "description"}, {4, "name"},
                                          {5, "type"},                 {6, "format"}, {19, "unique_items", Type::Bool}};
constexpr Message kPathParameter{"openapi.v2.PathParameterSubSchema", kPathParameterFields};

constexpr Field kNonBodyParameterFields[] = {
    {3, "query_parameter_sub_schema", kMessage, kPlain, &kQueryParameter},
    {4, "path_parameter_sub_schema", kMessage, kPlain, &kPathParameter}};
constexpr Message kNonBodyParameter{"openapi.v2.NonBodyParameter", kNonBodyParameterFields};

constexpr Field kParameterFields[] = {{1, "body_parameter", kMessage, kPlain, &kBodyParameter},
                                      {2, "non_body_parameter", kMessage, kPlain, &kNonBodyParameter}};
constexpr Message kParameter{"openapi.v2.Parameter", kParameterFields};

constexpr Field kParametersItemFields[] = {{1, "parameter", kMessage, kPlain, &kParameter},
                                           {2, "json_reference", kMessage, kPlain, &kJsonReference}};
constexpr Message kParametersItem{"openapi.v2.ParametersItem", kParametersItemFields};

constexpr Field kOperationFields[] = {{1, "tags", Type::String, kRepeated},
                                      {2, "summary"},
                                      {3, "description"},
                                      {5, "operation_id"},
                                      {6, "produces", Type::String, kRepeated},
                                      {7, "consumes", Type::String, kRepeated},
                                      {8, "parameters", kMessage, kRepeated, &kParametersItem},
                                      {9, "responses", kMessage, kPlain, &kResponses},
                                      {10, "schemes", Type::String, kRepeated},
                                      {11, "deprecated", Type::Bool},
                                      {13, "vendor_extension", kMessage, kRepeated, &kNamedAny}};
constexpr Message kOperation{"openapi.v2.Operation", kOperationFields};

constexpr Field kPathItemFields[] = {{1, "_ref"},
                                     {2, "get", kMessage, kPlain, &kOperation},
                                     {3, "put", kMessage, kPlain, &kOperation},
                                     {4, "post", kMessage, kPlain, &kOperation},
                                     {5, "delete", kMessage, kPlain, &kOperation},
                                     {6, "options", kMessage, kPlain, &kOperation},
                                     {7, "head", kMessage, kPlain, &kOperation},
                                     {8, "patch", kMessage, kPlain, &kOperation},
                                     {9, "parameters", kMessage, kRepeated, &kParametersItem},
                                     {10, "vendor_extension", kMessage, kRepeated, &kNamedAny}};
constexpr Message kPathItem{"openapi.v2.PathItem", kPathItemFields};

constexpr Field kNamedPathItemFields[] = {{1, "name"}, {2, "value", kMessage, kPlain, &kPathItem}};
constexpr Message kNamedPathItem{"openapi.v2.NamedPathItem", kNamedPathItemFields};

constexpr Field kPathsFields[] = {{1, "vendor_extension", kMessage, kRepeated, &kNamedAny},
                                  {2, "path", kMessage, kRepeated, &kNamedPathItem}};
constexpr Message kPaths{"openapi.v2.Paths", kPathsFields};

constexpr Field kDocumentFields[] = {{1, "swagger"},
                                     {2, "info", kMessage, kPlain, &kInfo},
                                     {3, "host"},
                                     {4, "base_path"},
                                     {5, "schemes", Type::String, kRepeated},
                                     {6, "consumes", Type::String, kRepeated},
                                     {7, "produces", Type::String, kRepeated},
                                     {8, "paths", kMessage, kPlain, &kPaths},
                                     {9, "definitions", kMessage, kPlain, &kDefinitions},
                                     {16, "vendor_extension", kMessage, kRepeated, &kNamedAny}};
constexpr Message kDocument{"openapi.v2.Document", kDocumentFields};

constexpr const Message* kMessages[] = {&kDocument, &kPathItem, &kOperation, &kOpenapiSchema, &kNamedAny};

}  // namespace

constinit const Message kOpenapiSchema{"openapi.v2.Schema", kSchemaFields};

const Message* find_openapi(std::string_view name) {
  const auto found = std::find_if(std::begin(kMessages), std::end(kMessages), [&](const auto* message) { return message->name == name; });
  return found == std::end(kMessages) ? nullptr : *found;
}

}  // namespace berth::proto
