// FlatBuffers as the whole project includes it, before any generated header: its assertions are
// compiled out everywhere alike, since core never aborts and verified buffers cannot trip them.
#pragma once

#if defined(FLATBUFFERS_H_)
#error "include core/artifact/flatbuffers.h before the headers of FlatBuffers"
#endif
#define FLATBUFFERS_ASSERT(condition) static_cast<void>(0)
#include "flatbuffers/flatbuffers.h"

static_assert(FLATBUFFERS_LITTLEENDIAN == 1, "artifacts are read in place: little-endian only");
