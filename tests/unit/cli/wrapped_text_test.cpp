#include "cli/wrapped_text.hpp"

#include <catch2/catch.hpp>

using namespace drawbridge::cli;
using Lines = std::vector<std::string>;

TEST_CASE("a sentence is broken between words where the terminal ends") {
  CHECK(wrapped("one two three", 80) == Lines{"one two three"});
  CHECK(wrapped("one two three", 7) == Lines{"one two", "three"});
  CHECK(wrapped("one two three", 7, 2) == Lines{"one two", "  three"});
}

TEST_CASE("a word longer than the terminal has a line of its own, and nothing is lost") {
  CHECK(wrapped("see https://relay.example/long now", 10) == Lines{"see", "https://relay.example/long", "now"});
  CHECK(wrapped("", 10) == Lines{""});
}

TEST_CASE("letters outside ASCII are one column wide") {
  CHECK(wrapped("été été été", 7) == Lines{"été été", "été"});
}
