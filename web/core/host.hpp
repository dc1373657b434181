// Host: what the core asks of the page around it. In the browser these are the imports of core.wasm (docs/spec/phone.md);
// in tests a class.
#pragma once

#include "keys/entropy.hpp"
#include "protocol/base/time.hpp"

namespace drawbridge::web {

class Host : public Entropy {
 public:
  virtual Now now() = 0;
  // A WebSocket of this number is to be opened to the URL, with these subprotocols, the first of which is expected back.
  // `serial` names the attempt in what the page tells about it; one with the same number before it was closed.
  virtual void open_socket(uint16_t number, uint32_t serial, std::string_view url, std::string_view protocol, std::string_view hello) = 0;
  virtual void close_socket(uint16_t number) = 0;
  // One binary message, copied before this returns. False: the browser holds too much unsent already, it is dropped.
  virtual bool send(uint16_t number, ByteView message) = 0;
  // One event, as event_record.hpp writes it; borrowed.
  virtual void tell(ByteView event) = 0;
};

}  // namespace drawbridge::web
