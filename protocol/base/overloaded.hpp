// One callable out of several, for std::visit.
#pragma once

namespace drawbridge {

template <typename... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

}  // namespace drawbridge
