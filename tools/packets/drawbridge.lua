-- Wireshark and tshark: what Drawbridge's datagrams look like from outside. docs/HACKING.md, "Looking at packets".
--
-- As receivers do (docs/spec/relay.md, "Messages"), it tells datagrams apart by a number in bytes 1 to 8 that was seen
-- before: connection ids in long headers, marks in a relay's HELLO, CHALLENGE and OPEN. What was sealed stays so: Lua
-- has no ChaCha20-Poly1305; the program "packets" beside this file reads it, with a key log.

local drawbridge = Proto("drawbridge", "Drawbridge")
local relay_types = { [1] = "HELLO", [2] = "CHALLENGE", [3] = "OPEN", [4] = "CONTROL", [5] = "STATE", [6] = "GONE", [7] = "DATA" }
local packet_types = { [0] = "Initial", [1] = "0-RTT", [2] = "Handshake", [3] = "Retry" }
local field = {
  kind = ProtoField.string("drawbridge.kind", "Kind"),
  packet_type = ProtoField.uint8("drawbridge.quic.type", "Packet type", base.DEC, packet_types),
  version = ProtoField.uint32("drawbridge.quic.version", "Version", base.HEX),
  destination = ProtoField.bytes("drawbridge.quic.dcid", "Destination connection id"),
  source = ProtoField.bytes("drawbridge.quic.scid", "Source connection id"),
  length = ProtoField.uint32("drawbridge.quic.length", "Length"),
  sealed = ProtoField.bytes("drawbridge.sealed", "Sealed"),
  nonce = ProtoField.bytes("drawbridge.check.nonce", "Nonce"),
  check_tag = ProtoField.bytes("drawbridge.check.tag", "Tag"),
  relay_type = ProtoField.uint8("drawbridge.relay.type", "Message", base.DEC, relay_types),
  mark = ProtoField.bytes("drawbridge.relay.mark", "Mark"),
  knock = ProtoField.bytes("drawbridge.relay.knock", "Knock"),
  relay_version = ProtoField.uint8("drawbridge.relay.version", "Version"),
  ephemeral = ProtoField.bytes("drawbridge.relay.ephemeral", "Ephemeral key"),
  elsewhere = ProtoField.bool("drawbridge.relay.elsewhere", "Answer from elsewhere"),
  cookie = ProtoField.bytes("drawbridge.relay.cookie", "Cookie"),
  observed = ProtoField.ipv6("drawbridge.relay.observed", "Observed address"),
  observed_port = ProtoField.uint16("drawbridge.relay.observed_port", "Observed port"),
  challenge_tag = ProtoField.bytes("drawbridge.relay.tag", "Tag"),
  counter = ProtoField.uint64("drawbridge.relay.counter", "Counter"),
  channel = ProtoField.uint8("drawbridge.relay.channel", "Channel"),
}
drawbridge.fields = field

local ids, marks  -- connection ids of 8 bytes and relay marks that were seen, in hexadecimal
function drawbridge.init() ids, marks = {}, {} end

local function hex(range) return range:bytes():tohex() end

-- Value and size of the variable-length integer at `at` (RFC 9000 16), or nil.
local function varint(buffer, at)
  if at >= buffer:len() then return nil end
  local size = 2 ^ math.floor(buffer(at, 1):uint() / 64)
  if at + size > buffer:len() then return nil end
  local value = buffer(at, 1):uint() % 64
  for i = 1, size - 1 do value = value * 256 + buffer(at + i, 1):uint() end
  return value, size
end

-- One packet with a long header. Returns what it is and where the next one begins.
local function dissect_long(buffer, tree)
  local at = 5
  local kind = packet_types[math.floor(buffer(0, 1):uint() / 16) % 4]
  local packet = tree:add(buffer(), "QUIC long header: " .. kind)
  packet:add(field.packet_type, buffer(0, 1), math.floor(buffer(0, 1):uint() / 16) % 4)
  packet:add(field.version, buffer(1, 4))
  for _, id in ipairs({ field.destination, field.source }) do
    if at >= buffer:len() then return kind, buffer:len() end
    local size = buffer(at, 1):uint()
    if at + 1 + size > buffer:len() then return kind, buffer:len() end
    if size > 0 then packet:add(id, buffer(at + 1, size)) end
    if size == 8 then ids[hex(buffer(at + 1, size))] = true end
    at = at + 1 + size
  end
  if buffer(1, 4):uint() ~= 1 or kind == "Retry" then return kind .. " (never sent by Drawbridge)", buffer:len() end
  if kind == "Initial" then
    local token, size = varint(buffer, at)
    if not token then return kind, buffer:len() end
    at = at + size + token
  end
  local length, size = varint(buffer, at)
  if not length or at + size + length > buffer:len() then return kind .. " (cut)", buffer:len() end
  packet:add(field.length, buffer(at, size), length)
  if length > 0 then packet:add(field.sealed, buffer(at + size, length)) end
  packet:set_len(at + size + length)
  return kind, at + size + length
end

local function dissect_quic(buffer, tree)
  local said, at = {}, 0
  while at < buffer:len() and buffer(at, 1):uint() >= 128 and buffer:len() - at >= 7 do
    local kind, size = dissect_long(buffer(at):tvb(), tree)
    table.insert(said, kind)
    at = at + size
  end
  if at < buffer:len() then
    local packet = tree:add(buffer(at), "QUIC short header: 1-RTT")
    if buffer:len() - at > 9 then
      packet:add(field.destination, buffer(at + 1, 8))
      packet:add(field.sealed, buffer(at + 9))
    end
    table.insert(said, "1-RTT")
  end
  return table.concat(said, ", ")
end

local function dissect_check(buffer, tree)
  local check = tree:add(buffer(), "Connectivity check, sealed")
  check:add(field.nonce, buffer(1, 24))
  check:add(field.check_tag, buffer(25, 8))
  check:add(field.sealed, buffer(33))
  return "connectivity check (sealed)"
end

local dissect_datagram

-- By type: the size that it has (exact, or at least), and what follows type and mark.
local relay_forms = {
  [1] = { exact = 80, { field.knock, 8 }, { field.relay_version, 1 }, { field.ephemeral, 32 }, { field.elsewhere, 1 } },
  [2] = { exact = 56, { field.cookie, 20 }, { field.observed, 16 }, { field.observed_port, 2 }, { field.relay_version, 1 }, { field.challenge_tag, 8 } },
  [3] = { least = 69, { field.counter, 8 }, { field.cookie, 20 }, { field.ephemeral, 32 } },
  [4] = { least = 25, { field.counter, 8 }, { field.knock, 8 } },
  [5] = { least = 17, { field.counter, 8 } },
  [6] = { exact = 17, { field.counter, 8 } },
  [7] = { least = 11, { field.channel, 1 } },
}

-- A HELLO is known by the zeros that fill it up, all others by a mark that was seen.
local function is_relay(buffer)
  local form = relay_forms[buffer(0, 1):uint()]
  if not form or (form.exact and buffer:len() ~= form.exact) or (form.least and buffer:len() < form.least) then return false end
  if buffer(0, 1):uint() == 1 then return hex(buffer(51, 29)) == string.rep("00", 29) end
  -- An OPEN is the first with its token, and as long as no other kind of datagram with that first byte is likely to be.
  return marks[hex(buffer(1, 8))] or (buffer(0, 1):uint() == 3 and marks[hex(buffer(17, 20))])
end

local function dissect_relay(buffer, pinfo, tree)
  local kind = buffer(0, 1):uint()
  local message = tree:add(buffer(), "Relay: " .. relay_types[kind])
  message:add(field.relay_type, buffer(0, 1))
  message:add(field.mark, buffer(1, 8))
  marks[hex(buffer(1, 8))] = true
  if kind == 2 then marks[hex(buffer(9, 20))] = true end  -- the cookie comes back in the OPEN
  local at = 9
  for _, part in ipairs(relay_forms[kind]) do
    message:add(part[1], buffer(at, part[2]))
    at = at + part[2]
  end
  local said = "relay " .. relay_types[kind]
  if kind == 7 then return said .. ": " .. dissect_datagram(buffer(at):tvb(), pinfo, tree) end
  if kind >= 3 and at < buffer:len() then message:add(field.sealed, buffer(at)) end
  return said
end

function dissect_datagram(buffer, pinfo, tree)
  if buffer:len() < 9 then return "nothing of Drawbridge's: too short" end
  if buffer(0, 1):uint() >= 128 or ids[hex(buffer(1, 8))] then return dissect_quic(buffer, tree) end
  if is_relay(buffer) then return dissect_relay(buffer, pinfo, tree) end
  if buffer:len() >= 49 then return dissect_check(buffer, tree) end
  return "short: of a connection whose handshake was not recorded"
end

-- A sender's own recording may hold a run of datagrams of one size as one, because the kernel cuts it up later
-- (UDP_SEGMENT): all of a run have the same bytes 1 to 8. Returns the size of the first.
local function segment_size(buffer)
  if buffer:len() < 20 or buffer(0, 1):uint() >= 128 then return buffer:len() end
  local raw = buffer:raw()
  local again = raw:find(raw:sub(2, 9), 11, true)
  return again and again - 2 or buffer:len()
end

function drawbridge.dissector(buffer, pinfo, tree)
  pinfo.cols.protocol = "Drawbridge"
  local subtree = tree:add(drawbridge, buffer())
  local size, parts = segment_size(buffer), {}
  for at = 0, buffer:len() - 1, size do
    local part = buffer(at, math.min(size, buffer:len() - at)):tvb()
    table.insert(parts, dissect_datagram(part, pinfo, subtree))
  end
  local said = table.concat(parts, " | ")
  subtree:add(field.kind, said):set_generated()
  pinfo.cols.info = said
end

-- A node's and a relay's usual ports; others by "Decode As" (tshark: -d udp.port==7001,drawbridge).
DissectorTable.get("udp.port"):add("7470-7473", drawbridge)
