// The form of each kind of metadata, checked once when it is read.
#pragma once

#include "core/store/metadata_document.h"

namespace guardrank {

// Status::json, or limit for too many keys or delegations; members that are not known are left alone.
Status check_metadata_shape(MetadataKind kind, std::string_view role, const JsonValue& signed_part,
                            Error* error);

// `role` is an object of "keyids" and "threshold" that was checked.
Authority authority_of(std::string_view name, const JsonValue* keys, const JsonValue& role);

}  // namespace guardrank
