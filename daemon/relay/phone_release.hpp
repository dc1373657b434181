// Which release of the phone's page this computer has: what a phone that loaded it shows. docs/spec/phone.md, Release hash.
#pragma once

#include <string>

namespace drawbridge {

// 64 hex digits, of `directory`/release.json; empty if there is none.
std::string phone_release(const std::string& directory);

}  // namespace drawbridge
