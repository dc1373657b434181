#include "keys/device_id.hpp"

#include <optional>

#include "keys/hash.hpp"

namespace drawbridge {

namespace {

constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr size_t group_count = 9, group_size = 7, data_per_group = 6, text_size = group_count * group_size;
constexpr const char* ordinals[group_count] = {"first", "second",  "third",  "fourth", "fifth",
                                               "sixth", "seventh", "eighth", "ninth"};
static_assert(group_count * data_per_group * 5 == 256 + 14);

// 34 bytes: the key and its hash, of which the last 2 bits are cut off.
using Content = std::array<uint8_t, 34>;

Content content_of(const DeviceId& id) {
  Content content;
  std::memcpy(content.data(), id.bytes.data(), 32);
  Hash32 hash = blake2b_256({as_bytes("drawbridge device id"), id.bytes});
  content[32] = hash[0];
  content[33] = hash[1] & 0xfc;
  return content;
}

uint8_t symbol_at(const Content& content, size_t index) {
  uint8_t symbol = 0;
  for (size_t bit = index * 5; bit < index * 5 + 5; ++bit) {
    symbol = static_cast<uint8_t>(symbol << 1 | (content[bit / 8] >> (7 - bit % 8) & 1));
  }
  return symbol;
}

void put_symbol(Content& content, size_t index, uint8_t symbol) {
  for (size_t i = 0; i < 5; ++i) {
    size_t bit = index * 5 + i;
    content[bit / 8] |= static_cast<uint8_t>((symbol >> (4 - i) & 1) << (7 - bit % 8));
  }
}

// Multiplication by x in GF(32) = GF(2)[x] / (x^5 + x^2 + 1).
constexpr uint8_t times_x(uint8_t a) {
  return static_cast<uint8_t>((a << 1 ^ (a & 16 ? 0b100101 : 0)) & 31);
}

// Every place in a group has another weight (a power of x), the check character weight 1: a swap of two different
// characters always shows. The group's number is in it, so that swapped groups show too.
uint8_t check_symbol(std::span<const uint8_t, data_per_group> data, size_t group) {
  uint8_t sum = 0;
  for (uint8_t symbol : data) sum = times_x(sum ^ symbol);
  return static_cast<uint8_t>(sum ^ (group + 1));
}

std::string undashed_text(const DeviceId& id) {
  Content content = content_of(id);
  std::string text;
  for (size_t group = 0; group < group_count; ++group) {
    std::array<uint8_t, data_per_group> data;
    for (size_t i = 0; i < data_per_group; ++i) {
      data[i] = symbol_at(content, group * data_per_group + i);
      text.push_back(alphabet[data[i]]);
    }
    text.push_back(alphabet[check_symbol(data, group)]);
  }
  return text;
}

bool is_separator(char c) {
  return c == '-' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// The alphabet's character that a person meant, or the character itself if there is none.
char meant(char c) {
  if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (c == 'i' || c == 'l') return '1';
  return c == 'o' ? '0' : c;
}

// Bounded: text from outside may be of any length.
std::string strip(std::string_view text) {
  std::string stripped;
  for (char c : text) {
    if (!is_separator(c)) stripped.push_back(meant(c));
    if (stripped.size() > text_size) break;
  }
  return stripped;
}

Error typo(std::string where) {
  return {ErrorCode::malformed, std::move(where),
          "Compare it with the id shown on the other computer, group by group."};
}

// If the text has as many groups as it should, the group with a wrong length is the one to look at.
std::optional<size_t> group_of_wrong_length(std::string_view text) {
  std::optional<size_t> wrong;
  size_t group = 0, length = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && !is_separator(text[i])) {
      ++length;
      continue;
    }
    if (length == 0) continue;
    if (length != group_size && !wrong) wrong = group;
    ++group;
    length = 0;
  }
  return group == group_count ? wrong : std::nullopt;
}

Error wrong_length(std::string_view text) {
  if (auto group = group_of_wrong_length(text)) {
    return typo(std::string("The ") + ordinals[*group] + " group of the device id does not have 7 characters.");
  }
  return typo("A device id has 63 characters in nine groups; this one has another length.");
}

// Reads one group's six symbols into `content`; false if a character or the check is wrong.
bool read_group(Content& content, std::string_view characters, size_t group) {
  std::array<uint8_t, group_size> symbols;
  for (size_t i = 0; i < group_size; ++i) {
    size_t symbol = alphabet.find(characters[i]);
    if (symbol == std::string_view::npos) return false;
    symbols[i] = static_cast<uint8_t>(symbol);
  }
  auto data = std::span(symbols).first<data_per_group>();
  for (size_t i = 0; i < data_per_group; ++i) put_symbol(content, group * data_per_group + i, data[i]);
  return check_symbol(data, group) == symbols[data_per_group];
}

std::string printable(std::string_view characters) {
  std::string text;
  for (char c : characters) text.push_back(c > ' ' && c < 0x7f ? c : '?');
  return text;
}

}  // namespace

std::string to_text(const DeviceId& id) {
  std::string plain = undashed_text(id), text;
  for (size_t group = 0; group < group_count; ++group) {
    if (group > 0) text.push_back('-');
    text.append(plain, group * group_size, group_size);
  }
  return text;
}

std::string short_text(const DeviceId& id) {
  return to_text(id).substr(0, 2 * group_size + 1);
}

Result<DeviceId> parse_device_id(std::string_view text) {
  std::string characters = strip(text);
  if (characters.size() != text_size) return wrong_length(text);
  Content content{};
  for (size_t group = 0; group < group_count; ++group) {
    std::string_view part = std::string_view(characters).substr(group * group_size, group_size);
    if (!read_group(content, part, group)) {
      return typo(std::string("The ") + ordinals[group] + " group of the device id (" + printable(part) +
                  ") has a typo.");
    }
  }
  DeviceId id;
  std::memcpy(id.bytes.data(), content.data(), id.bytes.size());
  if (content_of(id) != content) return typo("The device id has several typos; they cannot be located.");
  return id;
}

bool matches_prefix(const DeviceId& id, std::string_view text) {
  std::string prefix = strip(text);
  return prefix.size() >= device_id_prefix_minimum && undashed_text(id).starts_with(prefix);
}

}  // namespace drawbridge
