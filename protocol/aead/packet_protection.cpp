#include "protocol/aead/packet_protection.hpp"
